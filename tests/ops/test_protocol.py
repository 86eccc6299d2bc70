"""NumPy's protocols: ufunc methods and keywords, functions without a rule."""

from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import plain
from dualtape.errors import NoRuleError, ReadOnlyError, TracedConversionError
from dualtape.ops.protocol import strip
from dualtape.primitive import FUNCTIONS, UFUNCS

X, Y = np.array([1.5, -2.0, 0.25]), np.array([2.0, 0.5, -4.0])


def same(found: Any, expected: Any) -> None:
    """Assert that two arrays are the same bit for bit."""
    found = plain(found)
    assert type(found) is type(expected)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert found.tobytes() == expected.tobytes()


# --- out= ---------------------------------------------------------------------------------------------------------


def test_out_is_a_traced_array(mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode) as tape:
        x = w * 1.0
        view = x[1:]
        result = np.multiply(x, x, out=x)
        loss = np.sum(view * [1.0, 10.0])
    assert result is x
    same(x, X * X)
    np.testing.assert_array_equal(tape.gradient(loss, w), 2 * X * [0.0, 1.0, 10.0])


def test_out_is_positional_too(mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode) as tape:
        place = dt.zeros(3)
        np.exp(w, place)
        np.add(place, w, place)
        loss = np.sum(place)
    np.testing.assert_allclose(tape.gradient(loss, w), np.exp(X) + 1)


def test_plain_values_into_a_traced_array_are_constants(mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode) as tape:
        x = w * w
        np.add(X[:1], 1.0, out=x[1:2])
        np.floor(x[2:], out=x[2:])
        loss = np.sum(x)
    np.testing.assert_array_equal(tape.gradient(loss, w), 2 * X * [1.0, 0.0, 0.0])


def test_out_is_a_plain_array(mode: str) -> None:
    w, place = dt.Variable(X), np.zeros(3)
    with dt.GradientTape(mode) as tape:
        with pytest.raises(TracedConversionError, match=r"dualtape\.zeros"):
            np.multiply(w, 2.0, out=place)
        x = w * 1.0
        assert np.less(x, 0.0, out=place) is place
    same(place, np.array([0.0, 1.0, 0.0]))
    assert np.multiply(x, 2.0, out=place) is place
    same(place, 2 * X)
    with dt.GradientTape(mode) as tape, tape.stop_recording():
        np.multiply(w, 3.0, out=place)
    same(place, 3 * X)


def test_out_has_numpys_rules_of_shape_and_casting(mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode):
        wide = dt.zeros((2, 3))
        np.square(w, out=wide)
        same(wide, np.square(X, out=np.zeros((2, 3))))
        single = dt.zeros(3, np.float32)
        np.square(w, out=single)
        same(single, np.square(X, out=np.zeros(3, np.float32)))
        np.square(w, out=single, casting="same_kind")
        for shape in ((2,), (1,), ()):
            with pytest.raises(ValueError):
                np.square(w, out=dt.zeros(shape))
        with pytest.raises(TypeError, match="cast"):
            np.square(w, out=dt.zeros(3, int))
        with pytest.raises(TypeError, match="cast"):
            np.square(w, out=single, casting="safe")
        with pytest.raises(ReadOnlyError):
            np.square(w, out=w[:])


def test_out_of_reductions(mode: str) -> None:
    w = dt.Variable(np.stack([X, Y]))
    with dt.GradientTape(mode) as tape:
        place = dt.zeros(3)
        assert np.add.reduce(w * w, axis=0, out=place) is place
        loss = np.sum(place)
        counts = dt.zeros(3, int)
        np.logical_and.reduce(w > 0, axis=0, out=counts)
    np.testing.assert_array_equal(tape.gradient(loss, w), 2 * w.numpy())
    same(counts, np.array([1, 0, 0]))


# --- where= -------------------------------------------------------------------------------------------------------


def test_where_skips_entries_and_their_derivatives(mode: str) -> None:
    # What is skipped is not even computed: 1 / 0 would spoil the derivative, and warn.
    w = dt.Variable([4.0, 0.0, 9.0])
    with np.errstate(divide="raise", invalid="raise"), dt.GradientTape(mode) as tape:
        x = w * 1.0
        for result in (
            np.divide(1.0, x, out=dt.zeros(3), where=x > 0),
            np.sqrt(x, out=dt.zeros(3), where=[True, False, True]),
        ):
            assert isinstance(plain(result), np.ndarray)
        loss = np.sum(np.divide(1.0, x, out=dt.zeros(3), where=x > 0)) + np.sum(np.sqrt(x, out=+x, where=x > 0))
    np.testing.assert_allclose(tape.gradient(loss, w), [-1 / 16 + 1 / 4, 1.0, -1 / 81 + 1 / 6])


