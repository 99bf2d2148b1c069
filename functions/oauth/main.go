// Command oauth is the Lambda behind the OAuth routes: introspection, revocation and discovery.
package main

import (
	"os"

	"pats/pkg/wiring"
	"pats/pkg/wiring/openroutes"
)

func main() {
	if err := wiring.Run(openroutes.OAuth, os.Getenv, os.Stderr); err != nil {
		os.Exit(1)
	}
}
