"""Protects the user and the token of the run: no generated request deletes, rotates or changes those with id 1."""

import schemathesis


@schemathesis.hook
def filter_path_parameters(ctx, path_parameters):
    return not path_parameters or str(path_parameters.get("id")) not in {"1", "1.0", "+1", "0x1"}
