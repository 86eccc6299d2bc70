"""Comparisons: how large a difference is, and what is said of it."""

import numpy as np
import pytest

from dualtape.testing.comparison import Comparison, labels, relative_difference


def test_differences_are_relative_to_one_plus_the_magnitude() -> None:
    found = relative_difference(np.array([1.1, 110.0, 0.1]), np.array([1.0, 100.0, 0.0]))
    assert np.allclose(found, [0.05, 10 / 101, 0.1])


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_not_finite(value: float) -> None:
    assert relative_difference(np.array([value]), np.array([value])) == 0.0
    for other in (0.0, np.inf, -np.inf, np.nan):
        if str(other) != str(value):
            comparison = Comparison()
            comparison.compare("c", {"a": np.array([value]), "b": np.array([other])}, 1.0)
            assert comparison.failures, (value, other)


def test_largest_difference_is_kept() -> None:
    comparison = Comparison()
    for difference in (0.1, 0.3, 0.2):
        comparison.compare("c", {"a": np.array([difference]), "b": np.zeros(1)}, 1.0)
    assert comparison.differences == {"c": 0.3}
    assert comparison.failures == []


def test_each_is_compared_with_the_last() -> None:
    comparison = Comparison()
    values = {"a": np.ones(2), "b": np.zeros(2), "last": np.array([1.0, 0.0])}
    comparison.compare("c", values, 0.1, lambda at: f"entry {at}")
    (message,) = comparison.failures
    assert message == (
        "c: 2 of 2 entries differ by more than 1e-01\n"
        "  entry (1,): a 1, b 0, last 0 (difference 1.0e+00)\n"
        "  entry (0,): a 1, b 0, last 1 (difference 5.0e-01)"
    )


def test_shapes_that_differ() -> None:
    comparison = Comparison()
    comparison.compare("c", {"a": np.ones(2), "b": np.ones(3)}, 0.1)
    assert comparison.failures == ["c: shapes differ: a (2,), b (3,)"]


def test_labels() -> None:
    assert labels("x", [np.zeros(2)]) == ["x[0]", "x[1]"]
    assert labels("x", [np.zeros(()), np.zeros((1, 1), complex)]) == ["x 0", "re x 1[0, 0]", "im x 1[0, 0]"]
