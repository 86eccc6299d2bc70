"""Conversions of traced values: printing always works, what would drop a derivative is an error with the remedy."""

import copy
import ctypes
import decimal
import fractions
import io
import json
import math
import operator
import pickle
import statistics
import struct
import subprocess
import sys
import warnings
from array import array as array_of_numbers
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.polynomial import chebyshev, hermite, legendre, polynomial

import dualtape as dt
from dualtape.array import TracedArray
from dualtape.errors import NoRuleError, ObjectArrayWarning, TracedConversionError
from dualtape.testing import check_gradients


def close(actual: Any, expected: Any) -> None:
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


# --- printing -----------------------------------------------------------------------------------------------------


def test_printing_works_inside_the_block(mode: str, capsys: pytest.CaptureFixture[str]) -> None:
    w = dt.Variable([1.0, 2.5])
    with dt.GradientTape(mode) as tape:
        y = w * w
        loss = np.sum(y)
        print(loss)
        print(y, y[0], w)
        assert str(loss) == str(np.float64(7.25))
        assert str(y) == str(np.array([1.0, 6.25]))
        assert "7.25" in repr(loss)
        assert "6.25" in repr(y)
        assert f"{loss}" == "7.25"
        assert f"{loss:.4f}" == "7.2500"
        assert f"{loss:>12.3e}" == "   7.250e+00"
        assert f"{y}" == "[1.   6.25]"
        assert f"{loss:.1f} {loss!r}".startswith("7.2 ")
        assert "%s" % loss == "7.25"  # noqa: UP031
        assert "%r" % loss == repr(loss)  # noqa: UP031
        assert f"{y!s}" == str(y)
        assert format(loss, ".2f") == "7.25"
        assert np.array2string(y, precision=1) == "[1.  6.2]"
        assert np.array_str(y) == str(y)
        assert np.array_repr(y) == "array([1.  , 6.25])"
        z = loss * 2.0
    assert capsys.readouterr().out == "7.25\n[1.   6.25] 1.0 [1.  2.5]\n"
    close(tape.gradient(z, w), [4.0, 10.0])


def test_format_of_an_array_is_as_in_numpy(mode: str) -> None:
    w = dt.Variable([1.0, 2.5])
    with pytest.raises(TypeError) as expected:
        format(w.numpy(), ".2f")
    with dt.GradientTape(mode), pytest.raises(TypeError) as caught:
        format(w * 1.0, ".2f")
    assert str(caught.value) == str(expected.value)


def test_printing_of_nested_values(mode: str, outer_mode: str) -> None:
    w = dt.Variable(1.5)
    with dt.GradientTape(outer_mode), dt.GradientTape(mode):
        y = w * w
        assert str(y) == "2.25"
        assert f"{y:.1f}" == "2.2"
        assert "2.25" in repr(y)
        assert "2.25" in repr(y.primal)


def test_printing_after_everything(mode: str) -> None:
    w = dt.Variable(1.5)
    with dt.GradientTape(mode) as tape:
        y = w * w
        part = (np.ones(3) * w)[1:]
    tape.gradient(y, w)
    assert "2.25" in repr(y)
    assert "1.5" in repr(part)
    assert str(part) == "[1.5 1.5]"


def test_repr_names_the_kind(mode: str) -> None:
    w = dt.Variable([1.0, 2.5])
    name = {"forward": "DualArray", "reverse": "TapeArray"}[mode]
    with dt.GradientTape(mode):
        y = w * 2.0
        assert repr(y).startswith(name)
        assert repr(y[1:]).startswith(f"{name}(")
    assert repr(dt.zeros(2)).startswith("TracedArray(")
    assert repr(dt.zeros(2)[1:]).startswith("TracedArray(")


def test_repr_of_a_large_value_is_short(mode: str) -> None:
    w = dt.Variable(2.0)
    with dt.GradientTape(mode):
        y = w * np.zeros(100000)
        assert len(repr(y)) < 500


def test_percent_formatting_with_numbers_raises_inside_and_names_the_f_string(mode: str) -> None:
    w = dt.Variable(1.5)
    with dt.GradientTape(mode):
        loss = w * w
        for text in ("%.4f", "%f", "%g", "%e"):
            with pytest.raises(TypeError, match=r'f"\{') as caught:
                text % loss
            assert isinstance(caught.value, TracedConversionError)
    assert "%.4f" % loss == "2.2500"  # noqa: UP031


# --- Python's numbers ---------------------------------------------------------------------------------------------

