package apitypes

import "pats/pkg/pat"

// Token is a token without its secret.
type Token struct {
	ID          pat.TokenID `json:"id"`
	Description string      `json:"description"`
	ExpiresAt   Time        `json:"expiresAt"`
	UserID      pat.UserID  `json:"userId"`
	CreatedAt   Time        `json:"createdAt"`
	// SeenAt is nil if no use is recorded.
	SeenAt *Time `json:"seenAt"`
}

// NewToken returns the JSON of user's token.
func NewToken(user pat.UserID, token pat.Token) Token {
	return Token{
		ID:          token.ID,
		Description: token.Description,
		ExpiresAt:   Time{token.ExpiresAt},
		UserID:      user,
		CreatedAt:   Time{token.CreatedAt},
		SeenAt:      optional(token.SeenAt),
	}
}

// CreatedToken is the response to a create, the only one with a secret.
type CreatedToken struct {
	Token
	// Secret is the whole token, as its holder presents it.
	Secret string `json:"secret"`
}

// NewCreatedToken returns the JSON of user's new token with its secret in plain text.
func NewCreatedToken(user pat.UserID, token pat.Token, secret pat.Secret) CreatedToken {
	return CreatedToken{Token: NewToken(user, token), Secret: secret.Reveal()}
}

// TokenList is a user's tokens.
type TokenList struct {
	Pats []Token `json:"pats"`
}

// NewTokenList returns the JSON of user's tokens. No tokens become an empty array.
func NewTokenList(user pat.UserID, tokens []pat.Token) TokenList {
	list := TokenList{Pats: make([]Token, 0, len(tokens))}
	for _, token := range tokens {
		list.Pats = append(list.Pats, NewToken(user, token))
	}
	return list
}

// CreateToken is the request body of a create.
type CreateToken struct {
	Description string `json:"description"`
	ExpiresAt   Time   `json:"expiresAt"`
}
