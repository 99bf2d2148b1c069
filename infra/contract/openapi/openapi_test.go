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

// load reads the document, which is thereby shown to be valid, as its examples are.
func load(t *testing.T) *openapi.Document {
	t.Helper()
	document, err := openapi.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// answer is one with JSON and these headers beside it.
func answer(status int, body string, headers ...string) openapi.Response {
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

func TestAnswersAsDocumented(t *testing.T) {
	t.Parallel()
	document := load(t)
	for name, c := range map[string]struct {
		method, target string
		answer         openapi.Response
	}{
		"list":               {http.MethodGet, tokens, answer(200, list, "ETag: "+tag, noStore)},
		"list with a query":  {http.MethodGet, tokens + "?a=b", answer(200, list, "ETag: "+tag, noStore)},
		"HEAD":               {http.MethodHead, tokens, answer(200, "", "ETag: "+tag, noStore)},
		"not modified":       {http.MethodGet, tokens, answer(304, "", "ETag: "+tag, noStore)},
		"create":             {http.MethodPost, tokens, answer(201, made, "Cache-Control: no-store")},
		"delete":             {http.MethodDelete, tokens + "/1", answer(200, "")},
		"delete, odd id":     {http.MethodDelete, tokens + "/1%2f2", answer(400, strings.Replace(refusal, "NotFound", "BadData", 1))},
		"another path":       {http.MethodGet, "/nope", answer(404, refusal)},
		"another method":     {http.MethodPut, tokens, answer(404, refusal)},
		"HEAD, another path": {http.MethodHead, "/nope", answer(404, "")},
		"OPTIONS":            {http.MethodOptions, tokens, openapi.Response{Status: 200, Header: http.Header{"Allow": {"GET,HEAD,POST"}}, Body: "GET,HEAD,POST"}},
		"OPTIONS, refused":   {http.MethodOptions, tokens, answer(404, refusal)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := document.Check(t.Context(), c.method, c.target, c.answer); err != nil {
				t.Errorf("got %v, want no complaint", err)
			}
		})
	}
}

func TestAnswersNotAsDocumented(t *testing.T) {
	t.Parallel()
	document := load(t)
	for name, c := range map[string]struct {
		method, target string
		answer         openapi.Response
	}{
		"a status more":              {http.MethodGet, tokens, answer(202, list, "ETag: "+tag, noStore)},
		"a member more":              {http.MethodGet, tokens, answer(200, strings.Replace(list, `"id"`, `"secret":"x","id"`, 1), "ETag: "+tag, noStore)},
		"a member less":              {http.MethodGet, tokens, answer(200, strings.Replace(list, `"userId":1,`, "", 1), "ETag: "+tag, noStore)},
		"a member of another type":   {http.MethodGet, tokens, answer(200, strings.Replace(list, `"id":1`, `"id":"1"`, 1), "ETag: "+tag, noStore)},
		"a time in another form":     {http.MethodGet, tokens, answer(200, strings.Replace(list, "2099-01-01T", "2099-01-01 ", 1), "ETag: "+tag, noStore)},
		"no ETag":                    {http.MethodGet, tokens, answer(200, list, noStore)},
		"a list that caches keep":    {http.MethodGet, tokens, answer(200, list, "ETag: "+tag)},
		"HEAD without ETag":          {http.MethodHead, tokens, answer(200, "", noStore)},
		"HEAD with a body":           {http.MethodHead, tokens, answer(200, list, "ETag: "+tag, noStore)},
		"not modified, a body":       {http.MethodGet, tokens, answer(304, list, "ETag: "+tag, noStore)},
		"text":                       {http.MethodGet, tokens, answer(200, "no JSON", "ETag: "+tag, "Content-Type: text/plain")},
		"a secret that is kept":      {http.MethodPost, tokens, answer(201, made)},
		"no secret":                  {http.MethodPost, tokens, answer(201, strings.Replace(made, "user:v2", "user:v1", 1), "Cache-Control: no-store")},
		"a body after delete":        {http.MethodDelete, tokens + "/1", answer(200, "{}")},
		"an unknown error":           {http.MethodGet, tokens, answer(404, strings.Replace(refusal, "NotFound", "Other", 1))},
		"an error without an id":     {http.MethodGet, "/nope", answer(404, strings.Replace(refusal, `"id":"9c40958a-daac-400e-98fb-3bb438567008",`, "", 1))},
		"an error in text":           {http.MethodGet, "/nope", answer(404, "not found")},
		"another path that is there": {http.MethodGet, "/nope", answer(200, list)},
		"two ids":                    {http.MethodDelete, tokens + "/1/2", answer(200, "")},
		"OPTIONS of another path":    {http.MethodOptions, "/nope", openapi.Response{Status: 200}},
		"a throttle without a wait":  {http.MethodGet, tokens, answer(429, strings.Replace(refusal, "NotFound", "RateLimit", 1))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := document.Check(t.Context(), c.method, c.target, c.answer); err == nil {
				t.Errorf("%s %s: got no complaint about %v, want one", c.method, c.target, c.answer)
			}
		})
	}
}
