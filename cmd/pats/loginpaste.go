package main

import (
	"bufio"
	"context"
	"io"
	"strings"

	"pats/cmd/pats/failure"
)

// maxPasted is the length of the longest line that is read as a code, in bytes.
const maxPasted = 16 << 10

// pastedCode asks for the code that the page shows.
func (l *login) pastedCode(ctx context.Context) (string, error) {
	l.warn("a pasted code proves nothing about who asked for it. Paste none that somebody sent you, and give yours to nobody.")
	l.note("Open this address in a browser, and approve the login if the page shows the code %s:\n  %s", l.shortCode(), l.server.ConsentURL(l.request))
	l.note("Then paste the code from the page here, and press Enter:")
	code, err := readLine(ctx, l.stdin)
	if err != nil {
		return "", err
	}
	if code == "" {
		return "", failure.New(failure.Failed, "no code was pasted", "If the page does not allow pasted codes, run `pats login` on the machine that has your browser.")
	}
	return code, nil
}

// readLine returns the next line of r without the spaces around it. When ctx is done it returns its error, and reads on in the background.
func readLine(ctx context.Context, r io.Reader) (string, error) {
	lines := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(io.LimitReader(r, maxPasted)).ReadString('\n') // what came before an error counts
		lines <- strings.TrimSpace(line)
	}()
	select {
	case line := <-lines:
		return line, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
