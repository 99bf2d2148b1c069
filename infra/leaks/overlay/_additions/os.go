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

// Remove moves a file of the run's temporary folder to where it is kept, unless it has another name.
func Remove(name string) error {
	if info, err := Lstat(name); err == nil && info.Mode().IsRegular() {
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Nlink == 1 && leaksKeep(name) {
			return nil
		}
	}
	return RemoveUnwatched(name)
}

// RemoveAll moves a file or folder of the run's temporary folder to where it is kept.
func RemoveAll(path string) error {
	if leaksKeep(path) {
		return nil
	}
	return RemoveAllUnwatched(path)
}

func leaksKeep(path string) bool {
	temporary := leaks() + "/tmp/"
	if leaks() == "" || len(path) <= len(temporary) || path[:len(temporary)] != temporary {
		return false
	}
	kept := leaks() + "/kept/" + strconv.Itoa(Getpid()) + "-" + strconv.Itoa(int(leaksMoved.Add(1)))
	if Mkdir(kept, 0o700) != nil {
		return false
	}
	base := len(path)
	for base > 0 && path[base-1] != '/' {
		base--
	}
	if Rename(path, kept+"/"+path[base:]) != nil {
		RemoveUnwatched(kept)
		return false
	}
	return true
}
