package template_test

import (
	"debug/elf"
	"os"
	"path/filepath"
	"testing"

	"pats/infra/testkit/binaries"
	"pats/infra/testkit/must"
)

const (
	// samBuild names the environment variable with the folder that `sam build`, without arguments, has filled.
	samBuild = "PATS_SAM_BUILD"
	// maxZip is the largest zip of a function, in bytes.
	maxZip = 3_500_000
)

func TestBuildMakesStaticStrippedBinaries(t *testing.T) {
	t.Parallel()
	folder := os.Getenv(samBuild)
	if folder == "" {
		t.Skip("PATS_SAM_BUILD is not set; `make verify` runs sam build and sets it")
	}
	for _, function := range load(t).of(kindFunction) {
		t.Run(function.id, func(t *testing.T) {
			t.Parallel()
			if method := at(function.declared, "Metadata", "BuildMethod"); method != "makefile" {
				t.Fatalf("BuildMethod is %v, want makefile", method)
			}
			binary := filepath.Join(folder, function.id, "bootstrap")
			checkBinary(t, binary)
			size, err := binaries.ZipSize(t.Context(), binary)
			must.Do(t, err)
			t.Logf("%s: zip of %.2f MB", function.id, float64(size)/1e6)
			if size > maxZip {
				t.Errorf("the zip has %d bytes, want at most %d", size, maxZip)
			}
		})
	}
}

func checkBinary(t *testing.T, path string) {
	t.Helper()
	binary, err := elf.Open(path)
	must.Do(t, err)
	defer func() { _ = binary.Close() }()
	for _, part := range binary.Progs {
		if part.Type == elf.PT_INTERP {
			t.Error("it is linked dynamically")
		}
	}
	if binary.Section(".symtab") != nil {
		t.Error("it is not stripped")
	}
	if binary.Machine != elf.EM_AARCH64 {
		t.Errorf("it is built for %v, want the template's default, arm64", binary.Machine)
	}
}
