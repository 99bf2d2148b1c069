package pat_test

import (
	"testing"
	"time"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// staff is an Admin with an unscoped token, and a service account with a Viewer's role.
type staff struct {
	store   *pattest.Faulty
	service *pat.Service
	clock   *pattest.Clock
	admin   pattest.Holder
	robot   pat.Account
}

func newStaff(t *testing.T, settings pat.Settings) staff {
	t.Helper()
	store, clock := pattest.NewFaulty(openStore(t)), pattest.NewClock()
	settings.Retention, settings.Scopes = pat.DefaultRetention, pattest.Catalog(t, "orders:read,orders:write@Editor")
	service := pat.NewService(store, settings, pattest.Env(clock))
	return staff{
		store: store, service: service, clock: clock,
		admin: pattest.NewHolder(t, store, service, pattest.Profile("ann", pat.Admin)), robot: pattest.Service(t, store, "robot", pat.Viewer),
	}
}

// token creates a token of a user as an operator does.
func (s staff) token(t *testing.T, of pat.UserID, draft pat.Draft) pattest.Holder {
	t.Helper()
	token, secret, err := s.service.CreateUserToken(t.Context(), of, draft)
	if err != nil {
		t.Fatal(err)
	}
	return pattest.Holder{Account: pattest.Read(t, s.store, of), Token: token, Secret: secret}
}

// create creates a token of the robot with the holder's token.
func (s staff) create(t *testing.T, by pattest.Holder, draft pat.Draft) (pat.Token, error) {
	t.Helper()
	token, _, err := s.service.CreateServiceToken(t.Context(), as(by), s.robot.ID, draft, nil)
	return token, err
}

func as(by pattest.Holder) pat.Principal {
	return pat.Principal{Kind: pat.HolderUser, Identity: by.Identity()}
}

// adminAPI is the holder of the admin API token.
var adminAPI = pat.Principal{Kind: pat.HolderAdmin}

// drafted returns a draft with scopes that ends after a time.
func drafted(t *testing.T, description string, after time.Duration, scopes ...string) pat.Draft {
	t.Helper()
	draft := pattest.Draft(description)
	draft.ExpiresAt = pattest.Start.Add(after)
	if len(scopes) > 0 {
		draft.Scopes = pattest.Scopes(t, scopes...)
	}
	return draft
}

// TestAdminsScopedTokenBoundsServiceTokens: as it bounds its children.
func TestAdminsScopedTokenBoundsServiceTokens(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after  time.Duration
		scopes []string
		want   pat.Kind // -1 for success
	}{
		"a subset":             {time.Hour, []string{"orders:read"}, -1},
		"introspection":        {time.Hour, []string{"tokens:introspect"}, -1},
		"the same end":         {2 * time.Hour, []string{"orders:read"}, -1},
		"a later end":          {2*time.Hour + time.Millisecond, []string{"orders:read"}, pat.KindForbidden},
		"unscoped":             {time.Hour, nil, pat.KindForbidden},
		"another scope":        {time.Hour, []string{"pats:read"}, pat.KindForbidden},
		"a scope too many":     {time.Hour, []string{"orders:read", "pats:read"}, pat.KindForbidden},
		"above its role":       {time.Hour, []string{"users:write"}, pat.KindInvalid},
		"a scope that is none": {time.Hour, []string{"orders:delete"}, pat.KindInvalid},
		"an end in the past":   {0, []string{"orders:read"}, pat.KindInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStaff(t, pat.Settings{})
			by := s.token(t, s.admin.Account.ID, drafted(t, "deploys", 2*time.Hour, "users:write", "orders:read", "tokens:introspect"))
			_, err := s.create(t, by, drafted(t, "ci", c.after, c.scopes...))
			wantOutcome(t, err, c.want)
			if got := len(pattest.Read(t, s.store, s.robot.ID).Tokens); got != 0 && err != nil {
				t.Errorf("got %d tokens after a refusal, want none", got)
			}
		})
	}
}

// wantOutcome checks that err is of the kind, or nil for -1.
func wantOutcome(t *testing.T, err error, want pat.Kind) {
	t.Helper()
	if want >= 0 {
		pattest.WantKind(t, err, want)
	} else if err != nil {
		t.Errorf("got error %v, want none", err)
	}
}

