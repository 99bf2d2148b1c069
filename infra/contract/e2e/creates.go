package e2e

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

const far = "2099-01-01T00:00:00.000Z"

// good is a valid body for a user without a token of that name.
const good = `{"description":"laptop","expiresAt":"` + far + `"}`

var (
	made   = token(2, "laptop")
	badKey = rule("The Idempotency-Key must be 1 to 255 visible ASCII characters.")
)

func described(description string) request {
	return create(`{"description":` + description + `,"expiresAt":"` + far + `"}`)
}

func until(expiresAt string) request {
	return create(`{"description":"laptop","expiresAt":` + expiresAt + `}`)
}

// padded returns a valid body of size bytes.
func padded(size int) string {
	start, end := `{"x":"`, `",`+strings.TrimPrefix(good, "{")
	return start + strings.Repeat("a", size-len(start)-len(end)) + end
}

// posted returns a create with these headers in addition to the caller's.
func posted(body string, headers ...string) request {
	return request{http.MethodPost, listPath, append([]string{own}, headers...), body}
}

// chunked returns body in two chunks (RFC 9112 §7.1).
func chunked(body string) string {
	return fmt.Sprintf("5\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", body[:5], len(body)-5, body[5:])
}

// createCases are creates with all kinds of bodies and content types.
var createCases = []scenario{
	one("a good body", create(good), made),
	one("a member more", create(`{"foo":"bar","id":77,"userId":1,"secret":"x",`+good[1:]), made),
	one("spaces around the description", described(`"  a b "`), token(2, "a b")),
	one("a decomposed letter", described(`"cafe\u0301"`), token(2, "caf\u00e9")),
	one("letters of many alphabets", described(`"é☃😀<b>&"`), token(2, "é☃😀<b>&")),
	one("255 emoji", described(`"`+strings.Repeat("😀", 255)+`"`), token(2, strings.Repeat("😀", 255))),
	one("a byte order mark", create("\ufeff"+good), made),
	one("64 KiB", create(padded(64<<10)), made),
	one("a chunked body", posted(chunked(good), jsonBody, "Transfer-Encoding: chunked"), made),
	one("the body's length after Expect", create(good).plus("Expect: 100-continue"), made),
	one("a query beside the body", request{"POST", listPath + "?description=b", []string{own, jsonBody}, good}, made),
	one("charset utf-8", posted(good, "Content-Type: application/json; charset=UTF-8"), made),
	one("the content type in upper case", posted(good, "CONTENT-TYPE: APPLICATION/JSON"), made),
	one("two content types, json first", posted(good, jsonBody, "Content-Type: text/plain"), made.atEdge().sam(lastType, wrongType("text/plain"))),

	one("no body", create(""), missing("description")),
	one("no expiry", create(`{"description":"x"}`), missing("expiresAt")),
	one("an array", create("[]"), notObject("[]")),
	one("an expiry that is not a time", until(`"soon"`), notTime("soon")),
	one("an expiry with markup", until(`"<b>\"&☃"`), notTime(`<b>\"&☃`)),
	one("NUL in the description", described(`"a\u0000b"`), rule("PAT description cannot contain control characters.")),
	one("spaces only as description", described(`" \u00a0"`), rule("PAT description cannot be empty.")),
	one("a right-to-left override in the description", described(`"a\u202eb"`), rule("PAT description cannot contain invisible characters.")),
	one("an expiry an hour ago", until(`"{past}"`), rule("The expiry date should be in future.")),
	one("a description that is there", described(`"own"`), duplicate),
	one("malformed JSON", create("{bad"), notJSON),
	one("a raw NUL", create("\x00"), notJSON),
	one("base64", create(base64.StdEncoding.EncodeToString([]byte(good))), notJSON),
	one("64 KiB and one", create(padded(64<<10+1)), tooLarge),
	one("a MiB", create(padded(1<<20)), tooLarge),
	one("10 MiB and one", create(strings.Repeat(" ", 10<<20+1)), plain(413, "BadDataError", "The request is too large.").sam(noBounds, samFault)),
	one("a MiB without a token", request{"POST", listPath, []string{jsonBody}, padded(1 << 20)}, noToken),
	one("malformed JSON without a token", request{"POST", listPath, []string{jsonBody}, "{bad"}, noToken),

	one("an idempotency key", create(good).plus(onceOnly), made),
	one("an idempotency key with a blank in it", create(good).plus("Idempotency-Key: a b"), badKey),
	one("no characters as idempotency key", create(good).plus("Idempotency-Key:"), badKey),
	one("two idempotency keys", create(good).plus(onceOnly).plus(onceOnly), rule("There is more than one Idempotency-Key.").sam(lastKey, made)),

	one("no content type", posted(good), wrongType("you didn't provide one")),
	one("text/plain", posted(good, "Content-Type: text/plain"), wrongType("text/plain")),
	one("two content types, text first", posted(good, "Content-Type: text/plain", jsonBody), wrongType("text/plain").atEdge().sam(lastType, made)),
	one("charset latin1", posted(good, "Content-Type: application/json; charset=latin1"), wrongType("application/json; charset=latin1")),
	one("Content-Encoding gzip", posted(good, jsonBody, "Content-Encoding: gzip"), wrongType("application/json, Content-Encoding gzip")),
	one("two Content-Encodings", posted(good, jsonBody, "Content-Encoding: identity", "Content-Encoding: gzip"), wrongType("application/json, Content-Encoding identity, gzip").sam("two Content-Encoding headers come as one", wrongType("application/json, Content-Encoding identity,gzip"))),
	one("charset utf8", posted(good, "Content-Type: application/json; charset=utf8"), wrongType("application/json; charset=utf8")),
	one("a length that is not a number", posted(good, jsonBody, "Content-Length: abc"), badRequest),
	one("two lengths", posted(good, jsonBody, "Content-Length: 10", fmt.Sprintf("Content-Length: %d", len(good))), badRequest.sam(takesAll, made)),
}
