// Package dynamostore implements [pats/pkg/pat.Store] in one DynamoDB table with the string keys pk and sk:
//
//	pk               sk         content
//	USER#<id>        ACCOUNT    the account: profile, nextTokenId, version, and the records of its tokens
//	USER#<id>        SEEN       when each token was last used
//	UNIQUE#<key>     OWNER      the user with this username, email address or login
//	TOKEN#<selector> OWNER      the user for whom a token was imported; it outlives the token and the user
//	DIRECTORY        <id>       the profile of a person again, for listing users; the id is padded to 19 digits
//	SERVICES         <id>       the same of a service account
//	SYSTEM           USERS      lastId, the user ID assigned last
//	SYSTEM           ADMINS     enabledAdmins, their number
//
// Times are numbers: milliseconds since 1970 UTC. Items have a format number, except UNIQUE and SYSTEM. It is 1, but 2 for a service
// account, for one whose user signs in, and for an account with a token that has scopes, a maker or ancestors, or was rotated. A program
// refuses items of a format that it does not know, so one that knows no scopes never takes a scoped token for an unscoped one, and one that
// knows no service accounts neither reads nor lists any. Items of every format stay readable.
//
// # Reads
//
// Reading a user is one strongly consistent Query of the partition, which has two items at most: one read unit up to 4 KB. Nothing is
// scanned: users are listed by a Query of DIRECTORY, service accounts by one of SERVICES, and the tokens of all users by both and a Query
// of each user's partition.
//
// DIRECTORY is one partition. That takes 1,000 write units a second, and a write in a transaction takes two, so users can be created,
// renamed or deleted about 500 times a second. The counter of user IDs, a single item outside of the transaction, takes 1,000, so a
// directory in several partitions would gain a factor of two.
//
// # Writes
//
// A change of a user's tokens is one PutItem of ACCOUNT on condition that its version is the one read. Only a change of the profile or the
// login, and creating or deleting a user, is a transaction. ACCOUNT is always its first item, so that a stale version can be told apart
// from a name that is taken and from the last enabled Admin.
//
// The times of last use are in a separate item, which is created and deleted with the account. Recording a use requires that the item
// exists, so a late use does not bring back any part of a deleted user, and nothing needs an expiry.
package dynamostore
