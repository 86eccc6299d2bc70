"""The walk: one backward pass over the records of a tape."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from dualtape.array import TracedArray, plain, snapshot
from dualtape.errors import DualtapeError, RuleError
from dualtape.ops.elementwise import minus
from dualtape.places import Place
from dualtape.primitive import Primitive
from dualtape.views import container

__all__ = ["INVERSES", "Walk", "unbroadcast"]

ndarray = np.ndarray
add_reduce: Any = np.add.reduce
INVERSES: dict[int, tuple[Any, Any]] = {}
"""The inverses of adjoints that a rule has made in this walk, beside their matrices, by the identity of these."""
LARGE = 8192  # entries from which a fresh temporary's pages cost more than a look at who holds it


class Walk:
    """One backward pass: the cotangents, and which of them the pass itself made and so may write."""

    __slots__ = ("cotangents", "lead", "owned", "results", "spread")

    def __init__(self, size: int, wanted: list[int], lead: int = 0) -> None:
        self.lead: int = lead
        self.cotangents: list[Any] = [None] * size
        self.owned: bytearray = bytearray(size)
        self.results: dict[int, Any] = dict.fromkeys(wanted)
        self.spread: bool = False  # whether a cotangent may be one number, or a row of them, seen as a large array

    def add(self, index: int, g: Any, fresh: bool) -> None:
        """Add to the cotangent at `index`; `fresh` says that nothing else holds `g`."""
        old = self.cotangents[index]
        if old is None:
            self.cotangents[index] = g
            if fresh:
                self.owned[index] = True
        elif self.owned[index] and type(old) is ndarray and type(g) is ndarray and old.dtype is g.dtype:
            np.add(old, g, old)
        else:
            self.cotangents[index] = old + g
            self.owned[index] = True

    def take(self, index: int) -> Any:
        """Return the cotangent of a source as an array that is the caller's own."""
        g = self.results[index]
        if type(g) is ndarray:
            if index < len(self.owned) and self.owned[index]:
                self.owned[index] = False
                return g
            return g.copy()
        return g

    # The hot loop stands in one piece: a call for each record would cost more than the record.
    def run(  # noqa: C901, PLR0912, PLR0915
        self, records: list[tuple[Any, ...]], lines: dict[int, str]
    ) -> None:
        """Pull cotangents back through all records, each of which leaves the list, and lets go of what it holds."""
        cotangents, owned, results, add = self.cotangents, self.owned, self.results, self.add
        pop = records.pop
        size, lead = len(cotangents), self.lead
        record: tuple[Any, ...] = ()
        g: Any = None
        try:
            while records:
                record = pop()
                index = record[0]
                if index >= size:
                    continue
                g = cotangents[index]
                if g is None:
                    continue
                if index in results:
                    results[index] = g
                    owned[index] = False
                cotangents[index] = None
                length = len(record)
                if length == 5:
                    _, primitive, x, out, ix = record
                    partial = primitive.partial
                    if partial is None:
                        add(ix, g, owned[index])
                    elif partial is minus:
                        self._subtract(ix, g, owned[index])
                    elif type(g) is ndarray and g.size >= LARGE:
                        self._times(ix, g, partial(out, x), owned[index])
                    else:
                        gx = g * partial(out, x)
                        if cotangents[ix] is None:
                            cotangents[ix] = gx
                            owned[ix] = True
                        else:
                            add(ix, gx, True)
                    continue
                if length == 3:
                    _, rate, ix = record
                    if rate is None:
                        add(ix, g, owned[index])
                    elif rate is minus:
                        self._subtract(ix, g, owned[index])
                    elif type(g) is ndarray and g.size >= LARGE:
                        self._times(ix, g, rate, owned[index])
                    else:
                        add(ix, g * rate, True)
                    continue
                if length == 4:
                    _, rate, ix, iy = record
                    add(ix, g, False)
                    if rate is None:
                        add(iy, g, False)
                    else:
                        self._subtract(iy, g, False)
                    continue
                if length == 9:
                    _, primitive, x, y, out, ix, iy, sx, sy = record
                    if ix is not None:
                        partial = primitive.partials[0]
                        if partial is None:
                            add(ix, g if sx is None else unbroadcast(g, sx, lead), iy is None and owned[index])
                        elif type(g) is ndarray and g.size >= LARGE:
                            self._times(ix, g, partial(out, x, y), iy is None and owned[index], sx)
                        else:
                            gx = g * partial(out, x, y)
                            add(ix, gx if sx is None else unbroadcast(gx, sx, lead), True)
                    if iy is not None:
                        partial = primitive.partials[1]
                        if partial is None:
                            add(iy, g if sy is None else unbroadcast(g, sy, lead), ix is None and owned[index])
                        elif partial is minus:
                            self._subtract(iy, g if sy is None else unbroadcast(g, sy, lead), False)
                        elif type(g) is ndarray and g.size >= LARGE:
                            # Where the other operand was given g itself, it may not be written.
                            last = owned[index] and (ix is None or primitive.partials[0] is not None)
                            self._times(iy, g, partial(out, x, y), last, sy)
                        else:
                            gy = g * partial(out, x, y)
                            add(iy, gy if sy is None else unbroadcast(gy, sy, lead), True)
                    continue
                if self.spread:
                    g = _whole(g)
                if length == 10:
                    _, primitive, x, y, out, ix, iy, sx, sy, _ = record
                    if ix is not None:
                        self._fit(ix, g, primitive._vjp[0](g, out, x, y), sx, False)
                    if iy is not None:
                        self._fit(iy, g, primitive._vjp[1](g, out, x, y), sy, False)
                elif length == 8:
                    self._pull1(record, g)
                elif length == 7:
                    self._pull(record, g)
                else:
                    self._unwrite(record, g)
        except DualtapeError:
            raise
        except Exception as error:
            raise _explained(record, g, error, lines) from error
        finally:
            if INVERSES:
                INVERSES.clear()
        for index in results:
            if results[index] is None and index < size:
                results[index] = cotangents[index]

    def _subtract(self, target: int, g: Any, mine: bool | int) -> None:
        """Subtract from the cotangent of an operand; `mine` says that nothing else will read `g`."""
        old = self.cotangents[target]
        if type(g) is not ndarray:
            self.add(target, -g, True)
        elif self.owned[target] and type(old) is ndarray and old.dtype is g.dtype:
            np.subtract(old, g, old)
        else:
            self.add(target, np.negative(g, g) if mine else -g, True)

    def _times(self, target: int, g: ndarray[Any, Any], p: Any, mine: bool | int, shape: Any = None) -> None:
        """Give an operand the product of a large cotangent and a partial, in memory that nothing else will read.

        `mine` says that of g. Where the operand was broadcast, `shape` is its shape, to which the product is summed.
        """
        gx: Any
        fresh = True
        scalar = type(p) is float or (type(p) is ndarray and not p.ndim and p.dtype is g.dtype)
        if scalar or not (type(p) is ndarray and g.shape == p.shape and g.dtype is p.dtype):
            gx = np.multiply(g, p, g) if scalar and mine else g * p
        elif shape == () and not self.lead and g.dtype.char == "d" and g.flags.c_contiguous and p.flags.c_contiguous:
            self.add(target, np.dot(g.reshape(-1), p.reshape(-1)), True)
            return
        else:
            unheld = _holders(p) == _FRESH and p.base is None
            if self.spread and not any(g.strides) and g.item(0) == 1.0:
                gx, fresh = p, unheld
            else:
                out = p if unheld else g if mine else None
                gx = g * p if out is None else np.multiply(g, p, out)
        self.add(target, gx if shape is None else unbroadcast(gx, shape, self.lead), fresh)

    def _pull1(self, record: tuple[Any, ...], g: Any) -> None:
        """Pull a cotangent back through a record of one operand."""
        _, primitive, x, out, ix, params, shape, is_real = record
        rules: Any = primitive._vjp
        if type(rules) is tuple and primitive.partials is None:
            gx = rules[0](g, out, x, **params)
        elif "place" in params:
            self._scatter(ix, params["place"], g, shape)
            return
        elif primitive.partials is not None:
            gx = _pull_elementwise(primitive, 0, g, out, (x,))
        else:
            rule: Any = rules  # to a checker it may still be a tuple
            gx = rule(0, g, out, x, **params)
        self._fit(ix, g, gx, shape, is_real)

    def _pull(self, record: tuple[Any, ...], g: Any) -> None:
        """Pull a cotangent back through a record of any primitive."""
        _, primitive, kept, out, indices, params, specs = record
        rules: Any = primitive._vjp
        for i, target in enumerate(indices):
            if target is not None:
                if primitive.partials is not None:
                    gx = _pull_elementwise(primitive, i, g, out, kept)
                elif callable(rules):
                    gx = rules(i, g, out, *kept, **params)
                else:
                    gx = rules[i](g, out, *kept, **params)
                self._fit(target, g, gx, *specs[i])

    def _fit(self, target: int, g: Any, gx: Any, shape: tuple[int, ...], is_real: bool) -> None:
        """Give an operand the cotangent that a rule returned, summed where it was broadcast, real where it is real."""
        if (gx.shape[self.lead :] if self.lead else gx.shape) != shape:
            gx = unbroadcast(gx, shape, self.lead)
        if is_real and gx.dtype.kind == "c":
            gx = gx.real
        is_array = type(gx) is ndarray
        if is_array and gx.size >= LARGE and 0 in gx.strides:
            self.spread = True
        self.add(target, gx, is_array and gx.base is None and gx is not g)

    def _scatter(self, target: int, place: Place, g: Any, shape: tuple[int, ...]) -> None:
        """Add a cotangent where its operand was read, in the operand's own buffer: n reads cost O(n), not O(n^2)."""
        buffer = self.cotangents[target]
        if buffer is None:
            buffer = np.zeros(g.shape[: self.lead] + shape, g.dtype)
        elif buffer.dtype != g.dtype:
            buffer = buffer.astype(np.result_type(buffer.dtype, g.dtype))
        else:
            buffer = _writeable(buffer, bool(self.owned[target]))
        if isinstance(g, TracedArray) and not isinstance(buffer, TracedArray):
            buffer = container(buffer)
        place.put(buffer, self.lead, g, add=True)
        self.cotangents[target] = buffer
        self.owned[target] = True

    def _unwrite(self, record: tuple[Any, ...], g: Any) -> None:
        """Pull a cotangent back through a write: what was written gets its part, what it replaced gets none of it."""
        index, place, old, node, (shape, _, value_shape, value_dtype), add = record
        if node is not None:
            part = place.get(g, self.lead) + 0.0  # a copy: g changes below
            if place.repeats and not add:
                part = place.kept(part, shape, self.lead)
            if part.shape[self.lead :] != value_shape:
                part = unbroadcast(part, value_shape, self.lead)
            if value_dtype.kind != "c" and part.dtype.kind == "c":
                part = part.real
            self.add(node, part, True)
        owned = self.owned[index]
        if not add:
            g = _writeable(g, bool(owned))
            place.put(g, self.lead, 0)
            owned = True
        self.add(old, g, owned)


