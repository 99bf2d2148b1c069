package deployed_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"pats/infra/contract/e2e"
	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/infra/testkit/must"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// changeParameters changes a parameter that only functions read, and one that only the API's document refers to.
func changeParameters(t *testing.T, s *stack) {
	before := s.URL
	imported := apiclient.Request{Method: http.MethodGet, Path: deployed.TokensPath, Token: "user:" + strings.Repeat("0f", 28)}
	if got := s.send(t, imported); strings.Contains(string(got.Body), string(pat.ReasonInvalid)) {
		t.Errorf("got %v before the update, want a refusal by the validation expression", got)
	}
	s.deploy(t, map[string]string{"PatsEnabled": "false", "AcceptImportedTokens": "true"})
	if s.URL != before {
		t.Errorf("got the URL %s after the update, want %s", s.URL, before)
	}
	e2e.RunSwitchedOff(t, s.target())
	if got := s.send(t, imported); !strings.Contains(string(got.Body), string(pat.ReasonInvalid)) {
		t.Errorf("got %v after the update, want a refusal by the authorizer", got)
	}
}

// allowOrigin lets scripts of another origin call the API, which adds OPTIONS methods to it.
func allowOrigin(t *testing.T, s *stack) {
	s.deploy(t, map[string]string{"CorsOrigin": e2e.CORSOrigin})
	e2e.RunCORS(t, s.target())
}

// withheld are values that a role's statements name, one of each kind, and what works only with the value.
var withheld = []struct {
	role, value string
	works       func(*testing.T, *stack) bool
}{
	{"TokensRole", "dynamodb:PutItem", createsToken}, // an action
	{"UsersRole", "UNIQUE#*", deletesUser},           // a kind of items
	{"AuthorizerRole", "seen", recordsUse},           // an attribute
	{"AdminTokensRole", "DIRECTORY", listsAllTokens}, // one partition
}

// narrowRoles deploys roles that lack one value each, and then the whole roles again.
func narrowRoles(t *testing.T, s *stack) {
	whole := s.template
	s.template = narrowed(t, whole)
	for _, template := range []string{s.template, whole} {
		s.template = template
		s.deploy(t, nil)
		for _, w := range withheld {
			if got, want := w.works(t, s), template == whole; got != want {
				t.Errorf("%s of %s: got %v in %s, want %v", w.value, w.role, got, filepath.Base(template), want)
			}
		}
	}
}

// narrowed writes the template without the withheld values beside it, and returns the path.
func narrowed(t *testing.T, template string) string {
	t.Helper()
	text, err := os.ReadFile(template)
	must.Do(t, err)
	var document yaml.Node
	must.Do(t, yaml.Unmarshal(text, &document))
	for _, w := range withheld {
		role := value(t, document.Content[0], "Resources", w.role, "Properties", "Policies").Content[0]
		if !withhold(value(t, role, "PolicyDocument", "Statement"), w.value) {
			t.Fatalf("%s does not name %s", w.role, w.value)
		}
	}
	text, err = yaml.Marshal(&document)
	must.Do(t, err)
	path := filepath.Join(filepath.Dir(template), "narrowed.yaml")
	must.Do(t, os.WriteFile(path, text, 0o600))
	return path
}

// withhold removes a value from the lists below a node, and statements whose only action it is. It reports whether it was there.
func withhold(node *yaml.Node, withheld string) (found bool) {
	node.Content = slices.DeleteFunc(node.Content, func(child *yaml.Node) bool {
		isIt := node.Kind == yaml.SequenceNode && (child.Value == withheld || allowsOnly(child, withheld))
		found = isIt || withhold(child, withheld) || found
		return isIt
	})
	return found
}

// allowsOnly reports whether a node is a statement with the one action.
func allowsOnly(node *yaml.Node, action string) bool {
	i := slices.IndexFunc(node.Content, func(n *yaml.Node) bool { return n.Value == "Action" })
	return i >= 0 && node.Content[i+1].Value == action
}

// value returns what a mapping has under a path of keys.
func value(t *testing.T, mapping *yaml.Node, path ...string) *yaml.Node {
	t.Helper()
	for _, key := range path {
		i := slices.IndexFunc(mapping.Content, func(n *yaml.Node) bool { return n.Value == key })
		if i < 0 {
			t.Fatalf("line %d: there is no %s", mapping.Line, key)
		}
		mapping = mapping.Content[i+1]
	}
	return mapping
}

// recordsUse reports whether the first use of a token is recorded.
func recordsUse(t *testing.T, s *stack) bool {
	file := filepath.Join(t.TempDir(), "token")
	description := "used " + filepath.Base(s.template)
	s.run(t, "token", "create", "--user", "1", "--description", description, "--token-file", file)
	got := s.send(t, apiclient.Request{Method: http.MethodGet, Path: deployed.TokensPath, Token: read(t, file)})
	var list apitypes.TokenList
	must.Do(t, got.Decode(http.StatusOK, &list))
	for _, token := range list.Pats {
		if token.Description == description {
			return token.SeenAt != nil
		}
	}
	t.Fatalf("got %v, want the token %q", got, description)
	return false
}

// createsToken reports whether the API creates a token.
func createsToken(t *testing.T, s *stack) bool {
	body := map[string]string{"description": "made " + filepath.Base(s.template), "expiresAt": "2099-01-01T00:00:00.000Z"}
	return s.send(t, apiclient.Request{Method: http.MethodPost, Path: deployed.TokensPath, Body: body}).Status == http.StatusCreated
}

// listsAllTokens reports whether the API lists the tokens of all users.
func listsAllTokens(t *testing.T, s *stack) bool {
	return s.send(t, apiclient.Request{Method: http.MethodGet, Path: deployed.AllTokensPath}).Status == http.StatusOK
}

// deletesUser reports whether the API deletes a user.
func deletesUser(t *testing.T, s *stack) bool {
	out := s.run(t, "user", "create", "--username", filepath.Base(s.template), "--role", "viewer", "--output", "json")
	var user apitypes.User
	must.Do(t, json.Unmarshal(out, &user))
	return s.send(t, apiclient.Request{Method: http.MethodDelete, Path: deployed.UserPath(user.ID)}).Status == http.StatusOK
}
