// Package dynamostore is a pat.Store in one DynamoDB table with the string keys pk and sk:
//
//	pk               sk         holds
//	USER#<id>        ACCOUNT    the account: profile, nextTokenId, version, and the records of its tokens
//	USER#<id>        SEEN       when each token was last used
//	UNIQUE#<key>     OWNER      the user who has this username or email address
//	TOKEN#<selector> OWNER      the user for whom a token was imported; it stays when the token or the user is gone
//	DIRECTORY        <id>       the profile again, for listing users; the id is padded to 19 digits
//	SYSTEM           USERS      lastId, the user ID that was given out last
//	SYSTEM           ADMINS     enabledAdmins, how many there are
//
// Times are numbers: milliseconds since 1970 (UTC). Each item that is read has a format number.
//
// # Reads
//
// A user is read by one strongly consistent Query of the partition, which holds two items whatever becomes of the user: one
// read unit up to 4 KB. Nothing is scanned: users are listed by a Query of DIRECTORY. One partition takes 1,000 write units a
// second and a transaction's write takes two, so users can be made, renamed or removed about 500 times a second. The counter of user
// IDs, a single item outside of the transaction, takes 1,000, so a directory in several partitions would gain a factor of two.
//
// # Writes
//
// A change of a user's tokens is one PutItem of ACCOUNT on condition that its version is the one read. Only a change of the
// profile, and making or deleting a user, is a transaction. ACCOUNT is always the first item of it, so that a stale version is
// told apart from a name that is taken and from the last enabled Admin.
//
// The times of last use stand in an item of their own, which is made and deleted with the account. Recording a use demands
// that the item is there, so a late use does not bring back any part of a deleted user, and nothing needs an expiry.
package dynamostore
