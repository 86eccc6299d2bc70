"""Selection: entries of several arrays by a condition, bounds, order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy._core import umath
from numpy.lib.array_utils import normalize_axis_index

from dualtape.array import NO_PARAMS, Operand, apply, plain
from dualtape.ops.indexing import along_axis
from dualtape.ops.protocol import call_ufunc, function, store, strip
from dualtape.ops.shaping import arraylike, ravel
from dualtape.places import Place
from dualtape.primitive import Primitive, elementwise, structural

__all__ = ["chosen"]

# Operands are arrays, scalars, lists or handles: `Any` in this file says that.
NOT_GIVEN: Any = np._NoValue


def _aligned(t: Any, rank: int) -> Any:
    """Insert axes behind the batch axis of a tangent, so that it broadcasts with arrays of a higher rank."""
    return t if t.ndim > rank else t.reshape(t.shape[:1] + (1,) * (rank + 1 - t.ndim) + t.shape[1:])


# --- where, select, choose ----------------------------------------------------------------------------------------


def _where_jvp(tangents: Any, out: Any, condition: Any, _x: Any, _y: Any) -> Any:
    x, y = (0 if t is None else _aligned(t, out.ndim) for t in tangents[1:])
    return np.where(condition, x, y)


where_: Primitive = structural("where", np.where, _where_jvp)


@function(np.where)
def where(condition: Any, x: Any = NOT_GIVEN, y: Any = NOT_GIVEN, /) -> Any:
    """Pick entries of one array where a condition holds and of another elsewhere."""
    if y is NOT_GIVEN:
        return np.where(strip(condition), *(() if x is NOT_GIVEN else (strip(x),)))
    return apply(where_, (strip(condition), x, y), NO_PARAMS)


def _pick_jvp(tangents: Any, out: Any, which: Any, *_choices: Any, **_params: Any) -> Any:
    picked = [(i, _aligned(t, out.ndim)) for i, t in enumerate(tangents[1:]) if t is not None]
    return np.select([which == i for i, _ in picked], [t for _, t in picked], 0)


def _select(which: Any, *choices: Any) -> Any:
    # NumPy does not ask the default, which stands last.
    by: Any = select if isinstance(choices[-1], Operand) else np.select
    return by([which == i for i in range(len(choices) - 1)], choices[:-1], choices[-1])


select_: Primitive = structural("select", _select, _pick_jvp)
choose_: Primitive = structural("choose", lambda which, *choices: np.choose(which, choices), _pick_jvp)


@function(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Pick entries of the array whose condition is the first that holds."""
    conditions = strip(list(condlist))
    # Raises NumPy's errors.
    np.select(conditions, strip(list(choicelist)), strip(default))
    which = np.select(conditions, range(len(conditions)), len(conditions))
    return apply(select_, (which, *choicelist, default), NO_PARAMS)


@function(np.choose, method="choose")
def choose(a: Any, choices: Any, out: Any = None, mode: Any = "raise") -> Any:
    """Pick entries of the array whose number is given."""
    which, choices = np.asarray(strip(a)), tuple(choices)
    np.choose(which, strip(choices), mode=mode)  # raises NumPy's errors
    if mode == "wrap":
        which = which % len(choices)
    elif mode == "clip":
        which = np.clip(which, 0, len(choices) - 1)
    result = apply(choose_, (which, *choices), NO_PARAMS)
    return result if out is None else store(out, result)


# --- clip ---------------------------------------------------------------------------------------------------------

# clip(x, low, high) is minimum(maximum(x, low), high); as theirs, its derivative at a tie is shared equally.


def _share(out: Any, x: Any, y: Any) -> Any:
    mine, other = np.equal(out, x), np.equal(out, y)
    return mine.astype(out.dtype) - 0.5 * (mine & other).astype(out.dtype)


def _clip_x(out: Any, x: Any, low: Any, high: Any) -> Any:
    raised = np.maximum(x, low)
    return _share(out, raised, high) * _share(raised, x, low)


def _clip_low(out: Any, x: Any, low: Any, high: Any) -> Any:
    raised = np.maximum(x, low)
    return _share(out, raised, high) * _share(raised, low, x)


def _clip_high(out: Any, x: Any, low: Any, high: Any) -> Any:
    return _share(out, high, np.maximum(x, low))


# `umath.clip` is the ufunc that np.clip and ndarray.clip call; it has no public name.
CLIP: Any = umath.clip  # type: ignore[attr-defined]  # the stubs leave it out
elementwise(CLIP, _clip_x, _clip_low, _clip_high, name="clip")


