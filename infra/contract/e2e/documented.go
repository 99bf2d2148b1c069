package e2e

import "pats/infra/contract/openapi"

// checkDocumented holds an answer of the API against the OpenAPI document. It leaves alone what the HTTP server before the API
// answers, and what a front is known to answer in the API's place.
func (w *world) checkDocumented(s step, got reply) {
	w.t.Helper()
	if !s.isAPIs(w.target.Front, got) {
		return
	}
	err := w.target.document.Check(w.t.Context(), s.request.method, w.fill(s.request.path), openapi.Answer{Status: got.status, Header: got.header, Body: got.body})
	if err != nil {
		w.t.Errorf("the OpenAPI document has another answer: %v", err)
	}
}

// isAPIs says whether the API answered. sam local does not tell by a header.
func (s step) isAPIs(front Front, got reply) bool {
	if front == SamLocal {
		_, gap := s.want.gaps[front]
		return !gap && !s.want.edge
	}
	return got.header.Get("X-Amzn-Requestid") != ""
}
