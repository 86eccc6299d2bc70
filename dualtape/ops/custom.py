"""Calls of functions with custom rules, as operations on packed arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from dualtape.array import ACTIVE, TracedArray, apply, plain, resolve
from dualtape.bare import CarefulArray
from dualtape.errors import DualtapeError, NoRuleError, RuleError
from dualtape.frames import user_line
from dualtape.inner import below, is_forward, own, pull, push
from dualtape.ops.zero_wins import around
from dualtape.packing import Packed, is_inexact
from dualtape.primitive import Primitive, structural
from dualtape.pytree import aligned, construct, leaves, rebuild

__all__ = ["Call", "pair"]

# Arguments and results are whatever the user's function takes and returns: `Any` in this file says that.


class Call:
    """One call of a custom function on values that a tape records."""

    __slots__ = (
        "function", "inputs", "keywords", "level", "line", "operands", "outputs", "pullback", "static", "value",
    )  # fmt: skip

    def __init__(self, function: Any, inputs: Packed, static: list[Any], keywords: Any) -> None:
        self.function: Any = function
        self.inputs: Packed = inputs
        self.static: list[Any] = static
        self.keywords: dict[str, Any] = keywords
        self.level: int = -1
        self.line: str | None = None  # of the user's code, on a tape that debugs
        self.operands: dict[int, Any] = {}  # by level, where the rule of an outer tape will read them
        self.outputs: Packed
        self.value: Any = None
        self.pullback: Callable[[Any], Any] | None = None

    def arguments(self, values: Sequence[Any]) -> list[Any]:
        """Return what the function is called with, given the values that are traced."""
        inputs = self.inputs
        together: list[Any] = self.function._together(
            self.static, construct(inputs.tree, inputs.fill([own(x) for x in values]))
        )
        return together

    def record(self, found: list[Any]) -> Any:
        """Evaluate the function, record the call on each tape that records an argument, and return the value."""
        function, traced = self.function, [found[i] for i in self.inputs.spots]
        level = max(x.recording.level for x in traced)
        self.level = max(level, _RULE_OF.get())
        # A recording needs not have its options as an attribute.
        if any(getattr(getattr(x.recording, "options", None), "debug", False) for x in traced):
            self.line = user_line()
        if function._jvp is None and not function._has_vjp():
            raise NoRuleError(f"{function} has no rule yet: give it one with {function}.defjvp or {function}.defvjp")
        by_jvp = bool(function._jvp) and (not function._has_vjp() or all(map(is_forward, traced)))
        lowered = [_lower(x, level) for x in traced]
        flat = [plain(x) for x in lowered]
        if by_jvp:
            value = probe = function.fun(*self.arguments(flat), **self.keywords)
        else:
            with _rule_of(self.level):
                value, self.pullback = function._forward(self, self.arguments(lowered))
                # Under an outer tape the value is traced by right: only plain arguments tell a closure.
                nested = any(isinstance(x, TracedArray) for x in lowered)
                probe = function._forward(self, self.arguments(flat))[0] if nested else value
        function._check_closure(probe)
        active = ACTIVE.get()
        results = [plain(resolve(y, active)) for y in leaves(value)]
        spots = [i for i, y in enumerate(results) if is_inexact(y)]
        for i in spots:
            # The value is a copy: residuals, or the user's own names, may hold the same memory.
            results[i] = np.array(results[i]) if isinstance(results[i], np.ndarray) else np.asarray(results[i])[()]
        self.outputs = Packed(value, results, spots)
        if not spots:
            return construct(value, results)
        self.value = self.outputs.layout.pack([results[i] for i in spots])
        packed = apply(custom, (self.inputs.layout.pack(traced),), {"call": self, "level": level})
        return construct(self.outputs.tree, self.outputs.fill(self.outputs.layout.unpack(packed)))

    def evaluate(self, x: Any) -> Any:
        """Return the packed value at packed arguments."""
        if self.value is None:
            arguments = self.function._together(self.static, self.inputs.unpack(x))
            value = leaves(self.function.fun(*arguments, **self.keywords))
            return self.outputs.layout.pack([value[i] for i in self.outputs.spots])
        value, self.value = self.value, None  # a record that keeps the call need not keep the value
        return value

    # --- the rules, on packed arrays ------------------------------------------------------------------------------

    def push(self, x: Any, t: Any) -> Any:
        """Return the tangent of the value at packed arguments, by the JVP rule."""
        function, inputs = self.function, self.inputs
        assert function._jvp is not None
        primals = inputs.unpack(x)
        given = [np.zeros(np.shape(x), np.result_type(x))[()] if is_inexact(x) else None for x in inputs.leaves]
        for i, part in zip(inputs.spots, inputs.layout.unpack(t), strict=True):
            given[i] = own(part)
        tangents = rebuild(inputs.tree, given)
        tangent = pair(function, "jvp", function._jvp(*self.static, primals, tangents))[1]
        parts = _alike(self.outputs.tree, tangent, f"the tangent that the JVP rule of {function} returns")
        return self._packed(parts, self.outputs, "JVP", "tangent", "the value")

    def pull(self, g: Any) -> Any:
        """Return the packed cotangent of the arguments, by the VJP rule."""
        function, inputs, outputs = self.function, self.inputs, self.outputs
        assert self.pullback is not None
        given: list[Any] = [None] * len(outputs.leaves)
        for i, part in zip(outputs.spots, outputs.layout.unpack(g), strict=True):
            given[i] = own(part)
        found = self.pullback(rebuild(outputs.tree, given))
        arguments = inputs.tree
        if type(found) not in (tuple, list) or len(found) != len(arguments):
            raise RuleError(
                f"the VJP rule of {function} returns a tuple of {len(arguments)} cotangents, one for each argument, "
                f"not {f'{len(found)} of them' if type(found) in (tuple, list) else type(found).__name__}"
            )
        parts: list[Any] = []
        for part, argument in zip(found, arguments, strict=True):
            what = f"the cotangent that the VJP rule of {function} returns"
            parts += [None] * len(leaves(argument)) if part is None else _alike(argument, part, what)
        return self._packed(parts, inputs, "VJP", "cotangent", "an argument")

    def _packed(self, parts: list[Any], like: Packed, kind: str, what: str, of: str) -> Any:
        active, filled = ACTIVE.get(), []
        for i, shape, dtype in zip(like.spots, like.layout.shapes, like.layout.dtypes, strict=True):
            part = np.zeros(shape, dtype) if parts[i] is None else resolve(parts[i], active)
            if np.shape(part) != shape:
                raise RuleError(
                    f"the {kind} rule of {self.function} returns a {what} of shape {np.shape(part)} for {of} of "
                    f"shape {shape}"
                )
            if not isinstance(part, TracedArray):
                part = np.asarray(part)[()]
                part = part if part.dtype.kind in "fc" else part.astype(dtype)
            filled.append(part)
        return like.layout.pack(filled)


# --- the primitives -----------------------------------------------------------------------------------------------

# Of the youngest tape that records an argument the mode must have its rule. For older tapes (a product of a Hessian is
# forward over reverse) a missing rule is had from the other: it is linear, so a reverse tape transposes it. A rule that
# calls a custom function, commonly its own, is seen by older tapes only.
_RULE_OF: ContextVar[int] = ContextVar("dualtape_rule_of", default=-1)


@contextmanager
def _rule_of(level: int) -> Iterator[None]:
    """Run a rule that serves a tape of this level."""
    token = _RULE_OF.set(level)
    try:
        yield
    finally:
        _RULE_OF.reset(token)


def _evaluate(x: Any, *, call: Call, level: int) -> Any:
    x = resolve(x, ACTIVE.get())
    if call.pullback is None:
        call.operands[level] = own(x) if isinstance(x, TracedArray) else x
    if isinstance(x, TracedArray):
        return apply(custom, (x,), {"call": call, "level": x.recording.level})
    return call.evaluate(x)


def _jvp(t: Any, out: Any, x: Any, *, call: Call, level: int) -> Any:
    if isinstance(t, CarefulArray):
        return around(lambda rows: _jvp(rows, out, x, call=call, level=level), t, 1)
    function = call.function
    with below(level), _rule_of(call.level), _blame(call, "JVP", "forward"):
        if function._jvp is not None:
            return _each_row(lambda row: call.push(x, row), t, call.outputs)
        message = (
            f"{function} has a VJP rule only, and forward mode needs a JVP rule: write one as for custom_jvp, with "
            f"{function}.defjvp(rule), or use mode='reverse'"
        )
        if level == call.level:
            raise NoRuleError(message)
        return _transposed(call.pull, np.zeros(out.shape, out.dtype), t, message)


def _vjp(g: Any, _out: Any, _x: Any, *, call: Call, level: int) -> Any:
    function, single = call.function, g.ndim == len(call.outputs.layout.shape)
    if isinstance(g, CarefulArray):
        return around(lambda rows: _vjp(rows, _out, _x, call=call, level=level), g, 0 if single else 1)
    with _rule_of(call.level), _blame(call, "VJP", "reverse"):
        if call.pullback is not None:
            return call.pull(g) if single else _each_row(call.pull, g, call.inputs)
        message = (
            f"{function} has a JVP rule only, and reverse mode needs a VJP rule: write one as for custom_vjp, with "
            f"{function}.defvjp(fwd, bwd), or use mode='forward'"
        )
        if level == call.level:
            raise NoRuleError(message)
        x, rows = call.operands[level], g[None] if single else g
        found = _transposed(lambda t: call.push(x, t), np.zeros(x.shape, x.dtype), rows, message)
        return found[0] if single else found


def _transposed(linear: Callable[[Any], Any], zero: Any, rows: Any, message: str) -> Any:
    """Pull rows back through a rule: the rule that is missing."""
    if len(rows) == 0:
        return np.zeros((0, *zero.shape), zero.dtype)
    try:
        return pull(linear, [zero], rows)[0]
    except Exception as error:
        raise NoRuleError(message) from error


def _each_row(rule: Callable[[Any], Any], rows: Any, like: Packed) -> Any:
    """Apply a linear rule to stacked rows: at once, by a forward recording, where it consists of NumPy's operations."""
    if len(rows) == 0:
        return np.zeros((0, *like.layout.shape), like.layout.dtype)
    if len(rows) == 1:
        return rule(rows[0])[None]
    try:
        value, pushed = push(rule, [rows[0]], [rows])
        # Of a linear rule the first row's value is its tangent too; any other must see each row by itself.
        given, found = plain(value), plain(pushed[0])
        tolerance = np.finfo(given.dtype).eps ** 0.5
        if (given == found).all() or np.allclose(given, found, rtol=tolerance, atol=0.0, equal_nan=True):
            return pushed
    except (DualtapeError, TypeError, AttributeError):
        pass  # it calls what knows no traced arrays
    return np.stack([rule(row) for row in rows])


