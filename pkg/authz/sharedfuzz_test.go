package authz_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"pats/pkg/authz"
	"pats/pkg/pat/pattest"
)

// FuzzSharedEvent: whatever an event contains, it is an error, or its response denies the stage, or it contains the valid token. Nothing
// panics, and nothing costs more than one read.
func FuzzSharedEvent(f *testing.F) {
	fixture := newSharedFixture(f, authz.SharedSettings{Enabled: true, TokenParameter: "token"})
	token := fixture.holder.Secret.Reveal()
	for _, file := range sampleFiles(f) {
		f.Add(sampleEvent(f, file, token))
		f.Add(sampleEvent(f, file, "x"))
	}
	for _, file := range mapped {
		event, err := json.Marshal(withRoutes(f, file, token, "GET/orders~=orders:read,POST/orders=orders:write"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(event)
	}
	secret := token[len(token)-20:]
	f.Fuzz(func(t *testing.T, payload []byte) {
		fixture.store.Forget()
		fixture.log.Reset()
		encoded, err := fixture.shared.Invoke(t.Context(), payload)
		log := fixture.log.String()
		if strings.Contains(log, "panic") && !bytes.Contains(payload, []byte("panic")) {
			t.Errorf("%s: panicked: %s", payload, log)
		}
		if strings.Contains(log, secret) {
			t.Errorf("%s: the log contains the token: %s", payload, log)
		}
		if reads := fixture.store.Count(pattest.CallAccount); reads > 1 {
			t.Errorf("%s: got %d reads, want at most one", payload, reads)
		}
		if err != nil {
			return
		}
		response := parseResponse(t, encoded)
		allowed := response.effect() == "Allow" || response.IsAuthorized == true
		if allowed && !strings.Contains(unquoted(payload), token) {
			t.Errorf("%s: allowed without the token", payload)
		}
		if !allowed && response.effect() != "Deny" {
			t.Errorf("%s: got the effect %q, want Allow or Deny", payload, response.effect())
		}
	})
}

// unquoted returns all texts in an event, without their escapes.
func unquoted(payload []byte) string {
	var all strings.Builder
	decoder := json.NewDecoder(bytes.NewReader(payload))
	for {
		token, err := decoder.Token()
		if err != nil {
			return all.String()
		}
		if text, ok := token.(string); ok {
			all.WriteString(text + "\n")
		}
	}
}

// FuzzRouteMap: a map opens nothing, or its policy is within the limit and each of its patterns is a method and a path of the map.
func FuzzRouteMap(f *testing.F) {
	fixture := newSharedFixture(f, enabled)
	token := fixture.holder.Secret.Reveal()
	for _, routes := range []string{
		"GET/orders~=orders:read,POST/orders=orders:write", "GET/=orders:read", "ANY/~=orders:read", "GET/a/~=orders:read", "GET/a=orders:read,GET/b=orders:read",
		"GET/*=orders:read", "GET/a?=orders:read", "GET/${a}=orders:read", "*/a=orders:read", "GET/a~~=orders:read", "", ",", "=", "GET/a=orders:read,", "GET/a~=orders:read,GET/a/b=s",
	} {
		f.Add(routes)
	}
	f.Fuzz(func(t *testing.T, routes string) {
		event := withRoutes(t, "aws-rest-request", token, routes)
		got := fixture.invoke(t, event)
		if got.effect() != "Allow" {
			return
		}
		if !variableValue.MatchString(routes) {
			t.Errorf("%q: accepted, but API Gateway refuses it", routes)
		}
		for _, pattern := range got.resources() {
			route, of := strings.CutPrefix(pattern, stageOf(event)+"/")
			method, path, _ := strings.Cut(strings.TrimSuffix(route, "*"), "/")
			declared := strings.Contains(routes, method+"/"+strings.TrimSuffix(path, "/")) || strings.Contains(routes, "ANY/"+strings.TrimSuffix(path, "/"))
			if !of || !declared || strings.ContainsAny(method+path, "*?$") {
				t.Errorf("%q: got the pattern %q, want one that the map declares", routes, pattern)
			}
		}
	})
}