def test_where_broadcasts(mode: str) -> None:
    w = dt.Variable(X)
    mask = np.array([[True], [False]])
    with dt.GradientTape(mode) as tape:
        place = dt.full((2, 3), 7.0)
        result = np.multiply(w, 2.0, out=place, where=mask)
        loss = np.sum(result)
    same(place, np.multiply(X, 2.0, out=np.full((2, 3), 7.0), where=mask))
    np.testing.assert_array_equal(tape.gradient(loss, w), [2.0, 2.0, 2.0])
    with dt.GradientTape(mode):
        with pytest.raises(ValueError, match="non-broadcastable"):
            np.multiply(w, 2.0, out=dt.zeros(3), where=mask)
        with pytest.raises(NoRuleError, match=r"np\.where"):
            np.multiply(w, 2.0, where=mask)
        with pytest.raises(TracedConversionError):
            np.multiply(w, 2.0, out=np.zeros((2, 3)), where=mask)
        with pytest.raises(TypeError, match="cast"):
            np.multiply(w, 2.0, out=dt.zeros((2, 3), int), where=mask)
        with pytest.raises(NoRuleError, match="modf"):
            np.modf(w, out=(dt.zeros(3), dt.zeros(3)), where=mask[0])
        same(np.multiply(w, 2.0, where=True), X * 2.0)


@pytest.mark.parametrize("ufunc", [np.sin, np.exp, np.sqrt, np.tanh, np.log1p, np.cbrt, np.arctan])
def test_where_gives_numpys_own_values(ufunc: Any) -> None:
    x = np.abs(np.random.default_rng(0).normal(size=(37, 5)))
    for dtype in (np.float64, np.float32):
        value, mask = x.astype(dtype), x > 0.4
        with dt.GradientTape("forward"):
            found = ufunc(dt.Variable(value) * dtype(1), out=dt.zeros(x.shape, dtype), where=mask)
        np.testing.assert_array_max_ulp(plain(found), ufunc(value, out=np.zeros_like(value), where=mask), 1)


# --- dtype=, casting= and the rest --------------------------------------------------------------------------------


def test_dtype(mode: str) -> None:
    w, single = dt.Variable(X), dt.Variable(X.astype(np.float32))
    for call in (
        lambda x: np.multiply(x, Y, dtype=np.float32),
        lambda x: np.multiply(x, 2.0, dtype=np.float64),
        lambda x: np.multiply(3, x, dtype="f8"),
        lambda x: np.exp(x, dtype=np.float64),
        lambda x: np.exp(x, dtype=np.float32),
        lambda x: np.exp(x, signature="d->d"),
        lambda x: np.add(x, x, signature=(None, None, np.dtype(np.float64))),
        lambda x: np.sqrt(x, dtype=complex),
        lambda x: np.less(x, 1.0, dtype=bool),
        lambda x: np.add(x, 1.0, subok=True, order="K"),
    ):
        for variable in (w, single):
            with dt.GradientTape(mode, persistent=True) as tape:
                found = call(+variable)
                loss = found * 1.0 if found.dtype.kind == "f" else None
            with np.errstate(all="ignore"):
                same(found, call(variable.numpy()))
            if loss is not None:
                assert tape.gradient(loss, variable).dtype == variable.dtype


def test_dtype_that_does_not_fit(mode: str) -> None:
    w = dt.Variable(X)
    for keywords in (
        {"dtype": int},
        {"dtype": np.float32, "casting": "safe"},
        {"signature": "ll->l"},
        {"dtype": "M8[s]"},
    ):
        with pytest.raises(TypeError):
            np.add(X, X, **keywords)
        with dt.GradientTape(mode), pytest.raises(TypeError):
            np.add(w, w, **keywords)


def test_refused_and_unknown_keywords(mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode):
        with pytest.raises(NoRuleError, match="order="):
            np.add(w, w, order="F")
        with pytest.raises(TypeError):
            np.add(w, w, unknown=1)


# --- outer, at, reduce and their kin ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ufunc", [np.add, np.multiply, np.divide, np.power, np.maximum, np.arctan2, np.less, np.floor_divide]
)
def test_outer(ufunc: np.ufunc, mode: str) -> None:
    a, b = np.abs(X), np.abs(Y).reshape(3, 1)
    w, v = dt.Variable(a), dt.Variable(b)
    for first, second in ((w, v), (w, b), (a, v), (w, 2.0), (2.0, v), (w, [1.0, 2.0])):
        pair = [x.numpy() if isinstance(x, dt.Variable) else x for x in (first, second)]
        with dt.GradientTape(mode):
            found = ufunc.outer(first, second)
        same(found, ufunc.outer(*pair))
    if ufunc is np.multiply:
        with dt.GradientTape(mode) as tape:
            loss = np.sum(np.multiply.outer(w, v, out=dt.zeros((3, 3, 1))))
        np.testing.assert_allclose(tape.gradient(loss, w), np.full(3, b.sum()))


