package apiclient_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/must"
)

func TestSend(t *testing.T) {
	t.Parallel()
	var sent string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent = fmt.Sprint(r.Method, r.URL, r.Header["Authorization"], r.Header["Content-Type"], r.Header["Idempotency-Key"], string(body))
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"secret":"s","id":2}`)
	}))
	t.Cleanup(server.Close)
	request := apiclient.Request{Method: http.MethodPost, Path: "/a?b=c", Token: "t", Body: map[string]int{"n": 1}, Key: "k"}
	response, err := apiclient.Send(t.Context(), apiclient.New(t, 1), server.URL, request)
	must.Do(t, err)
	var body struct{ ID int }
	must.Do(t, response.Decode(http.StatusCreated, &body))
	if want := `POST/a?b=c [t] [application/json] [k]{"n":1}`; sent != want || body.ID != 2 {
		t.Errorf("the server got %q, want %q; the client got ID %d, want 2", sent, want, body.ID)
	}
	if text := response.String(); !strings.HasPrefix(text, `201 {"secret":…`) {
		t.Errorf("String: got %q, want the status and the body without the secret", text)
	}
	if err := response.Decode(http.StatusOK, &body); err == nil {
		t.Error("Decode of another status: got no error, want one")
	}
}

func TestCheckUnavailable(t *testing.T) {
	t.Parallel()
	const whole = `{"id":"1","name":"ServiceUnavailableError","message":"m","details":[{"message":"m"}]}`
	header := func(drop string) http.Header {
		h := http.Header{"Retry-After": {"1"}, "Content-Type": {"application/json; charset=utf-8"}, "X-Amzn-Requestid": {"1"}}
		h.Del(drop)
		return h
	}
	for name, c := range map[string]struct {
		response apiclient.Response
		want     string
	}{
		"as promised":          {apiclient.Response{Status: 503, Header: header(""), Body: []byte(whole)}, ""},
		"another status":       {apiclient.Response{Status: 500, Header: header(""), Body: []byte(whole)}, "want a 503"},
		"not JSON":             {apiclient.Response{Status: 503, Header: header(""), Body: []byte("busy")}, "not an error's"},
		"an unknown member":    {apiclient.Response{Status: 503, Header: header(""), Body: []byte(`{"cause":"c"}`)}, "not an error's"},
		"without details":      {apiclient.Response{Status: 503, Header: header(""), Body: []byte(strings.ReplaceAll(whole, `[{"message":"m"}]`, `[]`))}, "lacks a member"},
		"another ID":           {apiclient.Response{Status: 503, Header: header(""), Body: []byte(strings.ReplaceAll(whole, `"id":"1"`, `"id":"2"`))}, `has ID "2"`},
		"without Retry-After":  {apiclient.Response{Status: 503, Header: header("Retry-After"), Body: []byte(whole)}, "Retry-After"},
		"without Content-Type": {apiclient.Response{Status: 503, Header: header("Content-Type"), Body: []byte(whole)}, "Content-Type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.response.CheckUnavailable()
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
