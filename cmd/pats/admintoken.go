package main

import (
	"crypto/rand"

	"pats/pkg/pat"
)

// adminParameter is the template's parameter for the hash of the admin API token.
const adminParameter = "AdminTokenHash"

type adminTokenNew struct{}

// Help returns the end of `pats admin-token new --help`.
func (*adminTokenNew) Help() string {
	return `Nothing is stored. The admin token belongs to no user: it manages users, and has no tokens of its own. Configure its
hash in
  a stack:         sam deploy --parameter-overrides AdminTokenHash=HASH
  this machine:    pats serve --parameter AdminTokenHash=HASH`
}

// Run generates the token and prints it.
func (*adminTokenNew) Run(out *printer) error {
	secret, err := pat.NewAdminSecret(rand.Reader)
	if err != nil {
		return err
	}
	parameter := adminParameter + "=" + secret.Hash()
	body := struct {
		Secret    string `json:"secret"`
		Hash      string `json:"hash"`
		Parameter string `json:"parameter"`
	}{secret.Reveal(), secret.Hash(), parameter}
	if err := out.print(body, table{{"Token", secret.Reveal()}, {"Parameter", parameter}}); err != nil {
		return err
	}
	out.note("Keep the token: it cannot be shown again.")
	return nil
}
