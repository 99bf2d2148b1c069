package page

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
	"github.com/tdewolff/minify/v2/js"
)

//go:embed static
var static embed.FS

// The ES modules of the documents, each after those that it imports.
var (
	pageModules = []string{
		"dom", "time", "api", "secret", "expiry", "scopes", "create", "rotate", "confirm", "tokens", "users", "everybody", "page",
	}
	consentModules = []string{"dom", "time", "api", "scopes", "consent"}
)

// assetsPath is where the assets are, relative to [proxy.Base].
const assetsPath = "ui/assets/"

// asset is a file with its hash.
type asset struct {
	name, hash, contentType, body string
}

// hashLen is the number of hex digits of a hash in a file's name. Only our own files need different ones.
const hashLen = 12

func newAsset(name, contentType, body string) asset {
	sum := sha256.Sum256([]byte(body))
	return asset{name, hex.EncodeToString(sum[:])[:hashLen], contentType, body}
}

// path returns the path of a, relative to [proxy.Base].
func (a asset) path() string {
	stem, extension, _ := strings.Cut(a.name, ".")
	return assetsPath + stem + "." + a.hash + "." + extension
}

// parseAssetName splits the name of a file, such as page.0123456789ab.js, into page.js and the hash.
func parseAssetName(file string) (name, hash string, ok bool) {
	parts := strings.Split(file, ".")
	if len(parts) != 3 {
		return "", "", false
	}
	return parts[0] + "." + parts[2], parts[1], true
}

// styles returns the stylesheet, minified.
func styles() string { return minified("text/css", css.Minify, read("page.css")) }

// adopt applies a stylesheet, and shows the document, whose parts are hidden until then. A separate request for the stylesheet would cost
// as much as the whole script.
const adopt = "const sheet = new CSSStyleSheet()\nsheet.replaceSync(%s)\ndocument.adoptedStyleSheets = [sheet]\n" +
	"document.querySelectorAll('body > [hidden]').forEach(part => { part.hidden = false })\n"

// scripts returns the stylesheet and the modules as one script, minified, so that a view takes one request for all of them. The modules'
// names are distinct, and they refer to each other by import and export statements of one line, which are dropped.
func scripts(modules []string) string {
	var all strings.Builder
	sheet, _ := json.Marshal(styles()) // a string always has a JSON form, which is JavaScript too
	fmt.Fprintf(&all, adopt, sheet)
	for _, module := range modules {
		for line := range strings.Lines(read(module + ".js")) {
			if !strings.HasPrefix(line, "import ") {
				all.WriteString(strings.TrimPrefix(line, "export "))
			}
		}
	}
	return minified("text/javascript", js.Minify, all.String())
}

// minified returns text as it is if it cannot be minified.
func minified(mediaType string, minifier minify.MinifierFunc, text string) string {
	m := minify.New()
	m.AddFunc(mediaType, minifier)
	short, err := m.String(mediaType, text)
	if err != nil {
		return text
	}
	return short
}

// read returns an embedded file. All that are read exist: a test reads them.
func read(name string) string {
	text, err := static.ReadFile("static/" + name)
	if err != nil {
		return ""
	}
	return string(text)
}
