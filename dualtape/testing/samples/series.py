"""Samples of the operations of ops/series.py."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import polynomial

from dualtape.testing.sample import Sample
from dualtape.testing.samples.shaping import V, Z

X, Y = V[:3], V[1:]
C = np.cos(np.arange(6.0)).reshape(2, 3)
SAMPLES = [
    Sample(name, getattr(polynomial, name), args, label, analytic=True)
    for name in ("polyval2d", "polygrid2d")
    for label, args in {
        "points and coefficients": (X, Y, C),
        "numbers": (np.float64(0.3), np.float64(1.5), C),
        "several polynomials": (X[:2], Y[:2], np.stack([C, 2.0 * C], axis=-1)),
        "complex": (Z[0, 0], Z[0, 1], C * (1 + 0.5j)),
        "float32": (X.astype("f"), Y.astype("f"), C.astype("f")),
        "no points": (X[:0], Y[:0], C),
    }.items()
    if hasattr(getattr(polynomial, name), "__wrapped__")
]
