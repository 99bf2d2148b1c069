package api_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/api"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// rotation returns a rotation of the token with id, or "self", with these lines in the headers. An empty body declares no type.
func rotation(id, body string, lines ...string) request {
	if body != "" {
		lines = append(lines, "Content-Type: application/json")
	}
	return request{method: http.MethodPost, path: api.ResourceTokens + "/" + id + "/rotate", headers: lines, body: body}
}

// shown is a token in a response.
type shown struct {
	ID                 int    `json:"id"`
	Description        string `json:"description"`
	ExpiresAt          string `json:"expiresAt"`
	UserID             int    `json:"userId"`
	CreatedAt          string `json:"createdAt"`
	SeenAt             any    `json:"seenAt"`
	RotatedAt          string `json:"rotatedAt"`
	OverlapEndsAt      string `json:"overlapEndsAt"`
	ExceedsMaxLifetime bool   `json:"exceedsMaxLifetime"`
	Secret             string `json:"secret"`
}

// rotated returns the holder with the secret in a response to a rotation.
func (f *fixture) rotated(t *testing.T, h pattest.Holder, got events.APIGatewayProxyResponse) (pattest.Holder, shown) {
	t.Helper()
	wantStatus(t, got, http.StatusOK)
	wantHeader(t, got, "Cache-Control", "no-store")
	token := parse[shown](t, got.Body)
	secret, err := pat.ParseSecret(token.Secret)
	if err != nil {
		t.Fatal(err)
	}
	h.Secret, h.Token.Selector = secret, secret.Selector()
	return h, token
}

func TestRotation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		id, body string
		overlap  time.Duration
		expires  string // or "" for that of the token
	}{
		"itself, no body":         {"self", "", 5 * time.Minute, ""},
		"by its id, no body":      {"1", "", 5 * time.Minute, ""},
		"an empty object":         {"self", "{}", 5 * time.Minute, ""},
		"a day":                   {"1", `{"overlapSeconds":86400}`, 24 * time.Hour, ""},
		"seven days":              {"1", `{"overlapSeconds":604800}`, 7 * 24 * time.Hour, ""},
		"none":                    {"self", `{"overlapSeconds":0}`, 0, ""},
		"an end":                  {"self", `{"expiresAt":"2027-04-19T10:15:14+02:00"}`, 5 * time.Minute, far},
		"an end and an overlap":   {"1", `{"overlapSeconds":1,"expiresAt":"` + far + `"}`, time.Second, far},
		"two overlaps, the last":  {"1", `{"overlapSeconds":1,"overlapSeconds":60}`, time.Minute, ""},
		"an id of another form":   {"1e0", "", 5 * time.Minute, ""},
		"white space around zero": {"1", `{"overlapSeconds" : 0 }`, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			h := f.holder(t)
			renewed, got := f.rotated(t, h, f.do(t, h, rotation(c.id, c.body)))
			want := shown{
				ID: 1, Description: "own", UserID: int(h.Account.ID), CreatedAt: "2026-01-02T03:04:05.678Z", RotatedAt: "2026-01-02T03:04:05.678Z",
				ExpiresAt: "2026-04-02T03:04:05.678Z", Secret: renewed.Secret.Reveal(), OverlapEndsAt: pattest.Start.Add(c.overlap).Format("2006-01-02T15:04:05.000Z"),
			}
			if c.expires != "" {
				want.ExpiresAt = c.expires
			}
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			wantStatus(t, f.do(t, renewed, get()), http.StatusOK)
			if c.overlap > 0 {
				f.clock.Advance(c.overlap - time.Millisecond)
				wantStatus(t, f.do(t, h, get()), http.StatusOK)
				f.clock.Advance(time.Millisecond)
			}
			wantProblem(t, f.do(t, h, get()), http.StatusUnauthorized, refusedFor(pat.ReasonRotated))
		})
	}
}

