package config

import (
	"cmp"
	"errors"
)

// Table is the DynamoDB table of the stack and how to reach it.
type Table struct {
	// Name is the table's name.
	Name     string
	DynamoDB DynamoDB
}

// DynamoDB is how to reach DynamoDB. Its fields are those of dynamostore.Settings.
type DynamoDB struct {
	Region string
	// Endpoint is a URL that replaces the region's own, or empty.
	Endpoint string
	// Lambda sets the credentials of the function's role.
	AccessKeyID, SecretAccessKey, SessionToken string
}

// LoadTable returns the Table in variables, whose name and region are required. The endpoint is chosen as the AWS SDKs do: the
// service's own variable comes before the general one. The error names every missing variable.
func LoadTable(variables Variables) (Table, error) {
	name, nameErr := required(variables, tableName)
	region, regionErr := required(variables, "AWS_REGION")
	table := Table{
		Name: name,
		DynamoDB: DynamoDB{
			Region:          region,
			Endpoint:        cmp.Or(variables("AWS_ENDPOINT_URL_DYNAMODB"), variables("AWS_ENDPOINT_URL")),
			AccessKeyID:     variables("AWS_ACCESS_KEY_ID"),
			SecretAccessKey: variables("AWS_SECRET_ACCESS_KEY"),
			SessionToken:    variables("AWS_SESSION_TOKEN"),
		},
	}
	return table, errors.Join(nameErr, regionErr)
}

func required(variables Variables, name string) (string, error) {
	value := variables(name)
	if value == "" {
		return "", invalid(name, "set")
	}
	return value, nil
}
