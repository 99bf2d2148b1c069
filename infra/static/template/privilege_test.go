package template_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/infra/testkit/deployed"
)

var roleRequests = []struct {
	name, function string
	request        access
	want           bool
}{
	{"record a use", authorizer, use("USER#1", "ALL_NEW", "SET seen.#token = :at", "#token", "7"), true},
	{"forget uses", authorizer, use("USER#1", "", "REMOVE seen.#t0, seen.#t1"), true},
	{"take a role", authorizer, use("USER#1", "", "SET rootRole = :admin"), false},
	{"take a role by an alias", authorizer, use("USER#1", "", "SET #role = :admin", "#role", "rootRole"), false},
	{"plant a verifier", authorizer, use("USER#1", "", "SET tokens[0].verifier = :mine"), false},
	{"remove tokens beside a use", authorizer, use("USER#1", "", "SET seen.#t = :at REMOVE tokens"), false},
	{"read an account by an update", authorizer, use("USER#1", "ALL_OLD", "SET seen.#t = :at"), false},
	{"move a counter", authorizer, use("SYSTEM", "", "SET seen = :at"), false},
	{"list all users", authorizer, find("DIRECTORY"), false},
	{"look an address up", authorizer, find("UNIQUE#ann@example.com"), false},
	{"delete a user", authorizer, access{action: deleteItem, key: "USER#1", returns: "NONE"}, false},

	{"record a use", shared, use("USER#1", "ALL_NEW", "SET seen.#token = :at", "#token", "7"), true},
	{"read an account", shared, find("USER#1"), true},
	{"take a role", shared, use("USER#1", "", "SET rootRole = :admin"), false},
	{"plant a verifier", shared, use("USER#1", "", "SET tokens[0].verifier = :mine"), false},
	{"read an account by an update", shared, use("USER#1", "ALL_OLD", "SET seen.#t = :at"), false},
	{"list all users", shared, find("DIRECTORY"), false},
	{"replace a user", shared, put("USER#1"), false},
	{"redirect an imported token", shared, put("TOKEN#abc"), false},
	{"delete a user", shared, access{action: deleteItem, key: "USER#1", returns: "NONE"}, false},

	{"replace a user", tokens, put("USER#1"), true},
	{"rename a user in the directory", tokens, put("DIRECTORY"), false},
	{"take a name", tokens, put("UNIQUE#ann"), false},
	{"redirect an imported token", tokens, put("TOKEN#abc"), false},
	{"set a counter", tokens, put("SYSTEM"), false},
	{"list all users", tokens, find("DIRECTORY"), false},
	{"change a part of a user", tokens, use("USER#1", "", "SET rootRole = :admin"), false},

	{"read an account", oauthOf, find("USER#1"), true},
	{"record a use", oauthOf, use("USER#1", "ALL_NEW", "SET seen.#token = :at", "#token", "7"), true},
	{"revoke a token", oauthOf, put("USER#1"), true},
	{"take a role by an update", oauthOf, use("USER#1", "", "SET rootRole = :admin"), false},
	{"take a name", oauthOf, put("UNIQUE#ann"), false},
	{"redirect an imported token", oauthOf, put("TOKEN#abc"), false},
	{"list all users", oauthOf, find("DIRECTORY"), false},
	{"look an address up", oauthOf, find("UNIQUE#ann@example.com"), false},
	{"set a counter", oauthOf, put("SYSTEM"), false},
	{"delete a user", oauthOf, access{action: deleteItem, key: "USER#1", returns: "NONE"}, false},

	{"read an account", leaksOf, find("USER#1"), true},
	{"look an imported token up", leaksOf, find("TOKEN#abc"), true},
	{"revoke tokens", leaksOf, put("USER#1"), true},
	{"record a use", leaksOf, use("USER#1", "ALL_NEW", "SET seen.#token = :at", "#token", "7"), false},
	{"take a name", leaksOf, put("UNIQUE#ann"), false},
	{"redirect an imported token", leaksOf, put("TOKEN#abc"), false},
	{"list all users", leaksOf, find("DIRECTORY"), false},
	{"set a counter", leaksOf, put("SYSTEM"), false},
	{"delete a user", leaksOf, access{action: deleteItem, key: "USER#1", returns: "NONE"}, false},

	{"list service accounts", services, find("SERVICES"), true},
	{"read the caller", services, find("USER#1"), true},
	{"take a name", services, put("UNIQUE#username:ci"), true},
	{"list all users", services, find("DIRECTORY"), false},
	{"look an address up", services, find("UNIQUE#email:ann@example.com"), false},
	{"enter the list of persons", services, put("DIRECTORY"), false},
	{"redirect an imported token", services, put("TOKEN#abc"), false},
	{"replace a counter", services, put("SYSTEM"), false},
	{"change a part of a user", services, use("USER#1", "", "SET rootRole = :admin"), false},

	{"list users", users, find("DIRECTORY"), true},
	{"list service accounts", users, find("SERVICES"), true},
	{"enter the list of service accounts", users, put("SERVICES"), false},
	{"redirect an imported token", users, put("TOKEN#abc"), false},
	{"replace a counter", users, put("SYSTEM"), false},
	{"change a part of a user", users, use("USER#1", "", "SET version = :v"), false},

	{"list users", adminTokens, find("DIRECTORY"), true},
	{"replace a user", adminTokens, put("USER#1"), true},
	{"look an address up", adminTokens, find("UNIQUE#ann@example.com"), false},
	{"rename a user in the directory", adminTokens, put("DIRECTORY"), false},
	{"redirect an imported token", adminTokens, put("TOKEN#abc"), false},
	{"change a part of a user", adminTokens, use("USER#1", "", "SET version = :v"), false},
	{"delete a user", adminTokens, access{action: deleteItem, key: "USER#1", returns: "NONE"}, false},

	{"read an account", signInOf, find("USER#1"), false},
	{"find a login", signInOf, find("UNIQUE#login:abc"), false},
	{"replace a user", signInOf, put("USER#1"), false},
	{"record a use", signInOf, use("USER#1", "ALL_NEW", "SET seen.#token = :at", "#token", "7"), false},
	{"delete a user", signInOf, access{action: deleteItem, key: "USER#1", returns: "NONE"}, false},

	{"read the caller", sessionsOf, find("USER#1"), true},
	{"find a login", sessionsOf, find("UNIQUE#login:abc"), true},
	{"create a user at the first sign-in", sessionsOf, put("UNIQUE#login:abc"), true},
	{"replace a user", sessionsOf, put("USER#1"), true},
	{"list all users", sessionsOf, find("DIRECTORY"), false},
	{"list service accounts", sessionsOf, find("SERVICES"), false},
	{"look an imported token up", sessionsOf, find("TOKEN#abc"), false},
	{"redirect an imported token", sessionsOf, put("TOKEN#abc"), false},
	{"enter the list of service accounts", sessionsOf, put("SERVICES"), false},
	{"replace a counter", sessionsOf, put("SYSTEM"), false},
	{"change a part of a user", sessionsOf, use("USER#1", "", "SET rootRole = :admin"), false},
	{"delete a user", sessionsOf, access{action: deleteItem, key: "USER#1", returns: "NONE"}, false},

	{"list users", adminSessions, find("DIRECTORY"), true},
	{"replace a user", adminSessions, put("USER#1"), true},
	{"delete a user", adminSessions, access{action: deleteItem, key: "USER#1", returns: "NONE"}, true},
	{"look an imported token up", adminSessions, find("TOKEN#abc"), false},
	{"redirect an imported token", adminSessions, put("TOKEN#abc"), false},
	{"enter the list of service accounts", adminSessions, put("SERVICES"), false},
	{"replace a counter", adminSessions, put("SYSTEM"), false},
	{"change a part of a user", adminSessions, use("USER#1", "", "SET rootRole = :admin"), false},

	{"read an account", pageOf, find("USER#1"), false},
	{"list all users", pageOf, find("DIRECTORY"), false},
	{"replace a user", pageOf, put("USER#1"), false},
}

