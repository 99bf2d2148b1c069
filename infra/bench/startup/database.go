package startup

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"pats/pkg/dynamostore"
	"pats/pkg/pat"
)

const (
	region = "us-east-1"
	keys   = "local"
	table  = "startup"
	// warmUp is how many tokens are checked first: DynamoDB Local's Java is slow until it has been used, which DynamoDB is not.
	warmUp = 2000
)

// database is a DynamoDB Local behind TLS, with a table.
type database struct {
	local   *local
	front   *front
	service *pat.Service
	// bundle is a file of the authorities to trust, own one of the front's alone, and none a folder without any.
	bundle, own, none string
}

// openDatabase starts DynamoDB Local and uses it until it is fast. The files that subjects need of it go into folder.
func openDatabase(ctx context.Context, root, folder string) (db *database, err error) {
	db = &database{
		bundle: filepath.Join(folder, "bundle.pem"), own: filepath.Join(folder, "own.pem"), none: filepath.Join(folder, "none"),
	}
	if db.local, err = startLocal(ctx, root); err != nil {
		return nil, err
	}
	if err := db.prepare(ctx); err != nil {
		return nil, errors.Join(err, db.close())
	}
	return db, nil
}

func (db *database) prepare(ctx context.Context) (err error) {
	if db.front, err = newFront(ctx, db.local.url); err != nil {
		return err
	}
	if err := db.writeFiles(); err != nil {
		return err
	}
	settings := dynamostore.Settings{Region: region, Endpoint: db.local.url, AccessKeyID: keys, SecretAccessKey: keys}
	client := dynamostore.NewClient(settings)
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

// environment is what Lambda and the template would set. Go reads the authorities from the file and folder that it is told; Node
// has its own, and reads one more.
func (db *database) environment() []string {
	return []string{
		"TABLE_NAME=" + table, "AWS_REGION=" + region, "AWS_ENDPOINT_URL_DYNAMODB=" + db.front.url,
		"AWS_ACCESS_KEY_ID=" + keys, "AWS_SECRET_ACCESS_KEY=" + keys,
		"SSL_CERT_FILE=" + db.bundle, "SSL_CERT_DIR=" + db.none, "NODE_EXTRA_CA_CERTS=" + db.own, "NODE_NO_WARNINGS=1",
	}
}

// caller is a user with one token.
type caller struct {
	user   pat.UserID
	token  pat.Token
	secret pat.Secret
}

// caller makes a user with a token, whose use is recorded.
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
	return errors.Join(err, db.local.stop())
}

// local is a DynamoDB Local. It ends when its standard input does, and so with this process.
type local struct {
	url     string
	process *exec.Cmd
	stdin   io.Closer
}

func startLocal(ctx context.Context, root string) (*local, error) {
	script := filepath.Join(root, "infra", "dynamodb-local", "start")
	l := &local{process: exec.CommandContext(context.WithoutCancel(ctx), script, "--with-parent")} //nolint:gosec // of this repository
	var complaint bytes.Buffer
	l.process.Stderr = &complaint
	var err error
	if l.stdin, err = l.process.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := l.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := l.process.Start(); err != nil {
		return nil, err
	}
	line, _ := bufio.NewReader(stdout).ReadString('\n') // which is empty where it does not start
	if at := strings.Index(line, "http://"); at >= 0 {
		l.url = strings.TrimSpace(line[at:])
		return l, nil
	}
	return nil, errors.Join(errors.New("DynamoDB Local did not start"), l.stop(), errors.New(complaint.String()))
}

// stop ends it as the end of this process would. How it ends is of no interest then.
func (l *local) stop() error {
	err := l.stdin.Close()
	_ = l.process.Wait()
	return err
}
