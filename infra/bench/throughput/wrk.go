package throughput

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

//go:embed wrk.lua
var script []byte

// aim is the target and size of a load.
type aim struct {
	url, method          string
	connections, seconds int
}

// wrk runs the script, which it writes to folder, with the lines of requests on its standard input. Errors: those of wrk, of ctx and of
// outcome.check.
func (a aim) wrk(ctx context.Context, folder string, requests []byte) (outcome, error) {
	lua := filepath.Join(folder, "wrk.lua")
	if err := os.WriteFile(lua, script, 0o600); err != nil {
		return outcome{}, err
	}
	command := exec.CommandContext(ctx, "wrk", "-t1", "-c"+strconv.Itoa(a.connections), "-d"+strconv.Itoa(a.seconds), //nolint:gosec // numbers, and files made here
		"--timeout", "10", "-s", lua, a.url, "--", a.method)
	command.Stdin = bytes.NewReader(requests)
	var told bytes.Buffer
	command.Stderr = &told
	err := command.Run()
	if ctx.Err() != nil {
		return outcome{}, ctx.Err()
	}
	if err != nil {
		return outcome{}, fmt.Errorf("wrk: %w: %s", err, bytes.TrimSpace(told.Bytes()))
	}
	return parseOutcome(told.Bytes())
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
	// Refused counts responses with a status above 399. The others count failures of connections.
	Refused int `json:"refused"`
	Connect int `json:"connect"`
	Read    int `json:"read"`
	Write   int `json:"write"`
	Timeout int `json:"timeout"`
}

// parseOutcome parses the script's output. Errors: any other output, and those of outcome.check.
func parseOutcome(told []byte) (outcome, error) {
	decoder := json.NewDecoder(bytes.NewReader(told))
	decoder.DisallowUnknownFields()
	var o outcome
	if err := decoder.Decode(&o); err != nil {
		return outcome{}, fmt.Errorf("wrk printed %q: %w", told, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return outcome{}, fmt.Errorf("wrk printed %q: more than one object", told)
	}
	return o, o.check()
}

// check returns an error if a load measured anything but good responses.
func (o outcome) check() error {
	switch {
	case o.Refused+o.Connect+o.Read+o.Write+o.Timeout > 0:
		return fmt.Errorf("%d requests: %d refused; connections: %d failed, %d read errors, %d write errors, %d time-outs",
			o.Requests, o.Refused, o.Connect, o.Read, o.Write, o.Timeout)
	case o.Sent > o.Supply:
		return fmt.Errorf("all %d prepared creates were used", o.Supply)
	case o.Requests == 0 || o.Microseconds <= 0:
		return errors.New("no request received a response")
	}
	return nil
}

// rate returns the requests per second.
func (o outcome) rate() float64 { return float64(o.Requests) / o.Microseconds * 1e6 }
