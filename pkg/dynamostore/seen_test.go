package dynamostore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// seenNames returns the number of tokens with a recorded use.
func (f *fixture) seenNames(t *testing.T, id pat.UserID) int {
	t.Helper()
	seen, ok := f.read(t, fmt.Sprintf("USER#%d", id), "SEEN")["seen"].(*types.AttributeValueMemberM)
	if !ok {
		t.Fatal("there is no record of uses")
	}
	return len(seen.Value)
}

// TestChurn creates, uses and revokes many tokens next to one that stays, such as that of a CI job.
func TestChurn(t *testing.T) {
	t.Parallel()
	const rounds = 60
	f := newFixture(t)
	h := f.holder(t)
	if _, err := f.service.Authenticate(t.Context(), h.Secret); err != nil {
		t.Fatal(err)
	}
	f.probe.forget()
	for range rounds {
		token, secret, err := f.service.CreateToken(t.Context(), h.Identity(), pattest.Draft("short-lived"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.service.Authenticate(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
		if err := f.service.RevokeToken(t.Context(), h.Identity(), token.ID); err != nil {
			t.Fatal(err)
		}
		if got, most := f.seenNames(t, h.Account.ID), 2*pat.MaxTokens; got > most {
			t.Fatalf("%d tokens are on record, want at most %d", got, most)
		}
	}
	if got, most := f.probe.made()[update], rounds+rounds/pat.MaxTokens; got > most {
		t.Errorf("got %d writes for %d uses, want at most %d", got, rounds, most)
	}
	equal(t, "the use of the token that stays", pattest.Read(t, f.store, h.Account.ID).Tokens[0].SeenAt, pattest.Start)
}

// TestForgetSparesNewTokens records a use with an account that was read before another token was created and used.
func TestForgetSparesNewTokens(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	f.recordGone(t, h, pat.MaxTokens)
	stale := pattest.Read(t, f.store, h.Account.ID)

	made, secret, err := f.service.CreateToken(t.Context(), h.Identity(), pattest.Draft("another"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.service.Authenticate(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	f.recordGone(t, h, pat.MaxTokens)
	if err := f.store.MarkSeen(t.Context(), stale, h.Token.ID, pattest.Start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	after := pattest.Read(t, f.store, h.Account.ID)
	made.SeenAt = pattest.Start
	equal(t, "the token that was made meanwhile", after.Tokens[1], made)
}

// recordGone records uses of n tokens that are created and revoked before the holder's account is read again.
func (f *fixture) recordGone(t *testing.T, h pattest.Holder, n int) {
	t.Helper()
	account := pattest.Read(t, f.store, h.Account.ID)
	before := account
	seen := f.read(t, fmt.Sprintf("USER#%d", account.ID), "SEEN")
	times, _ := seen["seen"].(*types.AttributeValueMemberM)
	for range n {
		times.Value[fmt.Sprint(account.NextTokenID)] = &types.AttributeValueMemberN{Value: "1"}
		account.NextTokenID++
	}
	if err := f.store.ReplaceAccount(t.Context(), before, account); err != nil {
		t.Fatal(err)
	}
	f.write(t, seen)
}

// TestForgetManyAtOnce checks that each write stays within DynamoDB's limits, however many uses it must remove.
func TestForgetManyAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	f.recordGone(t, h, 1000)
	account := pattest.Read(t, f.store, h.Account.ID)
	for i := range 10 {
		if err := f.store.MarkSeen(t.Context(), account, h.Token.ID, pattest.Start.Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatalf("use %d: %v", i+1, err)
		}
	}
	equal(t, "tokens on record", f.seenNames(t, h.Account.ID), 1)
}

// TestLateUseOfDeletedUser checks that a late use brings back no part of a deleted user.
func TestLateUseOfDeletedUser(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.holder(t)
	editor := f.editor(t, "bob")
	if err := f.store.DeleteAccount(t.Context(), editor); err != nil {
		t.Fatal(err)
	}
	if err := f.store.MarkSeen(t.Context(), editor, 1, pattest.Start); err != nil {
		t.Errorf("MarkSeen: %v", err)
	}
	for _, sk := range []string{"ACCOUNT", "SEEN"} {
		if raw := f.read(t, fmt.Sprintf("USER#%d", editor.ID), sk); raw != nil {
			t.Errorf("%s is there: %v", sk, raw)
		}
	}
}

// TestUseDuringTransaction records a use while the user is being deleted, which has no effect and is not an error.
func TestUseDuringTransaction(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	f.probe.plan(update, plan{refuse: operationError(update, &types.TransactionConflictException{})})
	if err := f.store.MarkSeen(t.Context(), h.Account, h.Token.ID, pattest.Start); err != nil {
		t.Errorf("MarkSeen: %v", err)
	}
}
