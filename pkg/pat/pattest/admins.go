package pattest

import (
	"fmt"
	"testing"

	"pats/pkg/pat"
)

var adminPromises = []promise{
	{"The last enabled Admin stays", lastAdminStays},
	{"The last enabled Admin can change in other ways", lastAdminMayChange},
	{"A disabled Admin and an Editor do not count as enabled Admins", othersDoNotCount},
	{"Users who are not Admins can be changed and deleted without one", othersNeedNoAdmin},
	{"An Admin can leave once there is another", secondAdminFrees},
	{"CountAdmins follows each change at once", adminsAreCounted},
	{"One of two Admins who leave concurrently stays", oneOfTwoStays},
	{"One of many Admins who leave concurrently stays", oneOfManyStays},
}

// departure is a way in which an Admin ceases to be an enabled Admin.
type departure struct {
	name  string
	leave func(t *testing.T, store pat.Store, account pat.Account) error
}

var departures = []departure{
	{"delete", func(t *testing.T, store pat.Store, account pat.Account) error {
		return store.DeleteAccount(t.Context(), account)
	}},
	{"disable", func(t *testing.T, store pat.Store, account pat.Account) error {
		after := account
		after.Disabled = true
		return store.ReplaceAccount(t.Context(), account, after)
	}},
	{"demote", func(t *testing.T, store pat.Store, account pat.Account) error {
		after := account
		after.Role = pat.Editor
		return store.ReplaceAccount(t.Context(), account, after)
	}},
}

func lastAdminStays(t *testing.T, store pat.Store) {
	admin := Account(t, store, Profile("ann", pat.Admin))
	Account(t, store, Profile("bob", pat.Editor))
	for _, d := range departures {
		if err := d.leave(t, store, admin); pat.KindOf(err) != pat.KindLastAdmin {
			t.Errorf("%s: got %v, want kind %d", d.name, err, pat.KindLastAdmin)
		}
		wantAccount(t, store, admin)
	}
}

func lastAdminMayChange(t *testing.T, store pat.Store) {
	admin := withTokens(t, Account(t, store, Profile("ann", pat.Admin)), 2)
	admin.Profile = Profile("anne", pat.Admin)
	wantAccount(t, store, replaced(t, store, admin))
}

func othersDoNotCount(t *testing.T, store pat.Store) {
	admin := Account(t, store, Profile("ann", pat.Admin))
	disabled := Profile("bob", pat.Admin)
	disabled.Disabled = true
	bob := Account(t, store, disabled)
	Account(t, store, Profile("eve", pat.Editor))
	for _, d := range departures {
		if err := d.leave(t, store, admin); pat.KindOf(err) != pat.KindLastAdmin {
			t.Errorf("%s: got %v, want kind %d", d.name, err, pat.KindLastAdmin)
		}
	}
	succeed(t, store.DeleteAccount(t.Context(), bob))
}

func othersNeedNoAdmin(t *testing.T, store pat.Store) {
	for i, d := range departures {
		succeed(t, d.leave(t, store, Account(t, store, Profile(fmt.Sprintf("editor%d", i), pat.Viewer))))
	}
}

func secondAdminFrees(t *testing.T, store pat.Store) {
	admin := Account(t, store, Profile("admin", pat.Admin))
	for i, d := range departures {
		next := Account(t, store, Profile(fmt.Sprintf("next%d", i), pat.Viewer))
		next.Role = pat.Admin
		next = replaced(t, store, next)
		succeed(t, d.leave(t, store, admin))
		admin = next
	}
	disabled := Profile("late", pat.Admin)
	disabled.Disabled = true
	late := Account(t, store, disabled)
	WantKind(t, store.DeleteAccount(t.Context(), admin), pat.KindLastAdmin)
	late.Disabled = false
	replaced(t, store, late)
	succeed(t, store.DeleteAccount(t.Context(), admin))
}

// wantAdmins fails the test unless CountAdmins returns want.
func wantAdmins(t *testing.T, store pat.Store, after string, want int) {
	t.Helper()
	got, err := store.CountAdmins(t.Context())
	succeed(t, err)
	if got != want {
		t.Errorf("after %s: CountAdmins returned %d, want %d", after, got, want)
	}
}

func adminsAreCounted(t *testing.T, store pat.Store) {
	wantAdmins(t, store, "nothing", 0)
	Account(t, store, Profile("viewer", pat.Viewer))
	disabled := Profile("disabled", pat.Admin)
	disabled.Disabled = true
	enabled := Account(t, store, disabled)
	wantAdmins(t, store, "creating a Viewer and a disabled Admin", 0)
	enabled.Disabled = false
	replaced(t, store, enabled)
	wantAdmins(t, store, "enabling the Admin", 1)
	for i, d := range departures {
		admin := Account(t, store, Profile(fmt.Sprintf("admin%d", i), pat.Admin))
		wantAdmins(t, store, "creating an Admin", 2)
		succeed(t, d.leave(t, store, admin))
		wantAdmins(t, store, d.name, 1)
	}
	WantKind(t, store.DeleteAccount(t.Context(), Read(t, store, enabled.ID)), pat.KindLastAdmin)
	wantAdmins(t, store, "a change that was refused", 1)
}

func oneOfTwoStays(t *testing.T, store pat.Store) {
	for i, one := range departures {
		for j, other := range departures {
			ways := []departure{one, other}
			admins := make([]pat.Account, len(ways))
			for k := range ways {
				admins[k] = Account(t, store, Profile(fmt.Sprintf("admin%d-%d-%d", i, j, k), pat.Admin))
			}
			clearOtherAdmins(t, store, admins)
			errs := together(len(ways), func(k int) error { return ways[k].leave(t, store, admins[k]) })
			if got := countKinds(errs)[succeeded]; got > 1 || enabledAdmins(t, store) == 0 {
				t.Fatalf("%s against %s: %d succeeded and %d enabled Admins are left", one.name, other.name, got, enabledAdmins(t, store))
			}
		}
	}
}

func oneOfManyStays(t *testing.T, store pat.Store) {
	const n = 8
	service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, Env(NewClock()))
	admins := make([]pat.Account, n)
	for i := range admins {
		admins[i] = Account(t, store, Profile(fmt.Sprintf("admin%d", i), pat.Admin))
	}
	errs := together(n, func(i int) error {
		if i%2 == 0 {
			return service.DeleteUser(t.Context(), admins[i].ID)
		}
		return SetDisabled(t.Context(), service, admins[i].ID, true)
	})
	wantKinds(t, errs, map[pat.Kind]int{succeeded: n - 1, pat.KindLastAdmin: 1})
	if got := enabledAdmins(t, store); got != 1 {
		t.Errorf("%d enabled Admins are left, want 1", got)
	}
	wantAdmins(t, store, "all that", 1)
}

// clearOtherAdmins deletes every enabled Admin except kept.
func clearOtherAdmins(t *testing.T, store pat.Store, kept []pat.Account) {
	t.Helper()
	for _, user := range list(t, store, 0, 100) {
		if user.Profile.EnabledAdmin() && user.ID < kept[0].ID {
			succeed(t, store.DeleteAccount(t.Context(), Read(t, store, user.ID)))
		}
	}
}

func enabledAdmins(t *testing.T, store pat.Store) int {
	t.Helper()
	count := 0
	for _, user := range list(t, store, 0, 100) {
		if user.Profile.EnabledAdmin() {
			count++
		}
	}
	return count
}
