package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestUserCommandsInText(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	wantText(t, "create", sh.must(t, "user", "create", "--username", "ada", "--name", "Ada", "--email", "ada@example.org", "--role", "admin"), `
Id        1
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
Username  
Name      
Email     bob@example.org
Role      Viewer
State     disabled
Created   2026-01-02T03:04:05Z
`)
	wantText(t, "list", sh.must(t, "user", "list"), `
ID  USERNAME  NAME  EMAIL            ROLE    STATE     CREATED
1   ada       Ada   ada@example.org  Admin   enabled   2026-01-02T03:04:05Z
2                   bob@example.org  Viewer  disabled  2026-01-02T03:04:05Z
`)
	wantContains(t, "enable", sh.must(t, "user", "enable", "2"), "State     enabled")
	wantText(t, "delete", sh.must(t, "user", "delete", "2"), "User 2 and all of the user's tokens deleted.\n")
	wantText(t, "list after delete", sh.must(t, "user", "list"), `
ID  USERNAME  NAME  EMAIL            ROLE   STATE    CREATED
1   ada       Ada   ada@example.org  Admin  enabled  2026-01-02T03:04:05Z
`)
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
