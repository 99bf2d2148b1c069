// Command shared-authorizer is the Lambda authorizer of other APIs, which accept the service's tokens.
package main

import (
	"os"

	"pats/pkg/wiring"
	"pats/pkg/wiring/authorizers"
)

func main() {
	if err := wiring.Run(authorizers.Shared, os.Getenv, os.Stderr); err != nil {
		os.Exit(1)
	}
}
