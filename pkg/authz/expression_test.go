package authz_test

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"pats"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// expression returns the template's validation expression, which depends on whether imported tokens are accepted. API Gateway refuses
// a header that does not match it without invoking the authorizer.
func expression(t testing.TB, imports bool) *regexp.Regexp {
	t.Helper()
	var template struct {
		Resources struct {
			API struct {
				Properties struct {
					Auth struct {
						Authorizers map[string]struct {
							Identity struct {
								Header               string    `yaml:"Header"`
								ValidationExpression [3]string `yaml:"ValidationExpression"` // condition, then, else
							} `yaml:"Identity"`
						} `yaml:"Authorizers"`
					} `yaml:"Auth"`
				} `yaml:"Properties"`
			} `yaml:"Api"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(pats.Template(), &template); err != nil {
		t.Fatal(err)
	}
	identity := template.Resources.API.Properties.Auth.Authorizers["TokenAuthorizer"].Identity
	if identity.Header != "Authorization" {
		t.Fatalf("header: got %q, want Authorization", identity.Header)
	}
	if identity.ValidationExpression[0] != "WithImportedTokens" {
		t.Fatalf("condition: got %q, want WithImportedTokens", identity.ValidationExpression[0])
	}
	chosen := identity.ValidationExpression[2]
	if imports {
		chosen = identity.ValidationExpression[1]
	}
	compiled, err := regexp.Compile(chosen)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// TestExpressionIsAnchored: `sam local` accepts a header if the expression matches a prefix of it.
func TestExpressionIsAnchored(t *testing.T) {
	t.Parallel()
	for _, imports := range []bool{false, true} {
		tree, err := syntax.Parse(expression(t, imports).String(), syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		if tree.Op != syntax.OpConcat || tree.Sub[0].Op != syntax.OpBeginText || tree.Sub[len(tree.Sub)-1].Op != syntax.OpEndText {
			t.Errorf("expression %s: want anchors at both ends", tree)
		}
	}
}

func TestExpressionAcceptsEveryToken(t *testing.T) {
	t.Parallel()
	matches := expression(t, false)
	scheme := rapid.SampledFrom([]string{"", "Bearer ", "bearer ", "BEARER ", "bEARER  "})
	rapid.Check(t, func(t *rapid.T) {
		random := rapid.SliceOfN(rapid.Byte(), 45, 45).Draw(t, "random")
		user := pat.UserID(rapid.Int64Range(1, pat.MaxID).Draw(t, "user"))
		secret, err := pat.NewSecret(strings.NewReader(string(random)), user)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{secret.Reveal(), pattest.InPats(secret.Reveal())} {
			if header := scheme.Draw(t, "scheme") + text; !matches.MatchString(header) {
				t.Errorf("%q: not accepted", header)
			}
		}
		admin, err := pat.NewAdminSecret(strings.NewReader(string(random)))
		if err != nil {
			t.Fatal(err)
		}
		if header := scheme.Draw(t, "scheme") + admin.Reveal(); !matches.MatchString(header) {
			t.Errorf("%q: not accepted", header)
		}
	})
}

// TestExpressionAcceptsOnlyWellFormedTokens: whatever else it accepted would cost an invocation of the authorizer.
func TestExpressionAcceptsOnlyWellFormedTokens(t *testing.T) {
	t.Parallel()
	selector, secret := strings.Repeat("A", 22), strings.Repeat("-", 43)
	token := "user:v2_" + selector + "_" + secret
	for name, c := range map[string]struct {
		header string
		want   bool
	}{
		"a token":                     {token, true},
		"underscores and dashes":      {"user:v2_" + strings.Repeat("_", 22) + "_" + strings.Repeat("_", 43), true},
		"Bearer":                      {"Bearer " + token, true},
		"pats":                        {pattest.InPats(token), true},
		"pats, Bearer":                {"bearer " + pattest.InPats(token), true},
		"pats, a short selector":      {"pats_" + selector[1:] + "_" + secret, false},
		"pats, a short secret":        {"pats_" + selector + "_" + secret[1:], false},
		"pats, a long secret":         {"pats_" + selector + "_" + secret + "x", false},
		"pats with a colon":           {"pats:" + selector + "_" + secret, false},
		"pats in upper case":          {"PATS_" + selector + "_" + secret, false},
		"pats and the version":        {"pats_v2_" + selector + "_" + secret, false},
		"pats, v1":                    {"pats_" + strings.Repeat("0f", 28), false},
		"pats, a line break after":    {pattest.InPats(token) + "\n", false},
		"both prefixes":               {"pats_" + token, false},
		"the colon replaced":          {"user_v2_" + selector + "_" + secret, false},
		"an admin token of 43":        {"*:*." + strings.Repeat("x", 43), true},
		"an admin token of 42":        {"*:*." + strings.Repeat("x", 42), false},
		"an admin token of 1":         {"*:*.a", false},
		"Unleash's known admin token": {"*:*.unleash-insecure-admin-api-token", false},
		"an admin token of 128":       {"*:*." + strings.Repeat("x", 128), true},
		"Bearer and an admin token":   {"BEARER   *:*." + strings.Repeat("x", 43), true},
		"empty":                       {"", false},
		"a blank":                     {" ", false},
		"Bearer alone":                {"Bearer ", false},
		"Bearer twice":                {"Bearer Bearer " + token, false},
		"Bearer, no blank":            {"Bearer" + token, false},
		"Bearer and a tab":            {"Bearer\t" + token, false},
		"Basic":                       {"Basic YWRtaW46dW5sZWFzaDRhbGw=", false},
		"a blank before":              {" " + token, false},
		"a blank after":               {token + " ", false},
		"a line break after":          {token + "\n", false},
		"CR LF after":                 {token + "\r\n", false},
		"a line before":               {"x\n" + token, false},
		"a line after":                {token + "\nx", false},
		"something before":            {"x" + token, false},
		"something after":             {token + "x", false},
		"two":                         {token + ", " + token, false},
		"a short selector":            {"user:v2_" + selector[1:] + "_" + secret, false},
		"a short secret":              {token[:len(token)-1], false},
		"plus":                        {token[:len(token)-1] + "+", false},
		"slash":                       {token[:len(token)-1] + "/", false},
		"padding":                     {token[:len(token)-1] + "=", false},
		"a letter with an accent":     {token[:len(token)-1] + "é", false},
		"upper-case prefix":           {"USER" + token[4:], false},
		"v1, upper case":              {"user:" + strings.Repeat("A", 56), false},
		"v1, no hex":                  {"user:" + strings.Repeat("g", 56), false},
		"v1, short":                   {"user:" + strings.Repeat("0", 55), false},
		"v1, long":                    {"user:" + strings.Repeat("0", 57), false},
		"v1, a line break after":      {"user:" + strings.Repeat("0", 56) + "\n", false},
		"a client token":              {"default:development.x", false},
		"an admin token of nothing":   {"*:*.", false},
		"an admin token of 129":       {"*:*." + strings.Repeat("x", 129), false},
		"an admin token, other chars": {"*:*.a " + strings.Repeat("x", 43), false},
		"admin, a line break after":   {"*:*." + strings.Repeat("x", 43) + "\n", false},
		"project default":             {"*:default.x", false},
		"SQL":                         {"user:' or '1'='1", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, imports := range []bool{false, true} {
				if got := expression(t, imports).MatchString(c.header); got != c.want {
					t.Errorf("%q, imports %t: got %t, want %t", c.header, imports, got, c.want)
				}
			}
		})
	}
}

func TestExpressionAcceptsV1TokensWithImports(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"", "Bearer ", "bearer  "} {
		header := scheme + "user:" + strings.Repeat("0f", 28)
		for _, imports := range []bool{false, true} {
			if got := expression(t, imports).MatchString(header); got != imports {
				t.Errorf("%q, imports %t: got %t", header, imports, got)
			}
		}
	}
}