@function(np.clip)
def clip(
    a: Any,
    a_min: Any = NOT_GIVEN,
    a_max: Any = NOT_GIVEN,
    out: Any = None,
    *,
    min: Any = NOT_GIVEN,
    max: Any = NOT_GIVEN,
    **kwargs: Any,
) -> Any:
    """Limit the entries to an interval."""
    if (a_min is NOT_GIVEN) != (a_max is NOT_GIVEN):
        missing = "a_max" if a_max is NOT_GIVEN else "a_min"
        raise TypeError(f"clip() missing 1 required positional argument: {missing!r}")
    if a_min is NOT_GIVEN:
        low, high = (None if bound is NOT_GIVEN else bound for bound in (min, max))
    elif min is not NOT_GIVEN or max is not NOT_GIVEN:
        raise ValueError("Passing `min` or `max` keyword argument when `a_min` and `a_max` are provided is forbidden.")
    else:
        low, high = a_min, a_max
    if out is not None:
        kwargs["out"] = out if type(out) is tuple else (out,)
    if low is None and high is None:
        return call_ufunc(np.positive, "__call__", (a,), kwargs)
    if low is None or high is None:
        return call_ufunc(
            np.minimum if low is None else np.maximum, "__call__", (a, high if low is None else low), kwargs
        )
    return call_ufunc(CLIP, "__call__", (a, low, high), kwargs)


@function(method="clip")
def _clip_method(self: Any, min: Any = None, max: Any = None, out: Any = None, **kwargs: Any) -> Any:
    return clip(self, min, max, out, **kwargs)


# --- fmax, fmin ---------------------------------------------------------------------------------------------------


def chosen(t: Any, out: Any, x: Any, y: Any) -> Any:
    """Return a derivative where `x` was taken rather than `y`, a half of it where both or neither are the result.

    Nothing comes of the one that was not taken: it may be no number, as its derivative then is.
    """
    taken, tie = np.equal(x, out), np.equal(np.equal(x, out), np.equal(y, out))
    found = np.where(taken | tie, t, 0)
    return np.where(tie, 0.5 * found, found) if tie.any() else found


_CHOOSING = (
    lambda t, out, x, y: chosen(_aligned(t, out.ndim), out, x, y),
    lambda t, out, x, y: chosen(_aligned(t, out.ndim), out, y, x),
)
structural("fmax", np.fmax, _CHOOSING)
structural("fmin", np.fmin, _CHOOSING)

# --- order --------------------------------------------------------------------------------------------------------

# The values are NumPy's own; the place tells where each of them stood, and so where its derivative comes from.
sort_: Primitive = structural(
    "sort",
    lambda x, *, axis, kind, place: np.sort(x, axis, kind),
    (lambda t, _out, _x, *, axis, kind, place: place.get(t, 1),),
)
partition_: Primitive = structural(
    "partition",
    lambda x, *, axis, kth, place: np.partition(x, kth, axis),
    (lambda t, _out, _x, *, axis, kth, place: place.get(t, 1),),
)


@function(np.sort)
def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    """Sort along an axis; the derivative goes with the entries, among equal ones in their order."""
    a = arraylike(a)
    if axis is None:
        a, axis = ravel(a), -1
    if kind is None and stable:
        kind = "stable"
    elif stable is not None or order is not None:
        np.sort(plain(a), axis, kind, order, stable=stable)  # raises NumPy's error
    axis = normalize_axis_index(axis, a.ndim)
    rows = np.argsort(plain(a), axis, "stable")
    place = Place(along_axis(a.shape, rows, axis), None, False, 0)
    return apply(sort_, (a,), {"axis": axis, "kind": kind, "place": place})


@function(method="sort")
def _sort_method(self: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> None:
    self[...] = sort(self, axis, kind, order, stable=stable)


@function(np.partition)
def partition(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None) -> Any:
    """Put the entries in their places that sorting would put there, the smaller ones before them."""
    a, kth = arraylike(a), strip(kth)
    if axis is None:
        a, axis = ravel(a), -1
    found = np.partition(plain(a), kth, axis, kind, order)
    axis = normalize_axis_index(axis, a.ndim)
    # Both hold the same entries: in order, each stands beside itself.
    rows = np.empty(found.shape, np.intp)
    np.put_along_axis(rows, np.argsort(found, axis, "stable"), np.argsort(plain(a), axis, "stable"), axis)
    place = Place(along_axis(a.shape, rows, axis), None, False, 0)
    return apply(partition_, (a,), {"axis": axis, "kth": np.array(kth).tolist(), "place": place})


@function(method="partition")
def _partition_method(self: Any, kth: Any, axis: int = -1, kind: str = "introselect", order: Any = None) -> None:
    self[...] = partition(self, kth, axis, kind, order)
