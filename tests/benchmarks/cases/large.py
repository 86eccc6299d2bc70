"""Large: arithmetic and memory are what costs."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.case import Case, Result

from .middle import mlp


def cases(tiny: bool) -> list[Case]:
    """Return the large cases."""
    if tiny:
        return [elementwise(5), solve(3), convolution(2, 2, 3, 4), mlp(6, 4, 3, "MLP, batch 4096", "large")]
    return [
        elementwise(1_000_000),
        solve(1000),
        convolution(16, 8, 16, 32),
        mlp(4096, 256, 128, "MLP, batch 4096", "large"),
    ]


def elementwise(n: int) -> Case:
    """A sum of tanh(x) * exp(-x*x) + x / (1 + x*x)."""
    x = np.random.default_rng(7).normal(size=n)

    def function(xp: Any, x: Any) -> Any:
        return xp.sum(xp.tanh(x) * xp.exp(-x * x) + x / (1.0 + x * x))

    def by_hand(x: Any) -> Result:
        square = x * x
        bell, step = np.exp(-square), np.tanh(x)
        below = 1.0 / (1.0 + square)
        value = np.sum(step * bell + x * below)
        slope = 1.0 - step * step
        step *= x
        step *= 2.0
        slope -= step
        slope *= bell
        np.subtract(1.0, square, out=square)
        square *= below
        square *= below
        slope += square
        return value, [slope]

    return Case(f"elementwise, {n:.0e} elements".replace("e+0", "e"), "large", function, (x,), by_hand=by_hand)


def solve(n: int) -> Case:
    """A linear system's solution, and the logarithm of its determinant."""
    rng = np.random.default_rng(8)
    a, b = rng.normal(size=(n, n)) + n**0.5 * 2.0 * np.eye(n), rng.normal(size=n)

    def function(xp: Any, a: Any, b: Any) -> Any:
        return xp.sum(xp.square(xp.solve(a, b))) + xp.logdet(a)

    return Case(
        f"solve and logdet, {n}x{n}", "large", function, (a, b), without={"mygrad": "no solve and no determinant"}
    )


def convolution(images: int, channels: int, features: int, size: int) -> Case:
    """A convolution with kernels of 3x3, as an einsum of shifted images."""
    rng = np.random.default_rng(9)
    x = rng.normal(size=(images, size + 2, size + 2, channels))
    kernel = rng.normal(size=(9, channels, features)) * 0.1

    def function(xp: Any, x: Any, kernel: Any) -> Any:
        patches = xp.stack([x[:, i : i + size, j : j + size] for i in range(3) for j in range(3)], axis=3)
        return xp.sum(xp.square(xp.einsum("nhwpc,pco->nhwo", patches, kernel)))

    return Case(f"convolution, {images}x{size}x{size}x{channels}", "large", function, (x, kernel))
