package startup

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"pats/pkg/dynamostore"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/pat"
)

const (
	table = "startup"
	// warmUp is the number of token checks before anything is measured. DynamoDB Local is slow at first, which DynamoDB is not.
	warmUp = 2000
)

// database is a table on a DynamoDB Local behind TLS.
type database struct {
	local   *dynamotest.Server
	front   *httptest.Server
	service *pat.Service
	// folder contains the files that subjects need: bundle.pem with all trusted authorities, and own.pem with only the front's.
	folder string
}

// openDatabase starts DynamoDB Local and warms it up. It writes the files that subjects need into folder.
func openDatabase(ctx context.Context, folder string) (*database, error) {
	local, err := dynamotest.Launch(ctx)
	if err != nil {
		return nil, err
	}
	db := &database{local: local, folder: folder}
	if db.front, err = newFront(local.URL); err != nil {
		return nil, errors.Join(err, local.Close())
	}
	if err := errors.Join(db.writeAuthorities(), db.prepare(ctx)); err != nil {
		return nil, errors.Join(err, db.close())
	}
	return db, nil
}

// newFront terminates TLS for the server at target, as DynamoDB's endpoints do: TLS 1.3 with an RSA 2048 certificate, and HTTP/1.1. It
// keeps its connections to the server open, so that a start pays for its own connection only.
func newFront(target string) (*httptest.Server, error) {
	to, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	silent := slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // subjects are killed while connected
	front := httptest.NewUnstartedServer(&httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Host = r.In.Host },
		Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16},
		ErrorLog:  silent,
	})
	front.Config.ErrorLog = silent
	front.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	front.StartTLS()
	return front, nil
}

// writeAuthorities adds the front's certificate to the authorities that this system trusts, if it has any, so that a subject reads as
// many as in Lambda.
func (db *database) writeAuthorities() error {
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: db.front.Certificate().Raw})
	bundle := own
	for _, name := range []string{"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"} {
		if text, err := os.ReadFile(name); err == nil { //nolint:gosec // one of the files above
			bundle = append(append(text, '\n'), own...)
			break
		}
	}
	return errors.Join(
		os.WriteFile(filepath.Join(db.folder, "bundle.pem"), bundle, 0o600), //nolint:gosec // in the folder of the benchmark
		os.WriteFile(filepath.Join(db.folder, "own.pem"), own, 0o600),
		os.Mkdir(filepath.Join(db.folder, "none"), 0o700),
	)
}

func (db *database) prepare(ctx context.Context) error {
	client := dynamostore.NewClient(db.local.Settings())
	if err := dynamostore.CreateTable(ctx, client, table); err != nil {
		return err
	}
	db.service = pat.NewService(dynamostore.New(client, table), pat.Settings{Retention: pat.DefaultRetention}, pat.SystemEnv(slog.New(slog.DiscardHandler)))
	who, err := db.caller(ctx)
	if err != nil {
		return err
	}
	for range warmUp {
		if _, err := db.service.Authenticate(ctx, who.secret); err != nil {
			return err
		}
	}
	return nil
}

// environment returns the variables that Lambda and the template would set. Go reads authorities from the given file and folder; Node
// has its own, and reads one more.
func (db *database) environment() []string {
	settings := db.local.Settings()
	return []string{
		"TABLE_NAME=" + table, "AWS_REGION=" + settings.Region, "AWS_ENDPOINT_URL_DYNAMODB=" + db.front.URL,
		"AWS_ACCESS_KEY_ID=" + settings.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + settings.SecretAccessKey,
		"SSL_CERT_FILE=" + filepath.Join(db.folder, "bundle.pem"), "SSL_CERT_DIR=" + filepath.Join(db.folder, "none"),
		"NODE_EXTRA_CA_CERTS=" + filepath.Join(db.folder, "own.pem"), "NODE_NO_WARNINGS=1",
	}
}

// caller is a user with one token.
type caller struct {
	user   pat.UserID
	token  pat.Token
	secret pat.Secret
}

// caller creates a user with a token whose use is already recorded.
func (db *database) caller(ctx context.Context) (caller, error) {
	name := fmt.Sprintf("bench-%d", time.Now().UnixNano())
	user, err := db.service.CreateUser(ctx, pat.Profile{Username: name, Role: pat.Viewer})
	if err != nil {
		return caller{}, err
	}
	draft := pat.Draft{Description: "bench", Scopes: pat.Unscoped(), ExpiresAt: time.Now().Add(24 * time.Hour)}
	token, secret, err := db.service.CreateUserToken(ctx, user.ID, draft)
	if err != nil {
		return caller{}, err
	}
	_, err = db.service.Authenticate(ctx, secret)
	return caller{user.ID, token, secret}, err
}

func (db *database) close() error {
	db.front.Close()
	return db.local.Close()
}
