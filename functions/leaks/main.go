// Command leaks is the Lambda that receives reports of leaked tokens.
package main

import (
	"os"

	"pats/pkg/wiring"
	"pats/pkg/wiring/reports"
)

func main() {
	if err := wiring.Run(reports.Leaks, os.Getenv, os.Stderr); err != nil {
		os.Exit(1)
	}
}
