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

// aim is what a load goes to, and how much of it.
type aim struct {
	url, method          string
	connections, seconds int
}

// wrk runs the script, which it puts into the folder, with the lines of requests on its standard input, and gives what came of it.
// Errors: wrk's, ctx's, and that of outcome.check.
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

// outcome is what the script tells of a load.
type outcome struct {
	// Requests is how many were answered, in Microseconds.
	Requests     int     `json:"requests"`
	Microseconds float64 `json:"microseconds"`
	// P50 and P99 are latencies in microseconds.
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	// Sent is how many of Supply different requests were drawn. wrk draws one at the start that it does not send, and does not wait
	// for the last answers.
	Sent   int `json:"sent"`
	Supply int `json:"supply"`
	// Refused are answers with a status above 399. The others failed on the way.
	Refused int `json:"refused"`
	Connect int `json:"connect"`
	Read    int `json:"read"`
	Write   int `json:"write"`
	Timeout int `json:"timeout"`
}

// parseOutcome takes what the script tells and nothing besides. Errors: also that of outcome.check.
func parseOutcome(told []byte) (outcome, error) {
	decoder := json.NewDecoder(bytes.NewReader(told))
	decoder.DisallowUnknownFields()
	var o outcome
	if err := decoder.Decode(&o); err != nil {
		return outcome{}, fmt.Errorf("wrk told %q: %w", told, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return outcome{}, fmt.Errorf("wrk told %q: more than one object", told)
	}
	return o, o.check()
}

// check says what is wrong with a load that measured something else than answers.
func (o outcome) check() error {
	switch {
	case o.Refused+o.Connect+o.Read+o.Write+o.Timeout > 0:
		return fmt.Errorf("of %d requests %d were refused, and of the connections %d failed, %d when reading, %d when writing, %d by time",
			o.Requests, o.Refused, o.Connect, o.Read, o.Write, o.Timeout)
	case o.Sent > o.Supply:
		return fmt.Errorf("the %d creates prepared were used up", o.Supply)
	case o.Requests == 0 || o.Microseconds <= 0:
		return errors.New("no request was answered")
	}
	return nil
}

// rate is in requests a second.
func (o outcome) rate() float64 { return float64(o.Requests) / o.Microseconds * 1e6 }
