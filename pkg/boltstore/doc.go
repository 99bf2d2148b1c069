// Package boltstore is a pat.Store in one file, on bbolt. It serves one process at a time and needs nothing installed.
//
// # Durability
//
// Each change is one bbolt transaction that is synced to the disk before it is answered. A process killed at any moment leaves
// the state before or after a change, never one between. A file comes into being whole: it is made under another name.
//
// # Damage
//
// bbolt maps the file and follows what it finds there: a truncated file faults the process, a flipped byte reads clean. So Open
// walks the whole file with plain reads before bbolt maps it. Every page must be in its place and be used exactly once, keys
// must be in order, every record must match its checksum, and the records must agree with one another. A file that fails in
// anything is refused and not written to. Both meta pages must be sound, although bbolt is content with one: the older one
// holds the state before the last change, in which a token revoked since is valid. A meta page is 80 bytes in one disk sector,
// so a crash does not tear it. The walk takes about 0.05 ms for each user with ten tokens, on two processors.
//
// What happens to the file afterwards, while it is mapped, is caught at the reads: a fault or a wrong checksum becomes an error
// of kind pat.KindInternal, and after a fault the Store does nothing any more.
//
// # Reads
//
// An account that was read is kept in memory, decoded, until it is written or 4,096 others were read; see cache. A read never
// returns an account from before a write that was answered.
//
// # Layout
//
// Five buckets, with integers big-endian:
//
//	meta      "format" → the format's number; "state" → the last user ID given and the number of enabled Admins
//	accounts  user ID (8 bytes) → the account with its tokens
//	unique    a key of pat.Profile.UniqueKeys → the user ID
//	seen      user ID, token ID (8 bytes each) → when the token was last used, apart from the account's version
//	imported  the selector of an imported token → the user ID; it stays when the token or the user is gone
//
// Every value is a record: a version byte, a checksum, and JSON; see seal.
package boltstore
