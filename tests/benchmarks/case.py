"""One row of the table: a function, where it is differentiated, and what of it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np

# `Any`: the arrays are those of NumPy, of dualtape and of every peer.

Result = tuple[Any, list[Any]]
"""A value, and a derivative for each parameter."""
Run = Callable[[], Result]
Kind = Literal["gradient", "batch jacobian", "jvp", "jacobian"]


@dataclass(frozen=True)
class Case:
    """One row of the table.

    Attributes:
        name: what it is called there.
        group: small, middle, large or forward.
        function: of (names, *parameters, *constants); `names` has NumPy's functions as the library at hand writes them.
        parameters: plain arrays, to be differentiated in.
        constants: plain arrays; a library with arrays of its own gets them as such, made beforehand.
        kind: a gradient of a number, the Jacobian of each row of a batch, a JVP, or a whole Jacobian.
        mode: the mode that it is asked in.
        tangents: one for each parameter, of a JVP.
        by_hand: the hand-written derivative, of (*parameters, *constants): the floor of the row.
        without: peers that have no way to write it, and why.
    """

    name: str
    group: str
    function: Callable[..., Any]
    parameters: tuple[Any, ...]
    constants: tuple[Any, ...] = ()
    kind: Kind = "gradient"
    mode: Literal["forward", "reverse"] = "reverse"
    tangents: tuple[Any, ...] = ()
    by_hand: Callable[..., Result] | None = None
    without: Mapping[str, str] = field(default_factory=dict)


NAMES = ("concatenate", "cos", "einsum", "exp", "log", "reshape", "sin", "sqrt", "square", "stack", "sum", "swapaxes",
         "tanh")  # fmt: skip


def named(module: Any, **own: Any) -> SimpleNamespace:
    """Return what cases call: a module's functions by NumPy's names, and those that it spells in its own way.

    Beyond `NAMES` these are `solve(a, b)`, `logdet(a)`, `logsumexp(x, axis)`, `columns(x)` and
    `loop(n, step, state)`, which applies `step` to a tuple n times.
    """
    functions = {name: getattr(module, name) for name in NAMES if name not in own}
    return SimpleNamespace(**functions, **{"loop": loop, "columns": columns, **own})


def loop(count: int, step: Callable[..., tuple[Any, ...]], state: tuple[Any, ...]) -> tuple[Any, ...]:
    """Apply a step to a state, again and again."""
    for _ in range(count):
        state = step(*state)
    return state


def columns(x: Any) -> list[Any]:
    """Return the columns of a matrix."""
    return [x[:, i] for i in range(x.shape[1])]


def _logsumexp(x: Any, axis: int) -> Any:
    top = np.max(x, axis=axis, keepdims=True)
    return np.squeeze(top, axis) + np.log(np.sum(np.exp(x - top), axis=axis))


def _einsum(subscripts: str, *operands: Any) -> Any:
    return np.einsum(subscripts, *operands, optimize=True)


NUMPY = named(
    np,
    einsum=_einsum,
    solve=np.linalg.solve,
    logdet=lambda a: np.linalg.slogdet(a)[1],
    logsumexp=_logsumexp,
)
"""NumPy itself, which is what dualtape differentiates."""


def value(case: Case) -> Any:
    """Return NumPy's value alone."""
    return case.function(NUMPY, *case.parameters, *case.constants)


def by_hand(case: Case) -> Result:
    """Return the value and the hand-written derivative."""
    assert case.by_hand is not None
    return case.by_hand(*case.parameters, *case.constants)
