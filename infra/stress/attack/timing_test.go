package attack_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/infra/testkit/figures"
	"pats/pkg/gateway"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
)

// How many times are taken in each round.
const (
	quickSamples = 40_000
	httpSamples  = 2_000
)

// What can be presented for a token: texts with its selector and a right checksum, so that they reach the comparison.
const (
	right = iota
	// wrongFirst differs from the right one in the first of its random characters, wrongLast in the last of them.
	wrongFirst
	wrongLast
)

// target is a user with a token that was made of these random bytes: 8 of the selector and 37 of the secret.
type target struct {
	bytes   []byte
	account pat.Account
	// whole is the token itself, which no account has.
	whole string
}

func (t target) verifier() pat.Verifier { return t.account.Tokens[0].Verifier }

// text makes what is presented anew each time, so that all texts lie in memory alike.
func (t target) text(kind int) string {
	random := bytes.Clone(t.bytes)
	switch kind {
	case wrongFirst:
		random[8] ^= 1
	case wrongLast:
		random[len(random)-1] ^= 1
	}
	return newSecret(random, int64(t.account.ID))
}

// TestTimingTellsNothing measures whether the time that an answer takes tells a right secret from a wrong one, or how much of a
// wrong one is right. A right token does more work after the comparison: its use is recorded and its holder let through, which is
// what it is for. So right and wrong are compared where that work is not yet done, in Verifier.Matches, and the whole, in process
// and over HTTP, is compared between two wrong secrets: one that differs in its first character and one in its last.
//
// Each comparison states the smallest difference that it would have found. The measurement is shown to find comparisons that
// return at the first character that differs, and over HTTP a delay of twice what it states.
func TestTimingTellsNothing(t *testing.T) {
	t.Parallel()
	rounds := figures.Rounds(t, 0)
	if rounds == 0 {
		// Also where CI=true: `make verify` runs it again with PATS_ROUNDS, on a machine that does nothing else meanwhile.
		t.Skip("PATS_ROUNDS is not set: `make verify` sets it to measure times")
	}
	random := mathrand.New(mathrand.NewPCG(figures.Seed(t), 0))
	m := measurement{t, random}

	m.wantFound("a comparison of verifiers that returns early, right and wrong secret", rounds*quickSamples, m.matching(earlyVerifier), right, wrongFirst)
	m.wantFound("a comparison of texts that returns early, first and last character wrong", rounds*quickSamples, m.matching(earlyText), wrongFirst, wrongLast)

	samples, found := 0, 0
	for _, c := range []struct {
		name          string
		n             int
		measure       measure
		first, second int
	}{
		{"Matches, right secret and first character wrong", rounds * quickSamples, m.matching(constantTime), right, wrongFirst},
		{"Matches, right secret and last character wrong", rounds * quickSamples, m.matching(constantTime), right, wrongLast},
		{"Matches, first and last character wrong", rounds * quickSamples, m.matching(constantTime), wrongFirst, wrongLast},
		{"Authenticate, first and last character wrong", rounds * quickSamples, m.authenticating(), wrongFirst, wrongLast},
		{"over HTTP, first and last character wrong", rounds * httpSamples, m.asking(0), wrongFirst, wrongLast},
	} {
		got, least := m.compare(c.name, c.n, c.measure, c.first, c.second)
		samples += got.samples
		if got.distinguishable() {
			found++
			t.Errorf("seed %d, %s: got a difference of %.1f ns (t = %.1f), want none", figures.Seed(t), c.name, got.difference, got.t)
		}
		if strings.HasPrefix(c.name, "over HTTP") {
			delay := time.Duration(2 * least)
			m.wantFound(fmt.Sprintf("over HTTP, the last character wrong answered %v later", delay), c.n, m.asking(delay), c.first, c.second)
		}
	}
	figures.Print(t, "timing", figures.Count{Name: "samples", N: samples}, figures.Count{Name: "distinguishable", N: found})
}

// measure does something with the text, and gives how long that took.
type measure func(of target, text string) time.Duration

// measurement takes times, each of a target of its own: some texts take longer than others for what is in them, and of a few
// that are measured again and again one kind would be the slower one by chance.
type measurement struct {
	t      *testing.T
	random *mathrand.Rand
}

// compare takes n times, each of the first or the second kind as chance has it, and logs what they tell. least is the smallest
// difference that would have been found.
func (m measurement) compare(name string, n int, take measure, first, second int) (got comparison, least float64) {
	m.t.Helper()
	kinds := [2]int{first, second}
	var times [2][]float64
	for range n {
		of, i := m.newTarget(), m.random.IntN(2)
		took := take(of, of.text(kinds[i]))
		// A clock's ticks are spread evenly, since a crop at a tick would be one between its ties.
		times[i] = append(times[i], float64(took.Nanoseconds())+m.random.Float64())
	}
	got, least = compare(times[0], times[1]), detectable(times[0], times[1])
	m.t.Logf("%s: %d samples, t = %.1f at most, with a difference of %.1f ns in the quickest %.0f %%; one of %.1f ns would be found in 99 of 100 runs",
		name, n, got.t, got.difference, 100*got.crop, least)
	return got, least
}

