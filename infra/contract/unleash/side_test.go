package unleash_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// side is one of the two services. Both get the same users in the same way, except for the first token of a user.
type side struct {
	t         *testing.T
	name, url string
	client    *http.Client
	// firstToken creates a token for a user without tokens, without the routes that are compared.
	firstToken func(id, name string) createdToken

	// lasting has the placeholders of all scenarios, and passing those of the current one.
	lasting, passing map[string]string
	// needsTarget is set if a request of the scenario uses the target's token.
	needsTarget bool
	// labels has the names of tokens and users by kind and id.
	labels map[string]string
	// madeTokens is set if vera has more than her first token; madeUsers are the ids of users to delete.
	madeTokens bool
	madeUsers  []string
}

type createdToken struct {
	ID     json.Number `json:"id"`
	Secret string      `json:"secret"`
}

// far is the expiry of most tokens.
const far = "2099-04-19T08:15:14.000Z"

const password = "Str0ng!pass-word"

// settle creates the users of all scenarios: vera, a Viewer; abby, an Admin; olga, an Editor; gone, who is deleted; and eve, a Viewer.
// They are deleted at the end of the test.
func (s *side) settle(adminToken string) {
	s.t.Helper()
	s.lasting = map[string]string{"admin": adminToken}
	s.labels = map[string]string{"user 1": "admin"}
	s.t.Cleanup(s.leave)
	for _, user := range []struct{ name, role string }{{"vera", "3"}, {"abby", "1"}, {"olga", "2"}, {"gone", "3"}, {"eve", "3"}} {
		id := s.newUser(user.name, user.role)
		s.lasting[user.name+"Id"] = id
		s.labels["user "+id] = user.name
		s.own(user.name, s.firstToken(id, user.name))
	}
	s.mustDo(http.StatusOK, newRequest(http.MethodDelete, usersPath+"/{goneId}").as("{admin}"))
	s.begin()
}

// own sets the placeholders of the user to the token.
func (s *side) own(name string, token createdToken) {
	s.lasting[name] = token.Secret
	s.lasting[name+"TokenId"] = token.ID.String()
	s.labels["token "+token.ID.String()+" of "+s.lasting[name+"Id"]] = name + "'s own"
}

// endSoon adds a token of eve that expires then.
func (s *side) endSoon(at string) {
	s.t.Helper()
	s.own("eve", s.newToken(newRequest(http.MethodPost, tokensPath).as("{eve}").json(fmt.Sprintf(`{"description":"ending","expiresAt":%q}`, at))))
}

func (s *side) newToken(r request) createdToken {
	s.t.Helper()
	var token createdToken
	s.must(json.Unmarshal([]byte(s.mustDo(http.StatusCreated, r).body), &token))
	return token
}

// leave deletes the users and their tokens.
func (s *side) leave() {
	ctx := context.WithoutCancel(s.t.Context())
	for _, name := range []string{"veraId", "abbyId", "olgaId", "goneId", "eveId"} {
		s.madeUsers = append(s.madeUsers, s.lasting[name])
	}
	for _, id := range s.madeUsers {
		if id != "" {
			s.removeUser(ctx, id)
		}
	}
}

// removeUser deletes a user, if the user still exists.
func (s *side) removeUser(ctx context.Context, id string) {
	s.t.Helper()
	r := s.fill(newRequest(http.MethodDelete, usersPath+"/"+id).as("{admin}"))
	got, err := r.send(ctx, s.client, s.url)
	if err != nil || got.status != http.StatusOK && got.status != http.StatusNotFound {
		s.t.Errorf("%s: removing user %s: got %d, %v", s.name, id, got.status, err)
	}
}

// newUser creates a user with an address, a name and, if a session is needed, a password, and returns the id.
func (s *side) newUser(name, role string) string {
	s.t.Helper()
	body := fmt.Sprintf(`{"username":%q,"email":"%s@example.com","name":%q,"rootRole":%s,"sendEmail":false`,
		name, name, strings.ToUpper(name[:1])+name[1:], role)
	if name != "target" || s.needsTarget {
		body += fmt.Sprintf(`,"password":%q`, password)
	}
	got := s.mustDo(http.StatusCreated, newRequest(http.MethodPost, usersPath).as("{admin}").json(body+"}"))
	var user struct {
		ID json.Number `json:"id"`
	}
	s.must(json.Unmarshal([]byte(got.body), &user))
	return user.ID.String()
}

