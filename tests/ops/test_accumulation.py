"""What the cross-check can't see of running forms: errors, `out=`, and agreement with the loop that they stand for."""

from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.errors import NoRuleError, TracedConversionError

X = np.array([[1.0, 4.0, 2.0], [3.0, -1.0, 0.5]])


def gradient(mode: str, f: Any, x: Any) -> Any:
    w = dt.Variable(x)
    with dt.GradientTape(mode) as tape:
        y = f(w)
    return tape.gradient(y, w)


def traced(mode: str, f: Any, x: Any = X) -> Any:
    """The plain value of a traced call."""
    w = dt.Variable(x)
    with dt.GradientTape(mode):
        return f(w).primal


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.cumsum(x, axis=2),
        lambda x: np.cumsum(x, axis=(0, 1)),
        lambda x: np.cumprod(x, axis=1.0),
        lambda x: np.add.accumulate(x, axis=None),
        lambda x: np.add.accumulate(x[0, 0]),
        lambda x: np.maximum.accumulate(x[0, 0]),
        lambda x: np.maximum.accumulate(x, axis=2),
        np.cumulative_sum,
        lambda x: np.cumulative_prod(x, axis=2),
    ],
)
def test_errors_are_numpys(mode: str, call: Any) -> None:
    with pytest.raises(Exception) as expected:
        call(X)
    with pytest.raises(type(expected.value)) as found:
        traced(mode, call)
    assert str(found.value) == str(expected.value)


def test_what_is_refused(mode: str) -> None:
    with pytest.raises(NoRuleError, match="floating dtype"):
        traced(mode, lambda x: np.maximum.accumulate(x, dtype=int))
    with pytest.raises(TracedConversionError, match=r"dualtape\.zeros"):
        traced(mode, lambda x: np.cumsum(x, out=np.zeros(6)))


def test_axis_that_numpy_takes_for_one(mode: str) -> None:
    for call in (
        lambda x: np.add.accumulate(x, axis=(1,)), lambda x: np.maximum.accumulate(x, axis=(0,)),
        lambda x: np.multiply.accumulate(x[0], axis=None), lambda x: np.cumulative_sum(x[1]),
        lambda x: np.cumsum(x, axis=np.int64(1)),
    ):  # fmt: skip
        assert (traced(mode, call) == call(X)).all()
        assert gradient(mode, call, X).shape == X.shape


def test_out(mode: str) -> None:
    for f in (np.cumsum, np.cumprod, np.add.accumulate, np.maximum.accumulate, np.logaddexp.accumulate):
        w = dt.Variable(X)
        with dt.GradientTape(mode) as tape:
            out = dt.zeros((2, 3))
            assert f(w, axis=1, out=out) is out
            y = np.sum(out * out)
        assert (out.primal == f(X, axis=1)).all()
        np.testing.assert_allclose(
            tape.gradient(y, w), gradient(mode, lambda x, f=f: np.sum(np.square(f(x, axis=1))), X)
        )


def test_out_decides_the_dtype(mode: str) -> None:
    x = np.random.default_rng(1).normal(size=200).astype(np.float32)
    with dt.GradientTape(mode):
        out = dt.zeros(200)
        np.cumsum(dt.Variable(x) * np.float32(1.0), out=out)
        assert (out.primal == np.cumsum(x, out=np.zeros(200))).all()


def test_include_initial_with_out(mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode) as tape:
        out = dt.zeros((2, 4))
        np.cumulative_prod(w, axis=1, include_initial=True, out=out)
        y = np.sum(out)
    assert (out.primal == np.cumulative_prod(X, axis=1, include_initial=True)).all()
    assert (tape.gradient(y, w) == gradient(mode, lambda x: np.cumprod(x, axis=1), X)).all()


UFUNCS = [np.add, np.subtract, np.multiply, np.divide, np.maximum, np.fmin, np.hypot, np.logaddexp, np.arctan2]


@pytest.mark.parametrize("ufunc", UFUNCS)
def test_like_the_loop(mode: str, ufunc: Any) -> None:
    x = np.random.default_rng(2).normal(size=11)
    weights = np.random.default_rng(3).normal(size=11)

    def loop(x: Any) -> Any:
        results = [x[0]]
        for k in range(1, 11):
            results.append(ufunc(results[-1], x[k]))
        return results

    accumulated = gradient(mode, lambda x: np.sum(ufunc.accumulate(x) * weights), x)
    np.testing.assert_allclose(
        accumulated, gradient(mode, lambda x: sum(w * y for w, y in zip(weights, loop(x), strict=True)), x)
    )
    np.testing.assert_allclose(gradient(mode, ufunc.reduce, x), gradient(mode, lambda x: loop(x)[-1], x))


def test_long_product_with_zeros(mode: str) -> None:
    x = np.linspace(0.9, 1.1, 150)
    x[[50, 100]] = 0.0
    expected = np.zeros(150)
    for i in range(50):
        others = np.where(np.arange(50) == i, 1.0, x[:50])
        expected[i] = np.sum(np.cumprod(others)[i:])
    rest = x[:100].copy()
    rest[50] = 1.0
    expected[50] = np.sum(np.cumprod(rest)[50:])
    np.testing.assert_allclose(gradient(mode, np.cumprod, x), expected, rtol=1e-12)


def test_initial_value_of_none_begins_with_the_first_entry(mode: str) -> None:
    x = np.array([-3.0])
    assert gradient(mode, np.hypot.reduce, x) == [-1.0]  # hypot(0, -3)
    assert gradient(mode, lambda x: np.hypot.reduce(x, initial=None), x) == [1.0]
