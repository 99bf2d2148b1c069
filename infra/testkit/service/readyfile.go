package service

import (
	"fmt"
	"os"
	"strings"
)

// ReadVariables returns the lines KEY=VALUE of a file that a script of infra/services writes for --ready-file. A value may be in
// single quotes, without any inside. Errors: those of reading, and a line without "=".
func ReadVariables(file string) (map[string]string, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the caller names it
	if err != nil {
		return nil, err
	}
	variables := map[string]string{}
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !ok {
			return nil, fmt.Errorf("%s: a line without \"=\"", file)
		}
		variables[key] = strings.Trim(value, "'")
	}
	return variables, nil
}
