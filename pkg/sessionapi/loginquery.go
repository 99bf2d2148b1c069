package sessionapi

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"pats/pkg/pat"
)

// readLogin reads a login from the query of the consent page. Errors: KindInvalid, KindForbidden for a login without a port if those are
// not allowed.
func (h *Handler) readLogin(query url.Values) (to target, challenge pat.LoginChallenge, d pat.Draft, err error) {
	values, err := singles(query)
	if err != nil {
		return target{}, "", pat.Draft{}, err
	}
	if to, err = h.readTarget(values); err != nil {
		return target{}, "", pat.Draft{}, err
	}
	if challenge, err = pat.ParseLoginChallenge(values["challenge"]); err != nil {
		return target{}, "", pat.Draft{}, err
	}
	d, err = readLoginDraft(values)
	return to, challenge, d, err
}

// singles returns the query, in which no name can be repeated.
func singles(query url.Values) (map[string]string, error) {
	single := map[string]string{}
	for name, values := range query {
		if len(values) != 1 {
			return nil, badLogin("A parameter is repeated.")
		}
		single[name] = values[0]
	}
	return single, nil
}

// Ports below are those of the system's services, which are not `pats login`.
const minPort = 1024

// stateChars are those of base64url and base32.
const stateChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

const maxState = 128

func (h *Handler) readTarget(values map[string]string) (target, error) {
	text, found := values["port"]
	if !found {
		if !h.settings.AllowPastedCode {
			return target{}, errPasted
		}
		return target{}, nil
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port < minPort || strconv.FormatUint(port, 10) != text {
		return target{}, badLogin("Its port is not a number from 1024 to 65535.")
	}
	state := values["state"]
	if state == "" || len(state) > maxState || strings.Trim(state, stateChars) != "" {
		return target{}, badLogin("Its state is not 1 to 128 characters of base64url.")
	}
	return target{int(port), state}, nil
}

func readLoginDraft(values map[string]string) (pat.Draft, error) {
	d := pat.Draft{Description: values["description"], Scopes: pat.Unscoped()}
	if names, found := values["scope"]; found {
		scopes, err := pat.NewScopes(strings.Fields(names))
		if err != nil {
			return pat.Draft{}, err
		}
		d.Scopes = scopes
	}
	if text, found := values["expires"]; found {
		end, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return pat.Draft{}, badLogin("Its end is not a time in RFC 3339.")
		}
		d.ExpiresAt = end
	}
	return d, nil
}

func badLogin(reason string) error {
	return &pat.Error{Kind: pat.KindInvalid, Message: "The address is not one of `pats login`. " + reason}
}
