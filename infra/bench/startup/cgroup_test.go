package startup_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/infra/bench/startup"
)

func TestQuota(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		memory int
		want   time.Duration
	}{
		"least":           {128, 1447 * time.Microsecond},
		"256 MB":          {256, 2894 * time.Microsecond},
		"512 MB":          {512, 5788 * time.Microsecond},
		"one processor":   {1769, 20 * time.Millisecond},
		"more processors": {3538, 40 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := startup.Quota(test.memory); got != test.want {
				t.Errorf("got %v of 20ms, want %v", got, test.want)
			}
		})
	}
}

func TestControlGroups(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		// has are the files that the system has, and want those of the group.
		has, want map[string]string
		folder    string
	}{
		"version 1": {
			has:    map[string]string{"cpu/cgroup.procs": ""},
			want:   map[string]string{"cpu.cfs_period_us": "20000", "cpu.cfs_quota_us": "1447", "cgroup.procs": "4711"},
			folder: "cpu",
		},
		"version 2": {
			has:    map[string]string{"cgroup.controllers": "cpuset cpu io memory\n"},
			want:   map[string]string{"cpu.max": "1447 20000", "cgroup.procs": "4711"},
			folder: ".",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := folderOf(t, test.has)
			folder, err := startup.Hold(root, 128, 4711)
			if err != nil {
				t.Fatal(err)
			}
			if got := filepath.Dir(folder); got != filepath.Join(root, test.folder) {
				t.Errorf("the group is in %s", got)
			}
			if diff := cmp.Diff(test.want, contents(t, folder)); diff != "" {
				t.Errorf("files of the group (-want +got):\n%s", diff)
			}
		})
	}
}

func TestVersion2IsEnabled(t *testing.T) {
	t.Parallel()
	root := folderOf(t, map[string]string{"cgroup.controllers": "cpu"})
	if _, err := startup.Hold(root, 128, 1); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(filepath.Join(root, "cgroup.subtree_control")); string(got) != "+cpu" {
		t.Errorf("cgroup.subtree_control has %q", got)
	}
}

func TestNoControlGroups(t *testing.T) {
	t.Parallel()
	for name, has := range map[string]map[string]string{
		"none":                   {},
		"none for the processor": {"cgroup.controllers": "cpuset io memory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := startup.Hold(folderOf(t, has), 128, 1); err == nil {
				t.Error("got no error, want one")
			}
		})
	}
}

func folderOf(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func contents(t *testing.T, folder string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got[entry.Name()] = string(text)
	}
	return got
}
