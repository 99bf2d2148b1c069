package crash_test

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// straceWords run a program under strace. As its grandchild (-D), strace leaves the program the test's own child. All text is in
// hexadecimal (-xx), paths too, so that lines are easy to take apart. A call that the machine does not have is no matter (?).
func straceWords(path, output string) []string {
	calls := []string{
		"read", "write", "pwrite64", "ftruncate", "fsync", "fdatasync", "openat", "mkdirat", "linkat", "renameat", "unlinkat",
	}
	// Those that are not understood here: one on a file that is looked at is an error.
	calls = append(calls, "open", "openat2", "creat", "mkdir", "link", "rename", "renameat2", "unlink", "rmdir", "symlink", "symlinkat",
		"truncate", "fallocate", "writev", "pwritev", "pwritev2", "copy_file_range", "sendfile", "splice", "sync_file_range", "msync")
	return []string{path, "-D", "-f", "-qq", "-y", "-xx", "--seccomp-bpf", "-s", "16777216",
		"-e", "trace=?" + strings.Join(calls, ",?"), "-o", output}
}

// kind is what an event does.
type kind int

const (
	// write changes the bytes of a file from an offset on.
	write kind = iota + 1
	// truncate sets the size of a file.
	truncate
	// sync has what was written to a file, or changed of the names in a folder, last.
	syncs
	// makes gives a name to a new file, makesFolder to a new folder.
	makes
	makesFolder
	// links gives a file another name, renames gives it one instead, unlinks takes one away.
	links
	renames
	unlinks
)

// event is a system call that had an effect on the folder that is looked at.
type event struct {
	kind kind
	path string
	// to is the other name of links and renames.
	to     string
	offset int64
	data   []byte
	// begin and end are places in the trace. end is behind all of it if the call did not return.
	begin, end int
}

// span is when a request came in, and when its answer was about to go out, as places in the trace.
type span struct{ heard, said int }

// trace is what a server has done, in the order in which it did so. It is never written to a file: it has secrets in it.
type trace struct {
	root   string
	events []event
	// spans are by the request's id, and under ready when the server said that it was.
	spans map[string]span
	// places is above every place.
	places int

	heard map[string]int
	open  map[string]string
}

// ready is the key of the server's ready line among the spans.
const ready = "ready"

// traced runs the server on the data folder under strace while work uses it, and gives what it did below the folder around that.
func traced(t *testing.T, data string, work func(*server)) *trace {
	t.Helper()
	strace := needStrace(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s := launch(t, data, straceWords(strace, "/dev/fd/3")...)
	s.ExtraFiles = []*os.File{w}
	s.start(t)
	_ = w.Close()
	tr := &trace{root: filepath.Dir(data), spans: map[string]span{}, heard: map[string]int{}, open: map[string]string{}}
	read := make(chan error, 1)
	go func() { read <- tr.readAll(r) }()
	s.await(t)
	work(s)
	s.stop()
	if err := errors.Join(<-read, r.Close()); err != nil {
		t.Fatal(err)
	}
	if _, found := tr.spans[ready]; !found || len(tr.events) == 0 {
		t.Fatalf("strace saw %d events and %d answers of a server that was ready\n%s", len(tr.events), len(tr.spans), s.log.String())
	}
	return tr
}

func (tr *trace) readAll(r io.Reader) error {
	lines := bufio.NewReaderSize(r, 1<<20)
	var failure error
	for {
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return failure
		}
		if err != nil {
			return err
		}
		if failure == nil { // or else the program would stand still
			failure = tr.line(strings.TrimSuffix(line, "\n"))
		}
	}
}

// line takes a line of strace's. Each is two places: one where the call begins, one where it ends.
func (tr *trace) line(line string) error {
	at := tr.places
	tr.places += 2
	thread, text, _ := strings.Cut(line, " ")
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "---") || strings.HasPrefix(text, "+++") || strings.HasPrefix(text, "???") {
		return nil // a signal, the end of a thread, or one that ended before its call was seen
	}
	if strings.HasSuffix(text, "<detached ...>") {
		return nil // a call that the end of the process cut off; had it written, the files would not match the recording
	}
	if begun, unfinished := strings.CutSuffix(text, " <unfinished ...>"); unfinished {
		tr.open[thread] = strconv.Itoa(at) + " " + begun
		return nil
	}
	begin := at
	if _, rest, resumed := strings.Cut(text, " resumed>"); resumed && strings.HasPrefix(text, "<...") {
		place, begun, _ := strings.Cut(tr.open[thread], " ")
		delete(tr.open, thread)
		begin, _ = strconv.Atoi(place) // written above
		text = begun + rest
	}
	if err := tr.call(text, begin, at+1); err != nil {
		return fmt.Errorf("%w in %.200q", err, text)
	}
	return nil
}

