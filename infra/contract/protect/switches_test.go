package protect_test

import (
	"maps"
	"testing"

	"pats/infra/testkit/must"
)

// checkSwitches sets parameters of pats that change what the shared authorizer accepts from the APIs deployed before.
func (e *env) checkSwitches(t *testing.T, bearers []bearer) {
	t.Helper()
	e.update(t, map[string]string{"RequireRoutes": "true"})
	e.checkValid(t, bearers, func(to api) bool { return to.mapped || to.ttl == long })
	e.update(t, map[string]string{"RequireRoutes": "false", "SharedAuthorizerEnabled": "false"})
	e.checkValid(t, bearers, func(to api) bool { return to.ttl == long })
}

// checkValid sends each valid token to the first route of each API that does not cache, or has cached a response to it. It is valid only
// for an API that accepts tokens.
func (e *env) checkValid(t *testing.T, bearers []bearer, accepts func(api) bool) {
	t.Helper()
	for _, to := range e.apis {
		for _, b := range bearers {
			if b.valid && to.ttl != briefly {
				b.valid = accepts(to)
				e.check(t, to, to.routes[0], b)
			}
		}
	}
}

// update changes parameters of the stack of pats.
func (e *env) update(t *testing.T, parameters map[string]string) {
	t.Helper()
	maps.Copy(e.parameters, parameters)
	_, err := e.emulator.DeployBuilt(t.Context(), e.template, e.parameters)
	must.Do(t, err)
}
