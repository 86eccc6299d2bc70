"""Running forms: cumulative sums and products, and `accumulate` and `reduce` of any ufunc of two operands."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.array import Operand, apply, plain
from dualtape.ops import elementwise as _elementwise  # noqa: F401  # these fill the table of ufuncs that is read below
from dualtape.ops import selection as _selection  # noqa: F401
from dualtape.ops.pinning import pinned
from dualtape.ops.protocol import REDUCTIONS, function, is_traced, rank, store, strip
from dualtape.ops.reduction import (
    NOT_GIVEN,
    attains,
    from_last_axis,
    in_dtype,
    of_initial,
    on_last_axis,
    promoted,
    rows,
    static,
)  # fmt: skip
from dualtape.primitive import UFUNCS, Primitive, structural

__all__ = ["chain_weights", "steps"]

SELECTIONS = (np.maximum, np.minimum, np.fmax, np.fmin)


def _last(t: Any, axis: Any, shape: tuple[int, ...]) -> Any:
    """Return an array of `shape`, behind a batch axis or none, with the running axis last; `None` flattens it."""
    if axis is None or not shape:
        return np.reshape(t, (*t.shape[: t.ndim - len(shape)], math.prod(shape)))
    return _swapped(t, axis, len(shape))


def _swapped(t: Any, axis: Any, ndim: int) -> Any:
    return t if axis is None or not ndim else np.swapaxes(t, axis if axis < 0 else axis - ndim, -1)


# --- one step, and the sum over all -------------------------------------------------------------------------------


def steps(ufunc: np.ufunc, out: Any, x: Any) -> tuple[Any, Any]:
    """Return the derivatives of out[k] = ufunc(out[k - 1], x[k]) in out[k - 1] and in x[k], for k from 1 on.

    Args:
        ufunc: the operation that is accumulated.
        out: its running results, along the last axis.
        x: the operand.
    """
    if ufunc in SELECTIONS:
        part = _running_share(plain(out), plain(x))[..., 1:]
        return 1.0 - part, part
    before, after, x = out[..., :-1], out[..., 1:], x[..., 1:]
    partials = UFUNCS[ufunc].partials
    assert partials is not None
    ones = np.ones(after.shape, after.dtype)
    of_before, of_x = (ones if partial is None else ones * partial(after, before, x) for partial in partials)
    return of_before, of_x


def _running_share(out: Any, x: Any) -> Any:
    """Return what part each entry has in a running maximum or minimum: 1 / (how many have attained it so far)."""
    hit = attains(x, out)
    new = np.ones(out.shape, bool)
    new[..., 1:] = ~attains(out[..., 1:], out[..., :-1])
    start = np.maximum.accumulate(np.where(new, np.arange(out.shape[-1]), 0), axis=-1)
    hits = np.cumsum(hit, axis=-1)
    n = hits - np.take_along_axis(hits, start, -1) + 1  # a new maximum is itself an entry that attains it
    return np.divide(hit, n, dtype=out.real.dtype)


def _scan(a: Any, b: Any) -> Any:
    """Solve h[k] = a[k - 1] h[k - 1] + b[k] along the last axis.

    Each turn doubles how far a step leads (Hillis and Steele, "Data parallel algorithms", 1986), so that there are
    about log2(n) of them, and none divides.
    """
    n, d = b.shape[-1], 1
    while d < n:  # a[..., k] leads from h[k] to h[k + d]
        b = np.concatenate([b[..., :d], a * b[..., :-d] + b[..., d:]], axis=-1)
        a = a[..., :-d] * a[..., d:]
        d *= 2
    return b


# --- accumulate ---------------------------------------------------------------------------------------------------


def _cumsum_jvp(t: Any, _out: Any, x: Any, *, axis: Any, **_params: Any) -> Any:
    return _swapped(np.cumsum(_last(t, axis, x.shape), axis=-1), axis, x.ndim)


def _accumulate_jvp(t: Any, out: Any, x: Any, *, ufunc: Any, axis: Any, **_params: Any) -> Any:
    t, y = _last(t, axis, x.shape), _last(x, axis, x.shape)
    a, b = steps(ufunc, _last(out, axis, out.shape), y)
    pushed = _scan(a, np.concatenate([t[..., :1], b * t[..., 1:]], axis=-1))
    return _swapped(pushed, axis, x.ndim)


cumsum_: Primitive = structural("cumsum", np.cumsum, (_cumsum_jvp,))
cumprod_: Primitive = structural(
    "cumprod", np.cumprod, (lambda t, out, x, **params: _accumulate_jvp(t, out, x, ufunc=np.multiply, **params),)
)
accumulate_: Primitive = structural(
    "accumulate", lambda x, *, ufunc, axis: ufunc.accumulate(x, axis=axis), (_accumulate_jvp,)
)


def _accumulate(primitive: Primitive, a: Any, axis: Any, dtype: Any, out: Any) -> Any:
    params: dict[str, Any] = {"axis": static(axis)}
    if dtype is not None or out is not None:
        params["dtype"] = dtype if dtype is not None else promoted(out, a)
    result = apply(primitive, (a,), params)
    return result if out is None else store(out, result)


@function(np.cumsum, method="cumsum")
def cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Sum up to each entry."""
    return _accumulate(cumsum_, a, axis, dtype, out)


