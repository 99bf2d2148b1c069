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

// The number of times measured in each round.
const (
	quickSamples = 40_000
	httpSamples  = 2_000
)

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
// Verifier.Matches, and whole requests, in process and over HTTP, between two wrong secrets: one that differs in its first character
// and one that differs in its last.
//
// Each comparison logs the smallest difference that it would have found. Planted faults show that it finds comparisons that return
// at the first different character, and over HTTP a delay of twice the difference that it logs.
func TestTimingRevealsNothing(t *testing.T) {
	t.Parallel()
	rounds := figures.Rounds(t, 0)
	if rounds == 0 {
		// Also with CI=true: `make verify` runs it again with PATS_ROUNDS, while the machine does nothing else.
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
		{"over HTTP, first and last character wrong", rounds * httpSamples, m.requesting(0), wrongFirst, wrongLast},
	} {
		got, least := m.compare(c.name, c.n, c.measure, c.first, c.second)
		samples += got.samples
		if got.distinguishable() {
			found++
			t.Errorf("seed %d, %s: got a difference of %.1f ns (t = %.1f), want none", figures.Seed(t), c.name, got.difference, got.t)
		}
		if strings.HasPrefix(c.name, "over HTTP") {
			delay := time.Duration(2 * least)
			m.wantFound(fmt.Sprintf("over HTTP, the last character wrong delayed by %v", delay), c.n, m.requesting(delay), c.first, c.second)
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

// compare measures n times, each with a text of the first or the second kind at random, and logs the result. least is the smallest
// difference that would have been found.
func (m measurement) compare(name string, n int, take measure, first, second int) (got comparison, least float64) {
	m.t.Helper()
	kinds := [2]int{first, second}
	var times [2][]float64
	for range n {
		of, i := m.newHolder(), m.random.IntN(2)
		took := take(of, of.text(kinds[i]))
		// Spread the clock's ticks, since a crop at a tick would separate equal times.
		times[i] = append(times[i], float64(took.Nanoseconds())+m.random.Float64())
	}
	got, least = compare(times[0], times[1]), detectable(times[0], times[1])
	m.t.Logf("%s: %d samples, t = %.1f at most, with a difference of %.1f ns in the quickest %.0f %%; one of %.1f ns would be found in 99 of 100 runs",
		name, n, got.t, got.difference, 100*got.crop, least)
	return got, least
}

// wantFound fails the test unless the measurement finds a planted difference.
func (m measurement) wantFound(name string, n int, take measure, first, second int) {
	m.t.Helper()
	if got, _ := m.compare(name, n, take, first, second); !got.distinguishable() {
		m.t.Errorf("%s: got no difference (t = %.1f), want it found", name, got.t)
	}
}

// matching measures a comparison of the record with the secret presented.
func (m measurement) matching(matches func(holder, pat.Secret) bool) measure {
	hits := 0
	m.t.Cleanup(func() { m.t.Logf("%d matches", hits) }) // so that the compiler cannot remove a comparison
	return func(of holder, text string) time.Duration {
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

// authenticating measures Service.Authenticate on an immediate store.
func (m measurement) authenticating() measure {
	store := &instant{}
	service := pat.NewService(store, pat.DefaultRetention, pat.SystemEnv(slog.New(slog.DiscardHandler)))
	ctx := m.t.Context()
	return func(of holder, text string) time.Duration {
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

// requesting measures a request over HTTP, on one connection, to a gateway without a cache. The authorizer delays texts whose last
// character is wrong.
func (m measurement) requesting(delay time.Duration) measure {
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
	responses := bufio.NewReader(conn)
	return func(of holder, text string) time.Duration {
		store.only.Store(&of)
		request := []byte("GET /api/admin/user/tokens HTTP/1.1\r\nHost: " + address + "\r\nAuthorization: " + text + "\r\n\r\n")
		begin := time.Now()
		_, err := conn.Write(request)
		if err == nil {
			_, err = responses.Peek(1)
		}
		took := time.Since(begin)
		m.wantRefused(responses, err)
		return took
	}
}

func (m measurement) wantRefused(responses *bufio.Reader, err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
	response, err := http.ReadResponse(responses, nil)
	if err != nil {
		m.t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if err != nil || response.StatusCode != http.StatusUnauthorized {
		m.t.Fatalf("got status %d and error %v, want a 401", response.StatusCode, err)
	}
}

// late returns an authorizer that delays texts whose last character is wrong.
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

func (m measurement) newHolder() holder {
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
	return holder{random, pat.Account{
		ID: user, Profile: pat.Profile{Username: "holder", Role: pat.Viewer}, CreatedAt: now, NextTokenID: 2, Version: 1,
		Tokens: []pat.Token{{
			ID: 1, Description: "own", Selector: secret.Selector(), Verifier: secret.Verifier(), CreatedAt: now, ExpiresAt: now.Add(24 * time.Hour),
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
