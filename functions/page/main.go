// Command page is the Lambda behind the page on which people manage their tokens.
package main

import (
	"os"

	"pats/pkg/wiring/pages"
	"pats/pkg/wiring/stateless"
)

func main() {
	if err := stateless.Run(pages.Page, os.Getenv, os.Stderr); err != nil {
		os.Exit(1)
	}
}
