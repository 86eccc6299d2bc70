"""Products in which zeros win: values, dtypes and who evaluates them. Derivatives are tested in test_numerics."""

from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import TracedArray, apply
from dualtape.bare import CarefulArray, bare
from dualtape.ops.zero_wins import Careful, zero_wins
from dualtape.primitive import PRIMITIVES

INF = np.inf


def product(of: str, *operands: Any, winner: int | None = 0, **settings: Any) -> Any:
    """The product of operands in which zeros win."""
    return apply(zero_wins, operands, {"of": PRIMITIVES[of], "settings": settings, "winner": winner})


@pytest.mark.parametrize("of", ["multiply", "matmul", "vecdot", "dot"])
def test_finite_operands_give_numpys_own_result(of: str) -> None:
    x, y = np.array([0.1, 0.2, 0.0]), np.array([0.3, -0.7, 11.0])
    found = product(of, x, y, **({"left": (-1,), "right": (-1,)} if of == "dot" else {}))
    expected = getattr(np, of)(x, y)
    np.testing.assert_array_equal(found, expected)
    assert type(found) is type(expected)


def test_weak_numbers_stay_weak() -> None:
    assert product("multiply", np.zeros(2, "f4"), INF).dtype == np.float32
    assert product("multiply", np.float32(0), INF) == 0.0
    assert type(product("multiply", np.float32(0), INF)) is np.float32
    assert product("matmul", np.zeros((1, 2), "f4"), np.full((2, 1), INF, "f4")).dtype == np.float32


def test_traced_operands_are_evaluated_by_their_tape(mode: str) -> None:
    x = dt.Variable([0.0, 1.0])
    with dt.GradientTape(mode) as tape:
        y = product("multiply", x, np.array([INF, 2.0]))
        assert isinstance(y, TracedArray)
    np.testing.assert_array_equal(np.asarray(y), [0.0, 2.0])
    assert tape.gradient(y, x)[1] == 2.0


def test_handles_combine_with_plain_arrays_and_each_other() -> None:
    careful = Careful()
    t: Any = careful.wrap(np.array([0.0, 1.0, 2.0]))
    assert type(t * 2.0) is CarefulArray
    np.testing.assert_array_equal(bare(t * np.array([INF, 2.0, 3.0])), [0.0, 2.0, 6.0])
    np.testing.assert_array_equal(bare(np.array([INF, 2.0, 3.0]) * t), [0.0, 2.0, 6.0])
    np.testing.assert_array_equal(bare(t / np.array([0.0, 2.0, 4.0])), [0.0, 0.5, 0.5])
    np.testing.assert_array_equal(bare(t[::-1] + t), [2.0, 2.0, 2.0])
    np.testing.assert_array_equal(bare(np.sum(t)), 3.0)
    assert (t == 0.0).tolist() == [True, False, False]
    assert not isinstance(np.isfinite(t), TracedArray)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_partial_of_truth_values_selects() -> None:
    t: Any = Careful().wrap(np.array([INF, 1.0]))
    np.testing.assert_array_equal(bare(t * np.array([False, True])), [0.0, 1.0])
    assert np.isnan(bare(t * np.array([0.0, 1.0]))[0])


def test_handles_are_written_into_like_arrays() -> None:
    t: Any = Careful().wrap(np.zeros(3))
    view = t[1:]
    view[0] = 5.0
    t[2] += 1.0
    np.testing.assert_array_equal(bare(t), [0.0, 5.0, 1.0])
    np.testing.assert_array_equal(bare(view), [5.0, 1.0])
