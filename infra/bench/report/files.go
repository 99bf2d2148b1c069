package report

import (
	"encoding/json"
	"os"
	"path/filepath"

	"pats/infra/bench/result"
)

// results is the file with the figures of a run, in its folder.
const results = "results.json"

// Write writes run and its charts into the folder, which it creates if necessary.
func Write(folder string, run *result.Run) error {
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // figures are for everybody
		return err
	}
	if err := writeJSON(filepath.Join(folder, results), run); err != nil {
		return err
	}
	return writeCharts(folder, run)
}

func writeJSON(path string, run *result.Run) error {
	text, err := json.MarshalIndent(run, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644) //nolint:gosec // figures are for everybody
}

func writeCharts(folder string, run *result.Run) error {
	images, err := Charts(run)
	if err != nil {
		return err
	}
	for name, image := range images {
		if err := os.WriteFile(filepath.Join(folder, name+".svg"), image, 0o644); err != nil { //nolint:gosec // as above
			return err
		}
	}
	return nil
}

func read(path string) (*result.Run, error) {
	text, err := os.ReadFile(path) //nolint:gosec // a file of this repository
	if err != nil {
		return nil, err
	}
	var run result.Run
	return &run, json.Unmarshal(text, &run)
}
