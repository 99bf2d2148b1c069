"""APIs whose methods, routes, authorizers and gateway responses are in an OpenAPI document, as SAM writes it."""

import functools

from ministack.services import apigateway as http
from ministack.services import apigateway_v1 as rest
from ministack.services.cloudformation import provisioners

from patches import replaces

ANY = "x-amazon-apigateway-any-method"


def handles(resource_type, operation):
    """Replaces what CloudFormation does to create or update a type of resource by the decorated function."""
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]

    def decorate(function):
        handlers[operation] = functools.partial(function, handlers[operation])
        return function

    return decorate


# ministack's import of a REST API skips ANY, gateway responses and the responses of a mock, as SAM writes them for CORS.

rest._OPENAPI_HTTP_METHODS.add(ANY)


@replaces(rest, "_import_operation")
def import_operation(original, api_id, resource_id, method, operation, *arguments):
    method = "ANY" if method == ANY.upper() else method
    original(api_id, resource_id, method, operation, *arguments)
    for response in operation["x-amazon-apigateway-integration"].get("responses", {}).values():
        rest._put_integration_response(api_id, resource_id, method, response["statusCode"], response)


@replaces(rest, "_import_rest_api")
def import_rest_api(original, document, base_data=None):
    api_id = original(document, base_data)
    for kind, response in (document.get("x-amazon-apigateway-gateway-responses") or {}).items():
        status, _, body = rest._put_gateway_response(api_id, kind, response)
        if status >= 400:
            raise ValueError(f"gateway response {kind}: {body!r}")
    return api_id


# An update of the document changes a REST API in place, so that its URL stays. ministack creates another API.


@handles("AWS::ApiGateway::RestApi", "update")
def update_rest_api(original, api_id, old, new, *arguments, **named):
    if new.get("Body") != old.get("Body"):
        imported = rest._import_rest_api(new["Body"])
        for kept in rest._resources, rest._authorizers_v1, rest._gateway_responses:
            kept[api_id] = kept.get(imported, {})
        rest._delete_rest_api(imported)
    return original(api_id, {**old, "Body": new.get("Body")}, new, *arguments, **named)


# ministack does not import an HTTP API's document, and reads its CORS configuration under the names of the service's API.


@handles("AWS::ApiGatewayV2::Api", "create")
def create_http_api(original, logical_id, properties, stack):
    api_id, attributes = original(logical_id, properties, stack)
    import_http_api(api_id, properties)
    return api_id, attributes


@handles("AWS::ApiGatewayV2::Api", "update")
def update_http_api(original, api_id, old, new, *arguments, **named):
    updated = original(api_id, old, new, *arguments, **named)
    if new.get("Body"):
        for kept in http._routes, http._integrations, http._authorizers:
            kept[api_id] = {}
    import_http_api(updated[0], new)
    return updated


def import_http_api(api_id, properties):
    document = properties.get("Body") or {}
    cors = document.get("x-amazon-apigateway-cors") or properties.get("CorsConfiguration")
    if cors:
        http._apis[api_id]["corsConfiguration"] = {name[0].lower() + name[1:]: value for name, value in cors.items()}
    authorizers = import_authorizers(api_id, document)
    for path, operations in (document.get("paths") or {}).items():
        for method, operation in operations.items():
            if "x-amazon-apigateway-integration" in operation:
                import_route(api_id, path, method, operation, authorizers)


def import_authorizers(api_id, document):
    """Creates the Lambda authorizers of a document, and returns the ID of each by its name."""
    ids = {}
    for name, scheme in rest._security_schemes(document).items():
        authorizer = {key[0].upper() + key[1:]: value for key, value in scheme["x-amazon-apigateway-authorizer"].items()}
        authorizer |= {"ApiId": api_id, "AuthorizerType": authorizer.pop("Type").upper(), "Name": name}
        ids[name], _ = provisioners._apigw_v2_authorizer_create(name, authorizer, "")
    return ids


def import_route(api_id, path, method, operation, authorizers):
    integration = operation["x-amazon-apigateway-integration"]
    target, _ = provisioners._apigw_v2_integration_create("", {
        "ApiId": api_id,
        "IntegrationType": integration["type"].upper(),
        "IntegrationUri": integration.get("uri", ""),
        "PayloadFormatVersion": integration.get("payloadFormatVersion", "1.0"),
    }, "")  # fmt: skip
    route = {"ApiId": api_id, "RouteKey": route_key(path, method), "Target": f"integrations/{target}"}
    for requirement in operation.get("security") or []:
        for name in requirement.keys() & authorizers.keys():  # SAM writes the name NONE for a route without an authorizer
            route |= {"AuthorizationType": "CUSTOM", "AuthorizerId": authorizers[name]}
    provisioners._apigw_v2_route_create("", route, "")


def route_key(path, method):
    if path == "/$default":
        return "$default"
    return f"{'ANY' if method == ANY else method.upper()} {path}"
