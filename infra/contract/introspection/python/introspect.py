"""Does what the lines of standard input say with Authlib, and prints a line for each: "introspect TOKEN" or "revoke TOKEN"."""

import os
import sys

from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2 import OAuth2Error, ResourceProtector
from authlib.oauth2.rfc6749.requests import OAuth2Request
from authlib.oauth2.rfc7662 import IntrospectTokenValidator

ISSUER = os.environ["ISSUER"]
session = OAuth2Session(os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])


class Validator(IntrospectTokenValidator):
    def introspect_token(self, token_string):
        response = session.introspect_token(f"{ISSUER}/oauth/introspect", token=token_string)
        response.raise_for_status()
        return response.json()


protector = ResourceProtector()
protector.register_token_validator(Validator())


def introspect(token):
    request = OAuth2Request("GET", "https://orders.example/", headers={"Authorization": f"Bearer {token}"})
    try:
        found = protector.validate_request([], request)
    except OAuth2Error as error:
        return "inactive" if error.error == "invalid_token" else f"error {error.error}"
    scopes = sorted(found.get("scope", "").split())
    return " ".join(["active", found["sub"], found["username"], *scopes])


def revoke(token):
    session.revoke_token(f"{ISSUER}/oauth/revoke", token=token).raise_for_status()
    return "revoked"


for line in sys.stdin:
    what, token = line.split()
    print({"introspect": introspect, "revoke": revoke}[what](token), flush=True)
