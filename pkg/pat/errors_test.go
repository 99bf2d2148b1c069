package pat_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"pats/pkg/pat"
)

// wantMessage fails the test unless err has this public message.
func wantMessage(t *testing.T, err error, want string) {
	t.Helper()
	e, ok := errors.AsType[*pat.Error](err)
	if !ok {
		t.Fatalf("got %v, want a *pat.Error", err)
	}
	if e.Message != want {
		t.Errorf("got message %q, want %q", e.Message, want)
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want pat.Kind
	}{
		"no error":             {nil, pat.KindInternal},
		"another error":        {io.EOF, pat.KindInternal},
		"an Error":             {pat.Conflict(nil), pat.KindConflict},
		"wrapped":              {fmt.Errorf("doing: %w", pat.NoUser(nil)), pat.KindNotFound},
		"joined":               {errors.Join(io.EOF, pat.LastAdmin(nil)), pat.KindLastAdmin},
		"an Error in an Error": {pat.Refused(pat.ReasonInvalid, pat.NoUser(nil)), pat.KindUnauthenticated},
		"unavailable":          {pat.Unavailable(io.EOF), pat.KindUnavailable},
		"user exists":          {pat.UserExists(nil), pat.KindUserExists},
		"zero is internal":     {&pat.Error{}, pat.KindInternal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := pat.KindOf(c.err); got != c.want {
				t.Errorf("got kind %d, want %d", got, c.want)
			}
		})
	}
}

func TestErrorIncludesItsCause(t *testing.T) {
	t.Parallel()
	err := pat.Unavailable(io.ErrUnexpectedEOF)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause is not in the chain")
	}
	if got, want := err.Error(), err.Message+": unexpected EOF"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := pat.NoUser(nil).Error(), "No user found"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
