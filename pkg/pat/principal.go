package pat

import (
	"errors"
	"strconv"
)

// HolderKind is the kind of credential that a Principal presented.
type HolderKind string

// The kinds of holders.
const (
	// HolderUser holds a personal access token.
	HolderUser HolderKind = "user"
	// HolderAdmin holds the admin API token and is not a user.
	HolderAdmin HolderKind = "admin"
)

// Principal is the caller of a request. It does not say what the caller may do, which each request reads anew.
type Principal struct {
	Kind HolderKind
	// Identity is set for HolderUser.
	Identity Identity
	// fingerprint is AdminKey's, for HolderAdmin.
	fingerprint string
}

// The names of the claims in an authorizer's context.
const (
	claimKind        = "kind"
	claimUser        = "userId"
	claimSelector    = "selector"
	claimFingerprint = "fingerprint"
)

// Claims returns p as flat strings, for the context that an authorizer adds to a request.
func (p Principal) Claims() map[string]string {
	if p.Kind == HolderAdmin {
		return map[string]string{claimKind: string(HolderAdmin), claimFingerprint: p.fingerprint}
	}
	return map[string]string{
		claimKind:     string(HolderUser),
		claimUser:     strconv.FormatInt(int64(p.Identity.User), 10),
		claimSelector: string(p.Identity.Selector),
	}
}

var errClaims = errors.New("the authorizer's context has no valid claims")

// ParseClaims returns the Principal whose Claims are claims. Errors: KindUnauthenticated.
func ParseClaims(claims map[string]any) (Principal, error) {
	text := func(name string) string {
		value, _ := claims[name].(string)
		return value
	}
	switch HolderKind(text(claimKind)) {
	case HolderAdmin:
		return Principal{Kind: HolderAdmin, fingerprint: text(claimFingerprint)}, nil
	case HolderUser:
		selector, err := ParseSelector(text(claimSelector))
		user := parseUserID(text(claimUser))
		if err != nil || user == 0 {
			return Principal{}, Refused(ReasonInvalid, errClaims)
		}
		return Principal{Kind: HolderUser, Identity: Identity{User: user, Selector: selector}}, nil
	}
	return Principal{}, Refused(ReasonInvalid, errClaims)
}

// parseUserID returns the user ID that Claims formats as text, or 0 for any other text. The selector need not name that user: an
// imported token's does not.
func parseUserID(text string) UserID {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 || id > MaxID || strconv.FormatInt(id, 10) != text {
		return 0
	}
	return UserID(id)
}

// Name returns a short name for logs: user:ID or admin.
func (p Principal) Name() string {
	if p.Kind == HolderAdmin {
		return string(HolderAdmin)
	}
	return string(HolderUser) + ":" + strconv.FormatInt(int64(p.Identity.User), 10)
}
