// Package oauth serves token introspection (RFC 7662), token revocation (RFC 7009) and the metadata by which clients find both.
//
// A request passes [Handler.Handle] (handler.go), which finds the endpoint. introspect.go and revoke.go read the form (form.go), and
// introspection checks the caller's credential (credential.go) against the store, since these routes have no authorizer: its validation
// expression would refuse Basic. errors.go turns every error into a status and the JSON of RFC 6749 §5.2.
//
// No response, error or log contains a token or any other text of the request.
package oauth
