package attack_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/infra/testkit/deployed"
	"pats/infra/testkit/figures"
	"pats/infra/testkit/must"
	"pats/pkg/laptop"
	"pats/pkg/pat"
)

// samplesPerRound is the number of times that each measurement takes in a round.
const samplesPerRound = 40_000

// Kinds of texts that are presented, all with the token's selector and a right checksum, so that they reach the comparison.
const (
	right = iota
	// wrongFirst differs from the right text in the first random character of the secret, wrongLast in the last one.
	wrongFirst
	wrongLast
)

// holder is a user with one token made from random bytes: 8 of the selector and 37 of the secret.
type holder struct {
	bytes   []byte
	account pat.Account
	// whole is the token itself.
	whole string
}

func (t holder) verifier() pat.Verifier { return t.account.Tokens[0].Verifier }

// text returns a new string each time, so that all texts have the same place in memory.
func (t holder) text(kind int) string {
	random := bytes.Clone(t.bytes)
	switch kind {
	case wrongFirst:
		random[8] ^= 1
	case wrongLast:
		random[len(random)-1] ^= 1
	}
	return newSecret(random, int64(t.account.ID))
}

// TestTimingRevealsNothing measures whether response times distinguish a right secret from a wrong one, or reveal how much of a wrong
// one is right. A right token causes more work after the comparison, as it must. So right and wrong secrets are compared only in
// Verifier.Matches, and the whole authorizer between two wrong secrets: one that differs in its first character and one that differs
// in its last. The network is left out, since it can only hide a difference.
//
// Planted faults, comparisons that return at the first different character, show that each measurement finds them.
func TestTimingRevealsNothing(t *testing.T) {
	t.Parallel()
	rounds := figures.Rounds(t, 0)
	if rounds == 0 {
		// Also with CI=true: `make verify` runs it again with PATS_ROUNDS, while the machine does nothing else.
		t.Skip("PATS_ROUNDS is not set: `make verify` sets it to measure times")
	}
	m := measurement{t, mathrand.New(mathrand.NewPCG(figures.Seed(t), 0))}
	matches, earlyMatches := m.matching(constantTime), m.matching(earlyVerifier)
	samples, found := 0, 0
	for _, c := range []struct {
		name          string
		measure       measure
		first, second int
		// planted is set if the measurement must find a difference.
		planted bool
	}{
		{"a comparison of verifiers that returns early, right and wrong secret", earlyMatches, right, wrongFirst, true},
		{"a comparison of texts that returns early, first and last character wrong", m.matching(earlyText), wrongFirst, wrongLast, true},
		{"an authorizer that also compares texts, first and last character wrong", m.authorizing(earlyText), wrongFirst, wrongLast, true},
		{"Matches, right secret and first character wrong", matches, right, wrongFirst, false},
		{"Matches, right secret and last character wrong", matches, right, wrongLast, false},
		{"Matches, first and last character wrong", matches, wrongFirst, wrongLast, false},
		{"the authorizer, first and last character wrong", m.authorizing(nil), wrongFirst, wrongLast, false},
	} {
		got := m.compare(c.name, rounds*samplesPerRound, c.measure, c.first, c.second)
		if got.distinguishable() != c.planted {
			t.Errorf("seed %d, %s: got a difference of %.1f ns (t = %.1f), found %t, want %t",
				figures.Seed(t), c.name, got.difference, got.t, !c.planted, c.planted)
		}
		if !c.planted {
			samples += got.samples
			if got.distinguishable() {
				found++
			}
		}
	}
	figures.Print(t, "timing", figures.Count{Name: "samples", N: samples}, figures.Count{Name: "distinguishable", N: found})
}

// measure presents the text and returns the time it took.
type measure func(of holder, text string) time.Duration

// measurement measures times, each with another holder: times depend on the texts, so that among a few texts one kind would be
// slower by chance.
type measurement struct {
	t      *testing.T
	random *mathrand.Rand
}

