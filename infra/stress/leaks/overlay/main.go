// Command overlay writes an overlay for go build, with which a program registers the secrets that it creates and keeps what it writes:
//
//	go run ./infra/stress/leaks/overlay FOLDER
//
// FOLDER receives overlay.json and the changed files. No file of the project or of Go changes. A program built with the overlay
// behaves like one without unless the environment has PATS_LEAKS=DIR; see infra/stress/leaks/env.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// watched lists declarations to replace, by package: each is renamed with the suffix, and a file in _additions for the package has
// the replacement, which calls it.
var watched = map[string][]string{
	"os":       {"Remove", "RemoveAll"},
	"log/slog": {"DiscardHandler", "commonHandler.handle"},
	"pats/pkg/pat": {"newSecret", "NewAdminSecret", "ParseSecret", "NewLoginVerifier", "ParseLoginVerifier", "NewSessionKey", "ParseSessionKey",
		"Error.Error", "Service.Check"},
	"pats/pkg/api":         {"Handler.Handle"},
	"pats/pkg/authz":       {"Authorizer.Handle", "Shared.Invoke"},
	"pats/pkg/leaks":       {"Handler.Handle"},
	"pats/pkg/oauth":       {"Handler.Handle"},
	"pats/pkg/dynamostore": {"New"},
	"pats/pkg/gateway":     {"Gateway.ServeHTTP"},
	"pats/cmd/pats":        {"run"},
}

const suffix = "Unwatched"

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 || strings.HasPrefix(os.Args[1], "-") {
		log.Fatal("usage: go run ./infra/stress/leaks/overlay FOLDER")
	}
	if err := write(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

// write writes the overlay into folder. Errors: errNotDeclared, and those of the file system.
func write(folder string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil { //nolint:gosec // the caller names it
		return err
	}
	dirs, err := packageDirs()
	if err != nil {
		return err
	}
	replace := map[string]string{}
	for path, names := range watched {
		changed, err := setAside(dirs[path], names)
		if err != nil {
			return fmt.Errorf("package %s: %w", path, err)
		}
		name := strings.ReplaceAll(path, "/", "_")
		addition := filepath.Join(dirs[self], "_additions", name+".go")
		if changed["pats_leaks.go"], err = os.ReadFile(addition); err != nil { //nolint:gosec // a file of the project
			return err
		}
		for file, text := range changed {
			copied := filepath.Join(folder, name+"_"+file)
			if err := os.WriteFile(copied, text, 0o600); err != nil { //nolint:gosec // the caller names the folder
				return err
			}
			replace[filepath.Join(dirs[path], file)] = copied
		}
	}
	text, err := json.MarshalIndent(map[string]any{"Replace": replace}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "overlay.json"), text, 0o600) //nolint:gosec // the caller names the folder
}

// self is the path of this package, which contains the additions.
const self = "pats/infra/stress/leaks/overlay"

// packageDirs returns the folders of the watched packages and of this one. The working directory must be in the project.
func packageDirs() (map[string]string, error) {
	args := append([]string{"list", "-f", "{{.ImportPath}} {{.Dir}}", self}, slices.Sorted(maps.Keys(watched))...)
	out, err := exec.Command("go", args...).Output() //nolint:gosec,noctx // a fixed list of packages
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	dirs := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
		dirs[path] = dir
	}
	return dirs, nil
}

// setAside returns the files of dir that declare any of names, with the suffix on those names. A name that is declared once for each
// operating system is renamed in each file. Errors: errNotDeclared.
func setAside(dir string, names []string) (map[string][]byte, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	changed := map[string][]byte{}
	missing := slices.Clone(names)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, found, err := rename(file, names)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			changed[filepath.Base(file)] = text
			missing = slices.DeleteFunc(missing, func(name string) bool { return slices.Contains(found, name) })
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("%s: %w", strings.Join(missing, ", "), errNotDeclared)
	}
	return changed, nil
}

var errNotDeclared = errors.Join(errors.New("not declared there"), fs.ErrNotExist)

// rename returns the text of file with the suffix on those of names that it declares, and these names.
func rename(file string, names []string) ([]byte, []string, error) {
	text, err := os.ReadFile(file) //nolint:gosec // a source file
	if err != nil {
		return nil, nil, err
	}
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, err
	}
	var found []string
	var out bytes.Buffer
	from := 0
	for _, d := range declared(parsed) {
		if slices.Contains(names, d.name) {
			end := set.Position(d.ident.End()).Offset
			out.Write(text[from:end])
			out.WriteString(suffix)
			from = end
			found = append(found, d.name)
		}
	}
	out.Write(text[from:])
	formatted, err := format.Source(out.Bytes()) // gofmt may check the folder
	return formatted, found, err
}

// declaration is a function, Type.Method or package variable.
type declaration struct {
	name  string
	ident *ast.Ident
}

// declared returns the declarations of file in their order.
func declared(file *ast.File) []declaration {
	var all []declaration
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			all = append(all, declaration{receiver(d) + d.Name.Name, d.Name})
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if value, ok := spec.(*ast.ValueSpec); ok {
					all = append(all, declaration{value.Names[0].Name, value.Names[0]})
				}
			}
		}
	}
	return all
}

func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	of := d.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	if ident, ok := of.(*ast.Ident); ok {
		return ident.Name + "."
	}
	return "?."
}
