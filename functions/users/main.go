// Command users is the Lambda behind the user routes.
package main

import (
	"os"

	"pats/pkg/wiring"
	"pats/pkg/wiring/routes"
)

func main() {
	if err := wiring.Run(routes.Users, os.Getenv, os.Stderr); err != nil {
		os.Exit(1)
	}
}
