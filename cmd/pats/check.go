package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"github.com/schollz/progressbar/v3"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/target"
	"pats/pkg/boltstore"
)

type checkCommand struct{ dataFlag }

// Help returns the end of `pats check --help`.
func (*checkCommand) Help() string {
	return `The file is only read. Exit code 1 means that it is damaged. DynamoDB tables need no check.

Example:
  pats check --data .pats`
}

// Run checks the data file.
func (c *checkCommand) Run(ctx context.Context, e env, out *printer) error {
	path := target.Store{Folder: c.Data}.DataFile()
	report, err := boltstore.Check(ctx, path, e.progress(path))
	if errors.Is(err, fs.ErrNotExist) {
		return target.NoDataFile(path)
	}
	result := checkResult{File: path, Bytes: report.Bytes, Users: &report.Users, Tokens: &report.Tokens, Findings: report.Findings}
	if damaged, ok := errors.AsType[*boltstore.DamagedError](err); ok {
		result = checkResult{File: path, Bytes: fileSize(path), Findings: []string{damaged.Err.Error()}}
		err = nil
	}
	if err != nil {
		return target.ExplainDataFile(err)
	}
	return out.check(result)
}

// fileSize returns the size of the file in bytes, or 0 if it is unknown.
func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// checkResult is the result of a check. Users and Tokens are nil if the file cannot be read far enough to count them.
type checkResult struct {
	File     string   `json:"file"`
	Bytes    int64    `json:"bytes"`
	Users    *int     `json:"users"`
	Tokens   *int     `json:"tokens"`
	Findings []string `json:"findings"`
}

func (p *printer) check(result checkResult) error {
	result.Findings = append([]string{}, result.Findings...) // an empty array in JSON
	rows := table{
		{"File", result.File},
		{"Bytes", strconv.FormatInt(result.Bytes, 10)},
		{"Users", formatCount(result.Users)},
		{"Tokens", formatCount(result.Tokens)},
	}
	for _, finding := range result.Findings {
		rows = append(rows, []string{"Damage", finding})
	}
	if err := p.print(result, rows); err != nil || len(result.Findings) == 0 {
		return err
	}
	return failure.New(failure.Failed, fmt.Sprintf("data file %s is damaged", result.File),
		"The file is left as it is. Restore it from a backup, or move its folder away to start over.")
}

func formatCount(count *int) string {
	if count == nil {
		return "unknown"
	}
	return strconv.Itoa(*count)
}

// progress returns a function that draws a progress bar on a terminal, or nil elsewhere.
func (e env) progress(path string) func(done, total int64) {
	if !e.terminal {
		return nil
	}
	bar := progressbar.NewOptions64(1,
		progressbar.OptionSetWriter(e.stderr),
		progressbar.OptionSetDescription("checking "+path),
		progressbar.OptionShowBytes(true),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionOnCompletion(func() { _, _ = fmt.Fprintln(e.stderr) }),
	)
	return func(done, total int64) {
		if bar.GetMax64() != total {
			bar.ChangeMax64(total)
		}
		_ = bar.Set64(done) // the check goes on without the bar
	}
}
