package tokenfile_test

import (
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"pats/cmd/pats/tokenfile"
)

func loginPath(t *testing.T, base string) string {
	t.Helper()
	address, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	return tokenfile.LoginPath("config", address)
}

func TestLoginPathIsThatOfTheServer(t *testing.T) {
	t.Parallel()
	for name, spellings := range map[string][]string{
		"a stage":      {"https://abc.example.com/prod", "https://ABC.example.com/prod/", "HTTPS://abc.example.com:443/prod", "https://me@abc.example.com/prod?x#y"},
		"no path":      {"http://127.0.0.1:3000", "http://127.0.0.1:3000/"},
		"default port": {"http://localhost", "http://localhost:80"},
		"IPv6":         {"http://[::1]:3000", "http://[::1]:3000/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := loginPath(t, spellings[0])
			for _, spelling := range spellings[1:] {
				if got := loginPath(t, spelling); got != want {
					t.Errorf("%s: got %s, want %s as for %s", spelling, got, want, spellings[0])
				}
			}
		})
	}
}

// TestLoginPathsDiffer: a token is presented only to the server that issued it.
func TestLoginPathsDiffer(t *testing.T) {
	t.Parallel()
	servers := map[string]string{}
	for _, base := range []string{
		"https://abc.example.com", "http://abc.example.com", "https://abc.example.com:8443", "https://abc.example.com/prod",
		"https://abc.example.com/Prod", "https://abc.example.com/prod/x", "https://abc.example.com.evil.example", "https://abc_example.com",
		"https://abc.example.com%2fprod.evil.example", "https://" + strings.Repeat("a.", 60) + "example.com", "https://" + strings.Repeat("a.", 60) + "example.org",
	} {
		address, err := url.Parse(base)
		if err != nil {
			continue // no client can connect there
		}
		path := tokenfile.LoginPath("config", address)
		if other := servers[path]; other != "" {
			t.Errorf("got %s for both %s and %s", path, base, other)
		}
		servers[path] = base
	}
}

func TestLoginPathIsReadable(t *testing.T) {
	t.Parallel()
	folder, name := filepath.Split(loginPath(t, "https://abc.execute-api.eu-central-1.amazonaws.com/prod"))
	if want := filepath.Join("config", "pats", "tokens") + string(filepath.Separator); folder != want {
		t.Errorf("got folder %s, want %s", folder, want)
	}
	if want := "https_abc.execute-api.eu-central-1.amazonaws.com_443_prod-"; !strings.HasPrefix(name, want) || !strings.HasSuffix(name, ".token") {
		t.Errorf("got name %s, want it to begin with %s and to end in .token", name, want)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	write(t, path, newToken(t), 0o600)
	for _, when := range []string{"an existing file", "a missing file"} {
		if err := tokenfile.Remove(path); err != nil || tokenfile.Exists(path) {
			t.Errorf("%s: got error %v, want it gone", when, err)
		}
	}
}
