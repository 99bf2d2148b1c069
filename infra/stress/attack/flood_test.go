package attack_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"pats/infra/testkit/figures"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// load is how many requests a flood sends in a round, drop how many a small one, and crowd how many there are at once.
const (
	load  = 200
	drop  = 50
	crowd = 8
)

// flood is junk of one kind, and what it may cost.
type flood struct {
	name string
	// header makes the next one. holder is a token that is good.
	header func(random *mathrand.Rand, holder string) string
	// authorizes and reads are how often a request makes the authorizer run, and read the store.
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

// cost is what a flood did cost.
type cost struct {
	requests int
	// functions are invocations of functions behind the authorizer.
	authorizes, functions, reads, others int
}

// TestFloods: junk costs no invocation where it has not the form of a token, no read where its checksum is wrong, and one read at
// most. No function behind the authorizer runs, and nothing is written.
func TestFloods(t *testing.T) {
	t.Parallel()
	total := cost{}
	run, read := 0, 0
	for round := range figures.Rounds(t, 1) {
		seed := figures.Seed(t) + uint64(round)
		f := newFloodable(t, nil)
		for _, kind := range floods {
			got := f.endure(t, kind, seed, load)
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
		f.must(t, http.MethodGet, "/api/admin/user/tokens", f.holder, "")
	}
	figures.Print(t, "flood", figures.Count{Name: "requests", N: total.requests},
		figures.Count{Name: "functions_run_on_junk", N: run}, figures.Count{Name: "reads_on_junk", N: read})
}

func (f flood) cost(requests int) cost {
	return cost{requests: requests, authorizes: requests * f.authorizes, reads: requests * f.reads}
}

// TestFloodOfOneToken: the denial is kept, so that one made-up token sent again and again costs one invocation and one read.
func TestFloodOfOneToken(t *testing.T) {
	t.Parallel()
	f := newFloodable(t, nil)
	made := ofNobody(mathrand.New(mathrand.NewPCG(1, 0)), f.holder)
	same := flood{header: func(*mathrand.Rand, string) string { return made }}
	f.must(t, http.MethodGet, "/api/admin/user/tokens", f.holder, "")
	f.endureOne(t, made)
	if got := f.endure(t, same, 1, drop); got != same.cost(got.requests) {
		t.Errorf("got %+v, want no invocation and no read", got)
	}
}

// TestFloodThatRunsFunctionsIsFound plants the fault: requests that get through to a function, which reads.
func TestFloodThatRunsFunctionsIsFound(t *testing.T) {
	t.Parallel()
	f := newFloodable(t, nil)
	f.paths = []string{"/api/admin/user/tokens"}
	f.endureOne(t, f.holder)
	got := f.endure(t, flood{header: func(_ *mathrand.Rand, holder string) string { return holder }}, 1, drop)
	if want := (cost{requests: drop, functions: drop, reads: drop}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestFloodThatReadsIsFound plants the fault: while imported tokens are accepted, a wrong checksum costs a read.
func TestFloodThatReadsIsFound(t *testing.T) {
	t.Parallel()
	f := newFloodable(t, map[string]string{"AcceptImportedTokens": "true"})
	got := f.endure(t, flood{header: mistyped}, 1, drop)
	if want := (cost{requests: drop, authorizes: drop, reads: drop}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// floodable is a stack whose store counts its calls, with one user who has a token.
type floodable struct {
	*stack
	calls  *pattest.Faulty
	holder string
	paths  []string
}

func newFloodable(t *testing.T, parameters map[string]string) *floodable {
	t.Helper()
	calls := pattest.NewFaulty(laptoptest.NewStore(t))
	f := &floodable{stack: newStack(t, calls, options{parameters: parameters}), calls: calls}
	_, f.holder = f.newToken(t, f.newUser(t, pat.Profile{Username: "holder", Role: pat.Admin}), "own", time.Hour)
	f.paths = []string{"/", "/nope"}
	for _, r := range routes(t, nobody) {
		f.paths = append(f.paths, r.path)
	}
	return f
}

// endure sends so many junk requests, and gives what they cost.
func (f *floodable) endure(t *testing.T, kind flood, seed uint64, requests int) cost {
	t.Helper()
	f.calls.Forget()
	before := f.functions.invoked()
	var senders sync.WaitGroup
	for i := range crowd {
		random := mathrand.New(mathrand.NewPCG(seed, uint64(i)))
		senders.Go(func() {
			for n := i; n < requests; n += crowd {
				f.endurePath(t, f.paths[random.IntN(len(f.paths))], kind.header(random, f.holder))
			}
		})
	}
	senders.Wait()
	return f.costSince(before, requests)
}

func (f *floodable) endureOne(t *testing.T, header string) {
	t.Helper()
	f.endurePath(t, f.paths[0], header)
}

// endurePath sends one request. Whatever the path, junk is refused.
func (f *floodable) endurePath(t *testing.T, path, header string) {
	t.Helper()
	got, err := f.send(t.Context(), http.MethodGet, path, header, "")
	if err != nil || (got != unauthenticated && header != f.holder) {
		t.Errorf("GET %s: got %v and error %v, want %v", path, got, err, unauthenticated)
	}
}

func (f *floodable) costSince(before map[string]int, requests int) cost {
	after := f.functions.invoked()
	of := func(function string) int { return after[function] - before[function] }
	reads := f.calls.Count(pattest.CallAccount) + f.calls.Count(pattest.CallAccounts) + f.calls.Count(pattest.CallLookUp)
	return cost{
		requests: requests, authorizes: of(authorizerFunction), functions: of(tokensFunction) + of(usersFunction),
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

// What junk is made of.

// strange are bytes that no token has, and that a header may have.
const strange = "!\"#$%&'()+,/;<=>?@[\\]^`{|}~\t \x80\xa0\xbf\xc3\xff"

// schemes are none that the API takes.
var schemes = []string{"Basic ", "Token ", "Bearer\t", "Bearer", "bearer:", "Bearer: ", "Bearer Bearer ", "Bearer,", "\u00a0", "AWS4-HMAC-SHA256 "}

// malformed is a header that is no token by its form, and most often close to one.
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
		wide := string(rune(holder[at]) + 0xfee0) // the same letter, twice as wide
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

// mistyped is of the form of a token, with a checksum that is right once in 2^32.
func mistyped(random *mathrand.Rand, holder string) string {
	return holder[:len(holder)-43] + text(random, 43)
}

func ofNobody(random *mathrand.Rand, _ string) string {
	return newSecret(nil, 1000+random.Int64N(1<<40))
}

func ofHolder(_ *mathrand.Rand, holder string) string { return newSecret(nil, int64(userOf(holder))) }

// forged has the selector of the holder's token.
func forged(_ *mathrand.Rand, holder string) string {
	return newSecret(selectorBytes(holder), int64(userOf(holder)))
}

// newSecret makes a token with a right checksum, whose random bytes begin with these. It is empty where it cannot.
func newSecret(begin []byte, user int64) string {
	secret, err := pat.NewSecret(io.MultiReader(bytes.NewReader(begin), rand.Reader), pat.UserID(user))
	if err != nil {
		return ""
	}
	return secret.Reveal()
}

// userOf is whom a token's selector names, or 0.
func userOf(token string) pat.UserID {
	secret, err := pat.ParseSecret(token)
	if err != nil {
		return 0
	}
	return secret.Selector().UserID()
}

// selectorBytes are the random bytes of a token's selector.
func selectorBytes(token string) []byte {
	raw, err := base64.RawURLEncoding.DecodeString(token[len("user:v2_") : len("user:v2_")+22])
	if err != nil {
		return nil
	}
	return raw[8:]
}
