package faults_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/pkg/api/apitypes"
)

// adminOperations are those on everybody's tokens and on service accounts.
var adminOperations = []operation{
	{
		name: "list everybody's tokens", withUser: true, success: http.StatusOK, calls: 2, contested: 2,
		request: func(f *fixture) apiclient.Request {
			return get(fmt.Sprintf("%s?after=%d&limit=1", deployed.AllTokensPath, f.user.ID-1), f.own.secret)
		},
		check: checkEverybodysTokens,
	},
	{
		name: "delete a user's token", withUser: true, success: http.StatusOK, calls: 1 + change, contested: 1 + changeContested,
		request: func(f *fixture) apiclient.Request {
			return remove(deployed.UserTokenPath(f.user.ID, f.userToken.ID), f.own.secret)
		},
		check: checkUsersTokenEnded,
	},
	{
		name: "delete all tokens of a user", withUser: true, success: http.StatusOK, calls: 1 + change, contested: 1 + changeContested,
		request: func(f *fixture) apiclient.Request { return remove(deployed.UserTokensPath(f.user.ID), f.own.secret) },
		check:   checkUsersTokenEnded,
	},
	{
		name: "create a token of a service account", withUser: true, success: http.StatusCreated, calls: 1 + change, contested: 1 + changeContested,
		request: func(f *fixture) apiclient.Request {
			return post(deployed.ServiceTokensPath(f.service.ID), f.own.secret, createToken(f.fresh, time.Now().Add(30*time.Minute)))
		},
		check: checkServiceToken,
	},
}

// openOperations are those of the routes without an authorizer.
var openOperations = []operation{
	{
		name: "introspect", withUser: true, success: http.StatusOK, calls: 4, contested: 4, // two tokens, each read and recorded as used
		request: func(f *fixture) apiclient.Request {
			return post(deployed.IntrospectPath, "Bearer "+f.own.secret, url.Values{"token": {f.userToken.secret}})
		},
		check: checkActive,
	},
	{
		name: "revoke as OAuth does", withUser: true, success: http.StatusOK, calls: change, contested: changeContested,
		request: func(f *fixture) apiclient.Request {
			return post(deployed.RevokePath, "", url.Values{"token": {f.userToken.secret}})
		},
		check: checkUsersTokenEnded,
	},
	{
		name: "report from GitHub", withUser: true, success: http.StatusOK, calls: change, contested: changeContested,
		request: func(f *fixture) apiclient.Request { return f.gitHubReport },
		check:   checkUsersTokenEnded,
	},
	{
		name: "report from GitLab", withUser: true, success: http.StatusNoContent, calls: change, contested: changeContested,
		request: func(f *fixture) apiclient.Request { return f.gitLabReport },
		check:   checkUsersTokenEnded,
	},
}

func checkEverybodysTokens(_ context.Context, c *checker, got apiclient.Response) error {
	if got.Status != http.StatusOK {
		return nil
	}
	var body apitypes.TokenPage
	if err := got.Decode(http.StatusOK, &body); err != nil {
		return err
	}
	if len(body.Tokens) != 1 || body.Tokens[0].UserID != c.user.ID || body.Tokens[0].ID != c.userToken.ID {
		return fmt.Errorf("got %v, want the token of user %d", got, c.user.ID)
	}
	return nil
}

// checkUsersTokenEnded checks that the user's token is refused after a success. After a 503 it may be accepted.
func checkUsersTokenEnded(ctx context.Context, c *checker, got apiclient.Response) error {
	return c.checkEnded(ctx, get(deployed.TokensPath, c.userToken.secret), got)
}

// checkServiceToken checks that a 201 has a token that is accepted and listed, and that after a 503 there is at most one.
func checkServiceToken(ctx context.Context, c *checker, got apiclient.Response) error {
	var body apitypes.TokenList
	if err := c.want(ctx, get(deployed.ServiceTokensPath(c.service.ID), c.own.secret), http.StatusOK, &body); err != nil {
		return err
	}
	if got.Status != http.StatusCreated {
		if len(body.Pats) > 1 {
			return fmt.Errorf("after %d the service account has the tokens %+v", got.Status, body.Pats)
		}
		return nil
	}
	var created apitypes.CreatedToken
	if err := got.Decode(http.StatusCreated, &created); err != nil {
		return err
	}
	if !slices.ContainsFunc(body.Pats, func(t apitypes.Token) bool { return len(body.Pats) == 1 && t.ID == created.ID }) {
		return fmt.Errorf("the response has token %d, the list %+v", created.ID, body.Pats)
	}
	return c.checkAccepted(ctx, created.Secret, true)
}

// checkActive checks that a token that works is never reported as inactive.
func checkActive(_ context.Context, c *checker, got apiclient.Response) error {
	if got.Status != http.StatusOK {
		return nil
	}
	var body struct {
		Active bool   `json:"active"`
		Sub    string `json:"sub"`
	}
	if err := got.Decode(http.StatusOK, &body); err != nil {
		return err
	}
	if !body.Active || body.Sub != strconv.FormatInt(int64(c.user.ID), 10) {
		return errors.New("a token that works is inactive or another user's")
	}
	return nil
}
