"""Samples of the operations of ops/special.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dualtape.ops.special import modified_bessel, spherical_bessel
from dualtape.testing.sample import Sample
from dualtape.testing.samples.elementwise import arrays, spread


def _bessel() -> Iterator[Sample]:
    for label, x in arrays((-2.5, 2.5)):
        yield Sample("sinc", np.sinc, (x,), label, analytic=True)
        yield Sample("i0", np.i0, (x,), label)
    yield Sample("sinc", np.sinc, (spread((-2, 2), (2, 2), complex),), "complex")
    yield Sample("sinc", np.sinc, (np.array([0.0, 1e-9, -1e-4, 0.01, 1.0]),), "near 0", second=False)
    yield Sample("sinc", np.sinc, (np.array([0.03, 0.1, -0.3]),), "small")
    yield Sample("i0", np.i0, (np.array([0.0, 1e-3, 9.0, -20.0, 40.0]),), "small and large")
    for n in (1, 2, 5):
        x = np.array([0.3, -2.0, 3.4, 20.0])
        yield Sample("spherical_bessel", lambda x, n=n: spherical_bessel(x, n), (x,), f"order {n}")
        yield Sample("modified_bessel", lambda x, n=n: modified_bessel(x, n), (x / 4,), f"order {n}")
    zero = np.zeros(2)
    yield Sample("sinc", np.sinc, (zero,), "at 0", kink=True, expected=(zero,))
    yield Sample("i0", np.i0, (zero,), "at 0", kink=True, expected=(zero,))
    # d/dx sinc'(x), written so that the second derivative at 0 is a first one with a value that is known.
    yield Sample(
        "spherical_bessel", lambda x: x * spherical_bessel(x, 1), (zero,), "at 0", kink=True, expected=(zero + 1 / 3,)
    )
    yield Sample(
        "modified_bessel", lambda x: x * modified_bessel(x, 1), (zero,), "at 0", kink=True, expected=(zero + 0.5,)
    )


def _angles() -> Iterator[Sample]:
    z = spread((0.4, 2), (2, 3), complex)
    yield Sample("angle", np.angle, (z,), "complex")
    yield Sample("angle", np.angle, (-z[0].astype(np.complex64),), "complex64")
    yield Sample("angle", lambda z: np.angle(z, deg=True), (z.T,), "degrees, not contiguous")
    yield Sample("angle", np.angle, (z[0, 0],), "0-d")
    yield Sample("angle", np.angle, (z[:0],), "empty")
    for label, x in arrays((-2, -0.4)):
        yield Sample("angle", np.angle, (x,), f"real, {label}")


def _replaced() -> Iterator[Sample]:
    for label, x in arrays((-2, 2)):
        yield Sample("nan_to_num", np.nan_to_num, (x,), label)
    z = spread((-2, 2), (3,), complex)
    yield Sample("nan_to_num", np.nan_to_num, (z,), "complex")
    wild = np.array([1.0, np.nan, np.inf, -np.inf])
    kept = np.array([1.0, 0.0, 0.0, 0.0])
    fill: dict[str, Any] = {"nan": 2.0, "posinf": 5.0, "neginf": np.array(-5.0)}
    yield Sample("nan_to_num", np.nan_to_num, (wild,), "not finite", kink=True, expected=(kept,))
    yield Sample("nan_to_num", lambda x: np.nan_to_num(x, **fill), (wild,), "filled", kink=True, expected=(kept,))
    parts = np.stack([wild, wild[::-1]], axis=-1).view(complex)[:, 0]
    yield Sample("nan_to_num", np.nan_to_num, (parts,), "parts", kink=True, expected=(kept,))
    numbers = np.array([2.0, 3.0, 4.0])

    def filled(x: Any, n: Any, p: Any, m: Any) -> Any:
        return np.nan_to_num(x, nan=n, posinf=p, neginf=m)

    yield Sample("nan_to_num", filled, (wild, *numbers), "fillings", kink=True, expected=(kept, 1.0, 1.0, 1.0))
    small = z.real + 1e-16j
    yield Sample("real_if_close", lambda z: np.real_if_close(z, tol=0.1), (z,), "not close")
    yield Sample("real_if_close", np.real_if_close, (small,), "close", kink=True, expected=(np.ones(3),))
    yield Sample("real_if_close", np.real_if_close, (z.real,), "real")


SAMPLES: list[Sample] = [*_bessel(), *_angles(), *_replaced()]
