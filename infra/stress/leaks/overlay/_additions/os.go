package os

import (
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
)

// leaks returns the folder of a run that is searched for leaks, or "". It reads the environment without os.Getenv, which would make the
// variable an input of every cached test.
var leaks = sync.OnceValue(func() string {
	folder, _ := syscall.Getenv("PATS_LEAKS")
	return folder
})

// leaksOpen maps paths to open file descriptors. Nothing here takes a lock: that would hide data races from the race detector.
var leaksOpen sync.Map

// leaksMoved counts the kept files and folders.
var leaksMoved atomic.Int64

// LeaksRegister adds a secret to the register, in one write, so that it is complete even if the process is killed.
func LeaksRegister(secret string) {
	if leaks() != "" {
		leaksAppend(leaks()+"/register", []byte(secret+"\n"))
	}
}

// LeaksDump appends data to this process's dump of the given kind.
func LeaksDump(kind string, data []byte) {
	if leaks() != "" {
		leaksAppend(leaks()+"/dump/"+kind+"-"+strconv.Itoa(Getpid()), data)
	}
}

func leaksAppend(path string, data []byte) {
	opened, ok := leaksOpen.Load(path)
	if !ok {
		fd, err := syscall.Open(path, syscall.O_CREAT|syscall.O_APPEND|syscall.O_WRONLY|syscall.O_CLOEXEC, 0o600)
		if err != nil {
			panic("leaks: opening " + path + ": " + err.Error())
		}
		if opened, ok = leaksOpen.LoadOrStore(path, fd); ok {
			_ = syscall.Close(fd)
		}
	}
	for len(data) > 0 {
		n, err := syscall.Write(opened.(int), data)
		if err != nil && err != syscall.EINTR {
			panic("leaks: writing " + path + ": " + err.Error())
		}
		data = data[max(n, 0):]
	}
}

// Remove keeps a copy of a file in the run's temporary folder, unless the file has another link. It copies instead of moving, so that a
// trace of the process shows the removal.
func Remove(name string) error {
	if info, err := Lstat(name); err == nil && info.Mode().IsRegular() && leaksIsTemporary(name) {
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Nlink == 1 {
			leaksCopy(name, info.Mode().Perm())
		}
	}
	return RemoveUnwatched(name)
}

func leaksCopy(name string, mode FileMode) {
	data, err := ReadFile(name)
	if err != nil {
		return // it cannot be read, or is gone
	}
	if kept, ok := leaksKept(); ok {
		_ = WriteFile(kept+leaksBase(name), data, 0o600)
		_ = Chmod(kept+leaksBase(name), mode)
	}
}

// RemoveAll moves a file or folder in the run's temporary folder to the folder kept.
func RemoveAll(path string) error {
	if leaksIsTemporary(path) {
		if kept, ok := leaksKept(); ok {
			if Rename(path, kept+leaksBase(path)) == nil {
				return nil
			}
			_ = RemoveUnwatched(kept)
		}
	}
	return RemoveAllUnwatched(path)
}

// leaksIsTemporary reports whether path is in the run's temporary folder.
func leaksIsTemporary(path string) bool {
	temporary := leaks() + "/tmp/"
	return leaks() != "" && len(path) > len(temporary) && path[:len(temporary)] == temporary
}

// leaksKept creates a folder for a kept file, and returns its path.
func leaksKept() (string, bool) {
	kept := leaks() + "/kept/" + strconv.Itoa(Getpid()) + "-" + strconv.Itoa(int(leaksMoved.Add(1)))
	return kept, Mkdir(kept, 0o700) == nil
}

// leaksBase returns the last element of path with the slash before it.
func leaksBase(path string) string {
	base := len(path) - 1
	for base > 0 && path[base] != '/' {
		base--
	}
	return path[base:]
}
