"""Code of NumPy that reads traced values and can't use them: what it is told."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from dualtape.errors import TracedConversionError
from dualtape.ops.protocol import rank

__all__ = ["refuse"]

# Frames and handles: `Any` in this file says that.

# NumPy shows nobody the lists that these functions take. What they do with objects fails without saying why, or is
# something else: the imaginary part of an object is 0.
LAPACK = frozenset({
    "cholesky", "cond", "det", "eig", "eigh", "eigvals", "eigvalsh", "inv", "lstsq", "matrix_rank", "pinv", "qr",
    "slogdet", "solve", "svd", "tensorinv", "tensorsolve",
})  # fmt: skip
MODULES = ("numpy.linalg._linalg", "numpy.fft._pocketfft")
READERS: dict[Any, str] = {
    f.__wrapped__.__code__: f"numpy.{f.__name__}"  # type: ignore[union-attr]  # what NumPy has wrapped
    for f in (
        np.angle, np.cov, np.digitize, np.imag, np.interp, np.nanpercentile, np.nanquantile, np.percentile, np.polyfit,
        np.quantile, np.real,
    )
}  # fmt: skip


def refuse(frame: Any, x: Any) -> None:
    """Raise if the code that reads a handle can do nothing with objects, or nothing right.

    Args:
        frame: the frame of that code.
        x: the handle.
    """
    module = str(frame.f_globals.get("__name__"))
    if not module.startswith("numpy."):
        return
    if frame.f_code is as_strided.__code__:  # it counts bytes, and would read handles where there are none
        raise TracedConversionError(
            "as_strided reads the memory of an array, which holds no derivative: use np.lib.stride_tricks."
            "sliding_window_view, np.broadcast_to, or an index such as x[rows, columns]; or pass x.primal where no "
            "derivative is needed"
        )
    if module.startswith("numpy.polynomial."):
        _refuse_polynomials(frame)
        return
    name = _transform(frame) if module in MODULES else _reader(frame, x)
    if name is not None:
        raise TracedConversionError(
            f"{name} can't read a list of traced values: stack them first, as in {name}(np.stack([a, b])), or with "
            f"np.array([[a, b], [c, d]], like=a)"
        )


def _transform(frame: Any) -> str | None:
    """Return the name of the function of numpy.linalg or numpy.fft that reads a handle, if it can't use objects."""
    if frame.f_code.co_name == "_makearray":
        frame = frame.f_back
    if frame.f_globals["__name__"] == MODULES[0]:
        name = frame.f_code.co_name
        return f"numpy.linalg.{name}" if name in LAPACK or _takes_singular_values(name, frame.f_locals) else None
    while frame.f_code.co_name not in np.fft.__all__:
        frame = frame.f_back
    return f"numpy.fft.{frame.f_code.co_name}"


def _takes_singular_values(name: str, given: dict[str, Any]) -> bool:
    if name not in ("norm", "matrix_norm") or given["ord"] not in (2, -2, "nuc"):
        return False
    axis = given.get("axis")
    return name == "matrix_norm" or (_depth(given["x"]) == 2 if axis is None else type(axis) is tuple)


def _depth(x: Any) -> int:
    return 1 + _depth(x[0]) if type(x) in (list, tuple) and x else rank(x)


def _reader(frame: Any, x: Any) -> str | None:
    """Return the name of the function of numpy that reads a handle, if it can't use objects."""
    name = READERS.get(frame.f_code)
    if name in ("numpy.real", "numpy.imag"):
        return name if x.dtype.kind == "c" else None
    if name is not None and name.endswith(("quantile", "percentile")):
        # Between two rows, or for several quantiles, NumPy finds what it should.
        given = frame.f_locals
        number = given["axis"] is None or name.startswith("numpy.nan")
        return name if number and np.ndim(given["q"]) == 0 else None
    return name


def _refuse_polynomials(frame: Any) -> None:
    """Raise if a function of numpy.polynomial will hand what it reads to LAPACK."""
    while frame.f_back is not None and str(frame.f_back.f_globals.get("__name__")).startswith("numpy.polynomial."):
        frame = frame.f_back
    name, given = frame.f_code.co_name, frame.f_locals
    if name.endswith("fit"):
        called = f"{given['cls'].__name__}.fit" if name == "fit" else name
        raise TracedConversionError(
            f"{called} hands objects to LAPACK: write np.linalg.lstsq(np.array(V, like=a), np.array(y, like=a))[0] "
            f"with V = {name.removesuffix('fit') or 'poly'}vander(x, deg) and a traced value a"
        )
    if name.endswith("roots") and not name.endswith("fromroots") and np.size(given["c"]) > 2:
        raise TracedConversionError(
            f"{name} hands objects to LAPACK: write np.linalg.eigvals(np.array("
            f"{name.removesuffix('roots')}companion(c), like=a)) with a traced value a"
        )
