"""Samples of the operations of ops/emath.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.testing.sample import Sample

SAMPLES: list[Sample] = []
INSIDE = np.array([[0.3, 0.9], [0.2, 0.7]])
SIGNS = np.array([0.3, -0.9, 2.5])


def add(name: str, function: Any, *args: Any, label: str, analytic: bool = False) -> None:
    SAMPLES.append(Sample(f"emath.{name}", function, args, label, analytic=analytic))


for _name in ("sqrt", "log", "log2", "log10", "arccos", "arcsin", "arctanh"):
    _f: Any = getattr(np.emath, _name)
    add(_name, _f, INSIDE, label="real")
    add(_name, _f, SIGNS, label="becomes complex")
    add(_name, _f, SIGNS.astype("f"), label="becomes complex64")
    add(_name, _f, INSIDE * (1 + 2j), label="complex", analytic=True)
    add(_name, _f, np.float64(0.4), label="0-d")
    add(_name, _f, np.float64(-1.5), label="0-d, becomes complex")
    add(_name, _f, INSIDE[:0], label="empty")
    add(_name, lambda x, f=_f: f(x.T), INSIDE.astype("f"), label="float32, not contiguous")
add("logn", np.emath.logn, np.float64(2.0), SIGNS, label="becomes complex")
add("logn", np.emath.logn, INSIDE, INSIDE + 1, label="real")
add("logn", lambda x: np.emath.logn(2, x), INSIDE * (1 + 2j), label="complex", analytic=True)
add("power", np.emath.power, SIGNS, np.float64(0.5), label="becomes complex")
add("power", lambda x: np.emath.power(x, -2), INSIDE, label="a negative integer")
add("power", lambda x: np.emath.power([2, 4], x), INSIDE, label="integers")
add("power", lambda x: np.emath.power(x, [2, 3]), SIGNS[:2].astype("f"), label="float32")
