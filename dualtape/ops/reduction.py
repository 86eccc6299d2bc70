"""Reductions: sums, products, extrema, moments, and the running forms of them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.array import Operand, apply, plain
from dualtape.errors import NoRuleError
from dualtape.ops.protocol import REDUCTIONS, function, rank, store, strip
from dualtape.primitive import PRIMITIVES, UFUNCS, Primitive, structural

__all__ = [
    "axes", "chain_weights", "count", "deviations", "from_last_axis", "last", "on_last_axis", "share", "std_scale",
    "steps",
]  # fmt: skip

# A reduction's operands are (x), (x, where) or (x, where, initial), a moment's (x, where, mean): a mask, an initial
# value and a mean are arrays of the caller's, and the latter two can be traced. Its params are those of `axis`,
# `keepdims` and `dtype` that the caller gave. An axis stands as it was given: from the left, from the right, or `None`.

NOT_GIVEN: Any = np._NoValue
SELECTIONS = (np.maximum, np.minimum, np.fmax, np.fmin)
LN2 = float(np.log(2.0))


# --- axes ---------------------------------------------------------------------------------------------------------


def axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return the axes of a reduction that NumPy has accepted, counted from the right, in order."""
    if axis is None:
        return tuple(range(-ndim, 0))
    if ndim == 0:
        return ()  # NumPy takes axis 0 and -1 of a scalar for none
    return tuple(sorted([a if a < 0 else a - ndim for a in (axis if type(axis) is tuple else (axis,))]))


def _rows(axis: Any, ndim: int) -> Any:
    """Return the axes of a reduction in a stack of tangents."""
    if axis is None:
        return tuple(range(1, ndim + 1))
    if type(axis) is int and ndim:
        return axis if axis < 0 else axis + 1
    return axes(axis, ndim)


def _static(axis: Any) -> Any:
    """Return an axis as plain data that the caller can't change."""
    if type(axis) is tuple:
        return tuple(map(operator.index, axis))
    return axis if axis is None or type(axis) is bool else operator.index(axis)  # NumPy refuses a bool


def count(shape: tuple[int, ...], where: Any, axis: Any, dtype: Any, *, less: Any = 0, least: int = 0) -> Any:
    """Return how many entries are reduced to one.

    Args:
        shape: the operand's shape.
        where: the mask, or `True`.
        axis: the reduced axes.
        dtype: that of what is counted; an array's precision follows it.
        less: what is subtracted.
        least: what the result is at least.

    Returns:
        A Python number, or with a mask an array with the reduced axes kept.
    """
    found = axes(axis, len(shape))
    if where is True:
        n = math.prod([shape[a] for a in found]) - less
        return n if n > least else least
    n = np.add.reduce(np.broadcast_to(where, shape), axis=found, keepdims=True) - less
    return np.maximum(n, least).astype(np.finfo(dtype).dtype)


def on_last_axis(x: Any, axis: Any) -> Any:
    """Return x with the axes of a reduction as one, the last: shape (*kept, n)."""
    order, kept = _order(axis, x.ndim)
    if order != sorted(order):
        x = np.transpose(x, order)
    return np.reshape(x, (*x.shape[:kept], math.prod(x.shape[kept:])))


def from_last_axis(y: Any, axis: Any, shape: tuple[int, ...]) -> Any:
    """Undo `on_last_axis`, for an operand of `shape` behind any batch axes."""
    order, kept = _order(axis, len(shape))
    lead = y.ndim - kept - 1
    y = np.reshape(y, y.shape[:lead] + tuple([shape[a] for a in order]))
    if order == sorted(order):
        return y
    return np.transpose(y, (*range(lead), *[lead + order.index(a) for a in range(-len(shape), 0)]))


def _order(axis: Any, ndim: int) -> tuple[list[int], int]:
    """Return the axes that are kept and then those that are reduced, and the number of the former."""
    reduced = axes(axis, ndim)
    kept = [a for a in range(-ndim, 0) if a not in reduced]
    return [*kept, *reduced], len(kept)


