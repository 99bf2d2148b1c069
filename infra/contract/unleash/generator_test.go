package unleash_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
)

// amount is the number of generated requests.
const amount = 300

// seed returns the seed of the generator: always the same, unless PATS_UNLEASH_SEED is set.
func seed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("PATS_UNLEASH_SEED")
	if text == "" {
		return 1
	}
	value, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("PATS_UNLEASH_SEED: %v", err)
	}
	return value
}

// generated returns requests with random methods, paths, credentials, headers and bodies.
func generated(seed uint64) []scenario {
	g := generator{rand.New(rand.NewPCG(seed, 0))}
	all := make([]scenario, amount)
	for i := range all {
		all[i] = single(fmt.Sprintf("generated %d.%d", seed, i), g.request())
	}
	return all
}

type generator struct{ *rand.Rand }

// one returns one of all at random.
func (g generator) one(all ...string) string { return all[g.IntN(len(all))] }

func (g generator) request() request {
	if g.IntN(3) == 0 {
		return g.userRequest()
	}
	return g.tokenRequest()
}

func (g generator) tokenRequest() request {
	method := g.one("GET", "POST", "POST", "POST", "DELETE", "DELETE", "HEAD", "PUT", "PATCH", "OPTIONS")
	path := tokensPath
	if method == http.MethodDelete || g.IntN(8) == 0 {
		path += "/" + g.tokenID()
	} else if g.IntN(12) == 0 {
		path = g.one("/api/admin/nope", "/api/admin/user", tokensPath+"/", tokensPath+"?a=b", "/api/nope/{veraTokenId}")
	}
	r := request{method: method, path: path}
	r = g.authorize(r, "{vera}", "Bearer {vera}", "bearer  {vera}")
	return g.fill(r, g.tokenBody)
}

func (g generator) userRequest() request {
	method := g.one("GET", "POST", "POST", "PUT", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH")
	path := usersPath
	if method == http.MethodPut || method == http.MethodDelete || g.IntN(5) == 0 {
		path += "/" + g.userID()
	}
	r := request{method: method, path: path}
	r = g.authorize(r, "{abby}", "{abby}", "Bearer {abby}", "{admin}", "{target}")
	return g.fill(r, g.userBody)
}

// authorize adds credentials, mostly of callers with access.
func (g generator) authorize(r request, good ...string) request {
	value := g.one(good...)
	if g.IntN(6) == 0 {
		value = g.one("", "none", "user:nope", "{eve}", "{gone}", "{admin}", "{olga}", "Basic x", "Bearer", "*:*.nope", "Bearer Bearer {vera}")
	}
	if value == "none" {
		return r
	}
	return r.plus("Authorization: " + value)
}

// fill adds headers and a body.
func (g generator) fill(r request, body func() string) request {
	if r.method == http.MethodPost || r.method == http.MethodPut || r.method == http.MethodPatch || g.IntN(6) == 0 {
		if kind := g.contentType(); kind != "none" {
			r = r.plus("Content-Type: " + kind)
		}
		r = r.with(body())
	}
	if g.IntN(5) == 0 {
		r = r.plus(g.one("Accept: text/html", "Accept: application/json", "If-None-Match: *", `If-None-Match: W/"0-x"`, "Origin: https://example.com", "Accept-Language: de"))
	}
	return r
}

func (g generator) contentType() string {
	if g.IntN(8) > 0 {
		return g.one("application/json", "application/json; charset=utf-8", "Application/JSON")
	}
	return g.one("none", "text/plain", "application/xml", "application/json; charset=latin1", "", "text/json; charset=utf-8")
}

func (g generator) tokenID() string {
	return g.one("{victim}", "{victim}", "{victim}.0", "00{victim}", "%20{victim}", "{olgaTokenId}", "{veraTokenId}9999", "0", "-1", "7777777", "7e6", "1.25",
		"abc", "12x", "", "0xzz", "99999999999", "%7B%7D", "1%202", "%E2%98%83", "%zz")
}

func (g generator) userID() string {
	return g.one("{targetId}", "{targetId}", "{targetId}", "{targetId}", "{targetId}.0", "0{targetId}", "{goneId}", "0", "-7", "7777777", "abc", "2.5", "99999999999", "%zz")
}

// junk returns a body that is not an object, or an empty one.
func (g generator) junk() string {
	return g.one("", "{}", "[]", "null", `"x"`, "12", "true", "{bad", "[1,2", `{"a":}`, "[{}]", " ")
}

func (g generator) tokenBody() string {
	if g.IntN(6) == 0 {
		return g.junk()
	}
	return g.object(
		member{"description", g.one(`"laptop"`, `"ci"`, `"own"`, `"a b"`, `"é☃"`, `"\u00e9"`, `""`, `" "`, `12`, `1.50`, `true`, `null`, `{"x":[]}`, `[3]`, `"<&>"`)},
		member{"expiresAt", g.one(`"`+far+`"`, `"`+far+`"`, `"`+far+`"`, `"`+g.time()+`"`, `"`+g.time()+`"`, `"tomorrow"`, `null`, `4102444800`, `[]`, `""`)},
	)
}

// time returns a date-time, or a text that resembles one.
func (g generator) time() string {
	return g.one("2099", "2098", "2000", "20999") + "-" + g.one("01", "02", "12", "13") + "-" + g.one("01", "28", "29", "30", "31") + g.one("T", "T", "t", " ", "") +
		g.one("00", "12", "23", "24") + ":" + g.one("00", "59", "60") + g.one(":00", ":59", ":60", "") + g.one("", ".5", ".123", ".1239", ".") +
		g.one("Z", "z", "", "+01:00", "-0330", "+02", "+25:00", "UTC")
}

func (g generator) userBody() string {
	if g.IntN(6) == 0 {
		return g.junk()
	}
	return g.object(
		member{"username", g.one(`"nina"`, `"nina"`, `"vera"`, `"Abby"`, `""`, `12`, `null`, `[]`)},
		member{"email", g.one(`"nina@example.com"`, `"nina@example.com"`, `"Nina.2@Example.com"`, `"vera@example.com"`, `"x"`, `"a@b"`, `""`, `null`, `{}`)},
		member{"name", g.one(`"Nina"`, `"Nina N."`, `"é"`, `12`, `null`, `""`, `[]`)},
		member{"rootRole", g.one(`3`, `2`, `3`, `"Viewer"`, `"Editor"`, `"2"`, `0`, `7`, `-3`, `"King"`, `1.5`, `null`, `true`, `{}`)},
	)
}

type member struct{ name, value string }

// object returns an object, sometimes with members missing, added or in another order.
func (g generator) object(members ...member) string {
	var parts []string
	for _, m := range members {
		if g.IntN(8) > 0 {
			parts = append(parts, fmt.Sprintf("%q:%s", m.name, m.value))
		}
	}
	if g.IntN(10) == 0 {
		parts = append(parts, `"extra":1`)
	}
	if g.IntN(4) == 0 {
		g.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	}
	return "{" + strings.Join(parts, ",") + "}"
}
