"""VJP rules of shape work."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.ops.shaping import convert, scatter
from dualtape.primitive import PRIMITIVES

# A cotangent g has the output's axes behind any number of batch axes.


def _reshape(g: Any, _out: Any, x_shape: Any, *, shape: Any, order: Any) -> Any:
    return g.reshape(g.shape[: g.ndim - len(shape)] + x_shape, order=order)


def _ravel(g: Any, _out: Any, x_shape: Any, *, order: Any) -> Any:
    return g.reshape(g.shape[:-1] + x_shape, order=order)


def _transpose(g: Any, _out: Any, x_shape: Any, *, axes: tuple[int, ...]) -> Any:
    lead, rank = g.ndim - len(axes), len(axes)
    back = sorted(range(rank), key=lambda i: axes[i] % rank)
    return g.transpose((*range(lead), *(lead + i for i in back)))


def _diagonal(g: Any, _out: Any, x_shape: Any, *, offset: int, axis1: int, axis2: int) -> Any:
    rest = [n for i, n in enumerate(x_shape, -len(x_shape)) if i not in (axis1, axis2)]
    lead = g.shape[: g.ndim - 1 - len(rest)]
    steps = np.arange(g.shape[-1])
    key = (..., steps + max(-offset, 0), steps + max(offset, 0))
    return np.moveaxis(scatter(g, (*lead, *rest, x_shape[axis1], x_shape[axis2]), key), (-2, -1), (axis1, axis2))


PRIMITIVES["reshape"].vjp = (_reshape,)
PRIMITIVES["ravel"].vjp = PRIMITIVES["flatten"].vjp = (_ravel,)
PRIMITIVES["copy"].vjp = PRIMITIVES["array_copy"].vjp = (lambda g, _out, _x, *, order: g,)
PRIMITIVES["transpose"].vjp = (_transpose,)
PRIMITIVES["broadcast_to"].vjp = (lambda g, _out, _x, *, shape: g,)  # the engine sums over what was broadcast
PRIMITIVES["roll"].vjp = (lambda g, _out, _x, *, shift, axis: np.roll(g, [-n for n in shift], axis),)
PRIMITIVES["diagonal"].vjp = (_diagonal,)
PRIMITIVES["diag"].vjp = (lambda g, _out, _x, *, k: np.diagonal(g, k, -2, -1),)
PRIMITIVES["astype"].vjp = (lambda g, _out, _x, *, dtype, order, casting, source: convert(g, source),)
PRIMITIVES["real"].vjp = (lambda g, _out, _x: g + 0j,)
PRIMITIVES["imag"].vjp = (lambda g, _out, _x: g * 1j,)
