"""Primitive: one differentiable operation as data, and the tables that find it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.reading import NOTHING, Rule, reads, shapes_only
from dualtape.table import Table

__all__ = ["FUNCTIONS", "OTHER", "PRIMITIVES", "UFUNCS", "UNKNOWN", "Primitive", "elementwise", "structural"]

# Rules take arrays, handles and scalars alike and are called with whatever a level's primals are: that is what
# `Any` stands for in this file.

PRIMITIVES: dict[str, Primitive] = Table()
UFUNCS: dict[np.ufunc, Primitive] = {}
FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {}
UNKNOWN: Any = object()  # the rate of an operation that is not linear, which its partials tell
OTHER: Any = object()  # a rate that is the other operand


class Primitive:
    """One differentiable operation as data: a name, the callable that evaluates it, its rules.

    An elementwise primitive has `partials`, one per operand: `partial(out, *operands)`; `None` is the partial 1.
    A structural primitive has a `jvp`: one rule per operand, `rule(tangent, out, *operands, **params)`, or one
    callable for all of them that gets the list of tangents (`None` where an operand has none). Its `vjp` is
    set by the reverse plugin in the same two forms.

    A parameter of a rule whose name begins with an underscore is not read, one whose name ends in `_shape` receives
    the operand's shape: that decides what a reverse record keeps.
    """

    __slots__ = (
        "_vjp",
        "call",
        "conjugates",
        "jvp",
        "keep1",
        "keep2",
        "name",
        "op",
        "partial",
        "partials",
        "rates",
        "view",
        "wants",
    )

    def __init__(
        self,
        name: str,
        call: Callable[..., Any],
        *,
        partials: tuple[Rule | None, ...] | None = None,
        conjugates: tuple[Rule | None, ...] | None = None,
        jvp: tuple[Rule | None, ...] | Rule | None = None,
        view: bool = False,
    ) -> None:
        """Build a primitive and enter it in the registry; see the class and the two constructors below."""
        if dict.__contains__(PRIMITIVES, name):  # which loads nothing: this may be part of loading
            raise ValueError(f"a primitive named {name!r} is registered already")
        self.name: str = name
        self.call: Callable[..., Any] = call
        self.op: Callable[..., Any] = call  # the same of one or two operands, faster: Python's own operator
        self.rates: tuple[Any, Any] = (UNKNOWN, UNKNOWN)  # what arithmetic multiplies by where one is a constant
        self.partials: tuple[Rule | None, ...] | None = partials
        self.conjugates: tuple[Rule | None, ...] | None = conjugates
        self.jvp: tuple[Rule | None, ...] | Rule | None = jvp
        self.view: bool = view
        self._vjp: tuple[Rule | None, ...] | Rule | None = None
        self.wants: dict[tuple[int, int], tuple[int, ...]] = {}
        self.partial: Rule | None = partials[0] if partials else None
        self.keep1: Any = ()  # whether a record keeps x and the output; empty where there is not one operand
        self.keep2: Any = ()  # the same of x, y and the output, by the mask of traced operands
        if partials is not None and len(partials) == 1:
            out, x = self.keep(1, 1)
            self.keep1 = (bool(x), bool(out))
        elif partials is not None and len(partials) == 2:
            self._keep_pairs()
        PRIMITIVES[name] = self

    def _keep_pairs(self) -> None:
        """Say for each set of traced operands what a record of two operands keeps: (x, y, out)."""
        first, second = self.keep(1, 2), self.keep(2, 2)
        masks = ((NOTHING,) * 3, first, second, map(max, first, second))
        self.keep2 = tuple((x, y, out) for out, x, y in masks)

    @property
    def vjp(self) -> tuple[Rule | None, ...] | Rule | None:
        """The VJP rules of a structural primitive, set by the reverse plugin."""
        return self._vjp

    @vjp.setter
    def vjp(self, rules: tuple[Rule | None, ...] | Rule | None) -> None:
        # A record keeps an operand whole if any rule reads it so; the others still get the shape that they ask for.
        several = not callable(rules) and rules is not None and len(rules) > 1
        self._vjp = tuple(map(shapes_only, rules)) if several else rules  # type: ignore[arg-type]  # several: a tuple
        self.wants.clear()
        if several and len(self._vjp) == 2:  # type: ignore[arg-type]  # as above
            self._keep_pairs()

    def keep(self, mask: int, arity: int) -> tuple[int, ...]:
        """Tell what the reverse rules of the operands in `mask` read of the output and of each operand."""
        if callable(self._vjp):
            mask = 0  # one rule for all operands: what it reads does not depend on which of them are traced
        found = self.wants.get((mask, arity))
        if found is None:
            rules: list[tuple[int, ...]] = []
            if self.partials is not None:
                for table in (self.partials, self.conjugates or ()):
                    rules += [reads(rule, arity, 0) for i, rule in enumerate(table) if mask >> i & 1]
            elif callable(self._vjp):
                rules.append(reads(self._vjp, arity, 2))
            elif self._vjp is not None:
                rules += [reads(rule, arity, 1) for i, rule in enumerate(self._vjp) if mask >> i & 1]
            found = tuple(map(max, zip(*rules, (NOTHING,) * (arity + 1), strict=True)))
            self.wants[mask, arity] = found
        return found

    def __repr__(self) -> str:
        """Show the primitive by its name."""
        return f"<primitive {self.name}>"


def elementwise(
    call: Callable[..., Any],
    *partials: Rule | None,
    conjugates: tuple[Rule | None, ...] | None = None,
    name: str | None = None,
) -> Primitive:
    """Register an elementwise primitive from its partial derivatives.

    Args:
        call: the NumPy ufunc (or any callable that broadcasts as one) that evaluates it.
        *partials: one per operand, `partial(out, *operands)`, an array that broadcasts to `out`; `None` is 1.
            Name an argument that a partial does not read with a leading underscore.
        conjugates: for a function that is not holomorphic, the derivatives in the conjugates of the operands, used
            where operands are complex: `tangent = partial * t + conjugate * conj(t)` (Wirtinger's calculus).
        name: its name; that of `call` where it is not given.

    Returns:
        The primitive, found from now on wherever `call` is applied to a traced array if it is a ufunc.

    Example:
        >>> import numpy as np
        >>> from dualtape.primitive import PRIMITIVES
        >>> PRIMITIVES["tanh"].call is np.tanh
        True
    """
    primitive = Primitive(name or call.__name__, call, partials=partials, conjugates=conjugates)
    if isinstance(call, np.ufunc):
        UFUNCS[call] = primitive
    return primitive


def structural(
    name: str, call: Callable[..., Any], jvp: tuple[Rule | None, ...] | Rule | None, *, view: bool = False
) -> Primitive:
    """Register a structural primitive: a reduction, a reshape, a product, a solve.

    Args:
        name: its name.
        call: evaluates it: `call(*operands, **params)`.
        jvp: one rule per operand, `rule(tangent, out, *operands, **params)`, or one callable that gets the list of
            tangents, `None` where an operand is not traced. A tangent has one leading batch axis.
        view: whether NumPy may answer with a view of the first operand.

    Returns:
        The primitive. Its VJP rule is the reverse plugin's to set.
    """
    primitive = Primitive(name, call, jvp=jvp, view=view)
    if isinstance(call, np.ufunc):
        UFUNCS[call] = primitive
    return primitive
