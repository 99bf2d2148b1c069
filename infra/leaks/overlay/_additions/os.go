package os

import (
	"strconv"
	"sync"
	"syscall"
)

// leaks is the folder of a run that is searched for leaks, and empty in any other. The environment is read without os.Getenv,
// which would make it an input of every cached test.
var leaks = sync.OnceValue(func() string {
	folder, _ := syscall.Getenv("PATS_LEAKS")
	return folder
})

var leaksFiles struct {
	sync.Mutex
	open  map[string]*File
	moved int
}

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
	leaksFiles.Lock()
	defer leaksFiles.Unlock()
	file := leaksFiles.open[path]
	if file == nil {
		var err error
		if file, err = OpenFile(path, O_CREATE|O_APPEND|O_WRONLY, 0o600); err != nil {
			panic(err)
		}
		if leaksFiles.open == nil {
			leaksFiles.open = map[string]*File{}
		}
		leaksFiles.open[path] = file
	}
	if _, err := file.Write(data); err != nil {
		panic(err)
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
	leaksFiles.Lock()
	leaksFiles.moved++
	n := leaksFiles.moved
	leaksFiles.Unlock()
	kept := leaks() + "/kept/" + strconv.Itoa(Getpid()) + "-" + strconv.Itoa(n)
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
