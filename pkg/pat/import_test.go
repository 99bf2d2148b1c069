package pat_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// foreign returns a token as Unleash creates it: v1 for an even number, v2 for an odd one.
func foreign(t *testing.T, n int) pat.Secret {
	t.Helper()
	text := fmt.Sprintf("user:%056x", n)
	if n%2 == 1 {
		text = fmt.Sprintf("user:v2_%021dA_%043d", n, n)
	}
	secret, err := pat.ParseForeignSecret(text)
	if err != nil {
		t.Fatalf("ParseForeignSecret: %v", err)
	}
	return secret
}

// importable returns user 7 of another service, with tokens of these ids.
func importable(t *testing.T, ids ...int) pat.Account {
	t.Helper()
	account := pat.Account{ID: 7, Profile: pattest.Profile("vera", pat.Viewer), CreatedAt: pattest.Start.Add(-time.Hour)}
	for _, id := range ids {
		secret := foreign(t, id)
		account.Tokens = append(account.Tokens, pat.Token{
			ID: pat.TokenID(id), Description: fmt.Sprintf("token %d", id), Scopes: pat.Unscoped(), Selector: secret.Selector(), Verifier: secret.Verifier(),
			CreatedAt: account.CreatedAt, ExpiresAt: pattest.Start.Add(pattest.Lifetime),
		})
	}
	return account
}

// accepting returns a service on the fixture's store that accepts imported tokens.
func (f *fixture) accepting() *pat.Service {
	return pat.NewService(f.store, pat.Settings{Retention: pat.DefaultRetention, AcceptImported: true}, pattest.Env(f.clock))
}

func (f *fixture) importUser(t *testing.T, account pat.Account) pat.Imported {
	t.Helper()
	result, err := f.service.ImportUser(t.Context(), account)
	if err != nil {
		t.Fatalf("ImportUser: %v", err)
	}
	return result
}

// summary lists the outcomes for tokens: +ID was added, =ID was present, -ID was refused.
func summary(result pat.Imported) string {
	var words []string
	for _, token := range result.Tokens {
		sign := "="
		if token.Added {
			sign = "+"
		}
		if token.Refusal != "" {
			sign = "-"
		}
		words = append(words, fmt.Sprintf("%s%d", sign, token.ID))
	}
	return strings.Join(words, " ")
}

func wantImport(t *testing.T, got pat.Imported, made bool, tokens string) {
	t.Helper()
	if got.Made != made || got.Refusal != "" || summary(got) != tokens {
		t.Errorf("got made %t, refusal %q, tokens %s; want made %t, tokens %s", got.Made, got.Refusal, summary(got), made, tokens)
	}
}

func wantRefusal(t *testing.T, got pat.Imported, part string) {
	t.Helper()
	if got.Made || len(got.Tokens) > 0 || !strings.Contains(got.Refusal, part) {
		t.Errorf("got %+v, want a refusal with %q", got, part)
	}
}

func TestImportedTokensAreValidOnceAccepted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.importUser(t, importable(t, 20, 21))
	accepting := f.accepting()
	for _, id := range []int{20, 21} {
		f.store.Forget()
		_, err := f.service.Authenticate(t.Context(), foreign(t, id))
		wantRefused(t, err, pat.ReasonInvalid)
		f.wantCalls(t, map[pattest.Call]int{})
		who, err := accepting.Authenticate(t.Context(), foreign(t, id))
		if want := (pat.Identity{User: 7, Selector: foreign(t, id).Selector()}); err != nil || who != want {
			t.Errorf("token %d: got %+v and %v, want %+v", id, who, err, want)
		}
		f.wantCalls(t, map[pattest.Call]int{pattest.CallLookUp: 1, pattest.CallAccount: 1, pattest.CallMarkSeen: 1})
	}
}

