package pat_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestRevokeSelf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		revoke  func(t *testing.T, f *fixture, caller pattest.Holder) error
		leaves  []string
		rotated bool
	}{
		"alone":                    {revokeSelf, []string{"own", "child"}, false},
		"with descendants":         {revokeSelfAndDescendants, []string{"own"}, false},
		"with the replaced secret": {revokeSelf, []string{"own", "child"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, caller := scoped(t, "pats:write")
			f.with(t, caller, "child", pattest.Scopes(t, "pats:write"))
			if c.rotated {
				f.rotateSelf(t, caller, overlap)
			}
			f.store.Forget()
			f.store.LoseResponse(pattest.CallReplaceAccount)
			if err := c.revoke(t, f, caller); err != nil {
				t.Fatalf("with a lost response: %v", err)
			}
			f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 2, pattest.CallReplaceAccount: 1})
			if got := f.descriptions(t); !cmp.Equal(got, c.leaves) {
				t.Errorf("got tokens %q, want %q", got, c.leaves)
			}
			wantRefused(t, c.revoke(t, f, caller), pat.ReasonInvalid)
			f.wantDescriptions(t, c.leaves...)
		})
	}
}

func revokeSelf(t *testing.T, f *fixture, caller pattest.Holder) error {
	t.Helper()
	return f.service.RevokeSelf(t.Context(), caller.Identity())
}

func revokeSelfAndDescendants(t *testing.T, f *fixture, caller pattest.Holder) error {
	t.Helper()
	_, err := f.service.RevokeSelfAndDescendants(t.Context(), caller.Identity())
	return err
}
