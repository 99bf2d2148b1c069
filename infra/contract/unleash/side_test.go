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

// side is one of the two services. Both get the same users in the same way, but for the first token of a user.
type side struct {
	t         *testing.T
	name, url string
	client    *http.Client
	// firstToken makes one for a user who has none, past the routes that are compared.
	firstToken func(id, name string) createdToken

	// lasting are the placeholders that every scenario has, and passing those of the present one.
	lasting, passing map[string]string
	// needsTarget says that a request of the scenario has the target's token.
	needsTarget bool
	// labels name the tokens and users, by kind and id, so that they can be told apart by what they are.
	labels map[string]string
	// madeTokens says that vera has more than her own token; madeUsers are the ids of users to remove.
	madeTokens bool
	madeUsers  []string
}

type createdToken struct {
	ID     json.Number `json:"id"`
	Secret string      `json:"secret"`
}

// The times at which tokens end.
const far = "2099-04-19T08:15:14.000Z"

const password = "Str0ng!pass-word"

// settle gives the service the users of all scenarios: vera, a Viewer; abby, an Admin; olga, an Editor; gone, who is deleted;
// and eve, a Viewer. They are removed when the test is over.
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
	s.mustDo(http.StatusOK, call(http.MethodDelete, usersPath+"/{goneId}").as("{admin}"))
	s.begin()
}

// own makes the token that of the user's placeholder.
func (s *side) own(name string, token createdToken) {
	s.lasting[name] = token.Secret
	s.lasting[name+"TokenId"] = token.ID.String()
	s.labels["token "+token.ID.String()+" of "+s.lasting[name+"Id"]] = name + "'s own"
}

// endSoon gives eve a token that ends then.
func (s *side) endSoon(at string) {
	s.t.Helper()
	s.own("eve", s.newToken(call(http.MethodPost, tokensPath).as("{eve}").json(fmt.Sprintf(`{"description":"ending","expiresAt":%q}`, at))))
}

func (s *side) newToken(r request) createdToken {
	s.t.Helper()
	var token createdToken
	s.must(json.Unmarshal([]byte(s.mustDo(http.StatusCreated, r).body), &token))
	return token
}

// leave removes the users, and tokens with them.
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

// removeUser removes a user, who may be gone already.
func (s *side) removeUser(ctx context.Context, id string) {
	s.t.Helper()
	r := s.fill(call(http.MethodDelete, usersPath+"/"+id).as("{admin}"))
	got, err := r.send(ctx, s.client, s.url)
	if err != nil || got.status != http.StatusOK && got.status != http.StatusNotFound {
		s.t.Errorf("%s: removing user %s: got %d, %v", s.name, id, got.status, err)
	}
}

// newUser makes a user with an address, a name and, if there will be a session, a password, and gives the id.
func (s *side) newUser(name, role string) string {
	s.t.Helper()
	body := fmt.Sprintf(`{"username":%q,"email":"%s@example.com","name":%q,"rootRole":%s,"sendEmail":false`,
		name, name, strings.ToUpper(name[:1])+name[1:], role)
	if name != "target" || s.needsTarget {
		body += fmt.Sprintf(`,"password":%q`, password)
	}
	got := s.mustDo(http.StatusCreated, call(http.MethodPost, usersPath).as("{admin}").json(body+"}"))
	var user struct {
		ID json.Number `json:"id"`
	}
	s.must(json.Unmarshal([]byte(got.body), &user))
	return user.ID.String()
}

// begin forgets what the last scenario made.
func (s *side) begin() { s.passing, s.madeTokens, s.madeUsers = map[string]string{}, false, nil }

// do fills the request in, sends it, and keeps what later requests may need of the answer.
func (s *side) do(r request, step int) (request, reply) {
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

// keep takes note of what was created.
func (s *side) keep(got reply, step int) {
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

// value is what a placeholder stands for. Some are made when they are first met.
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

// makeTarget makes a token only where one is needed, since a session is slow.
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

// clean removes what the scenario made.
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

// mustDo sends a request of the preparations.
func (s *side) mustDo(status int, r request) reply {
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