DROPPING: dict[str, Callable[[Any], Any]] = {
    "float": float,
    "complex": complex,
    "math.sin": math.sin,
    "math.sqrt": math.sqrt,
    "math.fsum": lambda x: math.fsum([x, x]),
    "math.isclose": lambda x: math.isclose(x, 1.0),
    "fraction": fractions.Fraction,
    "decimal": decimal.Decimal,
    "statistics": lambda x: statistics.fmean([x, x]),
    "item": lambda x: x.item(),
    "np.float64": np.float64,
    "np.float32": np.float32,
    "asarray of a dtype": lambda x: np.asarray(x, dtype=float),
    "array of a dtype": lambda x: np.array([x, x], dtype=np.float64),
    "array of float32": lambda x: np.array([x, x], dtype=np.float32),
    "plain array": lambda x: operator.setitem(np.zeros(2), 0, x),
    "full": lambda x: np.full(3, x),
    "fromiter": lambda x: np.fromiter([x, x], float),
    "json": lambda x: json.dumps({"loss": x}),
    "pickle": pickle.dumps,
    "tobytes": lambda x: x.tobytes(),
    "linspace": lambda x: np.linspace(0.0, x, 3, dtype=float),
    "astype of an integer": lambda x: np.array(x, dtype=int),
    "as_integer_ratio": lambda x: x.as_integer_ratio(),
    "statistics.mean": lambda x: statistics.mean([x, x]),
    "statistics.stdev": lambda x: statistics.stdev([x, 2 * x]),
    "random numbers": lambda x: np.random.default_rng(0).normal(x),
    "random numbers of a shape": lambda x: np.random.default_rng(0).normal(0.0, x, size=3),
    "random counts": lambda x: np.random.default_rng(0).poisson(x),
    "random choice": lambda x: np.random.default_rng(0).choice(2, p=np.stack([x / 10, 1 - x / 10])),
    "random numbers, old": lambda x: np.random.RandomState(0).uniform(0.0, x),
    "array.array": lambda x: array_of_numbers("d", [x]),
    "ctypes": ctypes.c_double,
    "the memory": lambda x: np.stack([x, x]).ctypes.data,
    "the buffer": lambda x: np.stack([x, x]).data,
    "dlpack": lambda x: np.from_dlpack(np.stack([x, x])),
    "bytes of entries": lambda x: np.stack([x, x]).tobytes(),
    "struct": lambda x: struct.pack("d", x),
    "memoryview": memoryview,
    "frombuffer": np.frombuffer,
    "a file": lambda x: np.save(io.BytesIO(), x),
    "a file of text": lambda x: np.savetxt(io.StringIO(), np.stack([x, x])),
    "a file of several": lambda x: np.savez(io.BytesIO(), x=x),
    "pickle in a container": lambda x: pickle.dumps({"loss": [x]}),
    "pickle of handles": lambda x: pickle.dumps(np.array([x, x])),
    "in place": lambda x: operator.iadd(np.zeros(2), x),
    "in place, a slice": lambda x: operator.setitem(np.zeros(2), slice(None), [x, x]),
    "a structured array": lambda x: operator.setitem(np.zeros(2, [("a", float)]), "a", x),
    "a float's method": lambda x: x.hex(),
    "a float in text": np.format_float_positional,
    "a range": np.arange,
}
# They look at the type alone, or replace what was said, and have words of their own.
MUTE = ("json", "decimal", "struct", "memoryview", "frombuffer")


@pytest.mark.parametrize("name", DROPPING)
def test_what_would_drop_the_derivative_is_an_error(mode: str, name: str) -> None:
    w = dt.Variable(1.5)
    with dt.GradientTape(mode) as tape:
        loss = w * w
        try:
            found = DROPPING[name](loss)
        except (TypeError, ValueError) as error:
            # NumPy replaces the message for a single element, and says the rest in the cause.
            said = f"{error} {error.__cause__}"
            assert "derivative" in said or name in MUTE, said
            assert "primal" in said or "dualtape.zeros" in said or name in MUTE, said
        except struct.error:
            assert name in MUTE
        else:
            # Where it works, nothing is lost.
            assert name in ("full", "linspace")
            assert tape.gradient(np.sum(found), w) != 0.0


@pytest.mark.parametrize(
    "name", ["float", "complex", "math.sin", "math.sqrt", "math.fsum", "statistics", "item", "np.float64", "pickle",
             "asarray of a dtype", "array of a dtype", "plain array", "full", "fromiter", "fraction",
     "as_integer_ratio"]
)  # fmt: skip
def test_once_the_block_is_over_it_is_a_plain_value(mode: str, name: str) -> None:
    w = dt.Variable(1.5)
    with dt.GradientTape(mode) as tape:
        loss = w * w
    for _ in range(2):
        found = DROPPING[name](loss)
        expected = DROPPING[name](np.float64(2.25))
        assert found == expected if not isinstance(found, np.ndarray) else np.array_equal(found, expected)
        if _ == 0:
            tape.gradient(loss, w)


