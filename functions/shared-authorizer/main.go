// Command shared-authorizer is the Lambda authorizer of other APIs, which accept the service's tokens.
package main

import (
	"os"

	"pats/pkg/wiring"
)

func main() {
	if err := wiring.Run(wiring.SharedAuthorizer, os.Getenv, os.Stderr); err != nil {
		os.Exit(1)
	}
}
