package dynamostore_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

var (
	lost    = plan{lose: true}
	unsent  = plan{refuse: networkError(transact)}
	meeting = plan{refuse: operationError(transact, &types.TransactionCanceledException{
		CancellationReasons: []types.CancellationReason{{Code: aws.String("None")}, {Code: aws.String("TransactionConflict")}},
	})}
)

func TestCreateTokenWithoutAnswer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	f.probe.plan(put, lost)
	made, secret, err := f.service.CreateToken(t.Context(), h.Identity(), pattest.Draft("another"))
	if err != nil {
		t.Fatalf("CreateToken: %v", err)
	}
	equal(t, "tokens", pattest.Read(t, f.store, h.Account.ID).Tokens, []pat.Token{h.Token, made})
	if _, err := f.service.Authenticate(t.Context(), secret); err != nil {
		t.Errorf("the token is refused: %v", err)
	}
}

func TestRevokeTokenWithoutAnswer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	f.probe.plan(put, lost)
	if err := f.service.RevokeUserToken(t.Context(), h.Account.ID, h.Token.ID); err != nil {
		t.Fatalf("RevokeUserToken: %v", err)
	}
	equal(t, "tokens", len(pattest.Read(t, f.store, h.Account.ID).Tokens), 0)
}

func TestDisableUserWithoutAnswer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.holder(t)
	editor := f.editor(t, "bob")
	f.probe.plan(transact, lost)
	if err := pattest.SetDisabled(t.Context(), f.service, editor.ID, true); err != nil {
		t.Fatalf("SetDisabled: %v", err)
	}
	after := pattest.Read(t, f.store, editor.ID)
	equal(t, "disabled", after.Disabled, true)
	equal(t, "version", after.Version, editor.Version+1)
}

func TestDeleteUserWithoutAnswer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	editor := f.editor(t, "bob")
	f.probe.plan(transact, lost)
	if err := f.service.DeleteUser(t.Context(), editor.ID); err != nil {
		t.Fatalf("DeleteUser: %v", err)
	}
	_, err := f.store.Account(t.Context(), editor.ID)
	pattest.WantKind(t, err, pat.KindNotFound)
	f.editor(t, "bob") // the name is free again
}

func TestCreateUserTriesAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		plans []plan
	}{
		{"the answer was lost", []plan{lost}},
		{"the request was lost", []plan{unsent}},
		{"other transactions came first", []plan{meeting, meeting, meeting}},
		{"another transaction, then the answer was lost", []plan{meeting, lost}},
		{"the answer was lost, then another transaction", []plan{lost, meeting}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.probe.plan(transact, test.plans...)
			made, err := f.service.CreateUser(t.Context(), pattest.Profile("ann", pat.Admin))
			if err != nil {
				t.Fatalf("CreateUser: %v", err)
			}
			equal(t, "commits", f.probe.made()[transact], len(test.plans)+1)
			equal(t, "account", pattest.Read(t, f.store, made.ID), made)
			// The user is counted once: with two, this one could go.
			pattest.WantKind(t, f.service.DeleteUser(t.Context(), made.ID), pat.KindLastAdmin)
		})
	}
}

func TestCreateUserGivesUp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		plans []plan
		want  pat.Kind
	}{
		{"no request arrives", []plan{unsent, unsent}, pat.KindUnavailable},
		{"it always meets another transaction", repeated(meeting, 100), pat.KindUnavailable},
		{"DynamoDB refuses", []plan{{refuse: operationError(transact, &types.ResourceNotFoundException{})}}, pat.KindInternal},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.probe.plan(transact, test.plans...)
			_, err := f.service.CreateUser(t.Context(), pattest.Profile("ann", pat.Admin))
			pattest.WantKind(t, err, test.want)
			users, err := f.service.Users(t.Context(), 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "users", len(users), 0)
		})
	}
}

func repeated(p plan, times int) []plan {
	plans := make([]plan, times)
	for i := range plans {
		plans[i] = p
	}
	return plans
}

// TestCreateUserIsOvertaken loses a request, and has another caller take the name before it is sent again.
func TestCreateUserIsOvertaken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	rival := pattest.Profile("ann", pat.Editor)
	f.probe.plan(transact, unsent, plan{before: func() { pattest.Account(t, f.store, rival) }})
	_, err := f.service.CreateUser(t.Context(), pattest.Profile("ann", pat.Admin))
	pattest.WantKind(t, err, pat.KindUserExists)
}

// TestTakenIDIsNotOwn checks that an account which exists already counts as created by the call only after a commit without a response.
func TestTakenIDIsNotOwn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.editor(t, "ann")
	counter := f.read(t, "SYSTEM", "USERS")
	counter["lastId"] = &types.AttributeValueMemberN{Value: "0"}
	f.write(t, counter)
	_, err := f.service.CreateUser(t.Context(), pattest.Profile("bob", pat.Admin))
	pattest.WantKind(t, err, pat.KindInternal)
	equal(t, "the first account", pattest.Read(t, f.store, first.ID), first)
}

func TestCreateUserHeedsItsContext(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.probe.plan(transact, plan{before: cancel, refuse: meeting.refuse})
	_, err := f.service.CreateUser(ctx, pattest.Profile("ann", pat.Admin))
	pattest.WantKind(t, err, pat.KindUnavailable)
	equal(t, "commits", f.probe.made()[transact], 1)
}

func TestImportWithoutAnswer(t *testing.T) {
	t.Parallel()
	for name, plans := range map[string][]plan{"lost": {lost}, "unsent": {unsent}, "meeting": {meeting, meeting}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.probe.plan(transact, plans...)
			if err := f.bring(t.Context()); err != nil {
				t.Fatalf("ImportUser: %v", err)
			}
			equal(t, "tokens", len(pattest.Read(t, f.store, 7).Tokens), 1)
			equal(t, "version", pattest.Read(t, f.store, 7).Version, 1)
		})
	}
}