func TestReadsWhileImportsAreAccepted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		secret func(*testing.T, *fixture) pat.Secret
		want   map[pattest.Call]int
	}{
		"a token made here": {func(_ *testing.T, f *fixture) pat.Secret { return f.holder.Secret }, map[pattest.Call]int{pattest.CallAccount: 1, pattest.CallMarkSeen: 1}},
		"made up":           {func(t *testing.T, _ *fixture) pat.Secret { t.Helper(); return foreign(t, 99) }, map[pattest.Call]int{pattest.CallLookUp: 1}},
		"a right checksum":  {func(t *testing.T, _ *fixture) pat.Secret { t.Helper(); return newSecret(t, 99) }, map[pattest.Call]int{pattest.CallAccount: 1, pattest.CallLookUp: 1}},
		"forged":            {forged, map[pattest.Call]int{pattest.CallAccount: 1}},
		"the zero Secret":   {func(*testing.T, *fixture) pat.Secret { return pat.Secret{} }, map[pattest.Call]int{pattest.CallLookUp: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			secret := c.secret(t, f)
			f.store.Forget()
			_, err := f.accepting().Authenticate(t.Context(), secret)
			if name != "a token made here" {
				wantRefused(t, err, pat.ReasonInvalid)
			}
			f.wantCalls(t, c.want)
		})
	}
}

func TestImportedTokenRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end  func(*testing.T, *fixture) error
		want pat.Reason
	}{
		"revoked": {func(t *testing.T, f *fixture) error { t.Helper(); return f.service.RevokeUserToken(t.Context(), 7, 20) }, pat.ReasonInvalid},
		"deleted": {func(t *testing.T, f *fixture) error { t.Helper(); return f.service.DeleteUser(t.Context(), 7) }, pat.ReasonInvalid},
		"disabled": {func(t *testing.T, f *fixture) error {
			t.Helper()
			return pattest.SetDisabled(t.Context(), f.service, 7, true)
		}, pat.ReasonDisabled},
		"expired": {func(_ *testing.T, f *fixture) error { f.clock.Advance(pattest.Lifetime); return nil }, pat.ReasonExpired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.importUser(t, importable(t, 20))
			if err := c.end(t, f); err != nil {
				t.Fatal(err)
			}
			_, err := f.accepting().Authenticate(t.Context(), foreign(t, 20))
			wantRefused(t, err, c.want)
		})
	}
}

var importedCallers = map[string]func(*testing.T, *pat.Service, pat.Identity, pat.Secret, pat.Draft) error{
	"Admit": func(t *testing.T, s *pat.Service, who pat.Identity, _ pat.Secret, _ pat.Draft) error {
		t.Helper()
		_, err := s.Admit(t.Context(), who)
		return err
	},
	"Tokens": func(t *testing.T, s *pat.Service, who pat.Identity, _ pat.Secret, _ pat.Draft) error {
		t.Helper()
		_, err := s.Tokens(t.Context(), who)
		return err
	},
	"CreateToken": func(t *testing.T, s *pat.Service, who pat.Identity, _ pat.Secret, draft pat.Draft) error {
		t.Helper()
		_, _, err := s.CreateToken(t.Context(), who, draft)
		return err
	},
	"CreateTokenOnce": func(t *testing.T, s *pat.Service, who pat.Identity, presented pat.Secret, draft pat.Draft) error {
		t.Helper()
		key, err := pat.NewIdempotencyKey(presented, "key")
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = s.CreateTokenOnce(t.Context(), who, draft, key)
		return err
	},
	"RevokeToken": func(t *testing.T, s *pat.Service, who pat.Identity, _ pat.Secret, _ pat.Draft) error {
		t.Helper()
		return s.RevokeToken(t.Context(), who, 999)
	},
}

