package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
)

// expected is the response that a request must get.
type expected struct {
	status int
	// headers must have these values; "" means that the header must be absent.
	headers map[string]string
	body    body
	// like is the exact body with TIME in place of timestamps and "SECRET" in that of a secret. It and headers can contain
	// {placeholders}.
	like string
	// change, if it is not nil, returns the body that is compared with like.
	change func(body string) string
	// gaps has the responses of fronts that are known to send another one.
	gaps map[Front]gap
	// edge is set if the HTTP server of the front decides the response, not the API. That of API Gateway is not documented: it
	// can refuse in its own way.
	edge bool
}

// gap is the response that a front sends instead, and why.
type gap struct {
	why      string
	expected expected
}

// sam returns a with a known gap of sam local.
func (a expected) sam(why string, instead expected) expected {
	return a.instead(SamLocal, why, instead)
}

// ministack returns a with a known gap of ministack.
func (a expected) ministack(why string, instead expected) expected {
	return a.instead(Ministack, why, instead)
}

func (a expected) instead(front Front, why string, instead expected) expected {
	a.gaps = maps.Clone(a.gaps)
	if a.gaps == nil {
		a.gaps = map[Front]gap{}
	}
	a.gaps[front] = gap{why, instead}
	return a
}

// atEdge returns a as a response that the HTTP server of the front decides.
func (a expected) atEdge() expected {
	a.edge = true
	return a
}

// in returns a with the values of the placeholders.
func (a expected) in(e *env) expected {
	a.headers = maps.Clone(a.headers)
	for name, value := range a.headers {
		a.headers[name] = e.fill(value)
	}
	if a.like == "" {
		return a
	}
	want := e.fill(a.like)
	a.body = func(got response) string {
		if a.change != nil {
			return cmp.Diff(want, a.change(got.body))
		}
		return cmp.Diff(want, secret.ReplaceAllString(quotedTime.ReplaceAllString(got.body, "TIME"), "SECRET"))
	}
	return a
}

// on returns what is expected of the front.
func (a expected) on(front Front) expected {
	if gap, known := a.gaps[front]; known {
		return gap.expected
	}
	a.edge = a.edge && front == Deployed
	return a
}

// body reports what is wrong with the body of a response, or "".
type body func(response) string

func (a expected) check(t *testing.T, got response) {
	t.Helper()
	if a.edge && (got.status == 0 || got.status/100 == 4) {
		return
	}
	if got.status != a.status {
		t.Errorf("got status %d, want %d", got.status, a.status)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(a.headers)) {
		var want []string
		if a.headers[name] != "" {
			want = []string{a.headers[name]}
		}
		if diff := cmp.Diff(want, got.header.Values(name)); diff != "" {
			t.Errorf("header %s (-want +got):\n%s", name, diff)
		}
	}
	if a.body == nil {
		return
	}
	if complaint := a.body(got); complaint != "" {
		t.Errorf("body: %s", complaint)
	}
}

// having returns a with one more header.
func (a expected) having(name, value string) expected {
	headers := maps.Clone(a.headers)
	if headers == nil {
		headers = map[string]string{}
	}
	headers[name] = value
	a.headers = headers
	return a
}

const jsonType = "application/json; charset=utf-8"

// ok expects a 200 with JSON from a function.
func ok(b body) expected {
	return expected{status: http.StatusOK, headers: map[string]string{"Content-Type": jsonType}, body: b}
}

// pats is Unleash's patsSchema, which has no member for a secret.
type pats struct {
	Pats []struct {
		ID          int     `json:"id"`
		Description string  `json:"description"`
		ExpiresAt   string  `json:"expiresAt"`
		UserID      int     `json:"userId"`
		CreatedAt   string  `json:"createdAt"`
		SeenAt      *string `json:"seenAt"`
	} `json:"pats"`
}

// tokens expects a list of tokens with these descriptions, in this order.
func tokens(descriptions ...string) expected {
	return ok(func(got response) string {
		var list pats
		if err := strict(got.body, &list); err != nil {
			return fmt.Sprintf("got %s, want a list of tokens: %v", got.body, err)
		}
		shown := []string{}
		for _, token := range list.Pats {
			shown = append(shown, token.Description)
			if !timeText.MatchString(token.ExpiresAt) || !timeText.MatchString(token.CreatedAt) {
				return fmt.Sprintf("got the times %s and %s, want RFC 3339 in UTC with milliseconds", token.ExpiresAt, token.CreatedAt)
			}
		}
		return cmp.Diff(descriptions, shown)
	})
}

