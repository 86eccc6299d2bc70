"""What a rule reads: a reverse record keeps no more of its operands than the names of the rule's parameters ask for."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

__all__ = ["NOTHING", "SHAPE", "WHOLE", "Rule", "reads", "shapes_only"]

# A rule takes arrays, handles and scalars alike and is called with whatever a level's primals are: hence `Any`.
Rule = Callable[..., Any]

NOTHING, SHAPE, WHOLE = 0, 1, 2


def reads(rule: Rule | None, arity: int, skip: int) -> tuple[int, ...]:
    """Tell what a rule reads of the output and of each operand, by the names of its parameters.

    Args:
        rule: a rule; its first `skip` parameters (the tangent or cotangent) are passed over.
        arity: the number of operands.
        skip: how many parameters stand before the output.

    Returns:
        For the output and each operand: `NOTHING` (`_x`), `SHAPE` (`x_shape`) or `WHOLE` (`x`).
    """
    if rule is None:
        return (NOTHING,) * (arity + 1)
    return _read(_positional(rule)[skip:], arity)


@functools.cache  # many rules have the same names
def _read(names: tuple[str, ...], arity: int) -> tuple[int, ...]:
    found: list[int] = []
    for name in names:
        bare = name.removeprefix("*")
        kind = NOTHING if bare.startswith("_") else SHAPE if bare.endswith("_shape") else WHOLE
        found += [kind] * (arity + 1 - len(found) if bare != name else 1)
    return tuple(found)


def _positional(rule: Rule) -> tuple[str, ...]:
    """Return the names of the parameters that are given by position; the one that takes the rest has its star."""
    if type(rule) is FunctionType and not rule.__dict__:
        code = rule.__code__  # a signature is made of it, slowly, and an import reads hundreds of rules
        names = code.co_varnames[: code.co_argcount]
        if code.co_flags & 4:  # CO_VARARGS
            names += ("*" + code.co_varnames[code.co_argcount + code.co_kwonlyargcount],)
        return names
    from inspect import signature

    parameters = signature(rule).parameters.values()
    given = [p for p in parameters if p.kind not in (p.KEYWORD_ONLY, p.VAR_KEYWORD)]
    return tuple(["*" * (p.kind is p.VAR_POSITIONAL) + p.name for p in given])


def shapes_only(rule: Rule | None) -> Rule | None:
    """Return a rule that is given shapes for the operands of which it reads the shape, whatever the record kept."""
    if rule is None:
        return None
    if not any(name.endswith("_shape") for name in _positional(rule)):
        return rule
    from inspect import signature

    parameters = list(signature(rule).parameters.values())[2:]
    spots = [i for i, p in enumerate(parameters) if p.name.endswith("_shape") and p.kind is p.POSITIONAL_OR_KEYWORD]
    if not spots:
        return rule

    def call(g: Any, out: Any, *operands: Any, **params: Any) -> Any:
        given = list(operands)
        for i in spots:
            if type(given[i]) is not tuple:
                given[i] = np.shape(given[i])
        return rule(g, out, *given, **params)

    def call_pair(g: Any, out: Any, x: Any, y: Any) -> Any:  # the same without the detours: a product's rule is hot
        if first:
            return rule(g, out, x if type(x) is tuple else np.shape(x), y)
        return rule(g, out, x, y if type(y) is tuple else np.shape(y))

    first = spots == [0]
    return functools.wraps(rule)(call_pair if len(parameters) == 2 and len(spots) == 1 else call)