# --- how NumPy is called ------------------------------------------------------------------------------------------


def _of_ufunc(ufunc: np.ufunc, name: str) -> Callable[..., Any]:
    reduce = ufunc.reduce

    def call(x: Any, *more: Any, **params: Any) -> Any:
        if not more:
            return reduce(x, **params)
        if isinstance(more[-1], Operand):
            return apply(PRIMITIVES[name], (x, *more), params)  # NumPy does not ask an initial value
        return reduce(x, where=more[0], **dict(zip(("initial",), more[1:], strict=False)), **params)

    return call


def _given(**settings: Any) -> dict[str, Any]:
    """Return the settings that differ from NumPy's defaults, which say nothing."""
    return {name: value for name, value in settings.items() if not (value is None or value is False or value is NOT_GIVEN)}


def _operands(a: Any, where: Any, *more: Any) -> tuple[Any, ...]:
    """Return the operands of a reduction; the last, an initial value or a mean, where it is given."""
    where = True if where is NOT_GIVEN else where
    if more[0] is not NOT_GIVEN:
        return a, where, *more
    return (a,) if where is True else (a, where)


def _reduce(
    primitive: Primitive, a: Any, axis: Any, dtype: Any, out: Any, keepdims: Any, initial: Any, where: Any
) -> Any:
    if dtype is None and out is not None and primitive in (sum_, prod_, mean_):
        dtype = _promoted(out, a)
    params = {"axis": _static(axis), **_given(keepdims=keepdims if keepdims is NOT_GIVEN else bool(keepdims), dtype=dtype)}
    result = apply(primitive, _operands(a, where, initial), params)
    return result if out is None else store(out, result)


def _promoted(out: Any, a: Any) -> Any:
    """Return the dtype in which NumPy adds up where the result goes to `out`."""
    return np.result_type(out.dtype, getattr(a, "dtype", out.dtype))


# --- sum and mean -------------------------------------------------------------------------------------------------

ALL: Any = {"axis": None}  # the params of the commonest calls, shared by their records


def _sum_jvp(t: Any, _out: Any, x: Any, where: Any = True, *_initial: Any, axis: Any, keepdims: Any = False, dtype: Any = None) -> Any:
    return np.add.reduce(t, axis=_rows(axis, x.ndim), keepdims=keepdims, where=where)


def _of_initial(t: Any, out: Any) -> Any:
    """Return tangents of the initial value in the rank of the result."""
    return np.reshape(t, t.shape + (1,) * out.ndim)


sum_ = structural("sum", _of_ufunc(np.add, "sum"), (_sum_jvp, None, lambda t, out, *_operands, **_params: _of_initial(t, out)))


@function(np.sum, method="sum")
def sum(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = NOT_GIVEN,
    where: Any = NOT_GIVEN,
) -> Any:  # fmt: skip
    """Sum over axes."""
    if dtype is None and out is None and keepdims is False and initial is NOT_GIVEN and where is NOT_GIVEN:
        if axis is None:
            return apply(sum_, (a,), ALL)
        if type(axis) is int:
            return apply(sum_, (a,), {"axis": axis})
    return _reduce(sum_, a, axis, dtype, out, keepdims, initial, where)


FLOAT64 = np.dtype(np.float64)


def _mean(x: Any, where: Any = True, *, axis: Any, **params: Any) -> Any:
    if type(x) is np.ndarray and x.dtype is FLOAT64 and axis is None and where is True and not params and x.size:
        return np.add.reduce(x, axis=None) / x.size  # what np.mean comes to here, in half its time
    return np.mean(x, axis=axis, where=where, **params)


def _mean_jvp(t: Any, _out: Any, x: Any, where: Any = True, *, axis: Any, keepdims: Any = False, dtype: Any = None) -> Any:
    n = count(x.shape, where, axis, t.dtype, least=1)
    if where is not True and not keepdims:
        n = np.squeeze(n, axes(axis, x.ndim))
    return np.add.reduce(t, axis=_rows(axis, x.ndim), keepdims=keepdims, where=where) / n


