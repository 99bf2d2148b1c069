package config_test

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/config"
)

func TestLoadTable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env    map[string]string
		change func(*config.Table)
	}{
		"name and region": {nil, func(*config.Table) {}},
		"DynamoDB's endpoint": {map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:8000"},
			func(table *config.Table) { table.DynamoDB.Endpoint = "http://127.0.0.1:8000" }},
		"the general endpoint": {map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"},
			func(table *config.Table) { table.DynamoDB.Endpoint = "http://127.0.0.1:4566" }},
		"both endpoints": {map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:8000"},
			func(table *config.Table) { table.DynamoDB.Endpoint = "http://127.0.0.1:8000" }},
		"credentials": {map[string]string{"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_SESSION_TOKEN": "c"},
			func(table *config.Table) {
				table.DynamoDB.AccessKeyID, table.DynamoDB.SecretAccessKey, table.DynamoDB.SessionToken = "a", "b", "c"
			}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"TABLE_NAME": "pats", "AWS_REGION": "eu-central-1"}
			maps.Copy(env, c.env)
			got, err := config.LoadTable(lookup(env))
			if err != nil {
				t.Fatal(err)
			}
			want := config.Table{Name: "pats", DynamoDB: config.DynamoDB{Region: "eu-central-1"}}
			c.change(&want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("table (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadTableErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"nothing set": {nil, "TABLE_NAME must be set\nAWS_REGION must be set"},
		"no name":     {map[string]string{"AWS_REGION": "eu-central-1"}, "TABLE_NAME must be set"},
		"no region":   {map[string]string{"TABLE_NAME": "pats"}, "AWS_REGION must be set"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.LoadTable(lookup(c.env))
			if err == nil || err.Error() != c.want {
				t.Errorf("error: got %v, want %s", err, c.want)
			}
		})
	}
}
