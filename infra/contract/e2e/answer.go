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

// answer is what a request must get.
type answer struct {
	status int
	// headers must have these values; "" is for one that must not be there.
	headers map[string]string
	body    body
	// like is a body to the letter but for times, for which TIME stands. In it, and in headers, {placeholders} are the world's.
	like string
	// gaps are what fronts answer that do not give this one.
	gaps map[Front]gap
	// edge says that a front's HTTP server decides this one, not the API. What API Gateway's does is not documented: it may
	// refuse in its own way.
	edge bool
}

// gap is an answer that a front gives instead, and why.
type gap struct {
	why    string
	answer answer
}

// sam is the answer with a known gap of sam local.
func (a answer) sam(why string, instead answer) answer {
	a.gaps = maps.Clone(a.gaps)
	if a.gaps == nil {
		a.gaps = map[Front]gap{}
	}
	a.gaps[SamLocal] = gap{why, instead}
	return a
}

// atEdge is the answer as one that a front's HTTP server decides.
func (a answer) atEdge() answer {
	a.edge = true
	return a
}

// in is the answer with the world's values.
func (a answer) in(w *world) answer {
	a.headers = maps.Clone(a.headers)
	for name, value := range a.headers {
		a.headers[name] = w.fill(value)
	}
	if a.like == "" {
		return a
	}
	want := w.fill(a.like)
	a.body = func(got reply) string { return cmp.Diff(want, quotedTime.ReplaceAllString(got.body, "TIME")) }
	return a
}

// on is what the front is expected to answer.
func (a answer) on(front Front) answer {
	if gap, known := a.gaps[front]; known {
		return gap.answer
	}
	a.edge = a.edge && front == Deployed
	return a
}

// body says what is wrong with a reply's body, or "".
type body func(reply) string

