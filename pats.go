// Package pats embeds template.yaml, which defines the service: personal access tokens that speak Unleash's PAT API. On AWS, SAM
// deploys the template as an API Gateway, a Lambda authorizer, Lambda handlers and a DynamoDB table. On a laptop, `pats serve` runs
// the same template in one process. To read the code, start with docs/architecture.md and package pats/pkg/pat, the domain.
package pats

import _ "embed"

//go:embed template.yaml
var template []byte

// Template returns template.yaml as it was when this program was built.
func Template() []byte { return template }