// badRotations are bodies of rotations, with the response.
var badRotations = map[string]struct {
	body   string
	status int
	want   problem
}{
	"expiresAt null":              {`{"expiresAt":null}`, 400, notTime("")},
	"expiresAt empty":             {`{"expiresAt":""}`, 400, notTime("")},
	"expiresAt 0":                 {`{"expiresAt":0}`, 400, notTime("0")},
	"expiresAt true":              {`{"expiresAt":true}`, 400, notTime("true")},
	"expiresAt an array":          {`{"expiresAt":[]}`, 400, notString("expiresAt", "[]")},
	"expiresAt in the past":       {`{"expiresAt":"2026-01-02T03:04:05.677Z"}`, 400, rule("The expiry date should be in future.")},
	"expiresAt now":               {`{"expiresAt":"2026-01-02T03:04:05.678Z"}`, 400, rule("The expiry date should be in future.")},
	"expiresAt long":              {`{"expiresAt":"` + strings.Repeat("2", 300) + `"}`, 400, notTime(strings.Repeat("2", 300))},
	"overlapSeconds null":         {`{"overlapSeconds":null}`, 400, notOverlap("null")},
	"overlapSeconds empty":        {`{"overlapSeconds":""}`, 400, notOverlap(`""`)},
	"overlapSeconds a string":     {`{"overlapSeconds":"300"}`, 400, notOverlap(`"300"`)},
	"overlapSeconds true":         {`{"overlapSeconds":true}`, 400, notOverlap("true")},
	"overlapSeconds an array":     {`{"overlapSeconds":[300]}`, 400, notOverlap("[300]")},
	"overlapSeconds an object":    {`{"overlapSeconds":{}}`, 400, notOverlap("{}")},
	"overlapSeconds negative":     {`{"overlapSeconds":-1}`, 400, notOverlap("-1")},
	"overlapSeconds too long":     {`{"overlapSeconds":604801}`, 400, notOverlap("604801")},
	"overlapSeconds half":         {`{"overlapSeconds":0.5}`, 400, notOverlap("0.5")},
	"overlapSeconds huge":         {`{"overlapSeconds":9223372036854775808}`, 400, notOverlap("9223372036854775808")},
	"overlapSeconds misspelled":   {`{"overlapseconds":0}`, 400, unknownMember("overlapseconds")},
	"overlap":                     {`{"overlap":0}`, 400, unknownMember("overlap")},
	"a description":               {`{"description":"x"}`, 400, unknownMember("description")},
	"scopes":                      {`{"scopes":["pats:read"]}`, 400, unknownMember("scopes")},
	"an array":                    {`[]`, 400, notObject("[]")},
	"null":                        {`null`, 400, notObject("null")},
	"malformed JSON":              {`{`, 400, notJSON},
	"a body of more than 64 KiB":  {`{"x":"` + strings.Repeat("x", 64<<10) + `"}`, 400, tooLarge},
	"an overlap of white spaces":  {`{"overlapSeconds":" "}`, 400, notOverlap(`" "`)},
	"an overlap with an exponent": {`{"overlapSeconds":3e2}`, 400, notOverlap("3e2")},
}

func notOverlap(sent string) problem {
	return schema("/body/overlapSeconds", "The `/body/overlapSeconds` property must be a whole number from 0 to 604800. You sent "+sent+".")
}

func unknownMember(name string) problem {
	return schema("/body/"+name, "The `/body` object of the request body does not allow additional properties. Your request included the `/body/"+
		name+"` property.")
}

// TestBadRotations: each is refused with one clear error, and rotates nothing.
func TestBadRotations(t *testing.T) {
	t.Parallel()
	for name, c := range badRotations {
		for _, id := range []string{"1", "self"} {
			t.Run(name+", "+id, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				h := f.holder(t)
				wantProblem(t, f.do(t, h, rotation(id, c.body)), c.status, c.want)
				if got := pattest.Read(t, f.store, h.Account.ID).Version; got != h.Account.Version {
					t.Error("the account was written")
				}
			})
		}
	}
}

