package scale

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"pats/infra/bench/result"
	"pats/infra/testkit/crowd"
	"pats/infra/testkit/service"
	"pats/pkg/boltstore"
	"pats/pkg/pat"
)

// measureFiles fills data files of all sizes, starts the server on each, and measures random users. It measures all sizes in turn, so
// that disturbances affect all alike.
func measureFiles(ctx context.Context, run *result.Run, options Options, folder string) error {
	measured := samples{run}
	var files []*file
	for _, users := range options.Files {
		f, err := newFile(ctx, folder, users, measured)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	if err := measureStarts(ctx, files, measured, options); err != nil {
		return err
	}
	if err := measureUse(ctx, files, measured, options); err != nil {
		return err
	}
	return measured.compare(options.Files[0])
}

// file is a filled data file.
type file struct {
	users int
	// folder is the value of --data for `pats serve`.
	folder string
	draw   *rand.Rand
	// made counts the created tokens.
	made    int
	service *pat.Service
}

func (f *file) path() string { return filepath.Join(f.folder, "pats.db") } // the name that `pats serve` expects

func newFile(ctx context.Context, folder string, users int, measured samples) (*file, error) {
	f := &file{
		users: users, folder: filepath.Join(folder, strconv.Itoa(users)),
		draw: rand.New(rand.NewPCG(seed, uint64(users))), //nolint:gosec // no secret: it draws users
	}
	begin := time.Now()
	if err := f.fill(ctx); err != nil {
		return nil, err
	}
	measured.add("load", users, Boltstore, secondUnit, time.Since(begin).Seconds())
	info, err := os.Stat(f.path())
	if err != nil {
		return nil, err
	}
	measured.add("file", users, Boltstore, "MB", float64(info.Size())/1e6)
	return f, nil
}

func (f *file) fill(ctx context.Context) error {
	store, err := boltstore.Open(f.path()) //nolint:contextcheck // opening takes no context
	if err != nil {
		return err
	}
	return errors.Join(crowd.Import(ctx, store, pat.UserID(f.users), Accounts(f.users), 1), store.Close())
}

// measureStarts opens each file directly, most of which is checking it, and starts the command on it until it prints that it is ready.
func measureStarts(ctx context.Context, files []*file, measured samples, options Options) error {
	for range options.Starts {
		for _, f := range files {
			begin := time.Now()
			store, err := boltstore.Open(f.path()) //nolint:contextcheck // opening takes no context
			if err != nil {
				return err
			}
			measured.add("open", f.users, Boltstore, milliUnit, in(time.Millisecond, time.Since(begin)))
			if err := store.Close(); err != nil {
				return err
			}
			begin = time.Now()
			server, err := service.Start(ctx, service.Command{Args: []string{options.Binary, "serve", "--listen", "127.0.0.1:0", "--data", f.folder}})
			if err != nil {
				return err
			}
			measured.add("exec to ready line", f.users, Laptop, milliUnit, in(time.Millisecond, time.Since(begin)))
			if err := server.Stop(); err != nil {
				return err
			}
		}
	}
	return nil
}

// measureUse runs each operation for a batch of random users of each file in each round. A sample is the mean of a batch, so reads of
// distant pages count.
func measureUse(ctx context.Context, files []*file, measured samples, options Options) (err error) {
	for _, f := range files {
		store, openErr := boltstore.Open(f.path()) //nolint:contextcheck // what is opened here is no request's
		if openErr != nil {
			return openErr
		}
		defer func() { err = errors.Join(err, store.Close()) }()
		f.service = pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, environment())
	}
	for range options.Rounds {
		for _, use := range uses {
			for _, f := range files {
				if err := f.ask(ctx, use, measured, options.Batch); err != nil {
					return fmt.Errorf("%s, %s: %w", use.name, Size(f.users), err)
				}
			}
		}
	}
	return nil
}

// use is an operation on the embedded store.
type use struct {
	name string
	// share is the share of a batch that it runs for: a change waits for the disk.
	share float64
	// prepare runs before the measurement. It can be nil.
	prepare func(context.Context, *file, holder) error
	do      func(context.Context, *file, holder) error
}

// holder is a measured user with their first token, which is never revoked.
type holder struct {
	identity pat.Identity
	secret   pat.Secret
}

var uses = []use{
	{"authenticate", 1, nil, func(ctx context.Context, f *file, h holder) error {
		_, err := f.service.Authenticate(ctx, h.secret)
		return err
	}},
	{"list", 1, nil, func(ctx context.Context, f *file, h holder) error {
		_, err := f.service.Tokens(ctx, h.identity)
		return err
	}},
	{"list 100 users' tokens", 0.05, nil, func(ctx context.Context, f *file, h holder) error {
		after := max(0, min(h.identity.User, pat.UserID(f.users))-listed)
		_, _, err := f.service.AllTokens(ctx, after, listed, pat.TokenFilter{})
		return err
	}},
	{"create a token", 0.05, makeRoom, func(ctx context.Context, f *file, h holder) error {
		f.made++
		_, _, err := f.service.CreateToken(ctx, h.identity, draft(pat.MaxTokens+f.made))
		return err
	}},
}

// makeRoom revokes the user's last token if they have the maximum.
func makeRoom(ctx context.Context, f *file, h holder) error {
	tokens, err := f.service.Tokens(ctx, h.identity)
	if err != nil || len(tokens) < pat.MaxTokens {
		return err
	}
	return f.service.RevokeToken(ctx, h.identity, tokens[len(tokens)-1].ID)
}

func (f *file) ask(ctx context.Context, use use, measured samples, batch int) error {
	holders := f.holders(max(1, int(float64(batch)*use.share)))
	took := time.Duration(0)
	for _, h := range holders {
		if use.prepare != nil {
			if err := use.prepare(ctx, f, h); err != nil {
				return err
			}
		}
		begin := time.Now()
		if err := use.do(ctx, f, h); err != nil {
			return err
		}
		took += time.Since(begin)
	}
	measured.add(use.name, f.users, Boltstore, microUnit, in(time.Microsecond, took)/float64(len(holders)))
	return nil
}

// holders returns n random users.
func (f *file) holders(n int) []holder {
	holders := make([]holder, n)
	for i := range holders {
		id := pat.UserID(f.draw.IntN(f.users) + 1)
		_, secrets := user(id)
		holders[i] = holder{pat.Identity{User: id, Selector: secrets[0].Selector()}, secrets[0]}
	}
	return holders
}
