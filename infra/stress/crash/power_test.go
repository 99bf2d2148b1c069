package crash_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/infra/testkit/figures"
	"pats/infra/testkit/must"
	"pats/infra/testkit/service"
	"pats/infra/testkit/skip"
	"pats/pkg/api/apitypes"
	"pats/pkg/boltstore"
	"pats/pkg/pat"
)

const (
	// cutsPerRound is the number of power cuts in a round.
	cutsPerRound = 20
	// cutsPerRecording is the maximum number of cuts in one recording.
	cutsPerRecording = 2000
	// responsesOfProof is the number of changes recorded for a planted fault, and the minimum otherwise.
	responsesOfProof = 50
	// cutsOfProof is the maximum number of cuts in which a planted fault must be found.
	cutsOfProof = 400
)

func needStrace(t *testing.T) {
	t.Helper()
	skip.Without(t, "strace", "strace")
	words := append(straceWords(os.DevNull), "true")
	if out, err := exec.CommandContext(t.Context(), words[0], words[1:]...).CombinedOutput(); err != nil {
		skip.Test(t, fmt.Sprintf("strace does not work here: %v\n%s", err, out))
	}
}

// TestPowerCuts cuts the power at many moments of a recorded first start and of recorded writes.
func TestPowerCuts(t *testing.T) {
	t.Parallel()
	needStrace(t)
	cuts, seed := figures.Rounds(t, 5)*cutsPerRound, figures.Seed(t)
	faults := map[fault]int{}
	for created := 0; created < cuts; created += cutsPerRecording {
		of := min(cutsPerRecording, cuts-created)
		r := makeRecordings(t, seed+uint64(created), int64(max(responsesOfProof, of/10)))
		for part, n := range map[*recording]int{&r.firstStart: of / 4, &r.writes: of - of/4} {
			part.cuts(t, n, func(found finding) bool {
				faults[found.fault]++
				t.Errorf("seed %d: %v", part.seed, found)
				return true
			})
		}
	}
	figures.Print(t, "power", figures.Count{Name: "cuts", N: cuts}, figures.Count{Name: "lost", N: faults[lost]},
		figures.Count{Name: "inconsistent", N: faults[inconsistent]}, figures.Count{Name: "damaged", N: faults[damaged]})
}

// TestPowerCutsFindPlantedFaults removes syncs from a recording, or moves responses before them.
func TestPowerCutsFindPlantedFaults(t *testing.T) {
	t.Parallel()
	needStrace(t)
	r := makeRecordings(t, figures.Seed(t), responsesOfProof)
	for name, test := range map[string]struct {
		want      fault
		recording recording
	}{
		"no sync":                   {lost, r.writes.without(isSyncOf(dataName, anySync))},
		"no sync of the pages":      {damaged, r.writes.without(isSyncOf(dataName, beforeMeta))},
		"no sync of the meta":       {lost, r.writes.without(isSyncOf(dataName, afterMeta))},
		"responses before the sync": {lost, r.writes.withEarlyResponses()},
		"no sync of the folder":     {lost, r.firstStart.without(isSyncOf("data", anySync))},
		"no sync of the token":      {lost, r.firstStart.without(isSyncOf(".token-", anySync))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kinds := map[fault]int{}
			test.recording.cuts(t, cutsOfProof, func(found finding) bool {
				kinds[found.fault]++
				return found.fault != test.want
			})
			if kinds[test.want] == 0 {
				t.Errorf("got findings %v in %d cuts, want some that are %q", kinds, cutsOfProof, test.want)
			}
		})
	}
}

// recordings are those of one data folder: its first start and later writes.
type recordings struct{ firstStart, writes recording }

// recording is a trace with the disk before it, and the history of the requests in it.
type recording struct {
	*trace
	disk    func(*testing.T) *disk
	history *history
	seed    uint64
	// after are the files that the recorded server left, by path.
	after map[string][]byte
	// firstStartOnly is true if there were no requests: the server only had to become ready.
	firstStartOnly bool
}

// makeRecordings records a first start, and then the given number of changes.
func makeRecordings(t *testing.T, seed uint64, responses int64) recordings {
	t.Helper()
	f := newFolder(t)
	r := recordings{recording{seed: seed, firstStartOnly: true}, recording{seed: seed, history: &f.history}}
	r.firstStart.disk = newEmptyDisk(filepath.Dir(f.path))
	r.firstStart.trace = traced(t, f.path, func(*service.Service) {})
	r.firstStart.after = newDisk(t, filepath.Dir(f.path)).cut(none)
	f.setUp(t, 3)
	r.firstStart.history = &history{admin: f.history.admin}
	r.writes.disk = copyDisk(t, filepath.Dir(f.path))
	r.writes.trace = traced(t, f.path, func(s *service.Service) { f.change(t, s, newClient(t, s), seed, responses) })
	r.writes.after = newDisk(t, filepath.Dir(f.path)).cut(none)
	for _, created := range []recording{r.firstStart, r.writes} {
		created.checkComplete(t)
	}
	return r
}

