"""The walk: what it may write into."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape_reverse import walk


def test_a_large_temporary_is_written_into() -> None:
    p, g = np.full(walk.LARGE, 2.0), np.full(walk.LARGE, 3.0)
    product = walk._times(g, p, True)
    assert product is p
    assert product[0] == 6.0


def test_a_partial_that_something_holds_is_left_alone() -> None:
    p, g = np.full(walk.LARGE, 2.0), np.full(walk.LARGE, 3.0)
    held = [p]
    product = walk._times(g, p, False)
    assert product is not p
    assert product is not g
    assert held[0][0] == 2.0
    assert walk._times(g, p, True) is g
    assert walk._times(g, 0.5, True) is g
    assert g[0] == 3.0


@pytest.mark.parametrize(("shape", "axes"), [((30, 400, 3), (1,)), ((4, 50, 50, 3), (1, 2)), ((9000, 2), (0,))])
@pytest.mark.parametrize("dtype", "fdFD")
def test_sums_by_a_product(shape: tuple[int, ...], axes: tuple[int, ...], dtype: str) -> None:
    g = np.cos(np.arange(np.prod(shape))).reshape(shape).astype(dtype)
    for x in (g, np.asfortranarray(g)):
        found = walk._summed(x, axes)
        assert found.dtype == g.dtype
        np.testing.assert_allclose(found, g.sum(axes), rtol=0, atol=float(np.finfo(dtype).eps) * 9000)


@pytest.mark.parametrize("persistent", [False, True])
def test_records_are_let_go_of_behind_the_walk(persistent: bool) -> None:
    x = dt.Variable(np.ones(100))
    tape = dt.GradientTape("reverse", persistent=persistent)
    held: list[int] = []

    def pulled(res: None, g: Any) -> tuple[Any]:
        held.append(len(records))
        return (g,)

    counted = dt.custom_vjp(lambda x: x * 1.0)
    counted.defvjp(lambda x: (x * 1.0, None), pulled)
    with tape:
        y = x * 2.0
        for _ in range(3):
            y = counted(y * 3.0)
    records = tape._recording._records  # type: ignore[union-attr]  # it has recorded
    np.testing.assert_allclose(tape.gradient(y, x), 2.0 * 3.0**3)
    assert held == ([7, 7, 7] if persistent else [6, 4, 2])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_arrays_have_the_same_gradient_twice(dtype: type[np.floating]) -> None:
    """What records keep (operands, outputs, constants) is never written, or the second walk would differ."""
    start = np.linspace(0.5, 1.0, 2 * walk.LARGE, dtype=dtype)
    factor = np.linspace(1.0, 2.0, 2 * walk.LARGE, dtype=dtype)
    before = factor.copy()
    x = dt.Variable(start)
    with dt.GradientTape("reverse", persistent=True) as tape:
        y = np.tanh(x) * factor * np.exp(x) / x + x * x + np.maximum(x, factor)
    first, second = tape.gradient(y, x), tape.gradient(y, x)
    t, e = np.tanh(start), np.exp(start)
    expected = factor * ((1 - t * t) * e / start + t * e / start - t * e / start**2) + 2 * start
    expected += np.where(start == factor, 0.5, start > factor)
    assert np.array_equal(first, second)
    assert first.dtype == dtype
    np.testing.assert_allclose(first, expected, rtol=1e-4 if dtype is np.float32 else 1e-12)
    assert np.array_equal(factor, before)
