package pat_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// carrier has secrets in fields, exported and not, behind pointers, and in lists and maps.
type carrier struct {
	Secret pat.Secret
	Admin  *pat.AdminSecret
	List   []pat.Secret
	Map    map[string]any
	hidden pat.Secret
	nested struct{ deep *pat.Secret }
}

func newCarrier(t *testing.T) (carrier, []string) {
	t.Helper()
	secret := newSecret(t, 7)
	admin, err := pat.NewAdminSecret(pattest.NewRandom())
	if err != nil {
		t.Fatalf("NewAdminSecret: %v", err)
	}
	c := carrier{Secret: secret, Admin: &admin, List: []pat.Secret{secret}, Map: map[string]any{"x": admin, "y": &secret}, hidden: secret}
	c.nested.deep = &secret
	return c, []string{secret.Reveal()[31:], admin.Reveal()[len(pat.AdminPrefix):]}
}

// wantHidden fails the test if text contains one of the secrets, as text, in hexadecimal digits or as decimal bytes.
func wantHidden(t *testing.T, text string, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		for _, form := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), decimal(secret)} {
			if strings.Contains(text, form) {
				t.Fatalf("the text contains a secret: %s", text)
			}
		}
	}
}

// decimal returns text as fmt prints its bytes.
func decimal(text string) string { return fmt.Sprintf("%d", []byte(text)) }

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	c, secrets := newCarrier(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T%v", "%100v", "%o"} {
		for name, value := range map[string]any{
			"secret": c.Secret, "pointer": &c.Secret, "admin": *c.Admin, "struct": c, "pointer to struct": &c, "list": c.List,
			"map": c.Map, "error": errors.Join(fmt.Errorf("with %v", c.hidden)),
		} {
			t.Run(verb+" of "+name, func(t *testing.T) {
				t.Parallel()
				wantHidden(t, fmt.Sprintf(verb, value), secrets)
			})
		}
	}
	if got := fmt.Sprint(c.Secret); got != "[redacted]" {
		t.Errorf("got %q, want [redacted]", got)
	}
}

func TestSecretsAreNotLogged(t *testing.T) {
	t.Parallel()
	c, secrets := newCarrier(t)
	var buffer bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&buffer, nil), slog.NewJSONHandler(&buffer, nil)} {
		slog.New(handler).Info("message", "secret", c.Secret, "admin", c.Admin, "all", c, "pointer", &c, "list", c.List,
			slog.Group("group", "secret", c.hidden))
	}
	wantHidden(t, buffer.String(), secrets)
	if got := strings.Count(buffer.String(), "[redacted]"); got < 6 {
		t.Errorf("got %d times [redacted] in the log, want at least 6: %s", got, buffer.String())
	}
}

func TestSecretsAreNotMarshalled(t *testing.T) {
	t.Parallel()
	c, secrets := newCarrier(t)
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatalf("json: %v", err)
	}
	wantHidden(t, string(asJSON), secrets)
	asXML, err := xml.Marshal(c.Secret)
	if err != nil {
		t.Fatalf("xml: %v", err)
	}
	wantHidden(t, string(asXML), secrets)
}
