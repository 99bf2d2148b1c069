package template_test

import (
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// hashPattern allows only a SHA-256 in hex or nothing.
const hashPattern = "^([0-9a-f]{64})?$"

// scopesPattern allows only scopes with commas between them: neither a token of this service nor an admin API token.
const scopesPattern = `^( *[A-Za-z0-9._:/-]{1,64}(@(?i:Admin|Editor|Viewer))? *(, *[A-Za-z0-9._:/-]{1,64}(@(?i:Admin|Editor|Viewer))? *)*)?$`

// namePattern allows only a name that is shorter than any token.
const namePattern = "^[A-Za-z0-9_-]{0,32}$"

// originPattern allows only an origin, which everybody sees in the responses.
const originPattern = `^(\*|https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?)?$`

// The patterns of the settings of sign-in, none of which a token or an admin API token fits. addressPattern allows only an address without
// user, query and fragment.
const (
	addressPattern = `^((https://[A-Za-z0-9.-]+|http://(localhost|127\.0\.0\.1))(:[0-9]{1,5})?(/[A-Za-z0-9._~-]{1,64})*/?)?$`
	clientPattern  = "^([A-Za-z0-9._:/-]{0,64}|[A-Za-z0-9.-]{65,255})$"
	domainsPattern = "^( *[A-Za-z0-9.-]{1,253} *(, *[A-Za-z0-9.-]{1,253} *)*)?$"
	groupsPattern  = "^([^,*]{1,64}(,[^,*]{1,64})*)?$"
	groupPattern   = "^[^,*]{0,64}$"
	claimPattern   = "^[A-Za-z0-9_:./-]{1,64}$"
)

// publicKeysPattern allows only an address without a user and a query, or public keys.
const publicKeysPattern = `^(https://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?|[A-Za-z0-9._-]+:[A-Za-z0-9+/]+={0,2}(, *[A-Za-z0-9._-]+:[A-Za-z0-9+/]+={0,2})*)?$`

// harmless are the patterns of texts that are no secrets.
var harmless = []any{
	scopesPattern, namePattern, originPattern, addressPattern, clientPattern, domainsPattern, groupsPattern, groupPattern, claimPattern,
	publicKeysPattern,
}

// clientSecret is the one secret in an environment. No other place for it is free of charge while idle and can be read by the functions; the
// functions that have it are those that seal cookies.
const clientSecret = "OidcClientSecret"

// variables checks the functions' environments, which everybody with access to a function's configuration can read: each variable is the
// table's name or a parameter that cannot hold a secret, because it has few values, is a hash, a list of scopes, a
// short name, an origin or public keys.
func variables(t template) (found findings) {
	for _, function := range t.of(kindFunction) {
		for _, of := range []any{at(t["Globals"], "Function"), at(function.declared, "Properties")} {
			for name, value := range sorted(at(of, "Environment", "Variables")) {
				found = append(found, t.variable(function.id+"."+name, value)...)
			}
		}
	}
	return found
}

// isFlag reports whether value only says whether a condition holds.
func isFlag(value any) bool {
	branches := several(at(value, "Fn::If"))
	return len(branches) == 3 && cmp.Equal(branches[1:], []any{"false", "true"})
}

func (t template) variable(name string, value any) (found findings) {
	id := referred(value)
	parameter := at(t["Parameters"], id)
	switch {
	case t.is(id, kindTable), isFlag(value):
	case id == clientSecret && at(parameter, "NoEcho") == true && t.sealsCookies(name):
	case parameter == nil:
		found.add("%s is %v, want a parameter or the table", name, value)
	case !closed(parameter) && !hash(parameter) && !slices.Contains(harmless, at(parameter, "AllowedPattern")):
		found.add("%s is the parameter %s, which can be any text", name, id)
	}
	return found
}

// sealsCookies reports whether the function of a variable has only routes for browsers.
func (t template) sealsCookies(variable string) bool {
	function, _, _ := strings.Cut(variable, ".")
	for _, event := range sorted(at(t["Resources"], function, "Properties", "Events")) {
		if path, _ := at(event, "Properties", "Path").(string); !isForBrowsers(path) {
			return false
		}
	}
	return true
}

// hash reports whether a parameter holds only a hash and is not shown.
func hash(parameter any) bool {
	return at(parameter, "NoEcho") == true && at(parameter, "AllowedPattern") == hashPattern && at(parameter, "Default") == ""
}

// secrets checks that no text resolves a secret, and that a parameter with NoEcho is used only in functions' environments.
func secrets(t template) (found findings) {
	for section, value := range sorted(map[string]any(t)) {
		walk(section, value, func(path string, value any) {
			if text, ok := value.(string); ok && strings.Contains(text, "{{resolve:") {
				found.add("%s is %q, want no secret where it can be read", path, text)
			}
			if id := t.notEchoed(value); id != "" && !strings.Contains(path, ".Environment.Variables.") {
				found.add("%s shows the parameter %s", path, id)
			}
		})
	}
	return found
}

// notEchoed returns the parameter with NoEcho that value, {"Ref": id} or {"Fn::Sub": …}, would show, or "".
func (t template) notEchoed(value any) string {
	for id, parameter := range sorted(t["Parameters"]) {
		if at(parameter, "NoEcho") != true {
			continue
		}
		text, _ := value.(string)
		if referred(value) == id || strings.Contains(text, "${"+id+"}") {
			return id
		}
	}
	return ""
}
