package leaks

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"

	"pats/pkg/pat"
)

// The headers of GitHub's secret scanning partner program:
// https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partnership-program/secret-scanning-partner-program
const (
	keyHeader       = "Github-Public-Key-Identifier"
	signatureHeader = "Github-Public-Key-Signature"
)

// maxLabels bounds the response, which Lambda limits to 6 MB.
const maxLabels = 10_000

// github receives reports of GitHub's secret scanning partner program.
type github struct {
	keys    *keyring
	revoker revoker
}

func (g github) receive(ctx context.Context, req request) (response, error) {
	body, err := req.body()
	if err != nil {
		return response{}, err
	}
	if err := g.verify(ctx, req, body); err != nil {
		return response{}, err
	}
	reports, err := parseReports(body)
	if err != nil {
		return response{}, err
	}
	if err := g.revoker.revoke(ctx, req.log, reports); err != nil {
		return response{}, err
	}
	return jsonResponse(http.StatusOK, labels(reports))
}

// verify checks the signature: ECDSA on P-256 over SHA-256 of the raw body, in base64 of its DER form.
func (g github) verify(ctx context.Context, req request, body []byte) error {
	id, hasKey := req.header(keyHeader)
	encoded, hasSignature := req.header(signatureHeader)
	if !hasKey || !hasSignature {
		return unsigned("The request must have each of the headers " + keyHeader + " and " + signatureHeader + " once.")
	}
	signature, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return unsigned("The signature is not valid base64.")
	}
	key, err := g.keys.find(ctx, req.log, id)
	if err != nil {
		return err
	}
	if digest := sha256.Sum256(body); !ecdsa.VerifyASN1(key, digest[:], signature) {
		return unsigned("The signature does not match the body.")
	}
	return nil
}

// label tells GitHub whether what it found has the form of a token. It says nothing about whether the token exists.
type label struct {
	TokenHash string `json:"token_hash"`
	TokenType string `json:"token_type"`
	Label     string `json:"label"`
}

// labels returns GitHub's optional feedback on up to maxLabels of the reports. A text with the form of a token, but without a checksum,
// gets no label: it may be a token that was imported.
func labels(reports []report) []label {
	result := []label{}
	for _, one := range reports[:min(len(reports), maxLabels)] {
		verdict := "true_positive"
		if _, err := pat.ParseSecret(one.Token); err != nil {
			verdict = "false_positive"
			if _, foreign := one.secret(); foreign {
				continue
			}
		}
		hash := sha256.Sum256([]byte(one.Token))
		result = append(result, label{hex.EncodeToString(hash[:]), one.Type, verdict})
	}
	return result
}
