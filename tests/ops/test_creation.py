"""Arrays that may come to hold traced values, `like=`, the bridge of object arrays, and conversions."""

import copy
import io
import math
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import TracedArray, plain
from dualtape.errors import ObjectArrayWarning, TracedConversionError
from dualtape.testing import check_gradients

V = np.array([3.0, -1.0, 2.0, 0.5])
M = np.linspace(-1.0, 2.0, 6).reshape(2, 3)


def gradient(mode: str, f: Any, x: Any) -> Any:
    w = dt.Variable(x)
    with dt.GradientTape(mode) as tape:
        y = f(w)
    return tape.gradient(y, w)


# --- arrays to fill -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda _x: dt.zeros(2), np.zeros(2)),
        (lambda _x: dt.zeros((1, 2), np.float32), np.zeros((1, 2), "f")),
        (lambda _x: dt.ones(2, complex), np.ones(2, complex)),
        (lambda _x: dt.full(2, 7), np.full(2, 7)),
        (lambda _x: dt.full((2, 2), [1.0, 2.0]), np.full((2, 2), [1.0, 2.0])),
        (lambda x: np.zeros(2, like=x), np.zeros(2)),
        (lambda x: np.ones((2, 2), "f", like=x), np.ones((2, 2), "f")),
        (lambda x: np.full(2, 7.0, like=x), np.full(2, 7.0)),
        (lambda x: np.eye(2, like=x), np.eye(2)),
        (lambda x: np.identity(2, like=x), np.identity(2)),
        (lambda x: np.tri(2, like=x), np.tri(2)),
        (lambda x: np.arange(2.0, like=x), np.arange(2.0)),
        (lambda x: np.array([1.0, 2.0], like=x), np.array([1.0, 2.0])),
        (lambda x: np.asarray([[1.0]], "f", like=x), np.array([[1.0]], "f")),
        (lambda x: np.fromfunction(lambda i: i * 0.5, (2,), like=x), np.array([0.0, 0.5])),
        (lambda x: np.frombuffer(np.ones(2).tobytes(), like=x), np.ones(2)),
        (np.zeros_like, np.zeros(4)),
        (lambda x: np.ones_like(x, "f", shape=(2,)), np.ones(2, "f")),
        (lambda x: np.full_like(x, 7), np.full(4, 7.0)),
    ],
)
def test_arrays_to_fill(mode: str, make: Any, expected: Any) -> None:
    w = dt.Variable(V)
    with dt.GradientTape(mode) as tape:
        x = make(w * 1.0)
        assert (x.shape, x.dtype) == (expected.shape, expected.dtype)
        assert np.array_equal(plain(x), expected)
        if x.dtype.kind not in "fc":
            return
        x[..., 0] = w[1] * w[1]
        x[..., 0] *= 2.0
        loss = np.sum(np.real(x))
    assert np.allclose(tape.gradient(loss, w), [0, -4.0 * x[..., 0].size, 0, 0])


@pytest.mark.parametrize(
    "make", [dt.empty, lambda n: np.empty(n, like=dt.constant(V)), lambda n: np.empty_like(dt.zeros(n))]
)
def test_empty(mode: str, make: Any) -> None:
    w = dt.Variable(V)
    with dt.GradientTape(mode) as tape:
        x = make(4)
        x[:2] = w[2:]
        x[2:] = 1.0
    assert np.array_equal(tape.gradient(x, w), [0, 0, 1, 1])


@pytest.mark.parametrize(
    "make",
    [
        lambda x: np.zeros_like(x, int),
        lambda x: np.full_like(x, 1, bool),
        lambda x: np.zeros(2, int, like=x),
        lambda x: np.array([1, 2], like=x),
        lambda x: np.arange(3, like=x),
    ],
)
def test_integers_stay_plain(mode: str, make: Any) -> None:
    with dt.GradientTape(mode):
        assert type(make(dt.constant(V))) is np.ndarray


def test_like_of_a_variable_outside_a_tape_is_plain() -> None:
    assert type(np.zeros_like(dt.Variable(V))) is np.ndarray
    assert type(np.full_like(dt.Variable(V), 1.0)) is np.ndarray


def test_traced_fill_values(mode: str) -> None:
    for full in (
        lambda x: dt.full((2, 4), x),
        lambda x: np.full((2, 4), x, like=x),
        lambda x: np.full_like(np.stack([x, x]), x),
        lambda x: np.full_like(dt.zeros((2, 4)), x),
    ):
        assert np.array_equal(gradient(mode, full, V), np.full(4, 2.0))
    with dt.GradientTape(mode), pytest.raises(TracedConversionError, match=r"dualtape\.zeros"):
        np.full_like(np.zeros(4), dt.Variable(2.0))


