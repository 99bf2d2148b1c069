"""CloudFormation passes a stack's parameters to the SAM transform. ministack passes none, so SAM uses their defaults."""

import contextvars

import samtranslator.translator.transform
from ministack.services.cloudformation import changesets, engine, handlers

from patches import replaces

parameters = contextvars.ContextVar("parameters", default=None)


def apply_transforms(original, template, provided_params=None, previous_params=None):
    token = parameters.set(engine._transform_parameters(template, provided_params, previous_params))
    try:
        return original(template, provided_params, previous_params)
    finally:
        parameters.reset(token)


for module in engine, handlers, changesets:
    replaces(module, "_apply_transforms")(apply_transforms)


@replaces(samtranslator.translator.transform, "transform")
def transform(original, template, values, policies):
    return original(template, {**(parameters.get() or {}), **values}, policies)
