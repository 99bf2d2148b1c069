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

// front terminates TLS for a server, as DynamoDB's endpoints do: TLS 1.3 with an RSA 2048 certificate, and HTTP/1.1. It keeps its
// connections to the server open, so that a start pays for its own connection only.
type front struct {
	url    string
	server *http.Server
	behind *http.Transport
	// authority is the certificate that signed the front's, as PEM.
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
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // subjects are killed while connected
	}
	go func() { _ = f.server.ServeTLS(listener, "", "") }()
	return f, nil
}

func (f *front) close() error {
	defer f.behind.CloseIdleConnections()
	return f.server.Close()
}

// lifetime is the validity of the certificates.
const lifetime = 24 * time.Hour

// issue creates an authority and a certificate for 127.0.0.1 that it signs.
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

// certify creates a key and its certificate, signed with parentKey, or with itself if that is nil.
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

// bundles are the paths of systems' trusted authorities.
var bundles = []string{"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"}

// writeBundle appends the authority to the system's, if there are any, so that a subject reads as many as in Lambda.
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