def test_an_array_to_fill_is_plain_to_everything_until_it_is_written(mode: str) -> None:
    w = dt.Variable(V)
    with dt.GradientTape(mode):
        x = dt.zeros(4)
        assert np.asarray(x).dtype == float
        assert float(x[0]) == 0.0
        y = x.copy()
        y[0] = w[0]
        assert np.array_equal(plain(y), [3, 0, 0, 0])
        assert np.array_equal(x, np.zeros(4))


# --- like= of conversions -----------------------------------------------------------------------------------------


def test_conversions_with_like(mode: str) -> None:
    w = dt.Variable(V)
    with dt.GradientTape(mode) as tape:
        x = w * 1.0
        assert np.asarray(x, like=x) is x
        assert np.array(x, like=x) is not x
        assert np.asarray(x, np.float32, like=x).dtype == np.float32
        assert np.array(x, ndmin=2, like=x).shape == (1, 4)
        assert np.ascontiguousarray(x[0], like=x).shape == (1,)
        assert plain(np.array(M, order="F", like=x)).flags.f_contiguous
        assert plain(np.asfortranarray(np.stack([x, x]), like=x)).flags.f_contiguous
        y = np.array([[x[0], 1.0], [x[1] * x[2], 2]], like=x)
        assert isinstance(y, TracedArray)
        loss = np.sum(y * np.require(x[:2], like=x))
        copied = np.array(x, like=x)
        x[...] = 0.0
        loss = loss + np.sum(copied)
    # the sum is x0 x0 + x1 + x1 x2 x0 + 2 x1, and the sum of x
    assert np.allclose(tape.gradient(loss, w), [6 - 2 + 1, 3 + 6 + 1, -3 + 1, 1])


# --- the bridge ---------------------------------------------------------------------------------------------------

BRIDGED: dict[str, Any] = {
    "array": lambda a, b: np.array([b, -np.sin(a)]) * a,
    "array of arrays": lambda a, b: np.array([[a, b], [b, 2]]) @ np.stack([a, b]),
    "asarray": lambda a, b: np.asarray([a, b * b]) + a,
    "r_": lambda a, b: np.r_[a, 2.0, b] * a,
    "append": lambda a, b: np.append([a], [b, b * a]) * b,
    "append to a list of numbers": lambda a, b: np.append([1.0, 2.0], a) * b,
    "sum": lambda a, b: np.sum([a, b, a]),
    "prod": lambda a, b: np.prod([a, b, a]),
    "max": lambda a, b: np.max([a, b * 10.0]) * a,
    "dot": lambda a, b: np.dot([a, b], [b, 1.0]),
    "norm": lambda a, b: np.linalg.norm([a, b]),
    "object loops": lambda a, b: np.sqrt(np.abs(np.array([a, b]))) * np.exp(np.array([a, b])) / a,
    "binary object loops": lambda a, b: np.arctan2(np.array([a, b]), np.array([b, a])) * np.hypot([a], [b])[0],
    "operators of object arrays": lambda a, b: (2.0 * np.array([a, b]) ** 2 - np.array([b, a]) / 3.0) * a,
    "conjugate": lambda a, b: np.conjugate(np.array([a, b])) * a,
    "full": lambda a, b: np.full((2, 2), a) * b,
    "list of rows": lambda a, b: np.array([np.array([a, b]), np.array([b, 1.0])]) * a,
    "stored in an object array": lambda a, b: np.array([a, b], dtype=object) * np.stack([b, a]),
    "vectorize": lambda a, b: np.vectorize(lambda t: t * t)(np.stack([a, b])) * a,
}


@pytest.mark.parametrize("call", BRIDGED)
def test_lists_of_traced_values(mode: str, outer_mode: str, call: str) -> None:
    f = BRIDGED[call]
    a, b = 1.25, 0.75
    w = dt.Variable([a, b])
    with dt.GradientTape(outer_mode) as outer:
        with dt.GradientTape(mode) as inner:
            y = f(w[0], w[1])
            total = np.sum(y * np.cos(y))
        g = inner.gradient(total, w)
        s = np.sum(g * g)
    assert np.allclose(plain(total), loss(f, a, b))
    step = 1e-4
    numerical = [
        (loss(f, a + step, b) - loss(f, a - step, b)) / (2 * step),
        (loss(f, a, b + step) - loss(f, a, b - step)) / (2 * step),
    ]
    assert np.allclose(plain(g), numerical, rtol=1e-5, atol=1e-6)
    h = outer.gradient(s, w)
    numerical_second = [
        (slope(f, a + step, b) - slope(f, a - step, b)) / (2 * step),
        (slope(f, a, b + step) - slope(f, a, b - step)) / (2 * step),
    ]
    assert np.allclose(h, numerical_second, rtol=1e-3, atol=1e-4)


