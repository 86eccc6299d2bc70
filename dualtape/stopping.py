"""stop_gradient: values that no derivative passes."""

from __future__ import annotations

from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from dualtape.array import ACTIVE, Operand, plain, resolve
from dualtape.dual import DualArray
from dualtape.pytree import construct, leaves
from dualtape.variable import Constant, Variable

__all__ = ["stop_gradient"]

S = TypeVar("S", bound=np.inexact[Any])
T = TypeVar("T")


@overload
def stop_gradient(x: Variable[S] | Constant[S] | DualArray[S]) -> NDArray[S]: ...
@overload
def stop_gradient(x: T) -> T: ...


def stop_gradient(x: Any) -> Any:
    """Return the value of `x` as plain data: a constant to every tape, outer ones too.

    Args:
        x: an array, traced or not, a variable, or nested lists, tuples and dicts of them.

    Returns:
        The same structure; what was traced, or a variable, is a copy of its value. Plain data is returned as it is.

    Example:
        >>> import dualtape as dt
        >>> x = dt.Variable(3.0)
        >>> with dt.GradientTape() as tape:
        ...     y = x * dt.stop_gradient(x)
        >>> tape.gradient(y, x)
        array(3.)
    """
    return construct(x, [_stopped(leaf) for leaf in leaves(x)])


def _stopped(x: Any) -> Any:
    if type(x) is np.ndarray and x.dtype.kind == "O":
        x = resolve(x, ACTIVE.get())
    if not isinstance(x, Operand):
        return x
    value = plain(x)
    return value.copy("K") if isinstance(value, np.ndarray) else value