def test_at_adds_and_subtracts(mode: str) -> None:
    w, v = dt.Variable(X), dt.Variable([1.0, 10.0, 100.0, 1000.0])
    where = [0, 2, 0, 0]
    for ufunc, sign in ((np.add, 1.0), (np.subtract, -1.0)):
        expected = X.copy()
        ufunc.at(expected, where, v.numpy())
        with dt.GradientTape(mode) as tape:
            x = w * 1.0
            assert ufunc.at(x, where, v * 1.0) is None  # type: ignore[func-returns-value]  # which is what is tested
            ufunc.at(x, 1, 5.0)
            loss = np.sum(x * [1.0, 2.0, 3.0])
        np.testing.assert_array_equal(plain(x)[[0, 2]], expected[[0, 2]])
        gw, gv = tape.gradient(loss, [w, v])
        np.testing.assert_array_equal(gw, [1.0, 2.0, 3.0])
        np.testing.assert_array_equal(gv, [sign, 3 * sign, sign, sign])


def test_at_of_other_ufuncs(mode: str) -> None:
    w, v = dt.Variable(X), dt.Variable([2.0, 3.0])
    with dt.GradientTape(mode) as tape:
        x = w * 1.0
        np.multiply.at(x, [2, 0], v)
        np.negative.at(x, slice(0, 2))
        np.exp.at(x, np.array([False, True, False]))
        loss = np.sum(x)
        with pytest.raises(TracedConversionError, match=r"dualtape\.zeros"):
            np.multiply.at(np.ones(3), [0, 1], v)
        with pytest.raises(ReadOnlyError):
            np.multiply.at(w, [0, 1], v)
        with pytest.raises(TypeError, match="cast"):
            np.multiply.at(dt.zeros(3, int), [0, 1], v)
        with pytest.raises(TypeError, match="cast"):
            np.add.at(dt.zeros(3, int), [0, 1], v)
    gw, gv = tape.gradient(loss, [w, v])
    np.testing.assert_allclose(gw, [-3.0, -np.exp(2.0), 2.0])
    np.testing.assert_allclose(gv, [0.25, -1.5])
    places = np.ones(3)
    np.add.at(places, [0, 0], v)  # outside of a tape a variable is its value
    same(places, np.array([6.0, 1.0, 1.0]))


@pytest.mark.parametrize("ufunc", [np.multiply, np.divide, np.maximum, np.hypot, np.logaddexp])
def test_at_of_entries_named_more_than_once(ufunc: Any, mode: str) -> None:
    w, v = dt.Variable(X), dt.Variable([1.5, 0.5, 2.5, 1.25])
    where = [[0, -1], [0, 0]]

    def at(x: Any, v: Any) -> Any:
        x = x.copy()
        ufunc.at(x, where, v.reshape(2, 2))
        ufunc.at(x, [1, 1], 1.5)
        np.square.at(x, [2, 2])
        return x

    def one_by_one(x: Any, v: Any) -> Any:
        x0 = ufunc(ufunc(ufunc(x[0], v[0]), v[2]), v[3])
        x1 = ufunc(ufunc(x[1], 1.5), 1.5)
        return np.stack([x0, x1, np.square(np.square(ufunc(x[2], v[1])))])

    found = []
    for call in (at, one_by_one):
        with dt.GradientTape(mode) as tape:
            y = call(w * 1.0, v * 1.0)
        found.append(tape.gradient(y, [w, v]))
        same(y.primal, at(X, v.numpy()))
    np.testing.assert_allclose(found[0][0], found[1][0])
    np.testing.assert_allclose(found[0][1], found[1][1])


def test_reduce_has_its_own_default_axis(mode: str) -> None:
    w = dt.Variable(np.stack([X, Y]))
    with dt.GradientTape(mode):
        for ufunc in (np.add, np.multiply, np.maximum, np.minimum, np.logaddexp):
            same(ufunc.reduce(w), ufunc.reduce(w.numpy()))
            same(ufunc.reduce(w, axis=None), np.asarray(ufunc.reduce(w.numpy(), axis=None))[()])
        for ufunc in (np.add, np.multiply):
            same(ufunc.accumulate(w), ufunc.accumulate(w.numpy()))
        same(np.logical_or.reduce(w > 1), np.logical_or.reduce(w.numpy() > 1))


