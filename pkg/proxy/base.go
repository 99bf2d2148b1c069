package proxy

import (
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// Base returns the path under which a client reaches the API, which ends in a slash: the path of the request without its resource, which
// has no parameters. It is "/" at the root of a domain, and has the stage or the base path of a custom domain otherwise. event.Path would
// not do: it has a base path, but no stage. A path with characters that cannot be in a stage or base path has the base "/", so that no
// link leads to another origin.
func Base(event events.APIGatewayProxyRequest) string {
	path := strings.TrimSuffix(event.RequestContext.Path, "/")
	base := strings.TrimSuffix(path, strings.TrimSuffix(event.Resource, "/")) + "/"
	if !isBase(base) {
		return "/"
	}
	return base
}

// baseChars are those of stages and of base paths:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mappings.html
const baseChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_-."

func isBase(path string) bool {
	return strings.HasPrefix(path, "/") && strings.Trim(path, baseChars) == "" && !strings.Contains(path, "//") &&
		!strings.Contains(path, "/.")
}
