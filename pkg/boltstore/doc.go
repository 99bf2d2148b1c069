// Package boltstore implements [pats/pkg/pat.Store] in one file, with bbolt. One process at a time can use the file.
//
// # Durability
//
// Each change is one bbolt transaction, synced to the disk before the call returns. A process killed at any moment leaves the state
// before or after a change, never one between. A new file is written under another name, and appears whole or not at all.
//
// # Damage
//
// bbolt maps the file and follows what it finds there: a truncated file faults the process, and a flipped byte goes unnoticed. So
// Open reads the whole file before bbolt maps it; see package boltfile. Every page must be in its place and be used exactly once,
// keys must be in order, every record must match its checksum, and the records must agree with one another. A file that fails any
// check is refused and left as it is. Both meta pages must be sound, although bbolt is content with one: the older one has the state
// before the last change, in which a token revoked since is valid. A meta page is 80 bytes in one disk sector, so a crash does not
// tear it. The check takes about 0.05 ms for each user with ten tokens, on two processors.
//
// Damage to the file while it is mapped is detected by the reads: a fault or a wrong checksum becomes an error of kind
// pat.KindInternal, and after a fault every call of the Store fails.
//
// # Reads
//
// Up to 4,096 accounts that were read stay in memory, decoded, until they are written; see cache. A read never returns an account
// from before a write that has returned.
//
// # Layout
//
// Six buckets, with integers big-endian:
//
//	meta      "format" → the format's number; "state" → the last user ID assigned and the number of enabled Admins who are persons
//	accounts  user ID (8 bytes) → the account with its tokens
//	unique    a key of pat.Account.UniqueKeys → the user ID
//	seen      user ID, token ID (8 bytes each) → when the token was last used, apart from the account's version
//	imported  the selector of an imported token → the user ID; it outlives the token and the user
//	services  the user ID of a service account → true; the first service account creates the bucket
//
// Every value is a record: a version byte, a checksum, and JSON; see seal.
//
// # Formats
//
//	1  the first
//	2  with the bucket imported, which Open creates in a file of format 1
//	3  with service accounts, users who sign in, and tokens that have scopes, a maker or ancestors, or were rotated; the first write of
//	   such an account raises the format, in the same transaction
//
// A program refuses files of a later format than it knows, so one that knows no scopes never takes a scoped token for an unscoped one,
// none forgets a rotation, and none takes a service account for a person.
package boltstore