// TestAdminsScopedTokenBoundsRotations: the robot's token has the id of the Admin's, which is no reason to treat it as its own.
func TestAdminsScopedTokenBoundsRotations(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after, newEnd time.Duration
		scopes        []string
		want          pat.Kind // -1 for success
	}{
		"a subset":              {time.Hour, 0, []string{"orders:read"}, -1},
		"prolonged to its end":  {time.Hour, 2 * time.Hour, []string{"orders:read"}, -1},
		"prolonged beyond":      {time.Hour, 3 * time.Hour, []string{"orders:read"}, pat.KindForbidden},
		"a later end":           {3 * time.Hour, 0, []string{"orders:read"}, pat.KindForbidden},
		"a later end shortened": {3 * time.Hour, time.Hour, []string{"orders:read"}, -1},
		"unscoped":              {time.Hour, 0, nil, pat.KindForbidden},
		"another scope":         {time.Hour, 0, []string{"pats:read"}, pat.KindForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStaff(t, pat.Settings{})
			second := pattest.Account(t, s.store, pattest.Profile("ben", pat.Admin))
			by := s.token(t, second.ID, drafted(t, "deploys", 2*time.Hour, "users:write", "orders:read"))
			target := s.token(t, s.robot.ID, drafted(t, "ci", c.after, c.scopes...))
			r := pat.Rotation{Overlap: time.Minute}
			if c.newEnd > 0 {
				r.ExpiresAt = pattest.Start.Add(c.newEnd)
			}
			_, _, err := s.service.RotateServiceToken(t.Context(), as(by), s.robot.ID, target.Token.ID, r)
			wantOutcome(t, err, c.want)
			if got, _ := pattest.Read(t, s.store, s.robot.ID).Token(1); err != nil && got.Selector != target.Token.Selector {
				t.Error("the token has another secret after a refusal")
			}
		})
	}
}

// TestServiceTokensNameTheirMaker: the Admin's token is the maker and no ancestor, so revoking it with its descendants leaves them.
func TestServiceTokensNameTheirMaker(t *testing.T) {
	t.Parallel()
	s := newStaff(t, pat.Settings{})
	made, secret, err := s.service.CreateServiceToken(t.Context(), as(s.admin), s.robot.ID, pattest.Draft("ci"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := (pat.Maker{User: s.admin.Account.ID, Token: s.admin.Token.ID}); made.Maker != want || len(made.Ancestors) != 0 {
		t.Errorf("got maker %+v and ancestors %v, want %+v and none", made.Maker, made.Ancestors, want)
	}
	child, _, err := s.service.CreateToken(t.Context(), pat.Identity{User: s.robot.ID, Selector: secret.Selector()}, pattest.Draft("child"))
	if err != nil || len(child.Ancestors) != 1 || child.Ancestors[0] != made.ID {
		t.Errorf("a child: got ancestors %v and error %v, want token %d", child.Ancestors, err, made.ID)
	}
	if _, err := s.service.RevokeDescendants(t.Context(), s.admin.Identity(), s.admin.Token.ID); err != nil {
		t.Fatal(err)
	}
	if got := len(pattest.Read(t, s.store, s.robot.ID).Tokens); got != 2 {
		t.Errorf("after revoking the Admin's token: got %d tokens of the robot, want 2", got)
	}
	removed, err := s.service.RevokeServiceToken(t.Context(), s.robot.ID, made.ID, true)
	if err != nil || len(removed) != 2 {
		t.Errorf("got %v removed and error %v, want both tokens", removed, err)
	}
}

// TestAdminAPITokenCreatesServiceTokens: without a maker or bounds, and without a key.
func TestAdminAPITokenCreatesServiceTokens(t *testing.T) {
	t.Parallel()
	s := newStaff(t, pat.Settings{})
	token, _, err := s.service.CreateServiceToken(t.Context(), adminAPI, s.robot.ID, pattest.Draft("ci"), nil)
	if err != nil || token.Maker != (pat.Maker{}) {
		t.Errorf("got maker %+v and error %v, want none", token.Maker, err)
	}
	key, err := pat.NewIdempotencyKey(s.admin.Secret, "k")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = s.service.CreateServiceToken(t.Context(), adminAPI, s.robot.ID, pattest.Draft("cd"), &key)
	pattest.WantKind(t, err, pat.KindInvalid)
	_, _, err = s.service.RotateServiceToken(t.Context(), adminAPI, s.robot.ID, 9, pat.Rotation{})
	pattest.WantKind(t, err, pat.KindNotFound)
}

// TestOnlyAdminsCreateServiceTokens also tries those who were Admins when their request was let in.
func TestOnlyAdminsCreateServiceTokens(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		caller func(*testing.T, staff) pattest.Holder
		want   pat.Kind
	}{
		"a Viewer":   {holderWith(pat.Viewer), pat.KindForbidden},
		"an Editor":  {holderWith(pat.Editor), pat.KindForbidden},
		"the robot":  {func(t *testing.T, s staff) pattest.Holder { return s.token(t, s.robot.ID, pattest.Draft("own")) }, pat.KindForbidden},
		"users:read": {adminWith("users:read"), pat.KindForbidden},
		"pats:write": {adminWith("pats:write"), pat.KindForbidden},
		"a demoted Admin": {func(t *testing.T, s staff) pattest.Holder {
			return s.change(t, func(p *pat.Profile) { p.Role = pat.Editor })
		}, pat.KindForbidden},
		"a disabled Admin": {func(t *testing.T, s staff) pattest.Holder {
			return s.change(t, func(p *pat.Profile) { p.Disabled = true })
		}, pat.KindUnauthenticated},
		"a revoked token":   {revokedAdmin, pat.KindUnauthenticated},
		"a deleted Admin":   {deletedAdmin, pat.KindUnauthenticated},
		"no such user":      {func(*testing.T, staff) pattest.Holder { return pattest.Holder{Account: pat.Account{ID: 99}} }, pat.KindUnauthenticated},
		"an expired secret": {expiredAdmin, pat.KindUnauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStaff(t, pat.Settings{})
			target := s.token(t, s.robot.ID, drafted(t, "target", time.Hour, "orders:read"))
			caller := c.caller(t, s)
			_, err := s.create(t, caller, drafted(t, "ci", 3*time.Hour, "orders:read"))
			pattest.WantKind(t, err, c.want)
			_, _, err = s.service.RotateServiceToken(t.Context(), as(caller), s.robot.ID, target.Token.ID, pat.Rotation{})
			pattest.WantKind(t, err, c.want)
		})
	}
}

