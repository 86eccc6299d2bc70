"""What else may stand beside a traced value in an operation: numbers and arrays of other classes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from dualtape.errors import NoRuleError

__all__ = ["beside"]

# Anything at all may be an operand: `Any` in this file says that.

# Classes whose arithmetic is their own, which the rules would not follow: a mask would be ignored in silence.
REMEDIES = {
    "matrix": "take np.asarray(x), with @ for the product of matrices",
    "MaskedArray": "take x.filled(value), or np.where(x.mask, value, x.data)",
}


def beside(x: Any) -> Any:
    """Return an operand that is neither an array, nor a traced value, nor a usual number, as the operations take it.

    Args:
        x: the operand.

    Raises:
        NoRuleError: if its class has an arithmetic of its own.
    """
    if isinstance(x, np.ndarray):
        for kind in type(x).__mro__:
            if kind.__name__ in REMEDIES and kind.__module__.partition(".")[0] == "numpy":
                raise NoRuleError(f"a {kind.__name__} beside a traced value has no rules: {REMEDIES[kind.__name__]}")
        return x
    if isinstance(x, Fraction):
        return float(x)
    if hasattr(x, "toarray"):  # of SciPy
        raise NoRuleError("a sparse array beside a traced value has no rules: take x.toarray()")
    return x