custom: Primitive = structural("custom", _evaluate, (_jvp,))
custom.vjp = (_vjp,)  # here and not in a plugin: the user's rule serves every backend that pulls cotangents


def _alike(like: Any, tree: Any, what: str) -> list[Any]:
    """Return the leaves of a tree in the order of those of `like`; a list may stand for a tuple."""
    if type(tree) in (list, tuple) and type(like) in (list, tuple):
        tree = type(like)(tree)
    return aligned(like, tree, what)


def _lower(x: Any, level: int) -> Any:
    """Return a value as the tapes older than `level` see it."""
    active = ACTIVE.get()
    while isinstance(x, TracedArray) and x.recording.level >= level:
        x = resolve(x._primal, active)
    return x


def pair(function: Any, what: str, result: Any) -> tuple[Any, Any]:
    """Return the two parts of what a function of the user's returns."""
    if type(result) is not tuple or len(result) != 2:
        raise TypeError(f"{what} of {function} returns a pair, not {type(result).__name__}")
    return result


@contextmanager
def _blame(call: Call, kind: str, mode: str) -> Iterator[None]:
    """Say whose rule failed, on what, and where it was called."""
    try:
        yield
    except DualtapeError:
        raise
    except Exception as error:
        shapes = ", ".join(map(str, call.inputs.layout.shapes))
        line = f", called at {call.line}" if call.line else ""
        raise RuleError(
            f"the {kind} rule of {call.function} failed in {mode} mode on arguments of shapes {shapes}{line}: {error}"
        ) from error