// TestRolesRefuse tries what a function under an attacker's control might try, each as a request to DynamoDB.
func TestRolesRefuse(t *testing.T) {
	t.Parallel()
	for _, test := range roleRequests {
		t.Run(test.function+"/"+test.name, func(t *testing.T) {
			t.Parallel()
			if got := load(t).policyOf(test.function).allows(test.request); got != test.want {
				t.Errorf("%s: got allowed = %t, want %t", test.request, got, test.want)
			}
		})
	}
}

// TestEveryRoleIsTried checks that roleRequests has rows for each function.
func TestEveryRoleIsTried(t *testing.T) {
	t.Parallel()
	tried := map[string]bool{}
	for _, test := range roleRequests {
		tried[test.function] = true
	}
	for _, function := range load(t).of(kindFunction) {
		if !tried[function.id] {
			t.Errorf("%s: got no request that its role must refuse, want some", function.id)
		}
	}
}

const (
	authorizer  = deployed.AuthorizerFunction
	shared      = deployed.SharedAuthorizerFunction
	tokens      = deployed.TokensFunction
	users       = deployed.UsersFunction
	oauthOf     = deployed.OAuthFunction
	leaksOf     = deployed.LeaksFunction
	adminTokens = deployed.AdminTokensFunction
	services    = deployed.ServiceAccountsFunction
	signInOf    = deployed.SignInFunction
	sessionsOf  = deployed.SessionFunction
	pageOf      = deployed.PageFunction

	adminSessions = deployed.AdminSessionFunction
)

