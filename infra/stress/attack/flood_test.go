package attack_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"io"
	mathrand "math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"pats/infra/testkit/deployed"
	"pats/infra/testkit/figures"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// The numbers of requests in a flood and in a small one, and of those that are concurrent.
const (
	floodRequests = 200
	smallFlood    = 50
	concurrency   = 8
)

// flood is one kind of junk, and its expected cost.
type flood struct {
	name string
	// header returns the next junk header. holder is a valid token.
	header func(random *mathrand.Rand, holder string) string
	// authorizes and reads are the invocations of the authorizer and the reads of the store for each request.
	authorizes, reads int
}

var floods = []flood{
	{name: "not of the form of a token", header: malformed},
	{name: "an unknown admin API token", header: unknownAdmin, authorizes: 1},
	{name: "a wrong checksum", header: mistyped, authorizes: 1},
	{name: "no such user", header: ofNobody, authorizes: 1, reads: 1},
	{name: "no such selector", header: ofHolder, authorizes: 1, reads: 1},
	{name: "a wrong secret", header: forged, authorizes: 1, reads: 1},
}

// cost is the measured cost of a flood.
type cost struct {
	requests int
	// functions are the invocations of the functions behind the authorizer.
	authorizes, functions, reads, others int
}

// TestFloods: junk without the form of a token costs no invocation, junk with a wrong checksum costs no read, and any other costs one
// read. No function behind the authorizer runs, and nothing is written.
func TestFloods(t *testing.T) {
	t.Parallel()
	total := cost{}
	run, read := 0, 0
	for round := range figures.Rounds(t, 1) {
		seed := figures.Seed(t) + uint64(round)
		f := newFloodable(t, nil)
		for _, kind := range floods {
			got := f.sendAll(t, kind, seed, floodRequests)
			if want := kind.cost(got.requests); got != want {
				t.Errorf("seed %d, %s: got %+v, want %+v", seed, kind.name, got, want)
			}
			total.requests += got.requests
			run += got.functions
			if kind.authorizes == 0 {
				run += got.authorizes
			}
			if kind.reads == 0 {
				read += got.reads
			}
		}
		f.must(t, getFrom(deployed.TokensPath), f.holder)
	}
	figures.Print(t, "flood", figures.Count{Name: "requests", N: total.requests},
		figures.Count{Name: "functions_run_on_junk", N: run}, figures.Count{Name: "reads_on_junk", N: read})
}

func (f flood) cost(requests int) cost {
	return cost{requests: requests, authorizes: requests * f.authorizes, reads: requests * f.reads}
}

// TestFloodOfOneToken: the denial is cached, so that repeating one made-up token costs one invocation and one read.
func TestFloodOfOneToken(t *testing.T) {
	t.Parallel()
	f := newFloodable(t, nil)
	made := ofNobody(mathrand.New(mathrand.NewPCG(1, 0)), f.holder)
	same := flood{header: func(*mathrand.Rand, string) string { return made }}
	f.must(t, getFrom(deployed.TokensPath), f.holder)
	f.sendOne(t, made)
	if got := f.sendAll(t, same, 1, smallFlood); got != same.cost(got.requests) {
		t.Errorf("got %+v, want no invocation and no read", got)
	}
}

