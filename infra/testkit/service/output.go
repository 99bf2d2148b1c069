package service

import (
	"bytes"
	"io"
	"regexp"
	"sync"
)

// output is the standard output of a program. Its first line shows that the program is ready.
type output struct {
	log   *log
	match *regexp.Regexp
	// ready receives what was matched in the first line, or "".
	ready chan string
	line  []byte
	whole bool
}

func newOutput(c Command) *output {
	o := &output{log: &log{to: c.Log}, match: c.Ready, ready: make(chan string, 1)}
	if o.match == nil {
		o.match = URL
	}
	return o
}

func (o *output) Write(p []byte) (int, error) {
	if !o.whole {
		o.line = append(o.line, p...)
		if line, _, whole := bytes.Cut(o.line, []byte("\n")); whole {
			o.whole = true
			o.ready <- string(o.match.Find(line))
		}
	}
	return o.log.Write(p)
}

// tailSize is how many bytes of what a program wrote its error quotes.
const tailSize = 2000

// log takes standard output and standard error, and remembers the end.
type log struct {
	mu   sync.Mutex
	to   io.Writer
	tail []byte
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tail = append(l.tail, p...)
	l.tail = l.tail[max(0, len(l.tail)-tailSize):]
	if l.to == nil {
		return len(p), nil
	}
	return l.to.Write(p)
}

func (l *log) last() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.tail)
}
