"""check_gradients: the derivatives of a user's function in every mode, against numerical ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dualtape.array import plain
from dualtape.errors import UnknownModeError
from dualtape.mode import ModeName
from dualtape.registry import find_backend
from dualtape.testing.comparison import Comparison, labels
from dualtape.testing.coordinates import Rows, dimension, from_real, leaves
from dualtape.testing.jacobians import Function, gradient, jacobian, second_derivative
from dualtape.testing.numerical import numerical_jacobian

__all__ = ["check_gradients"]


def check_gradients(
    f: Function, *args: Any, order: int = 1, tolerance: float = 1e-6, modes: Sequence[ModeName] | None = None
) -> None:
    """Check the derivatives of a function: those of all modes agree with each other and with numerical ones.

    Differences are taken relative to 1 + the magnitude of an entry. Arrays of less than double precision want a larger
    tolerance than the default.

    Args:
        f: takes `args`, returns an array, or a list or tuple of arrays. It is called with traced arrays and with
            plain ones, and must not depend on anything that changes from call to call.
        *args: floating or complex arrays, scalars or variables, of any shapes.
        order: 1, or 2 for second derivatives too, in all nestings of the modes.
        tolerance: the largest difference that passes.
        modes: the modes to check: forward, and reverse where it is installed, unless given.

    Raises:
        AssertionError: if they don't agree; the message shows where and by how much.
        TypeError: if an argument can't be differentiated, or the function returns nothing that can.

    Example:
        >>> import numpy as np
        >>> check_gradients(lambda x, y: np.sin(x) * y, np.array([0.3, 0.7]), 2.0, order=2)
    """
    if order not in (1, 2):
        raise ValueError(f"order is 1 or 2, not {order!r}")
    modes = installed_modes() if modes is None else tuple(modes)
    arrays = [_argument(x, number) for number, x in enumerate(args)]
    outputs = [np.asarray(plain(x)) for x in leaves(f(*map(np.copy, arrays)))]
    if not arrays or not outputs:
        raise TypeError("there is nothing to differentiate: f takes and returns arrays of floats or complex numbers")
    found = Comparison()
    _compare_first(found, modes, f, arrays, outputs, tolerance)
    if order == 2:
        _compare_second(found, modes, f, arrays, outputs, tolerance)
    if found.failures:
        name = getattr(f, "__name__", repr(f))
        raise AssertionError("\n".join([f"the derivatives of {name} disagree", *found.failures]))


def installed_modes() -> tuple[ModeName, ...]:
    """Return forward, and reverse where it is installed."""
    try:
        find_backend("reverse")
    except UnknownModeError:
        return ("forward",)
    return ("forward", "reverse")


def _compare_first(
    found: Comparison, modes: Sequence[ModeName], f: Function, arrays: list[Any], outputs: list[Any], tolerance: float
) -> None:
    inputs, results = labels("argument", arrays), labels("output", outputs)
    values: dict[str, Rows] = {mode: jacobian(mode, f, arrays, outputs) for mode in modes}
    values["numerical"] = numerical_jacobian(f, arrays)
    found.compare("first derivatives", values, tolerance, lambda at: f"d {results[at[0]]} / d {inputs[at[1]]}")


def _compare_second(
    found: Comparison, modes: Sequence[ModeName], f: Function, arrays: list[Any], outputs: list[Any], tolerance: float
) -> None:
    inputs = labels("argument", arrays)
    weights = _weights(outputs)
    nestings: list[tuple[ModeName, ModeName]] = [(outer, inner) for outer in modes for inner in modes]
    values = {f"{outer} over {inner}": second_derivative(outer, inner, f, arrays, weights) for outer, inner in nestings}
    # What is differentiated once more was compared with a numerical derivative itself.
    values["numerical"] = numerical_jacobian(gradient(modes[-1], f, weights), arrays)
    what = "second derivatives of a weighted sum of the outputs"
    found.compare(what, values, 100 * tolerance, lambda at: f"d² / d {inputs[at[0]]} d {inputs[at[1]]}")


def _weights(outputs: list[Any]) -> list[Any]:
    random = np.random.default_rng(0)
    return [stack[0] for stack in from_real(random.normal(size=(1, dimension(outputs))), outputs)]


def _argument(x: Any, number: int) -> Any:
    array = np.array(plain(x))
    if array.dtype.kind not in "fc":
        raise TypeError(
            f"argument {number} is of {array.dtype}: only floats and complex numbers are differentiated; "
            f"write 3.0 for 3, and close over the rest: lambda x: f(x, 3)"
        )
    return array
