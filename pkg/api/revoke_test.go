package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat/pattest"
)

// TestRevokeReadsNumbersAsJavaScript checks that the same forms of an id are whole numbers as in Unleash 8.2.0. The caller has the
// tokens 1 (own) and 2 (laptop).
func TestRevokeReadsNumbersAsJavaScript(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	both := []string{"own", "laptop"}
	one := []string{"own"}
	for id, left := range map[string][]string{
		"2":          one,
		"000002":     one,
		"+2":         one,
		"%2B2":       one,
		"2.0":        one,
		"2.":         one,
		"2e0":        one,
		"0.2e1":      one,
		"20E-1":      one,
		"0x2":        one,
		"0X02":       one,
		"0b10":       one,
		"0O2":        one,
		"%202":       one,
		"2%20":       one,
		"%0A2":       one,
		"%092%0D%0A": one,
		"%C2%A02":    one,
		"%EF%BB%BF2": one,
		"%E2%80%A82": one,
		"%32":        one,
		"0":          both,
		"-0":         both,
		"-1":         both,
		"-2":         both,
		"3":          both,
		"999999":     both,
		"1e3":        both,
		"1e-0":       {"laptop"},
		"0xF423F":    both,
		"0o17":       both,
		"%20":        both, // a blank is 0 in JavaScript
		"2147483647": both,
		// Unleash fails with 500 beyond 32 bits.
		"2147483648":            both,
		"-2147483649":           both,
		"4294967298":            both, // 2 in 32 bits
		"9007199254740991":      both,
		"9007199254740993":      both,
		"18446744073709551618":  both, // 2 in 64 bits
		"99999999999999999999":  both,
		"1e400":                 both,
		"-1e400":                both,
		"0x10000000000000002":   both,
		strings.Repeat("1", 40): both,
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			h := f.holder(t)
			wantStatus(t, f.do(t, h, post(good)), http.StatusCreated)
			got := f.do(t, h, remove(id))
			wantStatus(t, got, http.StatusOK)
			if got.Body != "" {
				t.Errorf("body: got %q, want none", got.Body)
			}
			if diff := cmp.Diff(left, f.descriptions(t, h)); diff != "" {
				t.Errorf("tokens left (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRevokeRefusesOtherIDs(t *testing.T) {
	t.Parallel()
	escapes := rule("The path is not valid percent-encoded UTF-8.")
	f := newFixture(t)
	for id, want := range map[string]problem{
		"abc":            notWhole("abc"),
		"1abc":           notWhole("1abc"),
		"abc1":           notWhole("abc1"),
		"1.5":            notWhole("1.5"),
		".5":             notWhole(".5"),
		".":              notWhole("."),
		"..":             notWhole(".."),
		"%2e%2e":         notWhole(".."),
		"%2f":            notWhole("/"),
		"1%2f2":          notWhole("1/2"),
		"*":              notWhole("*"),
		"-":              notWhole("-"),
		"+":              notWhole("+"),
		"--1":            notWhole("--1"),
		"1-":             notWhole("1-"),
		"1e":             notWhole("1e"),
		"e1":             notWhole("e1"),
		"0x":             notWhole("0x"),
		"0xg":            notWhole("0xg"),
		"-0x1":           notWhole("-0x1"),
		"0b2":            notWhole("0b2"),
		"1_000":          notWhole("1_000"),
		"1,000":          notWhole("1,000"),
		"1 1":            notWhole("1 1"),
		"NaN":            notWhole("NaN"),
		"inf":            notWhole("inf"),
		"true":           notWhole("true"),
		"null":           notWhole("null"),
		"undefined":      notWhole("undefined"),
		"[]":             notWhole("[]"),
		"{}":             notWhole("{}"),
		"''":             notWhole("''"),
		"1;x":            notWhole("1;x"),
		"%00":            notWhole(`\u0000`),
		"1%00":           notWhole(`1\u0000`),
		"%221%22":        notWhole(`\"1\"`),
		"%D9%A3":         notWhole("٣"),
		"%EF%BC%91":      notWhole("１"),
		"%F0%9F%98%80":   notWhole("😀"),
		"<script>":       notWhole("<script>"),
		"%3Cb%3E%22":     notWhole(`<b>\"`),
		"%C2%851":        notWhole("\u00851"),  // not white space in JavaScript, though it is in Go
		"Infinity":       notWhole("Infinity"), // a number to JavaScript, and a 500 in Unleash
		"-Infinity":      notWhole("-Infinity"),
		"%":              escapes, // Unleash responds in HTML
		"%zz":            escapes,
		"1%":             escapes,
		"%ff":            escapes,
		"%C0%B1":         escapes,
		"%ED%A0%80":      escapes,
		"1\xff":          escapes,
		"0x1p1":          notWhole("0x1p1"),
		"0b1.0":          notWhole("0b1.0"),
		"1e99999999999x": notWhole("1e99999999999x"),
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			h := f.holder(t)
			wantProblem(t, f.do(t, h, remove(id)), http.StatusBadRequest, want)
			if diff := cmp.Diff([]string{"own"}, f.descriptions(t, h)); diff != "" {
				t.Errorf("tokens left (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRevokeLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	one, two := f.holder(t), f.holder(t)
	wantStatus(t, f.do(t, two, post(good)), http.StatusCreated)
	wantStatus(t, f.do(t, one, remove("2")), http.StatusOK)
	if diff := cmp.Diff([]string{"own", "laptop"}, f.descriptions(t, two)); diff != "" {
		t.Errorf("the other user's tokens (-want +got):\n%s", diff)
	}
	wantStatus(t, f.do(t, two, get()), http.StatusOK)
}

func TestRevokeItself(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	wantStatus(t, f.do(t, h, remove("1")), http.StatusOK)
	wantProblem(t, f.do(t, h, get()), http.StatusUnauthorized, refused)
	wantProblem(t, f.do(t, h, remove("1")), http.StatusUnauthorized, refused)
}

func TestIDsAreNotReused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	wantStatus(t, f.do(t, h, post(good)), http.StatusCreated)
	wantStatus(t, f.do(t, h, remove("2")), http.StatusOK)
	got := f.do(t, h, post(good))
	wantStatus(t, got, http.StatusCreated)
	if id := parse[made](t, got.Body).ID; id != 3 {
		t.Errorf("id after 2 was revoked: got %d, want 3", id)
	}
}

// family creates tokens of the holder, whose own is 1: 2 from 1, 3 from 2, and 4 from 1.
func (f *fixture) family(t *testing.T, h pattest.Holder) {
	t.Helper()
	for i, parent := range []int{0, 1, 0} {
		maker := h
		maker.Token = pattest.Read(t, f.store, h.Account.ID).Tokens[parent]
		wantStatus(t, f.do(t, maker, post(with(fmt.Sprintf(`"token %d"`, i+2)))), http.StatusCreated)
	}
}

func TestRevokeDescendants(t *testing.T) {
	t.Parallel()
	for query, left := range map[string][]string{
		"":                   {"own", "token 3", "token 4"},
		"?descendants=false": {"own", "token 3", "token 4"},
		"?descendants=true":  {"own", "token 4"},
		"?descendant=true":   {"own", "token 3", "token 4"},
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			h := f.holder(t)
			f.family(t, h)
			for range 2 { // the second time the token is gone already
				wantStatus(t, f.do(t, h, remove("2"+query)), http.StatusOK)
				if diff := cmp.Diff(left, f.descriptions(t, h)); diff != "" {
					t.Errorf("tokens left (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestDescendantsOfARevokedToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	f.family(t, h)
	wantStatus(t, f.do(t, h, remove("2")), http.StatusOK)
	wantStatus(t, f.do(t, h, remove("2?descendants=true")), http.StatusOK)
	if diff := cmp.Diff([]string{"own", "token 4"}, f.descriptions(t, h)); diff != "" {
		t.Errorf("tokens left (-want +got):\n%s", diff)
	}
}

func TestDescendantsOnlyAsBoolean(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	notBoolean := func(sent string) problem {
		return schema("/query/descendants", `The `+"`/query/descendants`"+` property must be boolean. You sent "`+sent+`".`)
	}
	for query, want := range map[string]problem{
		"descendants":                       notBoolean(""),
		"descendants=":                      notBoolean(""),
		"descendants=1":                     notBoolean("1"),
		"descendants=0":                     notBoolean("0"),
		"descendants=null":                  notBoolean("null"),
		"descendants=TRUE":                  notBoolean("TRUE"),
		"descendants=true%20":               notBoolean("true "),
		"descendants=[]":                    notBoolean("[]"),
		"descendants=true&descendants=true": schema("/query/descendants", `The `+"`/query/descendants`"+` property must be string. You sent ["true","true"].`),
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			wantProblem(t, f.do(t, h, remove("1?"+query)), http.StatusBadRequest, want)
		})
	}
	if got := f.descriptions(t, h); len(got) != 1 {
		t.Errorf("stored: got %q, want the own token", got)
	}
}
