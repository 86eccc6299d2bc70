"""Samples of the operations of ops/differences.py."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from dualtape.testing.sample import Sample
from dualtape.testing.samples.shaping import square

SAMPLES: list[Sample] = []

M: Any = np.cos(np.arange(12.0) ** 2 + 0.3).reshape(3, 4)
V: Any = np.sin(np.arange(1.0, 6.0) ** 2)
W: Any = np.array([0.5, -1.25, 2.0])
Z: Any = M + 1j * np.sin(1.5 * M + np.arange(4.0))
CUBE: Any = np.cos(np.arange(24.0) ** 2 + 0.1).reshape(2, 3, 4)
FIXED: Any = M.copy()
FIXED.flags.writeable = False


def add(operation: str, function: Callable[..., Any], *args: Any, label: str, **settings: Any) -> None:
    SAMPLES.append(Sample(operation, lambda *xs: square(function(*xs)), args, label, **settings))


# --- diff, ediff1d ------------------------------------------------------------------------------------------------

for _n in (1, 2, 3, 4, 5):
    add("diff", partial(np.diff, n=_n), M, label=f"n = {_n}", analytic=True)
    add("diff", partial(np.diff, n=_n, axis=0), Z[:, :2], label=f"complex, n = {_n}, axis 0")
add("diff", partial(np.diff, axis=1), CUBE.T[::2], label="not contiguous")
add("diff", partial(np.diff, axis=-2), FIXED.astype("f"), label="float32")
add("diff", np.diff, FIXED, label="read-only")
add("diff", np.diff, M[:0], label="empty")
add("diff", np.diff, M[:, :1], label="one entry")
add("diff", partial(np.diff, n=0), M, label="diff 0 times")
add("diff", lambda x, y, z: np.diff(x, 2, 0, y, z), M, np.float64(2.0), M[:2] ** 2, label="prepend and append")
add("diff", lambda x: np.diff([1.0, 3.0], prepend=x), np.float64(2.0), label="prepend alone")
add("diff", lambda x: np.diff(x, append=2j), V, label="complex append")
add("ediff1d", np.ediff1d, M, label="2-d")
add("ediff1d", np.ediff1d, Z[0], W.astype(complex), np.complex128(2j), label="complex, both ends")
add("ediff1d", lambda x, y: np.ediff1d(x, to_begin=y), V.astype("f"), M, label="float32, float64 in front")
add("ediff1d", lambda x: np.ediff1d(x, [1.0, 2.0]), V[:1], label="one entry, constants behind")
add("ediff1d", np.ediff1d, np.float64(2.0), label="0-d")

# --- gradient, trapezoid ------------------------------------------------------------------------------------------

UNEVEN: Any = np.array([0.0, 0.5, 1.5, 1.75])
for _edge in (1, 2):
    _gradient: Any = partial(np.gradient, edge_order=_edge)
    add("gradient", _gradient, V, label=f"edge {_edge}", analytic=True)
    add("gradient", _gradient, M, label=f"edge {_edge}, two axes")
    add("gradient", partial(_gradient, axis=-1), Z, label=f"edge {_edge}, complex, one axis")
    add(
        "gradient",
        partial(_gradient, axis=(2, 0)) if _edge == 1 else partial(_gradient, axis=(2, 1)),
        CUBE,
        label=f"edge {_edge}, axes",
    )
    add("gradient", _gradient, V, np.float64(0.3), label=f"edge {_edge}, traced spacing")
    add("gradient", partial(_gradient, axis=1), M, UNEVEN, label=f"edge {_edge}, traced coordinates")
    add("gradient", partial(_gradient, axis=1), Z, UNEVEN, label=f"edge {_edge}, complex, traced coordinates")
    add(
        "gradient", partial(_gradient, axis=1), M, np.arange(4.0), label=f"edge {_edge}, even coordinates", second=False
    )
    add("gradient", _gradient, M, np.float64(2.0), UNEVEN, label=f"edge {_edge}, number and coordinates")
    add("gradient", lambda x, f=_gradient: f(M, x, 2), np.float64(0.5), label=f"edge {_edge}, spacing alone")
    add("gradient", lambda x, f=_gradient: f(x, [1, 2, 4, 8], axis=1), M, label=f"edge {_edge}, integer coordinates")
    add("gradient", lambda x, f=_gradient: f(x, 0.5), M.astype("f")[:, ::-1], label=f"edge {_edge}, float32")
add("gradient", np.gradient, V[:2], label="two points")

for _axis in (0, 1, -1):
    add("trapezoid", lambda y, x, a=_axis: np.trapezoid(y, x, axis=a), M[:, :3], W, label=f"axis {_axis}")
    add("trapezoid", lambda y, x, a=_axis: np.trapezoid(y, x, 1.0, a), Z, M, label=f"complex, axis {_axis}")
    add(
        "trapezoid",
        lambda y, d, a=_axis: np.trapezoid(y, None, d, a),
        FIXED,
        np.float64(0.5),
        label=f"dx, axis {_axis}",
    )
add("trapezoid", np.trapezoid, V.astype("f"), label="float32, analytic", analytic=True)
add("trapezoid", lambda x: np.trapezoid([1.0, 3.0, 2.0], x), W, label="coordinates alone")
add("trapezoid", np.trapezoid, V[:0], label="empty")

# --- cross --------------------------------------------------------------------------------------------------------


def _cross(x: Any, y: Any, **keywords: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # vectors with two components
        return np.cross(x, y, **keywords)


add("cross", np.cross, W, V[:3], label="1-d", analytic=True)
add("cross", np.cross, M[:, :3], W, label="broadcast")
add("cross", np.cross, W, CUBE[..., :3], label="broadcast the other way")
add("cross", np.cross, Z[:, :3], Z[::-1, 1:], label="complex")
add("cross", np.cross, Z[0, :3], W, label="complex and real")
add("cross", partial(np.cross, axis=0), M, M[::-1] ** 2, label="axis 0")
add("cross", partial(np.cross, axisa=1, axisb=0, axisc=0), CUBE, M[:, None, :], label="different axes")
add("cross", partial(np.cross, axisc=0), FIXED[:, :3].astype("f"), W.astype("f"), label="float32")
add("cross", lambda y: np.cross([1, 2, 3], y), M[:0, :3], label="empty, a list")
add("cross", partial(np.linalg.cross, axis=0), M, M[::-1] ** 2, label="linalg.cross")
if np.lib.NumpyVersion(np.__version__) < "2.6.0":
    add("cross", _cross, W[:2], V[:2], label="two components")
    add("cross", _cross, Z[:, :2], W[:2], label="two components, complex, broadcast")
    add("cross", _cross, M[:, :2], M[:, 1:], label="two and three components")
    add("cross", partial(_cross, axisc=0), Z[:, 1:], M[:, :2], label="three and two components")

# --- convolve, correlate ------------------------------------------------------------------------------------------

for _name, _function in (("convolve", np.convolve), ("correlate", np.correlate)):
    for _mode in ("full", "same", "valid"):
        _call: Any = partial(_function, mode=_mode)
        for _x, _y in ((V, W), (W, V), (V, M[0]), (M[0], M[1]), (V, W[:1]), (W[:2], V)):
            add(_name, _call, _x, _y, label=f"{_mode}, {len(_x)} and {len(_y)}")
            add(_name, _call, _x * (1 + 2j), _y * (0.5 - 1j), label=f"complex, {_mode}, {len(_x)} and {len(_y)}")
        add(_name, _call, Z[0], V, label=f"{_mode}, complex and real")
        add(_name, _call, W, Z[1], label=f"{_mode}, real and complex")
    add(_name, lambda x, f=_function: f(x, [1, 2]), V.astype("f"), label="float32, a list")
    add(_name, lambda x, f=_function: f([1.0, 2.0, 4.0], x), M[0, ::-2], label="a list first, not contiguous")
    add(_name, lambda x, f=_function: f(x, x), W, label="with itself")
add("convolve", np.convolve, np.float64(2.0), V, label="0-d")

# --- interp -------------------------------------------------------------------------------------------------------

POINTS: Any = np.array([-1.0, 0.25, 0.5, 2.0])
AT: Any = np.array([[-0.5, 0.3, 1.75], [0.4, -2.0, 3.0]])
add("interp", np.interp, AT, POINTS, M[0], label="2-d, some outside")
add("interp", np.interp, AT, POINTS, Z[0], label="complex values")
add("interp", np.interp, AT, POINTS, M[0], np.float64(0.5), np.float64(-2.0), label="left and right")
add("interp", np.interp, AT, POINTS, Z[0], np.complex128(1j), np.float64(-2.0), label="complex left, real right")
add("interp", np.interp, np.float64(0.3), POINTS, M[0], label="0-d")
add("interp", np.interp, AT[:0], POINTS, M[0], label="empty")
add("interp", np.interp, AT.astype("f"), POINTS.astype("f"), M[0].astype("f"), label="float32")
add("interp", lambda x: np.interp(x, [0, 1, 2], [3.0, 1.0, 4.0]), AT.T, label="lists, not contiguous")
add("interp", lambda f: np.interp(0.7, [0, 1, 2], f), W, label="values alone")
add("interp", lambda f: np.interp([0.7, 5.0], [0, 1, 2], f, right=0), W, label="values alone, 0 on the right")
add("interp", np.interp, AT, POINTS[:1], M[0, :1], label="a single point")
for _period in (1.8, -3.3):
    add("interp", partial(np.interp, period=_period), AT, POINTS, M[0], label=f"period {_period}")
    add("interp", partial(np.interp, period=_period), AT, POINTS, Z[0], label=f"complex, period {_period}")
add("interp", lambda x, p: np.interp(x, POINTS, M[0], period=p), AT, np.float64(2.6), label="traced period")
SAMPLES.append(
    Sample(
        "interp",
        lambda x: np.interp(x, [0.0, 1.0, 2.0], [0.0, 3.0, 2.0]),
        (np.array([0.0, 1.0, 2.0]),),
        "at the points",
        kink=True,
        expected=(np.array([3.0, -1.0, -1.0]),),
    )
)

# --- unwrap -------------------------------------------------------------------------------------------------------

JUMPS: Any = np.array([[0.3, 5.0, -4.0, 2.0], [6.0, 0.1, 9.0, -0.2]])
add("unwrap", np.unwrap, JUMPS, label="2-d")
add("unwrap", partial(np.unwrap, axis=0, discont=4.0), JUMPS, label="axis 0, discont")
add("unwrap", partial(np.unwrap, period=4.5), JUMPS[0].astype("f"), label="float32, period")
add("unwrap", lambda p, period: np.unwrap(p, period=period), JUMPS, np.float64(2.75), label="traced period")
add("unwrap", np.unwrap, JUMPS[:, :0], label="empty")
