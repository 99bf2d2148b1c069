"""Conditions on the keys, attributes and returned values of requests to DynamoDB. ministack knows only the attributes of projections.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

import contextvars
import json
import re

from ministack.core import iam_actions, iam_evaluator
from ministack.services import dynamodb

from patches import replaces

# The conditions of each write of a transaction that is still to be authorized. IAM authorizes one after another.
writes = contextvars.ContextVar("writes", default=())


@replaces(iam_actions, "dynamodb_service_context")
def service_context(original, body):
    request = json.loads(body or b"{}")
    writes.set([conditions(write) for item in request.get("TransactItems", ()) for write in item.values()])
    return original(body) | conditions(request)


@replaces(iam_evaluator, "enforce")
def enforce(original, access_key, action, service, region, resource_arn="*", service_context=None):
    if service == "dynamodb" and writes.get():
        service_context = {**(service_context or {}), **writes.get().pop(0)}
    return original(access_key, action, service, region, resource_arn, service_context)


def conditions(request):
    """The values of the condition keys for a request to one item, or to the items of one partition."""
    table = dynamodb._tables.get(request.get("TableName"))
    if table is None:
        return {}
    values = {"dynamodb:LeadingKeys": leading_keys(request, partition_key(table))}
    if "Key" in request or "Item" in request:
        values["dynamodb:Attributes"] = attributes(request)
    if "ReturnValues" in request:
        values["dynamodb:ReturnValues"] = request["ReturnValues"]
    return values


def partition_key(table):
    return next(key["AttributeName"] for key in table["KeySchema"] if key["KeyType"] == "HASH")


EQUALITY = re.compile(r"([#\w]+)\s*=\s*(:\w+)")


def leading_keys(request, name):
    item = request.get("Key") or request.get("Item")
    if item:
        return list(item[name].values())
    for left, right in EQUALITY.findall(request.get("KeyConditionExpression", "")):
        if resolved(request, left) == name:
            return list(request["ExpressionAttributeValues"][right].values())
    return []


# Names and placeholders of names at the beginning of a path, without values.
NAME = re.compile(r"(?<![:#\w.])[#A-Za-z]\w*")
WORDS = {
    "SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "IN", "BETWEEN", "attribute_exists", "attribute_not_exists", "attribute_type",
    "begins_with", "contains", "if_not_exists", "list_append", "size",
}  # fmt: skip


def attributes(request):
    expressions = " ".join(request.get(name, "") for name in ("UpdateExpression", "ConditionExpression"))
    named = {resolved(request, name) for name in NAME.findall(expressions) if name not in WORDS}
    return sorted(named | set(request.get("Key", ())) | set(request.get("Item", ())))


def resolved(request, name):
    return request.get("ExpressionAttributeNames", {}).get(name, name)
