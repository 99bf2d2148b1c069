"""Changes what the stacks of other APIs rely on: HTTP APIs, and the permission to invoke an authorizer."""

import fnmatch
import functools

from ministack.services import apigateway as http
from ministack.services import apigateway_v1 as rest
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

# SAM declares an HTTP API by an OpenAPI document. ministack creates the API without the document's routes.

api_handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
create_api = api_handlers["create"]
update_api = api_handlers["update"]


def create_http_api(logical_id, props, stack_name):
    api_id, attributes = create_api(logical_id, with_cors(props), stack_name)
    import_document(api_id, props.get("Body"), stack_name)
    return api_id, attributes


def update_http_api(physical_id, old_props, new_props, stack_name, logical_id=None):
    if new_props.get("Body"):
        for kept in http._routes, http._integrations, http._authorizers:
            kept[physical_id] = {}
        import_document(physical_id, new_props["Body"], stack_name)
    return update_api(physical_id, old_props, with_cors(new_props), stack_name, logical_id)


api_handlers.update(create=create_http_api, update=update_http_api)


def with_cors(props):
    """Returns the properties with the CORS configuration in the form that ministack reads."""
    document = props.get("Body") or {}
    cors = document.get("x-amazon-apigateway-cors") or provisioners._pascal_to_camel(props.get("CorsConfiguration"))
    return {**props, "CorsConfiguration": cors}


def import_document(api_id, document, stack_name):
    document = document or {}
    schemes = (document.get("components") or {}).get("securitySchemes") or {}
    authorizers = {
        name: create_authorizer(api_id, name, scheme["x-amazon-apigateway-authorizer"], stack_name)
        for name, scheme in schemes.items()
    }
    for path, operations in (document.get("paths") or {}).items():
        for method, operation in operations.items():
            create_route(api_id, f"{method.upper()} {path}", operation, authorizers, stack_name)


def create_authorizer(api_id, name, extension, stack_name):
    named = {
        "AuthorizerType": extension["type"].upper(),
        "AuthorizerUri": extension["authorizerUri"],
        "AuthorizerPayloadFormatVersion": extension["authorizerPayloadFormatVersion"],
        "AuthorizerResultTtlInSeconds": extension.get("authorizerResultTtlInSeconds", 300),
        "EnableSimpleResponses": extension.get("enableSimpleResponses", False),
        "IdentitySource": extension["identitySource"],
    }
    return provisioners._apigw_v2_authorizer_create(name, {"ApiId": api_id, "Name": name, **named}, stack_name)[0]


def create_route(api_id, key, operation, authorizers, stack_name):
    integration = operation["x-amazon-apigateway-integration"]
    target, _ = provisioners._apigw_v2_integration_create(
        key,
        {
            "ApiId": api_id,
            "IntegrationType": integration["type"].upper(),
            "IntegrationUri": integration["uri"],
            "PayloadFormatVersion": integration["payloadFormatVersion"],
        },
        stack_name,
    )
    route = {"ApiId": api_id, "RouteKey": key, "Target": f"integrations/{target}"}
    for name in operation.get("security", [{}])[0]:
        route.update(AuthorizationType="CUSTOM", AuthorizerId=authorizers[name])
    provisioners._apigw_v2_route_create(key, route, stack_name)


# API Gateway invokes an authorizer only if the function's policy lets it. ministack does not read that policy.


def requires_permission(invoke, authorizer_id):
    @functools.wraps(invoke)
    async def checked(authorizer, event, account_id, region):
        reference = http._extract_lambda_ref_from_integration_uri(authorizer.get("authorizerUri", ""))
        function, _, _ = lambda_svc._get_func_record_for_ref_in_scope(reference, account_id=account_id, region=region)
        api = (event.get("routeArn") or event["methodArn"]).split("/")[0]
        if function and permits(function["policy"], f"{api}/authorizers/{authorizer[authorizer_id]}"):
            return await invoke(authorizer, event, account_id, region)
        return None

    return checked


def permits(policy, source):
    return any(
        statement["Principal"] in ({"Service": "apigateway.amazonaws.com"}, "*")
        and fnmatch.fnmatchcase(source, statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", "*"))
        for statement in policy["Statement"]
    )


rest._invoke_authorizer_lambda = requires_permission(rest._invoke_authorizer_lambda, "id")
http._invoke_request_authorizer_lambda = requires_permission(http._invoke_request_authorizer_lambda, "authorizerId")
