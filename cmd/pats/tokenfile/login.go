package tokenfile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// loginFolder is the folder of the login files in the user's configuration folder.
const loginFolder = "pats/tokens"

// unsafeChars are those that a file name cannot have on every system.
var unsafeChars = regexp.MustCompile(`[^a-z0-9.-]+`)

// maxReadable is the length of the readable part of a login file's name.
const maxReadable = 80

// LoginPath returns the path of the login file, which contains the token that `pats login` got from the server at base: one for each
// scheme, host, port and path, in the user's configuration folder. The readable part of its name does not identify the server, its hash
// does.
func LoginPath(configFolder string, base *url.URL) string {
	server := canonical(base)
	readable := strings.Trim(unsafeChars.ReplaceAllString(strings.ToLower(server), "_"), "_")
	hash := sha256.Sum256([]byte(server))
	name := readable[:min(len(readable), maxReadable)] + "-" + hex.EncodeToString(hash[:8]) + ".token"
	return filepath.Join(configFolder, filepath.FromSlash(loginFolder), name)
}

var defaultPorts = map[string]string{"http": "80", "https": "443"}

// canonical returns base with a port, in lower case but for its path, and without user, query, fragment and slashes at its end.
func canonical(base *url.URL) string {
	scheme, port := strings.ToLower(base.Scheme), base.Port()
	if port == "" {
		port = defaultPorts[scheme]
	}
	return scheme + "://" + strings.ToLower(base.Hostname()) + ":" + port + strings.TrimRight(base.EscapedPath(), "/")
}

// Exists reports whether there is a file at path.
func Exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// Remove removes the file at path, if there is one. Errors: those of the file system.
func Remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	syncFolder(filepath.Dir(path))
	return nil
}
