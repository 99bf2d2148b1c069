package os

import (
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
)

// leaks is the folder of a run that is searched for leaks, and empty in any other. The environment is read without os.Getenv,
// which would make it an input of every cached test.
var leaks = sync.OnceValue(func() string {
	folder, _ := syscall.Getenv("PATS_LEAKS")
	return folder
})

// leaksOpen are the descriptors of what is open, by path. Nothing here waits for anything else of the process: that would hide
// data races from the race detector.
var leaksOpen sync.Map

// leaksMoved counts what was kept.
var leaksMoved atomic.Int64

// LeaksRegister adds a secret to the register, in one write, so that it is whole whatever ends the process.
func LeaksRegister(secret string) {
	if leaks() != "" {
		leaksAppend(leaks()+"/register", []byte(secret+"\n"))
	}
}

// LeaksDump adds data to the dump of its kind of this process.
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

// Remove leaves a copy of a file of the run's temporary folder where it is kept, unless the file has another name. A copy and no
// move, so that who traces the process sees the file removed.
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

// RemoveAll moves a file or folder of the run's temporary folder to where it is kept.
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

// leaksIsTemporary says whether path is below the run's temporary folder.
func leaksIsTemporary(path string) bool {
	temporary := leaks() + "/tmp/"
	return leaks() != "" && len(path) > len(temporary) && path[:len(temporary)] == temporary
}

// leaksKept makes a folder in which something is kept.
func leaksKept() (string, bool) {
	kept := leaks() + "/kept/" + strconv.Itoa(Getpid()) + "-" + strconv.Itoa(int(leaksMoved.Add(1)))
	return kept, Mkdir(kept, 0o700) == nil
}

// leaksBase is the last part of path, with the slash before it.
func leaksBase(path string) string {
	base := len(path) - 1
	for base > 0 && path[base] != '/' {
		base--
	}
	return path[base:]
}
