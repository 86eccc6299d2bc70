"""Creation and conversion: arrays that may hold traced values, and the bridge to object arrays."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from dualtape.array import ACTIVE, NO_PARAMS, Operand, TracedArray, apply, plain
from dualtape.errors import ObjectArrayWarning, TracedConversionError
from dualtape.inplace import container

__all__ = ["empty", "full", "stack_handles", "to_array", "to_scalar", "zeros"]

MANY = 4096  # entries from which an object array of handles is worth a warning


def zeros(shape: int | tuple[int, ...], dtype: Any = float) -> Any:
    """Make an array of zeros that may come to hold traced values.

    Args:
        shape: its shape.
        dtype: its dtype, float64 unless given.

    Returns:
        An array to fill by assignment; before a traced value is stored in it, operations on it give plain results.

    Example:
        >>> import numpy as np
        >>> import dualtape as dt
        >>> w = dt.Variable(2.0)
        >>> with dt.GradientTape() as tape:
        ...     x = dt.zeros(3)
        ...     x[1] = w * w
        ...     loss = np.sum(x)
        >>> tape.gradient(loss, w)
        array(4.)
    """
    return container(np.zeros(shape, dtype))


def empty(shape: int | tuple[int, ...], dtype: Any = float) -> Any:
    """Make an array without defined content that may come to hold traced values; see `zeros`."""
    return container(np.empty(shape, dtype))


def full(shape: int | tuple[int, ...], fill_value: Any, dtype: Any = None) -> Any:
    """Make an array filled with one value that may come to hold traced values; see `zeros`."""
    value = plain(fill_value)
    x = container(np.full(shape, value, dtype))
    if isinstance(fill_value, Operand):
        x[...] = fill_value
    return x


def to_array(x: TracedArray, dtype: Any, copy: bool | None) -> Any:
    """Answer NumPy's `__array__`."""
    live = x._resolve(ACTIVE.get())
    if not isinstance(live, TracedArray):
        result = np.array(live, dtype=dtype, copy=copy)
        if not copy and np.may_share_memory(result, live):
            result = result.view()
            result.flags.writeable = False  # a record may hold the same memory
        return result
    if dtype is not None and np.dtype(dtype).kind != "O":
        raise TracedConversionError(
            f"converting a traced array to {np.dtype(dtype)} would lose its derivative: leave the dtype away, use "
            f"x.astype(...) or np.stack, or take x.primal where no derivative is needed"
        )
    result = np.empty(live.shape, object)
    if live.ndim == 0:
        result[()] = live
        return result
    if live.size > MANY:
        warnings.warn(
            f"a traced array of {live.size} entries is expanded into an object array, one handle per entry, which is slow: "
            f"keep it whole with np.stack, np.concatenate or item assignment into dualtape.zeros",
            ObjectArrayWarning,
            stacklevel=3,
        )
    flat = np.reshape(live, -1)
    for i, index in enumerate(np.ndindex(*live.shape)):
        result[index] = flat[i]
    return result


def to_scalar(x: TracedArray, what: str) -> Any:
    """Return the plain value for a conversion to Python's own numbers, where no tape records it."""
    live = x._resolve(ACTIVE.get())
    if not isinstance(live, TracedArray):
        return live
    if what == "pickle":
        raise TracedConversionError("pickling a traced array would lose its derivative: pickle x.primal")
    raise TracedConversionError(
        f"{what}() would lose the derivative of a traced value: keep it an array (np.sin for math.sin, an f-string "
        f'f"{{loss:.3f}}" for "%.3f" % loss), or take x.primal where no derivative is needed'
    )


def stack_handles(array: Any) -> Any:
    """Stack an object array of handles into one traced array; other object arrays pass as they are."""
    entries = array.ravel().tolist()
    if not any(isinstance(e, Operand) for e in entries):
        return array
    if any(np.shape(e) for e in entries):
        raise TracedConversionError("an object array of traced arrays can't be stacked: its entries are not scalars")
    from dualtape.ops.shaping import stack

    return np.reshape(apply(stack, tuple(entries), {"axis": -1}), array.shape)
