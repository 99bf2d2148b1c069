// Command zitadel does what the lines of standard input say with the resource server of zitadel/oidc, which finds the endpoint in the
// metadata, and prints a line for each.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/client/rs"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

func main() {
	ctx := context.Background()
	server, err := rs.NewResourceServerClientCredentials(ctx, os.Getenv("ISSUER"), os.Getenv("CLIENT_ID"), os.Getenv("CLIENT_SECRET"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		_, token, _ := strings.Cut(lines.Text(), " ")
		fmt.Println(introspect(ctx, server, token))
	}
}

func introspect(ctx context.Context, server rs.ResourceServer, token string) string {
	response, err := rs.Introspect[*oidc.IntrospectionResponse](ctx, server, token)
	switch {
	case err != nil:
		return "error " + err.Error()
	case !response.Active:
		return "inactive"
	}
	scopes := slices.Sorted(slices.Values(response.Scope))
	return strings.TrimSpace("active " + response.Subject + " " + response.Username + " " + strings.Join(scopes, " "))
}
