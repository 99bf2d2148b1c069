"""Protects the user and the token of the run, whose ids are 1: a request that names one of them names the next id instead."""

import schemathesis


@schemathesis.hook
def before_call(ctx, case, kwargs):
    for name, value in (case.path_parameters or {}).items():
        if str(value) in {"1", "1.0", "+1", "0x1"}:
            case.path_parameters[name] = 2