func holderWith(role pat.Role) func(*testing.T, staff) pattest.Holder {
	return func(t *testing.T, s staff) pattest.Holder {
		t.Helper()
		return pattest.NewHolder(t, s.store, s.service, pattest.Profile("other", role))
	}
}

func adminWith(scope string) func(*testing.T, staff) pattest.Holder {
	return func(t *testing.T, s staff) pattest.Holder {
		t.Helper()
		return s.token(t, s.admin.Account.ID, drafted(t, scope, 4*time.Hour, scope, "orders:read"))
	}
}

// change changes the profile of a second Admin, and returns the Admin's holder as it was.
func (s staff) change(t *testing.T, edit func(*pat.Profile)) pattest.Holder {
	t.Helper()
	holder := holderWith(pat.Admin)(t, s)
	if _, err := s.service.UpdateUser(t.Context(), holder.Account.ID, edit); err != nil {
		t.Fatal(err)
	}
	return holder
}

func revokedAdmin(t *testing.T, s staff) pattest.Holder {
	t.Helper()
	if err := s.service.RevokeSelf(t.Context(), s.admin.Identity()); err != nil {
		t.Fatal(err)
	}
	return s.admin
}

func deletedAdmin(t *testing.T, s staff) pattest.Holder {
	t.Helper()
	holder := holderWith(pat.Admin)(t, s)
	if err := s.service.DeleteUser(t.Context(), holder.Account.ID); err != nil {
		t.Fatal(err)
	}
	return holder
}

func expiredAdmin(t *testing.T, s staff) pattest.Holder {
	t.Helper()
	holder := s.token(t, s.admin.Account.ID, drafted(t, "short", time.Minute))
	s.clock.Advance(time.Minute)
	return holder
}

// TestRevocationDuringServiceCreate revokes the Admin's token after it was checked, while another change makes the write start again.
func TestRevocationDuringServiceCreate(t *testing.T) {
	t.Parallel()
	s := newStaff(t, pat.Settings{})
	s.store.Before(pattest.CallReplaceAccount, func() {
		s.token(t, s.robot.ID, pattest.Draft("in between"))
		revokedAdmin(t, s)
	})
	_, err := s.create(t, s.admin, pattest.Draft("ci"))
	pattest.WantKind(t, err, pat.KindUnauthenticated)
	if got := len(pattest.Read(t, s.store, s.robot.ID).Tokens); got != 1 {
		t.Errorf("got %d tokens, want the one in between", got)
	}
}

