package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// FuzzRotationBody checks that every body results in a rotation whose overlap and end are within their bounds, or in an error with a
// documented status and form; and that only a rotation that is returned is written.
func FuzzRotationBody(f *testing.F) {
	for _, body := range []string{
		"", "{}", "[]", "null", `{"overlapSeconds":0}`, `{"overlapSeconds":604801}`, `{"overlapSeconds":"1"}`, `{"overlapSeconds":1e2}`,
		`{"overlapSeconds":-0}`, `{"expiresAt":"` + far + `"}`, `{"expiresAt":null}`, `{"expiresAt":"2026-01-02T03:04:05.678Z"}`,
		`{"overlap":1}`, "\ufeff{}", `{"overlapSeconds":1,"overlapSeconds":2}`, padded(64<<10 + 1), strings.Repeat("[", 11000),
	} {
		f.Add(body, "application/json", true)
	}
	f.Add("{}", "text/plain", false)
	handler, _, store, claims := newFuzzFixture(f)
	f.Fuzz(func(t *testing.T, body, contentType string, self bool) {
		store.forget()
		id := "2"
		if self {
			id = "self"
		}
		event := rotation(id, body).event(claims)
		event.MultiValueHeaders = map[string][]string{"Content-Type": {contentType}}
		got, err := handler.Handle(t.Context(), event)
		if err != nil {
			t.Fatal(err)
		}
		switch got.StatusCode {
		case http.StatusOK:
			token := wantToken(t, got, store.written)
			overlap := token.Replaced.Until.Sub(token.RotatedAt)
			if overlap < 0 || overlap > pat.MaxOverlap || overlap%time.Second != 0 || !token.RotatedAt.Equal(pattest.Start) {
				t.Errorf("body %q: got overlap %s at %s, want whole seconds up to %s at %s", body, overlap, token.RotatedAt, pat.MaxOverlap, pattest.Start)
			}
			if _, sent := members(body)["overlapSeconds"]; !sent && overlap != pat.DefaultOverlap {
				t.Errorf("body %q: got overlap %s, want the default", body, overlap)
			}
		case http.StatusBadRequest, http.StatusUnsupportedMediaType:
			wantRefusal(t, got)
			if store.written.ID != 0 {
				t.Errorf("got status %d and a write, want no write", got.StatusCode)
			}
		default:
			t.Errorf("got status %d with %s", got.StatusCode, got.Body)
		}
	})
}