// compare measures n times, each with a text of the first or the second kind at random, and logs the result.
func (m measurement) compare(name string, n int, take measure, first, second int) comparison {
	m.t.Helper()
	kinds := [2]int{first, second}
	var times [2][]float64
	for range n {
		of, i := m.newHolder(), m.random.IntN(2)
		took := take(of, of.text(kinds[i]))
		// Spread the clock's ticks, since a crop at a tick would separate equal times.
		times[i] = append(times[i], float64(took.Nanoseconds())+m.random.Float64())
	}
	got := compare(times[0], times[1])
	m.t.Logf("%s: %d samples, t = %.1f at most, with a difference of %.1f ns in the quickest %.0f %%",
		name, n, got.t, got.difference, 100*got.crop)
	return got
}

// matching measures a comparison of the record with the secret presented.
func (m measurement) matching(matches func(holder, pat.Secret) bool) measure {
	hits := 0
	m.t.Cleanup(func() { m.t.Logf("%d matches", hits) }) // so that the compiler cannot remove a comparison
	return func(of holder, text string) time.Duration {
		secret, err := pat.ParseSecret(text)
		must.Do(m.t, err)
		begin := time.Now()
		match := matches(of, secret)
		took := time.Since(begin)
		if match {
			hits++
		}
		return took
	}
}

func constantTime(of holder, s pat.Secret) bool { return of.verifier().Matches(s) }

// earlyVerifier plants the fault: it returns at the first different character.
func earlyVerifier(of holder, s pat.Secret) bool {
	return equalUntil(string(of.verifier()), string(s.Verifier()))
}

// earlyText plants the fault of a service that stores tokens themselves.
func earlyText(of holder, s pat.Secret) bool { return equalUntil(of.whole, s.Reveal()) }

func equalUntil(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// authorizing measures the authorizer on an immediate store. Unless it is nil, also runs as a part of the authorizer.
func (m measurement) authorizing(also func(holder, pat.Secret) bool) measure {
	m.t.Helper()
	stack, err := laptop.Read(nil)
	must.Do(m.t, err)
	store := &instant{}
	authorize := stack.Functions(store, pat.SystemEnv(slog.New(slog.DiscardHandler))).Authorizers[deployed.AuthorizerFunction]
	event := events.APIGatewayCustomAuthorizerRequest{
		Type: "TOKEN", MethodArn: "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/GET/api/admin/user/tokens",
	}
	return func(of holder, text string) time.Duration {
		secret, err := pat.ParseSecret(text)
		must.Do(m.t, err)
		store.only.Store(&of)
		event.AuthorizationToken = text
		begin := time.Now()
		got, err := authorize(m.t.Context(), event)
		if also != nil {
			also(of, secret)
		}
		took := time.Since(begin)
		if err != nil || got.PolicyDocument.Statement[0].Effect != "Deny" {
			m.t.Fatalf("got %+v and error %v, want a denial", got, err)
		}
		return took
	}
}

func (m measurement) newHolder() holder {
	m.t.Helper()
	random := make([]byte, 8+37)
	for i := range random {
		random[i] = byte(m.random.IntN(256))
	}
	const user = 1
	secret, err := pat.ParseSecret(newSecret(random, user))
	must.Do(m.t, err)
	now := time.Now().UTC()
	return holder{random, pat.Account{
		ID: user, Profile: pat.Profile{Username: "holder", Role: pat.Viewer}, CreatedAt: now, NextTokenID: 2, Version: 1,
		Tokens: []pat.Token{{
			ID: 1, Description: "own", Scopes: pat.Unscoped(), Selector: secret.Selector(), Verifier: secret.Verifier(), CreatedAt: now, ExpiresAt: now.Add(24 * time.Hour),
		}},
	}, secret.Reveal()}
}

// instant is a read-only store of one user that responds immediately.
type instant struct {
	pat.Store
	only atomic.Pointer[holder]
}

func (s *instant) Account(context.Context, pat.UserID) (pat.Account, error) {
	return s.only.Load().account, nil
}

// newSecret returns a token with a right checksum whose random bytes begin with begin, or "" if it fails.
func newSecret(begin []byte, user int64) string {
	secret, err := pat.NewSecret(io.MultiReader(bytes.NewReader(begin), rand.Reader), pat.UserID(user))
	if err != nil {
		return ""
	}
	return secret.Reveal()
}
