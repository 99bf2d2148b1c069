// Command authorizer is the Lambda behind API Gateway's TOKEN authorizer.
package main

import (
	"os"

	"pats/pkg/wiring"
)

func main() {
	if err := wiring.Run(wiring.Authorizer, os.Getenv, os.Stderr); err != nil {
		os.Exit(1)
	}
}
