"""Uses the client that openapi-python-client generates from the OpenAPI document: creates a user and a token, reads both, meets
an error, and deletes both."""

import datetime
import os
import time

from pats_client import AuthenticatedClient
from pats_client.api.personal_access_tokens import create_pat, delete_pat, get_pats
from pats_client.api.users import create_user, delete_user, search_users
from pats_client.models import (
    CreatedPatSchema,
    CreatedUserSchema,
    CreatePatSchema,
    CreateUserSchema,
    Error,
    PatsSchema,
    RoleIdSchema,
)

client = AuthenticatedClient(base_url=os.environ["PATS_URL"], token=os.environ["PATS_TOKEN"], prefix="")
name = f"python-{time.time_ns()}"

user = create_user.sync(client=client, body=CreateUserSchema(username=name, root_role=RoleIdSchema.VIEWER))
assert isinstance(user, CreatedUserSchema) and user.username == name, user
found = search_users.sync(client=client, q=name)
assert isinstance(found, list) and [u.id for u in found] == [user.id], found
assert delete_user.sync_detailed(user.id, client=client).status_code == 200
print("user: created, found, deleted")

expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
draft = CreatePatSchema(description=name, expires_at=expires, scopes=["pats:read"])
token = create_pat.sync(client=client, body=draft)
assert isinstance(token, CreatedPatSchema) and token.secret and token.scopes == ["pats:read"], "no token with the scope"
again = create_pat.sync(client=client, body=draft)
assert isinstance(again, Error) and again.name == "NameExistsError", again
tokens = get_pats.sync(client=client)
assert isinstance(tokens, PatsSchema) and tokens.pats[-1].description == name, tokens
assert delete_pat.sync_detailed(token.id, client=client, descendants=True).status_code == 200
print("token: created, refused, listed, deleted")
