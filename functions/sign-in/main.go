// Command sign-in is the Lambda that signs users in at the identity provider.
package main

import (
	"os"

	"pats/pkg/wiring/oidc"
	"pats/pkg/wiring/stateless"
)

func main() {
	if err := stateless.Run(oidc.SignIn, os.Getenv, os.Stderr); err != nil {
		os.Exit(1)
	}
}
