"""Lists the caller's tokens, creates one and deletes it."""

import os
import sys
from datetime import datetime, timedelta, timezone

import requests

TOKENS = os.environ["PATS_URL"] + "/api/admin/user/tokens"
KEY = os.environ["PATS_TOKEN"]


def call(method, url, body=None):
    response = requests.request(method, url, json=body, headers={"Authorization": KEY}, timeout=10)
    if not response.ok:
        sys.exit(response.json()["message"])
    return response


print("tokens:", len(call("GET", TOKENS).json()["pats"]))

tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
created = call("POST", TOKENS, {"description": "Python example", "expiresAt": tomorrow.isoformat()}).json()
print("created:", created["id"])  # the token itself is created["secret"], here and never again

call("DELETE", f"{TOKENS}/{created['id']}")
print("deleted:", created["id"])
