// Package devlogin is an OpenID provider for trying out sign-in on one machine. It knows no users: whoever enters the code that the terminal
// shows signs in under any name. It has the authorization code flow with PKCE for one client (OpenID Connect Core §3.1), and nothing else.
//
// It must be reachable from this machine alone, and only under the names of this machine: a page of another site whose name leads to
// 127.0.0.1 (DNS rebinding) would otherwise be able to use it. [OnlyLocalHost] sees to that.
package devlogin
