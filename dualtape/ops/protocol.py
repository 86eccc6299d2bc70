"""NumPy's protocols beyond the plain call: ufunc methods and keywords, and functions without a rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from dualtape.array import ACTIVE, NO_PARAMS, Operand, TracedArray, apply, plain, resolve
from dualtape.errors import NoRuleError, TracedConversionError
from dualtape.inplace import update, write
from dualtape.primitive import FUNCTIONS, UFUNCS

__all__ = ["call_function", "call_ufunc", "function", "store", "strip"]

F = TypeVar("F", bound=Callable[..., Any])

PLAIN_UFUNCS: set[np.ufunc] = set()  # comparisons, predicates and integer operations: the result has no derivative
REDUCTIONS: dict[tuple[np.ufunc, str], Callable[..., Any]] = {}  # (ufunc, "reduce" or "accumulate") -> function


def function(*functions: Callable[..., Any], method: str | None = None) -> Callable[[F], F]:
    """Make the decorated function what NumPy's `functions`, and ndarray's `method`, do with traced arrays."""

    def register(handler: F) -> F:
        for f in functions:
            FUNCTIONS[f] = handler
        if method is not None:
            setattr(Operand, method, handler)
        return handler

    return register


def rank(x: Any) -> int:
    """Return the number of axes of an operand; `np.ndim` would go through NumPy's protocol."""
    return int(x.ndim) if hasattr(x, "ndim") else int(np.ndim(x))


def strip(x: Any) -> Any:
    """Return arguments with plain values for all operands in them."""
    if isinstance(x, Operand):
        return plain(x)
    if isinstance(x, (list, tuple)) and type(x) in (list, tuple):
        return type(x)(map(strip, x))
    if type(x) is dict:
        return {key: strip(value) for key, value in x.items()}
    return x


def store(out: Any, result: Any) -> Any:
    """Write a result where `out=` says, as NumPy does."""
    if isinstance(out, TracedArray):
        return update(out, result)
    if isinstance(result, TracedArray):
        raise TracedConversionError(
            "out= is a plain array, which can't hold a derivative: make it with dualtape.zeros, or "
            "np.zeros(shape, like=x), or leave out= away"
        )
    np.copyto(out, result, casting="same_kind")
    return out


def call_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a ufunc in any of its forms."""
    if ufunc in PLAIN_UFUNCS:
        return _call_plain(ufunc, method, inputs, kwargs)
    if method in ("reduce", "accumulate"):
        reduction = REDUCTIONS.get((ufunc, method))
        if reduction is not None:
            return reduction(*inputs, **_out(kwargs))
    elif method == "outer":
        x, y = (resolve(x, ACTIVE.get()) for x in inputs)
        x = np.reshape(x, np.shape(x) + (1,) * np.ndim(y))
        return ufunc(x, y, **kwargs)
    elif method == "at" and ufunc in (np.add, np.subtract) and isinstance(inputs[0], TracedArray):
        x, key, value = inputs
        return write(x, key, value if ufunc is np.add else -resolve(value, ACTIVE.get()), add=True)
    elif method == "__call__":
        handler = FUNCTIONS.get(ufunc)
        if handler is None and ufunc in UFUNCS:
            primitive = UFUNCS[ufunc]
            handler = lambda *operands: apply(primitive, operands, NO_PARAMS)  # noqa: E731
        if handler is not None:
            return _call_with_keywords(handler, inputs, kwargs) if kwargs else handler(*inputs)
    if not _traced((inputs, kwargs)):
        return getattr(ufunc, method)(*strip(inputs), **strip(kwargs))
    name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
    raise _no_rule(f"numpy.{name}", inputs)


def call_function(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a NumPy function that has no entry in the table: on plain values, or not at all."""
    if not _traced((args, kwargs)):
        return func(*strip(args), **strip(kwargs))
    raise _no_rule(f"{func.__module__}.{func.__name__}", args)


def _call_plain(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return getattr(ufunc, method)(*strip(inputs), **strip(kwargs))


def _call_with_keywords(handler: Callable[..., Any], inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    out, where, dtype = kwargs.pop("out", None), kwargs.pop("where", True), kwargs.pop("dtype", None)
    kwargs.pop("casting", None), kwargs.pop("subok", None), kwargs.pop("order", None)
    if kwargs:
        raise NoRuleError(f"the ufunc keywords {sorted(kwargs)} are not supported on traced arrays")
    # `out` may stand among the inputs, positionally.
    if dtype is not None:
        inputs = tuple(x.astype(dtype) if hasattr(x, "astype") else x for x in (resolve(x, ACTIVE.get()) for x in inputs))
    result = handler(*inputs)
    if out is not None and type(out) is tuple and len(out) == 1:
        out = out[0]
    if where is not True:
        if out is None:
            raise NoRuleError("where= without out= leaves entries undefined: use np.where(condition, result, other)")
        result = np.where(strip(where), result, out)
    if out is None:
        return result
    if type(out) is tuple:
        return tuple(r if o is None else store(o, r) for o, r in zip(out, result, strict=True))
    return store(out, result)


def _out(kwargs: dict[str, Any]) -> dict[str, Any]:
    out = kwargs.get("out")
    return {**kwargs, "out": out[0]} if type(out) is tuple and len(out) == 1 else kwargs


def _traced(x: Any) -> bool:
    """Tell whether a tape records anything in the arguments."""
    if isinstance(x, Operand):
        return isinstance(x._resolve(ACTIVE.get()), TracedArray)
    if isinstance(x, (list, tuple)):
        return any(map(_traced, x))
    if type(x) is dict:
        return any(map(_traced, x.values()))
    return isinstance(x, np.ndarray) and x.dtype.kind == "O" and any(isinstance(e, Operand) for e in x.flat)


def _no_rule(name: str, operands: Any) -> NoRuleError:
    kinds = {type(leaf.recording).__name__.removesuffix("Recording").lower() for leaf in _handles(operands)}
    mode = f" in {' and '.join(sorted(kinds))} mode" if kinds else ""
    return NoRuleError(
        f"{name} has no derivative rule{mode}: write it with functions that have one, or pass x.primal where its "
        f"result needs no derivative"
    )


def _handles(x: Any) -> list[TracedArray]:
    if isinstance(x, Operand):
        x = x._resolve(ACTIVE.get())
        return [x] if isinstance(x, TracedArray) else []
    if isinstance(x, (list, tuple)):
        return [h for part in x for h in _handles(part)]
    return []
