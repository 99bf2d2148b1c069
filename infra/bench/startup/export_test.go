package startup

import (
	"context"
	"time"

	"pats/infra/bench/result"
	"pats/pkg/dynamostore/dynamotest"
)

// RunWith is Run with the folder of the control groups.
func RunWith(ctx context.Context, run *result.Run, options Options, cgroups string) error {
	return runWith(ctx, run, options, cgroups)
}

// Quota is the processor time in each period of a function with so many MB of memory.
func Quota(memory int) time.Duration { return quota(memory) }

// Hold makes a control group under root for a function with so many MB of memory, and puts a process into it.
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

// StartAuthorizer starts a program that is to allow whatever it is asked.
func StartAuthorizer(ctx context.Context, command ...string) error {
	nowhere := bench{db: &database{local: &dynamotest.Server{}, front: &front{}}}
	event := func(caller) []byte { return []byte(`{}`) }
	_, err := nowhere.start(ctx, subject{Authorizer, command, event, isAllow}, fullSpeed, caller{})
	return err
}

// BilledTime is what Lambda bills on average, in ms.
func BilledTime(all []time.Duration) float64 { return billed(all) }
