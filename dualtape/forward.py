"""The forward backend: tangents travel with the values, all seeds side by side as rows."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np

from dualtape.array import ACTIVE, TracedArray, apply, operate, plain, resolve, snapshot
from dualtape.backend import PROTOCOL, TapeOptions
from dualtape.dual import DualArray, DualView
from dualtape.errors import DualtapeError, ForwardMemoryError, PerformanceWarning, RuleError, TapeError
from dualtape.frames import stack_level, user_line
from dualtape.held import named
from dualtape.primitive import UNKNOWN, Primitive
from dualtape.recording import BaseRecording
from dualtape.seeds import Seeds, Table, spread
from dualtape.variable import Variable
from dualtape.views import container

__all__ = ["FREE", "FREE_SEEDS", "WARN_ROWS", "ForwardBackend", "ForwardRecording", "set_forward_memory_limit"]

WARN_ROWS = 256  # rows from which a forward tape is many times dearer than a reverse one
_FLOAT64 = np.dtype(np.float64)
_CONSTANTS = frozenset({float, int, np.float64, np.float32, np.ndarray})


def _reasonable() -> int:
    """Return 2 GiB, or an eighth of a smaller machine's memory: a few values live at once."""
    try:
        return min(2**31, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 8)
    except (AttributeError, ValueError, OSError):  # a system that does not tell
        return 2**31


_limit = [_reasonable()]  # bytes that the tangents of one value may take


def set_forward_memory_limit(nbytes: int) -> int:
    """Set how many bytes the tangents of one value may take on a forward tape.

    Args:
        nbytes: the limit in bytes; unless set it is 2 GiB, or an eighth of the machine's memory where that is less.

    Returns:
        The limit that held before.

    Example:
        >>> import dualtape as dt
        >>> before = dt.set_forward_memory_limit(2**20)
        >>> dt.set_forward_memory_limit(before)
        1048576
    """
    if nbytes <= 0:
        raise ValueError(f"the limit is a positive number of bytes, not {nbytes}")
    before, _limit[0] = _limit[0], int(nbytes)
    return before


