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

	"pats/infra/testkit/must"
	"pats/infra/testkit/service"
)

// straceWords returns a command that runs the words after it under strace. With -D strace is a grandchild, so that the program
// remains the test's child. All text is hexadecimal (-xx), paths too, so that lines are easy to parse. System calls that the
// machine lacks are ignored (?).
func straceWords(output string) []string {
	calls := []string{
		"read", "write", "pwrite64", "ftruncate", "fsync", "fdatasync", "openat", "mkdirat", "linkat", "renameat", "unlinkat",
	}
	// Calls that are not understood here: one on a traced file is an error.
	calls = append(calls, "open", "openat2", "creat", "mkdir", "link", "rename", "renameat2", "unlink", "rmdir", "symlink", "symlinkat",
		"truncate", "fallocate", "writev", "pwritev", "pwritev2", "copy_file_range", "sendfile", "splice", "sync_file_range", "msync")
	return []string{"strace", "-D", "-f", "-qq", "-y", "-xx", "--seccomp-bpf", "-s", "16777216",
		"-e", "trace=?" + strings.Join(calls, ",?"), "-o", output}
}

// kind is the effect of an event.
type kind int

const (
	// writeFile changes bytes of a file from an offset on.
	writeFile kind = iota + 1
	// truncate sets the size of a file.
	truncateFile
	// syncFile makes earlier writes to a file, or changes of the names in a folder, durable.
	syncFile
	// createFile names a new file, createFolder a new folder.
	createFile
	createFolder
	// linkFile adds a name to a file, renameFile replaces one, unlinkFile removes one.
	linkFile
	renameFile
	unlinkFile
)

// event is a system call with an effect on the traced folder.
type event struct {
	kind kind
	path string
	// to is the new name of linkFile and renameFile.
	to     string
	offset int64
	data   []byte
	// begin and end are places in the trace. end is after all places if the call did not return.
	begin, end int
}

// span is where a request arrived and where its response was about to be sent, as places in the trace.
type span struct{ received, responded int }

// trace is what a server did, in order. It contains secrets and is never written to a file.
type trace struct {
	root   string
	events []event
	// spans are by the request's ID; that of the ready line is under ready.
	spans map[string]span
	// places is higher than every place.
	places int

	received map[string]int
	open     map[string]string
}

// ready is the key of the server's ready line in spans.
const ready = "ready"

// traced runs the server under strace while work uses it, and returns what it did in the folder around its data folder.
func traced(t *testing.T, data string, work func(*service.Service)) *trace {
	t.Helper()
	r, w, err := os.Pipe()
	must.Do(t, err)
	command := serveCommand(t, data)
	command.Args = append(straceWords("/dev/fd/3"), command.Args...)
	command.Files = []*os.File{w}
	s := launch(t, command)
	_ = w.Close()
	tr := &trace{root: filepath.Dir(data), spans: map[string]span{}, received: map[string]int{}, open: map[string]string{}}
	read := make(chan error, 1)
	go func() { read <- tr.readAll(r) }()
	must.Do(t, s.AwaitReady())
	work(s)
	must.Do(t, s.Stop())
	must.Do(t, errors.Join(<-read, r.Close()))
	if _, found := tr.spans[ready]; !found || len(tr.events) == 0 {
		t.Fatalf("strace saw %d events and %d responses of a server that was ready\n%s", len(tr.events), len(tr.spans), s.Output())
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
		if failure == nil { // keep reading, or the program would block
			failure = tr.line(strings.TrimSuffix(line, "\n"))
		}
	}
}

// line parses a line of strace's output. It has two places: the call's begin and its end.
func (tr *trace) line(line string) error {
	at := tr.places
	tr.places += 2
	thread, text, _ := strings.Cut(line, " ")
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "---") || strings.HasPrefix(text, "+++") || strings.HasPrefix(text, "???") {
		return nil // a signal, the end of a thread, or one that ended before its call was seen
	}
	if strings.HasSuffix(text, "<detached ...>") {
		return nil // the process ended during the call; had it written, checkComplete would fail
	}
	if begun, unfinished := strings.CutSuffix(text, " <unfinished ...>"); unfinished {
		tr.open[thread] = strconv.Itoa(at) + " " + begun
		return nil
	}
	begin := at
	if _, rest, resumed := strings.Cut(text, " resumed>"); resumed && strings.HasPrefix(text, "<...") {
		place, begun, _ := strings.Cut(tr.open[thread], " ")
		delete(tr.open, thread)
		begin, _ = strconv.Atoi(place) // this method wrote it
		text = begun + rest
	}
	if err := tr.call(text, begin, at+1); err != nil {
		return fmt.Errorf("%w in %.200q", err, text)
	}
	return nil
}

