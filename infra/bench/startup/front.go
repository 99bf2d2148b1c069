package startup

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

// front speaks TLS before a server that does not, as DynamoDB's endpoints do: TLS 1.3 with a certificate of RSA 2048, and HTTP/1.1.
// Behind it connections stay open, so that a start pays for its own alone.
type front struct {
	url    string
	server *http.Server
	behind *http.Transport
	// authority is the certificate of who signed that of the front, as PEM.
	authority []byte
}

func newFront(ctx context.Context, target string) (*front, error) {
	to, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	certificate, authority, err := issue()
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &front{
		url: "https://" + listener.Addr().String(), authority: authority,
		behind: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16},
	}
	f.server = &http.Server{
		Handler: &httputil.ReverseProxy{
			Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Host = r.In.Host },
			Transport: f.behind,
			ErrorLog:  slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		},
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}},
		ReadHeaderTimeout: patience,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // subjects are killed amid their connections
	}
	go func() { _ = f.server.ServeTLS(listener, "", "") }()
	return f, nil
}

func (f *front) close() error {
	defer f.behind.CloseIdleConnections()
	return f.server.Close()
}

// lifetime is how long the certificates are good.
const lifetime = 24 * time.Hour

// issue makes an authority, and a certificate of it for 127.0.0.1.
func issue() (tls.Certificate, []byte, error) {
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "pats bench"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(lifetime), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	rootKey, signed, err := certify(root, root, nil)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: root.NotBefore, NotAfter: root.NotAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	key, own, err := certify(leaf, root, rootKey)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})
	return tls.Certificate{Certificate: [][]byte{own}, PrivateKey: key}, authority, nil
}

// certify makes a key and its certificate, signed with that of parent, or with itself where that is nil.
func certify(certificate, parent *x509.Certificate, by *rsa.PrivateKey) (*rsa.PrivateKey, []byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, nil, err
	}
	if by == nil {
		by = key
	}
	signed, err := x509.CreateCertificate(rand.Reader, certificate, parent, &key.PublicKey, by)
	return key, signed, err
}

// bundles are where systems keep the authorities that they trust.
var bundles = []string{"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"}

// writeBundle puts the authority behind those of the system, so that a subject has as many to read as in Lambda. A system that has
// no such file goes without.
func writeBundle(w io.Writer, read func(string) ([]byte, error), authority []byte) error {
	for _, name := range bundles {
		if text, err := read(name); err == nil {
			authority = append(append(text, '\n'), authority...)
			break
		}
	}
	_, err := w.Write(authority)
	return err
}
