"""Shape work: reshape, transpose, join, split, broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.array import apply
from dualtape.ops.protocol import function
from dualtape.primitive import structural

__all__ = ["stack"]

reshape_ = structural(
    "reshape",
    lambda x, *, shape: np.reshape(x, shape),
    (lambda t, out, _x, *, shape: np.reshape(t, t.shape[:1] + out.shape),),
    view=True,
)


@function(np.reshape)
def reshape(a: Any, /, shape: Any, order: Any = "C") -> Any:
    """Reshape."""
    return apply(reshape_, (a,), {"shape": shape})


def _reshape_method(self: Any, *shape: Any) -> Any:
    return reshape(self, shape[0] if len(shape) == 1 else shape)


from dualtape.array import Operand  # noqa: E402

Operand.reshape = _reshape_method

broadcast_to_ = structural(
    "broadcast_to",
    lambda x, *, shape: np.broadcast_to(x, shape),
    (lambda t, _out, x, *, shape: np.broadcast_to(t.reshape(t.shape[:1] + (1,) * (len(shape) - x.ndim) + x.shape), t.shape[:1] + shape),),
    view=True,
)


@function(np.broadcast_to)
def broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    return apply(broadcast_to_, (array,), {"shape": shape})


def _stack_jvp(tangents: Any, out: Any, *_xs: Any, axis: int) -> Any:
    rows = next(t.shape[0] for t in tangents if t is not None)
    zero = np.zeros((rows, *out.shape[:axis], *out.shape[out.ndim + axis + 1 :]), out.dtype)
    return np.stack([zero if t is None else t for t in tangents], axis=axis)


stack = structural("stack", lambda *xs, axis: np.stack(xs, axis=axis), _stack_jvp)


@function(np.stack)
def _stack(arrays: Any, axis: int = 0, out: Any = None) -> Any:
    arrays = tuple(arrays)
    return apply(stack, arrays, {"axis": axis - np.ndim(arrays[0]) - 1 if axis >= 0 else axis})
