package supply_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// packages are the binaries' packages, by the names of their documents.
var packages = map[string]string{
	"pats":                     "./cmd/pats",
	"AuthorizerFunction":       "./functions/authorizer",
	"SharedAuthorizerFunction": "./functions/shared-authorizer",
	"SignInFunction":           "./functions/sign-in",
	"SessionFunction":          "./functions/session",
	"AdminSessionFunction":     "./functions/admin-session",
	"TokensFunction":           "./functions/tokens",
	"UsersFunction":            "./functions/users",
	"ServiceAccountsFunction":  "./functions/service-accounts",
	"OAuthFunction":            "./functions/oauth",
	"PageFunction":             "./functions/page",
	"AdminTokensFunction":      "./functions/admin-tokens",
	"LeaksFunction":            "./functions/leaks",
}

// TestSBOMNamesEveryModule compares the document of each binary with what `go list` prints, and with Go's own version.
func TestSBOMNamesEveryModule(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("PATS_SBOM")
	if folder == "" {
		t.Skip("PATS_SBOM is not set; `make verify` sets it to a folder with the documents")
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.cdx.json"))
	if err != nil || len(files) != len(packages) {
		t.Errorf("documents: got %q and error %v, want %d", files, err, len(packages))
	}
	for name, path := range packages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := map[string]string{"std": runtime.Version()}
			maps.Copy(want, modulesOf(t, "Version", path))
			if diff := cmp.Diff(want, components(t, filepath.Join(folder, name+".cdx.json"))); diff != "" {
				t.Errorf("modules (-go list +document):\n%s", diff)
			}
		})
	}
}

// components returns the versions of a CycloneDX document's components, by name: https://cyclonedx.org/docs/1.6/json/
func components(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		BOMFormat   string `json:"bomFormat"`
		SpecVersion string `json:"specVersion"`
		Components  []struct {
			Name    string `json:"name"`
			Version string `json:"version"`
			PURL    string `json:"purl"`
		} `json:"components"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	if document.BOMFormat != "CycloneDX" || document.SpecVersion != "1.6" {
		t.Errorf("format: got %s %s, want CycloneDX 1.6", document.BOMFormat, document.SpecVersion)
	}
	versions := map[string]string{}
	for _, c := range document.Components {
		versions[c.Name] = c.Version
		if want := "pkg:golang/" + c.Name + "@" + c.Version; c.PURL != want {
			t.Errorf("package URL: got %s, want %s", c.PURL, want)
		}
	}
	return versions
}
