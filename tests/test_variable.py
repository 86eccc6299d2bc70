"""Variable and constant: what they hold, how they change, and what they are to NumPy outside a tape."""

import contextlib
import copy
import operator
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt

# --- making them --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [dt.Variable, dt.constant])
def test_python_floats_become_float64(make: Callable[..., Any]) -> None:
    for value in (3.0, [1.0, 2.0], [[1.0], [2.0]]):
        x = make(value)
        assert x.dtype == np.float64
        assert x.numpy().tolist() == value
        assert x.shape == np.shape(value)
    assert make(3 + 0j).dtype == np.complex128


@pytest.mark.parametrize("make", [dt.Variable, dt.constant])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.complex64, np.complex128])
def test_an_array_keeps_its_inexact_dtype(make: Callable[..., Any], dtype: type) -> None:
    assert make(np.ones((2, 3), dtype)).dtype == dtype
    assert make(dtype(2)).dtype == dtype
    assert make([1, 2], dtype=dtype).dtype == dtype


@pytest.mark.parametrize("make", [dt.Variable, dt.constant])
@pytest.mark.parametrize("value", [3, True, [1, 2], np.arange(3), np.array([True]), np.int8(1)])
def test_integers_are_refused_with_what_to_write(make: Callable[..., Any], value: object) -> None:
    with pytest.raises(TypeError, match=r"3\.0.*dtype"):
        make(value)
    assert make(value, dtype=np.float32).dtype == np.float32


