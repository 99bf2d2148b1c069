// Package progress shows how far long work is.
package progress

import (
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Bar advances by calls of Add.
type Bar struct {
	bar *progressbar.ProgressBar
}

// New starts a bar of total steps on w. Where w is no terminal, it is one line at the start.
func New(w io.Writer, description string, total int) Bar {
	if file, ok := w.(*os.File); !ok || !term.IsTerminal(int(file.Fd())) {
		_, _ = fmt.Fprintf(w, "%s: %d\n", description, total)
		return Bar{}
	}
	return Bar{progressbar.NewOptions(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(description),
		progressbar.OptionShowCount(),
		progressbar.OptionOnCompletion(func() { _, _ = fmt.Fprintln(w) }),
	)}
}

// Add tells of n more steps done. It is safe for concurrent use.
func (b Bar) Add(n int) {
	if b.bar != nil {
		_ = b.bar.Add(n) // a bar that cannot be drawn is no reason to stop
	}
}
