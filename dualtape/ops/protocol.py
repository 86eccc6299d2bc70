"""NumPy's protocols beyond the plain call: ufunc methods and keywords, and functions without a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from dualtape.array import ACTIVE, NO_PARAMS, Operand, TracedArray, apply, plain, resolve
from dualtape.errors import NoRuleError, TracedConversionError
from dualtape.inplace import update, write
from dualtape.primitive import FUNCTIONS, UFUNCS

__all__ = ["attribute", "call_function", "call_ufunc", "function", "is_traced", "rank", "store", "strip", "together"]

F = TypeVar("F", bound=Callable[..., Any])

PLAIN_UFUNCS: set[np.ufunc] = set()  # comparisons, predicates and integer operations: the result has no derivative
REDUCTIONS: dict[tuple[np.ufunc, str], Callable[..., Any]] = {}  # (ufunc, "reduce" or "accumulate") -> function


_ENTERED: list[dict[Callable[..., Any], Callable[..., Any]]] = [FUNCTIONS]  # functions are entered in the last of them


@contextmanager
def together() -> Iterator[None]:
    """Enter what a block registers all at once: another thread must not meet a function of half a module."""
    _ENTERED.append({})
    try:
        yield
    finally:
        FUNCTIONS.update(_ENTERED.pop())


def function(*functions: Callable[..., Any], method: str | None = None) -> Callable[[F], F]:
    """Make the decorated function what NumPy's `functions`, and ndarray's `method`, do with traced arrays."""

    def register(handler: F) -> F:
        for f in functions:
            _ENTERED[-1][f] = handler
        if method is not None:
            setattr(Operand, method, handler)
        return handler

    return register


def attribute(name: str, setter: Callable[..., None] | None = None) -> Callable[[F], F]:
    """Make the decorated function compute ndarray's attribute `name` of an operand."""

    def register(getter: F) -> F:
        setattr(Operand, name, property(getter, setter))
        return getter

    return register


def rank(x: Any) -> int:
    """Return the number of axes of an operand; `np.ndim` would go through NumPy's protocol."""
    return int(x.ndim) if hasattr(x, "ndim") else int(np.ndim(x))


def strip(x: Any) -> Any:
    """Return arguments with plain values for all operands in them, to read only: a record may hold the same memory."""
    if isinstance(x, Operand):
        x = plain(x)
        if isinstance(x, np.ndarray) and x.flags.writeable:
            x = x.view()
            x.flags.writeable = False
        return x
    if type(x) is np.ndarray and x.dtype.kind == "O":
        return plain(resolve(x, ACTIVE.get()))
    if isinstance(x, (list, tuple)) and type(x) in (list, tuple):
        return type(x)(map(strip, x))
    if type(x) is dict:
        return {key: strip(value) for key, value in x.items()}
    return x


def store(out: Any, result: Any) -> Any:
    """Write a result where `out=` says, as NumPy does."""
    if isinstance(out, TracedArray):
        return update(out, result)
    if isinstance(out, Operand):
        held: Any = out
        held[...] = result  # raises: a variable is read-only
        return out
    if isinstance(result, TracedArray):
        if out.dtype.kind == "O":
            out[...] = result  # as handles, one for each entry
            return out
        raise TracedConversionError(
            "out= is a plain array, which can't hold a derivative: make it with dualtape.zeros, or "
            "np.zeros(shape, like=x), or leave out= away, and write a = a + x for a += x"
        )
    if np.shape(out) != np.shape(result):
        raise ValueError(f"output array has shape {np.shape(out)}, the result has shape {np.shape(result)}")
    np.copyto(out, result, casting="same_kind")
    return out


# --- ufuncs -------------------------------------------------------------------------------------------------------


