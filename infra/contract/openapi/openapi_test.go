package openapi_test

import (
	"net/http"
	"strings"
	"testing"

	"pats/infra/contract/openapi"
)

const (
	tokens = "/api/admin/user/tokens"
	list   = `{"pats":[{"id":1,"description":"ci","expiresAt":"2099-01-01T00:00:00.000Z","userId":1,"createdAt":"2026-11-23T08:42:23.483Z","seenAt":null}]}`
	made   = `{"id":1,"description":"ci","expiresAt":"2099-01-01T00:00:00.000Z","userId":1,"createdAt":"2026-11-23T08:42:23.483Z","seenAt":null,` +
		`"secret":"user:v2_AAAAAAAAAAAAAAAAAAAAAA_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"}`
	refusal = `{"id":"9c40958a-daac-400e-98fb-3bb438567008","name":"NotFoundError","message":"no","details":[{"message":"no"}]}`
	noStore = "Cache-Control: no-store"
	tag     = `W/"a1-abcdefghijklmnopqrstuvwxyzA"`
)

// load reads the document, and so checks that it and its examples are valid.
func load(t *testing.T) *openapi.Document {
	t.Helper()
	document, err := openapi.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// newResponse returns a response with JSON and these headers.
func newResponse(status int, body string, headers ...string) openapi.Response {
	header := http.Header{}
	if body != "" {
		header.Set("Content-Type", "application/json; charset=utf-8")
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		header.Set(name, value)
	}
	return openapi.Response{Status: status, Header: header, Body: body}
}

func TestResponsesAsDocumented(t *testing.T) {
	t.Parallel()
	document := load(t)
	for name, c := range map[string]struct {
		method, target string
		response       openapi.Response
	}{
		"list":               {http.MethodGet, tokens, newResponse(200, list, "ETag: "+tag, noStore)},
		"list with a query":  {http.MethodGet, tokens + "?a=b", newResponse(200, list, "ETag: "+tag, noStore)},
		"HEAD":               {http.MethodHead, tokens, newResponse(200, "", "ETag: "+tag, noStore)},
		"not modified":       {http.MethodGet, tokens, newResponse(304, "", "ETag: "+tag, noStore)},
		"create":             {http.MethodPost, tokens, newResponse(201, made, "Cache-Control: no-store")},
		"delete":             {http.MethodDelete, tokens + "/1", newResponse(200, "")},
		"delete, odd id":     {http.MethodDelete, tokens + "/1%2f2", newResponse(400, strings.Replace(refusal, "NotFound", "BadData", 1))},
		"another path":       {http.MethodGet, "/nope", newResponse(404, refusal)},
		"another method":     {http.MethodPut, tokens, newResponse(404, refusal)},
		"HEAD, another path": {http.MethodHead, "/nope", newResponse(404, "")},
		"OPTIONS":            {http.MethodOptions, tokens, openapi.Response{Status: 200, Header: http.Header{"Allow": {"GET,HEAD,POST"}}, Body: "GET,HEAD,POST"}},
		"OPTIONS, preflight": {http.MethodOptions, "/nope", openapi.Response{Status: 204, Header: http.Header{"Access-Control-Allow-Origin": {"*"}}}},
		"OPTIONS, refused":   {http.MethodOptions, tokens, newResponse(404, refusal)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := document.Check(t.Context(), c.method, c.target, c.response); err != nil {
				t.Errorf("got error %v, want none", err)
			}
		})
	}
}

func TestResponsesNotAsDocumented(t *testing.T) {
	t.Parallel()
	document := load(t)
	for name, c := range map[string]struct {
		method, target string
		response       openapi.Response
	}{
		"a status more":              {http.MethodGet, tokens, newResponse(202, list, "ETag: "+tag, noStore)},
		"a member more":              {http.MethodGet, tokens, newResponse(200, strings.Replace(list, `"id"`, `"secret":"x","id"`, 1), "ETag: "+tag, noStore)},
		"a member less":              {http.MethodGet, tokens, newResponse(200, strings.Replace(list, `"userId":1,`, "", 1), "ETag: "+tag, noStore)},
		"a member of another type":   {http.MethodGet, tokens, newResponse(200, strings.Replace(list, `"id":1`, `"id":"1"`, 1), "ETag: "+tag, noStore)},
		"a time in another form":     {http.MethodGet, tokens, newResponse(200, strings.Replace(list, "2099-01-01T", "2099-01-01 ", 1), "ETag: "+tag, noStore)},
		"no ETag":                    {http.MethodGet, tokens, newResponse(200, list, noStore)},
		"a list that caches keep":    {http.MethodGet, tokens, newResponse(200, list, "ETag: "+tag)},
		"HEAD without ETag":          {http.MethodHead, tokens, newResponse(200, "", noStore)},
		"HEAD with a body":           {http.MethodHead, tokens, newResponse(200, list, "ETag: "+tag, noStore)},
		"not modified, a body":       {http.MethodGet, tokens, newResponse(304, list, "ETag: "+tag, noStore)},
		"text":                       {http.MethodGet, tokens, newResponse(200, "no JSON", "ETag: "+tag, "Content-Type: text/plain")},
		"a secret that is kept":      {http.MethodPost, tokens, newResponse(201, made)},
		"no secret":                  {http.MethodPost, tokens, newResponse(201, strings.Replace(made, "user:v2", "user:v1", 1), "Cache-Control: no-store")},
		"a body after delete":        {http.MethodDelete, tokens + "/1", newResponse(200, "{}")},
		"an unknown error":           {http.MethodGet, tokens, newResponse(404, strings.Replace(refusal, "NotFound", "Other", 1))},
		"an error without an id":     {http.MethodGet, "/nope", newResponse(404, strings.Replace(refusal, `"id":"9c40958a-daac-400e-98fb-3bb438567008",`, "", 1))},
		"an error in text":           {http.MethodGet, "/nope", newResponse(404, "not found")},
		"another path that is there": {http.MethodGet, "/nope", newResponse(200, list)},
		"two ids":                    {http.MethodDelete, tokens + "/1/2", newResponse(200, "")},
		"OPTIONS without an origin":  {http.MethodOptions, tokens, openapi.Response{Status: 204}},
		"OPTIONS of another path":    {http.MethodOptions, "/nope", openapi.Response{Status: 200}},
		"a throttle without a wait":  {http.MethodGet, tokens, newResponse(429, strings.Replace(refusal, "NotFound", "RateLimit", 1))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := document.Check(t.Context(), c.method, c.target, c.response); err == nil {
				t.Errorf("%s %s: got no error for %v, want one", c.method, c.target, c.response)
			}
		})
	}
}
