package tokenfile

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// maxFile is more than any token has, in bytes.
const maxFile = 4096

// maxWait bounds the time that a pipe may take to deliver the token.
const maxWait = 10 * time.Second

// Read returns the token in the file at path, which may be a pipe, and a warning if other users can read the file.
// Errors: a file without a token, those of the file system and of ctx.
func Read(ctx context.Context, path string) (token, warning string, err error) {
	// Without O_NONBLOCK, opening a named pipe waits for a writer.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) //nolint:gosec // the caller names the file
	if err != nil {
		return "", "", err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return "", "", err
	}
	text, err := readBounded(ctx, file)
	if err != nil {
		return "", "", err
	}
	token = strings.TrimSpace(text)
	if !IsPlain(token) {
		return "", "", fmt.Errorf("%s does not contain a token", path)
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		warning = fmt.Sprintf("other users can read the token in %s; make the file private with chmod 600", path)
	}
	return token, warning, nil
}

// readBounded reads at most maxFile bytes. A pipe that delivers nothing ends it after maxWait, or when ctx is done.
func readBounded(ctx context.Context, file *os.File) (string, error) {
	_ = file.SetReadDeadline(time.Now().Add(maxWait)) // regular files have no deadlines and need none
	stop := context.AfterFunc(ctx, func() { _ = file.SetReadDeadline(time.Unix(0, 1)) })
	defer stop()
	text, err := io.ReadAll(io.LimitReader(file, maxFile))
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	return string(text), err
}

// IsPlain reports whether text is not empty and consists of visible ASCII characters, as every token does.
func IsPlain(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}
