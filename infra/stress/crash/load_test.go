package crash_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"pats/pkg/api"
	"pats/pkg/pat"
)

// worker is a client that changes things, one request after the other.
type worker interface {
	// step sends one request and writes it into the ledger. more is false when no answer came. Errors: an answer that cannot be.
	step(ctx context.Context, c *client, rng *rand.Rand) (more bool, err error)
}

// workers are those of a ledger: two for each holder, and one for the members.
func workers(l *ledger) []worker {
	all := []worker{&memberWorker{l.members, l.admin.anchor}}
	for _, h := range l.holders {
		all = append(all, &tokenWorker{h, "a"}, &tokenWorker{h, "b"})
	}
	return all
}

// load lets every worker work until ctx is done or the server gives no answer any more. A request under way is not given up.
// answered is called after each answer. It gives the answers that cannot be.
func load(ctx context.Context, l *ledger, c *client, seed uint64, answered func()) []error {
	var (
		all  sync.WaitGroup
		mu   sync.Mutex
		errs []error
	)
	for i, w := range workers(l) {
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
				answered()
			}
		})
	}
	all.Wait()
	return errs
}

// tokenWorker makes and revokes tokens of a holder, at most half of those that the holder may have and one more, so that the two
// of a holder meet the limit now and then.
type tokenWorker struct {
	holder *holder
	name   string
}

func (w *tokenWorker) step(ctx context.Context, c *client, rng *rand.Rand) (bool, error) {
	own := w.own()
	if len(own) == 0 || len(own) <= maxTokens/2 && rng.IntN(9) < 5 {
		return w.holder.create(ctx, c, w.name)
	}
	return w.holder.revoke(ctx, c, own[rng.IntN(len(own))])
}

func (w *tokenWorker) own() []*token {
	w.holder.mu.Lock()
	defer w.holder.mu.Unlock()
	var own []*token
	for _, t := range w.holder.tokens {
		if strings.HasPrefix(t.description, w.name+"-") && t.expected(afterAll) == must {
			own = append(own, t)
		}
	}
	return own
}

const lifetimeOfTokens = 30 * 24 * time.Hour

func (h *holder) create(ctx context.Context, c *client, by string) (bool, error) {
	h.mu.Lock()
	description := fmt.Sprintf("%s-%d", by, len(h.tokens))
	h.mu.Unlock()
	t := h.ask(description)
	body := map[string]any{"description": description, "expiresAt": time.Now().Add(lifetimeOfTokens).UTC()}
	a, err := c.send(ctx, http.MethodPost, api.ResourceTokens, h.anchor, body)
	if err != nil {
		return false, nil //nolint:nilerr // no answer is an answer here
	}
	switch a.status {
	case http.StatusCreated:
		return true, h.created(t, a)
	case http.StatusForbidden, http.StatusServiceUnavailable:
		t.create.refuse(a)
		return true, refusal(a, "OperationDeniedError")
	default:
		return true, a.unexpected("POST " + api.ResourceTokens)
	}
}

func (h *holder) created(t *token, a answer) error {
	var body struct {
		ID     int64
		Secret string
	}
	if err := json.Unmarshal(a.body, &body); err != nil {
		return err
	}
	secret, err := pat.ParseSecret(body.Secret)
	if err != nil {
		return err
	}
	h.learn(t, body.ID)
	t.secret = secret
	t.create.acknowledge(a)
	return nil
}

func (h *holder) revoke(ctx context.Context, c *client, t *token) (bool, error) {
	t.remove = &op{}
	return remove(ctx, c, h.anchor, tokenPath(t.id), t.remove)
}

// remove deletes what is at path.
func remove(ctx context.Context, c *client, secret pat.Secret, path string, o *op) (bool, error) {
	a, err := c.send(ctx, http.MethodDelete, path, secret, nil)
	if err != nil {
		return false, nil //nolint:nilerr // no answer is an answer here
	}
	return true, judge(o, a, http.StatusOK, http.MethodDelete)
}

// judge writes an answer into the ledger. Errors: it is neither an acknowledgement nor a refusal that may be.
func judge(o *op, a answer, acknowledged int, asked string) error {
	if a.status == acknowledged {
		o.acknowledge(a)
		return nil
	}
	o.refuse(a)
	return refusal(a, "")
}

// refusal is nil if a refuses with the name, or says that the store is out of reach in the form that the API promises.
func refusal(a answer, name string) error {
	p := a.problem()
	switch {
	case a.status == http.StatusServiceUnavailable && p.Name == "ServiceUnavailableError" && p.ID == a.request() && p.Message != "" &&
		len(p.Details) > 0 && a.header.Get("Retry-After") != "":
		return nil
	case name != "" && p.Name == name:
		return nil
	default:
		return a.unexpected("a change")
	}
}

// memberWorker administers users.
type memberWorker struct {
	*roll
	admin pat.Secret
}

// maxMembers is how many users the worker keeps.
const maxMembers = 4

func (w *memberWorker) step(ctx context.Context, c *client, rng *rand.Rand) (bool, error) {
	own := w.present()
	if len(own) == 0 || len(own) < maxMembers && rng.IntN(2) == 0 {
		return w.create(ctx, c, "as made")
	}
	m := own[rng.IntN(len(own))]
	if rng.IntN(3) == 0 {
		m.remove = &op{}
		return remove(ctx, c, w.admin, userPath(m.id), m.remove)
	}
	return w.change(ctx, c, m, rng)
}

func (w *memberWorker) create(ctx context.Context, c *client, name string) (bool, error) {
	m := &member{lifetime: lifetime{create: &op{}}, username: fmt.Sprintf("member-%d", len(w.members)), first: profile{name: name}}
	w.members = append(w.members, m)
	body := map[string]any{"username": m.username, "email": m.email(), "name": m.first.name, "rootRole": int(pat.Viewer)}
	a, err := c.send(ctx, http.MethodPost, api.ResourceUsers, w.admin, body)
	if err != nil {
		return false, nil //nolint:nilerr // no answer is an answer here
	}
	if err := judge(m.create, a, http.StatusCreated, "POST"); err != nil || m.create.void {
		return true, err
	}
	var made person
	if err := json.Unmarshal(a.body, &made); err != nil {
		return true, err
	}
	m.id = made.ID
	return true, nil
}

// change gives the member another name, or disables or enables it.
func (w *memberWorker) change(ctx context.Context, c *client, m *member, rng *rand.Rand) (bool, error) {
	to, body := m.profiles(afterAll)[0], map[string]any{}
	if rng.IntN(2) == 0 {
		to.disabled = !to.disabled
		body["disabled"] = to.disabled
	} else {
		to.name = fmt.Sprintf("change %d", len(m.changes))
		body["name"] = to.name
	}
	asked := &change{&op{}, to}
	m.changes = append(m.changes, asked)
	a, err := c.send(ctx, http.MethodPut, userPath(m.id), w.admin, body)
	if err != nil {
		return false, nil //nolint:nilerr // no answer is an answer here
	}
	return true, judge(asked.op, a, http.StatusOK, "PUT")
}