// TestPersonsAreNoServiceAccounts: whatever is done to service accounts is refused for persons, and the other way round.
func TestPersonsAreNoServiceAccounts(t *testing.T) {
	t.Parallel()
	s := newStaff(t, pat.Settings{})
	person := pattest.NewHolder(t, s.store, s.service, pattest.Profile("ben", pat.Viewer))
	ctx, id, rename := t.Context(), person.Account.ID, func(p *pat.Profile) { p.Name = "x" }
	for name, do := range map[string]func() error{
		"create": func() error {
			_, _, err := s.service.CreateServiceToken(ctx, as(s.admin), id, pattest.Draft("ci"), nil)
			return err
		},
		"create by the admin API token": func() error {
			_, _, err := s.service.CreateServiceToken(ctx, adminAPI, id, pattest.Draft("ci"), nil)
			return err
		},
		"rotate": func() error {
			_, _, err := s.service.RotateServiceToken(ctx, as(s.admin), id, 1, pat.Rotation{})
			return err
		},
		"revoke":         func() error { _, err := s.service.RevokeServiceToken(ctx, id, 1, false); return err },
		"list":           func() error { _, err := s.service.ServiceTokens(ctx, id); return err },
		"read":           func() error { _, err := s.service.User(ctx, id, pat.ServiceAccount); return err },
		"update":         func() error { _, err := s.service.UpdateUser(ctx, id, rename, pat.ServiceAccount); return err },
		"delete":         func() error { return s.service.DeleteUser(ctx, id, pat.ServiceAccount) },
		"read a robot":   func() error { _, err := s.service.User(ctx, s.robot.ID, pat.UserAccount); return err },
		"update a robot": func() error { _, err := s.service.UpdateUser(ctx, s.robot.ID, rename, pat.UserAccount); return err },
		"delete a robot": func() error { return s.service.DeleteUser(ctx, s.robot.ID, pat.UserAccount) },
	} {
		if err := do(); pat.KindOf(err) != pat.KindNotFound || err == nil {
			t.Errorf("%s: got %v, want kind %d", name, err, pat.KindNotFound)
		}
	}
	if _, err := s.service.Authenticate(ctx, person.Secret); err != nil {
		t.Errorf("the person's token: got %v, want it valid", err)
	}
	if found, err := s.service.SearchUsers(ctx, s.robot.Username); err != nil || len(found) != 0 {
		t.Errorf("a search for the robot: got %v and %v, want nobody", found, err)
	}
}

