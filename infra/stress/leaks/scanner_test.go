package leaks_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"pats/infra/stress/leaks"
	"pats/infra/testkit/must"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// ways are ways in which a secret gets into a text.
var ways = map[string]func(token string) string{
	"whole":                func(token string) string { return token },
	"its secret part":      func(token string) string { return token[len(token)-43:] },
	"its random part":      func(token string) string { return token[len(token)-43 : len(token)-6] },
	"cut off":              func(token string) string { return token[:len(token)-20] + "…" },
	"without its start":    func(token string) string { return "…" + token[len(token)-20:] },
	"a line of the log":    func(token string) string { return `{"level":"INFO","msg":"allowed","token":"` + token + `"}` },
	"an error that quotes": func(token string) string { return fmt.Errorf("the token %q is invalid", token).Error() },
	"a header in base64":   func(token string) string { return base64.StdEncoding.EncodeToString([]byte(token)) },
	"base64, one off":      func(token string) string { return base64.StdEncoding.EncodeToString([]byte("!" + token)) },
	"base64, two off":      func(token string) string { return base64.StdEncoding.EncodeToString([]byte("!!" + token)) },
	"base64url in a JSON": func(token string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(`{"t":"` + token + `"}`))
	},
	"hex":                    func(token string) string { return hex.EncodeToString([]byte(token)) },
	"upper-case hex":         func(token string) string { return strings.ToUpper(hex.EncodeToString([]byte(token))) },
	"a query":                func(token string) string { return url.Values{"token": {token}}.Encode() },
	"percent-encoded wholly": func(token string) string { return each("%%%02X", "", token) },
	"lower-case percent":     func(token string) string { return each("%%%02x", "", token) },
	"JSON escapes":           func(token string) string { return each(`\u%04x`, "", token) },
	"upper-case escapes":     func(token string) string { return each(`\u%04X`, "", token) },
	"a printed byte slice":   func(token string) string { return "[" + each("%d", " ", token) + "]" },
	"a JSON array of bytes":  func(token string) string { return "[" + each("%d", ",", token) + "]" },
	"UTF-16":                 func(token string) string { return each("%c\x00", "", token) },
	"gzip":                   func(token string) string { return gzipped("a log\n" + token + "\n") },
	"gzip, cut off":          func(token string) string { g := gzipped(token + noise()); return g[:len(g)-9] },
	"zip":                    zipped,
	"zip in gzip":            func(token string) string { return gzipped(zipped(token)) },
}

func each(format, between, token string) string {
	var all []string
	for _, b := range []byte(token) {
		all = append(all, fmt.Sprintf(format, b))
	}
	return strings.Join(all, between)
}

func gzipped(text string) string {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte(text)) // a buffer takes everything
	_ = w.Close()
	return packed.String()
}

func zipped(text string) string {
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	member, _ := w.Create("log.txt") // a buffer takes everything
	_, _ = member.Write([]byte(text))
	_ = w.Close()
	return packed.String()
}

func noise() string {
	return strings.Repeat("GET /api/admin/user/tokens 200 user=7\n", 1000)
}

func TestSecretIsFoundInEveryForm(t *testing.T) {
	t.Parallel()
	token, admin := newToken(t), newAdminToken(t)
	for kind, c := range map[string]struct{ registered, written string }{
		"token":                   {token, token},
		"token, written as pats_": {token, pattest.InPats(token)},
		"token, given as pats_":   {pattest.InPats(token), token},
		"admin token":             {admin, admin},
	} {
		scanner := leaks.NewScanner([]string{newToken(t), c.registered})
		for name, way := range ways {
			t.Run(kind+", "+name, func(t *testing.T) {
				t.Parallel()
				text := way(c.written)
				got := search(t, scanner, write(t, t.TempDir(), "log", 0o600, text))
				if len(got.Hits) == 0 {
					t.Fatalf("got no hit in %d bytes, want the secret found", len(text))
				}
				for _, hit := range got.Hits {
					if shown := fmt.Sprint(hit); strings.Contains(shown, token[len(token)-8:]) || strings.Contains(shown, admin[len(admin)-8:]) {
						t.Error("the hit shows the secret")
					}
				}
			})
		}
	}
}

