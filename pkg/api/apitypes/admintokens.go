package apitypes

import "pats/pkg/pat"

// UserToken is a token in the list of all users' tokens. It has CreatedBy and Ancestors even if it acts as its user.
type UserToken struct {
	Token
	User User `json:"user"`
}

// NewUserTokens returns the JSON of a user's tokens in the list of all.
func NewUserTokens(of pat.UserTokens) []UserToken {
	user, tokens := NewUser(of.User), make([]UserToken, 0, len(of.Tokens))
	for _, token := range of.Tokens {
		shown := NewToken(of.User.ID, token)
		shown.CreatedBy, shown.Ancestors = makerOf(token), token.Ancestors
		tokens = append(tokens, UserToken{shown, user})
	}
	return tokens
}

// TokenPage is a page of all users' tokens.
type TokenPage struct {
	Tokens []UserToken `json:"tokens"`
}

// RevokedTokens are the tokens of a user that a request of an Admin revoked.
type RevokedTokens struct {
	Revoked []pat.TokenID `json:"revoked"`
}

// NewRevokedTokens returns the JSON of ids. No IDs become an empty array.
func NewRevokedTokens(ids []pat.TokenID) RevokedTokens {
	return RevokedTokens{Revoked: append([]pat.TokenID{}, ids...)}
}
