"""Pinning: functions with the derivative of a formula in simpler functions, and NumPy's own value to the last bit."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from dualtape.array import NO_PARAMS, Operand, apply
from dualtape.ops.protocol import function, is_traced, store, strip
from dualtape.primitive import Primitive, structural

if TYPE_CHECKING:
    from inspect import Signature

__all__ = ["differentiated_as", "pinned"]

# Operands are arrays, scalars, lists or handles: `Any` in this file says that.

F = TypeVar("F", bound=Callable[..., Any])


def _call(y: Any, value: Any) -> Any:
    return apply(pin_, (y, value), NO_PARAMS) if isinstance(y, Operand) else value


# What a formula gave differs from NumPy's value by rounding only: its derivative is passed on.
pin_: Primitive = structural("pin", _call, (lambda t, _out, _y, _value: t, None))


def differentiated_as(numpy_function: Callable[..., Any]) -> Callable[[F], F]:
    """Make the decorated formula the derivative of a NumPy function, whose value stays NumPy's own.

    The formula has the function's signature behind a first parameter, which receives NumPy's value. It gives an array
    that differs from the value in rounding, dtype or axes of length 1 only, and anything plain where nothing depends on
    a traced argument; in a tuple for a tuple. NumPy checks the arguments before. Of `out` and `overwrite_input` the
    formula sees nothing: a traced array is never overwritten.
    """

    def register(formula: F) -> F:
        @functools.cache  # from the first call on: the module is slow to load, and so are signatures
        def signature() -> Signature:
            from inspect import Signature, signature

            return Signature(list(signature(formula).parameters.values())[1:])

        @function(numpy_function)
        def handler(*args: Any, **kwargs: Any) -> Any:
            given = signature().bind(*args, **kwargs)
            out = given.arguments.pop("out", None)
            given.arguments.pop("overwrite_input", None)
            scratch = {} if out is None else {"out": np.empty(out.shape, out.dtype)}
            value = numpy_function(*strip(given.args), **strip(given.kwargs), **scratch)
            if is_traced((given.args, given.kwargs)):
                with np.errstate(all="ignore"):  # NumPy has warned already
                    value = pinned(formula(value, *given.args, **given.kwargs), value)
            return value if out is None else store(out, value)

        return formula

    return register


def pinned(y: Any, value: Any) -> Any:
    """Return a value with the derivative of what a formula gave for it."""
    if isinstance(value, (list, tuple)) and isinstance(y, (list, tuple)):
        parts = [pinned(*pair) for pair in zip(y, value, strict=True)]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if not isinstance(y, Operand):
        return value
    result: Any = y
    given: Any = value  # to a checker, it may still be a list here
    if result.dtype != given.dtype:
        result = result.astype(given.dtype)
    if result.shape != given.shape:
        result = result.reshape(given.shape)
    return apply(pin_, (result, given), NO_PARAMS)