mean_ = structural("mean", _mean, (_mean_jvp, None))


@function(np.mean, method="mean")
def mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = NOT_GIVEN
) -> Any:
    """Average over axes."""
    if axis is None and dtype is None and out is None and keepdims is False and where is NOT_GIVEN:
        return apply(mean_, (a,), ALL)
    return _reduce(mean_, a, axis, dtype, out, keepdims, NOT_GIVEN, where)


# --- variance and standard deviation ------------------------------------------------------------------------------


def deviations(x: Any, where: Any = True, *given: Any, axis: Any, ddof: Any, dtype: Any = None) -> tuple[Any, Any]:
    """Return the deviations from the mean, 0 where masked out, and what the sum of their squares is divided by."""
    center = given[0] if given else np.mean(x, axis=axis, dtype=dtype, keepdims=True, where=where)
    d = x - center
    if where is not True:
        d = np.where(where, d, 0)
    return d, count(x.shape, where, axis, d.dtype, less=ddof)


def std_scale(out: Any) -> Any:
    """Return d sqrt(v) / dv at the root `out`, and 0 at 0."""
    flat = plain(out) == 0
    if not np.any(flat):
        return 0.5 / out
    return np.where(flat, 0.0, 0.5 / np.where(flat, 1.0, out))


def _moment(numpy_function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def call(x: Any, *more: Any, **params: Any) -> Any:
        if more and isinstance(more[-1], Operand):
            return apply(PRIMITIVES[name], (x, *more), params)  # NumPy does not ask a mean
        return numpy_function(x, **dict(zip(("where", "mean"), more, strict=False)), **params)

    return call


def _conj(x: Any) -> Any:
    return np.conj(x) if x.dtype.kind == "c" else x


def _var_jvp(t: Any, _out: Any, x: Any, *more: Any, axis: Any, ddof: Any = 0, keepdims: Any = False, dtype: Any = None) -> Any:
    d, divisor = deviations(x, *more, axis=axis, ddof=ddof, dtype=dtype)
    return np.sum(t * (2.0 * _conj(d) / divisor), axis=_rows(axis, x.ndim), keepdims=keepdims)


def _var_mean_jvp(t: Any, out: Any, x: Any, *more: Any, **params: Any) -> Any:
    t = np.reshape(t, (t.shape[0],) + (1,) * (x.ndim + 1 - t.ndim) + t.shape[1:])
    return -_var_jvp(t, out, x, *more, **params)


def _of_std(rule: Callable[..., Any]) -> Callable[..., Any]:
    def jvp(t: Any, out: Any, x: Any, *more: Any, **params: Any) -> Any:
        return rule(t, out, x, *more, **params) * std_scale(out)

    return jvp


var_ = structural("var", _moment(np.var, "var"), (_var_jvp, None, _var_mean_jvp))
std_ = structural("std", _moment(np.std, "std"), (_of_std(_var_jvp), None, _of_std(_var_mean_jvp)))


def _moment_handler(primitive: Primitive) -> Callable[..., Any]:
    def handler(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False, *,
        where: Any = NOT_GIVEN, mean: Any = NOT_GIVEN, correction: Any = NOT_GIVEN,
    ) -> Any:  # fmt: skip
        if correction is not NOT_GIVEN:
            if ddof != 0:
                raise ValueError("ddof and correction can't be provided simultaneously.")
            ddof = correction
        if isinstance(ddof, Operand):
            raise NoRuleError(f"{primitive.name} has no derivative in ddof: pass a plain number")
        ddof = ddof.item() if isinstance(ddof, np.generic) else ddof
        keepdims = keepdims if keepdims is NOT_GIVEN else bool(keepdims)
        params = {"axis": _static(axis), **_given(ddof=ddof, keepdims=keepdims, dtype=dtype)}
        result = apply(primitive, _operands(a, where, NOT_GIVEN if mean is None else mean), params)
        return result if out is None else store(out, result)

    return handler


var = function(np.var, method="var")(_moment_handler(var_))
std = function(np.std, method="std")(_moment_handler(std_))


# --- product, extrema, logaddexp: the derivative in each entry is a weight -----------------------------------------


def _weighted(weight: Callable[..., Any]) -> tuple[Any, ...]:
    """Return the JVP rules of a reduction whose derivative in x is `weight(out, x, where, initial, axis=...)`."""

    def jvp(t: Any, out: Any, x: Any, *more: Any, axis: Any, keepdims: Any = False, dtype: Any = None) -> Any:
        out = out if keepdims else np.expand_dims(out, axes(axis, x.ndim))
        return np.sum(t * weight(out, x, *more, axis=axis), axis=_rows(axis, x.ndim), keepdims=keepdims)

    def initial_jvp(t: Any, out: Any, x: Any, *more: Any, axis: Any, keepdims: Any = False, dtype: Any = None) -> Any:
        kept = out if keepdims else np.expand_dims(out, axes(axis, x.ndim))
        partial = weight(kept, x, *more, axis=axis, of_initial=True)
        return _of_initial(t, out) * np.reshape(partial, out.shape)

    return jvp, None, initial_jvp


def share(out: Any, x: Any, where: Any = True, initial: Any = None, *, axis: Any, of_initial: bool = False) -> Any:
    """Return the part that each entry has in a maximum or minimum: those that attain it share equally.

    Args:
        out: the result, with the reduced axes kept.
        x: the operand.
        where: the mask, or `True`.
        initial: the initial value, which takes part as one more entry, or `None`.
        axis: the reduced axes.
        of_initial: whether the part of the initial value is asked for.

    Returns:
        A plain array: it is piecewise constant.
    """
    x, out, axis = plain(x), plain(out), axes(axis, plain(x).ndim)
    dtype = out.real.dtype
    first = np.zeros((), bool) if initial is None else _attains(np.asarray(plain(initial)).astype(out.dtype), out)
    hit = _attains(x, out) & where
    n = np.add.reduce(hit, axis=axis, keepdims=True, dtype=dtype) + first
    return np.divide(first if of_initial else hit, np.maximum(n, 1), dtype=dtype)


def _attains(x: Any, out: Any) -> Any:
    hit = x == out
    missing = out != out
    return hit | (missing & (x != x)) if np.any(missing) else hit  # nan is the result where there is one


def _others(_out: Any, x: Any, where: Any = True, initial: Any = 1.0, *, axis: Any, of_initial: bool = False) -> Any:
    """Return the product of all other entries: no division, so that it is exact where entries are 0."""
    y = x if where is True else np.where(where, x, 1)
    if of_initial:
        return np.prod(y, axis=axis, keepdims=True)
    y = on_last_axis(y, axis)
    before = _shifted(np.cumprod(y, axis=-1))
    after = _shifted(np.cumprod(y[..., ::-1], axis=-1))[..., ::-1]
    weight = from_last_axis(before * after, axis, x.shape) * initial
    return weight if where is True else np.where(where, weight, 0)


def _shifted(y: Any) -> Any:
    """Return running products before each entry from those up to and with it."""
    first = y[..., :1]
    return np.concatenate([np.ones(first.shape, y.dtype), y[..., :-1]], axis=-1)


def _softmax(exp: Callable[..., Any]) -> Callable[..., Any]:
    """Return the weight of logaddexp and its kin: exp(x - out), equal parts where all entries are -inf."""

    def weight(out: Any, x: Any, where: Any = True, initial: Any = None, *, axis: Any, of_initial: bool = False) -> Any:
        y = initial if of_initial else x
        none = np.isneginf(plain(out))
        found = exp(y - (np.where(none, 0.0, out) if np.any(none) else out))
        if np.any(none):
            n = count(x.shape, where, axis, out.dtype, less=0 if initial is None else -1, least=1)
            found = np.where(none, 1.0 / n, found)
        return found if where is True or of_initial else np.where(where, found, 0)

    return weight


prod_ = structural("prod", _of_ufunc(np.multiply, "prod"), _weighted(_others))
max_ = structural("max", _of_ufunc(np.maximum, "max"), _weighted(share))
min_ = structural("min", _of_ufunc(np.minimum, "min"), _weighted(share))
fmax_ = structural("fmax.reduce", _of_ufunc(np.fmax, "fmax.reduce"), _weighted(share))
fmin_ = structural("fmin.reduce", _of_ufunc(np.fmin, "fmin.reduce"), _weighted(share))
logaddexp_ = structural("logaddexp.reduce", _of_ufunc(np.logaddexp, "logaddexp.reduce"), _weighted(_softmax(np.exp)))
logaddexp2_ = structural("logaddexp2.reduce", _of_ufunc(np.logaddexp2, "logaddexp2.reduce"), _weighted(_softmax(np.exp2)))


@function(np.prod, method="prod")
def prod(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = NOT_GIVEN,
    where: Any = NOT_GIVEN,
) -> Any:  # fmt: skip
    """Multiply over axes."""
    return _reduce(prod_, a, axis, dtype, out, keepdims, initial, where)


@function(np.max, np.amax, method="max")
def max(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = NOT_GIVEN, where: Any = NOT_GIVEN
) -> Any:
    """Return the largest entries over axes."""
    return _reduce(max_, a, axis, None, out, keepdims, initial, where)


@function(np.min, np.amin, method="min")
def min(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = NOT_GIVEN, where: Any = NOT_GIVEN
) -> Any:
    """Return the smallest entries over axes."""
    return _reduce(min_, a, axis, None, out, keepdims, initial, where)


@function(np.ptp)
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    """Return the range of values over axes."""
    result = np.subtract(max(a, axis, keepdims=keepdims), min(a, axis, keepdims=keepdims))
    return result if out is None else store(out, result)


def _ufunc_reduce(primitive: Primitive) -> Callable[..., Any]:
    def reduce(
        array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = NOT_GIVEN,
        where: Any = NOT_GIVEN,
    ) -> Any:  # fmt: skip
        if primitive not in (sum_, prod_):
            _same_dtype(primitive.name, array, dtype)
            dtype = None
        return _reduce(primitive, array, axis, dtype, out, keepdims, initial, where)

    return reduce


for _ufunc, _primitive in {
    np.add: sum_, np.multiply: prod_, np.maximum: max_, np.minimum: min_, np.fmax: fmax_, np.fmin: fmin_,
    np.logaddexp: logaddexp_, np.logaddexp2: logaddexp2_,
}.items():  # fmt: skip
    REDUCTIONS[_ufunc, "reduce"] = _ufunc_reduce(_primitive)


# --- running forms ------------------------------------------------------------------------------------------------


def last(t: Any, axis: Any, shape: tuple[int, ...]) -> Any:
    """Return an array of `shape` behind any batch axes with the axis of an accumulation last; `None` flattens."""
    if axis is None or not shape:
        return np.reshape(t, t.shape[: t.ndim - len(shape)] + (int(np.prod(shape)),))
    return np.swapaxes(t, axis if axis < 0 else axis - len(shape), -1)


def _cumsum_jvp(t: Any, _out: Any, x: Any, *, axis: Any, dtype: Any = None) -> Any:
    return _unlast(np.cumsum(last(t, axis, x.shape), axis=-1), axis, x.ndim)


def _unlast(t: Any, axis: Any, ndim: int) -> Any:
    return t if axis is None or not ndim else np.swapaxes(t, axis if axis < 0 else axis - ndim, -1)


def steps(ufunc: np.ufunc, out: Any, x: Any) -> tuple[Any, Any]:
    """Return the derivatives of out[k] = ufunc(out[k - 1], x[k]) in out[k - 1] and in x[k], for k from 1 on.

    Args:
        ufunc: the operation that is accumulated.
        out: its running results, along the last axis.
        x: the operand.
    """
    if ufunc in SELECTIONS:
        new = _running_share(plain(out), plain(x))[..., 1:]
        return 1.0 - new, new
    before, after, x = out[..., :-1], out[..., 1:], x[..., 1:]
    partials = UFUNCS[ufunc].partials
    assert partials is not None
    ones = np.ones(after.shape, after.dtype)
    found = [ones if p is None else ones * p(after, before, x) for p in partials]
    return found[0], found[1]


def _running_share(out: Any, x: Any) -> Any:
    """Return what part each entry has in a running maximum or minimum: 1 / (how many have attained it so far)."""
    hit = _attains(x, out)
    new = np.ones(out.shape, bool)
    new[..., 1:] = ~_attains(out[..., 1:], out[..., :-1])
    start = np.maximum.accumulate(np.where(new, np.arange(out.shape[-1]), 0), axis=-1)
    hits = np.cumsum(hit, axis=-1)
    n = hits - np.take_along_axis(hits, start, -1) + 1  # a running maximum begins with an entry that attains it
    return np.divide(hit, n, dtype=out.real.dtype)


def _scan(a: Any, b: Any) -> Any:
    """Solve h[k] = a[k] h[k - 1] + b[k] along the last axis, a[k] standing for k from 1 on.

    Each turn makes every step twice as long (Hillis and Steele, "Data parallel algorithms", 1986), so that there
    are about log2(n) of them, and none divides.
    """
    n, d = b.shape[-1], 1
    while d < n:
        reach = n - d  # a[..., k] leads from h[k] to h[k + d]
        b = np.concatenate([b[..., :d], a[..., :reach] * b[..., :reach] + b[..., d:]], axis=-1)
        if 2 * d < n:
            a = a[..., : reach - d] * a[..., d:reach]
        d *= 2
    return b


def _accumulate_jvp(t: Any, out: Any, x: Any, *, ufunc: Any, axis: Any, dtype: Any = None) -> Any:
    t, y = last(t, axis, x.shape), last(x, axis, x.shape)
    a, b = steps(ufunc, last(out, axis, out.shape), y)
    pushed = _scan(a, np.concatenate([t[..., :1], b * t[..., 1:]], axis=-1))
    return _unlast(pushed, axis, x.ndim)


cumsum_ = structural("cumsum", np.cumsum, (_cumsum_jvp,))
cumprod_ = structural(
    "cumprod", np.cumprod, (lambda t, out, x, **params: _accumulate_jvp(t, out, x, ufunc=np.multiply, **params),)
)
accumulate_ = structural(
    "accumulate", lambda x, *, ufunc, axis, dtype=None: ufunc.accumulate(x, axis=axis, dtype=dtype), (_accumulate_jvp,)
)


def _accumulate(primitive: Primitive, a: Any, axis: Any, dtype: Any, out: Any, **params: Any) -> Any:
    if dtype is None and out is not None:
        dtype = _promoted(out, a)
    result = apply(primitive, (a,), {"axis": _static(axis), **_given(dtype=dtype), **params})
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
    def handler(
        x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None, include_initial: bool = False
    ) -> Any:
        if axis is None and rank(x) > 1:
            raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
        axis = 0 if axis is None else _static(axis)
        result = _accumulate(primitive, x, axis, dtype, None if include_initial else out)
        if not include_initial:
            return result
        shape = list(result.shape)
        shape[axis] = 1
        result = np.concatenate([np.full(shape, identity, result.dtype), result], axis=axis)
        return result if out is None else store(out, result)

    return handler


cumulative_sum = function(np.cumulative_sum)(_cumulative(cumsum_, 0.0))
cumulative_prod = function(np.cumulative_prod)(_cumulative(cumprod_, 1.0))


# --- reduce and accumulate of any other ufunc of two operands -----------------------------------------------------


def chain_weights(ufunc: np.ufunc, x: Any, initial: Any, axis: Any) -> tuple[Any, Any]:
    """Return the derivatives of a reduction in its operand, and in its initial value, by the chain rule.

    Args:
        ufunc: the operation, which has partials.
        x: the operand.
        initial: the initial value, or `None` where it begins with the first entry.
        axis: the reduced axes.
    """
    y = on_last_axis(x, axis)
    if initial is not None:
        first = np.broadcast_to(np.asarray(initial) if not isinstance(initial, Operand) else initial, (*y.shape[:-1], 1))
        y = np.concatenate([first, y], axis=-1)
    a, b = steps(ufunc, ufunc.accumulate(y, axis=-1), y)
    ones = np.ones((*y.shape[:-1], 1), y.dtype)
    after = np.concatenate([np.cumprod(a[..., ::-1], axis=-1)[..., ::-1], ones], axis=-1)
    weights = np.concatenate([ones, b], axis=-1) * after
    if initial is None:
        return from_last_axis(weights, axis, x.shape), None
    return from_last_axis(weights[..., 1:], axis, x.shape), weights[..., 0]


def _chain_jvp(t: Any, _out: Any, x: Any, initial: Any = None, *, ufunc: Any, axis: Any, keepdims: Any = False) -> Any:
    weight, _ = chain_weights(ufunc, x, ufunc.identity if initial is None else initial, axis)
    return np.sum(t * weight, axis=_rows(axis, x.ndim), keepdims=keepdims)


def _chain_initial_jvp(t: Any, out: Any, x: Any, initial: Any, *, ufunc: Any, axis: Any, keepdims: Any = False) -> Any:
    return _of_initial(t, out) * np.reshape(chain_weights(ufunc, x, initial, axis)[1], out.shape)


def _call_reduce(x: Any, *initial: Any, ufunc: Any, **params: Any) -> Any:
    if initial and isinstance(initial[0], Operand):
        return apply(reduce_, (x, *initial), {"ufunc": ufunc, **params})
    return ufunc.reduce(x, **dict(zip(("initial",), initial, strict=False)), **params)


reduce_ = structural("reduce", _call_reduce, (_chain_jvp, _chain_initial_jvp))


def _any_reduce(ufunc: np.ufunc) -> Callable[..., Any]:
    def reduce(
        array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = NOT_GIVEN,
        where: Any = True,
    ) -> Any:  # fmt: skip
        if where is not True:
            raise NoRuleError(f"numpy.{ufunc.__name__}.reduce takes no where= on traced arrays: select the entries first")
        _same_dtype(f"{ufunc.__name__}.reduce", array, dtype)
        params = {"ufunc": ufunc, "axis": _static(axis), **_given(keepdims=bool(keepdims))}
        result = apply(reduce_, (array,) if initial is NOT_GIVEN or initial is None else (array, initial), params)
        return result if out is None else store(out, result)

    return reduce


def _any_accumulate(ufunc: np.ufunc) -> Callable[..., Any]:
    def accumulate(array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        if ufunc in (np.add, np.multiply) and axis is not None and rank(array):
            return _accumulate(cumsum_ if ufunc is np.add else cumprod_, array, axis, dtype, out)
        _same_dtype(f"{ufunc.__name__}.accumulate", array, dtype)
        return _accumulate(accumulate_, array, axis, None, out, ufunc=ufunc)

    return accumulate


def _same_dtype(name: str, array: Any, dtype: Any) -> None:
    if dtype is not None and np.dtype(dtype) != array.dtype:
        raise NoRuleError(f"numpy.{name} takes no dtype= on traced arrays: convert with x.astype(dtype) first")


for _ufunc, _elementwise in UFUNCS.items():
    if _elementwise.partials is not None and len(_elementwise.partials) == 2:
        REDUCTIONS.setdefault((_ufunc, "reduce"), _any_reduce(_ufunc))
        REDUCTIONS[_ufunc, "accumulate"] = _any_accumulate(_ufunc)


# --- predicates ---------------------------------------------------------------------------------------------------


def _predicate(numpy_function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True) -> Any:
        result = numpy_function(plain(self), axis=axis, keepdims=keepdims, where=strip(where))
        return result if out is None else store(out, result)

    return method


setattr(Operand, "all", _predicate(np.all))  # noqa: B010  # a plain assignment is an error to mypy
setattr(Operand, "any", _predicate(np.any))  # noqa: B010
