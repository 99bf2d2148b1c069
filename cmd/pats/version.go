package main

import (
	"cmp"
	"runtime"
	"runtime/debug"
)

type versionCommand struct{}

type versionView struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Run prints the version.
func (*versionCommand) Run(a *app) error {
	v := versionView{
		Version:  "(devel)",
		Commit:   "unknown",
		Go:       runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	if build, ok := a.build(); ok {
		v.Version = cmp.Or(build.Main.Version, v.Version)
		v.Commit = cmp.Or(commit(build), v.Commit)
	}
	return a.answer(v, table{{"Version", v.Version}, {"Commit", v.Commit}, {"Go", v.Go}, {"Platform", v.Platform}})
}

// commit is the revision that the program was built from, and whether anything was changed since.
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
