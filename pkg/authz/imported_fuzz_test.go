package authz_test

import (
	"log/slog"
	"strings"
	"testing"

	"pats/pkg/authz"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// FuzzImportedHeader: while imported tokens are accepted, only stored tokens in a form that the template's expression accepts are
// allowed, and no header costs more than two reads of accounts and one look-up.
func FuzzImportedHeader(f *testing.F) {
	fixture := newFixture(f)
	imported := []string{
		"user:" + strings.Repeat("0a", 28),
		"user:v2_" + strings.Repeat("_", 21) + "w_" + strings.Repeat("x", 43),
		"user:v2_" + strings.Repeat("A", 22) + "_" + strings.Repeat("-", 43),
	}
	importTokens(f, fixture, imported)
	fixture.authorizer = authz.New(fixture.accepting(), pat.AdminKey{}, slog.New(slog.DiscardHandler))
	own := fixture.holder.Secret.Reveal()
	stored := map[string]bool{own: true, pattest.InPats(own): true}
	for _, token := range imported {
		stored[token] = true
		for _, header := range []string{token, "Bearer " + token, token[1:], token + "0", strings.ToUpper(token), "user:" + token, pattest.InPats(token)} {
			f.Add(header)
		}
	}
	f.Add(pattest.InPats(own))
	f.Add("user:v2_" + strings.Repeat("A", 66))
	f.Add("user:" + strings.Repeat("0b", 28))
	accepts := expression(f, true)
	f.Fuzz(func(t *testing.T, header string) {
		fixture.store.Forget()
		got := fixture.authorize(t, header).PolicyDocument.Statement[0].Effect
		presented := header[strings.LastIndexByte(header, ' ')+1:]
		if want := stored[presented] && accepts.MatchString(header); (got == "Allow") != want {
			t.Errorf("%q: got %s, want it allowed: %t", header, got, want)
		}
		if accounts, lookUps := fixture.store.Count(pattest.CallAccount), fixture.store.Count(pattest.CallLookUp); accounts > 2 || lookUps > 1 {
			t.Errorf("%q: got %d reads and %d look-ups, want at most 2 and 1", header, accounts, lookUps)
		}
	})
}

// importTokens imports a user with the tokens.
func importTokens(tb testing.TB, fixture *fixture, tokens []string) {
	tb.Helper()
	const id = 7
	account := pat.Account{ID: id, Profile: pattest.Profile("imported", pat.Viewer), CreatedAt: pattest.Start, NextTokenID: 10}
	for i, text := range tokens {
		secret, err := pat.ParseForeignSecret(text)
		if err != nil {
			tb.Fatal(err)
		}
		account.Tokens = append(account.Tokens, pat.Token{
			ID: pat.TokenID(i + 1), Description: text[len(text)-1:], Scopes: pat.Unscoped(), Selector: secret.Selector(), Verifier: secret.Verifier(),
			CreatedAt: pattest.Start, ExpiresAt: pattest.Start.Add(pattest.Lifetime),
		})
	}
	if err := fixture.service.ReserveUserIDs(tb.Context(), id); err != nil {
		tb.Fatal(err)
	}
	if _, err := fixture.service.ImportUser(tb.Context(), account); err != nil {
		tb.Fatal(err)
	}
}

// FuzzMethodARN: a policy covers the stage of the event and nothing else.
func FuzzMethodARN(f *testing.F) {
	fixture := newFixture(f)
	token := fixture.holder.Secret.Reveal()
	for _, arn := range []string{
		methodARN, stage, "arn:aws:execute-api:eu-central-1:123456789012:a/prod/GET/", "arn:aws:execute-api:::*/*/GET", "a:b:execute-api:d:e:f/g/",
		"arn:aws:lambda:eu-central-1:123456789012:function/x/y", "/GET/", "",
	} {
		f.Add(arn)
	}
	f.Fuzz(func(t *testing.T, arn string) {
		request := event(token)
		request.MethodArn = arn
		got, err := fixture.authorizer.Handle(t.Context(), request)
		if err != nil {
			return
		}
		resource, isStage := strings.CutSuffix(got.PolicyDocument.Statement[0].Resource[0], "/*")
		api, _, _ := strings.Cut(arn, "/")
		if !isStage || !strings.HasPrefix(arn, resource+"/") || strings.Count(resource, "/") != 1 || !strings.HasPrefix(resource, api+"/") {
			t.Errorf("%q: got a policy for %q, want one for the stage", arn, resource)
		}
	})
}
