package unleashdb_test

import (
	"net"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pats/pkg/unleashdb"
)

func TestOpenRefusesMisreadURLs(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{
		"an at sign in the password":      "postgres://u:S3cret@Tail@h/x",
		"at sign and slash":               "postgres://u:S3cret@Ta/il@h/x",
		"at sign and question mark":       "postgres://u:S3cret@Ta?options=il@h/x",
		"at sign in one of two hosts":     "postgres://u:S3cret@Tail@h,i/x",
		"slash":                           "postgres://u:S3cret/Tail@h/x",
		"digits and slash":                "postgres://u:12/Tail@h/x",
		"bad percent-encoding":            "postgres://u:S3cret%Tail@h/x",
		"space":                           "postgres://u:S3cret Tail@h/x",
		"no scheme":                       "u:S3cret@Tail@h/x",
		"one slash":                       "postgres:/u:S3cretTail@h/x",
		"password with a space":           "host=h password=S3cret Tail",
		"password with a space and signs": "host=h password = S3cret Tail user=u",
		"open quote":                      "host=h password = 'S3cret Tail",
		"port":                            "host=h port=S3cretTail",
	} {
		err := unleashdb.OpenOffline(t.Context(), url)
		if err == nil || !strings.HasPrefix(err.Error(), "the URL cannot be parsed") {
			t.Errorf("%s: got %v, want a refusal of the URL", name, err)
		}
	}
}

func TestOpenExplainsFailures(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it binds at once
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ url, want string }{
		"nobody listens": {"postgres://u:S3cret%40Tail@" + address + "/x", "no server accepts connections at this host and port"},
		"no socket":      {"host=" + t.TempDir() + " password = 'a b'", "there is no server at this socket"},
		"no such host":   {"postgres://u@pats.invalid/x", "the host name cannot be resolved"},
	} {
		_, err := unleashdb.Open(t.Context(), c.url)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// TestOpenKeepsPasswords puts random passwords into URLs and key-value strings that may be malformed. The passwords have no
// characters that the messages have, apart from signs.
func TestOpenKeepsPasswords(t *testing.T) {
	t.Parallel()
	templates := []string{
		"postgres://u:PW@h/x", "postgres://u:PW@h:5432/x?sslmode=require", "postgres://u@PW@h/x", "postgres://PW@h/x", "postgres://u:PW", "postgres:PW@h/x",
		"postgresql://u:PW@h1,h2/x", "postgres://h/x?password=PW", "postgres://h/x?user=u&password=PW&sslmode=PW", "postgres://u:x@h/PW", "postgres://u:x@h:PW/x",
		"u:PW@h/x", "PW", "host=h password=PW", "host=h password = PW dbname = x", "password='PW' host=h", "password='PW host=h", "host=h pass word=PW", "password=PW=PW",
		"host=h port=PW", "host=h connect_timeout=PW", "host=h sslmode=PW", "host=h target_session_attrs=PW", "host=/nowhere/PW", "host=h sslrootcert=PW", "service=PW", "passfile=PW",
	}
	rapid.Check(t, func(r *rapid.T) {
		password := rapid.StringOfN(rapid.RuneFrom([]rune(`ÄÖÜäöüß13579@@::/?#[]%&='"\ +;,`)), 4, 24, -1).Draw(r, "password")
		url := strings.ReplaceAll(rapid.SampledFrom(templates).Draw(r, "template"), "PW", password)
		err := unleashdb.OpenOffline(t.Context(), url)
		if err == nil {
			r.Fatalf("%q: got no error", url)
		}
		runes := []rune(password)
		for i := range len(runes) - 3 {
			if part := string(runes[i : i+4]); strings.Contains(err.Error(), part) {
				r.Fatalf("%q: the error %q contains %q of the password", url, err, part)
			}
		}
	})
}