// call parses a complete call, such as
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

// done handles a call that succeeded.
func (tr *trace) done(name string, args []string, n int64, begin, end int) error {
	e := event{begin: begin, end: end, path: handle(args[0])}
	switch name {
	case "read":
		if strings.HasPrefix(e.path, "socket:") && n > 0 {
			tr.noteRequest(e)
		}
		return nil
	case "write", "pwrite64":
		return tr.written(name, e, args, n)
	case "ftruncate":
		e.kind = truncateFile
		e.offset, _ = strconv.ParseInt(args[1], 10, 64)
	case "fsync", "fdatasync":
		e.kind = syncFile
	case "openat":
		return tr.opened(e, args)
	case "mkdirat":
		e.kind, e.path = createFolder, quoted(args[1])
	case "linkat":
		e.kind, e.path, e.to = linkFile, quoted(args[1]), quoted(args[3])
	case "renameat":
		e.kind, e.path, e.to = renameFile, quoted(args[1]), quoted(args[3])
	case "unlinkat":
		e.kind, e.path = unlinkFile, quoted(args[1])
	default:
		return tr.checkUnknown(name, args)
	}
	tr.add(e)
	return nil
}

// add adds an event in the traced folder.
func (tr *trace) add(e event) {
	if e.path == tr.root || strings.HasPrefix(e.path, tr.root+"/") {
		tr.events = append(tr.events, e)
	}
}

// checkUnknown rejects a call that is not understood if it may concern the traced folder.
func (tr *trace) checkUnknown(name string, args []string) error {
	for _, arg := range args {
		if strings.HasPrefix(handle(arg), tr.root) || strings.HasPrefix(quoted(arg), tr.root) || strings.HasPrefix(handle(arg), "socket:") {
			return errors.New("an unsupported call: " + name)
		}
	}
	return nil
}

func (tr *trace) opened(e event, args []string) error {
	e.kind, e.path = createFile, quoted(args[1])
	if strings.Contains(args[2], "SYNC") {
		return errors.New("an unsupported way of syncing a file")
	}
	if strings.Contains(args[2], "O_CREAT") {
		tr.add(e)
	}
	if strings.Contains(args[2], "O_TRUNC") {
		e.kind = truncateFile
		tr.add(e)
	}
	return nil
}

// written handles a call that wrote n bytes to a file, a socket or the standard output.
func (tr *trace) written(name string, e event, args []string, n int64) error {
	if strings.HasSuffix(args[1], "...") {
		return errors.New("truncated data")
	}
	e.kind, e.data = writeFile, []byte(quoted(args[1]))[:n]
	switch {
	case name == "pwrite64":
		e.offset, _ = strconv.ParseInt(args[3], 10, 64)
	case strings.HasPrefix(args[0], "1<") && strings.HasPrefix(string(e.data), "curl "):
		tr.spans[ready] = span{responded: e.begin}
	case strings.HasPrefix(e.path, "socket:"):
		tr.noteResponse(e)
	default:
		e.offset = atEnd
	}
	tr.add(e)
	return nil
}

// atEnd is the offset of a write that continues where the last write to the file ended.
const atEnd = -1

// noteRequest notes where the first bytes of a request arrive.
func (tr *trace) noteRequest(e event) {
	if _, more := tr.received[e.path]; !more {
		tr.received[e.path] = e.begin
	}
}

var requestID = regexp.MustCompile(`(?i)\r\nX-Amzn-Requestid: ([0-9a-f-]+)\r\n`)

// noteResponse notes where a response is sent.
func (tr *trace) noteResponse(e event) {
	head, _, _ := strings.Cut(string(e.data), "\r\n\r\n")
	if id := requestID.FindStringSubmatch(head + "\r\n"); id != nil {
		tr.spans[id[1]] = span{tr.received[e.path], e.begin}
		delete(tr.received, e.path)
	}
}

// handle returns the path of a file descriptor such as 5<\x2f\x74>.
func handle(arg string) string {
	_, path, _ := strings.Cut(arg, "<")
	path, after, _ := strings.Cut(path, ">")
	if after != "" {
		return "" // an unnamed file
	}
	return unhex(path)
}

// quoted returns the text of an argument such as "\x2f\x74".
func quoted(arg string) string { return unhex(strings.Trim(arg, `"`)) }

func unhex(text string) string {
	data, err := hex.DecodeString(strings.ReplaceAll(text, `\x`, ""))
	if err != nil {
		return ""
	}
	return string(data)
}