def slope(f: Any, a: float, b: float, step: float = 1e-4) -> float:
    """The square of the length of the gradient."""
    along_a = (loss(f, a + step, b) - loss(f, a - step, b)) / (2 * step)
    along_b = (loss(f, a, b + step) - loss(f, a, b - step)) / (2 * step)
    return along_a**2 + along_b**2


def loss(f: Any, a: float, b: float) -> float:
    y = np.asarray(f(np.float64(a), np.float64(b)), float)
    return float(np.sum(y * np.cos(y)))


def test_elements_of_an_object_array_are_handles(mode: str) -> None:
    w = dt.Variable(M)
    with dt.GradientTape(mode) as tape:
        array = np.asarray(w * 2.0)
        assert array.dtype == object
        assert array.shape == (2, 3)
        assert all(isinstance(x, TracedArray) for x in array.flat)
        y = array[1, 2] * array[0, 0]
    assert np.allclose(tape.gradient(y, w), [[4 * M[1, 2], 0, 0], [0, 0, 4 * M[0, 0]]])


def test_a_transform_of_many_lists_goes_through(mode: str) -> None:
    def rhs(y: Any) -> Any:
        return np.array([y[1], -np.sin(y[0])])

    w = dt.Variable([0.5, 0.0])
    with dt.GradientTape(mode) as tape:
        y: Any = w
        for _ in range(10):
            y = y + 0.1 * rhs(y + 0.05 * rhs(y))
        end = y[0]
    g = tape.gradient(end, w)

    def solve(y: Any) -> Any:
        for _ in range(10):
            y = y + 0.1 * rhs(y + 0.05 * rhs(y))
        return y[0]

    start, steps = np.array([0.5, 0.0]), np.eye(2) * 1e-6
    assert np.allclose(g, [(solve(start + s) - solve(start - s)) / 2e-6 for s in steps])


def test_what_is_no_number_can_not_be_stacked(mode: str) -> None:
    w = dt.Variable(V)
    with dt.GradientTape(mode):
        for other in (None, "text", {}):
            array = np.array([w[0], other], dtype=object)
            with pytest.raises((TracedConversionError, TypeError)):
                np.multiply(array, w[:2] * 1.0)


@pytest.mark.parametrize("call", [np.mean, np.std, np.var])
def test_moments_of_a_list_name_stack(mode: str, call: Any) -> None:
    w = dt.Variable(V)
    with dt.GradientTape(mode):
        with pytest.raises(TracedConversionError, match=r"np\.stack"):
            call([w[0], w[1]])
        assert np.isfinite(plain(call(np.stack([w[0], w[1]]))))


def test_a_large_expansion_warns(mode: str) -> None:
    w = dt.Variable(2.0)
    with dt.GradientTape(mode):
        x = w * np.ones(5000)
        with pytest.warns(ObjectArrayWarning, match="5000 entries"):
            np.asarray(x)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            np.array([w] * 5000)


# --- conversions --------------------------------------------------------------------------------------------------

LOSSY: dict[str, Any] = {
    "float": float,
    "complex": complex,
    "math": math.sin,
    "percent": lambda x: "%.3f" % x,  # noqa: UP031  # that is what is tested
    "asarray with a dtype": lambda x: np.asarray(x, dtype=float),
    "array with a dtype": lambda x: np.array([x], dtype=np.float64),
    "item": lambda x: x.item(),
    "tobytes": lambda x: x.tobytes(),
    "pickle": pickle.dumps,
    "fromiter": lambda x: np.fromiter([x], float),
    "a row": lambda x: np.zeros(1).__setitem__(slice(None), x),
}


@pytest.mark.parametrize("convert", LOSSY)
def test_conversions_that_would_lose_the_derivative(mode: str, convert: str) -> None:
    w = dt.Variable(0.5)
    with dt.GradientTape(mode) as tape:
        y = w * w
        with pytest.raises((TracedConversionError, ValueError)) as info:
            LOSSY[convert](y)
        error = info.value if isinstance(info.value, TracedConversionError) else info.value.__cause__
        assert isinstance(error, TracedConversionError)
        assert "would lose" in str(error)
    LOSSY[convert](y)  # after the block it is a plain value
    assert tape.gradient(y, w) == 1.0
    LOSSY[convert](y)


@pytest.mark.parametrize(
    ("convert", "remedy"),
    [
        (math.sin, "np.sin"),
        (float, "x.primal"),
        (lambda x: "%.3f" % x, r"\{x:\.3f\}"),  # noqa: UP031
        (lambda x: x.item(), r"x\[\(\)\]"),
        (lambda x: np.asarray(x, float), "x.astype"),
        (pickle.dumps, "x.primal"),
    ],
)
def test_errors_name_the_remedy(mode: str, convert: Any, remedy: str) -> None:
    w = dt.Variable(0.5)
    with dt.GradientTape(mode), pytest.raises(TracedConversionError, match=remedy):
        convert(w * w)


