// Command tokens is the Lambda behind the token routes and every unknown path.
package main

import (
	"os"

	"pats/pkg/wiring"
	"pats/pkg/wiring/routes"
)

func main() {
	if err := wiring.Run(routes.Tokens, os.Getenv, os.Stderr); err != nil {
		os.Exit(1)
	}
}
