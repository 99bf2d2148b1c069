package pat_test

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestBothSpellingsAreOneToken(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		secret, _ := drawSecret(t)
		for name, parse := range map[string]func(string) (pat.Secret, error){"ParseSecret": pat.ParseSecret, "ParseForeignSecret": pat.ParseForeignSecret} {
			got, err := parse(pattest.InPats(secret.Reveal()))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got.Reveal() != secret.Reveal() || got.Selector() != secret.Selector() || got.Verifier() != secret.Verifier() {
				t.Errorf("%s: got another token than from the canonical spelling", name)
			}
			if !secret.Verifier().Matches(got) {
				t.Errorf("%s: the verifier does not match", name)
			}
		}
	})
}

func TestParseRefusesOtherSpellings(t *testing.T) {
	t.Parallel()
	good := newSecret(t, 7).Reveal()
	body := strings.TrimPrefix(good, "user:v2_")
	inPats := "pats_" + body[:60]
	for name, text := range map[string]string{
		"prefix only":                         "pats_",
		"upper case":                          "PATS_" + body,
		"mixed case":                          "Pats_" + body,
		"without the underscore":              "pats" + body,
		"with a dash":                         "pats-" + body,
		"with a colon":                        "pats:" + body,
		"both prefixes":                       "pats_user:v2_" + body,
		"both prefixes, other way":            "user:v2_pats_" + body,
		"the prefix twice":                    "pats_pats_" + body,
		"the version after the prefix":        "pats_v2_" + body,
		"the colon replaced":                  "user_v2_" + body,
		"without a prefix":                    body,
		"an underscore more":                  "pats__" + body,
		"a blank before":                      " pats_" + body,
		"a line break after":                  "pats_" + body + "\n",
		"with Bearer":                         "Bearer pats_" + body,
		"a character short":                   "pats_" + body[:65],
		"a character long":                    "pats_" + body + "A",
		"as long as the canonical one":        "pats_" + body + "AAA",
		"its own checksum":                    inPats + checksum(inPats),
		"a v1 token's digits":                 "pats_" + v1[len("user:"):],
		"an admin token":                      "pats_" + strings.Repeat("x", 43),
		"the selector of user 0":              pattest.InPats(withSelector(selectorOf(0))),
		"a user above the largest":            pattest.InPats(withSelector(selectorOf(pat.MaxID + 1))),
		"a character outside the alphabet":    pattest.InPats(dotted()),
		"an imported token":                   pattest.InPats("user:v2_" + strings.Repeat("_", 21) + "w_" + strings.Repeat("-", 43)),
		"an imported token that names user 7": pattest.InPats("user:v2_" + selectorOf(7) + "_" + strings.Repeat("-", 43)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for name, parse := range map[string]func(string) (pat.Secret, error){"ParseSecret": pat.ParseSecret, "ParseForeignSecret": pat.ParseForeignSecret} {
				secret, err := parse(text)
				wantRefused(t, err, pat.ReasonInvalid)
				if secret.Reveal() != "" || strings.Contains(err.Error(), body[:10]) {
					t.Errorf("%s: got a secret, or an error that quotes the text", name)
				}
			}
		})
	}
}

func TestParseTokenPrefix(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]pat.TokenPrefix{"user:v2_": pat.PrefixUnleash, "pats_": pat.PrefixPats} {
		if got, err := pat.ParseTokenPrefix(text); err != nil || got != want {
			t.Errorf("%q: got %q and %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", "pats", "PATS_", "user:", "user:v1_", "user:v2", " pats_", "ghp_"} {
		if got, err := pat.ParseTokenPrefix(text); err == nil || got != "" {
			t.Errorf("%q: got %q and %v, want an error", text, got, err)
		}
	}
}

// scannable is the form by which secret scanners recognize both spellings. docs/secret-scanning.md states it.
var scannable = regexp.MustCompile(`^(user:v2|pats)_[A-Za-z0-9_-]{22}_[A-Za-z0-9_-]{37}[0-4][0-9A-Za-z]{5}$`)

func TestTokensHaveTheFormThatScannersKnow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		random := rapid.SliceOfN(rapid.Byte(), 45, 45).Draw(t, "random")
		secret, err := pat.NewSecret(bytes.NewReader(random), 7)
		if err != nil {
			t.Fatalf("NewSecret: %v", err)
		}
		for _, text := range []string{secret.Reveal(), pattest.InPats(secret.Reveal())} {
			if !scannable.MatchString(text) {
				t.Errorf("%s does not match %s", text, scannable)
			}
		}
	})
}