def _holders(p: Any) -> int:
    return sys.getrefcount(p)


def _given(p: Any) -> int:
    return _holders(p)


# What `_holders` says of an array that came straight out of a call into `_times`. Three frames hold it where calls move
# their arguments; where they copy them it is more, and what was found so must not be taken for the rule later. Where
# reference counts are not exact (free-threaded builds) no temporary is reused.
_FRESH = min(_given(np.zeros(1)), 3) if getattr(sys, "_is_gil_enabled", lambda: True)() else -1


def _whole(g: Any) -> Any:
    """Return a cotangent as an array that rules can give to BLAS, which reads none of repeated entries."""
    return g.copy() if type(g) is ndarray and 0 in g.strides else g


def _writeable(g: Any, owned: bool) -> Any:
    """Return a cotangent that the pass may write into: itself where the pass made it."""
    if isinstance(g, TracedArray):
        if isinstance(plain(g), ndarray):
            return g if owned else snapshot(g)
        scalar, g = g, container(np.zeros((), g.dtype))  # a NumPy scalar can't be written, a 0-d array can
        g[...] = scalar
        return g
    if owned and type(g) is ndarray and g.flags.c_contiguous:
        return g
    return np.array(g, order="C")


def _pull_elementwise(primitive: Primitive, i: int, g: Any, out: Any, kept: tuple[Any, ...]) -> Any:
    """Return the cotangent of an operand: conj(partial) g, and conjugate conj(g) where the function has one."""
    assert primitive.partials is not None
    partial = primitive.partials[i]
    gx = g if partial is None else g * _conj(partial(out, *kept))
    conjugate = primitive.conjugates[i] if primitive.conjugates is not None else None
    if conjugate is not None and kept[i] is not None and kept[i].dtype.kind == "c":
        gx = gx + np.conj(g) * conjugate(out, *kept)
    return gx


