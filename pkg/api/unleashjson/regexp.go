package unleashjson

import (
	"regexp"
	"sync"
)

// compiled returns a function that compiles expression when it is first called, so that no Lambda function pays for it while it
// starts. The authorizer links this package and never calls it.
func compiled(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
