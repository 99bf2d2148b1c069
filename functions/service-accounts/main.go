// Command service-accounts is the Lambda behind the routes of service accounts.
package main

import (
	"os"

	"pats/pkg/wiring"
	"pats/pkg/wiring/routes"
)

func main() {
	if err := wiring.Run(routes.ServiceAccounts, os.Getenv, os.Stderr); err != nil {
		os.Exit(1)
	}
}
