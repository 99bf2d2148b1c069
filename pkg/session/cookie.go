package session

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// The reasons why a request has no cookie that can be opened, besides those of Sealer.
var (
	// ErrNoCookie: the request does not have the cookie.
	ErrNoCookie = errors.New("no cookie")
	// ErrTwoCookies: the request has the cookie twice, so one was planted.
	ErrTwoCookies = errors.New("two cookies of one name")
)

// Cookie is a sealed cookie with a value of type T.
type Cookie[T any] struct {
	name   string
	sealer Sealer
	site   Site
}

func newCookie[T any](client Client, name string, site Site) Cookie[T] {
	return Cookie[T]{name, client.Sealer(name), site}
}

// Read returns the value of the cookie in a request's headers. Errors: ErrNoCookie, ErrTwoCookies, ErrSealed, ErrExpired.
func (c Cookie[T]) Read(headers http.Header, now time.Time) (value T, err error) {
	cookies := (&http.Request{Header: headers}).CookiesNamed(c.Name())
	switch len(cookies) {
	case 0:
		return value, ErrNoCookie
	case 1:
		err = c.sealer.Open(cookies[0].Value, now, &value)
		return value, err
	}
	return value, ErrTwoCookies
}

// Set adds the cookie to a response's headers. It expires with its value. Errors: those of [Sealer.Seal].
func (c Cookie[T]) Set(headers http.Header, random io.Reader, value T, now, expires time.Time) error {
	text, err := c.sealer.Seal(random, value, expires)
	if err != nil {
		return err
	}
	c.add(headers, text, int(expires.Sub(now).Round(time.Second).Seconds()))
	return nil
}

// Clear makes the browser forget the cookie.
func (c Cookie[T]) Clear(headers http.Header) { c.add(headers, "", -1) }

func (c Cookie[T]) add(headers http.Header, value string, maxAge int) {
	cookie := http.Cookie{ //nolint:gosec // Secure wherever there is TLS
		Name: c.Name(), Value: value, Path: "/", MaxAge: maxAge,
		Secure: c.site.Secure(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	headers.Add("Set-Cookie", cookie.String())
}

// Name returns the cookie's name. With the prefix __Host-, browsers take the cookie only from this host and over TLS
// (RFC 6265bis §4.1.3.2); they refuse the prefix on http.
func (c Cookie[T]) Name() string {
	if c.site.Secure() {
		return "__Host-pats-" + c.name
	}
	return "pats-" + c.name
}
