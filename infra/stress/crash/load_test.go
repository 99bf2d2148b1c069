package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// worker is a client that requests one change after the other.
type worker interface {
	// step sends one request and records it in the history. more is false if no response came. Errors: an impossible response.
	step(ctx context.Context, c *client, rng *rand.Rand) (more bool, err error)
}

// workers returns two workers for each holder, one for a service account, and one for the members.
func workers(h *history) []worker {
	all := []worker{&memberWorker{h}}
	for _, holder := range h.holders {
		all = append(all, &tokenWorker{holder, "a"})
		if !holder.service { // whose tokens are sometimes revoked all together
			all = append(all, &tokenWorker{holder, "b"})
		}
	}
	return all
}

// load runs all workers until ctx is done or the server stops responding, and calls responded after each response. Requests under
// way are completed. It returns the impossible responses.
func load(ctx context.Context, h *history, c *client, seed uint64, responded func()) []error {
	var (
		all  sync.WaitGroup
		mu   sync.Mutex
		errs []error
	)
	for i, w := range workers(h) {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		all.Go(func() {
			for ctx.Err() == nil {
				more, err := w.step(context.WithoutCancel(ctx), c, rng)
				if err != nil {
					mu.Lock()
					errs = append(errs, err)
					mu.Unlock()
				}
				if !more {
					return
				}
				responded()
			}
		})
	}
	all.Wait()
	return errs
}

// tokenWorker creates, rotates and revokes tokens of a holder: up to half of the limit and one more, so that the two workers of a holder
// reach the limit sometimes.
type tokenWorker struct {
	holder *holder
	name   string
}

func (w *tokenWorker) step(ctx context.Context, c *client, rng *rand.Rand) (bool, error) {
	own := w.own()
	if i := slices.IndexFunc(own, (*token).repeatable); i >= 0 {
		return w.holder.repeat(ctx, c, own[i])
	}
	if len(own) == 0 || len(own) <= pat.MaxTokens/2 && rng.IntN(9) < 5 {
		return w.holder.create(ctx, c, w.name)
	}
	t := own[rng.IntN(len(own))]
	switch {
	case rng.IntN(3) == 0:
		return w.holder.rotate(ctx, c, t)
	case w.holder.service && rng.IntN(2) == 0:
		return w.holder.revokeAll(ctx, c, own)
	default:
		return w.holder.revokeSomehow(ctx, c, t, rng)
	}
}

func (w *tokenWorker) own() []*token {
	w.holder.mu.Lock()
	defer w.holder.mu.Unlock()
	var own []*token
	for _, t := range w.holder.tokens {
		if strings.HasPrefix(t.description, w.name+"-") && t.expected(afterAll) == required {
			own = append(own, t)
		}
	}
	return own
}

const tokenLife = 30 * 24 * time.Hour

func (h *holder) create(ctx context.Context, c *client, worker string) (bool, error) {
	h.mu.Lock()
	description := fmt.Sprintf("%s-%d", worker, len(h.tokens))
	h.mu.Unlock()
	t := h.request(description)
	t.expiresAt = time.Now().Add(tokenLife)
	got, err := h.sendCreate(ctx, c, t)
	if err != nil {
		return false, nil //nolint:nilerr // the server was killed
	}
	if got.ErrorName() == "OperationDeniedError" { // the limit
		t.create.refuse(got)
		return true, nil
	}
	var created apitypes.CreatedToken
	if err := record(t.create, got, http.StatusCreated, &created); err != nil || t.create.void {
		return true, err
	}
	h.setID(t, created.ID)
	t.secret, err = pat.ParseSecret(created.Secret)
	return true, err
}

func (h *holder) sendCreate(ctx context.Context, c *client, t *token) (apiclient.Response, error) {
	body := apitypes.CreateToken{Description: t.description, ExpiresAt: apitypes.Time{Time: t.expiresAt}, Scopes: scopesOf(t.description)}
	return c.exchange(ctx, apiclient.Request{Method: http.MethodPost, Path: h.tokensPath(), Token: h.own.Reveal(), Body: body, Key: keyOf(t.description)})
}

// repeat repeats the request for a token after a kill prevented its response. The response has the token and its secret.
func (h *holder) repeat(ctx context.Context, c *client, t *token) (bool, error) {
	got, err := h.sendCreate(ctx, c, t)
	if err != nil {
		return false, nil //nolint:nilerr // the server was killed
	}
	if got.Status == http.StatusServiceUnavailable {
		return true, got.CheckUnavailable()
	}
	var again apitypes.CreatedToken
	if err := got.Decode(http.StatusCreated, &again); err != nil {
		return true, err
	}
	if again.ID != t.id {
		return true, fmt.Errorf("the request for token %d %q, repeated with its key, returned token %d", t.id, t.description, again.ID)
	}
	t.secret, err = pat.ParseSecret(again.Secret)
	return true, err
}

