// Package openapi compares responses of the API with its OpenAPI document.
package openapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"pats/pkg/api/apitest"
)

// Document is the OpenAPI document of the API.
type Document struct {
	spec *openapi3.T
}

// Load reads the document. Errors: it or one of its examples is not valid.
func Load(ctx context.Context) (*Document, error) {
	text, err := apitest.Document(ctx)
	if err != nil {
		return nil, err
	}
	spec, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, err
	}
	if err := spec.Validate(ctx, openapi3.EnableExamplesValidation(), openapi3.EnableSchemaFormatValidation()); err != nil {
		return nil, err
	}
	return &Document{spec}, nil
}

// Response is a response of the API.
type Response struct {
	Status int
	Header http.Header
	Body   string
}

var (
	errUndocumented = errors.New("the response is neither an error nor that of a documented operation")
	errBody         = errors.New("there is a body where the document has none")
)

// Check compares the response to a request with the document: status, headers and body. target is the path as it was sent, with the
// query if there is one. HEAD must match GET, without the body. The response to OPTIONS and to what is not an operation must be the
// list of methods, that of a preflight, or an error. Errors: what differs from the document.
func (d *Document) Check(ctx context.Context, method, target string, response Response) error {
	item := d.pathItem(target)
	head := method == http.MethodHead
	if head {
		method = http.MethodGet
	}
	operation := item.Operations()[method]
	if operation == nil {
		return d.checkRefusal(method, item, head, response)
	}
	route := &routers.Route{Spec: d.spec, PathItem: item, Method: method, Operation: operation}
	if err := d.checkOperation(ctx, route, head, response); err != nil {
		return fmt.Errorf("%s, %d: %w", operation.OperationID, response.Status, err)
	}
	return nil
}

func (d *Document) checkOperation(ctx context.Context, route *routers.Route, head bool, response Response) error {
	request, err := http.NewRequestWithContext(ctx, route.Method, "/", nil)
	if err != nil {
		return err
	}
	documented := route.Operation.Responses.Status(response.Status)
	if (head || documented != nil && documented.Value.Content == nil) && response.Body != "" {
		return errBody
	}
	return openapi3filter.ValidateResponse(ctx, &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: request, Route: route},
		Status:                 response.Status,
		Header:                 response.Header,
		Body:                   io.NopCloser(strings.NewReader(response.Body)),
		Options:                &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: head},
	})
}

func (d *Document) checkRefusal(method string, item *openapi3.PathItem, head bool, response Response) error {
	switch {
	case response.Status >= http.StatusBadRequest && head && response.Body == "":
		return nil
	case response.Status >= http.StatusBadRequest:
		return d.checkError(item, response.Body)
	case method == http.MethodOptions && (response.listsMethods(item) || response.isPreflight()):
		return nil
	}
	return fmt.Errorf("%s, %d: %w", method, response.Status, errUndocumented)
}

func (r Response) listsMethods(item *openapi3.PathItem) bool {
	return r.Status == http.StatusOK && len(item.Operations()) > 0 && r.Body == r.Header.Get("Allow")
}

func (r Response) isPreflight() bool {
	return r.Status == http.StatusNoContent && r.Body == "" && r.Header.Get("Access-Control-Allow-Origin") != ""
}

// checkError checks an error to a request that is no operation, of a path's own schema of errors.
func (d *Document) checkError(item *openapi3.PathItem, body string) error {
	schema := d.spec.Components.Schemas["error"].Value
	for _, operation := range item.Operations() {
		if slices.Contains(operation.Tags, "OAuth") {
			schema = d.spec.Components.Schemas["oauthError"].Value
		}
	}
	var value any
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		return err
	}
	return schema.VisitJSON(value)
}

// pathItem finds the path as the gateway routes it: parts are neither decoded nor folded, and one slash at the end does not count.
func (d *Document) pathItem(target string) *openapi3.PathItem {
	path, _, _ := strings.Cut(target, "?")
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	if item := d.spec.Paths.Value("/" + path); item != nil {
		return item // before a path with a parameter in its place
	}
	parts := strings.Split(path, "/")
	for pattern, item := range d.spec.Paths.Map() {
		if matches(strings.Split(strings.Trim(pattern, "/"), "/"), parts) {
			return item
		}
	}
	return &openapi3.PathItem{}
}

func matches(pattern, parts []string) bool {
	if len(pattern) != len(parts) {
		return false
	}
	for i, part := range parts {
		if pattern[i] != part && (!strings.HasPrefix(pattern[i], "{") || part == "") {
			return false
		}
	}
	return true
}
