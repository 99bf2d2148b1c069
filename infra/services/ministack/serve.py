"""Runs ministack with API Gateway and CloudFormation closer to AWS's.

Each function below changes one thing in ministack's modules that template.yaml relies on. They belong to the version that
requirements.txt names: a newer one may have closed some of these gaps.
"""

import contextvars
import functools
import re
import uuid

import other_apis  # noqa: F401 (it changes ministack's modules as well)
import samtranslator.translator.transform
from ministack import app
from ministack.services import apigateway_v1 as rest
from ministack.services import lambda_svc
from ministack.services.cloudformation import changesets, engine, handlers, provisioners

# What a request to a REST API has met so far. Each request runs in a context of its own.
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


# API Gateway renames some headers of a function's response, and responds to a function's error with its own message.

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
    return status, {**headers, "x-amzn-RequestId": request_id.get()}, body


if __name__ == "__main__":
    app.main()
