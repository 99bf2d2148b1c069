package signin

// GoogleIssuer is exported for tests.
const GoogleIssuer = googleIssuer

// AdmitsDomain reports whether s lets a user sign in with a verified address and a hosted domain.
func (s Settings) AdmitsDomain(email, hostedDomain string) bool {
	_, err := s.admit(claims{email: email, emailVerified: true, hostedDomain: hostedDomain})
	return err == nil
}