// keyOf returns the Idempotency-Key for a token with this description: half of them have one, so that the request can be repeated.
func keyOf(description string) string {
	if strings.ContainsAny(description[len(description)-1:], "01234") {
		return description
	}
	return ""
}

// scopesOf returns the scopes of the token with a description: of some, so that a kill can meet the first write with scopes.
func scopesOf(description string) []pat.Scope {
	if strings.HasSuffix(description, "1") || strings.HasSuffix(description, "5") {
		return []pat.Scope{pat.ScopePatsRead} // the audit lists with the token
	}
	return nil
}

// rotate rotates the token without an overlap.
func (h *holder) rotate(ctx context.Context, c *client, t *token) (bool, error) {
	r := &rotation{op: &op{}}
	t.rotations = append(t.rotations, r)
	got, err := c.send(ctx, http.MethodPost, h.tokenPath(t.id)+"/rotate", h.own, apitypes.NewRotateToken(pat.Rotation{}))
	if err != nil {
		return false, nil //nolint:nilerr // the server was killed
	}
	var rotated apitypes.CreatedToken
	if err := record(r.op, got, http.StatusOK, &rotated); err != nil || r.op.void {
		return true, err
	}
	r.secret, err = pat.ParseSecret(rotated.Secret)
	return true, err
}

// requestChange requests a change whose response has status 200.
func requestChange(ctx context.Context, c *client, o *op, method, path string, secret pat.Secret, body any) (bool, error) {
	got, err := c.send(ctx, method, path, secret, body)
	if err != nil {
		return false, nil //nolint:nilerr // the server was killed
	}
	return true, record(o, got, http.StatusOK, nil)
}

// record records a response in the history: an acknowledgement, whose body it decodes into value unless that is nil, or a 503.
// Errors: any other response.
func record(o *op, got apiclient.Response, acknowledged int, value any) error {
	if got.Status != acknowledged {
		o.refuse(got)
		return got.CheckUnavailable()
	}
	o.acknowledge(got)
	if value == nil {
		return nil
	}
	return got.Decode(acknowledged, value)
}

// memberWorker creates, changes and deletes members.
type memberWorker struct{ *history }

// maxMembers is how many members the worker keeps.
const maxMembers = 4

func (w *memberWorker) step(ctx context.Context, c *client, rng *rand.Rand) (bool, error) {
	present := w.present()
	if len(present) == 0 || len(present) < maxMembers && rng.IntN(2) == 0 {
		return w.create(ctx, c, "as created")
	}
	m := present[rng.IntN(len(present))]
	if rng.IntN(3) == 0 {
		m.remove = &op{}
		return requestChange(ctx, c, m.remove, http.MethodDelete, deployed.UserPath(m.id), w.admin.own, nil)
	}
	return w.change(ctx, c, m, rng)
}

func (w *memberWorker) create(ctx context.Context, c *client, name string) (bool, error) {
	m := &member{lifetime: lifetime{create: &op{}}, username: fmt.Sprintf("member-%d", len(w.members)), first: profile{name: name}}
	w.members = append(w.members, m)
	body := map[string]any{"username": m.username, "email": m.email(), "name": m.first.name, "rootRole": int(pat.Viewer)}
	got, err := c.send(ctx, http.MethodPost, deployed.UsersPath, w.admin.own, body)
	if err != nil {
		return false, nil //nolint:nilerr // the server was killed
	}
	var created apitypes.CreatedUser
	err = record(m.create, got, http.StatusCreated, &created)
	m.id = created.ID
	return true, err
}

// change renames, disables or enables the member.
func (w *memberWorker) change(ctx context.Context, c *client, m *member, rng *rand.Rand) (bool, error) {
	to, body := m.profiles(afterAll)[0], map[string]any{}
	if rng.IntN(2) == 0 {
		to.disabled = !to.disabled
		body["disabled"] = to.disabled
	} else {
		to.name = fmt.Sprintf("change %d", len(m.changes))
		body["name"] = to.name
	}
	requested := &change{&op{}, to}
	m.changes = append(m.changes, requested)
	return requestChange(ctx, c, requested.op, http.MethodPut, deployed.UserPath(m.id), w.admin.own, body)
}
