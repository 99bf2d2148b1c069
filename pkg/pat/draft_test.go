package pat_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

const (
	noDescription   = "PAT description cannot be empty."
	longDescription = "PAT description cannot be longer than 255 characters."
	control         = "PAT description cannot contain control characters."
	inThePast       = "The expiry date should be in future."
	tooFar          = "The expiry date should be before the year 10000."
	tooMany         = "Too many PATs (10) already exist for this user."
	duplicate       = "PAT description already exists."
)

func TestDraftRules(t *testing.T) {
	t.Parallel()
	later := pattest.Start.Add(time.Hour)
	for name, c := range map[string]struct {
		draft pat.Draft
		want  string // the message, or none if the draft is good
	}{
		"one character":               {pat.Draft{Description: "x", Scopes: pat.Unscoped(), ExpiresAt: later}, ""},
		"255 characters":              {pat.Draft{Description: strings.Repeat("x", 255), Scopes: pat.Unscoped(), ExpiresAt: later}, ""},
		"255 emoji":                   {pat.Draft{Description: strings.Repeat("🦫", 255), Scopes: pat.Unscoped(), ExpiresAt: later}, ""},
		"one millisecond ahead":       {pat.Draft{Description: "x", Scopes: pat.Unscoped(), ExpiresAt: pattest.Start.Add(time.Millisecond)}, ""},
		"last moment of 9999":         {pat.Draft{Description: "x", Scopes: pat.Unscoped(), ExpiresAt: time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)}, ""},
		"no description":              {pat.Draft{ExpiresAt: later}, noDescription},
		"only spaces":                 {pat.Draft{Description: " \u00A0", Scopes: pat.Unscoped(), ExpiresAt: later}, noDescription},
		"256 characters":              {pat.Draft{Description: strings.Repeat("x", 256), Scopes: pat.Unscoped(), ExpiresAt: later}, longDescription},
		"256 emoji":                   {pat.Draft{Description: strings.Repeat("🦫", 256), Scopes: pat.Unscoped(), ExpiresAt: later}, longDescription},
		"newline":                     {pat.Draft{Description: "a\nb", Scopes: pat.Unscoped(), ExpiresAt: later}, control},
		"NUL":                         {pat.Draft{Description: "a\x00", Scopes: pat.Unscoped(), ExpiresAt: later}, control},
		"C1 control":                  {pat.Draft{Description: "a\u0085", Scopes: pat.Unscoped(), ExpiresAt: later}, control},
		"not UTF-8":                   {pat.Draft{Description: "a\xff", Scopes: pat.Unscoped(), ExpiresAt: later}, "PAT description is not valid UTF-8."},
		"no expiry":                   {pat.Draft{Description: "x"}, inThePast},
		"expired":                     {pat.Draft{Description: "x", Scopes: pat.Unscoped(), ExpiresAt: pattest.Start.Add(-time.Hour)}, inThePast},
		"this moment":                 {pat.Draft{Description: "x", Scopes: pat.Unscoped(), ExpiresAt: pattest.Start}, inThePast},
		"less than a millisecond":     {pat.Draft{Description: "x", Scopes: pat.Unscoped(), ExpiresAt: pattest.Start.Add(999 * time.Microsecond)}, inThePast},
		"year 10000":                  {pat.Draft{Description: "x", Scopes: pat.Unscoped(), ExpiresAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, tooFar},
		"year 10000 in UTC only":      {pat.Draft{Description: "x", Scopes: pat.Unscoped(), ExpiresAt: time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -2*60*60))}, tooFar},
		"description before expiry":   {pat.Draft{Description: ""}, noDescription},
		"length before control":       {pat.Draft{Description: strings.Repeat("\n", 256)}, longDescription},
		"past before the year's rule": {pat.Draft{Description: "x", Scopes: pat.Unscoped(), ExpiresAt: time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)}, inThePast},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			token, _, err := f.service.CreateToken(t.Context(), f.holder.Identity(), c.draft)
			if c.want == "" {
				wantMade(t, token, err, c.draft)
				return
			}
			pattest.WantKind(t, err, pat.KindInvalid)
			wantMessage(t, err, c.want)
			if got := f.store.Count(pattest.CallReplaceAccount); got != 0 {
				t.Errorf("got %d writes, want none", got)
			}
		})
	}
}

func wantMade(t *testing.T, got pat.Token, err error, draft pat.Draft) {
	t.Helper()
	if err != nil {
		t.Fatalf("CreateToken: %v", err)
	}
	want := pat.Token{
		ID: 2, Description: draft.Description, Scopes: pat.Unscoped(), Selector: got.Selector, Verifier: got.Verifier,
		CreatedAt: pattest.Start, ExpiresAt: draft.ExpiresAt, Maker: pat.Maker{User: 1, Token: 1}, Ancestors: []pat.TokenID{1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("token, -want +got:\n%s", diff)
	}
}

func TestExpiryIsKeptInWholeMillisecondsUTC(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	elsewhere := time.FixedZone("elsewhere", -8*60*60)
	draft := pat.Draft{Description: "x", Scopes: pat.Unscoped(), ExpiresAt: pattest.Start.Add(time.Hour + 1500*time.Microsecond).In(elsewhere)}
	token, _, err := f.service.CreateToken(t.Context(), f.holder.Identity(), draft)
	if err != nil {
		t.Fatalf("CreateToken: %v", err)
	}
	if want := pattest.Start.Add(time.Hour + time.Millisecond); !token.ExpiresAt.Equal(want) || token.ExpiresAt.Location() != time.UTC {
		t.Errorf("got %v, want %v", token.ExpiresAt, want)
	}
}

func TestRulesComeInOrder(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, draft := range pattest.Drafts(pat.MaxTokens - 1) {
		f.create(t, draft.Description)
	}
	past := pattest.Start.Add(-time.Hour)
	for _, c := range []struct {
		name  string
		draft pat.Draft
		kind  pat.Kind
		want  string
	}{
		{"description before the limit", pat.Draft{Description: "", Scopes: pat.Unscoped(), ExpiresAt: past}, pat.KindInvalid, noDescription},
		{"expiry before the limit", pat.Draft{Description: "own", Scopes: pat.Unscoped(), ExpiresAt: past}, pat.KindInvalid, inThePast},
		{"limit before the duplicate", f.draft("own"), pat.KindLimit, tooMany},
	} {
		_, _, err := f.service.CreateToken(t.Context(), f.holder.Identity(), c.draft)
		if got := pat.KindOf(err); got != c.kind {
			t.Errorf("%s: got kind %d, want %d", c.name, got, c.kind)
		}
		wantMessage(t, err, c.want)
	}
}

func TestDuplicateIsExact(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, _, err := f.service.CreateToken(t.Context(), f.holder.Identity(), f.draft("own"))
	pattest.WantKind(t, err, pat.KindDuplicate)
	wantMessage(t, err, duplicate)
	for _, other := range []string{"Own", "o wn", "ówn"} {
		f.create(t, other)
	}
}
