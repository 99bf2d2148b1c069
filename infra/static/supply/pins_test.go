package supply_test

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pats/infra/testkit/must"
)

// pinned are the files that choose versions, by their name, with the function that returns what they leave open.
var pinned = map[string]func(t *testing.T, text string) []string{
	"requirements.txt":  openRequirements,
	"package-lock.json": openPackages,
	"pom.xml":           openArtifacts,
	scripts:             openTools,
}

func TestVersionsArePinned(t *testing.T) {
	t.Parallel()
	for name, open := range pinned {
		for path, text := range filesNamed(t, name) {
			for _, finding := range open(t, string(text)) {
				t.Errorf("%s: %s is not pinned", path, finding)
			}
		}
	}
}

// TestPinsAreComplete checks that each list of what is wanted has a list of what is installed beside it, with the same Python packages.
func TestPinsAreComplete(t *testing.T) {
	t.Parallel()
	for wanted, locked := range map[string]string{"requirements.in": "requirements.txt", "package.json": "package-lock.json"} {
		locks := filesNamed(t, locked)
		for path, text := range filesNamed(t, wanted) {
			beside := filepath.Join(filepath.Dir(path), locked)
			if locks[beside] == nil {
				t.Errorf("%s is missing", beside)
			}
			for _, name := range matches(regexp.MustCompile(`(?m)^([a-z].*)$`), string(text)) {
				if !strings.Contains("\n"+string(locks[beside]), "\n"+name+" \\\n") {
					t.Errorf("%s: got no %q, want it as in %s", beside, name, path)
				}
			}
		}
	}
}

var requirement = regexp.MustCompile(`^[A-Za-z0-9._-]+(\[[a-z,]+\])?==[^\s;]+.* --hash=sha256:[0-9a-f]{64}\b`)

// openRequirements returns the lines of a requirements.txt without an exact version or a hash.
func openRequirements(_ *testing.T, text string) []string {
	var open []string
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' && !requirement.MatchString(line) {
			open = append(open, line)
		}
	}
	return open
}

// openPackages returns the packages of a package-lock.json without a hash.
func openPackages(t *testing.T, text string) []string {
	t.Helper()
	var lock struct {
		Packages map[string]struct {
			Integrity string
			InBundle  bool // it is in the archive of the package above it, whose hash covers it
		}
	}
	must.Do(t, json.Unmarshal([]byte(text), &lock))
	var open []string
	for name, locked := range lock.Packages {
		if name != "" && !locked.InBundle && !strings.HasPrefix(locked.Integrity, "sha512-") {
			open = append(open, name)
		}
	}
	return open
}

var exactVersion = regexp.MustCompile(`^[0-9]+(\.[0-9A-Za-z-]+)*$`)

// openArtifacts returns the artifacts of a pom.xml with a range or a moving version.
func openArtifacts(t *testing.T, text string) []string {
	t.Helper()
	var open []string
	for _, a := range readPOM(t, []byte(text)) {
		if !exactVersion.MatchString(a.Version) || strings.HasSuffix(a.Version, "-SNAPSHOT") {
			open = append(open, a.Group+":"+a.ID)
		}
	}
	return open
}

var (
	image  = regexp.MustCompile(`\b(?:public\.ecr\.aws|docker\.io|ghcr\.io|quay\.io)/[^\s"']+`)
	digest = regexp.MustCompile(`@sha256:[0-9a-f]{64}$`)
)

// openImages returns the container images of a registry without a digest.
func openImages(_ *testing.T, text string) []string {
	return slices.DeleteFunc(image.FindAllString(text, -1), digest.MatchString)
}

var (
	toolVersion = regexp.MustCompile(`\bgo (?:run|install) "?([^\s"]+@[^\s"]+)`)
	variable    = regexp.MustCompile(`(?m)^(\w+)=(v[0-9.]+)$`)
	exactTool   = regexp.MustCompile(`@v[0-9]+\.[0-9]+\.[0-9]+$`)
)

// openGoTools returns the tools that go run or go install fetches without an exact version. A variable set at the start of a line counts.
func openGoTools(_ *testing.T, text string) []string {
	tools := matches(toolVersion, text)
	for _, set := range variable.FindAllStringSubmatch(text, -1) {
		for i := range tools {
			tools[i] = strings.ReplaceAll(tools[i], "$"+set[1], set[2])
		}
	}
	return slices.DeleteFunc(tools, exactTool.MatchString)
}

func openTools(t *testing.T, text string) []string {
	t.Helper()
	return slices.Concat(openGoTools(t, text), openImages(t, text))
}

func TestOpenVersionsAreFound(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("0f", 32)
	tests := []struct {
		name string
		open func(*testing.T, string) []string
		text string
		want int
	}{
		{"requirement with a hash", openRequirements, "# pip-compile\nidna==3.20 \\\n    --hash=sha256:" + hash + "\n    # via requests\n", 0},
		{"requirement with a marker", openRequirements, "tomli==2.0 ; python_version < \"3.11\" --hash=sha256:" + hash, 0},
		{"requirement without a hash", openRequirements, "idna==3.20\n", 1},
		{"requirement with a range", openRequirements, "idna>=3 --hash=sha256:" + hash, 1},
		{"requirement from a URL", openRequirements, "https://example.com/idna.whl --hash=sha256:" + hash, 1},
		{"package without integrity", openPackages, `{"packages":{"":{},"node_modules/a":{"integrity":"sha512-x"},"node_modules/b":{}}}`, 1},
		{"artifact with a range", openArtifacts, "<project><dependencies><dependency><version>[1,2)</version></dependency></dependencies></project>", 1},
		{"artifact without a version", openArtifacts, "<project><build><plugins><plugin/></plugins></build></project>", 1},
		{"artifact with a version", openArtifacts, "<project><dependencies><dependency><version>2.13.1</version></dependency></dependencies></project>", 0},
		{"image by its tag", openImages, "pull public.ecr.aws/lambda/provided:al2023\n", 1},
		{"image by its digest", openImages, "pull public.ecr.aws/lambda/provided@sha256:" + hash + "\n", 0},
		{"tool at its latest version", openGoTools, "go run example.com/tool@latest", 1},
		{"tool at a version", openGoTools, "v=v1.2.3\ngo install \"example.com/tool@$v\"", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := test.open(t, test.text); len(got) != test.want {
				t.Errorf("got %q, want %d", got, test.want)
			}
		})
	}
}
