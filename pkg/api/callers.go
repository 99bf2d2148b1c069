package api

import (
	"context"

	"pats/pkg/pat"
)

// callers checks callers against the store and the settings, as they are now.
type callers struct {
	service *pat.Service
	// admin recognizes the holder of the admin API token.
	admin pat.AdminKey
}

// check checks that caller may use resources with the given access, and has scope unless that is empty. A caller without the
// permission ADMIN does not learn which scope is missing too, since that would not help. The admin API token has every scope.
// Errors: KindUnauthenticated, KindForbidden, KindUnavailable.
func (c callers) check(ctx context.Context, caller pat.Principal, access access, scope pat.Scope) error {
	if caller.Kind == pat.HolderAdmin {
		return c.checkAdminToken(caller)
	}
	holder, err := c.service.Admit(ctx, caller.Identity)
	if err != nil {
		return err
	}
	if access == forAdmins {
		if err := holder.RequireAdmin(); err != nil {
			return err
		}
	}
	if scope == "" {
		return nil
	}
	return holder.Require(scope)
}

// checkAdminToken refuses the holder of an admin API token that has been replaced. Errors: KindUnauthenticated.
func (c callers) checkAdminToken(caller pat.Principal) error {
	if !c.admin.Admits(caller) {
		return pat.Refused(pat.ReasonInvalid, nil)
	}
	return nil
}

// user returns the identity of a caller who is a user.
// Errors: KindForbidden for the holder of the admin API token, KindUnauthenticated if that has been replaced.
func (c callers) user(caller pat.Principal) (pat.Identity, error) {
	if caller.Kind == pat.HolderUser {
		return caller.Identity, nil
	}
	if err := c.checkAdminToken(caller); err != nil {
		return pat.Identity{}, err
	}
	return pat.Identity{}, &pat.Error{Kind: pat.KindForbidden, Message: "PATs require an authenticated user."}
}