// TestImportedCallersAreRefusedUnlessAccepted: an Identity that was authenticated while imported tokens were accepted is refused by
// every method, and nothing is written.
func TestImportedCallersAreRefusedUnlessAccepted(t *testing.T) {
	t.Parallel()
	for name, act := range importedCallers {
		for _, id := range []int{20, 21} {
			t.Run(fmt.Sprintf("%s, token %d", name, id), func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				f.importUser(t, importable(t, id))
				accepting := f.accepting()
				who, err := accepting.Authenticate(t.Context(), foreign(t, id))
				if err != nil {
					t.Fatal(err)
				}
				before := pattest.Read(t, f.store, 7)
				wantRefused(t, act(t, f.service, who, foreign(t, id), f.draft("native")), pat.ReasonInvalid)
				if diff := cmp.Diff(before, pattest.Read(t, f.store, 7)); diff != "" {
					t.Errorf("the account, -before +after:\n%s", diff)
				}
				if err := act(t, accepting, who, foreign(t, id), f.draft("native")); err != nil {
					t.Errorf("while imported tokens are accepted: %v", err)
				}
			})
		}
	}
}

// TestAuthenticateWithoutAResponse: an error of the store is not a refusal.
func TestAuthenticateWithoutAResponse(t *testing.T) {
	t.Parallel()
	for _, call := range []pattest.Call{pattest.CallLookUp, pattest.CallAccount} {
		f := newFixture(t)
		f.importUser(t, importable(t, 20))
		f.store.Refuse(call, 1, pat.Unavailable(nil))
		_, err := f.accepting().Authenticate(t.Context(), foreign(t, 20))
		pattest.WantKind(t, err, pat.KindUnavailable)
	}
}

func TestImportOfManyTokens(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var ids []int
	var added, present []string
	for id := 11; len(ids) < 2*pat.ImportStep+3; id++ {
		ids = append(ids, id)
		added, present = append(added, fmt.Sprintf("+%d", id)), append(present, fmt.Sprintf("=%d", id))
	}
	account := importable(t, ids...)
	wantImport(t, f.importUser(t, account), true, strings.Join(added, " "))
	wantImport(t, f.importUser(t, account), false, strings.Join(present, " "))
	here := pattest.Read(t, f.store, 7)
	if want := account.Tokens[len(account.Tokens)-1].ID + 1; here.NextTokenID != want {
		t.Errorf("next id: got %d, want %d", here.NextTokenID, want)
	}
	_, _, err := f.service.CreateUserToken(t.Context(), 7, f.draft("one more"))
	pattest.WantKind(t, err, pat.KindLimit)
}

func TestImportAddsWhatIsNewer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.importUser(t, importable(t, 20, 22))
	if err := f.service.RevokeUserToken(t.Context(), 7, 20); err != nil {
		t.Fatal(err)
	}
	wantImport(t, f.importUser(t, importable(t, 20, 21, 22, 23)), false, "-20 -21 =22 +23")
	if got := f.importUser(t, importable(t, 20, 22, 23)); !strings.Contains(got.Tokens[0].Refusal, "revoked") {
		t.Errorf("got %+v, want the first refused as revoked", got)
	}
}

func TestImportKeepsWhatIsHere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.importUser(t, importable(t, 20))
	if _, err := f.service.UpdateUser(t.Context(), 7, func(p *pat.Profile) { p.Username = "renamed"; p.Role = pat.Editor }); err != nil {
		t.Fatal(err)
	}
	before := pattest.Read(t, f.store, 7)
	other := importable(t, 20)
	other.Tokens[0].Verifier = foreign(t, 22).Verifier()
	got := f.importUser(t, other)
	wantImport(t, got, false, "-20")
	if !strings.Contains(got.Tokens[0].Refusal, "Another token") {
		t.Errorf("got %q, want another token", got.Tokens[0].Refusal)
	}
	if diff := cmp.Diff(before, pattest.Read(t, f.store, 7)); diff != "" {
		t.Errorf("the account, -before +after:\n%s", diff)
	}
}

