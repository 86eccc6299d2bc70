"""Reductions: sums, products, extrema and moments."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.array import ACTIVE, Operand, apply, plain, resolve
from dualtape.errors import NoRuleError
from dualtape.ops.protocol import REDUCTIONS, function, store, strip
from dualtape.primitive import PRIMITIVES, Primitive, structural

__all__ = [
    "NOT_GIVEN", "attains", "axes", "conj", "count", "deviations", "expand", "from_last_axis", "in_dtype", "of_initial",
    "on_last_axis", "promoted", "rows", "share", "softmax", "static", "std_scale",
]  # fmt: skip

# The operands of a reduction are (x), (x, where) or (x, where, initial), those of a moment (x), (x, where) or
# (x, where, mean): a mask is an array of the caller's, an initial value and a mean can be traced. `more` below are the
# operands after x. Params are `axis`, as it was given, and those of `keepdims`, `dtype` and `ddof` that were given.

NOT_GIVEN: Any = np._NoValue
FLOAT64 = np.dtype(np.float64)


# --- axes ---------------------------------------------------------------------------------------------------------


def static(axis: Any) -> Any:
    """Return an axis as plain data that the caller can't change."""
    if type(axis) is tuple:
        return tuple(map(operator.index, axis))
    return axis if axis is None or type(axis) is bool else operator.index(axis)  # NumPy refuses a bool


def axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return the axes of a reduction that NumPy has accepted, counted from the right, in order."""
    if axis is None:
        return tuple(range(-ndim, 0))
    if ndim == 0:
        return ()  # NumPy takes axis 0 and -1 of a scalar for none
    return tuple(sorted([a if a < 0 else a - ndim for a in (axis if type(axis) is tuple else (axis,))]))


def rows(axis: Any, ndim: int) -> Any:
    """Return the axes of a reduction in a stack of tangents of an operand of rank `ndim`."""
    if axis is None:
        return tuple(range(1, ndim + 1))
    if type(axis) is int and ndim:
        return axis if axis < 0 else axis + 1
    return axes(axis, ndim)


def expand(y: Any, shape: tuple[int, ...], axis: Any, keepdims: Any) -> Any:
    """Put the reduced axes of an operand of `shape` back into a result, behind any batch axes, each of length 1."""
    if keepdims:
        return y
    ndim = len(shape)
    if type(axis) is int and ndim:
        first = axis % ndim
        return y.reshape((*y.shape[: y.ndim - ndim + 1], *shape[:first], 1, *shape[first + 1 :]))
    reduced = axes(axis, ndim)
    kept = [1 if i - ndim in reduced else n for i, n in enumerate(shape)]
    return y.reshape((*y.shape[: y.ndim - ndim + len(reduced)], *kept))


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
    reduced = axes(axis, len(shape))
    if where is True:
        n = math.prod([shape[a] for a in reduced]) - less
        return n if n > least else least
    n = np.add.reduce(np.broadcast_to(where, shape), axis=reduced, keepdims=True) - less
    return np.maximum(n, least).astype(np.finfo(dtype).dtype)


def on_last_axis(x: Any, axis: Any) -> Any:
    """Return x with the axes of a reduction as one, the last: shape (*kept, n)."""
    order, kept = _order(axis, x.ndim)
    if order != sorted(order):
        x = np.transpose(x, order)
    return np.reshape(x, (*x.shape[:kept], math.prod(x.shape[kept:])))


def from_last_axis(y: Any, axis: Any, shape: tuple[int, ...]) -> Any:
    """Undo `on_last_axis`, for an operand of `shape`."""
    order, _ = _order(axis, len(shape))
    y = np.reshape(y, tuple([shape[a] for a in order]))
    return y if order == sorted(order) else np.transpose(y, [order.index(a) for a in range(-len(shape), 0)])


def _order(axis: Any, ndim: int) -> tuple[list[int], int]:
    """Return the axes that are kept and then those that are reduced, and the number of the former."""
    reduced = axes(axis, ndim)
    kept = [a for a in range(-ndim, 0) if a not in reduced]
    return [*kept, *reduced], len(kept)


# --- calls --------------------------------------------------------------------------------------------------------


def _of_ufunc(name: str, ufunc: np.ufunc, rules: tuple[Any, ...]) -> Primitive:
    """Register the reduction of a ufunc."""
    reduce = ufunc.reduce

    def call(x: Any, *more: Any, **params: Any) -> Any:
        if not more:
            return reduce(x, **params)
        if isinstance(more[-1], Operand):
            return apply(PRIMITIVES[name], (x, *more), params)  # NumPy does not ask an initial value
        return reduce(x, where=more[0], **dict(zip(("initial",), more[1:], strict=False)), **params)

    primitive = structural(name, call, rules)
    primitive.op = reduce
    REDUCTIONS[ufunc, "reduce"] = _ufunc_method(ufunc, primitive)
    return primitive


def _ufunc_method(ufunc: np.ufunc, primitive: Primitive) -> Callable[..., Any]:
    def reduce(
        array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = NOT_GIVEN,
        where: Any = NOT_GIVEN,
    ) -> Any:  # fmt: skip
        if primitive not in ADDING:
            array, dtype = in_dtype(ufunc, array, dtype), None
        return _reduce(primitive, array, axis, dtype, out, keepdims, initial, where)

    return reduce


def _reduce(
    primitive: Primitive, a: Any, axis: Any, dtype: Any, out: Any, keepdims: Any, last: Any, where: Any, **params: Any
) -> Any:
    """Apply a reduction; `last` is its initial value, or a mean."""
    params["axis"] = axis if axis is None or type(axis) is int else static(axis)
    if keepdims is not False and keepdims is not NOT_GIVEN:
        params["keepdims"] = bool(keepdims)
    if dtype is not None:
        params["dtype"] = dtype
    elif out is not None and primitive in ADDING:
        params["dtype"] = promoted(out, a)
    operands: tuple[Any, ...] = (a,)
    if last is not NOT_GIVEN:
        operands = (a, True if where is NOT_GIVEN else where, last)
    elif where is not NOT_GIVEN and where is not True:
        operands = (a, where)
    result = apply(primitive, operands, params)
    return result if out is None else store(out, result)


def promoted(out: Any, a: Any) -> Any:
    """Return the dtype in which NumPy adds up where the result goes to `out`."""
    return np.result_type(out.dtype, getattr(a, "dtype", out.dtype))


def in_dtype(ufunc: np.ufunc, array: Any, dtype: Any) -> Any:
    """Return an operand in the dtype in which a ufunc is to reduce or accumulate it."""
    array = resolve(array, ACTIVE.get())
    if dtype is None or np.dtype(dtype) == array.dtype:
        return array
    ufunc.reduce(np.ones(2, array.dtype), dtype=dtype)  # raises NumPy's error where there is no such loop
    if np.dtype(dtype).kind not in "fc":
        raise NoRuleError(f"{ufunc.__name__} in {np.dtype(dtype)} has no derivative: use a floating dtype, or x.primal")
    return array.astype(dtype)


def of_initial(t: Any, out: Any) -> Any:
    """Return the tangents of an initial value in the rank of the result."""
    return t.reshape(t.shape + (1,) * out.ndim)


def conj(x: Any) -> Any:
    """Return the conjugate; of a real array itself, for NumPy would copy it."""
    return np.conj(x) if x.dtype.kind == "c" else x


# --- sum and mean -------------------------------------------------------------------------------------------------


def _sum_jvp(
    t: Any, _out: Any, x: Any, where: Any = True, *_initial: Any, axis: Any, keepdims: Any = False, **_params: Any
) -> Any:
    return np.add.reduce(t, axis=rows(axis, x.ndim), keepdims=keepdims, where=where)


sum_: Primitive = _of_ufunc("sum", np.add, (_sum_jvp, None, lambda t, out, *_operands, **_params: of_initial(t, out)))
ALL: Any = {"axis": None}  # the params of the commonest calls, shared by their records


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


def _mean(x: Any, where: Any = True, *, axis: Any, keepdims: Any = False, dtype: Any = None) -> Any:
    if type(x) is np.ndarray and x.dtype is FLOAT64 and x.size and where is True and dtype is None and x.ndim:
        if axis is None:  # what np.mean comes to here and below, in half its time
            return np.add.reduce(x, axis=None, keepdims=keepdims) / x.size
        if type(axis) is int:
            total = np.add.reduce(x, axis=axis, keepdims=keepdims)
            return total / x.shape[axis]
    return np.mean(x, axis=axis, dtype=dtype, keepdims=keepdims, where=where)


def _mean_jvp(t: Any, _out: Any, x: Any, where: Any = True, *, axis: Any, keepdims: Any = False, **_params: Any) -> Any:
    n = count(x.shape, where, axis, t.dtype, least=1)
    total = np.add.reduce(t, axis=rows(axis, x.ndim), keepdims=keepdims, where=where)
    return total / (n if where is True else n.reshape(total.shape[1:]))


mean_: Primitive = structural("mean", _mean, (_mean_jvp, None))


@function(np.mean, method="mean")
def mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = NOT_GIVEN
) -> Any:
    """Average over axes."""
    if axis is None and dtype is None and out is None and keepdims is False and where is NOT_GIVEN:
        return apply(mean_, (a,), ALL)
    return _reduce(mean_, a, axis, dtype, out, keepdims, NOT_GIVEN, where)


# --- variance and standard deviation ------------------------------------------------------------------------------


def deviations(
    x: Any, where: Any = True, *given: Any, axis: Any, ddof: Any = 0, dtype: Any = None, **_params: Any
) -> tuple[Any, Any]:
    """Return the deviations from the mean, 0 where masked out, and what the sum of their squares is divided by."""
    d = x - (given[0] if given else _mean(x, where, axis=axis, keepdims=True, dtype=dtype))
    if where is not True:
        d = np.where(where, d, 0)
    return d, count(x.shape, where, axis, d.dtype, less=ddof)


def std_scale(out: Any) -> Any:
    """Return d sqrt(v) / dv at the root `out`, and 0 at 0."""
    flat = plain(out) == 0
    if not np.any(flat):
        return 0.5 / out
    return np.where(flat, 0.0, 0.5 / np.where(flat, 1.0, out))


def _var_jvp(t: Any, _out: Any, x: Any, *more: Any, keepdims: Any = False, **params: Any) -> Any:
    d, divisor = deviations(x, *more, **params)
    return np.add.reduce(t * (2.0 * conj(d) / divisor), axis=rows(params["axis"], x.ndim), keepdims=keepdims)


def _std_jvp(t: Any, out: Any, x: Any, *more: Any, **params: Any) -> Any:
    return _var_jvp(t, out, x, *more, **params) * std_scale(out)


def _of_mean(rule: Callable[..., Any]) -> Callable[..., Any]:
    """Return the rule of a mean that is given: it is subtracted, and broadcast, where x is not."""

    def jvp(t: Any, out: Any, x: Any, *more: Any, **params: Any) -> Any:
        return -rule(t.reshape(t.shape[:1] + (1,) * (x.ndim + 1 - t.ndim) + t.shape[1:]), out, x, *more, **params)

    return jvp


def _moment(numpy_function: Callable[..., Any], name: str, rule: Callable[..., Any]) -> Callable[..., Any]:
    """Register a moment, and return the handler of its NumPy function and method."""

    def call(x: Any, *more: Any, **params: Any) -> Any:
        if more and isinstance(more[-1], Operand):
            return apply(primitive, (x, *more), params)  # NumPy does not ask a mean
        return numpy_function(x, **dict(zip(("where", "mean"), more, strict=False)), **params)

    primitive = structural(name, call, (rule, None, _of_mean(rule)))

    @function(numpy_function, method=name)
    def handler(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False, *,
        where: Any = NOT_GIVEN, mean: Any = NOT_GIVEN, correction: Any = NOT_GIVEN,
    ) -> Any:  # fmt: skip
        if correction is not NOT_GIVEN:
            if isinstance(ddof, Operand) or ddof != 0:
                raise ValueError("ddof and correction can't be provided simultaneously.")
            ddof = correction
        if isinstance(ddof, Operand):
            raise NoRuleError(f"{name} has no derivative in ddof: pass a plain number")
        given = {"ddof": ddof.item() if isinstance(ddof, np.generic) else ddof} if ddof else {}
        mean = NOT_GIVEN if mean is None else mean
        return _reduce(primitive, a, axis, dtype, out, keepdims, mean, where, **given)

    return handler


var: Callable[..., Any] = _moment(np.var, "var", _var_jvp)
std: Callable[..., Any] = _moment(np.std, "std", _std_jvp)


# --- product, extrema, logaddexp: the derivative in each entry is a weight -----------------------------------------


def _weighted(weight: Callable[..., Any]) -> tuple[Any, ...]:
    """Return the JVP rules of a reduction whose derivative in x is `weight(out, x, where, initial, axis=...)`.

    The weight takes `out` with the reduced axes kept; that of the initial value is asked for by `of_initial=True`.
    """

    def jvp(t: Any, out: Any, x: Any, *more: Any, axis: Any, keepdims: Any = False, **_params: Any) -> Any:
        found = weight(expand(out, x.shape, axis, keepdims), x, *more, axis=axis)
        return np.add.reduce(t * found, axis=rows(axis, x.ndim), keepdims=keepdims)

    def initial_jvp(t: Any, out: Any, x: Any, *more: Any, axis: Any, keepdims: Any = False, **_params: Any) -> Any:
        found = weight(expand(out, x.shape, axis, keepdims), x, *more, axis=axis, of_initial=True)
        return of_initial(t, out) * found.reshape(out.shape)

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
    x, out = plain(x), plain(out)
    hit = attains(x, out)
    if where is not True:
        hit = hit & where
    n = np.add.reduce(hit, axis=axes(axis, x.ndim), keepdims=True)
    if initial is not None:
        first = attains(np.asarray(plain(initial), out.dtype), out)
        n = n + first
        hit = first if of_initial else hit
    return np.divide(hit, n, dtype=out.real.dtype)


def attains(x: Any, out: Any) -> Any:
    """Tell which entries are the selected ones: those that equal the result, or are nan where it is."""
    hit = np.equal(x, out)
    missing = np.isnan(out)
    return hit | (missing & np.isnan(x)) if missing.any() else hit


def _others(_out: Any, x: Any, where: Any = True, initial: Any = None, *, axis: Any, of_initial: bool = False) -> Any:
    """Return the product of all other entries, without a division, so that it is exact where entries are 0."""
    y = x if where is True else np.where(where, x, 1)
    if of_initial:
        return np.prod(y, axis=axis, keepdims=True)
    weight = from_last_axis(_products_of_others(on_last_axis(y, axis)), axis, x.shape)
    if initial is not None:
        weight = weight * initial
    return weight if where is True else np.where(where, weight, 0)


def _products_of_others(y: Any) -> Any:
    """Return for each entry the product of the others on its axis; each turn doubles how far it reaches either way."""
    n, d = y.shape[-1], 1
    one = np.ones((*y.shape[:-1], 1), y.dtype)
    before = np.concatenate([one, y[..., :-1]], axis=-1)[..., :n]
    after = np.concatenate([y[..., 1:], one], axis=-1)[..., :n]
    while d < n:
        before = np.concatenate([before[..., :d], before[..., d:] * before[..., :-d]], axis=-1)
        after = np.concatenate([after[..., :-d] * after[..., d:], after[..., -d:]], axis=-1)
        d *= 2
    return before * after


def softmax(exp: Callable[..., Any]) -> Callable[..., Any]:
    """Return the weight of logaddexp and its kin: exp(x - out), equal parts where all entries are -inf."""

    def weight(out: Any, x: Any, where: Any = True, initial: Any = None, *, axis: Any, of_initial: bool = False) -> Any:
        y = initial if of_initial else x
        none = np.isneginf(plain(out))
        if none.any():
            n = count(x.shape, where, axis, out.dtype, less=0 if initial is None else -1, least=1)
            found = np.where(none, 1.0 / n, exp(y - np.where(none, 0.0, out)))
        else:
            found = exp(y - out)
        return found if where is True or of_initial else np.where(where, found, 0)

    return weight


prod_: Primitive = _of_ufunc("prod", np.multiply, _weighted(_others))
max_: Primitive = _of_ufunc("max", np.maximum, _weighted(share))
min_: Primitive = _of_ufunc("min", np.minimum, _weighted(share))
_of_ufunc("fmax.reduce", np.fmax, _weighted(share))
_of_ufunc("fmin.reduce", np.fmin, _weighted(share))
_of_ufunc("logaddexp.reduce", np.logaddexp, _weighted(softmax(np.exp)))
_of_ufunc("logaddexp2.reduce", np.logaddexp2, _weighted(softmax(np.exp2)))

ADDING = (sum_, prod_, mean_)  # they take a dtype, and that of `out` says in which dtype they add up


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
    """Return the range of the entries over axes."""
    result = np.subtract(max(a, axis, keepdims=keepdims), min(a, axis, keepdims=keepdims))
    return result if out is None else store(out, result)


# --- predicates ---------------------------------------------------------------------------------------------------


def _predicate(numpy_function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True) -> Any:
        result = numpy_function(plain(self), axis=axis, keepdims=keepdims, where=strip(where))
        return result if out is None else store(out, result)

    return method


setattr(Operand, "all", _predicate(np.all))  # noqa: B010  # mypy wants attributes declared in the class
setattr(Operand, "any", _predicate(np.any))  # noqa: B010
