"""The reverse backend: a flat list of plain records, walked once backwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np

from dualtape.array import ACTIVE, NO_PARAMS, TracedArray, apply, operate, snapshot
from dualtape.backend import PROTOCOL, TapeOptions
from dualtape.errors import NoRuleError
from dualtape.frames import user_line
from dualtape.guard import LARGE, Guard
from dualtape.places import Place
from dualtape.primitive import OTHER, PRIMITIVES, UNKNOWN, Primitive
from dualtape.reading import NOTHING, SHAPE, WHOLE
from dualtape.recording import BaseRecording
from dualtape.variable import Variable
from dualtape.views import ViewMixin
from dualtape_reverse.jacobian import pull
from dualtape_reverse.walk import Walk

__all__ = ["ReverseBackend", "ReverseRecording", "TapeArray", "backend"]

# A record is a tuple that begins with (index of the output, primitive). Its length tells its kind:
#   3  (index, rate, ix)                                       arithmetic with a constant, linear: `None` is the rate 1
#   4  (index, rate, ix, iy)                                   a sum or a difference; the rate of the second operand
#   5  (index, primitive, x, out, ix)                          elementwise, one operand
#   9  (index, primitive, x, y, out, ix, iy, sx, sy)           elementwise, two operands
#  10  (index, primitive, x, y, out, ix, iy, sx, sy, True)     any other of two real operands and no params
#   8  (index, primitive, x, out, ix, params, shape, is_real)  any other of one operand
#   7  (index, primitive, kept, out, indices, params, specs)   any other; specs are (shape, is_real) of traced operands
#   6  (index, place, old, value, spec, add)                   a write; spec is the shape and dtype of (root, value)
# ix is None where x is a constant; x, y and out are None where no rule reads them; sx is the shape of x, of elementwise
# operations only where it differs from the output's. Appending is atomic and a record names its index: threads that
# share a tape need no lock.

new: Any = object.__new__
ndarray = np.ndarray
array: Any = np.array
float64 = np.float64
FLOAT64 = np.dtype(float64)
MUL, SQUARE = PRIMITIVES["mul"], PRIMITIVES["square"]


class TapeArray(TracedArray):
    """A value on a reverse tape; its node is an index."""

    __slots__ = ()


class TapeView(ViewMixin, TapeArray):
    """A view of a value on a reverse tape."""

    __slots__ = ()


class ReverseRecording(BaseRecording):
    """One open reverse tape."""

    __slots__ = ("_guard", "_indices", "_lines", "_plain", "_records")

    array_type: type[TracedArray] = TapeArray
    view_type: type[TracedArray] = TapeView

    def __init__(self, options: TapeOptions) -> None:
        super().__init__(options)
        self._records: list[tuple[Any, ...]] = []
        self._indices = count()
        self._guard: Guard | None = None
        self._lines: dict[int, str] = {}
        # Whether all is real and no lines are kept, so that the short records hold all that the walk needs.
        self._plain = not options.debug

    def leaf(self, primal: Any, what: Any) -> int:
        """Return the index of a new source."""
        if primal.dtype.kind == "c":
            self._plain = False
        return next(self._indices)

    def constant(self, primal: Any) -> int:
        """Return an index that no record leads to."""
        if primal.dtype.kind == "c":
            self._plain = False
        return next(self._indices)

    # --- recording ------------------------------------------------------------------------------------------------

    def unary(self, primitive: Primitive, x: Any) -> Any:
        """Record an elementwise primitive of one operand."""
        if not (type(x) is TapeArray and self._plain and self.open and self in ACTIVE.get()):
            return apply(primitive, (x,), NO_PARAMS)
        primal = x._primal
        out = primitive.op(primal)
        keep_x, keep_out = primitive.keep1
        index = next(self._indices)
        self._records.append((index, primitive, primal if keep_x else None, out if keep_out else None, x.node))
        handle: TapeArray = new(TapeArray)
        handle._primal = out
        handle.recording = self
        handle.node = index
        handle.link = None
        return handle

    # One row of cases in one piece: this is where most of a tape's time goes.
    def binary(  # noqa: C901, PLR0912, PLR0915
        self, primitive: Primitive, x: Any, y: Any, views: bool = False
    ) -> Any:
        """Record a primitive of two operands, the straight way where they are plain handles or constants.

        `views` is `True` where `apply` asks, which answers for the rest itself: `None` is returned where there is more
        to it, and the primal of a handle may lie in a larger array.
        """
        if not (self._plain and self.open and primitive.keep2 and self in ACTIVE.get()):
            return None if views else operate(primitive, x, y)
        ix = iy = sx = sy = None
        rate: Any = UNKNOWN
        a: Any
        b: Any
        if type(x) is TapeArray and x.recording is self:
            a = x._primal
            ix = x.node
            kind = type(y)
            b = y
            if kind is TapeArray and y.recording is self:
                b = y._primal
                iy = y.node
            elif kind is Variable:
                entry = self.variables.get(id(y))
                if entry is None or len(ACTIVE.get()) != 1:
                    return self.binary(primitive, x, y._resolve(ACTIVE.get()), views)  # it may be complex
                b = y._value if y._value.ndim else y._value[()]
                iy = entry[1]
            if iy is not None:
                out = primitive.op(a, b)
                if x is y and primitive is MUL:  # whose cotangent is one product
                    index = next(self._indices)
                    self._records.append((index, SQUARE, self._keep(a, False) if views else a, None, ix))
                    return self._handle(out, index)
                keep_x, keep_y, keep_out = primitive.keep2[3]
                if a.shape != b.shape:
                    shape = out.shape
                    sx = a.shape if a.shape != shape else None
                    sy = b.shape if b.shape != shape else None
                elif primitive.rates[0] is None:
                    rate = primitive.rates[1]
            elif kind is float or kind is int or kind is float64:
                rate = primitive.rates[0]
                if rate is not UNKNOWN and kind is not int and type(a) is ndarray and a.dtype is FLOAT64:
                    b = array(b)  # with which NumPy does the same in two thirds of the time
                out = primitive.op(a, b)
                keep_x, keep_y, keep_out = primitive.keep2[1]
                if rate is OTHER:
                    rate = b
            elif kind is ndarray and y.dtype.kind == "f":
                out = primitive.op(a, b)
                keep_x, keep_y, keep_out = primitive.keep2[1]
                if keep_y == WHOLE:
                    b = self._hold(y)
                if a.shape != out.shape:
                    sx = a.shape
                else:
                    rate = primitive.rates[0]
                    if rate is OTHER:
                        rate = b
            else:
                return self._rest(primitive, x, y, views)
        elif type(y) is TapeArray and y.recording is self:
            b = y._primal
            iy = y.node
            kind = type(x)
            a = x
            if kind is float or kind is int or kind is float64:
                rate = primitive.rates[1]
                if rate is not UNKNOWN and kind is not int and type(b) is ndarray and b.dtype is FLOAT64:
                    a = array(a)
                out = primitive.op(a, b)
                keep_x, keep_y, keep_out = primitive.keep2[2]
                if rate is OTHER:
                    rate = a
            elif kind is ndarray and x.dtype.kind == "f":
                out = primitive.op(a, b)
                keep_x, keep_y, keep_out = primitive.keep2[2]
                if keep_x == WHOLE:
                    a = self._hold(x)
                if b.shape != out.shape:
                    sy = b.shape
                else:
                    rate = primitive.rates[1]
                    if rate is OTHER:
                        rate = a
            elif kind is Variable:
                return self.binary(primitive, x._resolve(ACTIVE.get()), y, views)
            else:
                return self._rest(primitive, x, y, views)
        else:
            return self._rest(primitive, x, y, views)
        index = next(self._indices)
        if rate is not UNKNOWN:
            self._records.append(
                (index, rate, iy) if ix is None else (index, rate, ix) if iy is None else (index, rate, ix, iy)
            )
        else:
            if views:
                a = self._keep(a, False) if keep_x == WHOLE else a
                b = self._keep(b, False) if keep_y == WHOLE else b
            if primitive.partials is None:
                sx, sy = getattr(a, "shape", ()), getattr(b, "shape", ())
                a, b = sx if keep_x == SHAPE else a, sy if keep_y == SHAPE else b
            a, b, kept = a if keep_x else None, b if keep_y else None, out if keep_out else None
            self._records.append(
                (index, primitive, a, b, kept, ix, iy, sx, sy)
                if primitive.partials is not None
                else (index, primitive, a, b, kept, ix, iy, sx, sy, True)
            )
        handle: TapeArray = new(TapeArray)
        handle._primal = out
        handle.recording = self
        handle.node = index
        handle.link = None
        return handle

    def _rest(self, primitive: Primitive, x: Any, y: Any, views: bool) -> Any:
        """Record what is out of the ordinary: first as if views were arrays of their own."""
        if views:
            return None
        if type(x) is TapeView or type(y) is TapeView:
            handle = self.binary(primitive, _as_array(x), _as_array(y), True)
            if handle is not None:
                return handle
        return operate(primitive, x, y)

    def apply(self, primitive: Primitive, operands: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        """Record any primitive on any operands."""
        if self._plain and primitive.keep2 and not params and len(operands) == 2:
            handle = self.binary(primitive, _as_array(operands[0]), _as_array(operands[1]), True)
            if handle is not None:
                return handle
        if len(operands) == 1:
            return self._record1(primitive, operands[0], params)
        primals: list[Any] = []
        indices: list[int | None] = []
        specs: list[Any] = []
        variadic = callable(primitive._vjp)
        mask, bit = 0, 0 if variadic else 1
        for x in operands:
            if isinstance(x, TracedArray) and x.recording is self:
                p = x._primal
                primals.append(p)
                indices.append(x.node)
                specs.append((p.shape, p.dtype.kind != "c"))
                mask |= bit
            else:
                primals.append(x)
                indices.append(None)
                specs.append(None)
            bit += bit
        out = primitive.call(*primals, **params)
        if not self._differentiable(primitive, out, params):
            return self.constant_result(primitive, out)
        n = len(primals)
        wants = primitive.wants.get((mask, n)) or primitive.keep(mask, n)
        if variadic and not any(wants[1:]):
            primals = []  # a rule for any number of operands that reads none: unpacking them n times is quadratic
        for i in range(len(primals)):
            want = wants[i + 1]
            if want == NOTHING:
                primals[i] = None
            elif want == SHAPE:
                primals[i] = np.shape(primals[i])
            else:
                primals[i] = self._keep(primals[i], indices[i] is None)
        index = next(self._indices)
        self._records.append((index, primitive, primals, out if wants[0] else None, indices, params, specs))
        return self._handle(out, index)

    def _record1(self, primitive: Primitive, x: TracedArray, params: Mapping[str, Any]) -> Any:
        primal = x._primal
        out = (primitive.op if self._plain else primitive.call)(primal, **params)
        elementwise = primitive.partials is not None
        is_plain = self._plain and out.dtype.kind == "f" and (elementwise or primitive._vjp is not None)
        if not (is_plain or self._differentiable(primitive, out, params)):
            return self.constant_result(primitive, out)
        keep_out, want = primitive.wants.get((1, 1)) or primitive.keep(1, 1)
        shape = primal.shape
        kept = None if want == NOTHING else shape if want == SHAPE else self._keep(primal, False)
        index = next(self._indices)
        if is_plain and elementwise and not params:
            self._records.append((index, primitive, kept, out if keep_out else None, x.node))
            return self._handle(out, index)
        is_real = not is_plain and primal.dtype.kind != "c"  # where all is real so are the cotangents
        self._records.append((index, primitive, kept, out if keep_out else None, x.node, params, shape, is_real))
        return self._handle(out, index)

    def _differentiable(self, primitive: Primitive, out: Any, params: Mapping[str, Any]) -> bool:
        kind = out.dtype.kind
        if kind != "f":
            if kind != "c":
                return False
            self._plain = False
        if primitive._vjp is None and primitive.partials is None and "place" not in params:
            raise NoRuleError(f"{primitive.name} has no VJP rule: it can't be differentiated in reverse mode")
        return True

    def _handle(self, out: Any, index: int) -> TapeArray:
        if not self._plain and self.options.debug:
            self._lines[index] = user_line()
        handle: TapeArray = new(TapeArray)
        handle._primal = out
        handle.recording = self
        handle.node = index
        handle.link = None
        return handle

    def _keep(self, primal: Any, is_constant: bool) -> Any:
        """Return what a record holds of a primal: nothing that a later write changes or that pins a large buffer."""
        if isinstance(primal, TracedArray):
            return snapshot(primal) if is_constant or primal.link is not None else primal
        if not isinstance(primal, ndarray):
            return primal
        if is_constant:
            return self._hold(primal)
        base = primal.base
        if isinstance(base, ndarray) and primal.size * 4 < base.size:
            return primal.copy("K")
        return primal

    def _hold(self, array: Any) -> Any:
        """Return a constant as it is now, whatever its owner does to it later: small ones copied, large ones locked."""
        if array.nbytes <= LARGE or self.options.copy_constants:
            return array.copy()
        if self._guard is None:
            self._guard = Guard()
        return self._guard.keep(array)

    def write(self, root: TracedArray, place: Place, node: int | None, value: Any, add: bool) -> int:
        """Record that `value` was written or added at `place`."""
        shape, dtype = root._primal.shape, root._primal.dtype
        if dtype.kind == "c":
            self._plain = False
        index = next(self._indices)
        spec = (shape, dtype, getattr(value, "shape", ()), getattr(value, "dtype", None))
        self._records.append((index, place, root.node, node, spec, add))
        return index

    def release(self) -> None:
        """Drop the records and put the flags of locked constants back."""
        super().release()
        self._records = []
        self._guard = None  # its end puts the flags of locked constants back

    # --- the walk -------------------------------------------------------------------------------------------------

    def gradient(self, targets: Sequence[tuple[Any, Any]], sources: Sequence[tuple[Any, Any]]) -> list[Any]:
        """Walk the records backwards from the targets and return the cotangents of the sources."""
        top = targets[0][0].node if len(targets) == 1 else max(target.node for target, _ in targets)
        walk = Walk(top + 1, [node for node, _ in sources if node is not None])
        for target, cotangent in targets:
            primal = target._primal
            if cotangent is None:
                cotangent = np.ones(primal.shape, primal.dtype) if primal.shape else primal.dtype.type(1)
            elif cotangent.dtype != primal.dtype:
                cotangent = cotangent.astype(primal.dtype)
            walk.add(target.node, cotangent, False)
        walk.run(self._records.copy() if self.options.persistent else self._records, self._lines)
        return [None if node is None else walk.take(node) for node, _ in sources]

    pull = pull


def _as_array(x: Any) -> Any:
    """Return what a view shows now as a handle that is no view, to be read at once; anything else as it is."""
    if type(x) is not TapeView:
        return x
    x._fresh()
    handle: TapeArray = new(TapeArray)
    handle._primal, handle.recording, handle.node, handle.link = x._primal, x.recording, x.node, None
    return handle


class ReverseBackend:
    """The plugin's backend: reverse mode."""

    protocol = PROTOCOL
    provides: frozenset[str] = frozenset({"check_numerics", "nan_safe"})

    def open(self, options: TapeOptions) -> ReverseRecording:
        """Start a reverse recording."""
        if options.check_numerics or options.nan_safe:
            from dualtape_reverse.careful import CarefulReverse  # which derives from this

            return CarefulReverse(options)
        return ReverseRecording(options)


backend: ReverseBackend = ReverseBackend()

from dualtape_reverse import rules as _rules  # noqa: E402, F401