func TestImportRefusesUsers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*pat.Account)
		want   string
	}{
		"the id of another user":   {func(a *pat.Account) { a.ID = 1 }, "Another user"},
		"a taken username":         {func(a *pat.Account) { a.Username = "ann" }, "has the username or the email"},
		"a taken email address":    {func(a *pat.Account) { a.Email = "ANN@example.org" }, "has the username or the email"},
		"no username or email":     {func(a *pat.Account) { a.Username, a.Email = "", "" }, "username or email"},
		"no such role":             {func(a *pat.Account) { a.Role = 9 }, "root role"},
		"a malformed email":        {func(a *pat.Account) { a.Email = "x" }, "email address"},
		"a control character":      {func(a *pat.Account) { a.Name = "a\x00b" }, "control"},
		"a username that is long":  {func(a *pat.Account) { a.Username = strings.Repeat("x", 256) }, "255"},
		"the id 0":                 {func(a *pat.Account) { a.ID = 0 }, "id is out of range"},
		"a negative id":            {func(a *pat.Account) { a.ID = -1337 }, "id is out of range"},
		"an id beyond 2^53-2":      {func(a *pat.Account) { a.ID = pat.MaxID }, "id is out of range"},
		"no date of creation":      {func(a *pat.Account) { a.CreatedAt = time.Time{} }, "date of creation is missing"},
		"creation in the year 0":   {func(a *pat.Account) { a.CreatedAt = year(0) }, "between the years 1 and 9999"},
		"creation before Christ":   {func(a *pat.Account) { a.CreatedAt = year(-4712) }, "between the years 1 and 9999"},
		"creation in year 10000":   {func(a *pat.Account) { a.CreatedAt = year(10000) }, "between the years 1 and 9999"},
		"creation in the future":   {func(a *pat.Account) { a.CreatedAt = pattest.Start.Add(25 * time.Hour) }, "in the future"},
		"an IP address as domain":  {func(a *pat.Account) { a.Email = "a@[127.0.0.1]" }, "email address"},
		"a look-alike username":    {func(a *pat.Account) { a.Username = "аnn" }, "Cyrillic"},
		"a taken name with spaces": {func(a *pat.Account) { a.Username = " ann " }, "has the username or the email"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			account := importable(t, 20)
			c.change(&account)
			wantRefusal(t, f.importUser(t, account), c.want)
			_, err := f.accepting().Authenticate(t.Context(), foreign(t, 20))
			wantRefused(t, err, pat.ReasonInvalid)
		})
	}
}

// tokenRefusal is a change to a token for which an import must refuse it, and a part of the reason.
type tokenRefusal struct {
	change func(*pat.Token)
	want   string
}

// check imports a user with a good token and a changed one.
func (r tokenRefusal) check(t *testing.T) {
	t.Helper()
	f := newFixture(t)
	account := importable(t, 20, 21)
	r.change(&account.Tokens[1])
	got := f.importUser(t, account)
	if !got.Made || !got.Tokens[0].Added || got.Tokens[1].Added || !strings.Contains(got.Tokens[1].Refusal, r.want) {
		t.Errorf("got %+v, want the first added, the second refused with %q", got, r.want)
	}
}

func TestImportRefusesTokens(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]tokenRefusal{
		"no description":       {func(k *pat.Token) { k.Description = "" }, "empty"},
		"a long description":   {func(k *pat.Token) { k.Description = strings.Repeat("x", 256) }, "longer"},
		"a control character":  {func(k *pat.Token) { k.Description = "a\nb" }, "control"},
		"a malformed selector": {func(k *pat.Token) { k.Selector = "x" }, "selector"},
		"a malformed verifier": {func(k *pat.Token) { k.Verifier = "x" }, "verifier"},
		"scopes":               {func(k *pat.Token) { k.Scopes = pattest.Scopes(t, "orders:read") }, "unscoped"},
		"no scopes":            {func(k *pat.Token) { k.Scopes = pat.Scopes{} }, "unscoped"},
		"no id":                {func(k *pat.Token) { k.ID = 0 }, "id"},
		"an id out of range":   {func(k *pat.Token) { k.ID = pat.MaxID }, "id"},
		"an id twice":          {func(k *pat.Token) { k.ID = 20 }, "twice"},
		"a token twice": {func(k *pat.Token) {
			k.ID, k.Selector, k.Verifier = 20, foreign(t, 20).Selector(), foreign(t, 20).Verifier()
		}, "twice"},
		"a format character": {func(k *pat.Token) { k.Description = "a\u202Eb" }, "invisible"},
		"a selector twice":   {func(k *pat.Token) { k.Selector = foreign(t, 20).Selector() }, "selector"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.check(t)
		})
	}
}