def test_what_loses_nothing_works_in_the_block(mode: str) -> None:
    w = dt.Variable(2.5)
    with dt.GradientTape(mode):
        y = w * w
        assert (f"{y:.2f}", str(y), "%s" % y) == ("6.25", "6.25", "6.25")  # noqa: UP031
        assert (int(y), round(y), round(y, 1), math.floor(y), math.ceil(y), math.trunc(y)) == (6, 6, 6.2, 6, 7, 6)
        assert bool(y)


def test_tolist_keeps_the_derivative(mode: str) -> None:
    w = dt.Variable(M)
    with dt.GradientTape(mode) as tape:
        x = w * w
        rows = x.tolist()
        assert [len(row) for row in rows] == [3, 3]
        y = rows[1][2] * 2.0
    assert x.tolist() == (M * M).tolist()
    assert np.allclose(tape.gradient(y, w), [[0, 0, 0], [0, 0, 4 * M[1, 2]]])


def test_a_copy_is_traced(mode: str) -> None:
    w = dt.Variable(V)
    with dt.GradientTape(mode) as tape:
        x = w * 1.0
        y, z = copy.copy(x), copy.deepcopy({"x": x})["x"]
        x[...] = 0.0
        loss = np.sum(y * z)
    assert np.allclose(tape.gradient(loss, w), 2 * V)


def test_after_the_block_the_array_is_a_read_only_view(mode: str) -> None:
    w = dt.Variable(V)
    with dt.GradientTape(mode, persistent=True) as tape:
        y = w * w
        z = np.sum(y * y)
    array = np.asarray(y)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1000.0
    assert np.array(y).flags.writeable
    assert np.asarray(y, dtype=np.float32).dtype == np.float32
    assert np.allclose(tape.gradient(z, w), 4 * V**3)


# --- linspace -----------------------------------------------------------------------------------------------------


def test_linspace(mode: str) -> None:
    w = dt.Variable([1.0, 3.0])
    with dt.GradientTape(mode) as tape:
        samples, step = np.linspace(w[0], w[1], 5, retstep=True)
        assert np.array_equal(plain(samples), np.linspace(1.0, 3.0, 5))
        assert type(np.linspace(w[0], 2, 3, dtype=int)) is np.ndarray
        with pytest.raises(ValueError, match="non-negative"):
            np.linspace(w[0], 1.0, -1)
        y = np.sum(samples * [1.0, 0, 0, 0, 10.0]) + step * 100.0
    assert np.allclose(tape.gradient(y, w), [1 - 25, 10 + 25])


RANGES: dict[str, Callable[[Any], Any]] = {
    "stop": lambda x: np.arange(x[2], like=x),
    "start": lambda x: np.arange(x[0], 4.0, like=x),
    "start and step": lambda x: np.arange(x[0], 4.0, x[1], like=x),
    "by keyword": lambda x: np.arange(stop=4.0, step=x[1], like=x),
    "stop by keyword": lambda x: np.arange(x[0], stop=4.0, like=x),
    "downwards": lambda x: np.arange(x[2], -1.0, -x[1], like=x),
    "single": lambda x: np.arange(x[0], 4.0, dtype=np.float32, like=x),
    "complex": lambda x: np.arange(x[0], 4.0, dtype=complex, like=x),
    "whole numbers": lambda x: np.arange(x[0], 4.0, dtype=int, like=x),
    "empty": lambda x: np.arange(x[2], x[0], like=x),
}


@pytest.mark.parametrize("name", RANGES)
def test_arange_depends_on_its_start_and_step(name: str, modes: tuple[str, ...]) -> None:
    value = np.array([0.7, 0.45, 2.3])
    expected = RANGES[name](value)
    for mode in modes:
        w = dt.Variable(value)
        with dt.GradientTape(mode):
            found = plain(RANGES[name](w))
        assert (found.dtype, found.shape, found.tobytes()) == (expected.dtype, expected.shape, expected.tobytes())
    tolerance = 1e-2 if name == "single" else 1e-6
    check_gradients(lambda x: np.sum(RANGES[name](x) * x[1]) + x[0], value, modes=modes, tolerance=tolerance)


def test_what_files_are_filled_with_is_plain(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode), pytest.raises(TracedConversionError, match=r"genfromtxt.*primal"):
        np.genfromtxt(io.StringIO("1,,3"), delimiter=",", filling_values=w[0], like=w)
