// Lists and creates orders for holders of a token with the scope orders:read or orders:write.

const required = { GET: "orders:read", POST: "orders:write" };

exports.handler = async ({ requestContext: { authorizer, http } }) => {
  const claims = authorizer.lambda;
  const scope = required[http.method];
  if (hasExpired(claims)) {
    return respond(401, { message: "The token has expired." }, 'Bearer error="invalid_token"');
  }
  if (!claims.scope.split(" ").includes(scope)) {
    return respond(403, { message: `The token needs the scope ${scope}.` }, `Bearer error="insufficient_scope", scope="${scope}"`);
  }
  return respond(200, { user: claims.username });
};

// API Gateway may have cached the claims before the token expired.
const hasExpired = (claims) => Date.parse(claims.expiresAt) <= Date.now();

const respond = (statusCode, body, challenge) => ({
  statusCode,
  headers: { "Content-Type": "application/json", ...(challenge && { "WWW-Authenticate": challenge }) },
  body: JSON.stringify(body),
});