// seen expects a list of tokens, and reports of each whether it has been used.
func seen(used ...bool) expected {
	return ok(func(got response) string {
		var list pats
		if err := strict(got.body, &list); err != nil {
			return fmt.Sprintf("got %s, want a list of tokens: %v", got.body, err)
		}
		shown := []bool{}
		for _, token := range list.Pats {
			shown = append(shown, token.SeenAt != nil && timeText.MatchString(*token.SeenAt))
		}
		return cmp.Diff(used, shown)
	})
}

var timeText = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)

var quotedTime = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"`)

// token expects the response to a create: the token, which expires far in the future, with its secret.
func token(id int, description string) expected {
	return expected{
		status:  http.StatusCreated,
		headers: map[string]string{"Content-Type": jsonType, "Cache-Control": "no-store"},
		body: func(got response) string {
			var made struct {
				ID          int     `json:"id"`
				Description string  `json:"description"`
				ExpiresAt   string  `json:"expiresAt"`
				UserID      int     `json:"userId"`
				CreatedAt   string  `json:"createdAt"`
				SeenAt      *string `json:"seenAt"`
				Secret      string  `json:"secret"`
			}
			if err := strict(got.body, &made); err != nil {
				return fmt.Sprintf("got %s, want a token: %v", got.body, err)
			}
			if _, err := pat.ParseSecret(made.Secret); err != nil || made.SeenAt != nil || !timeText.MatchString(made.CreatedAt) {
				return fmt.Sprintf("got %s, want a token that was never used, with its secret", got.body)
			}
			return cmp.Diff([]any{id, description, far}, []any{made.ID, made.Description, made.ExpiresAt})
		},
	}
}

// done expects a 200 without a body.
var done = expected{status: http.StatusOK, body: text("")}

// notModified expects a 304 without a body.
var notModified = expected{status: http.StatusNotModified, body: text("")}

// allows expects the response to OPTIONS.
func allows(methods string) expected {
	return expected{status: http.StatusOK, headers: map[string]string{"Allow": methods, "Access-Control-Allow-Origin": ""}, body: text(methods)}
}

// text expects exactly this body.
func text(want string) body {
	return func(got response) string { return cmp.Diff(want, got.body) }
}