func TestImportedSecretIsFound(t *testing.T) {
	t.Parallel()
	random := make([]byte, 28)
	_, _ = rand.Read(random) // it never fails
	token := "user:" + hex.EncodeToString(random)
	for name, way := range ways {
		if name == "its random part" {
			continue // it has no checksum
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, t.TempDir(), "log", 0o600, way(token))
			if got := search(t, leaks.NewScanner([]string{token}), path); len(got.Hits) == 0 {
				t.Error("got no hit, want the secret found")
			}
		})
	}
}

// TestNothingElseIsFound: the parts of a token that a store and a log contain are not secret.
func TestNothingElseIsFound(t *testing.T) {
	t.Parallel()
	var tokens []string
	var text strings.Builder
	for i := range 1000 {
		token := newToken(t)
		secret, err := pat.ParseSecret(token)
		must.Do(t, err)
		tokens = append(tokens, token)
		record, err := json.Marshal(map[string]any{"id": i, "selector": secret.Selector(), "verifier": secret.Verifier(), "shown": secret})
		must.Do(t, err)
		fmt.Fprintf(&text, "%s %v %s %s\n", record, secret, token[:31], newAdminToken(t))
		fmt.Fprintf(&text, "%s\n", pattest.InPats(token)[:28])
	}
	path := write(t, t.TempDir(), "log", 0o600, text.String())
	if got := search(t, leaks.NewScanner(tokens), path); len(got.Hits) != 0 {
		t.Errorf("got %d hits, want none; the first is %+v", len(got.Hits), got.Hits[0])
	}
}

func TestUnregisteredTokenIsFound(t *testing.T) {
	t.Parallel()
	token := newToken(t)
	for _, text := range []string{token, pattest.InPats(token)} {
		path := write(t, t.TempDir(), "log", 0o600, "a line\n"+text+"\n")
		got := search(t, leaks.NewScanner([]string{newToken(t)}), path)
		if len(got.Hits) != 1 || got.Hits[0].Offset != 7 {
			t.Errorf("%s…: got %+v, want one hit at byte 7", text[:5], got.Hits)
		}
	}
}

// TestSecretIsFoundAnywhere includes places across the borders of the chunks that are read.
func TestSecretIsFoundAnywhere(t *testing.T) {
	t.Parallel()
	token := newToken(t)
	scanner := leaks.NewScanner([]string{token})
	rapid.Check(t, func(t *rapid.T) {
		const border = 1 << 20
		before := rapid.OneOf(rapid.IntRange(0, 200), rapid.IntRange(border-200, border+400)).Draw(t, "before")
		after := rapid.IntRange(0, 300).Draw(t, "after")
		text := strings.Repeat("x", before) + token + strings.Repeat("y", after)
		hits, err := scanner.Scan("log", strings.NewReader(text))
		if err != nil || len(hits) != 2 || hits[0].Offset != int64(before+31) || hits[1].Offset != int64(before+58) {
			t.Fatalf("got %+v and %v, want the start and the end of the secret part", hits, err)
		}
	})
}

func TestFailingReaderIsAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	if _, err := leaks.NewScanner(nil).Scan("log", iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

// TestTokensThatAreNotRandomAreIgnored: tests create tokens from constant bytes, whose characters occur in many texts.
func TestTokensThatAreNotRandomAreIgnored(t *testing.T) {
	t.Parallel()
	counted := make([]byte, 45)
	for i := range counted {
		counted[i] = byte(i)
	}
	for name, bytesOf := range map[string][]byte{"constant": make([]byte, 45), "counted": counted} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			secret, err := pat.NewSecret(bytes.NewReader(bytesOf), 1)
			must.Do(t, err)
			text := strings.Repeat("A", 100) + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" + secret.Reveal()
			path := write(t, t.TempDir(), "log", 0o600, text)
			if got := search(t, leaks.NewScanner([]string{secret.Reveal()}), path); len(got.Hits) != 0 {
				t.Errorf("got %+v, want no hit", got.Hits)
			}
		})
	}
}

func BenchmarkScan(b *testing.B) {
	var tokens []string
	for range 50_000 {
		secret, err := pat.NewSecret(rand.Reader, 7)
		if err != nil {
			b.Fatal(err)
		}
		tokens = append(tokens, secret.Reveal())
	}
	scanner := leaks.NewScanner(tokens)
	text := strings.Repeat(noise(), 100)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := scanner.Scan("log", strings.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
}
