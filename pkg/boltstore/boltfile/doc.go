// Package boltfile reads the files of bbolt without bbolt, to check them before bbolt maps them into memory.
//
// bbolt follows what it finds in a file: a truncated one faults the process, and a page out of place reads clean. A [Walk] uses
// plain reads, checks every length, id and order that it relies on, and returns what is wrong as [Damage].
package boltfile

import "fmt"

// Damage is something that a sound file does not contain: a sentence that names the place.
type Damage string

func (d Damage) Error() string { return string(d) }

// Damaged returns Damage with a text as from fmt.Sprintf.
func Damaged(format string, args ...any) error { return Damage(fmt.Sprintf(format, args...)) }
