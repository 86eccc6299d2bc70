"""The walk: what it may write into."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape_reverse import walk
from dualtape_reverse.rules import linalg


def product(g: Any, p: Any, mine: bool, shape: Any = None, lead: int = 0, spread: bool = False) -> tuple[Any, bool]:
    """Return the product that the walk makes of the entries of `p`, and whether it may write to it."""
    one = walk.Walk(1, [], lead)
    one.spread = spread
    one._times(0, g, p.pop(), mine, shape)
    return one.cotangents[0], bool(one.owned[0])


def test_a_large_temporary_is_written_into() -> None:
    p, g = [np.full(walk.LARGE, 2.0)], np.full(walk.LARGE, 3.0)
    where = p[0].ctypes.data
    found, owned = product(g, p, False)
    assert owned
    assert found.ctypes.data == where
    assert found[0] == 6.0


def test_a_partial_that_something_holds_is_left_alone() -> None:
    p, g = np.full(walk.LARGE, 2.0), np.full(walk.LARGE, 3.0)
    found, owned = product(g, [p], False)
    assert owned
    assert found is not p
    assert found is not g
    assert p[0] == 2.0
    assert product(g, [p], True)[0] is g
    assert product(g, [0.5], True)[0] is g
    assert product(g, [np.array(2.0)], True)[0] is g
    assert g[0] == 6.0
    assert product(g, [np.array(2.0, np.float32)], True)[0] is not g


@pytest.mark.parametrize("value", [1.0, -3.0, 0.0])
@pytest.mark.parametrize("dtype", "fdFD")
def test_one_number_seen_as_a_large_array(value: float, dtype: str) -> None:
    """A loss's cotangent is one number: nothing is multiplied by 1, and nothing that something holds is written."""
    g = np.broadcast_to(np.array(value, dtype), (walk.LARGE, 2))
    p = np.linspace(1.0, 2.0, 2 * walk.LARGE).reshape(walk.LARGE, 2).astype(dtype)
    before, expected = p.copy(), g * p
    found, owned = product(g, [p], False, spread=True)
    assert (found is p) == (value == 1.0)
    assert owned == (value != 1.0)
    assert np.array_equal(found, expected, equal_nan=True)
    found, owned = product(g, [p.copy()], False, spread=True)
    assert owned
    assert np.array_equal(found, expected, equal_nan=True)
    for shape in ((), (2,), (walk.LARGE, 1)):
        found, owned = product(g, [p], False, shape, spread=True)
        axes = {(): None, (2,): 0}.get(shape, 1)
        np.testing.assert_allclose(found, expected.sum(axes).reshape(shape), rtol=1e-4 if dtype in "fF" else 1e-12)
        assert not (owned and np.shares_memory(found, p))
    assert np.array_equal(p, before)


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
@pytest.mark.parametrize("mean", [False, True])
@pytest.mark.parametrize("persistent", [False, True])
def test_large_sums(axis: Any, mean: bool, persistent: bool) -> None:
    """What is summed was made by each kind of record: the rules of all but elementwise ones get whole arrays."""
    n = walk.LARGE // 64
    start = np.linspace(-1.0, 1.0, n * 128).reshape(n, 128)
    matrix = np.linspace(0.0, 1.0, 128 * 96).reshape(128, 96)
    weights = np.linspace(0.5, 2.0, 128)
    x = dt.Variable(start)
    made: dict[str, tuple[Any, Any]] = {
        "x": (lambda: x, np.ones_like(start)),
        "x @ matrix": (lambda: x @ matrix, np.broadcast_to(matrix.sum(1), start.shape)),
        "x[::-1] * 3": (lambda: x[::-1] * 3.0, np.full_like(start, 3.0)),
        "x * weights + x": (lambda: x * weights + x, np.broadcast_to(weights + 1.0, start.shape)),
        "x * x - x": (lambda: x * x - x, 2.0 * start - 1.0),
        "-x": (lambda: -x, -np.ones_like(start)),
        "weights / exp(x)": (lambda: weights / np.exp(x), -weights / np.exp(start)),
        "written": (_written(x), np.where(np.arange(n)[:, None] == 1, 2.0, np.ones_like(start))),
    }
    for name, (function, slope) in made.items():
        with dt.GradientTape("reverse", persistent=persistent) as tape:
            z = function()
            parts = (np.mean if mean else np.sum)(z, axis=axis)
            y = np.sum(parts)
        count = z.size / np.size(parts) if mean else 1.0
        for _ in range(1 + persistent):
            g = tape.gradient(y, x)
            np.testing.assert_allclose(g, slope / count, rtol=1e-12, err_msg=name)
            assert g.flags.writeable
            assert g.flags.owndata
    assert np.array_equal(x.numpy(), start)


def _written(x: Any) -> Any:
    def function() -> Any:
        y = x * 1.0
        y[1] += x[1]
        return y

    return function


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


