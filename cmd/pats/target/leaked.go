package target

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"pats/pkg/leaks"
	"pats/pkg/oauth"
	"pats/pkg/pat"
)

// FindLeaked returns what RevokeLeaked would end now, by user. Errors: KindUnavailable.
func FindLeaked(ctx context.Context, service *pat.Service, secrets []pat.Secret) ([]pat.Ended, error) {
	return eachOwner(ctx, service, secrets, service.FindLeaked)
}

// RevokeLeaked revokes those of the leaked tokens that are in the store, with their descendants, and returns what ended, by user. After an
// error it continues with the other users. Errors: KindUnavailable.
func RevokeLeaked(ctx context.Context, service *pat.Service, secrets []pat.Secret) ([]pat.Ended, error) {
	return eachOwner(ctx, service, secrets, service.RevokeLeaked)
}

func eachOwner(
	ctx context.Context, service *pat.Service, secrets []pat.Secret, do func(context.Context, pat.UserID, []pat.Secret) (pat.Ended, error),
) ([]pat.Ended, error) {
	grouped, err := leaks.ByOwner(ctx, service, secrets, func(secret pat.Secret) pat.Secret { return secret })
	var mu sync.Mutex
	var all []pat.Ended
	err = errors.Join(err, leaks.EachOwner(grouped, func(user pat.UserID, secrets []pat.Secret) error {
		ended, err := do(ctx, user, secrets)
		if err != nil || ended.Empty() {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, ended)
		return nil
	}))
	slices.SortFunc(all, func(a, b pat.Ended) int { return int(a.User - b.User) })
	return all, err
}

// checkRevocation checks that the server revokes tokens, before it is sent any. Errors: as for List.
func (s *Server) checkRevocation(ctx context.Context) error {
	var metadata struct {
		Endpoint string `json:"revocation_endpoint"`
	}
	err := s.send(ctx, request{method: http.MethodGet, url: s.base.JoinPath(oauth.ResourceDiscovery)}, &metadata)
	if err == nil && metadata.Endpoint == "" {
		err = s.notPats()
	}
	return err
}

// leakedAtOnce is the number of requests under way.
const leakedAtOnce = 8

// RevokeLeaked revokes each of the leaked tokens, with its descendants. The server does not say which of them exist. After an error it
// continues with the others. Errors: as for List.
func (s *Server) RevokeLeaked(ctx context.Context, secrets []pat.Secret) error {
	if err := s.checkRevocation(ctx); err != nil {
		return err
	}
	var all errgroup.Group
	all.SetLimit(leakedAtOnce)
	for _, secret := range secrets {
		all.Go(func() error {
			form := url.Values{"token": {secret.Reveal()}, "descendants": {"true"}}
			return s.send(ctx, request{method: http.MethodPost, url: s.base.JoinPath(oauth.ResourceRevoke), form: form}, nil)
		})
	}
	return all.Wait()
}