func find(key string) access {
	return queryAccess(&dynamodb.QueryInput{
		KeyConditionExpression:    aws.String("pk = :pk"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": &types.AttributeValueMemberS{Value: key}},
	})
}

func put(key string) access {
	return accessOf(types.TransactWriteItem{Put: &types.Put{Item: keyOf(key)}}, "")
}

// use returns an UpdateItem, with an alias and the attribute it stands for.
func use(key string, returns types.ReturnValue, expression string, alias ...string) access {
	update := &types.Update{Key: keyOf(key), UpdateExpression: &expression, ExpressionAttributeNames: map[string]string{}}
	if len(alias) == 2 {
		update.ExpressionAttributeNames[alias[0]] = alias[1]
	}
	return accessOf(types.TransactWriteItem{Update: update}, returns)
}

func keyOf(pk string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberS{Value: "ACCOUNT"}}
}

// TestUnusedAndMissingAreFound compares planted roles with accesses that the template's own roles exactly allow.
func TestUnusedAndMissingAreFound(t *testing.T) {
	t.Parallel()
	needed := []access{
		find("USER#1"), find("UNIQUE#a"), find("DIRECTORY"), find("SERVICES"), find("SYSTEM"), put("USER#1"), put("UNIQUE#a"), put("DIRECTORY"), use("SYSTEM", "", "ADD lastId :one"),
		{action: deleteItem, key: "USER#1"}, {action: deleteItem, key: "UNIQUE#a"}, {action: deleteItem, key: "DIRECTORY"},
	}
	const actions, keys = "[dynamodb:PutItem, dynamodb:DeleteItem]", "[USER#*, UNIQUE#*, DIRECTORY]"
	tests := []struct{ name, old, planted, unused, missing string }{
		{"as it is", actions, actions, "", ""},
		{"an action too many", actions, "[dynamodb:PutItem, dynamodb:DeleteItem, dynamodb:Scan]", "can dynamodb:Scan", ""},
		{"an action too few", actions, "dynamodb:PutItem", "", "needs dynamodb:DeleteItem on USER#1"},
		{"items too many", keys, "[USER#*, UNIQUE#*, DIRECTORY, TOKEN#*]", "dynamodb:LeadingKeys TOKEN#*", ""},
		{"items too few", keys, "[USER#*, DIRECTORY]", "", "needs dynamodb:PutItem on UNIQUE#a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			policy := plant(t, test.old, test.planted).policyOf(users)
			wantFinding(t, "unused", policy.unused(needed), test.unused)
			wantFinding(t, "missing", refused(users, policy, needed), test.missing)
		})
	}
}

// wantFinding wants one that contains the text, or none if the text is empty.
func wantFinding(t *testing.T, what string, found findings, want string) {
	t.Helper()
	contains := func(finding string) bool { return strings.Contains(finding, want) }
	if (want == "" && len(found) > 0) || (want != "" && !slices.ContainsFunc(found, contains)) {
		t.Errorf("%s: got %q, want %q", what, found, want)
	}
}

func refused(function string, policy policy, accesses []access) (found findings) {
	for _, a := range accesses {
		if !policy.allows(a) {
			found.add("%s needs %s, which its role does not allow", function, a)
		}
	}
	return found
}

// policyOf returns what the role of the function allows.
func (t template) policyOf(function string) policy {
	return t.statementsOf(resource{function, at(t["Resources"], function)})
}

// count returns the numbers of statements and actions in the roles of all functions.
func (t template) count() (statements, actions int) {
	for _, function := range t.of(kindFunction) {
		for _, s := range t.statementsOf(function) {
			statements++
			actions += len(s.actions())
		}
	}
	return statements, actions
}
