package failure_test

import (
	"strings"
	"testing"

	"pats/cmd/pats/failure"
)

func TestPrint(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("aB3_-", 8)
	token, v1, admin := "user:v2_"+secret, "user:"+strings.Repeat("0a", 28), "*:*."+secret
	inPats := "pats_" + secret
	cases := map[string]struct {
		message, advice string
		args            []string
		want            string
	}{
		"message":         {"it failed", "", nil, "pats: it failed\n"},
		"advice":          {"it failed", "Do this.\nOr that.", nil, "pats: it failed\n      Do this.\n      Or that.\n"},
		"a token":         {"no user " + token, "not " + token, nil, "pats: no user [redacted]\n      not [redacted]\n"},
		"a v1 token":      {"no user " + v1 + "!", "", nil, "pats: no user [redacted]!\n"},
		"an admin token":  {"no user " + admin, "", nil, "pats: no user [redacted]\n"},
		"pats_":           {"no user " + inPats + "!", "", nil, "pats: no user [redacted]!\n"},
		"pats_, cut off":  {`no user "` + inPats[:29] + `…"`, "", nil, "pats: no user \"[redacted]…\"\n"},
		"pats_, capitals": {"no user " + strings.ToUpper(inPats), "", nil, "pats: no user [redacted]\n"},
		"pats_ in a URL":  {"no host http://" + inPats + "@x", "", nil, "pats: no host http://[redacted]@x\n"},
		"a table's name":  {"no table pats_production_eu", "Set PATS_DYNAMODB_LOCAL.", nil, "pats: no table pats_production_eu\n      Set PATS_DYNAMODB_LOCAL.\n"},
		"capitals":        {"no user " + strings.ToUpper(token), "", nil, "pats: no user [redacted]\n"},
		"scopes":          {"such as orders:read,orders:write@Editor", "", nil, "pats: such as orders:read,orders:write@Editor\n"},
		"a password":      {"no host me:orders@db.example.org x", "", nil, "pats: no host [redacted]\n"},
		"a token's part":  {"unknown port v2_" + secret, "", []string{"--listen", token}, "pats: unknown port [redacted]\n"},
		"a v1 part":       {"unknown port " + v1[5:], "", []string{"--listen=" + v1}, "pats: unknown port [redacted]\n"},
		"an admin's part": {"no host " + secret, "", []string{"http://" + admin + "@x"}, "pats: no host [redacted]\n"},
		"words of a line": {"user list: no user", "", []string{"user", "list", "user:x"}, "pats: user list: no user\n"},
		"long words":      {"no folder /tmp/" + secret, "", []string{"/tmp/" + secret}, "pats: no folder /tmp/" + secret + "\n"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got strings.Builder
			failure.New(failure.Failed, c.message, c.advice).Print(&got, c.args)
			if got.String() != c.want {
				t.Errorf("got %q, want %q", got.String(), c.want)
			}
		})
	}
}
