"""VJP rules of joining and repeating."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.ops.shaping import scatter
from dualtape.primitive import PRIMITIVES


def _concatenate(i: int, g: Any, _out: Any, *_xs: Any, axis: int, offsets: Any, dtype: Any, casting: Any) -> Any:
    return g[(..., slice(offsets[i], offsets[i + 1]), *(slice(None),) * (-axis - 1))]


def _stack(i: int, g: Any, _out: Any, *_xs: Any, axis: int, dtype: Any, casting: Any) -> Any:
    return g[(..., i, *(slice(None),) * (-axis - 1))]


def _repeat(g: Any, _out: Any, x_shape: Any, repeats: Any, *, axis: int) -> Any:
    before, after = g.shape[: g.ndim + axis], g.shape[g.ndim + axis + 1 :]
    length = x_shape[axis]
    if repeats.size == 1:
        return np.sum(g.reshape((*before, length, int(repeats.item()), *after)), axis=axis)
    rows = np.repeat(np.arange(length), repeats)
    return scatter(g, (*before, length, *after), (..., rows, *(slice(None),) * (-axis - 1)), add=True)


def _tile(g: Any, _out: Any, x_shape: Any, *, reps: tuple[int, ...]) -> Any:
    rank = max(len(x_shape), len(reps))
    reps = (1,) * (rank - len(reps)) + reps
    lengths = (1,) * (rank - len(x_shape)) + x_shape
    pairs = [n for pair in zip(reps, lengths, strict=True) for n in pair]
    total = np.sum(g.reshape(g.shape[: g.ndim - rank] + tuple(pairs)), axis=tuple(range(-2 * rank, 0, 2)))
    return total.reshape(g.shape[: g.ndim - rank] + x_shape)


PRIMITIVES["concatenate"].vjp = _concatenate
PRIMITIVES["stack"].vjp = _stack
PRIMITIVES["repeat"].vjp = (_repeat, None)
PRIMITIVES["tile"].vjp = (_tile,)
