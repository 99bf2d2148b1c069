package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/schollz/progressbar/v3"

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

// progress shows how far a check is, if a person watches.
func (a *app) progress() func(done, total int64) {
	if !a.terminal {
		return nil
	}
	bar := progressbar.NewOptions64(1,
		progressbar.OptionSetWriter(a.stderr),
		progressbar.OptionSetDescription("checking "+a.dataPath()),
		progressbar.OptionShowBytes(true),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionOnCompletion(func() { _, _ = fmt.Fprintln(a.stderr) }),
	)
	return func(done, total int64) {
		if bar.GetMax64() != total {
			bar.ChangeMax64(total)
		}
		_ = bar.Set64(done) // a bar that cannot be drawn is no reason to stop
	}
}