def test_the_error_of_math_sin_names_np_sin(mode: str) -> None:
    w = dt.Variable(1.5)
    with dt.GradientTape(mode), pytest.raises(TracedConversionError, match=r"np\.sin"):
        math.sin(w * 1.0)


def test_reading_a_variable_by_float_inside_a_block(mode: str) -> None:
    """It is watched there: the same error; `w.numpy()` is the way."""
    w = dt.Variable(1.5)
    with dt.GradientTape(mode):
        with pytest.raises(TracedConversionError):
            float(w)
        with pytest.raises(TracedConversionError):
            math.sin(w)
        assert float(w.numpy()) == 1.5
        assert f"{w:.1f}" == "1.5"
    assert float(w) == 1.5
    assert math.sin(w) == math.sin(1.5)


def test_what_has_no_derivative_is_plain_inside(mode: str) -> None:
    """Truth, order, integers, lengths: nothing is lost."""
    w = dt.Variable([1.5, -2.5])
    with dt.GradientTape(mode):
        y = w * 1.0
        s = y[0]
        assert bool(s)
        assert (int(s), int(y[1])) == (1, -2)
        assert (round(s), math.floor(s), math.ceil(s), math.trunc(s)) == (2, 1, 2, 1)
        assert len(y) == 2
        assert s > 1.0
        assert s == 1.5
        assert s != 1.0
        assert 1.5 in y
        assert [1, 2, 3][int(s)] == 2
        assert max(y) is not None
        assert (y.shape, y.ndim, y.size, y.dtype) == ((2,), 1, 2, np.float64)
        assert s.shape == ()
        with pytest.raises(ValueError, match="ambiguous"):
            bool(y)
        with pytest.raises(TypeError):
            len(s)
        with pytest.raises(TypeError):
            operator.index(s)
        with pytest.raises(TypeError):
            range(s)
        with pytest.raises(TypeError):
            hash(y)
        with pytest.raises(TypeError):
            int(y)
        assert type(y > 0) is np.ndarray
        assert type(np.argmax(y)) is np.int64
        assert np.isfinite(y).all()
        assert np.allclose(y, [1.5, -2.5])
        assert np.array_equal(y, y)


def test_max_and_sorted_of_python_keep_derivatives(mode: str) -> None:
    w = dt.Variable([1.5, -2.5, 3.0])
    with dt.GradientTape(mode) as tape:
        y = w * 1.0
        z = max(y) + 10.0 * min(y) + 100.0 * sorted(y)[1] + 1000.0 * sum(y) + abs(y[1])
    assert tape.gradient(z, w).tolist() == [1100.0, 1009.0, 1001.0]


def test_rounding_with_digits(mode: str) -> None:
    w = dt.Variable(1.256)
    with dt.GradientTape(mode):
        assert round(w * 1.0, 1) == 1.3
        assert np.round(w * 1.0, 1) == 1.3


# --- isinstance ---------------------------------------------------------------------------------------------------