@pytest.mark.parametrize("size", [3, walk.LARGE])
@pytest.mark.parametrize("persistent", [False, True])
def test_differences(size: int, persistent: bool) -> None:
    """A cotangent is subtracted where it arrives, but from nothing that something else holds."""
    start, weights = np.linspace(-1.0, 1.0, size), np.linspace(0.5, 2.0, size)
    x, b = dt.Variable(start), dt.Variable(np.float64(0.25))
    before = weights.copy()
    with dt.GradientTape("reverse", persistent=persistent) as tape:
        y = x * 1.0
        z = (y - weights) * weights + (weights - y) * 2.0 - (-y) * weights + (y - y) + (b - x)
        parts = np.stack([z, weights - z, -z])
        loss = np.sum(parts * np.array([[1.0], [2.0], [3.0]])) - b
    for _ in range(1 + persistent):
        gz, gx, gb = tape.gradient(loss, [z, x, b]) if persistent else (None, *tape.gradient(loss, [x, b]))
        np.testing.assert_allclose(gx, -4.0 * (2.0 * weights - 3.0), rtol=1e-12)
        np.testing.assert_allclose(gb, -4.0 * size - 1.0, rtol=1e-12)
        if persistent:
            np.testing.assert_allclose(gz, np.full(size, -4.0))
    assert np.array_equal(weights, before)
    assert np.array_equal(x.numpy(), start)


@pytest.mark.parametrize("dtype", "fdFD")
@pytest.mark.parametrize("shape", [(4, 4), (3, 4, 4)])
def test_an_inverse_serves_a_determinant_and_a_system(
    dtype: str, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The matrix of both is inverted once; the derivatives are those of each alone, and nothing is kept."""
    random = np.random.default_rng(0)
    start = (random.normal(size=shape) + 3.0 * np.eye(4)).astype(dtype)
    right = random.normal(size=(4, 2)).astype(dtype)
    if dtype in "FD":
        start = start + 1j * random.normal(size=shape).astype(dtype.lower())
    a, b = dt.Variable(start), dt.Variable(right)

    def of_system() -> Any:
        return np.sum(np.real(np.square(np.linalg.solve(a, b))))

    def of_determinant() -> Any:
        return np.sum(np.linalg.slogdet(a)[1])

    def gradients(*functions: Any) -> Any:
        with dt.GradientTape("reverse") as tape:
            value = sum(function() for function in functions)
        return tape.gradient(value, [a, b])

    tolerance = 1e-4 if dtype in "fF" else 1e-11
    alone = [g + h for g, h in zip(gradients(of_system), gradients(of_determinant), strict=True)]
    solutions: list[Any] = []

    def solved(*args: Any) -> Any:
        solutions.append(linalg.inverse_of(args[0]) @ args[1])
        return solutions[-1]

    monkeypatch.setattr(linalg, "solved", solved)
    for systems, order in enumerate([(of_system, of_determinant), (of_determinant, of_system)]):
        found_here = gradients(*order)
        assert len(solutions) == 2 * systems  # the walk goes backwards: it meets the determinant first, or too late
        for found, expected in zip(found_here, alone, strict=True):
            np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
            assert found.dtype == expected.dtype
        assert not walk.INVERSES
    with dt.GradientTape("reverse", persistent=True) as tape:
        parts = [of_system(), of_determinant()]
        both = np.stack(parts)
    if dtype in "fd":
        rows = [tape.gradient(part, a) for part in parts]
        np.testing.assert_allclose(tape.jacobian(both, a), rows, rtol=tolerance, atol=tolerance)


def test_an_inverse_of_less_precision_serves_no_system() -> None:
    random = np.random.default_rng(1)
    start = random.normal(size=(4, 4)).astype(np.float32) + np.float32(3.0) * np.eye(4, dtype=np.float32)
    a, b = dt.Variable(start), dt.Variable(random.normal(size=4))
    with dt.GradientTape("reverse") as tape:
        loss = np.sum(np.linalg.solve(a, b)) + np.linalg.slogdet(a)[1]
    expected = np.linalg.solve(start.T.astype(np.float64), np.ones(4))
    np.testing.assert_allclose(tape.gradient(loss, b), expected, rtol=1e-13)


def test_a_failing_rule_keeps_no_inverse() -> None:
    a = dt.Variable(np.eye(2))
    with dt.GradientTape("reverse") as tape:
        loss = np.sqrt(np.sum(a)) + np.linalg.slogdet(a)[1]
        record = tape._recording._records[0]
        tape._recording._records[0] = (*record[:2], None, *record[3:])
    with pytest.raises(dt.errors.RuleError):
        tape.gradient(loss, a)
    assert not walk.INVERSES


PAGES = """
import resource
import numpy as np
import dualtape as dt

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def gradient():
    with dt.GradientTape("reverse") as tape:
        loss = np.sum(np.tanh(x) * np.exp(-x * x) + x / (1.0 + x * x))
    return tape.gradient(loss, x)

x = dt.Variable(np.linspace(-1.0, 1.0, 1 << 18))
for _ in range(3):
    gradient()
before = faults()
for _ in range(10):
    gradient()
print((faults() - before) // 10)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other systems' allocators are left as they are")
def test_large_gradients_touch_no_fresh_pages() -> None:
    """What one gradient freed is where the next one's arrays are: an array here has 512 pages."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    done = subprocess.run(
        [sys.executable, "-P", "-c", PAGES], env=environment, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 100