def call_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a ufunc in any of its forms."""
    if method == "__call__":
        return _call_with_keywords(ufunc, inputs, kwargs) if kwargs else _call(ufunc, inputs)
    if method == "at":
        return _at(ufunc, *inputs)
    if (ufunc, method) in REDUCTIONS:
        return REDUCTIONS[ufunc, method](*inputs, **_single_out(kwargs))
    if method == "outer" and ufunc.nin == 2 and ufunc.signature is None and is_traced((inputs, kwargs)):
        x, y = (resolve(x, ACTIVE.get()) for x in inputs)
        return ufunc(np.reshape(x, np.shape(x) + (1,) * rank(y)), y, **kwargs)
    # np.floor_divide.accumulate begins with an entry as it is, whose derivative is 1.
    steps = ufunc in PLAIN_UFUNCS and (ufunc is not np.floor_divide or method == "outer")
    if not steps and is_traced((inputs, kwargs)):
        raise _no_rule(f"{_name(ufunc)}.{method}", (inputs, kwargs))
    out = kwargs.pop("out", None)
    if out is not None and any(isinstance(x, Operand) for x in out):
        return store(out[0], getattr(ufunc, method)(*strip(inputs), **strip(kwargs)))
    return getattr(ufunc, method)(*strip(inputs), **strip(kwargs), **({} if out is None else {"out": out}))


def _call(ufunc: np.ufunc, inputs: tuple[Any, ...]) -> Any:
    primitive = UFUNCS.get(ufunc)
    if primitive is not None:
        return apply(primitive, inputs, NO_PARAMS)
    if ufunc in FUNCTIONS:
        return FUNCTIONS[ufunc](*inputs)
    if ufunc in PLAIN_UFUNCS or not is_traced(inputs):
        return ufunc(*strip(inputs))
    if all(set(kinds) <= set("O->") for kinds in ufunc.types):
        # Of np.frompyfunc: its loop hands the entries to the user's function, as traced values.
        found = ufunc(*(np.asarray(x) if isinstance(x, Operand) else x for x in inputs))
        return tuple(resolve(x, ACTIVE.get()) for x in found) if ufunc.nout > 1 else resolve(found, ACTIVE.get())
    raise _no_rule(_name(ufunc), inputs, "give it one with dualtape.elementwise, ")


def _call_with_keywords(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    outs = kwargs.pop("out", (None,) * ufunc.nout)
    if (ufunc in PLAIN_UFUNCS or not is_traced(inputs)) and not any(isinstance(x, Operand) for x in outs):
        return ufunc(*strip(inputs), **strip(kwargs), out=outs)
    where, dtype, signature = kwargs.pop("where", True), kwargs.pop("dtype", None), kwargs.pop("signature", None)
    casting = kwargs.pop("casting", "same_kind")
    kwargs.pop("subok", None)
    core: dict[str, Any] = {
        name: kwargs.pop(name) for name in ("axes", "axis", "keepdims") if name in kwargs and ufunc.signature
    }
    refused = [name for name, value in kwargs.items() if (name, value) != ("order", "K")]
    if refused:
        raise NoRuleError(
            f"numpy.{ufunc.__name__} with {', '.join(refused)}= is not supported on traced arrays: leave it away"
        )
    inputs = tuple(resolve(x, ACTIVE.get()) for x in inputs)
    if dtype is not None or signature is not None:
        inputs = _cast(ufunc, inputs, signature or (None,) * ufunc.nin + (np.dtype(dtype),) * ufunc.nout, casting)
    if where is not True:
        return _call_where(ufunc, inputs, strip(where), outs)
    result = _call_along(ufunc, inputs, core) if core else _call(ufunc, inputs)
    if ufunc.nout > 1:
        return tuple(_fill(ufunc, out, part, casting) for out, part in zip(outs, result, strict=True))
    return _fill(ufunc, outs[0], result, casting)


def _call_along(ufunc: np.ufunc, inputs: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Call a ufunc of vectors or matrices, which lie along other axes than the last ones, or whose axes are kept."""
    ufunc(*strip(inputs), **keywords)  # for NumPy's own errors
    keepdims = bool(keywords.get("keepdims", False))
    axis = keywords.get("axis", -1)
    axes = [(a,) if np.ndim(a) == 0 else tuple(a) for a in keywords.get("axes", [axis] * ufunc.nin)]
    pairs = list(zip(inputs, axes, strict=False))
    result = _call(ufunc, tuple(np.moveaxis(x, a, range(-len(a), 0)) for x, a in pairs))
    if keepdims:
        result = np.expand_dims(result, -1)
    target = axes[ufunc.nin] if len(axes) > ufunc.nin else (axis,) if keepdims else ()
    return np.moveaxis(result, range(-len(target), 0), target) if target else result


def _cast(ufunc: np.ufunc, inputs: tuple[Any, ...], signature: Any, casting: Any) -> tuple[Any, ...]:
    """Convert operands to the dtypes of the loop that NumPy would take."""
    kinds = [type(x) if type(x) in {int, float, complex} else np.result_type(plain(x)) for x in inputs]
    wanted = ufunc.resolve_dtypes((*kinds, *(None,) * ufunc.nout), signature=signature, casting=casting)
    pairs = zip(inputs, wanted, strict=False)
    return tuple(x.astype(d) if hasattr(x, "dtype") and x.dtype != d else x for x, d in pairs)


def _call_where(ufunc: np.ufunc, inputs: tuple[Any, ...], where: Any, outs: tuple[Any, ...]) -> Any:
    """Call a ufunc on the entries that `where` selects: the others must not even be computed, nor their derivatives."""
    if ufunc.nout > 1 or ufunc.signature is not None or outs[0] is None:
        raise NoRuleError(
            "where= without out= leaves entries undefined: use np.where(condition, result, other)"
            if outs[0] is None
            else f"numpy.{ufunc.__name__} with where= is not supported on traced arrays"
        )
    out = outs[0]
    shape = np.broadcast_shapes(np.shape(where), out.shape, *(np.shape(x) for x in inputs))
    if shape != out.shape:
        raise ValueError(f"non-broadcastable output operand with shape {out.shape} doesn't match {shape}")
    mask = np.broadcast_to(np.asarray(where, bool), shape)
    result = _call(ufunc, tuple(np.broadcast_to(x, shape)[mask] if hasattr(x, "dtype") else x for x in inputs))
    _check_cast(ufunc, result.dtype, out)
    if isinstance(out, TracedArray):
        write(out, mask, result)
        return out
    return store(out, result)  # says what is wrong with a plain array for a traced result


