// Command admin-session is the Lambda behind the routes of Admins in a session in the browser.
package main

import (
	"os"

	"pats/pkg/wiring"
	"pats/pkg/wiring/sessions"
)

func main() {
	if err := wiring.Run(sessions.Admins, os.Getenv, os.Stderr); err != nil {
		os.Exit(1)
	}
}
