// Command authorizer is the Lambda behind API Gateway's TOKEN authorizer.
package main

import (
	"os"

	"pats/pkg/wiring"
	"pats/pkg/wiring/authorizers"
)

func main() {
	if err := wiring.Run(authorizers.Own, os.Getenv, os.Stderr); err != nil {
		os.Exit(1)
	}
}
