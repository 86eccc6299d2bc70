"""Samples of products in which zeros win."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dualtape.array import apply
from dualtape.ops.zero_wins import zero_wins
from dualtape.primitive import PRIMITIVES
from dualtape.testing.sample import Sample

_x = np.array([[0.5, -1.25, 0.75], [2.0, 0.25, -0.5]])
_y = np.array([[1.5, 0.5], [-0.75, 2.0], [0.25, 1.0]])
_v = np.array([0.5, -1.5, 2.5])


def _product(name: str, winner: int | None = 0, settings: Mapping[str, Any] | None = None) -> Callable[..., Any]:
    params = {"of": PRIMITIVES[name], "settings": settings or {}, "winner": winner}
    return lambda *operands: apply(zero_wins, operands, params)


SAMPLES = [
    Sample("zero_wins", _product("multiply"), (_x, _v)),
    Sample("zero_wins", _product("multiply"), (_x, np.array([0.0, 2.0, 0.0])), label="zeros"),
    Sample("zero_wins", _product("multiply", None), (_v, 1.5), label="any, 0-d"),
    Sample("zero_wins", _product("multiply", 1), (_x.astype("f4"), _v.astype("f4")), label="float32"),
    Sample("zero_wins", _product("multiply"), (_x + 0.5j, _v - 0.2j), label="complex"),
    Sample("zero_wins", _product("multiply"), (np.zeros((0, 3)), _v), label="empty"),
    Sample("zero_wins", lambda x: _product("multiply")(x, np.array([2.0, 3.0, 0.0])), (_x,), label="a constant"),
    Sample("zero_wins", _product("divide"), (_x, _v), label="divide"),
    Sample("zero_wins", _product("matmul"), (_x, _y), label="matmul"),
    Sample("zero_wins", _product("matmul", 1), (_x, _v), label="matmul, a vector"),
    Sample("zero_wins", _product("matmul"), (_x + 0.5j, _y - 0.2j), label="matmul, complex"),
    Sample("zero_wins", _product("vecdot", None), (_x, _v), label="vecdot"),
    Sample("zero_wins", _product("tensordot", 0, {"left": (-1,), "right": (-2,)}), (_x, _y), label="tensordot"),
    Sample("zero_wins", _product("correlate", 1, {"mode": "full"}), (_x[0], _v), label="correlate"),
    Sample(
        "zero_wins",
        _product("einsum", 1, {"subscripts": "ij,jk,j->ik", "optimize": False}),
        (_x, _y, _v),
        label="einsum of three",
    ),
]
