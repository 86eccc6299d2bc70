"""Discrete Fourier transforms."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.array import apply
from dualtape.ops.borrowed import borrow
from dualtape.ops.protocol import function, store, strip
from dualtape.ops.shaping import arraylike
from dualtape.primitive import Primitive, structural

__all__: list[str] = []

# Operands are arrays, scalars, lists or handles: `Any` in this file says that.

# The four transforms of one axis are linear over the reals, so each pushes tangents forward itself. Params are `n`, the
# length of the real or complex signal (the input is cut or padded to it), `axis`, from the right, and `norm`.


def _primitive(numpy_function: Callable[..., Any], name: str) -> Primitive:
    return structural(name, numpy_function, (lambda t, _out, _x, **params: numpy_function(t, **params),))


def _transform(numpy_function: Callable[..., Any], of_reals: Primitive | None = None) -> None:
    """Register a transform; it has another primitive for real numbers where both take and give them."""
    primitive = _primitive(numpy_function, numpy_function.__name__)

    @function(numpy_function)
    def handler(a: Any, n: Any = None, axis: Any = -1, norm: Any = None, out: Any = None) -> Any:
        a, axis = arraylike(a), operator.index(strip(axis))
        if n is None:
            n = (a.shape[axis] - 1) * 2 if numpy_function is np.fft.irfft else a.shape[axis]
        axis = axis - a.ndim if 0 <= axis < a.ndim else axis  # what is out of range stays so, for NumPy's own error
        which = primitive if of_reals is None or a.dtype.kind == "c" else of_reals
        result = apply(which, (a,), {"n": operator.index(strip(n)), "axis": axis, "norm": norm})
        return result if out is None else store(out, result)


for _function in (np.fft.fft, np.fft.ifft, np.fft.rfft):
    _transform(_function)
_transform(np.fft.irfft, _primitive(np.fft.irfft, "irfft.real"))

# The others are made of these: NumPy's own loops over the axes, conjugations and shifts run on traced arrays.
borrow(
    np.fft.fft2, np.fft.ifft2, np.fft.fftn, np.fft.ifftn, np.fft.rfft2, np.fft.irfft2, np.fft.rfftn, np.fft.irfftn,
    np.fft.hfft, np.fft.ihfft,
)  # fmt: skip
borrow(np.fft.fftshift, np.fft.ifftshift)
