// Package introspection sends introspections and revocations to the laptop's stack with the OAuth clients of several languages, as their
// documentation says and unchanged: Spring Security, Authlib, zitadel/oidc, openid-client and Apache's mod_oauth2.
package introspection
