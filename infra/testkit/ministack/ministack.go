// Package ministack deploys stacks to an emulator of AWS on this machine: the same templates and commands as on AWS, without an
// account and without Docker. It needs Python 3 and SAM CLI.
package ministack

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"pats/infra/testkit/service"
	"pats/pkg/dynamostore"
)

// The region and the credentials with which requests are signed. The emulator lets this key do everything.
const (
	Region = "us-east-1"
	key    = "test"
)

// Options are what [Start] needs.
type Options struct {
	// Root is the folder of this repository.
	Root string
	// Port is the port on 127.0.0.1; 0 means a free one.
	Port int
	// Requests is a file for the emulator's log, which has each request and what the functions write; "" means none.
	Requests string
	// Log receives what the commands print; nil discards it.
	Log io.Writer
}

// Emulator is a running ministack. It is empty at first, and keeps nothing when it stops.
type Emulator struct {
	// URL is the endpoint of every AWS service.
	URL string

	options Options
	service *service.Service
}

// Start runs ministack until ctx is done or [Emulator.Stop] is called. The first run fetches it with pip. Errors: those of
// [service.Start].
func Start(ctx context.Context, options Options) (*Emulator, error) {
	args := []string{filepath.Join(options.Root, "infra/services/ministack/start"), "--with-parent"}
	if options.Port != 0 {
		args = append(args, "--port", strconv.Itoa(options.Port))
	}
	if options.Requests != "" {
		args = append(args, "--log", options.Requests)
	}
	running, err := service.Start(ctx, service.Command{Args: args, Log: options.Log})
	if err != nil {
		return nil, err
	}
	return &Emulator{URL: running.Ready, options: options, service: running}, nil
}

// Stop ends ministack and the functions' processes. Errors: those of [service.Service.Stop].
func (e *Emulator) Stop() error { return e.service.Stop() }

// PID returns the ID of the process whose descendants are ministack and the functions.
func (e *Emulator) PID() int { return e.service.PID() }

// Ended is closed when ministack has ended.
func (e *Emulator) Ended() <-chan struct{} { return e.service.Ended() }

// Env returns the environment of a command that uses AWS, as KEY=VALUE: that of this process, without its AWS account, and with the
// emulator. It fits SAM CLI, AWS CLI, CDK and AWS's SDKs.
func (e *Emulator) Env() []string {
	own := slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "AWS_") })
	return append(own, e.Variables()...)
}

// Variables returns what [Emulator.Env] adds to the environment.
func (e *Emulator) Variables() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + e.URL,
		"AWS_ACCESS_KEY_ID=" + key,
		"AWS_SECRET_ACCESS_KEY=" + key,
		"AWS_REGION=" + Region,
		"AWS_DEFAULT_REGION=" + Region,
		"AWS_CONFIG_FILE=" + os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
		"SAM_CLI_TELEMETRY=0",
		"SAM_CLI_POLL_DELAY=0.2", // seconds, instead of five
	}
}

// Store returns a store on a table in the emulator.
func (e *Emulator) Store(table string) *dynamostore.Store {
	client := dynamostore.NewClient(dynamostore.Settings{Region: Region, Endpoint: e.URL, AccessKeyID: key, SecretAccessKey: key})
	return dynamostore.New(client, table)
}

// Address returns where the emulator serves an API whose URL on AWS is aws, without a slash at the end. It takes the URLs of REST and HTTP
// APIs (https) and of WebSocket APIs (wss). Errors: aws is not the URL of an API.
func (e *Emulator) Address(aws string) (string, error) {
	at, err := url.Parse(aws)
	if err != nil {
		return "", err
	}
	id, _, isAPI := strings.Cut(at.Host, ".execute-api.")
	if !isAPI {
		return "", fmt.Errorf("%s is not the URL of an API", aws)
	}
	base := e.URL
	if at.Scheme == "wss" {
		base = "ws" + strings.TrimPrefix(base, "http")
	}
	return base + "/_aws/execute-api/" + id + strings.TrimSuffix(at.Path, "/"), nil
}