@function(np.cumprod, method="cumprod")
def cumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Multiply up to each entry."""
    return _accumulate(cumprod_, a, axis, dtype, out)


def _cumulative(primitive: Primitive, identity: float) -> Callable[..., Any]:
    """Return the handler of a cumulative function of the array API, which can begin with the identity."""

    def handler(
        x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None, include_initial: bool = False
    ) -> Any:
        if axis is None and rank(x) > 1:
            raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
        axis = 0 if axis is None else static(axis)
        if not include_initial:
            return _accumulate(primitive, x, axis, dtype, out)
        result = _accumulate(primitive, x, axis, dtype, None)
        shape = list(result.shape)
        shape[axis] = 1
        result = np.concatenate([np.full(shape, identity, result.dtype), result], axis=axis)
        return result if out is None else store(out, result)

    return handler


function(np.cumulative_sum)(_cumulative(cumsum_, 0.0))
function(np.cumulative_prod)(_cumulative(cumprod_, 1.0))


def _of_ufunc(ufunc: np.ufunc) -> Callable[..., Any]:
    primitive = cumsum_ if ufunc is np.add else cumprod_ if ufunc is np.multiply else None

    def accumulate(array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        ndim = rank(array)
        if ndim == 1 and axis is None:
            axis = 0
        elif type(axis) is tuple and len(axis) == 1:
            axis = axis[0]
        if primitive is not None and ndim and axis is not None:
            return _accumulate(primitive, array, axis, dtype, out)
        result = apply(accumulate_, (in_dtype(ufunc, array, dtype),), {"ufunc": ufunc, "axis": static(axis)})
        return result if out is None else store(out, result)

    return accumulate


# --- reduce, of ufuncs that have no rule of their own -------------------------------------------------------------


def chain_weights(ufunc: np.ufunc, x: Any, *given: Any, axis: Any) -> tuple[Any, Any]:
    """Return the derivatives of a reduction in its operand and in its initial value, by the chain rule.

    Args:
        ufunc: the operation, which has partials.
        x: the operand.
        *given: the initial value, if it was given; `None` is to begin with the first entry.
        axis: the reduced axes.

    Returns:
        Arrays of the shape of x and of the result without the reduced axes; the second is of no use without an initial
        value.
    """
    initial = given[0] if given else ufunc.identity
    y = on_last_axis(x, axis)
    ones = np.ones((*y.shape[:-1], 1), y.dtype)
    if initial is not None:
        y = np.concatenate([ones * initial, y], axis=-1)
    a, b = steps(ufunc, ufunc.accumulate(y, axis=-1), y)
    after = np.concatenate([np.cumprod(a[..., ::-1], axis=-1)[..., ::-1], ones], axis=-1)
    weights = np.concatenate([ones, b], axis=-1) * after
    return from_last_axis(weights if initial is None else weights[..., 1:], axis, x.shape), weights[..., 0]


def _reduce_jvp(t: Any, _out: Any, x: Any, *initial: Any, ufunc: Any, axis: Any, keepdims: Any) -> Any:
    weight, _ = chain_weights(ufunc, x, *initial, axis=axis)
    return np.add.reduce(t * weight, axis=rows(axis, x.ndim), keepdims=keepdims)


def _initial_jvp(t: Any, out: Any, x: Any, initial: Any, *, ufunc: Any, axis: Any, **_params: Any) -> Any:
    _, weight = chain_weights(ufunc, x, initial, axis=axis)
    return of_initial(t, out) * np.reshape(weight, out.shape)


def _call_reduce(x: Any, *initial: Any, ufunc: Any, **params: Any) -> Any:
    if initial and isinstance(initial[0], Operand):
        return apply(reduce_, (x, *initial), {"ufunc": ufunc, **params})  # NumPy does not ask an initial value
    return ufunc.reduce(x, **dict(zip(("initial",), initial, strict=False)), **params)


reduce_: Primitive = structural("reduce", _call_reduce, (_reduce_jvp, _initial_jvp))


def _reduction(ufunc: np.ufunc) -> Callable[..., Any]:
    def reduce(
        array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = NOT_GIVEN,
        where: Any = True,
    ) -> Any:  # fmt: skip
        array = in_dtype(ufunc, array, dtype)
        params = {"axis": static(axis), "keepdims": bool(keepdims)}
        if where is True or where is NOT_GIVEN or ufunc.identity is not None:
            if where is not True and where is not NOT_GIVEN:
                array = np.where(strip(where), array, ufunc.identity)
            operands = (array,) if initial is NOT_GIVEN else (array, initial)
            result = apply(reduce_, operands, {"ufunc": ufunc, **params})
        else:
            result = ufunc.reduce(strip(array), where=strip(where), initial=strip(initial), **params)
            if is_traced((array, initial)):
                result = pinned(_fold(ufunc, array, static(axis), initial, strip(where)), result)
        return result if out is None else store(out, result)

    return reduce


def _fold(ufunc: np.ufunc, x: Any, axis: Any, initial: Any, where: Any) -> Any:
    """Apply a ufunc to one entry after the other, but for those that are masked out."""
    y, mask = on_last_axis(x, axis), on_last_axis(np.broadcast_to(where, x.shape), axis)
    result: Any = np.full(y.shape[:-1], 1.0) * initial
    for k in range(y.shape[-1]):
        result = np.where(mask[..., k], ufunc(result, y[..., k]), result)
    return result


for _ufunc, _primitive in UFUNCS.items():
    if _ufunc in SELECTIONS or (_primitive.partials is not None and len(_primitive.partials) == 2):
        REDUCTIONS.setdefault((_ufunc, "reduce"), _reduction(_ufunc))
        REDUCTIONS[_ufunc, "accumulate"] = _of_ufunc(_ufunc)