def test_isinstance_answers_as_for_the_primal(mode: str, outer_mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(outer_mode), dt.GradientTape(mode):
        y = w * w
        s = y[0]
        assert isinstance(y, np.ndarray)
        assert isinstance(s, float)
        assert isinstance(s, np.floating)
        assert isinstance(s, np.float64)
        assert not isinstance(s, np.ndarray)
        assert not isinstance(y, float)
        assert isinstance(y, TracedArray)
        assert isinstance(s, TracedArray)
        assert type(y) is not np.ndarray
        assert y.__class__ is np.ndarray
        assert np.isscalar(s)
        assert not np.isscalar(y)
        assert y.__array_namespace__() is np
    assert isinstance(y, np.ndarray)


def test_isinstance_of_other_dtypes(mode: str) -> None:
    single, z = dt.Variable([1.0], dtype=np.float32), dt.Variable([1j])
    with dt.GradientTape(mode):
        assert isinstance((single * 2)[0], np.float32)
        assert not isinstance((single * 2)[0], float)
        assert isinstance((z * 2)[0], complex)


# --- arrays -------------------------------------------------------------------------------------------------------


def test_asarray_after_the_block_is_a_plain_read_only_array(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        y = w * w
    for array in (np.asarray(y), np.asanyarray(y), np.asarray(y, dtype=float), np.array(y, copy=None)):
        assert type(array) is np.ndarray
        assert array.dtype == np.float64
        assert array.tolist() == [1.0, 4.0]
        assert not array.flags.writeable
    copied = np.array(y)
    copied[0] = 100.0
    assert np.asarray(y, dtype=np.float32).dtype == np.float32
    assert np.asarray(y)[0] == 1.0
    assert tape.gradient(y, w).tolist() == [2.0, 4.0]
    assert np.asarray(y).tolist() == [1.0, 4.0]
    assert float(np.asarray(np.sum(y))) == 5.0


def test_asarray_inside_the_block_loses_nothing(mode: str) -> None:
    """It is an object array of handles, which is stacked back wherever it is used."""
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        y = w * w
        array = np.asarray(y)
        assert array.dtype == object
        assert array.shape == (2,)
        z = np.sum(array * w)
        assert float(z.primal) == 9.0
    assert tape.gradient(z, w).tolist() == [3.0, 12.0]


LISTS: dict[str, Callable[[Any], Any]] = {
    "np.array": lambda y: np.array([y[1], -np.sin(y[0])]),
    "np.array of operations": lambda y: np.array([y[0] * y[1], 2.0, y[1] ** 2]) * y[0],
    "np.array nested": lambda y: np.array([[y[0], 1.0], [y[1] * y[0], y[0]]]) @ y,
    "np.asarray": lambda y: np.asarray([y[1], y[0]]) * y,
    "tuple": lambda y: np.asarray((y[1], y[0])) * y,
    "np.r_": lambda y: np.r_[y[0], 1.0, y[1] * y[1]] * 2.0,
    "np.r_ of arrays": lambda y: np.r_[y, y * y],
    "np.c_": lambda y: np.c_[y, y * y],
    "np.append": lambda y: np.append(y, y[0] * y[1]),
    "np.sum of a list": lambda y: np.sum([y[0] * y[1], y[1]]),
    "np.linalg.norm of a list": lambda y: np.linalg.norm([y[0], y[1] * 2.0]),
    "np.dot of lists": lambda y: np.dot([y[0], y[1]], [y[1], 3.0]),
    "np.prod of a list": lambda y: np.prod([y[0], y[1], y[1]]),
    "np.max of a list": lambda y: np.max([y[0] * 1.0, y[1] * 3.0]),
    "np.cumsum of a list": lambda y: np.cumsum([y[0], y[1] * y[0]]),
    "np.stack": lambda y: np.stack([y[0] * y[1], y[1]]),
    "np.concatenate": lambda y: np.concatenate((y, np.stack([y[0] * y[1]]))),
    "np.hstack": lambda y: np.hstack([y, y[0] * y[1]]),
    "np.vstack": lambda y: np.vstack([y, y * y]),
    "np.array of arrays": lambda y: np.array([y, y * y]),
    "matmul with an object array": lambda y: np.array([[1.0, 2.0], [3.0, 4.0]]) @ np.array([y[0], y[1]]) * y[0],
    "sin of a list": lambda y: np.sin([y[0], y[1] * y[0]]) * y[0],
    "sum of an object array": lambda y: np.array([y[0], y[1] * y[0]]).sum() * y[0],
    "object array method": lambda y: np.array([y[0], y[1] * y[0]]).dot(np.array([1.0, 2.0])) * y[0],
    "arithmetic on an object array": lambda y: (2.0 * np.array([y[0], y[1]]) - 1.0) ** 2 * y[1],
    "sin on an object array": lambda y: np.sin(np.array([y[0], y[1]])) * y[0],
    "comparison": lambda y: np.where(np.array([y[0], y[1]]) > 1.0, y, y * y),
    "item assignment": lambda y: filled(y, [y[1] * y[0], y[0]]),
    "list times array": lambda y: [2.0, 3.0] * y,
    "list plus array": lambda y: operator.add([y[0], y[1]], y),
}


def filled(y: Any, value: Any) -> Any:
    x = np.zeros(2, like=y)
    x[:] = value
    return x * y


@pytest.mark.parametrize("name", LISTS)
def test_numpy_on_lists_of_traced_values(mode: str, name: str) -> None:
    function = LISTS[name]
    value = np.array([0.7, 1.9])
    w = dt.Variable(value)
    with dt.GradientTape(mode) as tape:
        y = function(w * 1.0)
    expected = np.asarray(function(value))
    weights = np.cos(1.0 + np.arange(expected.size)).reshape(expected.shape)
    found = tape.gradient(y, w, output_gradients=weights)
    numerical = [
        np.sum(weights * (np.asarray(function(value + 1e-6 * e)) - np.asarray(function(value - 1e-6 * e)))) / 2e-6
        for e in np.eye(2)
    ]
    np.testing.assert_allclose(found, numerical, rtol=1e-6)


@pytest.mark.parametrize("name", ["np.array", "np.array nested", "np.r_", "np.linalg.norm of a list"])
def test_lists_of_traced_values_under_two_tapes(mode: str, outer_mode: str, name: str) -> None:
    value = np.array([0.7, 1.9])
    w = dt.Variable(value)
    with dt.GradientTape(outer_mode) as outer:
        with dt.GradientTape(mode) as inner:
            y = np.sum(LISTS[name](w * w))
        g = np.sum(inner.gradient(y, w) * np.array([1.0, 2.0]))

    def gradient(value: np.ndarray) -> Any:
        v = dt.Variable(value)
        with dt.GradientTape(mode) as tape:
            y = np.sum(LISTS[name](v * v))
        return np.sum(tape.gradient(y, v) * np.array([1.0, 2.0]))

    numerical = [(gradient(value + 1e-6 * e) - gradient(value - 1e-6 * e)) / 2e-6 for e in np.eye(2)]
    np.testing.assert_allclose(outer.gradient(g, w), numerical, rtol=1e-6)


def test_a_list_of_traced_values_as_target_and_as_object_array(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode, persistent=True) as tape:
        y = w * w
        array = np.array([y[1], y[0] * 3.0])
    assert tape.gradient([y, y], w).tolist() == [4.0, 8.0]
    assert tape.gradient(array, w).tolist() == [6.0, 4.0]


@pytest.mark.parametrize("function", [np.mean, np.std, np.var])
def test_where_numpys_own_code_makes_it_impossible_the_error_names_np_stack(
    mode: str, function: Callable[[Any], Any]
) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        y = w * w
        with pytest.raises((TypeError, ValueError)) as caught:
            function([y[0], y[1]])
        assert "np.stack" in f"{caught.value} {caught.value.__cause__}"
        z = function(np.stack([y[0], y[1]]))
    assert tape.gradient(z, w).any()


def test_expanding_a_large_array_warns_once_and_says_how_to_do_without(mode: str) -> None:
    w = dt.Variable(2.0)
    with dt.GradientTape(mode):
        y = w * np.ones(5000)
        with pytest.warns(ObjectArrayWarning, match=r"5000.*np\.stack") as caught:
            np.asarray(y)
        assert caught[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            np.asarray(y[:100])


def test_object_arrays_of_complex_values_warn_of_their_parts(mode: str) -> None:
    """Before 2.5, NumPy does not ask the entries: .imag is 0, and .real the entries themselves."""
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode, persistent=True) as tape:
        a, b = w * (1.0 + 2.0j)
        if np.lib.NumpyVersion(np.__version__) < "2.5.0":
            with pytest.warns(ObjectArrayWarning, match=r"\.imag.*np\.stack.*like=a") as caught:
                assert not np.array([a, b]).imag.any()
            assert caught[0].filename == __file__
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                objects = np.array([a, b])
            assert tape.gradient(np.sum(objects.imag), w).tolist() == [2.0, 2.0]
        for array in (np.stack([a, b]), np.array([a, b], like=a)):
            assert tape.gradient(array.imag, w).tolist() == [2.0, 2.0]
        assert tape.gradient(np.abs(np.sum([a, b * b])), w).any()  # what NumPy's functions read does not stay


def test_object_arrays_of_something_else_are_left_alone(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode):
        y = w * w
        names = np.array(["a", None], dtype=object)
        assert names[0] == "a"
        assert np.array([y, None], dtype=object).shape == (2,)


def test_pandas_and_others_see_an_array_after_the_block(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode):
        y = w * w
    assert list(y) == [1.0, 4.0]
    assert y.tolist() == [1.0, 4.0]
    assert memoryview(np.asarray(y))[1] == 4.0
    assert np.histogram(y, bins=2)[0].tolist() == [1, 1]
    assert statistics.fmean(y) == 2.5
    assert json.dumps(y.tolist()) == "[1.0, 4.0]"


@pytest.mark.parametrize(
    "combine",
    [
        lambda numbers, y: numbers - y,
        lambda numbers, y: y / numbers,
        lambda numbers, y: np.multiply(y, numbers, out=numbers),
        operator.isub,
        lambda numbers, y: np.sin(y) @ numbers,
        lambda numbers, y: np.concatenate([y, numbers]),
        lambda numbers, y: np.where(y > 0, y, numbers),
    ],
)
def test_object_arrays_of_plain_numbers_do_not_swallow_the_derivative(mode: str, combine: Callable[..., Any]) -> None:
    value = np.array([0.5, 2.0])
    w = dt.Variable(value)
    with dt.GradientTape(mode) as tape:
        total = np.sum(combine(np.array([1, 2.5], dtype=object), w * w))
    step = 1e-6
    differences = [
        np.sum(combine(np.array([1, 2.5]), (value + step * e) ** 2))
        - np.sum(combine(np.array([1, 2.5]), (value - step * e) ** 2))
        for e in np.eye(2)
    ]
    np.testing.assert_allclose(tape.gradient(total, w), np.array(differences) / (2 * step), rtol=1e-6)


@pytest.mark.parametrize("numbers", [[fractions.Fraction(1, 2), 3], [2**70, 0.5], [True, np.True_], []])
def test_object_arrays_of_other_numbers(mode: str, numbers: Any) -> None:
    w = dt.Variable(np.ones(len(numbers)))
    with dt.GradientTape(mode) as tape:
        y = w * np.array(numbers, dtype=object)
    assert tape.gradient(y, w).tolist() == [float(x) for x in numbers]


def test_random_numbers_by_reparametrization(mode: str) -> None:
    """What the error of `rng.normal(mean, scale)` leads to, and choices of entries, keep the derivative."""
    w = dt.Variable([1.0, 2.0, 3.0])
    z = np.random.default_rng(0).normal(size=3)
    with dt.GradientTape(mode, persistent=True) as tape:
        y = w * w
        sample = y + w * z
        permuted = np.random.default_rng(1).permutation(y)
        chosen = np.random.default_rng(1).choice(y)
    close(tape.gradient(sample, w), 2 * np.array([1.0, 2.0, 3.0]) + z)
    close(tape.gradient(permuted, w), [2.0, 4.0, 6.0])
    assert np.count_nonzero(tape.gradient(chosen, w)) == 1


SHUFFLE = """
import numpy as np, dualtape as dt
w = dt.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
with dt.GradientTape({mode!r}):
    y = w * w
    for x in (y, y[1:], dt.zeros((3, 2))):
        for generator in (np.random.default_rng(0), np.random.RandomState(0)):
            try:
                generator.shuffle(x)
            except UserWarning as error:
                assert "may contain duplicates" in str(error)
            else:
                raise AssertionError("rows were exchanged as if they were copies")
    assert np.array_equal(y, w.numpy() ** 2)
"""


def test_numpy_shuffles_no_traced_array(mode: str) -> None:
    """In a program that has left the filters of warnings alone; those of the tests make errors of them all."""
    subprocess.run([sys.executable, "-c", SHUFFLE.format(mode=mode)], check=True, timeout=60)


@pytest.mark.parametrize("generator", [np.random.default_rng, np.random.RandomState])
def test_permutations_keep_the_derivative(mode: str, generator: Callable[[int], Any]) -> None:
    w = dt.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    weights = np.array([[1.0], [10.0], [100.0]])
    with dt.GradientTape(mode) as tape:
        loss = np.sum(generator(0).permutation(w * w) * weights)
    expected = np.empty((3, 1))
    expected[generator(0).permutation(3)] = weights
    close(tape.gradient(loss, w), 2.0 * w.numpy() * expected)


def test_the_memory_of_an_array_is_there_once_the_block_is_over(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode):
        y = w * w
        assert not hasattr(y, "ctypes")  # code that asks is told the truth
        assert getattr(y, "data", None) is None
        assert y.primal.ctypes.data
    assert y.data.tolist() == [1.0, 4.0]
    assert y.data.readonly
    assert np.from_dlpack(np.asarray(y).copy()).tolist() == [1.0, 4.0]


@pytest.mark.parametrize(("name", "value"), [("shape", (2, 1)), ("dtype", np.float32)])
def test_shape_and_dtype_are_not_set_in_place(mode: str, name: str, value: Any) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode):
        for x in (w * w, dt.zeros(2), (w * w)[:1]):
            with pytest.raises(NoRuleError, match=r"x = x\.(reshape|astype)"):
                setattr(x, name, value)
            assert (x.ndim, x.dtype) == (1, np.float64)


# --- pickle and copies --------------------------------------------------------------------------------------------


def test_pickle(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        y = w * w
        with pytest.raises(TracedConversionError, match="primal"):
            pickle.dumps(y)
        assert pickle.loads(pickle.dumps(y.primal)).tolist() == [1.0, 4.0]
    for value in (y, y[0], y[1:]):
        restored = pickle.loads(pickle.dumps(value))
        assert type(restored) in (np.ndarray, np.float64)
        assert np.array_equal(restored, np.asarray(value))
    assert tape.gradient(y, w).tolist() == [2.0, 4.0]


def test_copies_keep_the_derivative(mode: str) -> None:
    """A copy is an operation: its derivative is that of its original, and writes to it stay its own."""
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        y = w * w
        copies = [copy.copy(y), copy.deepcopy(y), y.copy(), np.copy(y), y.__copy__(), copy.deepcopy([y])[0]]
        for other in copies:
            assert type(other) is type(y)
            other[0] = 0.0
        z = sum(copies) + y
    assert tape.gradient(z, w).tolist() == [2.0, 28.0]


def test_copies_after_the_block_are_plain(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode):
        y = w * w
    for other in (copy.copy(y), copy.deepcopy(y), y.copy(), np.copy(y)):
        other[0] = 100.0
        assert np.asarray(other).tolist() == [100.0, 4.0]
    assert np.asarray(y).tolist() == [1.0, 4.0]


# --- like= --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda x: np.array([1.0, 2.0], like=x),
        lambda x: np.asarray([1.0, 2.0], like=x),
        lambda x: np.arange(3.0, like=x),
        lambda x: np.eye(2, like=x),
        lambda x: np.identity(2, like=x),
        lambda x: np.ones((2, 2), like=x),
        lambda x: np.full(2, 7.0, like=x),
        lambda x: np.zeros((2, 0), like=x),
        lambda x: np.empty(0, like=x),
        lambda x: np.zeros(2, np.float32, like=x),
        lambda x: np.ascontiguousarray([[1.0, 2.0]], like=x),
        lambda x: np.fromiter([1.0, 2.0], float, like=x),
        lambda x: np.fromfunction(lambda i: i * 2.0, (3,), like=x),
        lambda x: np.tri(2, like=x),
    ],
)
def test_creation_like_a_traced_array(mode: str, make: Callable[[Any], Any]) -> None:
    w = dt.Variable([1.0, 2.0])
    expected = make(np.ones(1))
    with dt.GradientTape(mode) as tape:
        x = make(w * 1.0)
        assert x.dtype == expected.dtype
        assert x.shape == expected.shape
        assert np.array_equal(x, expected)
        if x.size:
            x[...] = 0.0
            x[(-1,) * x.ndim] = w[0] * 3.0
        y = np.sum(x) + w[1]
    assert tape.gradient(y, w).tolist() == [3.0 if expected.size else 0.0, 1.0]


