"""Sample: one call of an operation, for the cross-check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Sample"]


@dataclass(frozen=True, eq=False)
class Sample:
    """One call of an operation that the cross-check differentiates.

    Attributes:
        operation: the name of the primitive (or, for a composite, of the NumPy function) that it checks.
        function: computes the result from the arguments; everything but the arguments is fixed in it.
        args: the arguments to differentiate, floating or complex arrays and scalars.
        label: what is special about this sample, for the table.
        analytic: whether the function takes complex arguments and is analytic, so that a complex step is exact.
        kink: whether the point is one where only a documented subgradient is to be had: the modes are compared with
            each other and with `expected`, not with differences.
        expected: at a kink, the gradient of the sum of the outputs in each argument.
        second: whether second derivatives are checked too.
    """

    operation: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    label: str = ""
    analytic: bool = False
    kink: bool = False
    expected: tuple[Any, ...] | None = None
    second: bool = True
