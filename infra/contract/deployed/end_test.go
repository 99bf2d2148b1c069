package deployed_test

import (
	"net/http"
	"testing"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/infra/testkit/ministack"
	"pats/infra/testkit/must"
	"pats/infra/testkit/procfs"
)

func checkAddresses(t *testing.T, s *stack) {
	procfs.Need(t)
	family, err := procfs.Family(s.emulator.PID())
	must.Do(t, err)
	addresses, err := procfs.Listening(family)
	must.Do(t, err)
	if len(addresses) == 0 {
		t.Error("got no address, want the emulator's")
	}
	for _, address := range addresses {
		if !address.Addr().IsLoopback() {
			t.Errorf("got %v, want only addresses of the loopback interface", address)
		}
	}
}

// deleteStack deletes the stack. Its table stays, with the first user.
func deleteStack(t *testing.T, s *stack) {
	must.Do(t, s.emulator.Delete(t.Context(), ministack.PatsStack))
	if got := s.send(t, apiclient.Request{Method: http.MethodGet, Path: deployed.TokensPath}); got.Status == http.StatusOK {
		t.Errorf("got %v, want no API", got)
	}
	account, err := s.Store.Account(t.Context(), 1)
	if err != nil || account.Username != "admin" {
		t.Errorf("got %q, %v, want the first user in the table", account.Username, err)
	}
}

func stop(t *testing.T, s *stack) {
	procfs.Need(t)
	family, err := procfs.Family(s.emulator.PID())
	must.Do(t, err)
	must.Do(t, s.emulator.Stop())
	for _, pid := range family {
		if program := procfs.Program(pid); program != "" {
			t.Errorf("process %d still runs %s", pid, program)
		}
	}
}
