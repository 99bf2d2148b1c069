"""How API Gateway treats a request, and what it responds by itself."""

import contextvars
import re
import uuid

from ministack import app
from ministack.services import apigateway as http
from ministack.services import apigateway_v1 as rest

from patches import replaces

# What is known about the current request. Each request runs in a separate context.
received_headers = contextvars.ContextVar("received_headers", default=())
received_path = contextvars.ContextVar("received_path", default="/")
request_id = contextvars.ContextVar("request_id", default=None)
authorizer_context = contextvars.ContextVar("authorizer_context", default=None)
identity_values = contextvars.ContextVar("identity_values", default=())

# A REST API sees the path as it was sent, and routes by its segments, which can be empty. ministack decodes it and drops those.


@replaces(app, "_handle_execute_api_request")
async def handle_execute_api(original, host, path, method, headers, body, query, raw_path=None, raw_query_string=None):
    api = app._parse_execute_api_url(host, path)
    if api and raw_path and rest.find_api_scope(api[0]):
        path = raw_path
    return await original(host, path, method, headers, body, query, raw_path, raw_query_string)


@replaces(rest, "_match_resource_tree")
def match_resource_tree(original, api_id, segments):
    path = received_path.get().removeprefix("/").removesuffix("/")
    return original(api_id, path.split("/") if path else [])


@replaces(rest, "_match_recursive")
def match_recursive(original, resources, parent_id, segments, params):
    if segments and not segments[0]:
        resources = {key: r for key, r in resources.items() if r.get("parentId") != parent_id or r["pathPart"].endswith("+}")}
    return original(resources, parent_id, segments, params)


# API Gateway refuses large bodies and methods that it does not know.

MAX_BODY = 10 << 20
METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}


@replaces(rest, "_execute_in_scope")
async def execute(original, request, api_id, stage, method, path, headers, body, *arguments):
    received_path.set(path)
    request["stage"] = rest._stages_v1.get(api_id, {}).get(stage)
    if request["stage"] and method not in METHODS:
        return rest._gw_error("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")
    if request["stage"] and len(body) > MAX_BODY:
        return rest._gw_error("REQUEST_TOO_LARGE", f"HTTP content length exceeded {MAX_BODY} bytes.")
    return await original(request, api_id, stage, method, path, headers, body, *arguments)


# A function sees each of several headers with the same name. ministack joins them.


@replaces(app, "app")
async def asgi(original, scope, receive, send):
    received_headers.set(scope.get("headers", ()))
    await original(scope, receive, send)


@replaces(rest, "_build_lambda_event_v1")
def build_event(original, *arguments, **named):
    event = original(*arguments, **named)
    headers = {}
    for name, value in received_headers.get():
        headers.setdefault(name.decode("latin-1"), []).append(app.decode_header_value(value))
    return event | {"headers": {name: values[-1] for name, values in headers.items()}, "multiValueHeaders": headers}


# The id of a request is the same in the function's event, in a gateway response and in the header X-Amzn-Requestid.


@replaces(rest, "new_uuid")
def new_uuid(original):
    return request_id.get() or original()


@replaces(rest, "_handle_execute_in_scope")
async def handle_execute(original, *arguments):
    request_id.set(str(uuid.uuid4()))
    authorizer_context.set(None)
    return await original(*arguments)


# A gateway response can contain what the authorizer said about a caller whom it denied.


class RecordingCache(dict):
    """The cache of authorizer responses, which remembers the context of the response it returned last."""

    def get(self, key, default=None):
        hit = super().get(key, default)
        if hit:
            authorizer_context.set(hit[2])
        return hit


rest._authorizer_cache = RecordingCache()


@replaces(rest, "_stringify_context")
def stringify_context(original, context):
    text = original(context)
    authorizer_context.set(text)
    return text


AUTHORIZER_VARIABLE = re.compile(rb"\$(?:context\.authorizer\.(\w+)|\{context\.authorizer\.(\w+)\})")


@replaces(rest, "_gateway_error_response")
def gateway_error_response(original, error, request):
    status, headers, body = original(error, request)
    known = authorizer_context.get() or {}
    return status, headers, AUTHORIZER_VARIABLE.sub(lambda m: known.get((m[1] or m[2]).decode(), "").encode(), body)


# API Gateway renames some headers of a function's response.

REMAPPED = {
    "authorization", "connection", "content-length", "content-md5", "date", "expect", "max-forwards", "proxy-authenticate",
    "server", "trailer", "upgrade", "user-agent", "www-authenticate",
}  # fmt: skip


@replaces(rest, "_invoke_lambda_proxy_v1")
async def invoke_lambda_proxy(original, *arguments, **named):
    response = await original(*arguments, **named)
    if not isinstance(response, tuple):
        return response
    status, headers, body = response
    headers = {f"x-amzn-Remapped-{name}" if name.lower() in REMAPPED else name: value for name, value in headers.items()}
    return status, {**headers, "x-amzn-requestid": request_id.get()}, body


# An HTTP API's event of the format 1.0 for an authorizer has the values of the identity sources.


@replaces(http, "_request_authorizer_identity_sources")
def identity_sources(original, *arguments):
    present, values = original(*arguments)
    identity_values.set(values)
    return present, values


@replaces(http, "_invoke_request_authorizer_lambda")
async def invoke_request_authorizer(original, authorizer, event, *arguments):
    if "methodArn" in event and not event["methodArn"].endswith("/$connect"):
        values = ",".join(identity_values.get())
        event = {"version": "1.0", **event, "identitySource": values, "authorizationToken": values}
    return await original(authorizer, event, *arguments)
