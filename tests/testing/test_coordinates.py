"""Real coordinates."""

import numpy as np
import pytest

import dualtape as dt
from dualtape.testing.coordinates import dimension, from_real, leaves, to_real


def test_complex_entries_are_two_coordinates() -> None:
    stacks = [np.array([[1.0, 2.0]]), np.array([[3.0 + 4.0j, 5.0 + 6.0j]])]
    assert to_real(stacks).tolist() == [[1.0, 2.0, 3.0, 5.0, 4.0, 6.0]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,), (2, 0)])
def test_there_and_back(dtype: type, shape: tuple[int, ...]) -> None:
    arrays = [np.zeros(shape, dtype), np.zeros(2)]
    rows = np.arange(3.0 * dimension(arrays)).reshape(3, -1)
    stacks = from_real(rows, arrays)
    assert [(s.shape, s.dtype) for s in stacks] == [((3, *shape), np.dtype(dtype)), ((3, 2), np.dtype(float))]
    assert np.array_equal(to_real(stacks), rows)


def test_leaves_are_what_can_carry_a_derivative() -> None:
    x = np.ones(2)
    assert [leaf is x for leaf in leaves([x, (np.arange(3), x), np.array([True])])] == [True, True]
    assert [type(leaf) for leaf in leaves(2.0)] == [np.ndarray]


def test_leaves_of_traced_lists(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        found = leaves([w * w, (np.sin(w), 3)])
    assert len(found) == 2
    assert np.allclose(tape.gradient(found, w), [2.0 + np.cos(1.0), 4.0 + np.cos(2.0)])