// smallStore keeps at most this many tokens of a user.
type smallStore struct {
	pat.Store
	most int
}

func (s smallStore) CheckSize(account pat.Account) error {
	if len(account.Tokens) > s.most {
		return pat.TooLarge(nil)
	}
	return nil
}

func (s smallStore) ImportAccount(ctx context.Context, before, after pat.Account) error {
	if err := s.CheckSize(after); err != nil {
		return err
	}
	return s.Store.ImportAccount(ctx, before, after)
}

// TestImportBeyondTheStoresSize imports for good and as a preview.
func TestImportBeyondTheStoresSize(t *testing.T) {
	t.Parallel()
	const space = "more space than the store has"
	f := newFixture(t)
	small := smallStore{f.store, 2}
	preview, err := pat.NewPreview(t.Context(), small)
	if err != nil {
		t.Fatal(err)
	}
	for _, store := range []pat.Store{preview, small} {
		f.service = pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(f.clock))
		wantRefusal(t, f.importUser(t, importable(t, 20, 21, 22)), space)
		wantImport(t, f.importUser(t, importable(t, 20)), true, "+20")
		got := f.importUser(t, importable(t, 22, 23))
		wantImport(t, got, false, "-22 -23")
		if !strings.Contains(got.Tokens[0].Refusal, space) {
			t.Errorf("got %q, want a refusal because of the size", got.Tokens[0].Refusal)
		}
		wantImport(t, f.importUser(t, importable(t, 20, 22)), false, "=20 +22")
		expired := importable(t, 20, 22, 24)
		expired.Tokens[2].CreatedAt, expired.Tokens[2].ExpiresAt = year(2000), year(2001)
		wantImport(t, f.importUser(t, expired), false, "=20 =22 -24")
	}
}

func TestImportOfATokenOfAnotherUser(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.importUser(t, importable(t, 20))
	other := importable(t, 20, 22)
	other.ID, other.Profile = 8, pattest.Profile("bob", pat.Viewer)
	got := f.importUser(t, other)
	wantImport(t, got, true, "-20 +22")
}

func TestImportDoesNotBringADeletedUserBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.importUser(t, importable(t, 20))
	if err := f.service.DeleteUser(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, f.importUser(t, importable(t, 20, 22)), "deleted")
}

func TestImportWithoutAResponse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.store.LoseResponse(pattest.CallImportAccount)
	wantImport(t, f.importUser(t, importable(t, 20, 21)), true, "+20 +21")
	for _, call := range []pattest.Call{pattest.CallImportAccount, pattest.CallAccount} {
		f.store.Refuse(call, 1, pat.Unavailable(errors.New("away")))
	}
	wantImport(t, f.importUser(t, importable(t, 20, 21, 22)), false, "=20 =21 +22")
	f.store.Refuse(pattest.CallAccount, 100, pat.Unavailable(errors.New("away")))
	_, err := f.service.ImportUser(t.Context(), importable(t, 20))
	pattest.WantKind(t, err, pat.KindUnavailable)
}

func TestReserveUserIDs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.store.Refuse(pattest.CallReserveUserIDs, 1, pat.Unavailable(nil))
	if err := f.service.ReserveUserIDs(t.Context(), 41); err != nil {
		t.Fatal(err)
	}
	made, err := f.service.CreateUser(t.Context(), pattest.Profile("next", pat.Viewer))
	if err != nil || made.ID != 42 {
		t.Errorf("got user %d and %v, want 42", made.ID, err)
	}
}
