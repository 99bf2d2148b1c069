package unleashdb

import (
	"context"
	"errors"
	"net"
)

// OpenOffline is Open where names have the address 127.0.0.1 and no connection succeeds.
func OpenOffline(ctx context.Context, url string) error {
	config, err := parse(url)
	if err != nil {
		return err
	}
	config.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"127.0.0.1"}, nil }
	config.DialFunc = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("offline") }
	_, err = connect(ctx, config)
	return err
}