func strict(text string, into any) error {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

type detail struct {
	Message string `json:"message"`
	Path    string `json:"path"`
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// problem is the body of every error.
type problem struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Message string   `json:"message"`
	Details []detail `json:"details"`
}

// requestID returns the id of an error, or "".
func requestID(got response) string {
	var body problem
	if strict(got.body, &body) != nil || body.Name == "" {
		return ""
	}
	return body.ID
}

// refusal expects an error with the id of the request.
func refusal(status int, name, message string, details ...detail) expected {
	return expected{status: status, body: func(got response) string {
		var body problem
		if err := strict(got.body, &body); err != nil {
			return fmt.Sprintf("got %s, want an error in the API's shape: %v", got.body, err)
		}
		if id := got.header.Get("X-Amzn-Requestid"); !uuid.MatchString(body.ID) || (id != "" && id != body.ID) {
			return fmt.Sprintf("got id %q, want the request's, %q", body.ID, id)
		}
		if !strings.HasPrefix(got.header.Get("Content-Type"), "application/json") {
			return fmt.Sprintf("got content type %q, want JSON", got.header.Get("Content-Type"))
		}
		return cmp.Diff([]any{name, message, details}, []any{body.Name, body.Message, body.Details})
	}}
}

// plain expects an error whose one detail repeats the message.
func plain(status int, name, message string) expected {
	return refusal(status, name, message, detail{Message: message})
}

const invalid = "Request validation failed: your request body or params contain invalid data"

// rule expects a 400 for a broken rule.
func rule(message string) expected {
	return refusal(http.StatusBadRequest, "BadDataError", invalid+": "+message, detail{Message: message})
}

// schema expects a 400 for a value that does not match the schema.
func schema(path, message string) expected {
	return refusal(http.StatusBadRequest, "BadDataError", invalid+". Refer to the `details` list for more information.", detail{message, path})
}

func missing(name string) expected {
	return schema("/body/"+name, "The `/body/"+name+"` property is required. It was not present on the data you sent.")
}

func notString(name, sent string) expected {
	return schema("/body/"+name, "The `/body/"+name+"` property must be string. You sent "+sent+".")
}

func notObject(sent string) expected {
	return schema("/body", "The `/body` property must be object. You sent "+sent+".")
}

func notTime(sent string) expected {
	return schema("/body/expiresAt", "The `/body/expiresAt` property must match format \"date-time\". You sent \""+sent+"\".")
}

func notWhole(sent string) expected {
	return schema("/params/id", "The `/params/id` property must be integer. You sent \""+sent+"\".")
}

func wrongType(sent string) expected {
	return plain(http.StatusUnsupportedMediaType, "ContentTypeError", "We do not accept the content-type you provided ("+sent+
		"). Try using one of the content-types we do accept instead (application/json) and make sure the body is in the corresponding format.")
}

func notThere(path string) expected {
	return plain(http.StatusNotFound, "NotFoundError", "The path you were looking for ("+path+") is not available.")
}

// Responses of sam local itself, which ignores gateway responses.
var (
	samUnauthorized = expected{status: http.StatusUnauthorized, headers: map[string]string{"WWW-Authenticate": ""}, body: text(`{"message":"Unauthorized"}` + "\n")}
	samDenied       = expected{status: http.StatusForbidden, body: text(`{"message":"User is not authorized to access this resource"}` + "\n")}
	samNoMethod     = expected{status: http.StatusForbidden, body: text(`{"message":"Missing Authentication Token"}` + "\n")}
	samFault        = expected{status: http.StatusInternalServerError, body: text(`{"message":"Internal server error"}` + "\n")}
)

const (
	ownBodies = "gateway responses are not read"
	noCache   = "responses of authorizers are not cached"
)

// denied expects the 401 of the gateway for a token that the authorizer refuses.
func denied(reason pat.Reason) expected {
	return refusal(http.StatusUnauthorized, "AuthenticationRequired", "You must log in to use Unleash.", detail{Message: string(reason)}).
		having("WWW-Authenticate", "Bearer").sam(ownBodies, samDenied)
}

// ended expects the 401 of a function for a token that the authorizer accepted earlier. API Gateway renames its header.
func ended(reason pat.Reason) expected {
	return denied(reason).having("WWW-Authenticate", "").having("X-Amzn-Remapped-Www-Authenticate", "Bearer").sam(noCache, samDenied)
}

var (
	// noToken is the 401 of the gateway for a header that is absent or cannot be a token.
	noToken = plain(http.StatusUnauthorized, "AuthenticationRequired", "You must log in to use Unleash. Your request had no authorization "+
		"header, so we could not authorize you. Try logging in at /auth/simple/login.").
		having("WWW-Authenticate", "Bearer").sam(ownBodies, samUnauthorized)
	notJSON  = rule("The request body is not valid JSON.")
	tooLarge = rule("The request body is larger than 64 KiB.")
	badPath  = rule("The path is not valid percent-encoded UTF-8.")
	// headersTooLarge is the response of API Gateway to more than 10,240 bytes of request line and headers.
	headersTooLarge = plain(http.StatusRequestHeaderFieldsTooLarge, "BadRequestError", "The request cannot be accepted.").atEdge()
	// badMethod is the response of API Gateway to a method that it does not know.
	badMethod = plain(http.StatusForbidden, "BadRequestError", "The request cannot be accepted.").atEdge().sam(ownBodies, samNoMethod)
	// badRequest is the response of an HTTP server to a malformed request.
	badRequest = expected{status: http.StatusBadRequest}.atEdge()
	limit      = plain(http.StatusForbidden, "OperationDeniedError", "Too many PATs (10) already exist for this user.")
	duplicate  = plain(http.StatusConflict, "NameExistsError", "PAT description already exists.")
	noUser     = plain(http.StatusForbidden, "NoAccessError", "PATs require an authenticated user.")
)

// headOf returns what is expected of HEAD where a is expected of GET: the same without a body.
func headOf(a expected) expected {
	a.body, a.like = text(""), ""
	a.gaps = maps.Clone(a.gaps)
	for front, known := range a.gaps {
		known.expected.body = text("")
		a.gaps[front] = known
	}
	return a
}
