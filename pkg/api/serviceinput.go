package api

import (
	"pats/pkg/api/unleashjson"
	"pats/pkg/pat"
)

// maxServicePage is the maximum number of service accounts in a response, and the default. Each is read with its tokens.
const maxServicePage = 250

// readServiceProfile reads the body of a create, checking as for a user. Unknown members are ignored, as Unleash's schema has it.
func readServiceProfile(body unleashjson.Object) (profile pat.Profile, err error) {
	if err := body.Require("username", "name", "rootRole"); err != nil {
		return pat.Profile{}, err
	}
	if profile.Username, err = body.Text("username"); err != nil {
		return pat.Profile{}, err
	}
	if profile.Name, err = body.Text("name"); err != nil {
		return pat.Profile{}, err
	}
	if profile.Role, err = body.RootRole(); err != nil {
		return pat.Profile{}, err
	}
	if profile.Username == "" || profile.Name == "" {
		return pat.Profile{}, unleashjson.EmptyValue()
	}
	return profile, nil
}

// readServiceEdit reads the body of an update as readProfileEdit does. A service account keeps its username, and has no email address.
func readServiceEdit(body unleashjson.Object) (edit profileEdit, err error) {
	if edit.name, err = body.Text("name"); err != nil {
		return profileEdit{}, err
	}
	if edit.role, err = body.OptionalRootRole(); err != nil {
		return profileEdit{}, err
	}
	edit.disabled, err = body.Bool("disabled")
	return edit, err
}

// readServiceToken reads the ids of a service account and of one of its tokens from the path.
func readServiceToken(req *request) (pat.UserID, pat.TokenID, error) {
	account, err := req.userID()
	if err != nil {
		return 0, 0, err
	}
	token, err := req.tokenID("tokenId")
	return account, token, err
}

// optionalKey returns the idempotency key of a request, or nil if there is none. Errors: a key of the holder of the admin API token.
func optionalKey(req *request, caller pat.Principal) (*pat.IdempotencyKey, error) {
	if caller.Kind == pat.HolderAdmin && len(req.headers.Values("Idempotency-Key")) > 0 {
		return nil, badData("An Idempotency-Key requires a personal access token that is presented.")
	}
	key, found, err := idempotencyKey(req, caller.Identity)
	if err != nil || !found {
		return nil, err
	}
	return &key, nil
}
