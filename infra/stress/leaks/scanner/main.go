// Command scanner searches what a run in the environment of infra/stress/leaks/env wrote, and other files and folders, for the run's
// secrets:
//
//	go run ./infra/stress/leaks/scanner DIR [PATH ...]
package main

import (
	"log"
	"os"
	"strings"

	"pats/infra/stress/leaks"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 || strings.HasPrefix(os.Args[1], "-") {
		log.Fatal("usage: go run ./infra/stress/leaks/scanner DIR [PATH ...]")
	}
	ok, err := leaks.Run(os.Stdout, os.Args[1], os.Args[2:]...)
	if err != nil {
		log.Fatal(err)
	}
	if !ok {
		os.Exit(1)
	}
}
