"""Names for type checkers: what stands behind them is declared in `signatures.pyi`, and nothing here does anything."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import numpy as np

__all__ = [
    "ArrayOperators", "Arrays", "BatchJacobianMethod", "Complexes", "ConstantFunction", "DualOperators", "Floats",
    "GradientMethod", "InPlaceOperators", "JacobianMethod", "Numbers",
]  # fmt: skip

S = TypeVar("S", bound=np.inexact[Any])
Arrays = Floats = Complexes = Any  # what a variable is made of
Numbers = Any  # what it is assigned


class ArrayOperators(Generic[S]):
    """The part of ndarray's interface that variables and constants declare."""

    __slots__ = ()


class InPlaceOperators:
    """The in-place operators of a variable, which give the variable."""

    __slots__ = ()


class DualOperators(Generic[S]):
    """The part of ndarray's interface that dual numbers declare: what is made of a dual number is one."""

    __slots__ = ()


class GradientMethod:
    """The signatures of `GradientTape.gradient`: the result has the structure and the dtypes of the sources."""


class JacobianMethod:
    """The signatures of `GradientTape.jacobian`: as those of the gradient, of a target's shape, then the source's."""


class BatchJacobianMethod:
    """The signatures of `GradientTape.batch_jacobian`."""


class ConstantFunction:
    """The signatures of `constant`, which are those of `Variable`."""
