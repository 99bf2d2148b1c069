package e2e

import "strings"

// revokeCases are revocations with all kinds of ids. The caller's one token has the id 1.
var revokeCases = []scenario{
	one("an own id", revoke("1"), done),
	one("an own id with a point", revoke("1.0"), done),
	one("an own id, encoded", revoke("%31"), done),
	one("an own id and an encoded space", revoke("1%20"), done),
	one("an own id and a query", revoke("1?x=1"), done),
	one("an own id and a slash", revoke("1/"), done),
	one("an unknown id", revoke("999999"), done),
	one("a negative id", revoke("-1"), done),
	one("an id of 400 digits", revoke(strings.Repeat("1", 400)), done),
	one("letters", revoke("abc"), notWhole("abc")),
	one("an encoded NUL", revoke("1%00"), notWhole(`1\u0000`)),
	one("an encoded slash in the id", revoke("1%2f2"), notWhole("1/2").sam(decodes, notThere(listPath+"/1/2"))),
	one("encoded markup", revoke("%3Cb%3E%22"), notWhole(`<b>\"`)),
	one("a digit of another alphabet", revoke("%D9%A3"), notWhole("٣")),
	one("two dots as id", revoke(".."), notWhole("..")),
	one("bytes that are not UTF-8", revoke("%ff"), badPath.sam(decodes, notWhole("\ufffd"))),
	one("no id", revoke(""), notThere(listPath+"/")),
	one("without a token", newRequest("DELETE", listPath+"/1"), noToken),
	one("letters without a token", newRequest("DELETE", listPath+"/abc"), noToken),
	one("an own id with an object", revoke("1").plus(jsonBody).with("{}"), done),
	one("an own id with text", revoke("1").plus("Content-Type: text/plain").with("x"), done),
	one("an own id with a malformed body", revoke("1").plus(jsonBody).with("{bad"), done),
	one("an own id with an array", revoke("1").plus(jsonBody).with("[]"), done),
	one("an own id with 64 KiB and one", revoke("1").plus("Content-Type: text/plain").with(strings.Repeat("x", 64<<10+1)), done),
	one("If-Match on an own id", revoke("1").plus(`If-Match: "x"`), done),
}
