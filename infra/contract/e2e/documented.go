package e2e

import "pats/infra/contract/openapi"

// checkDocumented compares a response of the API with the OpenAPI document. It skips responses of the HTTP server in front of the
// API, those that a front is known to send instead of the API, and the page's, which have a policy for browsers.
func (e *env) checkDocumented(s step, got response) {
	e.t.Helper()
	if !s.isAPIs(e.target.Front, got) {
		return
	}
	err := e.target.document.Check(e.t.Context(), s.request.method, e.fill(s.request.path), openapi.Response{Status: got.status, Header: got.header, Body: got.body})
	if err != nil {
		e.t.Errorf("the response differs from the OpenAPI document: %v", err)
	}
}

// isAPIs reports whether the API sent the response. sam local has no header that shows it.
func (s step) isAPIs(front Front, got response) bool {
	if _, gap := s.want.gaps[front]; gap || got.header.Get("Content-Security-Policy") != "" {
		return false
	}
	if front == SamLocal {
		return !s.want.edge
	}
	return got.header.Get("X-Amzn-Requestid") != ""
}