// call takes a whole call, such as
//
//	pwrite64(5<\x2f\x74>, "\x02\x00", 2, 0) = 2
func (tr *trace) call(text string, begin, end int) error {
	name, rest, _ := strings.Cut(text, "(")
	i := strings.LastIndex(rest, ") ")
	if i < 0 {
		return errors.New("no result")
	}
	_, result, _ := strings.Cut(rest[i:], "= ")
	result, _, _ = strings.Cut(result, " ")
	result, _, _ = strings.Cut(result, "<")
	n, err := strconv.ParseInt(result, 10, 64)
	if err != nil || n < 0 {
		return nil //nolint:nilerr // it failed, or was cut off by the end of the process before it did anything
	}
	return tr.done(name, strings.Split(rest[:i], ", "), n, begin, end)
}

// done takes a call that succeeded.
func (tr *trace) done(name string, args []string, n int64, begin, end int) error {
	e := event{begin: begin, end: end, path: handle(args[0])}
	switch name {
	case "read":
		if strings.HasPrefix(e.path, "socket:") && n > 0 {
			tr.hear(e)
		}
		return nil
	case "write", "pwrite64":
		return tr.written(name, e, args, n)
	case "ftruncate":
		e.kind = truncate
		e.offset, _ = strconv.ParseInt(args[1], 10, 64)
	case "fsync", "fdatasync":
		e.kind = syncs
	case "openat":
		return tr.opened(e, args)
	case "mkdirat":
		e.kind, e.path = makesFolder, quoted(args[1])
	case "linkat":
		e.kind, e.path, e.to = links, quoted(args[1]), quoted(args[3])
	case "renameat":
		e.kind, e.path, e.to = renames, quoted(args[1]), quoted(args[3])
	case "unlinkat":
		e.kind, e.path = unlinks, quoted(args[1])
	default:
		return tr.foreign(name, args)
	}
	tr.add(e)
	return nil
}

// add takes an event if it is about the folder.
func (tr *trace) add(e event) {
	if e.path == tr.root || strings.HasPrefix(e.path, tr.root+"/") {
		tr.events = append(tr.events, e)
	}
}

// foreign refuses a call that is not understood if it may be about the folder.
func (tr *trace) foreign(name string, args []string) error {
	for _, arg := range args {
		if strings.HasPrefix(handle(arg), tr.root) || strings.HasPrefix(quoted(arg), tr.root) || strings.HasPrefix(handle(arg), "socket:") {
			return errors.New("a call that is not understood: " + name)
		}
	}
	return nil
}

func (tr *trace) opened(e event, args []string) error {
	e.kind, e.path = makes, quoted(args[1])
	if strings.Contains(args[2], "SYNC") {
		return errors.New("a file that is synced in a way that is not understood")
	}
	if strings.Contains(args[2], "O_CREAT") {
		tr.add(e)
	}
	if strings.Contains(args[2], "O_TRUNC") {
		e.kind = truncate
		tr.add(e)
	}
	return nil
}

// written takes a call that has written n bytes to a file, to a socket, or to the standard output.
func (tr *trace) written(name string, e event, args []string, n int64) error {
	if strings.HasSuffix(args[1], "...") {
		return errors.New("it is cut off")
	}
	e.kind, e.data = write, []byte(quoted(args[1]))[:n]
	switch {
	case name == "pwrite64":
		e.offset, _ = strconv.ParseInt(args[3], 10, 64)
	case strings.HasPrefix(args[0], "1<") && strings.HasPrefix(string(e.data), "curl "):
		tr.spans[ready] = span{said: e.begin}
	case strings.HasPrefix(e.path, "socket:"):
		tr.say(e)
	default:
		e.offset = atEnd
	}
	tr.add(e)
	return nil
}

// atEnd is the offset of what is written where the last write to the file has ended.
const atEnd = -1

// hear notes where the first bytes of a request come in.
func (tr *trace) hear(e event) {
	if _, more := tr.heard[e.path]; !more {
		tr.heard[e.path] = e.begin
	}
}

var requestID = regexp.MustCompile(`(?i)\r\nX-Amzn-Requestid: ([0-9a-f-]+)\r\n`)

// say notes where an answer goes out.
func (tr *trace) say(e event) {
	head, _, _ := strings.Cut(string(e.data), "\r\n\r\n")
	if id := requestID.FindStringSubmatch(head + "\r\n"); id != nil {
		tr.spans[id[1]] = span{tr.heard[e.path], e.begin}
		delete(tr.heard, e.path)
	}
}

// handle is what a file descriptor such as 5<\x2f\x74> stands for.
func handle(arg string) string {
	_, path, _ := strings.Cut(arg, "<")
	path, after, _ := strings.Cut(path, ">")
	if after != "" {
		return "" // a file without a name
	}
	return unhex(path)
}

// quoted is the text of an argument such as "\x2f\x74".
func quoted(arg string) string { return unhex(strings.Trim(arg, `"`)) }

func unhex(text string) string {
	data, err := hex.DecodeString(strings.ReplaceAll(text, `\x`, ""))
	if err != nil {
		return ""
	}
	return string(data)
}
