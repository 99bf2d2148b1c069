package guard

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"pats/pkg/pat"
)

// TokenChecker checks tokens.
type TokenChecker interface {
	// Check returns the claims of token, which has no scheme before it. Errors: a *Refusal for a token that is not valid, as
	// [InvalidToken] returns it. Any other error means that the token could not be checked. No error contains the token.
	Check(ctx context.Context, token string) (Claims, error)
}

// Handler returns a handler for a service behind no API Gateway. It has the token in the header Authorization checked, which can stand
// alone or after Bearer. If it carries the scope, the handler calls next with a context from which [FromContext] returns the claims. It
// answers and logs every other request itself. A token that cannot be checked is a 503.
func (g Guard) Handler(checker TokenChecker, log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		checked, refusal := g.check(r, checker)
		if refusal != nil {
			refusal.log(r.Context(), log)
			refusal.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, checked)))
	})
}

func (g Guard) check(r *http.Request, checker TokenChecker) (Claims, *Refusal) {
	token, refusal := presented(r.Header)
	if refusal != nil {
		return Claims{}, refusal
	}
	checked, err := checker.Check(r.Context(), token)
	if err == nil {
		return g.admit(checked)
	}
	if invalid, ok := errors.AsType[*Refusal](err); ok {
		return Claims{}, invalid
	}
	return Claims{}, unavailable(err)
}

// presented returns the token in the headers. Another scheme presents none (RFC 6750 §3.1).
func presented(headers http.Header) (string, *Refusal) {
	values := headers.Values("Authorization")
	if len(values) > 1 {
		return "", malformed("There is more than one header Authorization.")
	}
	value := strings.TrimSpace(strings.Join(values, ""))
	scheme, _, hasScheme := strings.Cut(value, " ")
	isBearer := strings.EqualFold(scheme, "Bearer")
	if value == "" || isBearer && !hasScheme || hasScheme && !isBearer {
		return "", noToken(nil)
	}
	return pat.BareToken(value), nil
}

// log logs why a request is refused.
func (r *Refusal) log(ctx context.Context, log *slog.Logger) {
	level := slog.LevelInfo
	if r.Status == http.StatusServiceUnavailable {
		level = slog.LevelError
	}
	attributes := []slog.Attr{slog.Int("status", r.Status), slog.String("reason", r.Message)}
	if r.Err != nil {
		attributes = append(attributes, slog.String("cause", r.Err.Error()))
	}
	log.LogAttrs(ctx, level, "refused", attributes...)
}

type contextKey struct{}

// FromContext returns the claims of the token with which a request got past a Guard's Handler, and whether there are some.
func FromContext(ctx context.Context) (Claims, bool) {
	checked, found := ctx.Value(contextKey{}).(Claims)
	return checked, found
}
