package tokenfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"pats/pkg/pat"
)

var draftName = regexp.MustCompile(`^` + regexp.QuoteMeta(draftPrefix) + `[0-9]+` + regexp.QuoteMeta(draftSuffix) + `$`)

// Leftovers returns the paths of the drafts that interrupted processes left in folder. Their tokens may be valid. A file is a draft
// only if its name, mode and content are those of one. No other process may be writing a token file there.
// Errors: those of the file system.
func Leftovers(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var drafts []string
	var errs []error
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		found, err := isDraft(path, entry)
		if found {
			drafts = append(drafts, path)
		}
		errs = append(errs, err)
	}
	return drafts, errors.Join(errs...)
}

func isDraft(path string, entry fs.DirEntry) (bool, error) {
	if !draftName.MatchString(entry.Name()) {
		return false, nil
	}
	info, err := entry.Info()
	if err != nil || info.Mode() != fileMode || info.Size() > int64(pat.SecretLen+1) {
		return false, err
	}
	content, err := os.ReadFile(path) //nolint:gosec // a small regular file in a folder of the operator's
	return err == nil && startsToken(string(content)), err
}

var tokenStart = regexp.MustCompile(`^(` + string(pat.PrefixUnleash) + `|` + string(pat.PrefixPats) + `)[A-Za-z0-9_-]*\n?$`)

// startsToken reports whether content is a token and a line break, or the beginning of that.
func startsToken(content string) bool {
	return strings.HasPrefix(string(pat.PrefixUnleash), content) || strings.HasPrefix(string(pat.PrefixPats), content) ||
		tokenStart.MatchString(content)
}
