"""stop_gradient: a value that no tape follows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.errors import UnrecordedTargetError

X = np.array([0.3, -1.2, 0.8])


def test_a_factor_is_a_constant(mode: str) -> None:
    x = dt.Variable(X)
    with dt.GradientTape(mode) as tape:
        y = np.sum(np.sin(x) * dt.stop_gradient(np.cos(x)))
    np.testing.assert_allclose(tape.gradient(y, x), np.cos(X) ** 2)


def test_it_stops_at_every_level(mode: str, outer_mode: str) -> None:
    x = dt.Variable(X)
    with dt.GradientTape(outer_mode) as outer:
        with dt.GradientTape(mode) as tape:
            stopped = dt.stop_gradient(x * x)
            y = np.sum(x**3 * stopped)
        g = tape.gradient(y, x)
        total = np.sum(g)
    assert type(stopped) is np.ndarray
    np.testing.assert_allclose(g, 3 * X**4)
    np.testing.assert_allclose(outer.gradient(total, x), 6 * X**3)


def test_in_transforms() -> None:
    f = lambda x: np.sum(x * dt.stop_gradient(x))  # noqa: E731
    np.testing.assert_allclose(dt.grad(f)(X), X)
    np.testing.assert_allclose(dt.hessian(f)(X), np.zeros((3, 3)))


@dataclass
class Pair:
    a: Any
    b: Any


def test_containers_keep_their_structure(mode: str) -> None:
    x = dt.Variable(X)
    with dt.GradientTape(mode):
        tree = dt.stop_gradient({"a": [x, x * 2.0], "b": (3, "text", None), "c": Pair(x[0], X)})
    assert type(tree["a"][0]) is type(tree["a"][1]) is np.ndarray
    assert tree["b"] == (3, "text", None)
    assert type(tree["c"]) is Pair
    assert type(tree["c"].a) is np.float64
    assert tree["c"].b is X


def test_the_copy_is_the_callers(mode: str) -> None:
    x = dt.Variable(X)
    with dt.GradientTape(mode) as tape:
        y = np.sin(x)
        z = np.sum(np.exp(y))
        stopped = dt.stop_gradient(y)
        stopped[:] = 100.0
    np.testing.assert_allclose(tape.gradient(z, x), np.exp(np.sin(X)) * np.cos(X))
    stopped = dt.stop_gradient(x)
    stopped[0] = 7.0
    np.testing.assert_array_equal(x.numpy(), X)


def test_what_is_not_traced(mode: str) -> None:
    assert dt.stop_gradient(X) is X
    assert dt.stop_gradient(2.0) == 2.0
    assert type(dt.stop_gradient(dt.DualArray(2.0, 1.0))) is np.float64
    x = dt.Variable(X)
    with dt.GradientTape(mode):
        y = x * 2.0
        listed = np.array([y[0], y[1]])
        filled = dt.zeros(2)
        filled[0] = y[0]
        assert type(dt.stop_gradient(filled)) is np.ndarray
        np.testing.assert_array_equal(dt.stop_gradient(listed), [0.6, -2.4])
        assert dt.stop_gradient(listed).dtype == np.float64
    assert type(dt.stop_gradient(y)) is np.ndarray


def test_a_stopped_target_is_no_target(mode: str) -> None:
    x = dt.Variable(X)
    with dt.GradientTape(mode) as tape:
        y = dt.stop_gradient(np.sum(x))
    with pytest.raises(UnrecordedTargetError):
        tape.gradient(y, x)
