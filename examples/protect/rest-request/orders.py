"""Lists and creates orders for holders of a token with the scope orders:read or orders:write."""

import json
from datetime import UTC, datetime

REQUIRED = {"GET": "orders:read", "POST": "orders:write"}


def handle(event, _context):
    claims = event["requestContext"]["authorizer"]
    scope = REQUIRED[event["httpMethod"]]
    if has_expired(claims):
        return respond(401, {"message": "The token has expired."}, 'Bearer error="invalid_token"')
    if scope not in claims["scope"].split(" "):
        return respond(403, {"message": f"The token needs the scope {scope}."}, f'Bearer error="insufficient_scope", scope="{scope}"')
    return respond(200, {"user": claims["username"]})


def has_expired(claims):
    """API Gateway may have cached the claims before the token expired."""
    return datetime.fromisoformat(claims["expiresAt"]) <= datetime.now(UTC)


def respond(status, body, challenge=None):
    headers = {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}
    if challenge:
        headers["WWW-Authenticate"] = challenge
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}
