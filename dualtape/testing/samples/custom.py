"""Samples of functions with custom rules."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.custom import custom_gradient, custom_jvp, custom_vjp
from dualtape.testing.sample import Sample


@custom_jvp
def product(x: Any, y: Any) -> Any:
    return np.sin(x) * y


@product.defjvp
def _(primals: Any, tangents: Any) -> Any:
    (x, y), (s, t) = primals, tangents
    return product(x, y), np.cos(x) * y * s + np.sin(x) * t


product.defvjp(
    lambda x, y: (product(x, y), (x, y)),
    lambda residuals, g: (
        g * np.conj(np.cos(residuals[0]) * residuals[1]),
        g * np.conj(np.sin(residuals[0])),
    ),
)


@custom_gradient
def several(parts: Any) -> Any:
    x, y = parts["x"], parts["y"]
    e = np.exp(x)

    def gradient(g: Any, h: Any) -> Any:
        return {"x": (g @ y.T) * e + 2.0 * x * h, "y": e.T @ g}

    return (e @ y, np.sum(x * x)), gradient


@several.defjvp
def _(primals: Any, tangents: Any) -> Any:
    (parts,), (t,) = primals, tangents
    x, y, e = parts["x"], parts["y"], np.exp(parts["x"])
    return several(parts), ((e * t["x"]) @ y + e @ t["y"], np.sum(2.0 * x * t["x"]))


@custom_vjp
def scaled(factor: float, x: Any) -> Any:
    x *= factor  # a custom function has copies of its arguments
    return x.T


scaled.defvjp(lambda factor, x: (scaled(factor, x), None), lambda _, g: (None, g.T * 3.0))
scaled.defjvps(None, lambda t, _out, factor, _x: factor * t.T)


def _mixed(x: Any) -> Any:
    return several({"x": x, "y": np.ones((3, 2), x.dtype)})[0]


_x = np.array([[0.3, -1.2, 0.8], [0.1, 0.6, -0.4]])
_y = np.array([[1.5, 0.2], [-0.7, 0.9], [0.4, -0.1]])

SAMPLES = [
    *[
        Sample("custom", product, args, label=label)
        for label, args in {
            "0-d": (0.7, 1.3),
            "1-d": (_x[0], _x[1]),
            "2-d": (_x, _x[::-1]),
            "empty": (np.zeros((0, 3)), np.zeros((0, 3))),
            "transposed": (_x.T, _y),
            "float32": (_x.astype("f4"), _x.astype("f4")),
            "complex": (_x + 0.2j * _x[::-1], _x - 0.4j),
        }.items()
    ],
    Sample("custom", lambda x, y: several({"x": x, "y": y}), (_x, _y), label="several results"),
    Sample("custom", lambda x: several({"x": x, "y": _y}), (_x,), label="a constant beside"),
    Sample("custom", _mixed, (_x.astype("f4"),), label="several results, float32"),
    Sample("custom", lambda x: scaled(3.0, x), (_x,), label="writes into its argument"),
]
