package pat_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

const (
	base64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	base62    = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// tokenForm states the form of a token independently of the code: prefix, 22 characters of selector, 37 random, 6 of checksum.
var tokenForm = regexp.MustCompile(`^user:v2_([A-Za-z0-9_-]{22})_([A-Za-z0-9_-]{37})([0-9A-Za-z]{6})$`)

func newSecret(tb testing.TB, user pat.UserID) pat.Secret {
	tb.Helper()
	secret, err := pat.NewSecret(pattest.NewRandom(), user)
	if err != nil {
		tb.Fatalf("NewSecret: %v", err)
	}
	return secret
}

// checksum computes CRC-32 (IEEE) in base62 independently of the code.
func checksum(body string) string {
	sum := crc32.ChecksumIEEE([]byte(body))
	text := ""
	for range 6 {
		text = string(base62[sum%62]) + text
		sum /= 62
	}
	return text
}

// withSelector returns a token with any text as selector and a correct checksum.
func withSelector(selector string) string {
	body := "user:v2_" + selector + "_" + strings.Repeat("x", 37)
	return body + checksum(body)
}

func selectorOf(user uint64) string {
	raw := append(binary.BigEndian.AppendUint64(nil, user), 1, 2, 3, 4, 5, 6, 7, 8)
	return base64.RawURLEncoding.EncodeToString(raw)
}

func TestNewSecretHasTheForm(t *testing.T) {
	t.Parallel()
	text := newSecret(t, 42).Reveal()
	parts := tokenForm.FindStringSubmatch(text)
	if parts == nil {
		t.Fatal("the token does not have the form user:v2_<22>_<37><6>")
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || binary.BigEndian.Uint64(raw) != 42 {
		t.Errorf("the selector names user %d (%v), want 42", binary.BigEndian.Uint64(raw), err)
	}
	if want := checksum(strings.TrimSuffix(text, parts[3])); parts[3] != want {
		t.Errorf("got checksum %s, want %s", parts[3], want)
	}
	if len(text) != pat.SecretLen {
		t.Errorf("got %d characters, want %d", len(text), pat.SecretLen)
	}
}

func TestNewSecretUsesAllCharacters(t *testing.T) {
	t.Parallel()
	random, seen := pattest.NewRandom(), map[rune]bool{}
	for range 200 {
		secret, err := pat.NewSecret(random, 1)
		if err != nil {
			t.Fatalf("NewSecret: %v", err)
		}
		for _, r := range tokenForm.FindStringSubmatch(secret.Reveal())[2] {
			seen[r] = true
		}
	}
	if len(seen) != len(base64URL) {
		t.Errorf("200 tokens use %d characters, want all %d", len(seen), len(base64URL))
	}
}

func TestNewSecretFailsWithoutRandomness(t *testing.T) {
	t.Parallel()
	broken := errors.New("no entropy")
	for name, random := range map[string][]byte{"none": nil, "selector only": make([]byte, 8), "cut short": make([]byte, 44)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader := &thenFail{bytes.NewReader(random), broken}
			if _, err := pat.NewSecret(reader, 1); !errors.Is(err, broken) {
				t.Errorf("got %v, want %v", err, broken)
			}
		})
	}
	if _, err := pat.NewAdminSecret(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("NewAdminSecret: got %v, want %v", err, broken)
	}
}

// thenFail reads data, and then fails.
type thenFail struct {
	data *bytes.Reader
	err  error
}

func (r *thenFail) Read(p []byte) (int, error) {
	if r.data.Len() == 0 {
		return 0, r.err
	}
	return r.data.Read(p)
}

// drawSecret returns a new token of any user, and the user.
func drawSecret(t *rapid.T) (pat.Secret, pat.UserID) {
	t.Helper()
	user := pat.UserID(rapid.Int64Range(1, pat.MaxID).Draw(t, "user"))
	random := rapid.SliceOfN(rapid.Byte(), 45, 45).Draw(t, "random")
	secret, err := pat.NewSecret(bytes.NewReader(random), user)
	if err != nil {
		t.Fatalf("NewSecret: %v", err)
	}
	return secret, user
}

func TestSecretRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		secret, user := drawSecret(t)
		again, err := pat.ParseSecret(secret.Reveal())
		if err != nil {
			t.Fatalf("ParseSecret: %v", err)
		}
		if again.Reveal() != secret.Reveal() || again.Selector() != secret.Selector() || again.Selector().UserID() != user {
			t.Errorf("got selector %s of user %d, want %s of user %d", again.Selector(), again.Selector().UserID(), secret.Selector(), user)
		}
		if !again.Verifier().Matches(secret) {
			t.Error("the verifier does not match its own token")
		}
	})
}

