package crash_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/infra/testkit/figures"
	"pats/infra/testkit/skip"
	"pats/pkg/boltstore"
	"pats/pkg/pat"
)

const (
	// cutsOfRound is how often the power is cut for each round asked for.
	cutsOfRound = 20
	// cutsOfRecording is how often, at most, in the same recording.
	cutsOfRecording = 2000
	// answersOfProof is how many changes are recorded to plant something in them, and the fewest of all.
	answersOfProof = 50
	// cutsOfProof is how often, at most, the power is cut to find what was planted.
	cutsOfProof = 400
)

func needStrace(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err != nil {
		skip.Test(t, "power cuts need strace: install it (Debian: apt-get install strace)")
	}
	words := straceWords(path, os.DevNull)
	if out, err := exec.CommandContext(t.Context(), words[0], append(words[1:], "true")...).CombinedOutput(); err != nil {
		skip.Test(t, fmt.Sprintf("power cuts need strace, which does not work here: %v\n%s", err, out))
	}
	return path
}

// TestPowerCuts cuts the power at many moments of a recorded first start and of recorded writes.
func TestPowerCuts(t *testing.T) {
	t.Parallel()
	needStrace(t)
	cuts, seed := figures.Rounds(t, 5)*cutsOfRound, figures.Seed(t)
	faults := map[fault]int{}
	for made := 0; made < cuts; made += cutsOfRecording {
		of := min(cutsOfRecording, cuts-made)
		r := record(t, seed+uint64(made), int64(max(answersOfProof, of/10)))
		for part, n := range map[*recording]int{&r.firstStart: of / 4, &r.writes: of - of/4} {
			part.cuts(t, n, func(found finding) bool {
				faults[found.fault]++
				t.Errorf("seed %d: %v", part.seed, found)
				return true
			})
		}
	}
	figures.Print(t, "power", figures.Count{Name: "cuts", N: cuts}, figures.Count{Name: "lost", N: faults[lost]},
		figures.Count{Name: "half", N: faults[half]}, figures.Count{Name: "damaged", N: faults[damaged]})
}

