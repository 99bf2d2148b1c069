package pat

import (
	"errors"
	"strconv"
)

// HolderKind says what kind of credential a Principal presented.
type HolderKind string

// The kinds of holders.
const (
	// HolderUser holds a personal access token.
	HolderUser HolderKind = "user"
	// HolderAdmin holds the admin API token and is no user.
	HolderAdmin HolderKind = "admin"
)

// Principal is who makes a request: never what they may do, which is read afresh on each request.
type Principal struct {
	Kind HolderKind
	// Identity is set for HolderUser.
	Identity Identity

	fingerprint string
}

// The names of the claims, as they stand in an authorizer's context.
const (
	claimKind        = "kind"
	claimUser        = "userId"
	claimSelector    = "selector"
	claimFingerprint = "fingerprint"
)

var errClaims = errors.New("the authorizer's context names nobody")

// Claims are the principal as flat strings, for a context that the authorizer hands to the functions behind it.
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

// ParseClaims reads Claims back. Errors: KindUnauthenticated if they name nobody.
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

// parseUserID reads a user ID in the one way that Claims writes it, and gives 0 for everything else. It need not be the user that
// the selector names: an imported token's selector names anybody.
func parseUserID(text string) UserID {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 || id > MaxID || strconv.FormatInt(id, 10) != text {
		return 0
	}
	return UserID(id)
}

// Name is a short name of the principal for logs: user:ID or admin.
func (p Principal) Name() string {
	if p.Kind == HolderAdmin {
		return string(HolderAdmin)
	}
	return string(HolderUser) + ":" + strconv.FormatInt(int64(p.Identity.User), 10)
}