// TestKeyIgnoresTheSpelling: a create is repeated by whoever presents the same token, in either spelling.
func TestKeyIgnoresTheSpelling(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.once(t, f.key(t, "k"), "ci")
	again := f.once(t, keyOf(t, parse(t, pattest.InPats(f.holder.Secret.Reveal())), "k"), "ci")
	wantSameToken(t, again, first)
	f.wantDescriptions(t, "own", "ci")
}

// minting returns a service on the fixture's store whose new tokens begin with prefix. It has its own randomness, since equal bytes become
// equal selectors.
func (f *fixture) minting(prefix pat.TokenPrefix) *pat.Service {
	env := pattest.Env(f.clock)
	env.Random = rand.NewChaCha8([32]byte{1})
	return pat.NewService(f.store, pat.Settings{TokenPrefix: prefix}, env)
}

// TestNewTokensHaveTheirPrefix: the prefix changes what holders see, and nothing that is stored.
func TestNewTokensHaveTheirPrefix(t *testing.T) {
	t.Parallel()
	for prefix, want := range map[pat.TokenPrefix]string{"": "user:v2_", pat.PrefixUnleash: "user:v2_", pat.PrefixPats: "pats_"} {
		t.Run(want+" by "+string(prefix), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			service := f.minting(prefix)
			_, plain, err := service.CreateUserToken(t.Context(), f.holder.Account.ID, f.until("plain"))
			if err != nil {
				t.Fatal(err)
			}
			_, keyed, err := service.CreateTokenOnce(t.Context(), f.holder.Identity(), f.until("keyed"), f.key(t, "k"))
			if err != nil {
				t.Fatal(err)
			}
			_, repeated, err := service.CreateTokenOnce(t.Context(), f.holder.Identity(), f.until("keyed"), f.key(t, "k"))
			if err != nil || repeated.Reveal() != keyed.Reveal() {
				t.Errorf("the repetition: got another token, or %v", err)
			}
			unstored, err := service.NewSecret(f.holder.Account.ID)
			if err != nil {
				t.Fatal(err)
			}
			for name, secret := range map[string]pat.Secret{"plain": plain, "keyed": keyed, "unstored": unstored} {
				wantPrefix(t, name, secret, want)
			}
			for name, secret := range map[string]pat.Secret{"plain": plain, "keyed": keyed} {
				if _, err := service.Authenticate(t.Context(), secret); err != nil {
					t.Errorf("%s: got %v, want the token accepted as it is", name, err)
				}
			}
		})
	}
}

// wantPrefix checks that the token begins with prefix, and that its verifier is that of the canonical spelling.
func wantPrefix(t *testing.T, name string, secret pat.Secret, prefix string) {
	t.Helper()
	rest, found := strings.CutPrefix(secret.Reveal(), prefix)
	if !found || len(rest) != 66 {
		t.Errorf("%s: got a token without the prefix %s", name, prefix)
	}
	if canonical := parse(t, secret.Reveal()); canonical.Reveal() != "user:v2_"+rest || canonical.Verifier() != secret.Verifier() || canonical.Selector() != secret.Selector() {
		t.Errorf("%s: got another verifier or selector than in the canonical spelling", name)
	}
}

// TestKeyOfAMintedToken: a key derived from a token as its holder got it is that of the canonical spelling.
func TestKeyOfAMintedToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	service := f.minting(pat.PrefixPats)
	_, minted, err := service.CreateUserToken(t.Context(), f.holder.Account.ID, f.until("minted"))
	if err != nil {
		t.Fatal(err)
	}
	identity := pat.Identity{User: f.holder.Account.ID, Selector: minted.Selector()}
	_, first, err := service.CreateTokenOnce(t.Context(), identity, f.until("ci"), keyOf(t, minted, "k"))
	if err != nil {
		t.Fatal(err)
	}
	_, again, err := service.CreateTokenOnce(t.Context(), identity, f.until("ci"), keyOf(t, parse(t, minted.Reveal()), "k"))
	if err != nil || first.Reveal() != again.Reveal() {
		t.Errorf("got another token, or %v", err)
	}
}
