// Package pat is the domain of the service: users, their personal access tokens, and the rules for both. It knows no transport, no
// database and no settings; the packages for those import this one.
//
// # Model
//
// An [Account] is a user with up to [Settings.MaxTokens] tokens. The text that a user presents as a token is a [Secret], which is shown
// once, when the token is created. A [Token] is its record: an ID, a description, an expiry date, a [Selector] that finds the record,
// and a [Verifier] that recognizes the Secret.
//
// A [Service] applies the rules to accounts, which a [Store] keeps:
//
//   - [Service.Authenticate] turns a Secret into an [Identity], a user and the token presented; [Service.Check] also returns what
//     they may do, in a [Holder].
//   - Methods that take an Identity act for that caller, such as [Service.CreateToken]. They read the account again, so a caller
//     whose token was revoked is refused, however long ago the Identity was authenticated.
//   - Methods that take a [UserID] act for an operator, whose permission the caller of the method has checked.
//
// Every failure is an [Error] with a [Kind]. Package api turns each Kind into a status.
//
// # Where to find a rule
//
//   - The limit of tokens, unique descriptions, and the longest lifetime: limits.go.
//   - Who is let in: Account.admit, in account.go, and Service.admit, in authenticate.go.
//   - Valid descriptions and expiry dates: Draft.check, in draft.go.
//   - Which operations require which scope: author.go, and Service.Tokens.
//   - Which scopes exist, and which role carries them: catalog.go.
//   - A token creates no stronger one: author.checkBounds, in author.go; nor does it rotate one: author.checkRotation, in rotation.go.
//   - Who may introspect tokens, and what that reads: introspect.go.
//   - Rotation, and how long a replaced secret works: rotate.go, rotation.go and Account.admit.
//   - Valid users: Profile.revise, in profile.go.
//   - Which tokens a list of all users' tokens has: TokenFilter, in everytoken.go.
//   - The form of a token: secret.go and selector.go.
//   - Revocation by the secret alone, also of leaked ones: revokesecret.go.
//   - A create or a rotation that can be repeated: idempotency.go.
//   - Logins of the command: login.go.
//   - How concurrent changes are resolved: Service.change, in change.go.
//
// # Scopes
//
// A token's [Scopes] narrow its user and never add to what the user may do. An unscoped token acts as its user. Whatever is unclear means
// less access: the zero Scopes permit nothing, and [ScopeCatalog.Granted] leaves out scopes that are not in the catalog, or above the role
// that the user has at that moment. A scoped token creates only tokens with a subset of its scopes that end no later than it does.
// A token keeps its [Maker] and its ancestors, so that all that a leaked token led to can be revoked in one change.
//
// # Rotation
//
// A rotation issues a new Secret for a token, which keeps everything else but, if the caller wants so, its expiry date. At most two
// secrets of a token work: the present one, and until the overlap ends the one that the last rotation replaced. The record keeps that
// one, so its holder learns why it ended; older ones are forgotten.
//
// # Security
//
// A store keeps the selector and the verifier of a token, never the token. The verifier is SHA-256 of the token. A token has 222 random
// bits, too many to search, so a fast hash suffices and a leaked store reveals no token. Verifiers are compared in constant time.
// A Secret prints as "[redacted]" when it is formatted, logged or marshalled; only its method Reveal returns the text.
//
// # Consistency
//
// An account is read and written as a whole and has a version. A change reads the account, applies the rules to it, and writes it on
// the condition that the version is still the same; otherwise it starts again. So the rules are functions of one value, and hold
// on every store, however many requests run at once.
package pat
