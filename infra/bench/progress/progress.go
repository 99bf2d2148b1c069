// Package progress shows the progress of long work.
package progress

import (
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Bar is a progress bar.
type Bar struct {
	bar *progressbar.ProgressBar
}

// New starts a bar of total steps on w. If w is not a terminal, it prints one line instead.
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

// Add advances the bar by n steps. It is safe for concurrent use.
func (b Bar) Add(n int) {
	if b.bar != nil {
		_ = b.bar.Add(n) // work goes on if the bar cannot be drawn
	}
}
