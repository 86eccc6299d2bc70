"""What the cross-check can't see of reductions: errors, `out=`, methods, masks that change, what a record keeps."""

from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import TracedArray
from dualtape.errors import NoRuleError, TracedConversionError

X = np.array([[1.0, 4.0, 2.0], [3.0, -1.0, 0.5]])
MASK = np.array([True, False, True])


def gradient(mode: str, f: Any, x: Any) -> Any:
    w = dt.Variable(x)
    with dt.GradientTape(mode) as tape:
        y = f(w)
    return tape.gradient(y, w)


def traced(mode: str, f: Any, x: Any = X) -> Any:
    """The plain value of a traced call."""
    w = dt.Variable(x)
    with dt.GradientTape(mode):
        y = f(w)
        return y.primal


# --- errors -------------------------------------------------------------------------------------------------------

WRONG_CALLS: list[Any] = [
    lambda x: np.sum(x, axis=2),
    lambda x: np.sum(x, axis=-3),
    lambda x: np.sum(x, axis=(0, 0)),
    lambda x: np.sum(x, axis=(0, 2)),
    lambda x: np.sum(x, axis=1.0),
    lambda x: np.sum(x, axis=[0]),
    lambda x: np.sum(x, axis=True),
    lambda x: np.sum(x, initial=[1.0]),
    lambda x: np.sum(x, where=np.ones((2, 2), bool)),
    lambda x: np.sum(x, where=np.ones((1, 2, 3), bool)),
    lambda x: np.sum(x, where=np.ones(3)),
    lambda x: np.mean(x, axis=5),
    lambda x: np.mean(x[0, 0], axis=0),
    lambda x: np.var(x, axis=2),
    lambda x: np.var(x, ddof=1, correction=1),
    lambda x: np.max(x[:, :0]),
    lambda x: np.max(x[:, :0], axis=1),
    lambda x: np.min(x[:0], axis=0),
    lambda x: np.max(x, where=MASK),
    lambda x: np.ptp(x[:0]),
    lambda x: np.maximum.reduce(x, axis=3),
    lambda x: np.subtract.reduce(x, axis=(0, 1)),
]


@pytest.mark.parametrize("call", WRONG_CALLS)
def test_errors_are_numpys(mode: str, call: Any) -> None:
    with pytest.raises(Exception) as expected:
        call(X)
    with pytest.raises(type(expected.value)) as found:
        traced(mode, call)
    assert str(found.value) == str(expected.value)


def test_what_is_refused(mode: str) -> None:
    with pytest.raises(NoRuleError, match="ddof"):
        traced(mode, lambda x: np.var(x, ddof=x[0, 0]))
    with pytest.raises(NoRuleError, match="floating dtype"):
        traced(mode, lambda x: np.maximum.reduce(x, dtype=int))
    with pytest.raises(ValueError, match="identity"):
        traced(mode, lambda x: np.subtract.reduce(x, where=MASK))


