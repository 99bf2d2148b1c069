// Command plain is an authorizer written as in the SDK's introductions: it loads settings and creates the client in the handler. It uses
// the authorizer's table, modules and compiler flags, so that only the code differs.
package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

type (
	request  = events.APIGatewayCustomAuthorizerRequest
	response = events.APIGatewayCustomAuthorizerResponse
)

func main() { lambda.Start(handle) }

// handle allows the holder of a stored token and denies everyone else.
func handle(ctx context.Context, event request) (response, error) {
	token := strings.TrimPrefix(event.AuthorizationToken, "Bearer ")
	selector, user, err := parse(token)
	if err != nil {
		return policy("Deny", event.MethodArn, "nobody"), nil //nolint:nilerr // a text that is no token is denied
	}
	account, err := read(ctx, user)
	if err != nil {
		return response{}, err
	}
	if !account.has(token, selector, time.Now()) {
		return policy("Deny", event.MethodArn, "nobody"), nil
	}
	return policy("Allow", event.MethodArn, strconv.FormatInt(user, 10)), nil
}

// The form of a token: user:v2_, 22 characters of base64url whose first eight bytes are the user's id, and the secret.
const (
	prefix = "user:v2_"
	length = 22
)

func parse(token string) (selector string, user int64, err error) {
	rest, ok := strings.CutPrefix(token, prefix)
	if !ok || len(rest) <= length {
		return "", 0, errors.New("malformed token")
	}
	bytes, err := base64.RawURLEncoding.DecodeString(rest[:length])
	if err != nil {
		return "", 0, err
	}
	return rest[:length], int64(binary.BigEndian.Uint64(bytes)), nil //nolint:gosec // ids are positive
}

type account struct {
	Sort     string `dynamodbav:"sk"`
	Disabled bool   `dynamodbav:"disabled"`
	Tokens   []struct {
		Selector  string `dynamodbav:"selector"`
		Verifier  string `dynamodbav:"verifier"`
		ExpiresAt int64  `dynamodbav:"expiresAt"`
	} `dynamodbav:"tokens"`
}

func (a account) has(token, selector string, now time.Time) bool {
	hash := sha256.Sum256([]byte(token))
	verifier := base64.RawURLEncoding.EncodeToString(hash[:])
	for _, t := range a.Tokens {
		if t.Selector == selector && subtle.ConstantTimeCompare([]byte(t.Verifier), []byte(verifier)) == 1 {
			return !a.Disabled && now.UnixMilli() < t.ExpiresAt
		}
	}
	return false
}

// read makes the authorizer's one read: a strongly consistent Query of the user's partition.
func read(ctx context.Context, user int64) (account, error) {
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return account{}, err
	}
	output, err := dynamodb.NewFromConfig(settings).Query(ctx, &dynamodb.QueryInput{
		TableName:              aws.String(os.Getenv("TABLE_NAME")),
		ConsistentRead:         aws.Bool(true),
		KeyConditionExpression: aws.String("pk = :pk"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":pk": &types.AttributeValueMemberS{Value: fmt.Sprintf("USER#%d", user)},
		},
	})
	if err != nil {
		return account{}, err
	}
	var items []account
	if err := attributevalue.UnmarshalListOfMaps(output.Items, &items); err != nil {
		return account{}, err
	}
	for _, item := range items {
		if item.Sort == "ACCOUNT" {
			return item, nil
		}
	}
	return account{}, nil
}

func policy(effect, method, principal string) response {
	stage := strings.Join(strings.SplitN(method, "/", 3)[:2], "/")
	return response{
		PrincipalID: principal,
		PolicyDocument: events.APIGatewayCustomAuthorizerPolicy{
			Version: "2012-10-17",
			Statement: []events.IAMPolicyStatement{{
				Action: []string{"execute-api:Invoke"}, Effect: effect, Resource: []string{stage + "/*"},
			}},
		},
	}
}
