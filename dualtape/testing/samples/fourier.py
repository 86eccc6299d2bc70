"""Samples of the operations of ops/fourier.py."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from dualtape.testing.sample import Sample
from dualtape.testing.samples.shaping import square

SAMPLES: list[Sample] = []

M: Any = np.cos(np.arange(12.0) ** 2 + 0.3).reshape(3, 4)
Z: Any = M + 1j * np.sin(1.5 * M + np.arange(4.0))
ODD: Any = np.cos(np.arange(15.0) ** 2).reshape(3, 5)
CUBE: Any = np.cos(np.arange(24.0) ** 2 + 0.1).reshape(2, 3, 4)
FIXED: Any = M.copy()
FIXED.flags.writeable = False


def add(operation: str, function: Callable[..., Any], x: Any, label: str, **keywords: Any) -> None:
    call = partial(function, **keywords)
    SAMPLES.append(Sample(operation, lambda x: square(call(x)), (x,), label))


ALONG: dict[str, Callable[..., Any]] = {
    "fft": np.fft.fft, "ifft": np.fft.ifft, "rfft": np.fft.rfft, "irfft": np.fft.irfft,
    "hfft": np.fft.hfft, "ihfft": np.fft.ihfft,
}  # fmt: skip
REAL = {"rfft", "ihfft", "rfftn", "rfft2"}  # of real numbers only

for _name, _function in ALONG.items():
    for _label, _x in {"1-d": M[0], "2-d": M, "odd": ODD, "not contiguous": CUBE.T[::2], "read-only": FIXED}.items():
        add(_name, _function, _x, _label)
    add(_name, _function, M.astype(np.float32), "float32, axis 0", axis=0)
    add(_name, _function, CUBE[:, :2], "middle axis, forward", axis=1, norm="forward")
    add(_name, _function, M[:0], "empty")
    for _n in (1, 2, 3, 5, 6, 8, 9):  # cut and padded, even and odd, half spectra and whole ones
        add(_name, _function, M, f"n = {_n}", n=_n, norm="ortho")
        add(_name, _function, ODD, f"n = {_n}, odd, axis 0", n=_n, axis=0)
    if _name in REAL:
        continue
    add(_name, _function, Z, "complex")
    add(_name, _function, Z.astype(np.complex64), "complex64", n=5)
    for _norm in ("backward", "ortho", "forward"):
        for _n in (2, 4, 5, 7):
            add(_name, _function, Z, f"complex, {_norm}, n = {_n}", n=_n, axis=-2, norm=_norm)

SEVERAL: dict[str, Callable[..., Any]] = {
    "fftn": np.fft.fftn, "ifftn": np.fft.ifftn, "rfftn": np.fft.rfftn, "irfftn": np.fft.irfftn,
    "fft2": np.fft.fft2, "ifft2": np.fft.ifft2, "rfft2": np.fft.rfft2, "irfft2": np.fft.irfft2,
}  # fmt: skip
for _name, _function in SEVERAL.items():
    add(_name, _function, M, "2-d")
    add(_name, _function, CUBE, "other axes, ortho", axes=(0, -1), norm="ortho")
    add(_name, _function, M, "cut and padded", s=(2, 6), axes=(0, 1))
    add(_name, _function, M, "-1 for a whole axis, forward", s=(5, -1), axes=(1, 0), norm="forward")
    if _name[:2] not in ("rf", "ir"):
        add(_name, _function, M[:, :3], "one axis twice", axes=(1, 1))
    if _name not in REAL:
        add(_name, _function, Z[:, :3], "complex")
    if _name[-1] == "n":
        add(_name, _function, CUBE[:, :2], "3-d, all axes")
        add(_name, _function, M.astype(np.float32), "float32, one axis", axes=(0,))

for _shift in (np.fft.fftshift, np.fft.ifftshift):
    _name = _shift.__name__
    add(_name, _shift, M[0, :3], "1-d")
    add(_name, _shift, ODD, "2-d")
    add(_name, _shift, Z, "complex, axis", axes=1)
    add(_name, _shift, CUBE, "axes", axes=(0, -1))
SAMPLES.append(Sample("fftfreq", lambda d: np.fft.fftfreq(5, d), (0.25,), "sample spacing"))
SAMPLES.append(Sample("rfftfreq", lambda d: np.fft.rfftfreq(4, d), (0.25,), "sample spacing"))
SAMPLES.append(Sample("irfft.real", lambda x: square(np.fft.irfft(x, 5, 0)), (M,), "half a spectrum of real numbers"))