@pytest.mark.parametrize("make", [dt.Variable, dt.constant])
@pytest.mark.parametrize("value", ["3.0", None, object(), [None], ["a"], np.datetime64("2000-01-01"), {"a": 1.0}])
def test_what_is_no_number_is_refused(make: Callable[..., Any], value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        make(value)


@pytest.mark.parametrize("make", [dt.Variable, dt.constant])
def test_the_dtype_must_be_inexact(make: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match="int"):
        make(3.0, dtype=int)


@pytest.mark.parametrize("make", [dt.Variable, dt.constant])
def test_the_value_is_copied(make: Callable[..., Any]) -> None:
    value = np.array([1.0, 2.0])
    x = make(value)
    value[0] = 100.0
    assert x.numpy().tolist() == [1.0, 2.0]
    x.numpy()[0] = 100.0
    assert x.numpy().tolist() == [1.0, 2.0]
    assert value.flags.writeable


@pytest.mark.parametrize("make", [dt.Variable, dt.constant])
def test_made_of_another(make: Callable[..., Any]) -> None:
    w = dt.Variable([1.0, 2.0], name="w")
    x = make(w)
    w.assign([3.0, 4.0])
    assert x.numpy().tolist() == [1.0, 2.0]
    assert make(dt.constant(1.0)).numpy() == 1.0


@pytest.mark.parametrize("make", [dt.Variable, dt.constant])
def test_a_traced_value_is_refused(make: Callable[..., Any], mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode):
        y = w * w
        for value in (y, y[0], [y[0], y[1]]):
            with pytest.raises(TypeError, match="derivative"):
                make(value)
        assert make(y.primal).numpy().tolist() == [1.0, 4.0]
    assert make(y).numpy().tolist() == [1.0, 4.0]


def test_attributes() -> None:
    w = dt.Variable(np.ones((2, 3), np.float32), name="weights")
    assert (w.name, w.trainable, w.shape, w.ndim, w.size, w.dtype) == ("weights", True, (2, 3), 2, 6, np.float32)
    assert type(w.dtype) is type(np.dtype(np.float32))
    b = dt.Variable(1.0, trainable=False)
    assert (b.name, b.trainable, b.shape, b.ndim, b.size) == (None, False, (), 0, 1)
    assert len(w) == 2
    with pytest.raises(TypeError):
        len(b)
    c = dt.constant(np.ones((2, 3)), name="c")
    assert (c.name, c.shape, c.ndim, c.size, c.trainable) == ("c", (2, 3), 2, 6, False)


def test_numpy_is_a_copy_of_the_shape() -> None:
    w = dt.Variable(3.0)
    assert type(w.numpy()) is np.ndarray
    assert w.numpy().shape == ()
    assert w.numpy().flags.writeable
    assert w.numpy() is not w.numpy()


def test_repr() -> None:
    assert repr(dt.Variable(3.0, name="b")) == "<Variable 'b' shape=() dtype=float64: 3.>"
    assert repr(dt.Variable([1.0, 2.0], dtype=np.float32)) == "<Variable shape=(2,) dtype=float32: [1., 2.]>"
    assert repr(dt.constant(1.5, name="c")) == "<Constant 'c' shape=() dtype=float64: 1.5>"
    large = repr(dt.Variable(np.zeros((1000, 1000))))
    assert "..." in large
    assert len(large) < 1000


def test_repr_inside_a_tape_is_the_same_and_watches_nothing(mode: str) -> None:
    w = dt.Variable([1.0, 2.0], name="w")
    text = repr(w)
    with dt.GradientTape(mode) as tape:
        assert repr(w) == text
        assert (w.shape, w.ndim, w.size, w.dtype, w.numpy().tolist()) == ((2,), 1, 2, np.float64, [1.0, 2.0])
    assert tape.watched_variables() == ()


def test_subscripts_at_run_time() -> None:
    assert dt.Variable[np.float64] is not None
    assert dt.Variable[np.float32](1.0).dtype == np.float64
    assert dt.DualArray[np.float64] is not None


# --- changing them ------------------------------------------------------------------------------------------------


def test_assign() -> None:
    w = dt.Variable([1.0, 2.0])
    assert w.assign([3.0, 4.0]) is w
    assert w.numpy().tolist() == [3.0, 4.0]
    assert w.assign_add([1.0, 1.0]) is w
    assert w.assign_add(1.0).numpy().tolist() == [5.0, 6.0]
    assert w.assign_sub(np.array([1.0, 2.0])).numpy().tolist() == [4.0, 4.0]
    assert w.assign(dt.Variable([7.0, 8.0])).numpy().tolist() == [7.0, 8.0]
    assert w.assign_sub(dt.constant([7.0, 7.0])).numpy().tolist() == [0.0, 1.0]
    assert w.assign(np.array([1, 2])).dtype == np.float64


def test_assign_copies() -> None:
    w = dt.Variable([1.0, 2.0])
    value = np.array([3.0, 4.0])
    w.assign(value)
    value[0] = 100.0
    assert w.numpy().tolist() == [3.0, 4.0]
    assert value.flags.writeable


@pytest.mark.parametrize("value", [1.0, [1.0], [1.0, 2.0, 3.0], [[1.0, 2.0]], [[1.0], [2.0]]])
def test_assign_checks_the_shape(value: object) -> None:
    w = dt.Variable([1.0, 2.0], name="w")
    with pytest.raises(ValueError, match=r"'w'.*\(2,\)"):
        w.assign(value)
    assert w.numpy().tolist() == [1.0, 2.0]


def test_assign_add_never_changes_the_shape() -> None:
    w = dt.Variable([1.0, 2.0], name="w")
    for value in ([[1.0], [2.0]], [1.0, 2.0, 3.0], np.ones((1, 2))):
        with pytest.raises(ValueError, match=r"'w'.*\(2,\)"):
            w.assign_add(value)
        with pytest.raises(ValueError, match=r"'w'.*\(2,\)"):
            w.assign_sub(value)
    assert w.numpy().tolist() == [1.0, 2.0]


def test_assign_checks_the_dtype() -> None:
    w = dt.Variable([1.0, 2.0], dtype=np.float32, name="w")
    assert w.assign(np.array([1.5, 2.5])).dtype == np.float32
    assert w.assign_add(np.array([1.5, 2.5])).dtype == np.float32
    for value in (np.array([1j, 2j]), np.array(["a", "b"]), [None, None]):
        with pytest.raises(TypeError):
            w.assign(value)
    with pytest.raises(TypeError, match="complex"):
        w.assign_add(1j)


def test_assigning_a_traced_value_is_refused(mode: str) -> None:
    w, u = dt.Variable([1.0, 2.0]), dt.Variable([1.0, 1.0])
    with dt.GradientTape(mode) as tape:
        y = w * w
        for value in (y, [y[0], y[1]]):
            for change in (u.assign, u.assign_add, u.assign_sub):
                with pytest.raises(TypeError, match="derivative"):
                    change(value)
        with pytest.raises(TypeError, match="derivative"):
            u += y
        u.assign(y.primal)
    assert u.numpy().tolist() == [1.0, 4.0]
    u.assign(y)
    assert tape.gradient(y, w).tolist() == [2.0, 4.0]


def test_assigning_a_watched_variable_is_refused_or_its_value(mode: str) -> None:
    """A variable's own value, unlike a traced one computed from it, is plain data."""
    w, u = dt.Variable([1.0, 2.0]), dt.Variable([5.0, 6.0])
    with dt.GradientTape(mode):
        _ = u * w
        w.assign(u)
    assert w.numpy().tolist() == [5.0, 6.0]


IN_PLACE: dict[str, tuple[Callable[[Any, Any], Any], float]] = {
    "+=": (operator.iadd, 5.0),
    "-=": (operator.isub, 1.0),
    "*=": (operator.imul, 6.0),
    "/=": (operator.itruediv, 1.5),
    "**=": (operator.ipow, 9.0),
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_operators_change_the_variable(name: str) -> None:
    function, expected = IN_PLACE[name]
    w = dt.Variable([3.0, 3.0], dtype=np.float32)
    held = [w]
    result = function(w, 2.0)
    assert result is w
    assert held[0].numpy().tolist() == [expected, expected]
    assert w.dtype == np.float32
    with pytest.raises(ValueError, match="shape"):
        function(w, np.ones((3, 2)))
    assert w.numpy().tolist() == [expected, expected]


def test_in_place_operators_inside_a_tape_change_the_variable(mode: str) -> None:
    w = dt.Variable([3.0, 3.0])
    held = w
    with dt.GradientTape(mode) as tape:
        y = w * w
        w -= 0.1 * np.ones(2)
        z = np.sum(y)
    assert w is held
    assert w.numpy().tolist() == [2.9, 2.9]
    assert tape.gradient(z, w).tolist() == [6.0, 6.0]


def test_a_constant_does_not_change() -> None:
    c = dt.constant([1.0, 2.0])
    assert not hasattr(c, "assign")
    for name in ("assign", "assign_add", "assign_sub"):
        with pytest.raises(AttributeError):
            getattr(c, name)
    with pytest.raises(ValueError, match="copy"):
        c[0] = 1.0
    before = c
    c += 1.0
    assert before.numpy().tolist() == [1.0, 2.0]


def test_a_variable_is_not_written_in_place(mode: str) -> None:
    w = dt.Variable([1.0, 2.0], name="w")
    with pytest.raises(ValueError, match=r"'w'.*copy.*assign"):
        w[0] = 1.0
    with dt.GradientTape(mode), pytest.raises(ValueError, match="assign"):
        w[0] = 1.0
    assert w.numpy().tolist() == [1.0, 2.0]


def test_no_way_around_leads_to_the_memory_of_a_variable() -> None:
    w = dt.Variable([1.0, 2.0])
    ways: list[Callable[[], Any]] = [
        lambda: np.asarray(w),
        lambda: w[:],
        lambda: np.reshape(w, (1, 2)),
        lambda: w.T,
        lambda: w.reshape(1, 2),
        lambda: np.broadcast_to(w, (2, 2)),
        lambda: w + 0.0,
        lambda: np.array(w),
    ]
    for way in ways:
        array = way()
        with contextlib.suppress(ValueError):  # a copy can be written
            array[...] = 100.0
        assert w.numpy().tolist() == [1.0, 2.0]
    with pytest.raises((ValueError, TypeError)):
        np.add(1.0, 1.0, out=w)
    with pytest.raises((ValueError, TypeError)):
        np.copyto(w, 5.0)
    with pytest.raises((ValueError, TypeError)):
        np.add.at(w, [0], 5.0)
    assert w.numpy().tolist() == [1.0, 2.0]


def test_outside_a_tape_the_value_is_what_numpy_makes_of_it() -> None:
    value = np.array([[1.0, 2.0], [3.0, 4.0]])
    w = dt.Variable(value)
    functions: list[Callable[[Any], Any]] = [
        np.sum,
        np.sin,
        lambda x: x @ x,
        lambda x: x * 2,
        lambda x: 2 / x,
        lambda x: x[0],
        lambda x: x[0, 1],
        lambda x: x[x > 2],
        lambda x: x**2,
        lambda x: 2.0**x,
        lambda x: -x,
        abs,
        lambda x: x // 2,
        lambda x: 7 // x,
        lambda x: divmod(x, 2)[0],
        lambda x: divmod(x, 2)[1],
        lambda x: divmod(7.0, x)[1],
        lambda x: x % 2,
        lambda x: x < 2,
        lambda x: x == value,
        lambda x: x != 2,
        lambda x: np.concatenate([x, x]),
        lambda x: np.stack([x, value]),
        lambda x: np.where(x > 1, x, 0.0),
        lambda x: x.sum(axis=0),
        lambda x: x.T,
        np.add.reduce,
        lambda x: np.multiply.outer(x, x),
        np.linalg.norm,
        lambda x: np.histogram(x)[0],
        lambda x: np.array([x, x]),
        np.median,
        lambda x: value + x,
        lambda x: value @ x,
        lambda x: value < x,
        lambda x: np.float64(2.0) * x,
        lambda x: [1.0, 2.0] * x,
        np.max,
        lambda x: list(x)[1],
        lambda x: x.astype(np.float32),
        lambda x: x.copy(),
        lambda x: x.real,
        lambda x: x.tolist(),
        lambda x: x.item(3),
        lambda x: x.mean(),
        lambda x: x.flatten(),
        lambda x: x.dot(x),
    ]
    for function in functions:
        found, expected = function(w), function(value)
        assert type(found) is type(expected)
        if isinstance(expected, list) or type(expected) is float:
            assert found == expected
            continue
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected)


def test_arrays_like_a_variable_may_come_to_hold_traced_values(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    x = np.zeros(3, like=w)
    assert np.asarray(x).tolist() == [0.0, 0.0, 0.0]
    with dt.GradientTape(mode) as tape:
        x[1] = w[0]
        y = np.sum(x * x)
    assert tape.gradient(y, w).tolist() == [2.0, 0.0]


def test_a_scalar_variable_gives_numpy_scalars() -> None:
    w = dt.Variable(3.0)
    assert type(w * 2) is np.float64
    assert type(np.sin(w)) is np.float64
    assert type(w + np.float32(1)) is np.float64
    assert type(dt.Variable(3.0, dtype=np.float32) * 2.0) is np.float32


def test_python_protocols() -> None:
    w = dt.Variable(2.5)
    assert float(w) == 2.5
    assert int(w) == 2
    assert complex(w) == 2.5 + 0j
    assert bool(w)
    assert not dt.Variable(0.0)
    assert round(float(w)) == 2
    assert f"{w:.3f}" == "2.500"
    assert "%.1f" % w == "2.5"  # noqa: UP031
    assert str(w) == "2.5"
    assert 1.0 in dt.Variable([1.0, 2.0])
    assert 3.0 not in dt.Variable([1.0, 2.0])
    with pytest.raises(ValueError, match="ambiguous"):
        bool(dt.Variable([1.0, 2.0]))
    with pytest.raises(TypeError):
        float(dt.Variable([1.0, 2.0]))
    with pytest.raises(TypeError):
        hash(w)


def test_equality_is_elementwise_like_an_array_s() -> None:
    w = dt.Variable([1.0, 2.0])
    assert (w == dt.Variable([1.0, 2.0])).tolist() == [True, True]
    assert (w == [1.0, 5.0]).tolist() == [True, False]


def test_comparisons_inside_a_tape_are_plain(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode):
        assert type(w > 1.5) is np.ndarray
        assert (w > 1.5).tolist() == [False, True]
        assert (np.float64(1.5) > w).tolist() == [True, False]
        assert (np.ones(2) <= w).tolist() == [True, True]
        assert (w * 2 == w + w).all()
        assert type(w * 2 > w) is np.ndarray


def test_foreign_operands_are_left_to_answer() -> None:
    class Foreign:
        __array_ufunc__ = None

        def __radd__(self, other: object) -> str:
            return "foreign"

        __rmul__ = __radd__

    w = dt.Variable([1.0, 2.0])
    assert w + Foreign() == "foreign"
    assert w * Foreign() == "foreign"
    with pytest.raises(TypeError):
        w + "text"
    with pytest.raises(TypeError):
        w * None


def test_pickle_and_copies() -> None:
    w = dt.Variable([1.0, 2.0], name="w", trainable=False, dtype=np.float32)
    for other in (pickle.loads(pickle.dumps(w)), copy.deepcopy(w), copy.copy(w)):
        assert type(other) is dt.Variable
        assert (other.name, other.trainable, other.dtype) == ("w", False, np.float32)
        assert other.numpy().tolist() == [1.0, 2.0]
        other.assign([3.0, 4.0])
        assert w.numpy().tolist() == [1.0, 2.0]
        with pytest.raises(ValueError, match="assign"):
            other[0] = 1.0


def test_a_restored_variable_is_as_safe_as_a_new_one(mode: str) -> None:
    w = pickle.loads(pickle.dumps(dt.Variable(np.arange(4.0))))
    view = np.asarray(w)
    with dt.GradientTape(mode) as tape:
        y = np.sum(w * w)
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 100.0
    assert tape.gradient(y, w).tolist() == [0.0, 2.0, 4.0, 6.0]


def test_variables_are_weakly_referable() -> None:
    w = dt.Variable(1.0)
    r = weakref.ref(w)
    del w
    assert r() is None


def test_isinstance_answers_as_for_the_value() -> None:
    w, b = dt.Variable([1.0, 2.0]), dt.Variable(1.0)
    assert isinstance(w, np.ndarray)
    assert isinstance(w, dt.Variable)
    assert isinstance(b, float)
    assert not isinstance(b, np.ndarray)
    roots = np.array([0.5, 3.0])
    with dt.GradientTape() as tape:  # NumPy asks isinstance there before it broadcasts
        y = np.polynomial.polynomial.polyvalfromroots(w, roots)
    np.testing.assert_allclose(tape.gradient(y, w), [2.0 - 3.5, 4.0 - 3.5])


@pytest.mark.parametrize("value", [None, [1.0, None], object()])
def test_what_is_no_number_is_not_called_traced(value: object) -> None:
    with pytest.raises(TypeError, match="takes numbers or an array of them, not"):
        dt.Variable(1.0).assign(value)  # type: ignore[arg-type]  # wrong on purpose


def test_a_variable_without_a_name_is_named_by_its_shape() -> None:
    with pytest.raises(dt.errors.ReadOnlyError, match=r"^a variable of shape \(1,\) can't"):
        dt.Variable([1.0])[0] = 2.0  # type: ignore[index]  # a variable is no array to write into
    with pytest.raises(dt.errors.ReadOnlyError, match=r"^the constant 'c' can't"):
        dt.constant([1.0], name="c")[0] = 2.0  # type: ignore[index]  # as above
