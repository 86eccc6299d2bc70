"""Programs: functions given as text, and checks that traced arrays make of them what plain arrays do.

What writes such programs at random is a test's; here is what any of them has to hold.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dualtape.array import ACTIVE, plain, resolve
from dualtape.testing.comparison import Comparison
from dualtape.testing.coordinates import Rows, dimension
from dualtape.testing.numerical import derivative_along

__all__ = ["Decisions", "PlainRun", "Program", "agree", "agree_with_differences", "same_values"]

CLOSER = (2.0**-17, 2.0**-19)


class Decisions:
    """What the conditions in a program decide: noted on plain arrays, the same on traced ones, fixed where it is moved.

    Differences are taken of the program that ran: a step must not take another branch.
    """

    def __init__(self) -> None:
        """Start without decisions."""
        self.taken: list[Any] = []
        self.moved: bool = False
        self._next = 0

    def restart(self) -> None:
        """Begin with the first decision again."""
        self._next = 0

    def __call__(self, condition: Any) -> Any:
        """Return what was decided where the program comes to a condition."""
        condition = np.asarray(condition)
        if self._next == len(self.taken):
            self.taken.append(condition)
        decided = self.taken[self._next]
        self._next += 1
        assert self.moved or np.array_equal(condition, decided), "a traced condition differs from the plain one"
        return decided


@dataclass
class Program:
    """The text of a function of x and y, and the arguments to call it with.

    Attributes:
        lines: its statements.
        names: of all that it makes.
        outputs: of what it returns.
        args: x and y.
        scope: what its text may name besides `np` and `when`.
    """

    lines: list[str]
    names: list[str]
    outputs: list[str]
    args: tuple[Any, ...]
    scope: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Compile the text."""
        self.decisions: Decisions = Decisions()
        self.made: list[Any] = []
        scope: dict[str, Any] = {"np": np, **self.scope, "when": self.decisions, "made": self.made}
        exec(self.text(), scope)
        self.function: Callable[..., Any] = scope["program"]

    def text(self) -> str:
        """Return the text of the function."""
        body = "\n".join([*self.lines, f"made[:] = [{', '.join(self.names)}]", f"return [{', '.join(self.outputs)}]"])
        return f"def program(x, y):\n{textwrap.indent(body, '    ')}\n"

    def __call__(self, *args: Any) -> Any:
        """Run the program."""
        self.decisions.restart()
        with np.errstate(all="ignore"):  # what grows too large is not compared
            return self.function(*args)

    def moved(self, *args: Any) -> Any:
        """Run away from the arguments, along the same branches."""
        self.decisions.moved = True
        try:
            return self(*args)
        finally:
            self.decisions.moved = False


class PlainRun:
    """What a program makes of plain arrays."""

    def __init__(self, program: Program) -> None:
        """Run the program."""
        outputs = program(*[x.copy() for x in program.args])
        self.outputs: list[Any] = [np.array(x) for x in outputs]
        self.made: list[Any] = [np.array(x) for x in program.made]

    def moderate(self, largest: float) -> bool:
        """Tell whether everything that the program made is smaller than some number."""
        return all(np.isfinite(v).all() and abs(v).max(initial=0.0) < largest for v in self.made)


def same_values(program: Program, expected: PlainRun, *, exact: bool) -> Callable[..., Any]:
    """Return the program, which is to give NumPy's own values.

    Args:
        program: what runs.
        expected: what it makes of plain arrays.
        exact: whether the values are NumPy's bit for bit, or but for rounding.
    """
    rounding = 1e4 * max(np.finfo(x.dtype).eps for x in program.args)

    def run(*args: Any) -> Any:
        outputs = program(*args)
        for name, value, own in zip(program.names, map(_value, program.made), expected.made, strict=True):
            same = value.tobytes() == own.tobytes() if exact else np.allclose(value, own, rtol=rounding, atol=rounding)
            message = f"{name} is {value!r}, and {own!r} on plain arrays"
            assert value.shape == own.shape and value.dtype == own.dtype and same, message  # noqa: PT018  # one message
        return outputs

    return run


def _value(x: Any) -> Any:
    # NumPy makes an object array of a list of traced values and of plain ones.
    return plain(resolve(x, ACTIVE.get()) if getattr(x, "dtype", None) == np.dtype(object) else x)


def agree(name: str, tolerance: float, **values: Rows) -> None:
    """Raise if some matrices differ from the last of them."""
    comparison = Comparison()
    comparison.compare(name, values, tolerance)
    assert not comparison.failures, "\n".join(comparison.failures)


def agree_with_differences(name: str, tolerance: float, exact: Rows, f: Callable[..., Any], program: Program) -> None:
    """Raise if a Jacobian differs from differences of `f` in two directions, at a program's arguments.

    Where it does a kink may be near, as between two entries that are to be sorted: then it is tried closer by.
    """
    directions = np.random.default_rng(0).normal(size=(2, dimension(program.args)))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    for steps in (None, CLOSER):
        try:
            numerical = np.stack([derivative_along(f, program.args, v, steps) for v in directions])
            agree(name, tolerance, exact=directions @ exact.T, numerical=numerical)
        except (AssertionError, ValueError):
            if steps is CLOSER:
                raise
        else:
            return