// TestPowerCutsFindWhatIsPlanted takes syncs out of a recording, or answers before them, and wants it found.
func TestPowerCutsFindWhatIsPlanted(t *testing.T) {
	t.Parallel()
	needStrace(t)
	r := record(t, figures.Seed(t), answersOfProof)
	for name, test := range map[string]struct {
		want      fault
		recording recording
	}{
		"no sync":                 {lost, r.writes.without(isSync(dataName, anySync))},
		"no sync of the pages":    {damaged, r.writes.without(isSync(dataName, beforeMeta))},
		"no sync of the meta":     {lost, r.writes.without(isSync(dataName, afterMeta))},
		"answers before the sync": {lost, r.writes.hasty()},
		"no sync of the folder":   {lost, r.firstStart.without(isSync("data", anySync))},
		"no sync of the token":    {lost, r.firstStart.without(isSync(".token-", anySync))},
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

// recordings are those of one data folder: of its first start, and of writes later on.
type recordings struct{ firstStart, writes recording }

// recording is a trace with the disk as it was before, and what has to be there at its moments.
type recording struct {
	*trace
	disk   func(*testing.T) *disk
	ledger *ledger
	seed   uint64
	// after are the files that the recorded server has left.
	after map[string][]byte
	// onlyReady says that nothing was asked for in the recording: the server was to become ready.
	onlyReady bool
}

// record has so many changes answered in the second recording.
func record(t *testing.T, seed uint64, answers int64) recordings {
	t.Helper()
	f := newFolder(t)
	r := recordings{recording{seed: seed, onlyReady: true}, recording{seed: seed, ledger: &f.ledger}}
	r.firstStart.disk = emptyDisk(filepath.Dir(f.path))
	r.firstStart.trace = traced(t, f.path, func(*server) {})
	r.firstStart.after = newDisk(t, filepath.Dir(f.path)).cut(none)
	f.setUp(t, 3)
	r.firstStart.ledger = &ledger{admin: f.ledger.admin, members: &roll{}}
	r.writes.disk = copyOf(t, filepath.Dir(f.path))
	r.writes.trace = traced(t, f.path, func(s *server) { f.change(t, s, newClient(s), seed, answers) })
	r.writes.after = newDisk(t, filepath.Dir(f.path)).cut(none)
	for _, made := range []recording{r.firstStart, r.writes} {
		made.wantWhole(t)
	}
	return r
}

// wantWhole checks the recording itself: with all that was written it leaves the files that the server has left.
func (r recording) wantWhole(t *testing.T) {
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

func emptyDisk(root string) func(*testing.T) *disk {
	return func(*testing.T) *disk { return &disk{root: root, now: map[string]*inode{}, kept: map[string]*inode{}} }
}

// copyOf gives disks with what is below root by now.
func copyOf(t *testing.T, root string) func(*testing.T) *disk {
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

// isSync tells the syncs of files whose name begins so, and that come where they should.
func isSync(name string, where func(meta bool) bool) func(e event, meta bool) bool {
	return func(e event, meta bool) bool {
		return e.kind == syncs && strings.HasPrefix(filepath.Base(e.path), name) && where(meta)
	}
}

func anySync(bool) bool         { return true }
func beforeMeta(meta bool) bool { return !meta }
func afterMeta(meta bool) bool  { return meta }

// without leaves out events. gone is told whether the last write was one of bbolt's two meta pages, which stand first.
func (r recording) without(gone func(e event, meta bool) bool) recording {
	meta := false
	less := *r.trace
	less.events = slices.DeleteFunc(slices.Clone(r.events), func(e event) bool {
		if e.kind == write {
			meta = e.offset == 0 || e.offset == int64(os.Getpagesize())
		}
		return gone(e, meta)
	})
	r.trace = &less
	return r
}

// hasty has every answer go out as soon as the request is there.
func (r recording) hasty() recording {
	early := *r.trace
	early.spans = map[string]span{}
	for id, s := range r.spans {
		early.spans[id] = span{s.heard, s.heard}
	}
	r.trace = &early
	return r
}

// cuts cuts the power so often and tells what is wrong afterwards, as long as more is wanted.
func (r recording) cuts(t *testing.T, n int, tell func(finding) (more bool)) {
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
			if !tell(found) {
				return
			}
		}
	}
}

// moments are places in order: right after an answer went out, right before a sync has ended, since most is at stake then, and
// anywhere.
func (r recording) moments(rng *rand.Rand, n int) []int {
	var said, ending []int
	for _, s := range r.spans {
		said = append(said, s.said+1)
	}
	slices.Sort(said)
	for _, e := range r.events {
		if e.kind == syncs {
			ending = append(ending, e.end)
		}
	}
	from := r.events[0].begin
	places := make([]int, n)
	for i := range places {
		switch {
		case i%3 == 0:
			places[i] = said[rng.IntN(len(said))]
		case i%3 == 1 && len(ending) > 0:
			places[i] = ending[rng.IntN(len(ending))]
		default:
			places[i] = from + rng.IntN(r.places-from)
		}
	}
	slices.Sort(places)
	return places
}

// edge is where an event begins or, if it is a sync, ends.
type edge struct {
	place int
	pass  func(*disk)
}

func (r recording) edges() []edge {
	edges := make([]edge, 0, len(r.events))
	for _, e := range r.events {
		if e.kind == syncs {
			edges = append(edges, edge{e.end, func(d *disk) { d.synced(e) }})
		} else {
			edges = append(edges, edge{e.begin, func(d *disk) { d.begin(e) }})
		}
	}
	slices.SortStableFunc(edges, func(a, b edge) int { return a.place - b.place })
	return edges
}

// restore writes the files of a disk to a folder and looks them through.
func (r recording) restore(t *testing.T, to string, files map[string][]byte, place int) []finding {
	t.Helper()
	f := &folder{path: to}
	if err := os.Mkdir(f.path, 0o700); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(f.path) }()
	for path, data := range files {
		if err := os.WriteFile(filepath.Join(f.path, filepath.Base(path)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	findings, err := r.look(t.Context(), f, place)
	if err != nil {
		t.Fatal(err)
	}
	return findings
}

// look holds what the cut at a place has left against what was answered before it.
func (r recording) look(ctx context.Context, f *folder, place int) ([]finding, error) {
	promised := !r.onlyReady || place > r.spans[ready].said
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
	a := &audit{ledger: r.ledger, state: newInStore(store), at: r.moment(place), everything: true}
	if err := a.run(ctx); err != nil {
		return nil, err
	}
	if secret, err := f.firstToken(); r.onlyReady && secret.Reveal() != r.ledger.admin.anchor.Reveal() {
		a.find(lost, "the server was ready and the token file has no token: %v", err)
	}
	return a.findings, nil
}

// moment is how far each request had come at a place.
func (r recording) moment(place int) moment {
	return func(o *op) stage {
		if o == nil || o.void || o.request == "" || o.request == offline {
			return afterAll(o)
		}
		s, found := r.spans[o.request]
		switch {
		case !found: // an earlier server has answered
			return done
		case place <= s.heard:
			return unsent
		case place <= s.said:
			return sent
		default:
			return done
		}
	}
}

// inStore is the state in an open data file.
type inStore struct {
	store *boltstore.Store
	read  map[pat.UserID]pat.Account
}

func newInStore(store *boltstore.Store) inStore { return inStore{store, map[pat.UserID]pat.Account{}} }

func (s inStore) account(ctx context.Context, id pat.UserID) (pat.Account, error) {
	if account, known := s.read[id]; known {
		return account, nil
	}
	account, err := s.store.Account(ctx, id)
	if err != nil && pat.KindOf(err) != pat.KindNotFound {
		return pat.Account{}, err
	}
	s.read[id] = account
	return account, nil
}

func (s inStore) tokens(ctx context.Context, secret pat.Secret) ([]listed, error) {
	account, err := s.account(ctx, secret.Selector().UserID())
	list := make([]listed, 0, len(account.Tokens))
	for _, t := range account.Tokens {
		list = append(list, listed{int64(t.ID), t.Description})
	}
	return list, err
}

func (s inStore) works(ctx context.Context, secret pat.Secret) (bool, error) {
	account, err := s.account(ctx, secret.Selector().UserID())
	token, found := account.Find(secret.Selector())
	return found && !account.Disabled && token.Verifier.Matches(secret), err
}

func (s inStore) people(ctx context.Context) ([]person, error) {
	accounts, err := s.store.Accounts(ctx, 0, 1<<20)
	people := make([]person, 0, len(accounts))
	for _, a := range accounts {
		people = append(people, person{int64(a.ID), a.Username, a.Email, a.Name, a.Disabled})
	}
	return people, err
}
