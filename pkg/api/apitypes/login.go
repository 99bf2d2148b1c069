package apitypes

import "pats/pkg/pat"

// RedeemLogin is the request body of `pats login` once its user has approved it.
type RedeemLogin struct {
	// Code is what the consent page handed to the command.
	Code string `json:"code"`
	// Verifier is the secret with whose hash the command began (RFC 7636).
	Verifier string `json:"verifier"`
	// Previous is the token that the new one replaces, or absent. It is rotated if it is of the same user and has the same scopes.
	Previous string `json:"previous,omitempty"`
}

// LoginRequest is what the consent page shows of a `pats login`.
type LoginRequest struct {
	User User `json:"user"`
	// ShortCode is what the command's terminal shows too.
	ShortCode   string `json:"shortCode"`
	Description string `json:"description"`
	// Scopes is absent for a token that acts as its user.
	Scopes    []pat.Scope `json:"scopes,omitzero"`
	ExpiresAt Time        `json:"expiresAt"`
	// Pasted is set if the user has to paste the code into the terminal.
	Pasted bool `json:"pasted"`
	// DenyLocation is where the browser goes to deny the request. It is absent if Pasted is set.
	DenyLocation string `json:"denyLocation,omitempty"`
	// Request is all of this, sealed, to be sent back as a [ConfirmLogin].
	Request string `json:"request"`
}

// NewLoginRequest returns the JSON of login for the page, without the last three members.
func NewLoginRequest(account pat.Account, login pat.Login) LoginRequest {
	return LoginRequest{
		User:        NewUser(account),
		ShortCode:   login.Challenge.ShortCode(),
		Description: login.Draft.Description,
		Scopes:      scopesOf(login.Draft.Scopes),
		ExpiresAt:   Time{login.Draft.ExpiresAt},
	}
}

// ConfirmLogin is the request body by which the user approves a login.
type ConfirmLogin struct {
	// Request is that of a [LoginRequest].
	Request string `json:"request"`
}

// ConfirmedLogin is the response to a [ConfirmLogin]. It has one of the two.
type ConfirmedLogin struct {
	// Location is where the browser hands the code to the command.
	Location string `json:"location,omitempty"`
	// Code is for the user to paste.
	Code string `json:"code,omitempty"`
}