// wantFound fails the test unless the measurement sees a difference that is there.
func (m measurement) wantFound(name string, n int, take measure, first, second int) {
	m.t.Helper()
	if got, _ := m.compare(name, n, take, first, second); !got.distinguishable() {
		m.t.Errorf("%s: got no difference (t = %.1f), want it found", name, got.t)
	}
}

// matching times a comparison of the record with what is presented.
func (m measurement) matching(matches func(target, pat.Secret) bool) measure {
	hits := 0
	m.t.Cleanup(func() { m.t.Logf("%d matches", hits) }) // so that no comparison can be left out
	return func(of target, text string) time.Duration {
		secret, err := pat.ParseSecret(text)
		if err != nil {
			m.t.Fatal(err)
		}
		begin := time.Now()
		match := matches(of, secret)
		took := time.Since(begin)
		if match {
			hits++
		}
		return took
	}
}

func constantTime(of target, s pat.Secret) bool { return of.verifier().Matches(s) }

// earlyVerifier is the planted fault: it returns at the first character that differs.
func earlyVerifier(of target, s pat.Secret) bool {
	return equalUntil(string(of.verifier()), string(s.Verifier()))
}

// earlyText is the planted fault of a service that keeps tokens as they are.
func earlyText(of target, s pat.Secret) bool { return equalUntil(of.whole, s.Reveal()) }

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

// authenticating times Service.Authenticate on a store that answers at once.
func (m measurement) authenticating() measure {
	store := &instant{}
	service := pat.NewService(store, pat.DefaultRetention, pat.SystemEnv(slog.New(slog.DiscardHandler)))
	ctx := m.t.Context()
	return func(of target, text string) time.Duration {
		secret, err := pat.ParseSecret(text)
		if err != nil {
			m.t.Fatal(err)
		}
		store.only.Store(&of)
		begin := time.Now()
		_, err = service.Authenticate(ctx, secret)
		took := time.Since(begin)
		if pat.KindOf(err) != pat.KindUnauthenticated {
			m.t.Fatalf("got %v, want a refusal", err)
		}
		return took
	}
}

// asking times a request over HTTP, on one connection, to a stack whose gateway keeps no answers. The authorizer takes so much
// longer for a text with its last character wrong.
func (m measurement) asking(delay time.Duration) measure {
	store := &instant{}
	slow := func(functions gateway.Functions) gateway.Functions {
		functions.Authorizers[authorizerFunction] = late(functions.Authorizers[authorizerFunction], delay, store)
		return functions
	}
	server := laptoptest.Serve(m.t, store, laptoptest.Options{Parameters: map[string]string{"AuthorizerTtlSeconds": "0"}, Wrap: slow})
	address := strings.TrimPrefix(server.URL, "http://")
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(m.t.Context(), "tcp", address)
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { _ = conn.Close() })
	answers := bufio.NewReader(conn)
	return func(of target, text string) time.Duration {
		store.only.Store(&of)
		request := []byte("GET /api/admin/user/tokens HTTP/1.1\r\nHost: " + address + "\r\nAuthorization: " + text + "\r\n\r\n")
		begin := time.Now()
		_, err := conn.Write(request)
		if err == nil {
			_, err = answers.Peek(1)
		}
		took := time.Since(begin)
		m.wantRefused(answers, err)
		return took
	}
}

func (m measurement) wantRefused(answers *bufio.Reader, err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
	response, err := http.ReadResponse(answers, nil)
	if err != nil {
		m.t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if err != nil || response.StatusCode != http.StatusUnauthorized {
		m.t.Fatalf("got status %d and error %v, want a 401", response.StatusCode, err)
	}
}

// late is an authorizer that takes longer for a text with its last character wrong.
func late(authorizer gateway.AuthorizerFunction, delay time.Duration, store *instant) gateway.AuthorizerFunction {
	return func(ctx context.Context, event events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error) {
		response, err := authorizer(ctx, event)
		begin, isLate := time.Now(), event.AuthorizationToken == store.only.Load().text(wrongLast)
		for end := time.Since(begin) + delay; isLate && time.Since(begin) < end; {
			continue
		}
		return response, err
	}
}

func (m measurement) newTarget() target {
	m.t.Helper()
	random := make([]byte, 8+37)
	for i := range random {
		random[i] = byte(m.random.IntN(256))
	}
	const user = 1
	secret, err := pat.ParseSecret(newSecret(random, user))
	if err != nil {
		m.t.Fatal(err)
	}
	now := time.Now().UTC()
	return target{random, pat.Account{
		ID: user, Profile: pat.Profile{Username: "target", Role: pat.Viewer}, CreatedAt: now, NextTokenID: 2, Version: 1,
		Tokens: []pat.Token{{
			ID: 1, Description: "own", Selector: secret.Selector(), Verifier: secret.Verifier(), CreatedAt: now, ExpiresAt: now.Add(24 * time.Hour),
		}},
	}, secret.Reveal()}
}

// instant is a store of one user that answers at once. It can be read only.
type instant struct {
	pat.Store
	only atomic.Pointer[target]
}

func (s *instant) Account(context.Context, pat.UserID) (pat.Account, error) {
	return s.only.Load().account, nil
}
