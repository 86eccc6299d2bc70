"""VJP rules of polynomials."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.ops.polynomials import root_slopes, vander_slopes
from dualtape.ops.reduction import conj
from dualtape.primitive import PRIMITIVES

__all__: list[str] = []


def _vander(g: Any, _out: Any, x: Any, *, n: int, increasing: bool) -> Any:
    return np.sum(g * conj(vander_slopes(x, n, increasing)), axis=-1)


PRIMITIVES["roots"].vjp = (lambda g, out, p: g @ conj(root_slopes(out, p)),)
PRIMITIVES["vander"].vjp = (_vander,)
