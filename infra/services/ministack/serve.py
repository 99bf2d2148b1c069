"""Runs ministack with API Gateway and CloudFormation closer to AWS's.

Each function below changes one thing in ministack's modules that template.yaml relies on. They belong to the version that
requirements.txt names: a newer one may have closed some of these gaps.
"""

import contextvars
import functools
import http.server
import re
import uuid

import other_apis  # noqa: F401 (it changes ministack's modules as well)
import samtranslator.translator.transform
from ministack import app
from ministack.core import lambda_runtime
from ministack.services import apigateway_v1 as rest
from ministack.services.cloudformation import changesets, engine, handlers, provisioners

# What a request to a REST API has met so far. Each request runs in a context of its own.
received_headers = contextvars.ContextVar("received_headers", default=())
received_path = contextvars.ContextVar("received_path", default="/")
request_id = contextvars.ContextVar("request_id", default=None)
authorizer_context = contextvars.ContextVar("authorizer_context", default=None)
template_parameters = contextvars.ContextVar("template_parameters", default=None)


def replaces(module, name):
    """Replaces the function name of a module by the decorated one, which gets the original as its first argument."""

    def decorate(function):
        setattr(module, name, functools.partial(function, getattr(module, name)))
        return function

    return decorate


# CloudFormation passes the stack's parameters to the SAM transform. ministack passes none, so SAM uses their defaults.


def apply_transforms(original, template, provided_params=None, previous_params=None):
    token = template_parameters.set(engine._transform_parameters(template, provided_params, previous_params))
    try:
        return original(template, provided_params, previous_params)
    finally:
        template_parameters.reset(token)


for module in engine, handlers, changesets:
    replaces(module, "_apply_transforms")(apply_transforms)


@replaces(samtranslator.translator.transform, "transform")
def transform(original, template, parameters, policies):
    return original(template, {**(template_parameters.get() or {}), **parameters}, policies)


# An OpenAPI document can declare ANY, the responses of a mock integration and gateway responses; ministack's import skips all three.

ANY = "x-amazon-apigateway-any-method"
rest._OPENAPI_HTTP_METHODS.add(ANY)


@replaces(rest, "_import_operation")
def import_operation(original, api_id, resource_id, method, operation, *rest_of_arguments):
    method = "ANY" if method == ANY.upper() else method
    original(api_id, resource_id, method, operation, *rest_of_arguments)
    for response in operation["x-amazon-apigateway-integration"].get("responses", {}).values():
        rest._put_integration_response(api_id, resource_id, method, response["statusCode"], response)


@replaces(rest, "_import_rest_api")
def import_rest_api(original, spec, base_data=None):
    api_id = original(spec, base_data)
    for kind, response in (spec.get("x-amazon-apigateway-gateway-responses") or {}).items():
        status, _, body = rest._put_gateway_response(api_id, kind, response)
        if status >= 400:
            raise ValueError(f"gateway response {kind}: {body!r}")
    return api_id


# An update of the document changes an API in place, so that its URL stays. ministack creates another API.


def update_rest_api(original, physical_id, old_props, new_props, stack_name, logical_id=None):
    if new_props.get("Body") != old_props.get("Body"):
        imported = rest._import_rest_api(new_props["Body"])
        for kept in rest._resources, rest._authorizers_v1, rest._gateway_responses:
            kept[physical_id] = kept.get(imported, {})
        rest._delete_rest_api(imported)
    return original(physical_id, {**old_props, "Body": new_props.get("Body")}, new_props, stack_name, logical_id)


provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RestApi"]["update"] = functools.partial(
    update_rest_api, provisioners._apigw_rest_api_update
)


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


# Each invocation takes 90 ms longer than it must: 40 ms because headers and body of an event are two packets of which the second waits
# for the first, and 50 ms in which the function may write to its log.

http.server.BaseHTTPRequestHandler.disable_nagle_algorithm = True

lambda_runtime.ProvidedWorker._drain_stderr_bounded = functools.partialmethod(
    lambda_runtime.ProvidedWorker._drain_stderr_bounded, first_line_wait=0.005
)


if __name__ == "__main__":
    app.main()