func TestRotationOfOtherTokens(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h, other := f.holder(t), f.holder(t)
	if _, _, err := f.service.CreateUserToken(t.Context(), other.Account.ID, pattest.Draft("second")); err != nil {
		t.Fatal(err)
	}
	noToken := func(id int) problem {
		return plain("NotFoundError", fmt.Sprintf("You have no token %d.", id))
	}
	for id, c := range map[string]struct {
		status int
		want   problem
	}{
		"2":                    {404, noToken(2)}, // another user has it
		"0":                    {404, noToken(0)},
		"-1":                   {404, noToken(0)},
		"99999999999999999999": {404, noToken(0)},
		"abc":                  {400, notWhole("abc")},
		"1.5":                  {400, notWhole("1.5")},
	} {
		wantProblem(t, f.do(t, h, rotation(id, "")), c.status, c.want)
	}
	f.clock.Advance(pattest.Lifetime - time.Hour)
	if _, _, err := f.service.CreateUserToken(t.Context(), h.Account.ID, pat.Draft{Description: "long", Scopes: pat.Unscoped(), ExpiresAt: f.clock.Now().Add(2 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	long := f.lastToken(t, h)
	f.clock.Advance(time.Hour)
	wantProblem(t, f.do(t, long, rotation("1", "")), 400, rule("Token 1 has expired, so it cannot be rotated."))
	wantProblem(t, f.do(t, h, rotation("self", "")), 401, refusedFor(pat.ReasonExpired))
}

// lastToken returns the holder of the user's last token, without its secret.
func (f *fixture) lastToken(t *testing.T, h pattest.Holder) pattest.Holder {
	t.Helper()
	tokens := pattest.Read(t, f.store, h.Account.ID).Tokens
	h.Token = tokens[len(tokens)-1]
	return h
}

func TestRotationByKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	headers := []string{"Authorization: " + h.Secret.Reveal(), "Idempotency-Key: k"}
	first := f.do(t, h, rotation("self", "", headers...))
	f.rotated(t, h, first)
	if again := f.do(t, h, rotation("1", `{"overlapSeconds":300}`, headers...)); again.Body != first.Body {
		t.Errorf("the repetition: got %s, want %s", again.Body, first.Body)
	}
	wantProblem(t, f.do(t, h, rotation("self", `{"overlapSeconds":301}`, headers...)), 422,
		plain("IdempotencyKeyError", "The Idempotency-Key was used for another request."))
	wantProblem(t, f.do(t, h, rotation("self", `{"overlapSeconds":0}`, headers...)), 400,
		rule("A token that rotates itself with an Idempotency-Key needs an overlap, since a repetition presents the replaced secret."))
	rotatedAlready := plain("TokenRotatedError", "The token was rotated already. Rotate it with its new secret.")
	wantProblem(t, f.do(t, h, rotation("self", "")), 409, rotatedAlready)
	wantProblem(t, f.do(t, h, rotation("1", "", headers[0], "Idempotency-Key: l")), 409, rotatedAlready)
	f.clock.Advance(pat.DefaultOverlap)
	wantProblem(t, f.do(t, h, rotation("self", "", headers...)), 401, refusedFor(pat.ReasonRotated))
}

func TestRotationAndSelfWhileDisabled(t *testing.T) {
	t.Parallel()
	f := newFixtureWith(t, settings{tokens: api.TokensSettings{Enabled: false}, log: io.Discard})
	h := f.holder(t)
	for _, c := range []request{
		rotation("1", ""), rotation("self", ""), {method: http.MethodGet, path: api.ResourceTokenSelf}, {method: http.MethodDelete, path: api.ResourceTokenSelf},
	} {
		wantProblem(t, f.do(t, h, c), http.StatusNotFound, plain("NotFoundError", "PATs are disabled."))
	}
}

// TestTokenSelf shows the token presented, and revokes it.
func TestTokenSelf(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	wantStatus(t, f.do(t, h, post(good)), http.StatusCreated)
	self := request{method: http.MethodGet, path: api.ResourceTokenSelf}
	got := f.do(t, h, self)
	wantStatus(t, got, http.StatusOK)
	const want = `{"id":1,"description":"own","expiresAt":"2026-04-02T03:04:05.678Z","userId":%d,"createdAt":"2026-01-02T03:04:05.678Z","seenAt":null}`
	if want := fmt.Sprintf(want, h.Account.ID); got.Body != want {
		t.Errorf("got %s, want %s", got.Body, want)
	}
	self.headers = []string{"If-None-Match: " + got.MultiValueHeaders["Etag"][0]}
	wantStatus(t, f.do(t, h, self), http.StatusNotModified)

	renewed, _ := f.rotated(t, h, f.do(t, h, rotation("self", "")))
	old := f.do(t, h, request{method: http.MethodGet, path: api.ResourceTokenSelf})
	if end := parse[shown](t, old.Body).ExpiresAt; end != "2026-01-02T03:09:05.678Z" {
		t.Errorf("the replaced secret ends at %s, want the end of the overlap", end)
	}
	wantStatus(t, f.do(t, renewed, request{method: http.MethodDelete, path: api.ResourceTokenSelf}), http.StatusOK)
	for _, ended := range []pattest.Holder{h, renewed} {
		wantProblem(t, f.do(t, ended, request{method: http.MethodGet, path: api.ResourceTokenSelf}), http.StatusUnauthorized, refused)
	}
	if got := f.descriptions(t, h); len(got) != 1 || got[0] != "laptop" {
		t.Errorf("got tokens %q, want the other one", got)
	}
}

func TestTokenSelfWithDescendants(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	wantStatus(t, f.do(t, h, post(good)), http.StatusCreated)
	wantStatus(t, f.do(t, h, request{method: http.MethodDelete, path: api.ResourceTokenSelf + "?descendants=true"}), http.StatusOK)
	if got := f.descriptions(t, h); len(got) != 0 {
		t.Errorf("got tokens %q, want none", got)
	}
}

// TestRotationLogsNoSecret although the request and the response have one each.
func TestRotationLogsNoSecret(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	f := newFixtureWith(t, settings{tokens: api.TokensSettings{Enabled: true}, log: &log})
	h := f.holder(t)
	renewed, _ := f.rotated(t, h, f.do(t, h, rotation("self", "", "Authorization: "+h.Secret.Reveal(), "Idempotency-Key: k")))
	for _, secret := range []pat.Secret{h.Secret, renewed.Secret} {
		if strings.Contains(log.String(), secret.Reveal()[40:]) {
			t.Error("the log contains a secret")
		}
	}
	if !strings.Contains(log.String(), `"msg":"token rotated"`) {
		t.Errorf("got the log %s, want the rotation in it", log.String())
	}
}