def test_what_has_no_rule(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(FUNCTIONS, np.busday_count)  # as a function that a later NumPy brings
    w = dt.Variable(X)
    with dt.GradientTape(mode):
        x = w * 1.0
        with pytest.raises(NotImplementedError, match=rf"reduce has no derivative rule in {mode} mode"):
            np.frompyfunc(max, 2, 1).reduce(w)
        foreign = np.tanh
        monkeypatch.delitem(UFUNCS, foreign)  # as one of SciPy's
        monkeypatch.delattr(np, "tanh")
        with pytest.raises(NoRuleError, match=rf"^the ufunc tanh has no .* {mode} mode: .*dualtape\.elementwise"):
            foreign(x)
        with pytest.raises(NoRuleError, match=rf"numpy\.busday_count has no derivative rule in {mode} mode"):
            np.busday_count(x, "2020-01-01")
    for closed in (w, x):
        same(np.add.reduceat(closed, [0, 2]), np.add.reduceat(X, [0, 2]))


@pytest.mark.parametrize("method", ["reduce", "accumulate", "reduceat"])
def test_running_floor_division_begins_with_an_entry_as_it_is(mode: str, method: str) -> None:
    """Its other entries are steps, with derivative zero; that of the first one must not be lost."""
    arguments = ([0],) if method == "reduceat" else ()
    w = dt.Variable([7.5])
    with dt.GradientTape(mode):
        with pytest.raises(NoRuleError, match=r"floor_divide\." + method):
            getattr(np.floor_divide, method)(w * 1.0, *arguments)
        assert np.floor_divide.outer(w, [2.0]).tolist() == [[3.0]]
    assert getattr(np.floor_divide, method)(w, *arguments) == 7.5


def test_functions_of_frompyfunc_get_traced_values(mode: str) -> None:
    both = np.frompyfunc(lambda a, b: (a * b, a + b), 2, 2)
    w = dt.Variable(X)
    with dt.GradientTape(mode, persistent=True) as tape:
        product, total = both(w * 1.0, w[0])
    same(tape.gradient(product, w), np.full(3, X[0]) + np.array([X.sum(), 0.0, 0.0]))
    same(tape.gradient(total, w), np.array([4.0, 1.0, 1.0]))
    assert both(w, 2.0)[0].tolist() == (2.0 * X).tolist()


def test_object_arrays_hold_results(mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode) as tape:
        out = np.zeros(3, dtype=object)
        assert np.multiply(w, w, out=out) is out
        out += w
        loss = np.sum(out)
    same(tape.gradient(loss, w), 2.0 * X + 1.0)


def test_no_rule_names_every_mode(mode: str, outer_mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(FUNCTIONS, np.busday_count)
    w, v = dt.Variable(X), dt.Variable(X)
    with dt.GradientTape(outer_mode, watch_accessed_variables=False) as outer:
        outer.watch(v)
        x = v * 1.0
        with dt.GradientTape(mode, watch_accessed_variables=False) as inner:
            inner.watch(w)
            modes = " and ".join(sorted({mode, outer_mode}))
            with pytest.raises(NoRuleError, match=rf"in {modes} mode"):
                np.busday_count(w, x)
            with pytest.raises(NoRuleError, match=rf"in {modes} mode"):
                np.busday_count(begindates=w, enddates=x)


# --- values whose tape does not record ----------------------------------------------------------------------------


def test_functions_on_closed_handles_give_plain_values(mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode, persistent=True) as tape:
        x = w * w
        loss = np.sum(x * x)
    for result in (
        np.sin(x),
        np.add(x, 1.0, dtype=np.float32),
        np.add.reduceat(x, [0, 1]),
        np.modf(x)[0],
        np.hypot.reduce(x),
    ):
        assert type(result) in {np.ndarray, np.float64}
    before = tape.gradient(loss, w)
    with pytest.raises(ValueError, match="read-only"):
        strip([x])[0][...] = 1000.0  # what functions without a rule get of it
    np.testing.assert_array_equal(tape.gradient(loss, w), before)


def test_variables_without_a_tape_are_their_values() -> None:
    w = dt.Variable(X)
    same(np.add(w, 1.0, out=np.zeros(3)), X + 1.0)
    same(np.add(w, 1.0, dtype=np.float32), np.add(X, 1.0, dtype=np.float32))
    same(np.add.outer(w, w), np.add.outer(X, X))
    same(np.add.reduceat(w, [0, 1]), np.add.reduceat(X, [0, 1]))
    same(np.divide(w, 2.0, out=np.zeros(3), where=w > 0), np.divide(X, 2.0, out=np.zeros(3), where=X > 0))