def _check_cast(ufunc: np.ufunc, dtype: Any, out: Any, casting: Any = "same_kind") -> None:
    if not np.can_cast(dtype, out.dtype, casting):
        raise TypeError(
            f"Cannot cast ufunc '{ufunc.__name__}' output from {dtype!r} to {out.dtype!r} with casting rule {casting!r}"
        )


def _fill(ufunc: np.ufunc, out: Any, result: Any, casting: Any) -> Any:
    if out is None:
        return result
    if casting != "same_kind":
        _check_cast(ufunc, result.dtype, out, casting)
        result = result.astype(out.dtype)
    return store(out, np.broadcast_to(result, out.shape) if rank(result) < len(out.shape) else result)


def _at(ufunc: np.ufunc, x: Any, key: Any, *values: Any) -> None:
    """Apply a ufunc in place at the entries that a key names, each as often as it is named."""
    if not isinstance(x, TracedArray):
        if isinstance(x, Operand):
            held: Any = x
            held[key] = 0  # raises: a variable is read-only
            return
        if is_traced(values):
            raise TracedConversionError(
                f"numpy.{ufunc.__name__}.at would lose the derivative of what it writes into a plain array: make the "
                f"array with dualtape.zeros, or np.zeros(shape, like=x)"
            )
        ufunc.at(x, strip(key), *strip(values))
    elif ufunc is np.add or ufunc is np.subtract:
        value = resolve(values[0], ACTIVE.get())
        _check_cast(ufunc, np.result_type(x.dtype, plain(value)), x)
        write(x, key, value if ufunc is np.add else np.negative(value), add=True)
    else:
        _at_others(ufunc, x, strip(key), [resolve(v, ACTIVE.get()) for v in values])


def _at_others(ufunc: np.ufunc, x: TracedArray, key: Any, values: list[Any]) -> None:
    """Apply a ufunc in place, in one turn for each time that a key names the same entry."""
    numbers = np.arange(x.size).reshape(x.shape)[key]
    turns = _turns(numbers.ravel())
    if not turns.any():
        rounds = [(key, values)]
    else:
        spread = [np.broadcast_to(v, numbers.shape).ravel() for v in values]
        chosen = [turns == turn for turn in range(turns.max() + 1)]
        rounds = [(np.unravel_index(numbers.ravel()[hit], x.shape), [v[hit] for v in spread]) for hit in chosen]
    for place, operands in rounds:
        result = ufunc(x[place], *operands)
        _check_cast(ufunc, result.dtype, x)
        x[place] = result


def _turns(numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Tell for each number how often it stands before."""
    order = np.argsort(numbers, kind="stable")
    found = numbers[order]
    turns = np.empty_like(numbers)
    turns[order] = np.arange(len(found)) - np.searchsorted(found, found)
    return turns


def _single_out(kwargs: dict[str, Any]) -> dict[str, Any]:
    out = kwargs.get("out")
    return {**kwargs, "out": out[0]} if type(out) is tuple and len(out) == 1 else kwargs


# --- functions ----------------------------------------------------------------------------------------------------


def call_function(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a NumPy function that has no entry in the table yet; without a rule, on plain values or not at all."""
    from dualtape.ops import later  # noqa: F401  # importing it enters the functions that waited for their first use

    handler = FUNCTIONS.get(func)
    if handler is not None:
        return handler(*args, **kwargs)
    if not is_traced((args, kwargs)):
        return func(*strip(args), **strip(kwargs))
    raise _no_rule(f"{func.__module__}.{func.__name__}", (args, kwargs))


def is_traced(x: Any) -> bool:
    """Tell whether a tape records anything in the arguments."""
    return bool(_handles(x))


def _name(ufunc: np.ufunc) -> str:
    return f"numpy.{ufunc.__name__}" if hasattr(np, ufunc.__name__) else f"the ufunc {ufunc.__name__}"


def _no_rule(name: str, operands: Any, remedy: str = "") -> NoRuleError:
    kinds = {type(handle.recording).__name__.removesuffix("Recording").lower() for handle in _handles(operands)}
    mode = f" in {' and '.join(sorted(kinds))} mode" if kinds else ""
    return NoRuleError(
        f"{name} has no derivative rule{mode}: {remedy}write it with functions that have one, or pass x.primal where "
        f"its result needs no derivative"
    )


def _handles(x: Any) -> list[TracedArray]:
    """Return the handles in the arguments that a tape records."""
    if isinstance(x, Operand):
        x = x._resolve(ACTIVE.get())
        return [x] if isinstance(x, TracedArray) else []
    if type(x) is dict:
        x = tuple(x.values())
    if type(x) is np.ndarray and x.dtype.kind == "O":
        x = x.ravel().tolist()
    if type(x) in {list, tuple}:
        return [handle for part in x for handle in _handles(part)]
    return []