class ForwardRecording(BaseRecording):
    """One open forward tape: nothing is kept but the table of seeds."""

    __slots__ = ("_rows", "_sources", "table")

    array_type: type[TracedArray] = DualArray
    view_type: type[TracedArray] = DualView

    def __init__(self, options: TapeOptions, level: int | None = None) -> None:
        super().__init__(options, level)
        self._sources = count()
        self._rows = 0
        self.table: Table = Table()

    # --- sources --------------------------------------------------------------------------------------------------

    def leaf(self, primal: Any, what: Any) -> tuple[Any, Seeds]:
        """Return the node of a new source: its unit vectors, two for each complex entry (1 and i)."""
        dtype = primal.dtype
        rows = primal.size * (2 if dtype.kind == "c" else 1)
        self._check(rows, primal, what)
        self._rows += rows
        if self._rows >= WARN_ROWS > self._rows - rows:
            warnings.warn(
                f"a forward tape over {self._rows} entries costs about {self._rows // 4} times what a reverse tape "
                f"does: pass mode='reverse' (of the plugin dualtape-reverse)",
                PerformanceWarning,
                stacklevel=stack_level(),
            )
        unit = np.eye(primal.size, dtype=dtype)
        if dtype.kind == "c":
            unit = np.concatenate([unit, 1j * unit])
        return unit.reshape(rows, *primal.shape), self.table.intern(((next(self._sources), rows),))

    def extend(self, x: TracedArray) -> tuple[Any, Seeds]:
        """Give a computed value rows of its own beside those of what it depends on; return the node of these."""
        own, seeds = self.leaf(x._primal, "value watched in the block")
        tangents, union, more = self._align(x.node, (own, seeds))
        x.node = (tangents + more, union)
        return own, seeds

    def constant(self, primal: Any) -> tuple[Any, Seeds]:
        """Return the node of a value that depends on nothing: a stack of no rows."""
        return np.zeros((0, *primal.shape), primal.dtype), self.table.empty

    def source(self, x: TracedArray) -> Any:
        """Refuse: in forward mode a derivative is taken along directions that are there from the start."""
        raise TapeError(
            "in forward mode a value computed in the block is a source only if it was watched when it was made: "
            "call tape.watch(y) right after y = ..., or use mode='reverse'"
        )

    # --- operations -----------------------------------------------------------------------------------------------

    def dual(self, primal: Any, tangents: Any, seeds: Seeds) -> DualArray[Any]:
        """Return a new handle."""
        x: DualArray[Any] = object.__new__(DualArray)
        x._primal, x.recording, x.node, x.link = primal, self, (tangents, seeds), None
        return x

    def unary(self, primitive: Primitive, x: Any) -> Any:
        """Apply an elementwise primitive of one operand, the straight way where nothing is out of the ordinary."""
        if type(x) is not DualArray or not self.open or self not in ACTIVE.get() or x._primal.dtype.kind != "f":
            return apply(primitive, (x,), {})
        primal = x._primal
        tangents, seeds = x.node
        out = primitive.op(primal)
        if primitive.partial is not None:
            try:
                tangents = tangents * primitive.partial(out, primal)
            except Exception as error:
                raise _explained(primitive, (primal,), error, self.options) from error
        return self.dual(out, tangents, seeds)

    def binary(self, primitive: Primitive, x: Any, y: Any) -> Any:
        """Apply an elementwise primitive of two operands, the straight way where they are plain real handles."""
        if primitive.partials and self.open and self in ACTIVE.get():
            if type(x) is Variable or type(y) is Variable:
                x, y = resolve(x, ACTIVE.get()), resolve(y, ACTIVE.get())
            handle = self._push2(primitive, x, y)
            if handle is not None:
                return handle
        return operate(primitive, x, y)

    # One row of cases in one piece: this is where most of a forward tape's time goes.
    def _push2(self, primitive: Primitive, x: Any, y: Any) -> DualArray[Any] | None:  # noqa: C901, PLR0912
        a: Any = None
        b: Any = None
        s: Any = None
        t: Any = None
        seeds: Any = None
        node: Any = None
        if type(x) is DualArray and x.recording is self:
            a = x._primal
            s, seeds = node = x.node
        elif type(x) in _CONSTANTS and (type(x) is not np.ndarray or x.dtype.kind == "f"):
            a = x
        else:
            return None
        if type(y) is DualArray and y.recording is self:
            b = y._primal
            t, others = y.node
            if s is None:
                seeds = others
            elif seeds is not others:
                s, seeds, t = self._align(node, y.node, x, y)
        elif type(y) in _CONSTANTS and (type(y) is not np.ndarray or y.dtype.kind == "f"):
            b = y
        else:
            return None
        if primitive.rates[0] is not UNKNOWN:
            # NumPy does the same with a 0-d array as with a number, but in two thirds of the time.
            if s is None and type(a) is float and type(b) is np.ndarray and b.dtype is _FLOAT64:
                a = np.array(a)
            elif t is None and type(b) is float and type(a) is np.ndarray and a.dtype is _FLOAT64:
                b = np.array(b)
        out = primitive.op(a, b)
        if out.dtype.kind != "f":
            return None
        p, q = primitive.partials  # type: ignore[misc]  # of two operands
        shape = out.shape
        if shape:
            if seeds.rows * out.size > _limit[0] >> 4:
                self._check(seeds.rows, out, primitive)
            rank = len(shape)
            if s is not None and s.ndim <= rank:
                s = s.reshape(s.shape[0], *(1,) * (rank + 1 - s.ndim), *s.shape[1:])
            if t is not None and t.ndim <= rank:
                t = t.reshape(t.shape[0], *(1,) * (rank + 1 - t.ndim), *t.shape[1:])
        try:
            if s is not None and p is not None:
                s = s * p(out, a, b)
            if t is not None and q is not None:
                t = t * q(out, a, b)
        except Exception as error:
            raise _explained(primitive, (a, b), error, self.options) from error
        s = t if s is None else s if t is None else s + t
        if s.dtype is not out.dtype or (shape and s.shape[1:] != shape):
            s = _fit(s, out)
        return self.dual(out, s, seeds)

    def apply(self, primitive: Primitive, operands: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        """Evaluate a primitive and push the tangents of its operands."""
        if (
            primitive.partials
            and len(operands) == 2
            and type(operands[0]) is not DualView
            and type(operands[1]) is not DualView
        ):
            handle = self._push2(primitive, *operands)
            if handle is not None:
                return handle
        primals: list[Any] = []
        traced: list[Any] = []
        seeds = None
        for x in operands:
            if isinstance(x, TracedArray) and x.recording is self:
                primals.append(x._primal)
                traced.append(x)
                own = x.node[1]
                seeds = own if seeds is None or seeds is own else self.table.union(seeds, own)[0]
            else:
                primals.append(x)
                traced.append(None)
        assert seeds is not None
        out = primitive.call(*primals, **params)
        if out.dtype.kind not in "fc":
            return self.constant_result(primitive, out)
        tangents = [None if x is None else x.node[0] if x.node[1] is seeds else self._expand(x, seeds) for x in traced]
        self._check(seeds.rows, out, primitive)
        try:
            pushed = _push(primitive, tangents, out, primals, params)
        except DualtapeError:
            raise
        except Exception as error:
            raise _explained(primitive, primals, error, self.options) from error
        if pushed.dtype is not out.dtype or pushed.shape[1:] != out.shape:
            pushed = _fit(pushed, out)
        return self.dual(out, pushed, seeds)

    def admit(self, root: TracedArray, node: Any) -> None:
        """Refuse a write whose tangents would not fit."""
        self._check(self.table.union(root.node[1], node[1])[0].rows, root._primal, "the array written to")

    def write(self, root: TracedArray, place: Any, node: Any, value: Any, add: bool) -> Any:
        """Write the tangents of `value` where its primal was written."""
        tangents: list[Any] = [root.node[0]]
        seeds = root.node[1]
        pushed: Any = None
        root.node = None
        if node is not None:
            aligned, union, pushed = self._align((tangents.pop(), seeds), node)
            tangents.append(aligned)
            seeds = union
            del aligned
        elif add or not seeds.rows:
            return tangents[0], seeds
        if isinstance(tangents[0], TracedArray) or isinstance(pushed, TracedArray):
            held: Any = tangents.pop()
            tangents.append(snapshot(held) if isinstance(held, TracedArray) else container(held.copy()))
            del held
        elif not _sole(tangents):
            tangents.append(tangents.pop().copy())
        if node is None:
            place.put(tangents[0], 1, 0)
        else:
            rows: Any = pushed
            if rows.dtype.kind == "c" and root._primal.dtype.kind != "c":
                rows = rows.real
            if rows.ndim > 1 or not place.is_entry(root._primal.ndim):
                rank = np.ndim(place.get(tangents[0], 1)) - 1
                shape = rows.shape[1:]
                shape = (1,) * (rank - len(shape)) + shape[max(len(shape) - rank, 0) :]
                rows = rows.reshape(rows.shape[0], *shape)
            place.put(tangents[0], 1, rows, add)
        return tangents[0], seeds

    # --- seeds ----------------------------------------------------------------------------------------------------

    def _expand(self, x: TracedArray, seeds: Seeds) -> Any:
        """Return the tangents of a handle as rows of larger seeds, and let it keep them for its next use."""
        tangents, own = x.node
        if own is seeds:
            return tangents
        self._check(seeds.rows, x._primal, "an operand")
        tangents = spread(tangents, self.table.union(own, seeds)[1], seeds.rows)
        if x.link is None:
            x.node = (tangents, seeds)
        return tangents

    def _align(self, a: Any, b: Any, x: Any = None, y: Any = None) -> Any:
        """Return the tangents of two nodes as rows of the union of their seeds, with that union between them."""
        union, rows_a, rows_b = self.table.union(a[1], b[1])
        if union.rows:
            self._check(union.rows, a[0][0] if len(a[0]) else b[0][0], "an operand")
        s, t = spread(a[0], rows_a, union.rows), spread(b[0], rows_b, union.rows)
        if x is not None and rows_a is not None and x.link is None:
            x.node = (s, union)
        if y is not None and rows_b is not None and y.link is None:
            y.node = (t, union)
        return s, union, t

    def _check(self, rows: int, value: Any, what: Any) -> None:
        needed = rows * value.size * value.dtype.itemsize
        if needed > _limit[0]:
            raise ForwardMemoryError(
                f"the forward tangents of {named(what)}, of shape {value.shape}, need {needed} bytes "
                f"({rows} directions), more than the limit of {_limit[0]}: use mode='reverse', watch fewer entries, "
                f"or raise the limit with dualtape.set_forward_memory_limit"
            )

    # --- answers --------------------------------------------------------------------------------------------------

    def gradient(self, targets: Sequence[tuple[Any, Any]], sources: Sequence[tuple[Any, Any]]) -> list[Any]:
        """Read the gradients off the tangents of the targets."""
        results: list[Any] = []
        for node, primal in sources:
            if node is None:
                results.append(None)
                continue
            own = node[1]
            number, total = own.sources[0][0], None
            for target, cotangent in targets:
                tangents, seeds = target.node
                rows = seeds.find(number)
                if rows is None:
                    continue
                part = _contract(tangents if seeds is own else tangents[rows], cotangent)
                total = part if total is None else total + part
            if total is not None:
                if primal.dtype.kind == "c":
                    total = total[: primal.size] + 1j * total[primal.size :]
                total = total.reshape(primal.shape)
            results.append(total)
        return results


def _push(primitive: Primitive, tangents: list[Any], out: Any, primals: list[Any], params: Mapping[str, Any]) -> Any:
    """Return the output's tangent from those of the operands."""
    if callable(primitive.jvp):
        return primitive.jvp(tangents, out, *primals, **params)
    total: Any = None
    for i, t in enumerate(tangents):
        if t is None:
            continue
        if primitive.partials is None:
            assert primitive.jvp is not None
            rule = primitive.jvp[i]
            assert rule is not None
            term = rule(t, out, *primals, **params)
        else:
            if t.ndim - 1 < out.ndim:
                t = t.reshape(t.shape[0], *(1,) * (out.ndim - t.ndim + 1), *t.shape[1:])
            partial = primitive.partials[i]
            term = t if partial is None else t * partial(out, *primals)
            if primitive.conjugates is not None and t.dtype.kind == "c":
                conjugate = primitive.conjugates[i]
                if conjugate is not None:
                    term = term + np.conj(t) * conjugate(out, *primals)
        total = term if total is None else total + term
    return total


def _explained(primitive: Primitive, primals: Sequence[Any], error: Exception, options: TapeOptions) -> RuleError:
    shapes = ", ".join(str(np.shape(plain(p))) for p in primals)
    line = f", at {user_line()}" if options.debug else ""
    return RuleError(
        f"the JVP rule of {primitive.name} failed in forward mode on operands of shapes {shapes}{line}: {error}"
    )


def _fit(tangents: Any, out: Any) -> Any:
    """Give tangents the shape and dtype of the output they belong to."""
    if tangents.shape[1:] != out.shape:
        tangents = np.broadcast_to(tangents, (tangents.shape[0], *out.shape))
    if tangents.dtype != out.dtype:
        if tangents.dtype.kind == "c" and out.dtype.kind != "c":
            tangents = tangents.real
        tangents = tangents.astype(out.dtype)
    return tangents


def _contract(tangents: Any, cotangent: Any) -> Any:
    """Return, for each row, the real inner product with the cotangent: of the gradient's convention, Re conj(w) t."""
    if cotangent is not None:
        tangents = tangents * np.conj(cotangent)
    if tangents.ndim > 1:
        tangents = np.sum(tangents, axis=tuple(range(1, tangents.ndim)))
    elif cotangent is None:
        tangents = tangents + 0.0  # a copy: the rows belong to a handle
    return tangents.real if tangents.dtype.kind == "c" else tangents


def _references(held: list[Any]) -> int:
    return sys.getrefcount(held[0])


_SOLE = _references([np.zeros(1)]) if getattr(sys, "_is_gil_enabled", lambda: True)() else -1


def _sole(held: list[Any]) -> bool:
    """Tell whether nothing but the list holds its array, which may then be written."""
    if _references(held) != _SOLE or held[0].base is not None:  # counted first: a flags object holds its array
        return False
    flags = held[0].flags
    return bool(flags.writeable and flags.c_contiguous)


class ForwardBackend:
    """The core's backend: forward mode."""

    protocol = PROTOCOL
    provides: frozenset[str] = frozenset({"check_numerics", "nan_safe"})

    def open(self, options: TapeOptions) -> ForwardRecording:
        """Start a forward recording."""
        if options.check_numerics or options.nan_safe:
            from dualtape.careful import CarefulForward  # which derives from this

            return CarefulForward(options)
        return ForwardRecording(options)


FREE = ForwardRecording(TapeOptions(), level=0)
FREE_SEEDS = FREE.table.intern(((next(FREE._sources), 1),))
