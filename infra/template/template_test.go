// Package template_test holds template.yaml against the code and against the promises that the project makes for it.
package template_test

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"pats"
	"pats/pkg/dynamostore"
)

// template is what these tests read of template.yaml. Intrinsic functions are read as their arguments.
type template struct {
	Resources map[string]resource `yaml:"Resources"`
}

type resource struct {
	Type       string         `yaml:"Type"`
	Metadata   map[string]any `yaml:"Metadata"`
	Properties map[string]any `yaml:"Properties"`
}

func load(t *testing.T) template {
	t.Helper()
	var read template
	if err := yaml.Unmarshal(pats.Template(), &read); err != nil {
		t.Fatalf("template.yaml: %v", err)
	}
	return read
}

// of gives the resources of a type by logical id, and fails if there are none.
func (tpl template) of(t *testing.T, kind string) map[string]resource {
	t.Helper()
	found := map[string]resource{}
	for id, r := range tpl.Resources {
		if r.Type == kind {
			found[id] = r
		}
	}
	if len(found) == 0 {
		t.Fatalf("the template has no %s", kind)
	}
	return found
}

func TestTableIsTheOneThatTheStoreMakes(t *testing.T) {
	t.Parallel()
	table := load(t).of(t, "AWS::DynamoDB::Table")["Table"].Properties
	want := dynamostore.Table("any")
	var keys, attributes []any
	for _, key := range want.KeySchema {
		keys = append(keys, map[string]any{"AttributeName": aws.ToString(key.AttributeName), "KeyType": string(key.KeyType)})
	}
	for _, attribute := range want.AttributeDefinitions {
		attributes = append(attributes, map[string]any{"AttributeName": aws.ToString(attribute.AttributeName), "AttributeType": string(attribute.AttributeType)})
	}
	got := map[string]any{"KeySchema": table["KeySchema"], "AttributeDefinitions": table["AttributeDefinitions"], "BillingMode": table["BillingMode"]}
	if diff := cmp.Diff(map[string]any{"KeySchema": keys, "AttributeDefinitions": attributes, "BillingMode": string(want.BillingMode)}, got); diff != "" {
		t.Errorf("template.yaml has another table than dynamostore.Table (-store +template):\n%s", diff)
	}
}

func TestTableIsProtected(t *testing.T) {
	t.Parallel()
	table := load(t).of(t, "AWS::DynamoDB::Table")["Table"].Properties
	want := map[string]any{
		"DeletionProtectionEnabled":        true,
		"PointInTimeRecoverySpecification": map[string]any{"PointInTimeRecoveryEnabled": true},
		"SSESpecification":                 map[string]any{"SSEEnabled": true},
	}
	for property, value := range want {
		if diff := cmp.Diff(value, table[property]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", property, diff)
		}
	}
}

func TestRolesAllowNoWildcard(t *testing.T) {
	t.Parallel()
	for id, role := range load(t).of(t, "AWS::IAM::Role") {
		policies, _ := role.Properties["Policies"].([]any)
		if strings.Contains(fmt.Sprint(policies), "*") {
			t.Errorf("%s has a wildcard: %v", id, policies)
		}
	}
}

func TestEachFunctionHasARoleAndALogGroupOfItsOwn(t *testing.T) {
	t.Parallel()
	used := map[string]string{}
	for id, function := range load(t).of(t, "AWS::Serverless::Function") {
		logging, _ := function.Properties["LoggingConfig"].(map[string]any)
		for _, own := range []any{function.Properties["Role"], logging["LogGroup"]} {
			name := fmt.Sprint(own)
			if own == nil || used[name] != "" {
				t.Errorf("%s: role or log group %q is missing or is also that of %s", id, name, used[name])
			}
			used[name] = id
		}
	}
}

func TestLogGroupsHaveARetention(t *testing.T) {
	t.Parallel()
	for id, group := range load(t).of(t, "AWS::Logs::LogGroup") {
		if group.Properties["RetentionInDays"] == nil {
			t.Errorf("%s keeps its logs for ever", id)
		}
	}
}

func TestAccessLogHasNothingThatTheCallerWrites(t *testing.T) {
	t.Parallel()
	for id, api := range load(t).of(t, "AWS::Serverless::Api") {
		setting, _ := api.Properties["AccessLogSetting"].(map[string]any)
		format := fmt.Sprint(setting["Format"])
		for _, open := range []string{"header", "Authorization", "$context.path", "queryString", "userAgent", "authorizer.error"} {
			if strings.Contains(format, open) {
				t.Errorf("%s logs %s, which is not escaped there", id, open)
			}
		}
	}
}

// maxZip is the most that a function's zip may have, in bytes.
const maxZip = 4 << 20

func TestBuildGivesStaticStrippedBinaries(t *testing.T) {
	t.Parallel()
	folder := os.Getenv(samBuild)
	if folder == "" {
		t.Skip("PATS_SAM_BUILD is not set: `make verify` runs sam build and sets it")
	}
	for id, function := range load(t).of(t, "AWS::Serverless::Function") {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			if function.Metadata["BuildMethod"] != "makefile" {
				t.Fatalf("BuildMethod is %v, want makefile", function.Metadata["BuildMethod"])
			}
			binary := filepath.Join(folder, id, "bootstrap")
			checkBinary(t, binary)
			size := zipped(t, binary)
			t.Logf("%s: zip of %.2f MB", id, float64(size)/1e6)
			if size > maxZip {
				t.Errorf("the zip has %d bytes, want at most %d", size, maxZip)
			}
		})
	}
}

// samBuild names the environment variable with the folder that a bare `sam build` filled, with the template's own defaults.
const samBuild = "PATS_SAM_BUILD"

func checkBinary(t *testing.T, path string) {
	t.Helper()
	binary, err := elf.Open(path)
	if err != nil {
		t.Fatalf("not an ELF file: %v", err)
	}
	defer func() { _ = binary.Close() }()
	for _, part := range binary.Progs {
		if part.Type == elf.PT_INTERP {
			t.Error("it is linked dynamically")
		}
	}
	if binary.Section(".symtab") != nil {
		t.Error("it is not stripped")
	}
	if binary.Machine != elf.EM_AARCH64 {
		t.Errorf("it is built for %v, and the template's default is arm64", binary.Machine)
	}
}

func zipped(t *testing.T, path string) int {
	t.Helper()
	source, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = source.Close() }()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	entry, err := archive.Create("bootstrap")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(entry, source); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}