# --- values -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.complex64, np.complex128])
@pytest.mark.parametrize("shape", [(), (7,), (30, 41), (2, 9000)])
def test_values_are_numpys(dtype: Any, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(size=shape).astype(dtype)
    w = dt.Variable(x)  # outside a tape, an operation evaluates its primitive as inside
    for f in (np.sum, np.mean, np.prod, np.max, np.min, np.var, np.std, np.cumsum, np.ptp):
        for axis in {None, *range(-len(shape), len(shape))}:
            with np.errstate(all="ignore"):
                expected, found = f(x, axis=axis), f(w, axis=axis)
            assert found.dtype == expected.dtype, f
            np.testing.assert_array_equal(found, expected, strict=True)


def test_methods(mode: str) -> None:
    calls: list[Any] = [
        lambda x: x.sum(), lambda x: x.sum(0), lambda x: x.sum(axis=1, keepdims=True, initial=2.0, where=MASK),
        lambda x: x.mean(), lambda x: x.mean((0, 1), keepdims=True), lambda x: x.mean(where=MASK),
        lambda x: x.prod(), lambda x: x.prod(-1, initial=3.0),
        lambda x: x.max(), lambda x: x.max(0, keepdims=True), lambda x: x.max(initial=2.5, where=MASK),
        lambda x: x.min(), lambda x: x.min(1),
        lambda x: x.var(), lambda x: x.var(0, ddof=1), lambda x: x.std(), lambda x: x.std(axis=1, mean=2.0),
        lambda x: x.cumsum(), lambda x: x.cumsum(1), lambda x: x.cumprod(), lambda x: x.cumprod(0),
    ]  # fmt: skip
    for call in calls:
        expected, found = call(X), traced(mode, call)
        assert np.asarray(found).tobytes() == np.asarray(expected).tobytes()
        assert found.shape == expected.shape


def test_predicates_are_plain(mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode):
        x = w * 1.0
        assert x.any()
        assert x.all() is np.True_
        assert type(x.all(axis=0)) is np.ndarray
        assert (w > 0.0).all(1).tolist() == [True, False]
        assert x.all(axis=0, keepdims=True, where=MASK).shape == (1, 3)
        out = np.zeros(3, bool)
        assert x.any(0, out) is out
        assert out.all()
    assert w.any()
    assert not (w - w).any()


def test_outside_a_tape_it_is_numpy(mode: str) -> None:
    w = dt.Variable(X)
    out = np.zeros(3)
    assert np.sum(w, axis=0, out=out) is out
    assert out.tolist() == X.sum(axis=0).tolist()
    for result in (np.sum(w), np.mean(w), w.max(), np.add.reduce(w), w.std(axis=0), np.cumsum(w)):
        assert type(result) in {np.float64, np.ndarray}


def test_axis_of_other_integer_types(mode: str) -> None:
    axis = np.array(0)

    def f(x: Any) -> Any:
        y = np.sum(x * np.sum(x, axis=axis)) + np.sum(np.max(x, axis=np.int64(1)) * np.var(x, axis=axis)[:2])
        axis[...] = 1  # the record must not see it
        return y

    found = gradient(mode, f, X)
    axis[...] = 0
    m = np.array([[0, 1.0, 0], [1.0, 0, 0]])
    v = X.var(axis=0)[:2]
    d = (X - X.mean(axis=0)) * ([*X.max(axis=1).tolist(), 0.0])
    np.testing.assert_allclose(found, 2 * X.sum(axis=0) + m * v[:, None] + d)


def test_integer_result_is_plain(mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode):
        assert type(np.sum(w, dtype=int)) is np.int64


def test_warnings_are_numpys(mode: str) -> None:
    with pytest.warns(RuntimeWarning, match="Mean of empty slice"), np.errstate(all="ignore"):
        assert np.isnan(traced(mode, lambda x: np.mean(x[:0])))
    with pytest.warns(RuntimeWarning, match="Degrees of freedom"), np.errstate(all="ignore"):
        assert np.isnan(traced(mode, lambda x: np.var(x[:1, :1], ddof=1)))


# --- gradients ----------------------------------------------------------------------------------------------------


def test_empty_and_0d(mode: str) -> None:
    empty = np.zeros((0, 3))
    for f in (np.sum, np.prod, lambda x: np.sum(x, axis=0), lambda x: np.max(x, initial=1.0), np.cumsum):
        assert gradient(mode, f, empty).shape == (0, 3)
    for f in (np.sum, np.mean, np.prod, np.max, np.min, lambda x: np.sum(x, axis=0), lambda x: np.max(x, axis=-1)):
        found = gradient(mode, f, 2.0)
        assert found.shape == ()
        assert found == 1.0
    assert gradient(mode, np.var, 2.0) == 0.0
    assert gradient(mode, np.std, 2.0) == 0.0
    assert gradient(mode, np.ptp, 2.0) == 0.0


def test_float32_stays(mode: str) -> None:
    x = X.astype(np.float32)
    w = dt.Variable(x)
    for f in (np.sum, np.mean, np.prod, np.max, np.var, np.std, np.cumsum, np.cumprod, np.logaddexp.reduce):
        with dt.GradientTape(mode) as tape:
            y = f(w * np.float32(1.0))
        assert y.dtype == np.float32
        assert tape.gradient(y, w).dtype == np.float32


@pytest.mark.reverse
def test_cotangents_keep_float32() -> None:
    from dualtape.primitive import PRIMITIVES

    x = X.astype(np.float32)
    mask = X < 3.5
    for name in ("sum", "mean", "var", "std", "prod", "max", "min", "logaddexp.reduce"):
        primitive = PRIMITIVES[name]
        rule = primitive.vjp[0]  # type: ignore[index]  # a tuple of rules
        for more in ((), (mask,)) if name not in ("max", "min") else ((),):
            out = primitive.call(x, *more, axis=0)
            kept = x.shape if name in ("sum", "mean") else x
            assert rule(np.ones_like(out), out, kept, *more, axis=0).dtype == np.float32, name


def test_mask_and_initial_of_other_kinds(mode: str) -> None:
    expected = np.broadcast_to(MASK.astype(float), X.shape)
    assert (gradient(mode, lambda x: np.sum(x, where=MASK.tolist()), X) == expected).all()
    assert (gradient(mode, lambda x: np.sum(x, where=x[0] != 4.0), X) == expected).all()
    assert (gradient(mode, lambda x: np.sum(x, where=np.True_), X) == 1.0).all()
    assert (gradient(mode, lambda x: np.sum(x, axis=0, where=np.False_), X) == 0.0).all()
    assert (gradient(mode, lambda x: np.sum(x, initial=None), X) == 1.0).all()
    assert (gradient(mode, lambda x: np.prod(x, initial=None), np.array([2.0, 3.0])) == [3.0, 2.0]).all()
    assert (gradient(mode, lambda x: np.max(x, initial=np.float32(0.1)), X.astype(np.float32)) == (X == 4.0)).all()
    assert (gradient(mode, lambda x: np.max(x, initial=np.float64(9.1)), X.astype(np.float32)) == 0.0).all()
    assert (gradient(mode, lambda x: np.max(x, axis=None, initial=None), X) == (X == 4.0)).all()


def test_masked_entries_do_not_matter(mode: str) -> None:
    x = np.array([[1.0, np.nan, 2.0], [3.0, np.inf, 0.5]])
    for f in (np.sum, np.mean, np.var, np.std, np.prod, lambda x, **k: np.max(x, initial=-9.0, **k)):
        found = gradient(mode, lambda x, f=f: np.sum(f(x, axis=1, where=MASK)), x)
        expected = gradient(mode, lambda x, f=f: np.sum(f(x, axis=1)), x[:, MASK])
        np.testing.assert_array_equal(found[:, MASK], expected)
        assert (found[:, 1] == 0.0).all()


@pytest.mark.reverse
def test_mask_that_changes_later() -> None:
    mask = MASK.copy()
    w = dt.Variable(X)
    with dt.GradientTape("reverse") as tape:
        y = np.sum(w, where=mask) + np.max(w, initial=0.0, where=mask)
    mask[:] = True
    expected = np.broadcast_to(MASK.astype(float), X.shape).copy()
    expected[1, 0] += 1.0
    assert (tape.gradient(y, w) == expected).all()


def test_mean_and_initial_value_of_an_outer_tape(mode: str, outer_mode: str) -> None:
    w, v = dt.Variable(X), dt.Variable(2.0)
    for f in (
        lambda x, m: np.var(x, mean=m), lambda x, m: np.std(x, axis=0, mean=m), lambda x, m: np.sum(x, initial=m * m),
        lambda x, m: np.prod(x, initial=m), lambda x, m: np.max(x, initial=m * 3.0),
        lambda x, m: np.logaddexp.reduce(x, initial=m), lambda x, m: np.hypot.reduce(x, initial=m),
    ):  # fmt: skip
        with dt.GradientTape(outer_mode, watch_accessed_variables=False) as outer:
            outer.watch(v)
            with dt.GradientTape(mode, watch_accessed_variables=False) as tape:
                tape.watch(w)
                y = f(w, v * 1.0)
            g = np.sum(tape.gradient(y, w) * X)
        found = outer.gradient(g, v, unconnected_gradients="zero") if isinstance(g, TracedArray) else 0.0
        h = 1e-6

        def plain_gradient(m: float, f: Any = f) -> Any:
            return np.sum(gradient(mode, lambda x: f(x, m), X) * X)

        assert found == pytest.approx((plain_gradient(2.0 + h) - plain_gradient(2.0 - h)) / (2 * h), abs=1e-6)


def test_logaddexp_of_large_values(mode: str) -> None:
    x = np.array([1000.0, 1001.0, -1e6])
    found = gradient(mode, np.logaddexp.reduce, x)
    np.testing.assert_allclose(found, [1 / (1 + np.e), np.e / (1 + np.e), 0.0], rtol=1e-13)


def test_product_of_many(mode: str) -> None:
    x = np.linspace(0.5, 1.5, 127)
    x[100] = 0.0
    expected = np.zeros(127)
    expected[100] = np.prod(np.delete(x, 100))
    np.testing.assert_allclose(gradient(mode, np.prod, x), expected, rtol=1e-12)


# --- out ----------------------------------------------------------------------------------------------------------


def test_out(mode: str) -> None:
    w = dt.Variable(X)
    calls: list[Any] = [
        np.sum, np.mean, np.prod, np.max, np.min, np.var, np.std, np.ptp, np.add.reduce, np.maximum.reduce,
        np.hypot.reduce, lambda x, axis, out: x.sum(axis, None, out), lambda x, axis, out: x.max(axis, out),
    ]  # fmt: skip
    for f in calls:
        with dt.GradientTape(mode) as tape:
            out = dt.zeros(3)
            assert f(w, axis=0, out=out) is out
            y = np.sum(out * out)
        value = f(X, 0, out=np.zeros(3))
        np.testing.assert_array_equal(out.primal, value)
        with dt.GradientTape(mode) as direct:
            z = np.sum(np.square(f(w, axis=0, out=dt.zeros(3))))
        np.testing.assert_allclose(tape.gradient(y, w), direct.gradient(z, w))


def test_out_decides_the_dtype(mode: str) -> None:
    x = np.random.default_rng(1).normal(size=200).astype(np.float32)
    for f in (np.sum, np.mean, np.add.reduce):
        w = dt.Variable(x)
        with dt.GradientTape(mode) as tape:
            out = dt.zeros(())
            y = f(w, out=out) * 1.0
        assert y.primal == f(x, out=np.zeros(()))
        assert tape.gradient(y, w).dtype == np.float32


def test_wrong_out(mode: str) -> None:
    with pytest.raises(TracedConversionError, match=r"dualtape\.zeros"):
        traced(mode, lambda x: np.sum(x, axis=0, out=np.zeros(3)))
    with pytest.raises(ValueError, match="shape"):
        traced(mode, lambda x: np.sum(x, axis=0, out=dt.zeros(2)))
    with pytest.raises(TypeError, match="cast"):
        traced(mode, lambda x: np.max(x, axis=0, out=dt.zeros(3, int)))


def test_result_shares_no_memory(mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode) as tape:
        x = w * 1.0
        for y in (
            np.sum(x, axis=()),
            np.max(x, axis=()),
            np.mean(x, axis=()),
            np.cumsum(x[:1], axis=0),
            np.prod(x, axis=()),
        ):
            y[...] = 7.0
        z = np.sum(x)
    assert z.primal == X.sum()
    assert (tape.gradient(z, w) == 1.0).all()
