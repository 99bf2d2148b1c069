package browser_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/infra/testkit/must"
	"pats/pkg/gateway"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
)

// site is a page with users to try it with.
type site struct {
	// url is the page's address, with a slash at the end.
	url   string
	store pat.Store
	// settings are those of the API's domain.
	settings pat.Settings
	proxy    *proxy
}

// proxy passes requests on to the laptop server, whose answers a test can delay or lose.
type proxy struct {
	target *httputil.ReverseProxy
	// intercept, if it is set, serves a request in place of forward.
	intercept atomic.Pointer[func(w http.ResponseWriter, r *http.Request, forward http.Handler)]

	mu    sync.Mutex
	paths []string
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.paths = append(p.paths, r.Method+" "+r.URL.Path)
	p.mu.Unlock()
	if intercept := p.intercept.Load(); intercept != nil {
		(*intercept)(w, r, p.target)
		return
	}
	p.target.ServeHTTP(w, r)
}

// served returns the requests so far.
func (p *proxy) served() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.paths...)
}

func (p *proxy) do(intercept func(w http.ResponseWriter, r *http.Request, forward http.Handler)) {
	p.intercept.Store(&intercept)
}

// newSite serves the laptop server under a path, "" for the root, as API Gateway serves a stage or a base path.
func newSite(t *testing.T, under string) *site {
	t.Helper()
	store := laptoptest.NewStore(t)
	server := laptoptest.Serve(t, store, laptoptest.Options{
		Parameters: map[string]string{"Scopes": scopesOfShop}, Wrap: func(functions gateway.Functions) gateway.Functions { return beneath(functions, under) },
	})
	target, err := url.Parse(server.URL)
	must.Do(t, err)
	p := &proxy{target: httputil.NewSingleHostReverseProxy(target)}
	p.target.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	front := httptest.NewServer(http.StripPrefix(under, p))
	t.Cleanup(front.Close)
	return &site{url: front.URL + under + "/", store: store, proxy: p, settings: pat.Settings{Retention: pat.DefaultRetention, Scopes: catalog(t)}}
}

// beneath returns functions whose events have the path under which a client reaches the API.
func beneath(functions gateway.Functions, under string) gateway.Functions {
	for id, handle := range functions.Proxies {
		functions.Proxies[id] = func(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			event.RequestContext.Path = under + event.RequestContext.Path
			return handle(ctx, event)
		}
	}
	return functions
}

// service returns a service for operators, whose clock is some time behind.
func (s *site) service(ago time.Duration) *pat.Service {
	env := pat.SystemEnv(slog.New(slog.DiscardHandler))
	env.Now = func() time.Time { return time.Now().Add(-ago) }
	return pat.NewService(s.store, s.settings, env)
}

func (s *site) user(t *testing.T, profile pat.Profile) pat.UserID {
	t.Helper()
	account, err := s.service(0).CreateUser(t.Context(), profile)
	must.Do(t, err)
	return account.ID
}

// token creates a token as if that were some days ago, and returns its secret.
func (s *site) token(t *testing.T, user pat.UserID, description string, scopes pat.Scopes, ago, left int) string {
	t.Helper()
	const day = 24 * time.Hour
	draft := pat.Draft{Description: description, Scopes: scopes, ExpiresAt: time.Now().Add(time.Duration(left) * day)}
	_, secret, err := s.service(time.Duration(ago)*day).CreateUserToken(t.Context(), user, draft)
	must.Do(t, err)
	return secret.Reveal()
}

// admin creates an Admin with tokens in every state, among other users, and returns the secret of one.
func (s *site) admin(t *testing.T) string {
	t.Helper()
	admin := s.user(t, pat.Profile{Username: "vera", Name: "Vera Example", Email: "vera@example.com", Role: pat.Admin})
	scopes, err := pat.NewScopes([]string{"orders:read", "pats:read"})
	must.Do(t, err)
	s.token(t, admin, "Trial of the new SDK", pat.Unscoped(), 40, -3)
	s.token(t, admin, "Terraform on the build machine", scopes, 60, 8)
	s.token(t, admin, "Nightly report, with a description that somebody has made long enough to need a second line on every screen", scopes, 3, 360)
	secret := s.token(t, admin, "Deploys of the web shop", pat.Unscoped(), 60, 29)
	other := s.user(t, pat.Profile{Username: "sam", Name: "Sam Sample", Email: "sam@example.com", Role: pat.Viewer})
	s.token(t, other, "Backup of the wiki", scopes, 20, 70)
	s.user(t, pat.Profile{Username: "build-bot", Role: pat.Editor})
	return secret
}

// scopesOfShop is the parameter Scopes of every site.
const scopesOfShop = "orders:read,orders:write@Editor"