// TestFloodThatRunsFunctionsIsFound plants the fault: requests that reach a function, which reads.
func TestFloodThatRunsFunctionsIsFound(t *testing.T) {
	t.Parallel()
	f := newFloodable(t, nil)
	f.paths = []string{deployed.TokensPath}
	f.sendOne(t, f.holder)
	got := f.sendAll(t, flood{header: func(_ *mathrand.Rand, holder string) string { return holder }}, 1, smallFlood)
	if want := (cost{requests: smallFlood, functions: smallFlood, reads: smallFlood}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestFloodThatReadsIsFound plants the fault: while imported tokens are accepted, a wrong checksum costs a read.
func TestFloodThatReadsIsFound(t *testing.T) {
	t.Parallel()
	f := newFloodable(t, map[string]string{"AcceptImportedTokens": "true"})
	got := f.sendAll(t, flood{header: mistyped}, 1, smallFlood)
	if want := (cost{requests: smallFlood, authorizes: smallFlood, reads: smallFlood}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// floodable is an env whose store counts its calls, with one user who has a token.
type floodable struct {
	*env
	calls  *pattest.Faulty
	holder string
	paths  []string
}

func newFloodable(t *testing.T, parameters map[string]string) *floodable {
	t.Helper()
	calls := pattest.NewFaulty(laptoptest.NewStore(t))
	f := &floodable{env: newEnv(t, calls, options{parameters: parameters}), calls: calls}
	_, f.holder = f.newToken(t, f.newUser(t, pat.Profile{Username: "holder", Role: pat.Admin}), "own", time.Hour)
	f.paths = []string{"/", "/nope"}
	for _, r := range routes(t, nobody) {
		f.paths = append(f.paths, r.Path)
	}
	return f
}

// sendAll sends junk requests, and returns their cost.
func (f *floodable) sendAll(t *testing.T, kind flood, seed uint64, requests int) cost {
	t.Helper()
	f.calls.Forget()
	before := f.functions.invoked()
	var senders sync.WaitGroup
	for i := range concurrency {
		random := mathrand.New(mathrand.NewPCG(seed, uint64(i)))
		senders.Go(func() {
			for n := i; n < requests; n += concurrency {
				f.sendTo(t, f.paths[random.IntN(len(f.paths))], kind.header(random, f.holder))
			}
		})
	}
	senders.Wait()
	return f.costSince(before, requests)
}

func (f *floodable) sendOne(t *testing.T, header string) {
	t.Helper()
	f.sendTo(t, f.paths[0], header)
}

// sendTo sends one request, and checks that junk is refused.
func (f *floodable) sendTo(t *testing.T, path, header string) {
	t.Helper()
	if got := refusalOf(f.send(t, getFrom(path), header)); got != unauthenticated && header != f.holder {
		t.Errorf("GET %s: got %v, want %v", path, got, unauthenticated)
	}
}

func (f *floodable) costSince(before map[string]int, requests int) cost {
	after := f.functions.invoked()
	of := func(function string) int { return after[function] - before[function] }
	reads := f.calls.Count(pattest.CallAccount) + f.calls.Count(pattest.CallAccounts) + f.calls.Count(pattest.CallLookUp)
	return cost{
		requests: requests, authorizes: of(deployed.AuthorizerFunction), functions: of(deployed.TokensFunction) + of(deployed.UsersFunction),
		reads: reads, others: f.writes(),
	}
}

func (f *floodable) writes() int {
	n := 0
	for _, call := range []pattest.Call{
		pattest.CallCreateAccount, pattest.CallReplaceAccount, pattest.CallDeleteAccount, pattest.CallReserveUserIDs,
		pattest.CallImportAccount, pattest.CallMarkSeen,
	} {
		n += f.calls.Count(call)
	}
	return n
}

// strange are bytes that a header can have and no token has.
const strange = "!\"#$%&'()+,/;<=>?@[\\]^`{|}~\t \x80\xa0\xbf\xc3\xff"

// schemes are schemes that the API does not accept.
var schemes = []string{"Basic ", "Token ", "Bearer\t", "Bearer", "bearer:", "Bearer: ", "Bearer Bearer ", "Bearer,", "\u00a0", "AWS4-HMAC-SHA256 "}

// malformed returns a header without the form of a token, most often close to it.
func malformed(random *mathrand.Rand, holder string) string {
	at := random.IntN(len(holder))
	odd := string(strange[random.IntN(len(strange))])
	switch random.IntN(7) {
	case 0:
		return holder[:at]
	case 1:
		return holder + text(random, 1+random.IntN(40))
	case 2:
		return holder[:at] + odd + holder[at+1:]
	case 3:
		return schemes[random.IntN(len(schemes))] + holder
	case 4:
		wide := string(rune(holder[at]) + 0xfee0) // the same letter in full width
		return holder[:at] + wide + holder[at+1:]
	case 5:
		return holder + ", " + holder
	}
	return "~" + text(random, random.IntN(300))
}

func unknownAdmin(random *mathrand.Rand, _ string) string {
	return pat.AdminPrefix + text(random, 43+random.IntN(86))
}

const tokenText = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func text(random *mathrand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(tokenText[random.IntN(len(tokenText))])
	}
	return b.String()
}

// mistyped returns a token with a random checksum, which is right once in 2^32.
func mistyped(random *mathrand.Rand, holder string) string {
	return holder[:len(holder)-43] + text(random, 43)
}

func ofNobody(random *mathrand.Rand, _ string) string {
	return newSecret(nil, 1000+random.Int64N(1<<40))
}

func ofHolder(_ *mathrand.Rand, holder string) string { return newSecret(nil, int64(userOf(holder))) }

// forged returns a token with the selector of the holder's token.
func forged(_ *mathrand.Rand, holder string) string {
	return newSecret(selectorBytes(holder), int64(userOf(holder)))
}

// newSecret returns a token with a right checksum whose random bytes begin with begin, or "" if it fails.
func newSecret(begin []byte, user int64) string {
	secret, err := pat.NewSecret(io.MultiReader(bytes.NewReader(begin), rand.Reader), pat.UserID(user))
	if err != nil {
		return ""
	}
	return secret.Reveal()
}

// userOf returns the user in a token's selector, or 0.
func userOf(token string) pat.UserID {
	secret, err := pat.ParseSecret(token)
	if err != nil {
		return 0
	}
	return secret.Selector().UserID()
}

// selectorBytes returns the random bytes of a token's selector.
func selectorBytes(token string) []byte {
	raw, err := base64.RawURLEncoding.DecodeString(token[len("user:v2_") : len("user:v2_")+22])
	if err != nil {
		return nil
	}
	return raw[8:]
}
