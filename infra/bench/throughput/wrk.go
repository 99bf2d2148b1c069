package throughput

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

//go:embed wrk.lua
var script []byte

// wrk runs the script with the lines of requests on its standard input. Errors: those of wrk, of ctx and of parseOutcome.
func (l load) wrk(ctx context.Context, t turn, seconds int, requests []byte) (outcome, error) {
	lua := filepath.Join(l.folder, "wrk.lua")
	if err := os.WriteFile(lua, script, 0o600); err != nil {
		return outcome{}, err
	}
	shape := t.shape()
	command := exec.CommandContext(ctx, "wrk", "-t1", "-c"+strconv.Itoa(t.connections), "-d"+strconv.Itoa(seconds), //nolint:gosec // numbers, and files made here
		"--timeout", "10", "-s", lua, t.Ready+shape.path, "--", shape.method, shape.contentType, strconv.FormatBool(t.repeats()))
	var stderr bytes.Buffer
	command.Stdin, command.Stderr = bytes.NewReader(requests), &stderr
	if err := command.Run(); err != nil {
		return outcome{}, fmt.Errorf("wrk: %w: %s", errors.Join(err, ctx.Err()), bytes.TrimSpace(stderr.Bytes()))
	}
	return parseOutcome(stderr.Bytes())
}

// outcome is the script's report of a load.
type outcome struct {
	// Requests is the number of responses in Microseconds.
	Requests     int     `json:"requests"`
	Microseconds float64 `json:"microseconds"`
	// P50 and P99 are latencies in microseconds.
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	// Sent is the number of requests taken from Supply different ones. wrk takes one at the start that it does not send, and does not
	// wait for the last responses.
	Sent   int `json:"sent"`
	Supply int `json:"supply"`
	// Refused counts responses with a status above 399, and Failed failures of connections and time-outs.
	Refused int `json:"refused"`
	Failed  int `json:"failed"`
}

var errNoResponse = errors.New("no request received a response")

// parseOutcome parses the script's output. It returns an error for any other output, and for a load that measured anything but good
// responses, with what was counted. Errors: errNoResponse.
func parseOutcome(text []byte) (outcome, error) {
	var o outcome
	if err := json.Unmarshal(text, &o); err != nil {
		return outcome{}, fmt.Errorf("wrk printed %q: %w", text, err)
	}
	switch {
	case o.Refused+o.Failed > 0:
		return o, fmt.Errorf("of %d requests %d were refused and %d failed", o.Requests, o.Refused, o.Failed)
	case o.Sent > o.Supply:
		return o, fmt.Errorf("all %d prepared creates were used", o.Supply)
	case o.Requests == 0 || o.Microseconds <= 0:
		return o, errNoResponse
	}
	return o, nil
}
