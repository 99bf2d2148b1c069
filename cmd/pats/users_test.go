package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/cmd/pats/failure"
	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestUserCommandsInText(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	wantText(t, "create", sh.must(t, "user", "create", "--username", "ada", "--name", "Ada", "--email", "ada@example.org", "--role", "admin"), `
Id        1
Type      User
Username  ada
Name      Ada
Email     ada@example.org
Role      Admin
State     enabled
Created   2026-01-02T03:04:05Z
`)
	sh.must(t, "user", "create", "--email", "bob@example.org")
	wantText(t, "disable", sh.must(t, "user", "disable", "2"), `
Id        2
Type      User
Username  
Name      
Email     bob@example.org
Role      Viewer
State     disabled
Created   2026-01-02T03:04:05Z
`)
	wantText(t, "list", sh.must(t, "user", "list"), `
ID  TYPE  USERNAME  NAME  EMAIL            ROLE    STATE     CREATED
1   User  ada       Ada   ada@example.org  Admin   enabled   2026-01-02T03:04:05Z
2   User                  bob@example.org  Viewer  disabled  2026-01-02T03:04:05Z
`)
	wantContains(t, "enable", sh.must(t, "user", "enable", "2"), "State     enabled")
	wantText(t, "delete", sh.must(t, "user", "delete", "2"), "User 2 and all of the user's tokens deleted.\n")
	wantText(t, "list after delete", sh.must(t, "user", "list"), `
ID  TYPE  USERNAME  NAME  EMAIL            ROLE   STATE    CREATED
1   User  ada       Ada   ada@example.org  Admin  enabled  2026-01-02T03:04:05Z
`)
}

// TestServiceAccountCommands creates a service account with a token, and administers it as a user.
func TestServiceAccountCommands(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.must(t, "user", "create", "--username", "ada", "--role", "admin")
	wantText(t, "create", sh.must(t, "user", "create", "--service", "--username", "ci", "--name", "Pipeline"), `
Id        2
Type      Service
Username  ci
Name      Pipeline
Email     
Role      Viewer
State     enabled
Created   2026-01-02T03:04:05Z
`)
	wantText(t, "list", sh.must(t, "user", "list"), `
ID  TYPE     USERNAME  NAME      EMAIL  ROLE    STATE    CREATED
1   User     ada                        Admin   enabled  2026-01-02T03:04:05Z
2   Service  ci        Pipeline         Viewer  enabled  2026-01-02T03:04:05Z
`)
	wantContains(t, "token", sh.must(t, "token", "create", "--user", "2", "--description", "gateway", "--scope", "tokens:introspect"), "tokens:introspect")
	wantContains(t, "disable", sh.must(t, "user", "disable", "2"), "disabled")
	wantContains(t, "delete", sh.must(t, "user", "delete", "2"), "User 2")
	for name, args := range map[string][]string{
		"no username": {"--service"}, "an email address": {"--service", "--username", "ci", "--email", "ci@example.org"},
	} {
		if got := sh.run(t, append([]string{"user", "create"}, args...)...); got.Code != failure.Usage {
			t.Errorf("%s: got exit code %d, want %d", name, got.Code, failure.Usage)
		}
	}
	if got := sh.run(t, "user", "create", "--service", "--username", "ada"); got.Code != failure.Refused {
		t.Errorf("a person's username: got exit code %d, want %d", got.Code, failure.Refused)
	}
}

func TestUserCommandsInJSON(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.vars["PATS_OUTPUT"] = "json"
	wantText(t, "create", sh.must(t, "user", "create", "--username", "ada", "--name", "Ada", "--email", "ada@example.org", "--role", "admin"), `
{
  "accountType": "User",
  "id": 1,
  "name": "Ada",
  "username": "ada",
  "email": "ada@example.org",
  "createdAt": "2026-01-02T03:04:05.678Z",
  "rootRole": 1
}
`)
	sh.must(t, "user", "create", "--username", "bob", "--role", "editor")
	wantText(t, "disable", sh.must(t, "user", "disable", "2"), `
{
  "accountType": "User",
  "id": 2,
  "username": "bob",
  "createdAt": "2026-01-02T03:04:05.678Z",
  "rootRole": 2,
  "disabled": true
}
`)
	wantText(t, "delete", sh.must(t, "user", "delete", "2"), "{\n  \"id\": 2\n}\n")
	wantText(t, "list", sh.must(t, "user", "list", "--after", "1"), "{\n  \"users\": []\n}\n")
}

// TestUserListReadsEveryPage has more users than one page of the store.
func TestUserListReadsEveryPage(t *testing.T) {
	t.Parallel()
	const users = pageSize + 2
	sh := newShell(t)
	store, err := boltstore.Open(filepath.Join(sh.data(), "pats.db"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range users {
		pattest.Account(t, store, pattest.Profile(fmt.Sprintf("user%d", i), pat.Viewer))
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		args        []string
		first, last int
	}{
		"all":             {nil, 1, users},
		"from the middle": {[]string{"--after", "100"}, 101, users},
		"a few":           {[]string{"--limit", "3"}, 1, 3},
		"more than there": {[]string{"--limit", "1000"}, 1, users},
		"a page and one":  {[]string{"--limit", strconv.Itoa(pageSize + 1)}, 1, pageSize + 1},
	}
	for name, c := range cases { //nolint:paralleltest // a data file serves one command at a time
		t.Run(name, func(t *testing.T) {
			var got struct{ Users []struct{ ID int } }
			if err := json.Unmarshal([]byte(sh.must(t, append([]string{"user", "list", "--output", "json"}, c.args...)...)), &got); err != nil {
				t.Fatal(err)
			}
			var ids, want []int
			for _, u := range got.Users {
				ids = append(ids, u.ID)
			}
			for id := c.first; id <= c.last; id++ {
				want = append(want, id)
			}
			if diff := cmp.Diff(want, ids); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
		})
	}
}
