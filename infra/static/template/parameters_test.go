package template_test

import (
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/infra/testkit/must"
)

// parameterRow matches a row of the table in docs/deploy.md: a parameter and its default, which is empty or in backticks.
var parameterRow = regexp.MustCompile("(?m)^\\| `([A-Za-z]+)` \\| (?:empty|`([^`]*)`) \\|")

func TestParametersAreInTheDocs(t *testing.T) {
	t.Parallel()
	want := map[string]string{}
	for name, declared := range fields(load(t)["Parameters"]) {
		want[name] = fmt.Sprint(at(declared, "Default"))
	}
	text, err := os.ReadFile("../../../docs/deploy.md")
	must.Do(t, err)
	got := map[string]string{}
	for _, row := range parameterRow.FindAllStringSubmatch(string(text), -1) {
		got[row[1]] = row[2]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults of parameters (-template.yaml +docs/deploy.md):\n%s", diff)
	}
}
