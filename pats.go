// Package pats is a service for personal access tokens that speaks Unleash's PAT API: on AWS it is API Gateway, a Lambda
// authorizer, Lambda handlers and one DynamoDB table, all in one SAM template; on a laptop it is one process that reads the
// same template. The domain is pkg/pat; cmd/pats is the command.
package pats

import _ "embed" // for the template

//go:embed template.yaml
var template []byte

// Template is template.yaml as this program was built with it.
func Template() []byte { return template }
