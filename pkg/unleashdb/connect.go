package unleashdb

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// ErrURL is the error of Open for a text that is neither a URL nor a keyword/value string.
var ErrURL = errors.New("the URL cannot be parsed")

// The errors of this file quote nothing of the URL, the user, the host or the database: in a URL that is not well-formed each of
// them can contain a part of the password. For the same reason they do not wrap their causes.
var (
	errCredentials = errors.New("the user or the password is wrong")
	errNoDatabase  = errors.New("the server has no database of this name")
	errNoHost      = errors.New("the host name cannot be resolved")
	errRefused     = errors.New("no server accepts connections at this host and port")
	errTimeout     = errors.New("the server did not respond in time")
	errTLS         = errors.New("the server's TLS certificate is not trusted; sslmode and sslrootcert set what is")
	errConnect     = errors.New("no connection; check host, port and sslmode")
	errSocket      = errors.New("there is no server at this socket")
)

// The SQLSTATE codes of PostgreSQL that have a message of their own.
const (
	invalidPassword      = "28P01"
	invalidAuthorization = "28000"
	unknownDatabase      = "3D000"
	undefinedTable       = "42P01"
	undefinedColumn      = "42703"
)

// parse reads the URL of a database, or a keyword/value string.
func parse(url string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil || misread(config) {
		return nil, ErrURL
	}
	return config, nil
}

// connect opens a connection on which texts are in UTF-8, or as the bytes that they are in a database without an encoding.
func connect(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, explainConnect(err)
	}
	encoding := "UTF8"
	if conn.PgConn().ParameterStatus("server_encoding") == withoutEncoding {
		encoding = withoutEncoding
	}
	if _, err := conn.Exec(ctx, "SET client_encoding TO "+encoding); err != nil {
		return nil, errors.Join(explainQuery(err), conn.Close(ctx))
	}
	return conn, nil
}

// withoutEncoding is the encoding of a database whose texts can be any bytes. As UTF-8, PostgreSQL would end a query at the first
// text that is malformed; as bytes, the import refuses its row.
const withoutEncoding = "SQL_ASCII"

// misread reports whether a part of the password seems to be in the wrong place of config: an "@" that is not percent-encoded ends
// a password, and the rest would be looked up as a host or sent as a parameter.
func misread(config *pgx.ConnConfig) bool {
	parts := []string{config.Host, config.Database, config.User}
	for _, fallback := range config.Fallbacks {
		parts = append(parts, fallback.Host)
	}
	for _, value := range config.RuntimeParams {
		parts = append(parts, value)
	}
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(part, "@") })
}

// explainConnect returns the error for a connection that failed because of cause.
func explainConnect(cause error) error {
	if fault, ok := errors.AsType[*pgconn.PgError](cause); ok {
		return explainRefusal(fault.Code)
	}
	if _, ok := errors.AsType[*net.DNSError](cause); ok {
		return errNoHost
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](cause); ok {
		return errTLS
	}
	switch {
	case errors.Is(cause, syscall.ECONNREFUSED):
		return errRefused
	case errors.Is(cause, syscall.ENOENT):
		return errSocket
	case pgconn.Timeout(cause):
		return errTimeout
	}
	return errConnect
}

// explainRefusal returns the error for a connection that the server refused with a SQLSTATE code.
func explainRefusal(code string) error {
	switch code {
	case invalidPassword, invalidAuthorization:
		return errCredentials
	case unknownDatabase:
		return errNoDatabase
	}
	return fmt.Errorf("the server refused the connection (SQLSTATE %s)", code)
}

// explainQuery returns the error for a query that failed because of err.
func explainQuery(err error) error {
	if fault, ok := errors.AsType[*pgconn.PgError](err); ok && (fault.Code == undefinedTable || fault.Code == undefinedColumn) {
		return fmt.Errorf("this is not a database of Unleash 8.2: %w", err)
	}
	return err
}
