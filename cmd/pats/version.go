package main

import (
	"cmp"
	"runtime"
	"runtime/debug"
)

type versionCommand struct{}

// Run prints the version.
func (*versionCommand) Run(e env, out *printer) error {
	v := struct {
		Version  string `json:"version"`
		Commit   string `json:"commit"`
		Go       string `json:"go"`
		Platform string `json:"platform"`
	}{"(devel)", "unknown", runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	if build, ok := e.build(); ok {
		v.Version = cmp.Or(build.Main.Version, v.Version)
		v.Commit = cmp.Or(commit(build), v.Commit)
	}
	return out.print(v, table{{"Version", v.Version}, {"Commit", v.Commit}, {"Go", v.Go}, {"Platform", v.Platform}})
}

// commit returns the revision that the program was built from, and whether it was built with changes.
func commit(build *debug.BuildInfo) string {
	settings := map[string]string{}
	for _, setting := range build.Settings {
		settings[setting.Key] = setting.Value
	}
	if revision := settings["vcs.revision"]; revision != "" && settings["vcs.modified"] == "true" {
		return revision + " with changes"
	}
	return settings["vcs.revision"]
}
