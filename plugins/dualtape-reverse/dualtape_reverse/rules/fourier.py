"""VJP rules of discrete Fourier transforms: the adjoint transforms."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.ops.shaping import scatter
from dualtape.primitive import PRIMITIVES

__all__: list[str] = []

# The adjoint of a transform is the inverse one with the factor of the other direction: sums, and no mean, where the
# transform itself is a sum.
OTHER: dict[Any, Any] = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def _fit(g: Any, length: int, axis: int) -> Any:
    """Cut or pad an axis with zeros: the adjoint of padding or cutting it."""
    n = g.shape[axis]
    if n == length:
        return g
    rest = (slice(None),) * (-axis - 1)
    if n > length:
        return g[(..., slice(length), *rest)]
    lead = g.ndim + axis
    return scatter(g, (*g.shape[:lead], length, *g.shape[lead + 1 :]), (..., slice(n), *rest))


def _ends(n: int, axis: int, dtype: Any, between: float) -> Any:
    """Return weights for half a spectrum: 1 for the frequencies that are their own mirror images, others between."""
    weights = np.full(n // 2 + 1, between, np.finfo(dtype).dtype)
    weights[0] = 1.0
    if n % 2 == 0:
        weights[-1] = 1.0
    return weights.reshape(-1, *(1,) * (-axis - 1))


def _fft(g: Any, _out: Any, x_shape: Any, *, n: int, axis: int, norm: Any) -> Any:
    return _fit(np.fft.ifft(g, n, axis, OTHER[norm]), x_shape[axis], axis)


def _ifft(g: Any, _out: Any, x_shape: Any, *, n: int, axis: int, norm: Any) -> Any:
    return _fit(np.fft.fft(g, n, axis, OTHER[norm]), x_shape[axis], axis)


def _rfft(g: Any, _out: Any, x_shape: Any, *, n: int, axis: int, norm: Any) -> Any:
    # irfft counts each frequency between twice, for the mirror image that half a spectrum does not hold.
    return _fit(np.fft.irfft(g * _ends(n, axis, g.dtype, 0.5), n, axis, OTHER[norm]), x_shape[axis], axis)


def _irfft(g: Any, _out: Any, x_shape: Any, *, n: int, axis: int, norm: Any) -> Any:
    return _fit(np.fft.rfft(g, n, axis, OTHER[norm]) * _ends(n, axis, g.dtype, 2.0), x_shape[axis], axis)


PRIMITIVES["fft"].vjp = (_fft,)
PRIMITIVES["ifft"].vjp = (_ifft,)
PRIMITIVES["rfft"].vjp = (_rfft,)
PRIMITIVES["irfft"].vjp = (_irfft,)
# Half a spectrum of real numbers: between real operands and results the walk takes no real part.
PRIMITIVES["irfft.real"].vjp = (lambda g, _out, x_shape, **params: _irfft(g, None, x_shape, **params).real,)
