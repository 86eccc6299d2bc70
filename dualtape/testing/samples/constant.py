"""Samples of the operations of ops/constant.py that have floating results: their derivative is 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.testing.sample import Sample

X = np.array([[-1.6, 0.2], [1.3, 7.7]])

CALLS: dict[str, Callable[..., Any]] = {
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "rint": np.rint,
    "fix": np.fix,
    "round": np.round,
    "spacing": np.spacing,
    "floor_divide": lambda x: x // 1.17,
}

SAMPLES: list[Sample] = [
    Sample(name, call, (x,), label)
    for name, call in CALLS.items()
    for label, x in (
        ("2-d", X),
        ("0-d", X[0, 0]),
        ("empty", X[:0]),
        ("not contiguous", X.T),
        ("float32", np.float32(X)),
    )
]
SAMPLES += [
    Sample("round", lambda x: np.round(x + 0.04, 1), (X,), "decimals"),
    Sample("round", lambda x: x.round(), (X,), "method"),
    Sample("floor", lambda x: x - np.floor(x), (X,), "in a sum"),
]
