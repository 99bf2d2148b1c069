"""An API can invoke a function only if the function's policy permits it, or with a role. ministack does not check it."""

import fnmatch
import functools
import logging

from ministack.services import apigateway as http
from ministack.services import apigateway_v1 as rest
from ministack.services import lambda_svc

from patches import replaces

logger = logging.getLogger("permissions")


def permitted(uri, source, account, region):
    """Reports whether the policy of the function in an integration's URI lets the source, an ARN, invoke it."""
    reference = rest._extract_lambda_ref_from_integration_uri(uri)
    function, _, _ = lambda_svc._get_func_record_for_ref_in_scope(reference, account_id=account, region=region)
    if function is None or any(allows(statement, source) for statement in function["policy"]["Statement"]):
        return True
    logger.warning("%s cannot invoke %s", source, reference)
    return False


def allows(statement, source):
    condition = statement.get("Condition", {})
    equal = condition.get("StringEquals", {})
    return (
        statement["Principal"] in ("*", {"Service": "apigateway.amazonaws.com"})
        and statement["Action"] in ("lambda:InvokeFunction", "lambda:*")
        and "aws:PrincipalOrgID" not in equal
        and equal.get("AWS:SourceAccount", account_of(source)) == account_of(source)
        and fnmatch.fnmatchcase(source, condition.get("ArnLike", {}).get("AWS:SourceArn", "*"))
    )


def account_of(arn):
    return arn.split(":")[4]


async def invoke_authorizer(identifier, role, original, authorizer, event, account, region):
    """Invokes an authorizer. Its attributes with its ID and with the role to invoke it have other names in each kind of API."""
    api = (event.get("routeArn") or event["methodArn"]).split("/")[0]
    source = f"{api}/authorizers/{authorizer[identifier]}"
    if not authorizer.get(role) and not permitted(authorizer["authorizerUri"], source, account, region):
        return None
    return await original(authorizer, event, account, region)


for module, name, identifier, role in (
    (rest, "_invoke_authorizer_lambda", "id", "authorizerCredentials"),
    (http, "_invoke_request_authorizer_lambda", "authorizerId", "authorizerCredentialsArn"),
):
    replaces(module, name)(functools.partial(invoke_authorizer, identifier, role))


def method_source(api_id, stage, method, path, account, region):
    return f"arn:aws:execute-api:{region}:{account}:{api_id}/{stage}/{method}{path}"


@replaces(rest, "_invoke_lambda_proxy_v1")
async def invoke_rest_function(original, integration, api_id, stage, record, resource, path, method, *arguments, **named):
    account, region = named["owner_account_id"], named["owner_region"]
    source = method_source(api_id, stage, method, path, account, region)
    if not integration.get("credentials") and not permitted(integration["uri"], source, account, region):
        return rest._gw_error("API_CONFIGURATION_ERROR", "Internal server error")
    return await original(integration, api_id, stage, record, resource, path, method, *arguments, **named)


@replaces(http, "_invoke_lambda_proxy")
async def invoke_http_function(original, integration, api_id, stage, path, method, headers, body, query, route_key, *arguments, **named):
    account, region = named["owner_account_id"], named["owner_region"]
    # The source is the route, whose {id} stands for every id.
    _, _, route = route_key.partition(" ")
    source = method_source(api_id, stage, method, route or path, account, region)
    if not integration.get("credentialsArn") and not permitted(integration["integrationUri"], source, account, region):
        return 500, {"Content-Type": "application/json"}, b'{"message":"Internal Server Error"}'
    return await original(integration, api_id, stage, path, method, headers, body, query, route_key, *arguments, **named)
