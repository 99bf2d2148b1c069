// Command admin-tokens is the Lambda behind the routes on which Admins list and revoke the tokens of all users.
package main

import (
	"os"

	"pats/pkg/wiring"
	"pats/pkg/wiring/routes"
)

func main() {
	if err := wiring.Run(routes.AdminTokens, os.Getenv, os.Stderr); err != nil {
		os.Exit(1)
	}
}
