package api

import "pats/pkg/pat"

// patBody is a token as lists show it: without its secret. The order of members is Unleash's.
type patBody struct {
	ID          pat.TokenID `json:"id"`
	Description string      `json:"description"`
	ExpiresAt   *string     `json:"expiresAt"`
	UserID      pat.UserID  `json:"userId"`
	CreatedAt   *string     `json:"createdAt"`
	SeenAt      *string     `json:"seenAt"`
}

// createdBody is the one answer that shows a secret.
type createdBody struct {
	patBody
	Secret string `json:"secret"`
}

func tokenBody(user pat.UserID, token pat.Token) patBody {
	return patBody{
		ID:          token.ID,
		Description: token.Description,
		ExpiresAt:   timestamp(token.ExpiresAt),
		UserID:      user,
		CreatedAt:   timestamp(token.CreatedAt),
		SeenAt:      timestamp(token.SeenAt),
	}
}

// patsBody is Unleash's patsSchema.
func patsBody(user pat.UserID, list []pat.Token) any {
	bodies := make([]patBody, 0, len(list))
	for _, token := range list {
		bodies = append(bodies, tokenBody(user, token))
	}
	return struct {
		Pats []patBody `json:"pats"`
	}{bodies}
}