// TestServiceTokensKeepTheLimits: the longest lifetime and the number of tokens hold for Admins too.
func TestServiceTokensKeepTheLimits(t *testing.T) {
	t.Parallel()
	s := newStaff(t, pat.Settings{MaxLifetime: pattest.Lifetime, MaxTokens: 2})
	_, err := s.create(t, s.admin, drafted(t, "ci", pattest.Lifetime+time.Millisecond))
	pattest.WantKind(t, err, pat.KindInvalid)
	for _, description := range []string{"one", "two"} {
		if _, err := s.create(t, s.admin, drafted(t, description, time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	_, err = s.create(t, s.admin, drafted(t, "three", time.Hour))
	pattest.WantKind(t, err, pat.KindLimit)
	_, _, err = s.service.RotateServiceToken(t.Context(), as(s.admin), s.robot.ID, 1, pat.Rotation{ExpiresAt: pattest.Start.Add(2 * pattest.Lifetime)})
	pattest.WantKind(t, err, pat.KindInvalid)
}

// TestServiceCreateIsRepeatable: by the same Admin's token and key, until the token is revoked, and for each service account apart.
func TestServiceCreateIsRepeatable(t *testing.T) {
	t.Parallel()
	s := newStaff(t, pat.Settings{})
	key, err := pat.NewIdempotencyKey(s.admin.Secret, "k")
	if err != nil {
		t.Fatal(err)
	}
	send := func(of pat.UserID, by pattest.Holder, description string) (pat.Token, pat.Secret, error) {
		return s.service.CreateServiceToken(t.Context(), as(by), of, pattest.Draft(description), &key)
	}
	first, secret, err := send(s.robot.ID, s.admin, "ci")
	if err != nil {
		t.Fatal(err)
	}
	again, same, err := send(s.robot.ID, s.admin, "ci")
	if err != nil || again.ID != first.ID || same.Reveal() != secret.Reveal() {
		t.Errorf("a repetition: got token %d and error %v, want token %d with its secret", again.ID, err, first.ID)
	}
	_, _, err = send(s.robot.ID, s.admin, "other")
	pattest.WantKind(t, err, pat.KindKeySpent)
	second := pattest.Service(t, s.store, "second", pat.Viewer)
	if other, differs, err := send(second.ID, s.admin, "ci"); err != nil || differs.Reveal() == secret.Reveal() || other.ID != 1 {
		t.Errorf("another service account: got token %d and error %v, want its own", other.ID, err)
	}
	_, _, err = send(s.robot.ID, s.token(t, s.admin.Account.ID, pattest.Draft("another")), "ci")
	pattest.WantKind(t, err, pat.KindUnauthenticated) // the key derives from another token than the one that is presented
	if _, err := s.service.RevokeServiceToken(t.Context(), s.robot.ID, first.ID, false); err != nil {
		t.Fatal(err)
	}
	_, _, err = send(s.robot.ID, s.admin, "ci")
	pattest.WantKind(t, err, pat.KindKeySpent)
}

// TestServiceTokensAreRotated by the Admin and by their holder, who learns why the replaced secret ended.
func TestServiceTokensAreRotated(t *testing.T) {
	t.Parallel()
	s := newStaff(t, pat.Settings{})
	holder := s.token(t, s.robot.ID, pattest.Draft("ci"))
	token, secret, err := s.service.RotateServiceToken(t.Context(), as(s.admin), s.robot.ID, holder.Token.ID, pat.Rotation{Overlap: time.Minute})
	if err != nil || token.ID != holder.Token.ID {
		t.Fatalf("got token %d and error %v, want token %d", token.ID, err, holder.Token.ID)
	}
	for _, works := range []pat.Secret{holder.Secret, secret} {
		if _, err := s.service.Authenticate(t.Context(), works); err != nil {
			t.Errorf("during the overlap: got %v, want both secrets valid", err)
		}
	}
	s.clock.Advance(time.Minute)
	if _, err := s.service.Authenticate(t.Context(), holder.Secret); err == nil || err.Error() != string(pat.ReasonRotated) {
		t.Errorf("the replaced secret: got %v, want %q", err, pat.ReasonRotated)
	}
	_, _, err = s.service.RotateSelf(t.Context(), pat.Identity{User: s.robot.ID, Selector: secret.Selector()}, pat.Rotation{Overlap: time.Minute})
	if err != nil {
		t.Errorf("by its holder: got %v, want success", err)
	}
}

// TestServiceAccountsAreListed in pages, with the tokens that are listed and without persons.
func TestServiceAccountsAreListed(t *testing.T) {
	t.Parallel()
	s := newStaff(t, pat.Settings{})
	second := pattest.Service(t, s.store, "second", pat.Admin)
	s.token(t, s.robot.ID, pattest.Draft("ci"))
	page, next, err := s.service.ServiceAccounts(t.Context(), 0, 1)
	if err != nil || len(page) != 1 || page[0].User.ID != s.robot.ID || len(page[0].Tokens) != 1 || next != s.robot.ID {
		t.Errorf("the first page: got %+v, next %d and error %v, want the robot with a token", page, next, err)
	}
	page, next, err = s.service.ServiceAccounts(t.Context(), next, 1)
	if err != nil || len(page) != 1 || page[0].User.ID != second.ID || len(page[0].Tokens) != 0 || next != 0 {
		t.Errorf("the last page: got %+v, next %d and error %v, want the second without tokens", page, next, err)
	}
	s.clock.Advance(pattest.Lifetime + pat.DefaultRetention)
	if page, _, err := s.service.ServiceAccounts(t.Context(), 0, 1); err != nil || len(page[0].Tokens) != 0 {
		t.Errorf("after the retention: got %+v and error %v, want no tokens", page, err)
	}
	if count, err := s.service.ServiceAdminCount(t.Context()); err != nil || count != 1 {
		t.Errorf("ServiceAdminCount: got %d and %v, want 1", count, err)
	}
}
