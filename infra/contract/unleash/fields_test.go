package unleash_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// normalized is a response in the form in which it is compared: ids, times and secrets are replaced by names.
type normalized struct {
	// kind is the status, and the name of the error or HTML if the body is one: "400 BadDataError".
	kind string
	// fields are the parts of the response by path: "status", "Content-Type", "body.details.0.message".
	fields map[string]string
}

// headers are the headers that are compared. Of an ETag only the kind is. Cache-Control differs on almost every response; the tests of
// pkg/api check it.
var headers = []string{
	"Content-Type", "Location", "Allow", "Etag", "Link", "Retry-After",
	"Www-Authenticate", "X-Amzn-Remapped-Www-Authenticate",
}

// absent is the value of a field that a response does not have.
const absent = "absent"

// reader normalizes the responses of one side.
type reader struct {
	side *side
	// sent and filled are the request with and without placeholders.
	sent, filled request
	fields       map[string]string
}

func (s *side) read(sent, filled request, got response) normalized {
	r := reader{s, sent, filled, map[string]string{"status": strconv.Itoa(got.status)}}
	for _, name := range headers {
		if values := got.header.Values(name); len(values) > 0 {
			r.fields[name] = r.headerValue(name, strings.Join(values, " | "))
		}
	}
	kind := r.fields["status"]
	if suffix := r.readBody(got); suffix != "" {
		kind += " " + suffix
	}
	return normalized{kind, r.fields}
}

var weakTag = regexp.MustCompile(`^W/"[!#-~]+"$`)

func (r *reader) headerValue(name, value string) string {
	switch {
	case name == "Etag" && weakTag.MatchString(value):
		return "weak"
	case name == "Location":
		id := strings.TrimPrefix(value, "user-admin/")
		return strings.TrimSuffix(value, id) + r.label("user", id)
	}
	return value
}

// readBody returns the name of the error in the body, or HTML.
func (r *reader) readBody(got response) string {
	if strings.HasPrefix(got.header.Get("Content-Type"), "text/html") && strings.HasPrefix(got.body, "<") {
		r.fields["body"] = "HTML"
		return "HTML"
	}
	decoder := json.NewDecoder(strings.NewReader(got.body))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		r.fields["body"] = strconv.Quote(got.body)
		return ""
	}
	r.flatten("body", value)
	if object, ok := value.(map[string]any); ok && got.status >= http.StatusBadRequest {
		name, _ := object["name"].(string)
		return name
	}
	return ""
}

func (r *reader) flatten(path string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			r.flatten(path+"."+name, r.member(value, name, member))
		}
	case []any:
		r.flattenList(path, value)
	default:
		r.fields[path] = r.text(value)
	}
}

// flattenList names elements by label if they have one, and by index otherwise. The order of labels is a separate field.
func (r *reader) flattenList(path string, list []any) {
	order := make([]string, len(list))
	for i, element := range list {
		order[i] = strconv.Itoa(i)
		if object, ok := element.(map[string]any); ok && kindOf(object) != "" {
			order[i] = r.labelOf(object)
		}
		r.flatten(path+"."+order[i], element)
	}
	r.fields[path+".order"] = strings.Join(order, ", ")
}

var (
	uuid     = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	moment   = regexp.MustCompile(`^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
	secretV1 = regexp.MustCompile(`^user:[0-9a-f]{56}$`)
	secretV2 = regexp.MustCompile(`^user:v2_[A-Za-z0-9_-]{22}_[A-Za-z0-9_-]{43}$`)
)

// member returns the value of a member, with a placeholder for what differs from run to run.
func (r *reader) member(object map[string]any, name string, value any) any {
	text, isText := value.(string)
	switch {
	case name == "id" && kindOf(object) != "":
		return "<" + r.labelOf(object) + ">"
	case name == "id" && isText && uuid.MatchString(text):
		return "<uuid>"
	case name == "userId":
		return "<" + r.label("user", fmt.Sprint(value)) + ">"
	case (name == "createdAt" || name == "seenAt") && isText && moment.MatchString(text):
		return "<time>"
	case name == "secret":
		return secretKind(text)
	case name == "inviteLink":
		return "<link>"
	}
	return value
}

// secretKind returns the kind of a secret.
func secretKind(text string) string {
	switch {
	case secretV1.MatchString(text):
		return "<v1 token>"
	case secretV2.MatchString(text):
		return "<v2 token>"
	}
	return "<another secret>"
}

// kindOf returns "user" or "token", and "" for any other object.
func kindOf(object map[string]any) string {
	switch {
	case object["accountType"] != nil:
		return "user"
	case object["userId"] != nil:
		return "token"
	}
	return ""
}

func (r *reader) labelOf(object map[string]any) string {
	id := fmt.Sprint(object["id"])
	if kindOf(object) == "token" {
		id += " of " + fmt.Sprint(object["userId"])
	}
	return r.label(kindOf(object), id)
}

func (r *reader) label(kind, id string) string {
	if label, ok := r.side.labels[kind+" "+id]; ok {
		return label
	}
	return kind + " " + id
}

// text returns a value in JSON. Parts that quote the request have its placeholders.
func (r *reader) text(value any) string {
	if text, ok := value.(string); ok && r.sent.path != r.filled.path {
		path, _, _ := strings.Cut(r.sent.path, "?")
		filled, _, _ := strings.Cut(r.filled.path, "?")
		value = strings.ReplaceAll(text, filled, path)
	}
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(out.String())
}
