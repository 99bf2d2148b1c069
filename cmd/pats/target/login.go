package target

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"

	"pats/cmd/pats/failure"
	"pats/pkg/api"
	"pats/pkg/api/apitypes"
)

// consentPath and redeemPath are those of the stack's template for `pats login`.
const (
	consentPath = "/ui/cli"
	redeemPath  = "/ui/cli/token"
	sessionPath = "/ui/session"
)

// CheckSignIn checks that users can sign in to the server. Errors: failure.Unavailable; failure.Failed if they cannot.
func (s *Server) CheckSignIn(ctx context.Context) error {
	request, err := s.newRequest(ctx, request{method: http.MethodGet, url: s.base.JoinPath(sessionPath)})
	if err != nil {
		return err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return explainTransport(err)
	}
	defer func() { _ = response.Body.Close() }()
	var status struct {
		SignIn bool `json:"signIn"`
	}
	_ = json.NewDecoder(io.LimitReader(response.Body, maxResponse)).Decode(&status) // whatever else it is, nobody can sign in
	if !status.SignIn {
		return failure.New(failure.Failed, "nobody can sign in at "+s.base.Redacted()+", since no identity provider is set up there, or it is not a pats server",
			"On a laptop, start it with `pats serve --dev-login`. For a deployed stack, docs/sign-in.md says how to set one up.")
	}
	return nil
}

// ConsentURL returns the address of the page on which a user approves the login that query describes.
func (s *Server) ConsentURL(query url.Values) string {
	address := s.base.JoinPath(consentPath)
	address.User, address.Fragment, address.RawQuery = nil, "", query.Encode()
	return address.String()
}

// Redeem returns the token of a login. Repeating it returns the same token, so it is repeated while its response is lost. It presents no
// token but that in body. Errors: as for List.
func (s *Server) Redeem(ctx context.Context, body apitypes.RedeemLogin) (apitypes.CreatedToken, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return apitypes.CreatedToken{}, err
	}
	var created apitypes.CreatedToken
	err = s.send(ctx, request{method: http.MethodPost, url: s.base.JoinPath(redeemPath), body: raw}, &created)
	if err == nil && created.Secret == "" {
		err = s.notPats()
	}
	return created, err
}

// Self returns the user whose token is presented. Errors: as for List; failure.Failed for the holder of the admin API token, who is none.
func (s *Server) Self(ctx context.Context) (apitypes.User, error) {
	var self struct {
		User apitypes.User `json:"user"`
	}
	err := s.send(ctx, request{method: http.MethodGet, url: s.base.JoinPath(api.ResourceSelf)}, &self)
	if err == nil && self.User.ID == 0 {
		err = failure.New(failure.Failed, "the token presented belongs to no user", "It is the admin API token, or --url is not the address of a pats server.")
	}
	return self.User, err
}
