package faults_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// rotate returns a rotation without an overlap.
func rotate(id pat.TokenID, token string) apiclient.Request {
	return post(deployed.RotationPath(id), token, apitypes.NewRotateToken(pat.Rotation{}))
}

// keyedRotate returns the same rotation of the other token each time, as an Idempotency-Key demands.
func keyedRotate(f *fixture) apiclient.Request {
	r := rotate(f.other.ID, f.own.secret)
	r.Key = f.fresh
	return r
}

// rotateSelf returns a rotation of the token presented, with an overlap.
func rotateSelf(f *fixture) apiclient.Request {
	return post(deployed.SelfPath+"/rotate", f.own.secret, apitypes.NewRotateToken(pat.Rotation{Overlap: time.Hour}))
}

// checkRotated checks that the other token has one secret that works: the one in a 200, or else the old one unless the token was
// rotated.
func checkRotated(ctx context.Context, c *checker, got apiclient.Response) error {
	rotated, err := c.checkWhole(ctx, c.other, got)
	if err != nil {
		return err
	}
	return c.checkAccepted(ctx, c.other.secret, !rotated)
}

// checkSelfRotated checks that both secrets of a token that rotated itself work, and that the replaced one rotates nothing.
func checkSelfRotated(ctx context.Context, c *checker, got apiclient.Response) error {
	rotated, err := c.checkWhole(ctx, c.own, got)
	if err != nil {
		return err
	}
	again := http.StatusOK
	if rotated {
		again = http.StatusConflict
	}
	return errors.Join(c.checkAccepted(ctx, c.own.secret, true), c.want(ctx, rotateSelf(c.fixture), again, new(any)))
}

// checkWhole checks that the response to a rotation of the token agrees with the list, and reports whether the token was rotated.
func (c *checker) checkWhole(ctx context.Context, rotated ownedToken, got apiclient.Response) (bool, error) {
	tokens, err := c.list(ctx, c.own.secret)
	if err != nil {
		return false, err
	}
	listed := described(tokens, rotated.Description)
	if len(listed) != 1 || len(tokens) != 2 {
		return false, fmt.Errorf("the list has %+v, want the two tokens", tokens)
	}
	want := apitypes.NewToken(c.admin.ID, rotated.Token)
	want.SeenAt, want.RotatedAt, want.OverlapEndsAt = listed[0].SeenAt, listed[0].RotatedAt, listed[0].OverlapEndsAt
	if !reflect.DeepEqual(listed[0], want) {
		return false, fmt.Errorf("the list has %+v, want %+v", listed[0], want)
	}
	if got.Status != http.StatusOK {
		return want.RotatedAt != nil, nil
	}
	var body apitypes.CreatedToken
	if err := got.Decode(http.StatusOK, &body); err != nil {
		return false, err
	}
	body.SeenAt = want.SeenAt
	if want.RotatedAt == nil || !reflect.DeepEqual(body.Token, want) {
		return false, fmt.Errorf("the response has %+v, the list has %+v", body.Token, listed[0])
	}
	return true, c.checkAccepted(ctx, body.Secret, true)
}

// checkShown checks that the response shows the other token.
func checkShown(_ context.Context, c *checker, got apiclient.Response) error {
	if got.Status != http.StatusOK {
		return nil
	}
	var body apitypes.Token
	if err := got.Decode(http.StatusOK, &body); err != nil {
		return err
	}
	want := apitypes.NewToken(c.admin.ID, c.other.Token)
	want.SeenAt = body.SeenAt // the record of a use can be early or late
	if !reflect.DeepEqual(body, want) {
		return fmt.Errorf("got %+v, want %+v", body, want)
	}
	return nil
}
