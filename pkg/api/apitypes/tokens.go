package apitypes

import (
	"time"

	"pats/pkg/pat"
)

// Token is a token without its secret. The members from Scopes on are not Unleash's, and absent from a token that acts as its user, was
// not rotated and does not exceed the longest lifetime.
type Token struct {
	ID          pat.TokenID `json:"id"`
	Description string      `json:"description"`
	ExpiresAt   Time        `json:"expiresAt"`
	UserID      pat.UserID  `json:"userId"`
	CreatedAt   Time        `json:"createdAt"`
	// SeenAt is nil if no use is recorded.
	SeenAt *Time `json:"seenAt"`
	// Scopes are in ascending order. An empty list permits nothing.
	Scopes []pat.Scope `json:"scopes,omitzero"`
	// CreatedBy is nil if an operator created the token with the command. A token that acts as its user has it only if another user
	// created it.
	CreatedBy *Maker `json:"createdBy,omitempty"`
	// Ancestors are the IDs of the user's tokens that led to this one, the latest first.
	Ancestors []pat.TokenID `json:"ancestors,omitempty"`
	// RotatedAt is nil if the token was never rotated.
	RotatedAt *Time `json:"rotatedAt,omitempty"`
	// OverlapEndsAt is when the secret that the last rotation replaced stops working, or stopped.
	OverlapEndsAt *Time `json:"overlapEndsAt,omitempty"`
	// ExceedsMaxLifetime marks a token whose expiry date is later than the parameter MaxTokenDays allows.
	ExceedsMaxLifetime bool `json:"exceedsMaxLifetime,omitempty"`
}

// Maker is who created a token.
type Maker struct {
	UserID pat.UserID `json:"userId"`
	// TokenID is the token that was presented, if one was.
	TokenID pat.TokenID `json:"tokenId,omitempty"`
}

// NewToken returns the JSON of user's token.
func NewToken(user pat.UserID, token pat.Token) Token {
	shown := Token{
		ID:          token.ID,
		Description: token.Description,
		ExpiresAt:   Time{token.ExpiresAt},
		UserID:      user,
		CreatedAt:   Time{token.CreatedAt},
		SeenAt:      optional(token.SeenAt),
		RotatedAt:   optional(token.RotatedAt),

		OverlapEndsAt:      optional(token.Replaced.Until),
		ExceedsMaxLifetime: token.ExceedsMaxLifetime,
	}
	if by := token.Maker; by.User != user || !token.Scopes.Unscoped() {
		shown.CreatedBy = makerOf(token)
	}
	if !token.Scopes.Unscoped() {
		shown.Scopes, shown.Ancestors = scopesOf(token.Scopes), token.Ancestors
	}
	return shown
}

// makerOf returns nil for an operator, or an unknown maker.
func makerOf(token pat.Token) *Maker {
	if token.Maker.User == 0 {
		return nil
	}
	return &Maker{UserID: token.Maker.User, TokenID: token.Maker.Token}
}

// scopesOf returns nil for no scopes, and an empty list for those that permit nothing.
func scopesOf(scopes pat.Scopes) []pat.Scope {
	if scopes.Unscoped() {
		return nil
	}
	return append([]pat.Scope{}, scopes.List()...)
}

// CreatedToken is the response to a create or a rotation, the only ones with a secret.
type CreatedToken struct {
	Token
	// Secret is the whole token, as its holder presents it.
	Secret string `json:"secret"`
}

// NewCreatedToken returns the JSON of user's token with its new secret in plain text.
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
	// Scopes is nil for a token that acts as its user.
	Scopes []pat.Scope `json:"scopes,omitzero"`
}

// RotateToken is the request body of a rotation.
type RotateToken struct {
	// ExpiresAt is nil to keep the expiry date.
	ExpiresAt      *Time `json:"expiresAt,omitempty"`
	OverlapSeconds int64 `json:"overlapSeconds"`
}

// NewRotateToken returns the request body for r.
func NewRotateToken(r pat.Rotation) RotateToken {
	return RotateToken{ExpiresAt: optional(r.ExpiresAt), OverlapSeconds: int64(r.Overlap / time.Second)}
}

// NewCreateToken returns the request body for draft.
func NewCreateToken(draft pat.Draft) CreateToken {
	return CreateToken{Description: draft.Description, ExpiresAt: Time{draft.ExpiresAt}, Scopes: scopesOf(draft.Scopes)}
}
