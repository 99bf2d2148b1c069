package ministack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Outputs are the outputs of a stack, by their name.
type Outputs map[string]string

// Outputs returns the outputs of a deployed stack. It asks CloudFormation itself, since SAM CLI takes seconds to start. Errors: those of
// HTTP, and a stack that does not exist.
func (e *Emulator) Outputs(ctx context.Context, stack string) (Outputs, error) {
	response, err := e.post(ctx, "cloudformation", url.Values{"Action": {"DescribeStacks"}, "Version": {"2010-05-15"}, "StackName": {stack}})
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("outputs of %s: %s", stack, response.Status)
	}
	var body struct {
		Outputs []struct {
			Key   string `xml:"OutputKey"`
			Value string `xml:"OutputValue"`
		} `xml:"DescribeStacksResult>Stacks>member>Outputs>member"`
	}
	if err := xml.NewDecoder(response.Body).Decode(&body); err != nil {
		return nil, fmt.Errorf("outputs of %s: %w", stack, err)
	}
	outputs := Outputs{}
	for _, output := range body.Outputs {
		outputs[output.Key] = output.Value
	}
	return outputs, nil
}

// post sends a signed form to a service.
func (e *Emulator) post(ctx context.Context, service string, form url.Values) (*http.Response, error) {
	body := form.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL+"/", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sum := sha256.Sum256([]byte(body))
	credentials := aws.Credentials{AccessKeyID: key, SecretAccessKey: key}
	if err := v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(sum[:]), service, Region, time.Now()); err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(request)
}
