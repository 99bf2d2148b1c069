package startup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	front   *front
	service *pat.Service
	// bundle is a file with all trusted authorities, own a file with only the front's, and none an empty folder.
	bundle, own, none string
}

// openDatabase starts DynamoDB Local and warms it up. It writes the files that subjects need into folder.
func openDatabase(ctx context.Context, folder string) (db *database, err error) {
	db = &database{
		bundle: filepath.Join(folder, "bundle.pem"), own: filepath.Join(folder, "own.pem"), none: filepath.Join(folder, "none"),
	}
	if db.local, err = dynamotest.Launch(ctx); err != nil {
		return nil, err
	}
	if err := db.prepare(ctx); err != nil {
		return nil, errors.Join(err, db.close())
	}
	return db, nil
}

func (db *database) prepare(ctx context.Context) (err error) {
	if db.front, err = newFront(ctx, db.local.URL); err != nil {
		return err
	}
	if err := db.writeFiles(); err != nil {
		return err
	}
	client := dynamostore.NewClient(db.local.Settings())
	if err := dynamostore.CreateTable(ctx, client, table); err != nil {
		return err
	}
	db.service = pat.NewService(dynamostore.New(client, table), pat.DefaultRetention, pat.SystemEnv(slog.New(slog.DiscardHandler)))
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

func (db *database) writeFiles() error {
	var text bytes.Buffer
	if err := writeBundle(&text, os.ReadFile, db.front.authority); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(db.bundle, text.Bytes(), 0o600), os.WriteFile(db.own, db.front.authority, 0o600), os.Mkdir(db.none, 0o700),
	)
}

// environment returns the variables that Lambda and the template would set. Go reads authorities from the given file and folder; Node
// has its own, and reads one more.
func (db *database) environment() []string {
	settings := db.local.Settings()
	return []string{
		"TABLE_NAME=" + table, "AWS_REGION=" + settings.Region, "AWS_ENDPOINT_URL_DYNAMODB=" + db.front.url,
		"AWS_ACCESS_KEY_ID=" + settings.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + settings.SecretAccessKey,
		"SSL_CERT_FILE=" + db.bundle, "SSL_CERT_DIR=" + db.none, "NODE_EXTRA_CA_CERTS=" + db.own, "NODE_NO_WARNINGS=1",
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
	draft := pat.Draft{Description: "bench", ExpiresAt: time.Now().Add(lifetime)}
	token, secret, err := db.service.CreateUserToken(ctx, user.ID, draft)
	if err != nil {
		return caller{}, err
	}
	_, err = db.service.Authenticate(ctx, secret)
	return caller{user.ID, token, secret}, err
}

func (db *database) close() error {
	var err error
	if db.front != nil {
		err = db.front.close()
	}
	return errors.Join(err, db.local.Close())
}
