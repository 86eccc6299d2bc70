"""Products in which a zero (co)tangent wins over an infinite or nan partial, and the handles that choose them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from dualtape.array import ACTIVE, TracedArray, apply, plain, resolve
from dualtape.backend import TapeOptions
from dualtape.bare import CarefulArray, CarefulView, bare
from dualtape.ops.contraction import parse
from dualtape.primitive import PRIMITIVES, Primitive, structural
from dualtape.recording import BaseRecording

__all__ = ["Careful", "around", "careful_of", "zero_wins"]

# Operands are arrays, scalars or handles, factors and settings are whatever a product takes: `Any` in this file.

# What multiplies and adds up, linear in each operand, with no minus sign.
PRODUCTS = frozenset(
    {
        "convolve", "correlate", "dot", "einsum", "inner", "matmul", "matvec", "mul", "multiply", "tensordot", "vdot",
        "vecdot", "vecmat",
    }
)  # fmt: skip


# --- the values ---------------------------------------------------------------------------------------------------


def _evaluate(*operands: Any, of: Primitive, settings: Mapping[str, Any], winner: int | None) -> Any:
    """Return a product whose terms are zero where the operand `winner` (`None`: any) is, whatever the others are."""
    active = ACTIVE.get()
    found = [resolve(x, active) for x in operands]
    if any(isinstance(x, TracedArray) for x in found):  # of an outer tape
        return apply(zero_wins, tuple(found), {"of": of, "settings": settings, "winner": winner})
    if of.name == "divide" or all(map(_is_finite, found)):
        return of.call(*found, **settings)
    dtype = np.result_type(*found)
    arrays: Any = [np.asarray(x, dtype) for x in found]
    if of.name in ("mul", "multiply"):
        return _multiply(arrays[0], arrays[1], winner)
    call: Callable[[Any, Any], Any] = lambda x, y: of.call(x, y, **settings)  # noqa: E731
    if len(arrays) > 2:
        arrays, winner, call = _folded(arrays, winner, settings["subscripts"])
    return (_complex if dtype.kind == "c" else _real)(arrays[0], arrays[1], winner, call)


def _multiply(x: Any, y: Any, winner: int | None) -> Any:
    zero_x = (x == 0) & ~np.isfinite(y) & (winner != 1)
    zero_y = (y == 0) & ~np.isfinite(x) & (winner != 0)
    return np.multiply(np.where(zero_y, 0.0, x)[()], np.where(zero_x, 0.0, y)[()])


def _folded(arrays: list[Any], winner: int | None, subscripts: str) -> tuple[list[Any], int | None, Any]:
    """Return an einsum of many operands as one of two: the winner, and the product of the others before any sum."""
    terms, result = parse(subscripts, tuple(x.ndim for x in arrays))
    first = winner or 0
    others = [i for i in range(len(arrays)) if i != first]
    letters = "".join(dict.fromkeys("".join(terms[i] for i in others)))
    rest = np.einsum(f"{','.join(terms[i] for i in others)}->{letters}", *[arrays[i] for i in others])
    both = f"{terms[first]},{letters}->{result}"
    return [arrays[first], rest], None if winner is None else 0, lambda x, y: np.einsum(both, x, y)


def _real(x: Any, y: Any, winner: int | None, call: Callable[[Any, Any], Any]) -> Any:
    """Add the finite terms up, then say by signs which entries have infinite ones, and which none that is a number."""

    def terms(a: Any, b: Any) -> Any:
        return call(a.astype(x.dtype), b.astype(x.dtype)) > 0

    inf = np.inf
    finite = call(np.where(np.isfinite(x), x, 0), np.where(np.isfinite(y), y, 0))
    above = terms(x == inf, y > 0) | terms(x > 0, y == inf) | terms(x == -inf, y < 0) | terms(x < 0, y == -inf)
    below = terms(x == inf, y < 0) | terms(x < 0, y == inf) | terms(x == -inf, y > 0) | terms(x > 0, y == -inf)
    # A nan, or infinity times zero, is none, unless it stands beside a zero that wins.
    none = terms(np.isnan(x), y != 0) | terms(x != 0, np.isnan(y))
    if winner == 0:
        none |= terms(~np.isfinite(x), y == 0)
    elif winner == 1:
        none |= terms(x == 0, ~np.isfinite(y))
    infinite = np.where(above, inf, 0.0) - np.where(below, inf, 0.0)
    return (finite + np.where(none, np.nan, infinite).astype(x.dtype))[()]


def _complex(x: Any, y: Any, winner: int | None, call: Callable[[Any, Any], Any]) -> Any:
    """Take the plain product where a term is not finite, elsewhere the finite terms."""
    hit = call((x != 0).astype(float), (~np.isfinite(y)).astype(float)) > 0
    hit |= call((~np.isfinite(x)).astype(float), (y != 0).astype(float)) > 0
    if winner == 0:
        hit |= call((~np.isfinite(x)).astype(float), (y == 0).astype(float)) > 0
    elif winner == 1:
        hit |= call((x == 0).astype(float), (~np.isfinite(y)).astype(float)) > 0
    finite = call(np.where(np.isfinite(x), x, 0), np.where(np.isfinite(y), y, 0))
    return np.where(hit, call(x, y), finite)[()]


# --- the derivative -----------------------------------------------------------------------------------------------


def _jvp(
    tangents: Sequence[Any], out: Any, *operands: Any, of: Primitive, settings: Mapping[str, Any], winner: int | None
) -> Any:
    from dualtape.forward import _push  # which needs the operations

    total: Any = None
    for i, t in enumerate(tangents):
        if t is not None:
            alone: list[Any] = [None] * len(operands)
            alone[i] = careful_of(i, winner).wrap(t)
            term = bare(_push(of, alone, out, list(operands), settings))
            total = term if total is None else total + term
    return total


def careful_of(i: int, winner: int | None) -> Careful:
    """Return what multiplies the (co)tangents of operand `i`: the zeros of that which won still win."""
    return Careful(either=i != winner)


zero_wins: Primitive = structural("zero_wins", _evaluate, _jvp)


# --- handles of (co)tangents --------------------------------------------------------------------------------------


class Careful(BaseRecording):
    """The recording of such handles: it keeps nothing, and evaluates products by `zero_wins`.

    So the rules need not know, nor the passes: their operations dispatch. Its level is above those of the tapes that
    are open, as the partials that its handles meet are theirs.
    """

    __slots__ = ("either",)

    array_type: type[TracedArray] = CarefulArray
    view_type: type[TracedArray] = CarefulView

    def __init__(self, either: bool = False) -> None:
        """Open it; with `either` the zeros of partials win too, over (co)tangents that are not finite."""
        super().__init__(TapeOptions())
        self.either: bool = either

    def wrap(self, x: Any) -> TracedArray:
        """Return a handle of a tangent or cotangent."""
        return self.handle(x, object())

    def constant(self, primal: Any) -> object:
        """Return a version."""
        return object()

    def write(self, root: TracedArray, place: Any, node: Any, value: Any, add: bool) -> object:
        """Return the version after a write."""
        return object()

    def apply(self, primitive: Primitive, operands: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        """Evaluate on the arrays, products so that zeros win."""
        values: list[Any] = []
        spots: list[int] = []
        for i, x in enumerate(operands):
            mine = isinstance(x, TracedArray) and x.recording is self
            values.append(x._primal if mine else x)
            if mine:
                spots.append(i)
        if len(spots) == 1 and primitive.name in PRODUCTS:
            out = self._product(primitive, values, spots[0], params)
        elif primitive.name == "divide" and spots == [0]:
            out = self._quotient(*values)
        else:
            out = primitive.call(*values, **params)
        return self.wrap(out) if out.dtype.kind in "fc" else out

    def _product(self, primitive: Primitive, values: list[Any], i: int, params: Mapping[str, Any]) -> Any:
        """Multiply the (co)tangent `values[i]`."""
        # A partial of truth values selects: what is not selected is zero, whatever it is.
        either = self.either or (len(values) == 2 and _selects(values[1 - i]))
        # The derivative of a partial that an outer tape traces may be infinite where the partial is not.
        if all(_is_harmless(x) for k, x in enumerate(values) if either or k != i):
            return primitive.call(*values, **params)
        winner = None if either else i
        return apply(zero_wins, tuple(values), {"of": primitive, "settings": params, "winner": winner})

    def _quotient(self, t: Any, p: Any) -> Any:
        """Divide a (co)tangent: a product with 1 / p where that is infinite or nan."""
        below = plain(p)
        bad = np.equal(below, 0) | np.isnan(below)
        if not bad.any():
            return self._product(PRIMITIVES["divide"], [t, p], 0, {})
        p = p if hasattr(p, "dtype") else t.dtype.type(p)
        with np.errstate(divide="ignore", invalid="ignore"):
            product = self._product(PRIMITIVES["multiply"], [t, 1.0 / p], 0, {})
        return np.where(bad, product, self._product(PRIMITIVES["divide"], [t, np.where(bad, 1.0, p)], 0, {}))[()]


def _is_finite(x: Any) -> bool:
    return bool(np.isfinite(plain(x)).all())


def _is_harmless(x: Any) -> bool:
    return not isinstance(x, TracedArray) and _is_finite(x)


def _selects(p: Any) -> bool:
    return getattr(p, "dtype", None) == np.bool_


def around(rule: Callable[[Any], Any], x: Any, lead: int) -> Any:
    """Call a linear rule that can't be looked into on bare (co)tangents: of zeros alone it gives zeros.

    Args:
        rule: gets an array, returns one.
        x: a tangent or cotangent.
        lead: how many batch axes it has.
    """
    given = bare(x)
    found = rule(given)
    silent = np.all(np.equal(plain(given), 0), axis=tuple(range(lead, given.ndim)))
    silent = silent.reshape(silent.shape + (1,) * (found.ndim - lead))
    if np.any(silent):
        found = np.where(silent & ~np.isfinite(plain(found)), 0.0, found)[()]
    return x.recording.wrap(found)
