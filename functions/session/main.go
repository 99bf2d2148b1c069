// Command session is the Lambda behind the routes of users in a session in the browser.
package main

import (
	"os"

	"pats/pkg/wiring"
	"pats/pkg/wiring/sessions"
)

func main() {
	if err := wiring.Run(sessions.Sessions, os.Getenv, os.Stderr); err != nil {
		os.Exit(1)
	}
}
