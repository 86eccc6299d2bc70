"""VJP rules of selection; those of sort and partition are the engine's own, which adds where entries stood."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.ops.selection import chosen
from dualtape.primitive import PRIMITIVES


def _select(i: int, g: Any, _out: Any, which: Any, *_choices: Any) -> Any:
    return np.where(which == i - 1, g, 0)


PRIMITIVES["where"].vjp = (
    None,
    lambda g, _out, condition, _x, _y: np.where(condition, g, 0),
    lambda g, _out, condition, _x, _y: np.where(condition, 0, g),
)
PRIMITIVES["select"].vjp = PRIMITIVES["choose"].vjp = _select
PRIMITIVES["fmax"].vjp = PRIMITIVES["fmin"].vjp = (
    chosen,
    lambda g, out, x, y: chosen(g, out, y, x),
)
