package template_test

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// maxZip is the most that a function's zip may have, in bytes.
const maxZip = 4 << 20

func TestBuildGivesStaticStrippedBinaries(t *testing.T) {
	t.Parallel()
	folder := os.Getenv(samBuild)
	if folder == "" {
		t.Skip("PATS_SAM_BUILD is not set: `make verify` runs sam build and sets it")
	}
	for _, function := range load(t).of(kindFunction) {
		t.Run(function.id, func(t *testing.T) {
			t.Parallel()
			if method := at(function.declared, "Metadata", "BuildMethod"); method != "makefile" {
				t.Fatalf("BuildMethod is %v, want makefile", method)
			}
			binary := filepath.Join(folder, function.id, "bootstrap")
			checkBinary(t, binary)
			size := zipped(t, binary)
			t.Logf("%s: zip of %.2f MB", function.id, float64(size)/1e6)
			if size > maxZip {
				t.Errorf("the zip has %d bytes, want at most %d", size, maxZip)
			}
		})
	}
}

// samBuild names the environment variable with the folder that a bare `sam build` filled, with the template's own defaults.
const samBuild = "PATS_SAM_BUILD"

func checkBinary(t *testing.T, path string) {
	t.Helper()
	binary, err := elf.Open(path)
	if err != nil {
		t.Fatalf("not an ELF file: %v", err)
	}
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
		t.Errorf("it is built for %v, and the template's default is arm64", binary.Machine)
	}
}

func zipped(t *testing.T, path string) int {
	t.Helper()
	source, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = source.Close() }()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	entry, err := archive.Create("bootstrap")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(entry, source); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}
