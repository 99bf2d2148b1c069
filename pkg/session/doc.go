// Package session keeps sign-ins and sessions in sealed cookies, so that they need no store. It has what the functions for browsers
// share: the cookies, the checks of requests, the headers of responses, and the address under which a browser sees the stack.
//
// # Cookies
//
// A sign-in passes through three cookies, each sealed with a key for it alone:
//
//	login    from the redirect to the identity provider until its callback: state, nonce and PKCE verifier; 10 minutes
//	ticket   from the callback until the session: who has signed in, as the provider says; 60 seconds
//	session  who is signed in, until when, and 32 random bytes; for as long as the settings say
//
// A value is AES-256-GCM of JSON with a random nonce, in base64url, and the cookie's name as additional data. The key is HKDF-SHA256 of the
// client secret at the identity provider, with the name, the issuer and the client ID as info. So a new client secret ends all sessions,
// and read access to the table is not enough to forge one.
package session
