"""Products that sum: matmul and its kin."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.primitive import structural

__all__: list[str] = []


matmul = structural(
    "matmul",
    np.matmul,
    (lambda t, _out, _x, y: np.matmul(t, y), lambda t, _out, x, _y: np.matmul(x, t)),
)
