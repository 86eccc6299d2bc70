"""The VJP rule of norms."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.ops.norms import slopes
from dualtape.primitive import PRIMITIVES

__all__: list[str] = []

Axes = tuple[int, ...]


def _norm(g: Any, out: Any, x: Any, *, order: Any, axes: Axes, keepdims: bool, **_params: Any) -> Any:
    if not keepdims and g.ndim:
        g, out = np.expand_dims(g, axes), np.expand_dims(out, axes)
    return g * slopes(x, out, order, axes)


PRIMITIVES["norm"].vjp = (_norm,)
