package main

import (
	"log/slog"

	"pats/pkg/pat"
)

// adminParameter is the template's parameter for the hash of the admin API token.
const adminParameter = "AdminTokenHash"

type adminTokenNew struct{}

// Help is what `pats admin-token new --help` ends with.
func (*adminTokenNew) Help() string {
	return `Nothing is stored. Who holds the admin API token is no user, and has no tokens of their own. Give the hash to
  a stack:         sam deploy --parameter-overrides AdminTokenHash=HASH
  this machine:    pats serve --parameter AdminTokenHash=HASH`
}

// Run makes the token.
func (*adminTokenNew) Run(a *app) error {
	secret, err := pat.NewAdminSecret(a.env(slog.New(slog.DiscardHandler)).Random)
	if err != nil {
		return err
	}
	parameter := adminParameter + "=" + secret.Hash()
	body := struct {
		Secret    string `json:"secret"`
		Hash      string `json:"hash"`
		Parameter string `json:"parameter"`
	}{secret.Reveal(), secret.Hash(), parameter}
	defer a.note("Keep the token: it cannot be shown again.")
	return a.answer(body, table{{"Token", secret.Reveal()}, {"Parameter", parameter}})
}