func (a answer) check(t *testing.T, got reply) {
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

// having is the answer with one more header.
func (a answer) having(name, value string) answer {
	headers := maps.Clone(a.headers)
	if headers == nil {
		headers = map[string]string{}
	}
	headers[name] = value
	a.headers = headers
	return a
}

const jsonType = "application/json; charset=utf-8"

// ok is a 200 with JSON of a function's.
func ok(b body) answer {
	return answer{status: http.StatusOK, headers: map[string]string{"Content-Type": jsonType}, body: b}
}

// pats is Unleash's patsSchema. It has no member for a secret.
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

// tokens is a list of tokens with these descriptions, in this order.
func tokens(descriptions ...string) answer {
	return ok(func(got reply) string {
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

// seen is a list of tokens, of which these were used.
func seen(used ...bool) answer {
	return ok(func(got reply) string {
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

// token is the answer to a create: the token, which expires far in the future, with its secret.
func token(id int, description string) answer {
	return answer{
		status:  http.StatusCreated,
		headers: map[string]string{"Content-Type": jsonType, "Cache-Control": "no-store"},
		body: func(got reply) string {
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

// done is a 200 without a body.
var done = answer{status: http.StatusOK, body: text("")}

// notModified has the ETag and no body.
var notModified = answer{status: http.StatusNotModified, body: text("")}

// allows is the answer to OPTIONS.
func allows(methods string) answer {
	return answer{status: http.StatusOK, headers: map[string]string{"Allow": methods, "Access-Control-Allow-Origin": ""}, body: text(methods)}
}

// text is a body to the letter.
func text(want string) body {
	return func(got reply) string { return cmp.Diff(want, got.body) }
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

// problem is the one shape of errors.
type problem struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Message string   `json:"message"`
	Details []detail `json:"details"`
}

// requestID is the id in a refusal, or "".
func requestID(got reply) string {
	var body problem
	if strict(got.body, &body) != nil || body.Name == "" {
		return ""
	}
	return body.ID
}

// refusal is an error with the request's id.
func refusal(status int, name, message string, details ...detail) answer {
	return answer{status: status, body: func(got reply) string {
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

// plain is a refusal whose one detail repeats the message.
func plain(status int, name, message string) answer {
	return refusal(status, name, message, detail{Message: message})
}

const invalid = "Request validation failed: your request body or params contain invalid data"

// rule is a 400 for a broken rule.
func rule(message string) answer {
	return refusal(http.StatusBadRequest, "BadDataError", invalid+": "+message, detail{Message: message})
}

// schema is a 400 for a value without the form that is asked for.
func schema(path, message string) answer {
	return refusal(http.StatusBadRequest, "BadDataError", invalid+". Refer to the `details` list for more information.", detail{message, path})
}

func missing(name string) answer {
	return schema("/body/"+name, "The `/body/"+name+"` property is required. It was not present on the data you sent.")
}

func notString(name, sent string) answer {
	return schema("/body/"+name, "The `/body/"+name+"` property must be string. You sent "+sent+".")
}

func notObject(sent string) answer {
	return schema("/body", "The `/body` property must be object. You sent "+sent+".")
}

func notTime(sent string) answer {
	return schema("/body/expiresAt", "The `/body/expiresAt` property must match format \"date-time\". You sent \""+sent+"\".")
}

func notWhole(sent string) answer {
	return schema("/params/id", "The `/params/id` property must be integer. You sent \""+sent+"\".")
}

func wrongType(sent string) answer {
	return plain(http.StatusUnsupportedMediaType, "ContentTypeError", "We do not accept the content-type you provided ("+sent+
		"). Try using one of the content-types we do accept instead (application/json) and make sure the body is in the corresponding format.")
}

func notThere(path string) answer {
	return plain(http.StatusNotFound, "NotFoundError", "The path you were looking for ("+path+") is not available.")
}

// What sam local answers itself, since it reads no gateway responses.
var (
	samUnauthorized = answer{status: http.StatusUnauthorized, headers: map[string]string{"WWW-Authenticate": ""}, body: text(`{"message":"Unauthorized"}` + "\n")}
	samDenied       = answer{status: http.StatusForbidden, body: text(`{"message":"User is not authorized to access this resource"}` + "\n")}
	samNoMethod     = answer{status: http.StatusForbidden, body: text(`{"message":"Missing Authentication Token"}` + "\n")}
	samFault        = answer{status: http.StatusInternalServerError, body: text(`{"message":"Internal server error"}` + "\n")}
)

const (
	ownBodies = "gateway responses are not read"
	noCache   = "authorizers' answers are not kept"
)

// denied is the gateway's 401 for a token that the authorizer refuses.
func denied(reason pat.Reason) answer {
	return refusal(http.StatusUnauthorized, "AuthenticationRequired", "You must log in to use Unleash.", detail{Message: string(reason)}).
		having("WWW-Authenticate", "Bearer").sam(ownBodies, samDenied)
}

// ended is a function's 401 for a token that the authorizer has let through before. API Gateway renames its header.
func ended(reason pat.Reason) answer {
	return denied(reason).having("WWW-Authenticate", "").having("X-Amzn-Remapped-Www-Authenticate", "Bearer").sam(noCache, samDenied)
}

var (
	// noToken is the gateway's 401 for a header that is not there or could be no token.
	noToken = plain(http.StatusUnauthorized, "AuthenticationRequired", "You must log in to use Unleash. Your request had no authorization "+
		"header, so we could not authorize you. Try logging in at /auth/simple/login.").
		having("WWW-Authenticate", "Bearer").sam(ownBodies, samUnauthorized)
	notJSON  = rule("The request body is not valid JSON.")
	tooLarge = rule("The request body is larger than 64 KiB.")
	badPath  = rule("The path is not valid percent-encoded UTF-8.")
	// headersTooLarge is API Gateway's refusal of more than 10,240 bytes of request line and headers.
	headersTooLarge = plain(http.StatusRequestHeaderFieldsTooLarge, "BadRequestError", "The request cannot be accepted.").atEdge()
	// badMethod is API Gateway's refusal of a method that it does not know.
	badMethod = plain(http.StatusForbidden, "BadRequestError", "The request cannot be accepted.").atEdge().sam(ownBodies, samNoMethod)
	// badRequest is an HTTP server's refusal of what is no HTTP.
	badRequest = answer{status: http.StatusBadRequest}.atEdge()
	limit      = plain(http.StatusForbidden, "OperationDeniedError", "Too many PATs (10) already exist for this user.")
	duplicate  = plain(http.StatusConflict, "NameExistsError", "PAT description already exists.")
	noUser     = plain(http.StatusForbidden, "NoAccessError", "PATs require an authenticated user.")
)

// headOf is the answer to HEAD where GET gets the other one: without its body.
func headOf(a answer) answer {
	a.body, a.like = text(""), ""
	a.gaps = maps.Clone(a.gaps)
	for front, known := range a.gaps {
		known.answer.body = text("")
		a.gaps[front] = known
	}
	return a
}