// begin forgets what the last scenario created.
func (s *side) begin() { s.passing, s.madeTokens, s.madeUsers = map[string]string{}, false, nil }

// do replaces the placeholders, sends the request, and keeps what later requests can use of the response.
func (s *side) do(r request, step int) (request, response) {
	s.t.Helper()
	r = s.fill(r)
	got, err := r.send(s.t.Context(), s.client, s.url)
	if err != nil {
		s.t.Fatalf("%s: %s %s: %v", s.name, r.method, r.path, err)
	}
	if tag := got.header.Get("Etag"); tag != "" {
		s.passing["etag"] = tag
	}
	if got.status == http.StatusCreated {
		s.keep(got, step)
	}
	return r, got
}

// keep remembers what was created.
func (s *side) keep(got response, step int) {
	s.t.Helper()
	var made struct {
		createdToken
		UserID json.Number `json:"userId"`
	}
	s.must(json.Unmarshal([]byte(got.body), &made))
	id := made.ID.String()
	if made.Secret == "" {
		s.passing["userId"] = id
		s.madeUsers = append(s.madeUsers, id)
		s.labels["user "+id] = "the user of step " + strconv.Itoa(step)
		return
	}
	s.passing["id"], s.passing["secret"] = id, made.Secret
	s.madeTokens = true
	s.labels["token "+id+" of "+made.UserID.String()] = "the token of step " + strconv.Itoa(step)
}

func (s *side) fill(r request) request {
	s.t.Helper()
	r.path, r.body = s.fillText(r.path), s.fillText(r.body)
	headers := make([]string, len(r.headers))
	for i, line := range r.headers {
		headers[i] = s.fillText(line)
	}
	r.headers = headers
	return r
}

var placeholder = regexp.MustCompile(`\{[a-z][A-Za-z]*\}`)

func (s *side) fillText(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(found string) string { return s.value(found[1 : len(found)-1]) })
}

// value returns the value of a placeholder. Some are created on first use.
func (s *side) value(name string) string {
	s.t.Helper()
	if value, ok := s.lasting[name]; ok {
		return value
	}
	if _, ok := s.passing[name]; !ok {
		switch name {
		case "victim": // the id of a token of vera's
			s.makeVictim()
		case "target", "targetId", "targetTokenId": // a user
			s.makeTarget()
		default:
			s.t.Fatalf("%s: nothing is known of {%s}", s.name, name)
		}
	}
	return s.passing[name]
}

func (s *side) makeVictim() {
	s.t.Helper()
	token := s.newToken(create(fmt.Sprintf(`{"description":"victim","expiresAt":%q}`, far)))
	s.passing["victim"] = token.ID.String()
	s.madeTokens = true
	s.labels["token "+token.ID.String()+" of "+s.lasting["veraId"]] = "victim"
}

// makeTarget creates a token only if one is needed, since a session is slow.
func (s *side) makeTarget() {
	s.t.Helper()
	id := s.newUser("target", "3")
	s.passing["targetId"] = id
	s.madeUsers = append(s.madeUsers, id)
	s.labels["user "+id] = "target"
	if s.needsTarget {
		token := s.firstToken(id, "target")
		s.passing["target"], s.passing["targetTokenId"] = token.Secret, token.ID.String()
		s.labels["token "+token.ID.String()+" of "+id] = "target's own"
	}
}

// clean deletes what the scenario created.
func (s *side) clean() {
	s.t.Helper()
	if s.madeTokens {
		var all struct {
			Pats []createdToken `json:"pats"`
		}
		s.must(json.Unmarshal([]byte(s.mustDo(http.StatusOK, list()).body), &all))
		for _, token := range all.Pats {
			if token.ID.String() != s.lasting["veraTokenId"] {
				s.mustDo(http.StatusOK, revoke(token.ID.String()))
			}
		}
	}
	for _, id := range s.madeUsers {
		s.removeUser(s.t.Context(), id)
	}
	s.begin()
}

// mustDo sends a request that prepares the test.
func (s *side) mustDo(status int, r request) response {
	s.t.Helper()
	r = s.fill(r)
	got, err := r.send(s.t.Context(), s.client, s.url)
	if err != nil || got.status != status {
		s.t.Fatalf("%s: preparing, %s %s: got %d, %v, want %d", s.name, r.method, r.path, got.status, err, status)
	}
	return got
}

func (s *side) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%s: %v", s.name, err)
	}
}