def test_lists_of_traced_values_like_a_traced_array(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        x = np.array([w[0], 2.0 * w[1], 5.0], like=w)
        assert isinstance(x, TracedArray)
        y = np.sum(x * x)
    assert tape.gradient(y, w).tolist() == [2.0, 16.0]


UNREADABLE: dict[str, Callable[[Any], Any]] = {
    **{
        name: lambda rows, name=name: operator.attrgetter(name)(np)(rows)
        for name in ("cov", "corrcoef", "angle", "linalg.inv", "linalg.det", "linalg.eigvalsh", "linalg.svd",
                     "linalg.svdvals", "linalg.matrix_rank", "linalg.cond", "linalg.pinv", "fft.fft", "fft.ihfft",
                     "fft.fft2", "fft.ifft2", "fft.rfft2", "fft.irfftn", "fft.fftn")
    },
    "linalg.solve": lambda rows: np.linalg.solve(rows, [1.0, 2.0]),
    "linalg.solve of a right side": lambda rows: np.linalg.solve(np.eye(2), list(rows[0])),
    "linalg.norm of order 2": lambda rows: np.linalg.norm(rows, 2),
    "linalg.norm of numbers": lambda rows: np.linalg.norm([list(rows[0]), list(rows[1])], "nuc"),
    "linalg.norm of two axes": lambda rows: np.linalg.norm(rows, -2, axis=(0, 1)),
    "linalg.matrix_norm": lambda rows: np.linalg.matrix_norm(rows, ord=2),
    "interp": lambda rows: np.interp(0.5, [0.0, 1.0], list(rows[0])),
    "polyfit": lambda rows: np.polyfit([0.0, 1.0], list(rows[0]), 1),
    "digitize": lambda rows: np.digitize([0.5], list(rows[0])),
    "percentile": lambda rows: np.percentile(list(rows[0]), 30),
    "quantile": lambda rows: np.quantile(rows, 0.3),
    "nanquantile": lambda rows: np.nanquantile(rows, 0.3, axis=0),
    "imag": lambda rows: np.imag([rows[0] * 1j, rows[1]]),
    "real": lambda rows: np.real(list(rows[0] * 1j)),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREADABLE)
def test_lists_that_numpy_can_make_nothing_of(name: str, mode: str) -> None:
    w = dt.Variable([[2.0, 1.0], [1.0, 3.0]])
    with dt.GradientTape(mode), pytest.raises(TracedConversionError, match=r"np\.stack"):
        UNREADABLE[name]([w[0], w[1] * 2.0])


READABLE: dict[str, Callable[[Any], Any]] = {
    "norm": lambda y: np.linalg.norm([y, y * y]),
    "norm of order 1": lambda y: np.linalg.norm([[y[0], 1.0], [y[1], 2.0]], 1),
    "norm of a vector": lambda y: np.linalg.norm([y[0], y[1]], 2),
    "norms of columns": lambda y: np.linalg.norm([y, y * y], 2, axis=0),
    "matrix_norm": lambda y: np.linalg.matrix_norm([y, y * y]),
    "matrix_power": lambda y: np.linalg.matrix_power([y, y * y], 3),
    "several quantiles": lambda y: np.quantile([y[0], y[1]], [0.3, 0.8]),
    "quantiles of columns": lambda y: np.quantile([y, y * y], 0.3, axis=0),
    "real": lambda y: np.real([y[0], y[1]]),
    "fftshift": lambda y: np.fft.fftshift([y[0], y[1]]),
}


@pytest.mark.parametrize("name", READABLE)
def test_lists_that_their_neighbours_read(name: str, modes: tuple[str, ...]) -> None:
    check_gradients(lambda w: np.sum(np.stack(list(np.ravel(READABLE[name](w * 1.0)))) ** 2), [0.7, 1.9], modes=modes)


POLYNOMIALS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "polyfit": (
        lambda x: polynomial.polyfit(x, [1.0, 2.0, 4.0], 1),
        lambda x: np.linalg.lstsq(np.array(polynomial.polyvander(x, 1), like=x), [1.0, 2.0, 4.0])[0],
    ),
    "chebfit": (
        lambda x: chebyshev.chebfit([0.0, 1.0, 3.0], list(x), 1),
        lambda x: np.linalg.lstsq(chebyshev.chebvander([0.0, 1.0, 3.0], 1), np.array(list(x), like=x))[0],
    ),
    "Legendre.fit": (
        lambda x: np.polynomial.Legendre.fit([-1.0, 0.5, 1.0], x, 1).coef,
        lambda x: np.linalg.lstsq(legendre.legvander([-1.0, 0.5, 1.0], 1), x)[0],
    ),
    "polyroots": (
        polynomial.polyroots,
        lambda x: np.linalg.eigvals(np.array(polynomial.polycompanion(x), like=x)),
    ),
    "hermroots": (
        hermite.hermroots,
        lambda x: np.linalg.eigvals(np.array(hermite.hermcompanion(x), like=x)),
    ),
}


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_what_polynomials_ask_lapack_for(name: str, modes: tuple[str, ...]) -> None:
    call, remedy = POLYNOMIALS[name]
    value = np.array([0.5, -2.0, 0.75])
    for mode in modes:
        with dt.GradientTape(mode), pytest.raises(TracedConversionError, match=r"np\.linalg\..*np\.array.*like="):
            call(dt.Variable(value) * 1.0)
    close(np.sort(remedy(value)), np.sort(call(value)))
    check_gradients(lambda x: np.sum(np.abs(remedy(x)) ** 2), value, modes=modes)


def test_linear_polynomials_have_their_roots_at_hand(modes: tuple[str, ...]) -> None:
    check_gradients(lambda x: np.sum(np.stack(list(polynomial.polyroots(x)))), [0.7, 1.9], modes=modes)


class Meters:
    """A number that is none to Python, and computes with floats."""

    def __init__(self, x: float) -> None:
        self.x = x

    def __rmul__(self, y: float) -> float:
        return self.x * y


def test_objects_that_would_drop_the_derivative(mode: str, outer_mode: str) -> None:
    lengths = np.array([Meters(2.0), Meters(3.0)], dtype=object)
    w = dt.Variable([2.0, 3.0])
    with dt.GradientTape(outer_mode), dt.GradientTape(mode):
        with pytest.raises(TracedConversionError, match="mul of a traced array and an object array"):
            _ = w * lengths
        assert (w.numpy() * lengths).tolist() == [4.0, 9.0]
    assert (w * lengths).tolist() == [4.0, 9.0]