func TestParseSecretRefuses(t *testing.T) {
	t.Parallel()
	good := newSecret(t, 7).Reveal()
	bad := map[string]string{
		"empty":                          "",
		"prefix only":                    "user:v2_",
		"newline at the end":             good + "\n",
		"newline for the last character": good[:len(good)-1] + "\n",
		"space before":                   " " + good,
		"space after":                    good + " ",
		"NUL after":                      good + "\x00",
		"with Bearer":                    "Bearer " + good,
		"one character short":            good[:len(good)-1],
		"one character long":             good + "A",
		"twice":                          good + good,
		"upper-case prefix":              "USER" + good[4:],
		"version 1":                      strings.Replace(good, "v2", "v1", 1),
		"no prefix":                      good[8:],
		"padding in the selector":        withSelector(selectorOf(7)[:20] + "=="),
		"standard base64 in the selector": withSelector(
			strings.NewReplacer("A", "+", "B", "/").Replace(selectorOf(7))),
		"line break in the selector":       withSelector(selectorOf(7)[:21] + "\n"),
		"line breaks that a decoder skips": withSelector(selectorOf(7)[:20] + "\r\n"),
		"spare bits set in the selector":   withSelector(selectorOf(7)[:21] + nextCharacter(selectorOf(7)[21])),
		"user 0":                           withSelector(selectorOf(0)),
		"user above the largest":           withSelector(selectorOf(pat.MaxID + 1)),
		"user -1":                          withSelector(selectorOf(1<<64 - 1)),
		"selector with an accented letter": withSelector("é" + selectorOf(7)[2:]),
		"dot in the random part":           dotted(),
		"admin token":                      pat.AdminPrefix + strings.Repeat("x", 80),
	}
	for name, text := range bad {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := pat.ParseSecret(text)
			wantRefused(t, err, pat.ReasonInvalid)
			if len(text) > 20 && strings.Contains(err.Error(), text[10:20]) {
				t.Error("the error quotes the text")
			}
		})
	}
	for _, user := range []uint64{1, pat.MaxID} {
		if _, err := pat.ParseSecret(withSelector(selectorOf(user))); err != nil {
			t.Errorf("user %d: got %v, want no error", user, err)
		}
	}
}

// dotted returns a token with a correct checksum and a character outside the alphabet.
func dotted() string {
	body := "user:v2_" + selectorOf(7) + "_" + strings.Repeat("x", 36) + "."
	return body + checksum(body)
}

// nextCharacter returns c with its last bit set. The last character of a selector has two bits of it and four spare bits.
func nextCharacter(c byte) string {
	return string(base64URL[strings.IndexByte(base64URL, c)|1])
}

func TestParseSecretDetectsAnyWrongCharacter(t *testing.T) {
	t.Parallel()
	token := newSecret(t, 7).Reveal()
	for _, good := range [][]byte{[]byte(token), []byte(pattest.InPats(token))} {
		for i := range good {
			for c := range 256 {
				wrong := bytes.Clone(good)
				wrong[i] = byte(c)
				if _, err := pat.ParseSecret(string(wrong)); err == nil && wrong[i] != good[i] {
					t.Errorf("character %d after %s: got %q accepted", i, good[:4], rune(c))
				}
			}
		}
	}
}

func TestParseSecretDetectsSwappedCharacters(t *testing.T) {
	t.Parallel()
	good := []byte(newSecret(t, 7).Reveal())
	for i := range len(good) - 1 {
		wrong := bytes.Clone(good)
		wrong[i], wrong[i+1] = wrong[i+1], wrong[i]
		if _, err := pat.ParseSecret(string(wrong)); err == nil && !bytes.Equal(wrong, good) {
			t.Errorf("got characters %d and %d accepted when swapped", i, i+1)
		}
	}
}

// FuzzParseSecret: ParseSecret never panics, accepts only well-formed tokens in either spelling, and returns them in the canonical one.
func FuzzParseSecret(f *testing.F) {
	good := newSecret(f, 7).Reveal()
	for _, seed := range []string{"", good, good + "\n", good[1:], withSelector(selectorOf(0)), withSelector(selectorOf(pat.MaxID)), dotted()} {
		f.Add(seed)
		f.Add(strings.Replace(seed, "user:v2_", "pats_", 1))
	}
	f.Fuzz(func(t *testing.T, presented string) {
		secret, err := pat.ParseSecret(presented)
		if err != nil {
			wantRefused(t, err, pat.ReasonInvalid)
			return
		}
		text := presented
		if strings.HasPrefix(presented, "pats_") {
			text = "user:v2_" + presented[len("pats_"):]
		}
		parts := tokenForm.FindStringSubmatch(text)
		if parts == nil || checksum(text[:len(text)-6]) != parts[3] {
			t.Fatalf("accepted %q, which is not well-formed", presented)
		}
		user := secret.Selector().UserID()
		raw, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
		if err != nil || user < 1 || user > pat.MaxID || base64.RawURLEncoding.EncodeToString(raw) != parts[1] {
			t.Fatalf("accepted a selector of user %d that is not canonical", user)
		}
		if secret.Reveal() != text || string(secret.Selector()) != parts[1] {
			t.Fatal("the token differs from the text")
		}
	})
}

func TestParseSelectorRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":       "",
		"too long":      selectorOf(1) + "A",
		"spare bits":    selectorOf(1)[:21] + nextCharacter(selectorOf(1)[21]),
		"line break":    selectorOf(1)[:21] + "\r",
		"v1 too long":   strings.Repeat("A", 44),
		"v1 spare bits": strings.Repeat("A", 42) + "B",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := pat.ParseSelector(text)
			wantRefused(t, err, pat.ReasonInvalid)
			if got := pat.Selector(text).UserID(); got != 0 {
				t.Errorf("got user %d, want 0", got)
			}
		})
	}
}

// TestSelectorsWithoutAUser: an imported token's selector names no user, or any user by chance.
func TestSelectorsWithoutAUser(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"user 0":             selectorOf(0),
		"above the largest":  selectorOf(pat.MaxID + 1),
		"all ones":           strings.Repeat("_", 21) + "w",
		"v1":                 strings.Repeat("A", 43),
		"v1 with first bits": selectorOf(7)[:21] + strings.Repeat("A", 22),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			selector, err := pat.ParseSelector(text)
			if err != nil || selector.UserID() != 0 {
				t.Errorf("got user %d and %v, want 0 and no error", selector.UserID(), err)
			}
		})
	}
}

const v1 = "user:0123456789abcdef0123456789abcdef0123456789abcdef01234567"

func TestParseForeignSecret(t *testing.T) {
	t.Parallel()
	v2 := "user:v2_" + strings.Repeat("_", 21) + "w_" + strings.Repeat("-", 43)
	for name, c := range map[string]struct {
		text string
		want pat.Selector
	}{
		"created here":      {newSecret(t, 7).Reveal(), newSecret(t, 7).Selector()},
		"v2":                {v2, pat.Selector(strings.Repeat("_", 21) + "w")},
		"v1":                {v1, "6ofMchh9rRmKvPIWkqfveaEjHhSXTZqx9lWr7hBXc9A"},
		"empty":             {"", ""},
		"v1 in upper case":  {strings.ToUpper(v1), ""},
		"v1, upper digits":  {"user:" + strings.ToUpper(v1[5:]), ""},
		"v1 of 55 digits":   {v1[:60], ""},
		"v1 of 57 digits":   {v1 + "0", ""},
		"v1, no digit":      {v1[:60] + "g", ""},
		"v1, a line break":  {v1[:60] + "\n", ""},
		"v1, other prefix":  {"xser:" + v1[5:], ""},
		"v2, short":         {v2[1:], ""},
		"v2, long":          {v2 + "-", ""},
		"v2, no base64url":  {v2[:73] + "+", ""},
		"v2, bad separator": {v2[:30] + "-" + v2[31:], ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			secret, err := pat.ParseForeignSecret(c.text)
			if c.want == "" {
				wantRefused(t, err, pat.ReasonInvalid)
				return
			}
			if err != nil || secret.Selector() != c.want || secret.Reveal() != c.text {
				t.Errorf("got selector %s and %v, want %s", secret.Selector(), err, c.want)
			}
		})
	}
}

func TestForeignSecretDoesNotPrint(t *testing.T) {
	t.Parallel()
	secret, err := pat.ParseForeignSecret(v1)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if got := fmt.Sprintf(verb, struct{ Secret pat.Secret }{secret}); strings.Contains(got, v1[5:]) || strings.Contains(got, fmt.Sprintf("%x", v1)) {
			t.Errorf("%s prints the token: %s", verb, got)
		}
	}
}

func TestVerifierMatchesItsTokenOnly(t *testing.T) {
	t.Parallel()
	random := pattest.NewRandom()
	one, _ := pat.NewSecret(random, 7)
	other, _ := pat.NewSecret(random, 7)
	for name, verifier := range map[string]pat.Verifier{
		"another token's": other.Verifier(), "none": "", "cut off": one.Verifier()[:42], "longer": one.Verifier() + "A",
	} {
		if verifier.Matches(one) {
			t.Errorf("verifier %s: got a match, want none", name)
		}
	}
	if !one.Verifier().Matches(one) {
		t.Error("its own: got no match, want one")
	}
	if (pat.Secret{}).Selector() != "" || one.Verifier().Matches(pat.Secret{}) {
		t.Error("the zero Secret has a selector or matches")
	}
}
