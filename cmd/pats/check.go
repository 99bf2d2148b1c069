package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"

	"pats/pkg/boltstore"
)

type checkCommand struct{}

// Help is what `pats check --help` ends with.
func (*checkCommand) Help() string {
	return `The file is read and never written to. Exit code 1 says that it is damaged.

Example:
  pats check --data .pats`
}

type checkView struct {
	File     string   `json:"file"`
	Bytes    int64    `json:"bytes"`
	Users    int      `json:"users"`
	Tokens   int      `json:"tokens"`
	Findings []string `json:"findings"`
}

// Run looks the data file through.
func (*checkCommand) Run(ctx context.Context, a *app) error {
	if err := a.storeOnly(); err != nil {
		return err
	}
	if a.Store == storeDynamoDB {
		return usage("check is for data files", "DynamoDB looks after its tables itself. Leave out --store.")
	}
	report, err := boltstore.Check(ctx, a.dataPath(), a.progress())
	if errors.Is(err, fs.ErrNotExist) {
		return noDataFile(a.dataPath())
	}
	if damaged, ok := errors.AsType[*boltstore.DamagedError](err); ok {
		report.Findings, err = []string{damaged.Err.Error()}, nil
	}
	if err != nil {
		return explainDataFile(err)
	}
	return a.answerCheck(report)
}

func (a *app) answerCheck(report boltstore.Report) error {
	body := checkView{a.dataPath(), report.Bytes, report.Users, report.Tokens, append([]string{}, report.Findings...)}
	rows := table{
		{"File", body.File},
		{"Bytes", strconv.FormatInt(body.Bytes, 10)},
		{"Users", strconv.Itoa(body.Users)},
		{"Tokens", strconv.Itoa(body.Tokens)},
	}
	for _, finding := range report.Findings {
		rows = append(rows, []string{"Damage", finding})
	}
	if err := a.answer(body, rows); err != nil || len(report.Findings) == 0 {
		return err
	}
	return fail(exitFailed, fmt.Sprintf("data file %s is damaged", a.dataPath()),
		"The file is left as it is. Restore it from a backup, or move its folder away to begin anew.")
}

// progress shows how far a check is, if a person watches: a line that is written over while the percentage rises.
func (a *app) progress() func(done, total int64) {
	if !a.terminal {
		return nil
	}
	return percentage(a.stderr, "checking "+a.dataPath())
}

func percentage(w io.Writer, what string) func(done, total int64) {
	shown := int64(-1)
	return func(done, total int64) {
		percent := int64(100)
		if total > 0 {
			percent = min(100*done/total, 100)
		}
		if percent == shown {
			return
		}
		shown = percent
		_, _ = fmt.Fprintf(w, "\r%s %3d%%", what, percent)
		if percent == 100 {
			_, _ = fmt.Fprintln(w)
		}
	}
}