// checkComplete checks the recording itself: with all writes applied it must lead to the files that the server left.
func (r recording) checkComplete(t *testing.T) {
	t.Helper()
	d := r.disk(t)
	for _, e := range r.edges() {
		e.pass(d)
	}
	if diff := cmp.Diff(r.after, d.cut(all), cmp.Transformer("sum", func(data []byte) string {
		return fmt.Sprintf("%d bytes with checksum %x", len(data), crc32.ChecksumIEEE(data))
	})); diff != "" {
		t.Fatalf("the recording leaves other files than the server (-server +recording):\n%s", diff)
	}
}

func newEmptyDisk(root string) func(*testing.T) *disk {
	return func(*testing.T) *disk { return &disk{root: root, now: map[string]*inode{}, kept: map[string]*inode{}} }
}

// copyDisk returns a function that returns copies of what is below root now.
func copyDisk(t *testing.T, root string) func(*testing.T) *disk {
	t.Helper()
	d := newDisk(t, root)
	return func(*testing.T) *disk {
		fresh := &disk{root: root, now: map[string]*inode{}, kept: map[string]*inode{}}
		for path, node := range d.now {
			same := *node
			same.synced = slices.Clone(node.synced)
			fresh.now[path], fresh.kept[path] = &same, &same
		}
		return fresh
	}
}

// isSyncOf returns a filter for syncs of files whose name begins with name, where `where` is true.
func isSyncOf(name string, where func(meta bool) bool) func(e event, meta bool) bool {
	return func(e event, meta bool) bool {
		return e.kind == syncFile && strings.HasPrefix(filepath.Base(e.path), name) && where(meta)
	}
}

func anySync(bool) bool         { return true }
func beforeMeta(meta bool) bool { return !meta }
func afterMeta(meta bool) bool  { return meta }

// without returns the recording without the events for which removed is true. meta is true if the last write was to one of bbolt's two meta
// pages, which are the first two.
func (r recording) without(removed func(e event, meta bool) bool) recording {
	meta := false
	less := *r.trace
	less.events = slices.DeleteFunc(slices.Clone(r.events), func(e event) bool {
		if e.kind == writeFile {
			meta = e.offset == 0 || e.offset == int64(os.Getpagesize())
		}
		return removed(e, meta)
	})
	r.trace = &less
	return r
}

// withEarlyResponses returns the recording with every response sent as soon as its request arrived.
func (r recording) withEarlyResponses() recording {
	early := *r.trace
	early.spans = map[string]span{}
	for id, s := range r.spans {
		early.spans[id] = span{s.received, s.received}
	}
	r.trace = &early
	return r
}

// cuts cuts the power n times and reports the findings until report returns false.
func (r recording) cuts(t *testing.T, n int, report func(finding) (more bool)) {
	t.Helper()
	rng := rand.New(rand.NewPCG(r.seed, 1))
	edges, places, next := r.edges(), r.moments(rng, n), 0
	d, scratch := r.disk(t), t.TempDir()
	for i, place := range places {
		for ; next < len(edges) && edges[next].place < place; next++ {
			edges[next].pass(d)
		}
		chosen := []choice{none, all, first(rng), some(rng), some(rng)}[i%5]
		for _, found := range r.restore(t, filepath.Join(scratch, "data"), d.cut(chosen), place) {
			found.text = fmt.Sprintf("power cut at %d of %d: %s", place, r.places, found.text)
			if !report(found) {
				return
			}
		}
	}
}

// moments returns n places in order: after a response was sent, before a sync has ended, and anywhere. Most is at stake at the
// first two.
func (r recording) moments(rng *rand.Rand, n int) []int {
	var responded, ending []int
	for _, s := range r.spans {
		responded = append(responded, s.responded+1)
	}
	slices.Sort(responded)
	for _, e := range r.events {
		if e.kind == syncFile {
			ending = append(ending, e.end)
		}
	}
	from := r.events[0].begin
	places := make([]int, n)
	for i := range places {
		switch {
		case i%3 == 0:
			places[i] = responded[rng.IntN(len(responded))]
		case i%3 == 1 && len(ending) > 0:
			places[i] = ending[rng.IntN(len(ending))]
		default:
			places[i] = from + rng.IntN(r.places-from)
		}
	}
	slices.Sort(places)
	return places
}

