"""Samples of checkpointed functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.checkpoint import checkpoint
from dualtape.testing.sample import Sample


@checkpoint
def layer(x: Any, w: Any, *, power: int = 2) -> Any:
    return np.tanh(x @ w) ** power


@checkpoint
def several(parts: Any) -> Any:
    x, y = parts
    return {"sum": x + y, "rest": [np.exp(x) * y, np.sum(x)]}


@checkpoint
def written(x: Any) -> Any:
    x *= 2.0
    x[0] = x[1] * x[1]
    return x


def _several(x: Any, y: Any) -> Any:
    found = several((x, y))
    return found["sum"], found["rest"]


_x = np.array([[0.3, -1.2, 0.8], [0.1, 0.6, -0.4]])
_w = np.array([[1.5, 0.2], [-0.7, 0.9], [0.4, -0.1]])

SAMPLES = [
    Sample("checkpoint", layer, (_x, _w)),
    Sample("checkpoint", lambda x: layer(x, _w, power=3), (_x,), label="a constant beside"),
    Sample("checkpoint", layer, (_x.astype("f4"), _w.astype("f4")), label="float32"),
    Sample("checkpoint", layer, (_x + 0.5j, _w - 0.2j), label="complex"),
    Sample("checkpoint", layer, (_x, _w - 0.2j), label="real and complex"),
    Sample("checkpoint", _several, (_x, _x[::-1])),
    Sample("checkpoint", _several, (0.7, 1.3), label="0-d"),
    Sample("checkpoint", _several, (np.zeros((0, 3)), np.zeros((0, 3))), label="empty"),
    Sample("checkpoint", written, (_x,), label="writes into its argument"),
    Sample("checkpoint", lambda x: written(written(x)), (_x,), label="of a checkpoint"),
]
