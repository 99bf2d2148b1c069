// Command users is the Lambda behind the user routes.
package main

import (
	"os"

	"pats/pkg/wiring"
)

func main() {
	if err := wiring.Run(wiring.Users, os.Getenv, os.Stderr); err != nil {
		os.Exit(1)
	}
}
