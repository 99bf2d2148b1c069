"""Changes to ministack's modules."""

import functools


def replaces(module, name):
    """Replaces the function name of a module by the decorated one, which gets the original as its first argument."""

    def decorate(function):
        setattr(module, name, functools.partial(function, getattr(module, name)))
        return function

    return decorate