def _conj(x: Any) -> Any:
    """Conjugate what is complex; NumPy would copy what is real."""
    if type(x) is complex:
        return x.conjugate()
    return np.conj(x) if getattr(x, "dtype", None) is not None and x.dtype.kind == "c" else x


def unbroadcast(g: Any, shape: tuple[int, ...], lead: int) -> Any:
    """Sum a cotangent with `lead` batch axes over the axes along which an operand of `shape` was broadcast."""
    if not shape and not lead and type(g) is ndarray:
        return add_reduce(g, None)
    extra = g.ndim - lead - len(shape)
    first = lead + max(extra, 0)
    axes = tuple(range(lead, first))
    if extra >= 0:
        axes += tuple(first + i for i, n in enumerate(shape) if n == 1 and g.shape[first + i] != 1)
    if axes:
        g = _summed(g, axes) if type(g) is ndarray else np.sum(g, axis=axes)
    return g.reshape(g.shape[:lead] + shape)


def _summed(g: Any, axes: tuple[int, ...]) -> Any:
    """Sum over axes: by a product where one stays behind them, for which `add.reduce` takes several times as long."""
    last = g.ndim - 1
    first = axes[0]
    if (
        g.size < LARGE
        or axes != tuple(range(first, last))
        or g.shape[last] < 2
        or g.dtype.char not in "fdFD"
        or not g.flags.c_contiguous
    ):
        return add_reduce(g, axes)
    rows = g.reshape(*g.shape[:first], -1, g.shape[last])
    return np.matmul(np.ones((1, rows.shape[-2]), g.dtype), rows)[..., 0, :]


def _explained(record: tuple[Any, ...], g: Any, error: Exception, lines: dict[int, str]) -> RuleError:
    """Say which rule failed, on what, and where the record was made."""
    index, primitive = record[0], record[1]
    length: int = len(record)
    other = "an operator" if length < 5 else "item assignment"
    what = primitive.name if isinstance(primitive, Primitive) else other
    kept: Any = record[2] if type(record[2]) is list else record[2:4] if length > 8 else record[2:3]
    shapes = ", ".join(
        str(x if type(x) is tuple else plain(x).shape) for x in kept if type(x) is tuple or hasattr(x, "shape")
    )
    operands = f" and operands of shapes {shapes}" if shapes else ""
    line = f", recorded at {lines[index]}" if index in lines else ""
    return RuleError(
        f"the VJP rule of {what} failed in reverse mode on a cotangent of shape {np.shape(plain(g))}{operands}{line}: "
        f"{error}"
    )