// edge is where an event begins or, for a sync, ends.
type edge struct {
	place int
	pass  func(*disk)
}

func (r recording) edges() []edge {
	edges := make([]edge, 0, len(r.events))
	for _, e := range r.events {
		if e.kind == syncFile {
			edges = append(edges, edge{e.end, func(d *disk) { d.synced(e) }})
		} else {
			edges = append(edges, edge{e.begin, func(d *disk) { d.begin(e) }})
		}
	}
	slices.SortStableFunc(edges, func(a, b edge) int { return a.place - b.place })
	return edges
}

// restore writes the files of a disk to a folder and audits that.
func (r recording) restore(t *testing.T, to string, files map[string][]byte, place int) []finding {
	t.Helper()
	f := &folder{path: to}
	must.Do(t, os.Mkdir(f.path, 0o700))
	defer func() { _ = os.RemoveAll(f.path) }()
	for path, data := range files {
		must.Do(t, os.WriteFile(filepath.Join(f.path, filepath.Base(path)), data, 0o600))
	}
	findings, err := r.auditCut(t.Context(), f, place)
	must.Do(t, err)
	return findings
}

// auditCut compares what is left after a cut at a place with what was acknowledged before it.
func (r recording) auditCut(ctx context.Context, f *folder, place int) ([]finding, error) {
	promised := !r.firstStartOnly || place > r.spans[ready].responded
	if _, err := os.Stat(f.dataFile()); errors.Is(err, fs.ErrNotExist) {
		if promised {
			return []finding{{lost, "there is no data file"}}, nil
		}
		return nil, nil
	}
	store, err := boltstore.Open(f.dataFile()) //nolint:contextcheck // opening a file waits for a second at most
	if err != nil {
		return []finding{{damaged, err.Error()}}, nil
	}
	defer func() { _ = store.Close() }()
	if !promised {
		return nil, nil
	}
	a := &audit{history: r.history, state: newStoreState(store), at: r.moment(place), everything: true}
	if err := a.run(ctx); err != nil {
		return nil, err
	}
	if secret, err := f.firstToken(); r.firstStartOnly && secret.Reveal() != r.history.admin.own.Reveal() {
		a.find(lost, "the server was ready and the token file has no token: %v", err)
	}
	return a.findings, nil
}

// moment returns the stage of each request at a place.
func (r recording) moment(place int) moment {
	return func(o *op) stage {
		if o == nil || o.void || o.request == "" || o.request == offline {
			return afterAll(o)
		}
		s, found := r.spans[o.request]
		switch {
		case !found: // an earlier server responded
			return done
		case place <= s.received:
			return unsent
		case place <= s.responded:
			return sent
		default:
			return done
		}
	}
}

// storeState is the state in an open data file.
type storeState struct {
	readOnce
	service *pat.Service
}

func newStoreState(store *boltstore.Store) storeState {
	read := readOnce{store, map[pat.UserID]pat.Account{}}
	return storeState{read, pat.NewService(read, pat.Settings{Retention: pat.DefaultRetention}, pat.SystemEnv(slog.New(slog.DiscardHandler)))}
}

// readOnce is a store that reads each account once and records no use.
type readOnce struct {
	*boltstore.Store
	read map[pat.UserID]pat.Account
}

// Account returns the account, or the zero Account if it does not exist.
func (s readOnce) Account(ctx context.Context, id pat.UserID) (pat.Account, error) {
	if account, known := s.read[id]; known {
		return account, nil
	}
	account, err := s.Store.Account(ctx, id)
	if err != nil && pat.KindOf(err) != pat.KindNotFound {
		return pat.Account{}, err
	}
	s.read[id] = account
	return account, nil
}

func (readOnce) MarkSeen(context.Context, pat.Account, pat.TokenID, time.Time) error { return nil }

func (s storeState) tokens(ctx context.Context, h *holder) ([]apitypes.Token, error) {
	account, err := s.Account(ctx, h.user)
	return apitypes.NewTokenList(account.ID, account.Tokens).Pats, err
}

func (s storeState) accepts(ctx context.Context, secret pat.Secret) (bool, error) {
	_, err := s.service.Check(ctx, secret)
	if pat.KindOf(err) == pat.KindUnauthenticated {
		return false, nil
	}
	return err == nil, err
}

func (s storeState) users(ctx context.Context) ([]apitypes.User, error) {
	accounts, err := s.Accounts(ctx, 0, 1<<20)
	return apitypes.NewUsers(accounts), err
}
