// Package config reads the settings of the functions from the environment, as template.yaml sets it, and checks them.
package config

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"pats/pkg/pat"
)

// The product's own variables. AWS's standard ones, such as AWS_REGION and AWS_ENDPOINT_URL_DYNAMODB, are read beside them.
const (
	TableName            = "TABLE_NAME"
	AdminTokenHash       = "ADMIN_TOKEN_HASH"
	PatsEnabled          = "PATS_ENABLED"
	ExpiredRetentionDays = "EXPIRED_RETENTION_DAYS"
	AcceptImportedTokens = "ACCEPT_IMPORTED_TOKENS"
)

// maxRetentionDays is the template's bound.
const maxRetentionDays = 3650

// Config is what the functions are told.
type Config struct {
	// Table is the table's name.
	Table    string
	DynamoDB DynamoDB
	// Admin recognises the admin API token.
	Admin pat.AdminKey
	// Enabled is the kill switch of the token routes; they are on unless PATS_ENABLED is false.
	Enabled bool
	// Retention is how long expired tokens are kept.
	Retention time.Duration
	// AcceptImported says whether imported tokens are looked up; they are not unless ACCEPT_IMPORTED_TOKENS is true.
	AcceptImported bool
}

// DynamoDB says how the service that holds the table is reached. Its fields are those of dynamostore.Settings.
type DynamoDB struct {
	Region string
	// Endpoint is another address than the region's own, or empty.
	Endpoint string
	// These are the credentials that Lambda gives a function.
	AccessKeyID, SecretAccessKey, SessionToken string
}

// Load reads the variables by getenv. The error names every variable that is wrong, and no value of one.
func Load(getenv func(string) string) (Config, error) {
	r := reader{getenv: getenv}
	config := Config{
		Table: r.required(TableName),
		DynamoDB: DynamoDB{
			Region:          r.required("AWS_REGION"),
			Endpoint:        r.endpoint(),
			AccessKeyID:     getenv("AWS_ACCESS_KEY_ID"),
			SecretAccessKey: getenv("AWS_SECRET_ACCESS_KEY"),
			SessionToken:    getenv("AWS_SESSION_TOKEN"),
		},
		Admin:          r.adminKey(),
		Enabled:        r.boolean(PatsEnabled, true),
		Retention:      r.retention(),
		AcceptImported: r.boolean(AcceptImportedTokens, false),
	}
	return config, errors.Join(r.faults...)
}

type reader struct {
	getenv func(string) string
	faults []error
}

func (r *reader) fault(name, want string) {
	r.faults = append(r.faults, fmt.Errorf("%s must be %s", name, want))
}

func (r *reader) required(name string) string {
	value := r.getenv(name)
	if value == "" {
		r.fault(name, "set")
	}
	return value
}

// endpoint follows the order of the AWS SDKs: the service's own variable, then the general one.
func (r *reader) endpoint() string {
	if own := r.getenv("AWS_ENDPOINT_URL_DYNAMODB"); own != "" {
		return own
	}
	return r.getenv("AWS_ENDPOINT_URL")
}

func (r *reader) adminKey() pat.AdminKey {
	key, err := pat.ParseAdminKey(r.getenv(AdminTokenHash))
	if err != nil {
		r.fault(AdminTokenHash, "64 hex digits or empty")
	}
	return key
}

// boolean is absent if the variable is not set, and false if it is wrong.
func (r *reader) boolean(name string, absent bool) bool {
	switch r.getenv(name) {
	case "":
		return absent
	case "true":
		return true
	case "false":
	default:
		r.fault(name, "true or false")
	}
	return false
}

func (r *reader) retention() time.Duration {
	text := r.getenv(ExpiredRetentionDays)
	if text == "" {
		return pat.DefaultRetention
	}
	days, err := strconv.Atoi(text)
	if err != nil || days < 0 || days > maxRetentionDays {
		r.fault(ExpiredRetentionDays, fmt.Sprintf("a number of days from 0 to %d", maxRetentionDays))
	}
	return time.Duration(days) * 24 * time.Hour
}
