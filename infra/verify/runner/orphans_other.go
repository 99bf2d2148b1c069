//go:build !linux

package runner

// AdoptOrphans does nothing: only Linux lets a process adopt its descendants.
func AdoptOrphans() error { return nil }

// KillOrphans finds none.
func KillOrphans() ([]string, error) { return nil, nil }
