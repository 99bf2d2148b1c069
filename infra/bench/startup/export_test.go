package startup

import (
	"context"
	"time"

	"pats/infra/bench/result"
	"pats/pkg/dynamostore/dynamotest"
)

// RunWith is Run with another folder of control groups.
func RunWith(ctx context.Context, run *result.Run, options Options, cgroups string) error {
	return runWith(ctx, run, options, cgroups)
}

// Quota is quota.
func Quota(memory int) time.Duration { return quota(memory) }

// Hold creates a control group under root for a function with the given memory in MB, and adds a process to it.
func Hold(root string, memory, pid int) (folder string, err error) {
	found, err := layout(root)
	if err != nil {
		return "", err
	}
	made, err := speed{memory: memory, groups: found}.newGroup()
	if err != nil {
		return "", err
	}
	return made.folder, made.add(pid)
}

// StartAuthorizer starts a program that must allow every request.
func StartAuthorizer(ctx context.Context, command ...string) error {
	nowhere := bench{db: &database{local: &dynamotest.Server{}, front: &front{}}}
	event := func(caller) []byte { return []byte(`{}`) }
	_, err := nowhere.start(ctx, subject{Authorizer, command, event, isAllow}, fullSpeed, caller{})
	return err
}

// BilledTime returns the mean billed time in milliseconds.
func BilledTime(all []time.Duration) float64 { return billed(all) }
