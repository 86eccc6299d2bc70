"""DualArray by itself and on a forward tape: tangents, seeds, and how much memory they may take."""

import pickle
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.errors import ForwardMemoryError, PerformanceWarning


def close(actual: Any, expected: Any) -> None:
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


@pytest.fixture
def limit() -> Iterator[Callable[[int], int]]:
    """Sets the forward memory limit, and puts it back."""
    before = dt.set_forward_memory_limit(2**40)
    yield dt.set_forward_memory_limit
    dt.set_forward_memory_limit(before)


# --- by itself ----------------------------------------------------------------------------------------------------


def test_square() -> None:
    d = dt.DualArray(3.0, 1.0)
    y = np.square(d)
    assert type(y) is dt.DualArray
    assert y.primal == 9.0
    assert y.tangent == 6.0
    assert y.tangents.shape == (1,)


def test_parts() -> None:
    d = dt.DualArray([1.0, 2.0], [3.0, 4.0])
    assert d.primal.tolist() == [1.0, 2.0]
    assert d.tangent.tolist() == [3.0, 4.0]
    assert d.tangents.tolist() == [[3.0, 4.0]]
    assert (d.shape, d.ndim, d.size, d.dtype) == ((2,), 1, 2, np.float64)
    assert isinstance(d, dt.DualArray)
    assert isinstance(d, np.ndarray)
    assert isinstance(dt.DualArray(1.0, 1.0), float)


def test_parts_are_copies_in_and_read_only_out() -> None:
    primal, tangent = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    d = dt.DualArray(primal, tangent)
    primal[0] = tangent[0] = 100.0
    assert d.primal.tolist() == [1.0, 2.0]
    assert d.tangent.tolist() == [3.0, 4.0]
    for part in (d.primal, d.tangent, d.tangents):
        with pytest.raises(ValueError, match="read-only"):
            part[0] = 100.0
    assert primal.flags.writeable


def test_integers_become_floats() -> None:
    d = dt.DualArray(3, 1)
    assert d.dtype == np.float64
    assert np.square(d).tangent == 6.0
    assert dt.DualArray([1, 2], [0, 1]).tangent.dtype == np.float64


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.complex64, np.complex128])
def test_dtypes_stay(dtype: type) -> None:
    d = dt.DualArray(np.ones(2, dtype), [1.0, 2.0])
    y = d * 2.0 + np.sin(d)
    assert y.dtype == dtype
    assert y.tangent.dtype == dtype
    assert np.asarray(y.primal).dtype == dtype


def test_parts_must_agree() -> None:
    with pytest.raises(ValueError, match="shape"):
        dt.DualArray([1.0, 2.0], 1.0)
    with pytest.raises(TypeError, match="real"):
        dt.DualArray(1.0, 1j)
    with pytest.raises(TypeError):
        dt.DualArray("a", "b")


def test_repr_reads_as_a_dual_number() -> None:
    assert repr(dt.DualArray(9.0, 6.0)) == "DualArray(9.0 + 6.0ε)"
    assert repr(dt.DualArray([1.0, 2.0], [3.0, 4.0])) == "DualArray([1., 2.] + [3., 4.]ε)"
    assert len(repr(dt.DualArray(np.zeros(10**5), np.zeros(10**5)))) < 500
    assert str(dt.DualArray(9.0, 6.0)) == "9.0"
    assert f"{dt.DualArray(9.0, 6.0):.2f}" == "9.00"


def test_repr_of_a_value_on_a_tape(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape("forward"):
        y = w * w
        assert "2 tangents" in repr(y)
        z = repr(y * 0.0 + dt.DualArray([1.0, 2.0], [1.0, 1.0]))
    assert "DualArray" in z


def test_subscript_at_run_time() -> None:
    d: Any = dt.DualArray[np.float64](1.0, 2.0)
    assert type(d) is dt.DualArray
    assert d.tangent == 2.0


def test_all_free_dual_numbers_share_one_infinitesimal() -> None:
    x, y = dt.DualArray(3.0, 1.0), dt.DualArray(5.0, 10.0)
    assert (x * y).tangent == 5.0 + 30.0
    assert (x + 2.0 * y).tangent == 21.0
    assert (x * 2.0).tangent == 2.0
    assert (np.array([1.0, 2.0]) * x).tangent.tolist() == [1.0, 2.0]


def test_a_constant_has_tangent_zero() -> None:
    d = dt.DualArray([1.0, 2.0], [1.0, 1.0])
    assert (d * 0.0 + 5.0).tangent.tolist() == [0.0, 0.0]


def test_the_one_tangent_of_several_is_an_error() -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape("forward") as tape:
        y = w * w
        assert y.tangents.tolist() == [[2.0, 0.0], [0.0, 4.0]]
        with pytest.raises(ValueError, match="tangents"):
            _ = y.tangent
    assert tape.gradient(y, w).tolist() == [2.0, 4.0]


def test_a_value_without_seeds_has_no_rows() -> None:
    w, c = dt.Variable([1.0, 2.0]), dt.zeros(2)
    with dt.GradientTape("forward"):
        c[0] = w[0]
        c[0] = 5.0
        assert isinstance(c, dt.DualArray)
        assert c.tangents.shape[1:] == (2,)
        assert not c.tangents.any()


def test_writes_into_a_free_dual_number() -> None:
    d = dt.DualArray([1.0, 2.0], [1.0, 1.0])
    d[0] = 5.0
    d[1] = dt.DualArray(7.0, 3.0)
    assert d.primal.tolist() == [5.0, 7.0]
    assert d.tangent.tolist() == [0.0, 3.0]
    d *= 2.0
    assert d.tangent.tolist() == [0.0, 6.0]
    view = d[1:]
    view[0] = dt.DualArray(1.0, 1.0) * 4.0
    assert d.primal.tolist() == [10.0, 4.0]
    assert d.tangent.tolist() == [0.0, 4.0]


def test_storing_a_dual_number_in_a_plain_array() -> None:
    x = dt.zeros(2)
    x[1] = dt.DualArray(3.0, 1.0)
    assert type(x) is dt.DualArray
    assert (x * x).tangent.tolist() == [0.0, 6.0]
    plain = np.zeros(2)
    with pytest.raises((TypeError, ValueError)) as caught:
        plain[0] = dt.DualArray(3.0, 1.0)
    assert "dualtape.zeros" in str(caught.value) or "dualtape.zeros" in str(caught.value.__cause__)


def test_what_would_drop_the_tangent_is_refused() -> None:
    d = dt.DualArray(3.0, 1.0)
    with pytest.raises(TypeError, match="primal"):
        float(d)
    with pytest.raises(TypeError, match="primal"):
        np.asarray(d, float)
    with pytest.raises(TypeError, match="primal"):
        pickle.dumps(d)
    assert float(d.primal) == 3.0


def test_list_of_dual_numbers_is_stacked() -> None:
    d = dt.DualArray([1.0, 2.0], [1.0, 10.0])
    y = np.array([d[1], -np.sin(d[0])]) * d
    close(y.primal, [2.0, -2.0 * np.sin(1.0)])
    close(y.tangent, [10.0 * 1.0 + 2.0 * 1.0, -np.cos(1.0) * 2.0 - np.sin(1.0) * 10.0])


# --- under tapes --------------------------------------------------------------------------------------------------


def test_a_free_dual_number_under_a_tape(mode: str) -> None:
    """It is a constant to the tape, and keeps its own tangent inside the tape's primals."""
    w = dt.Variable([2.0, 3.0])
    d = dt.DualArray([5.0, 7.0], [1.0, 10.0])
    with dt.GradientTape(mode) as tape:
        y = w * w * d
    assert type(y.primal) is dt.DualArray
    assert y.primal.primal.tolist() == [20.0, 63.0]
    assert y.primal.tangent.tolist() == [4.0, 90.0]
    g = tape.gradient(y, w)
    assert isinstance(g, dt.DualArray)
    assert g.primal.tolist() == [20.0, 42.0]
    assert g.tangent.tolist() == [4.0, 60.0]


def test_a_free_dual_number_that_is_watched(mode: str) -> None:
    """Forward over the tape's mode: the tangent of the gradient is a second derivative."""
    d = dt.DualArray([2.0, 3.0], [1.0, 10.0])
    with dt.GradientTape(mode) as tape:
        tape.watch(d)
        y = np.sum(d * d * d)
    g = tape.gradient(y, d)
    assert isinstance(g, dt.DualArray)
    assert g.primal.tolist() == [12.0, 27.0]
    assert g.tangent.tolist() == [12.0, 180.0]


def test_a_free_dual_number_in_and_out_of_a_block(mode: str) -> None:
    d = dt.DualArray(2.0, 1.0)
    w = dt.Variable(3.0)
    with dt.GradientTape(mode) as tape:
        e = d * d
        y = w * e
    assert type(e) is dt.DualArray
    assert e.tangent == 4.0
    assert (y.primal * 2.0).tangent == 24.0 if isinstance(y.primal, dt.DualArray) else True
    g = tape.gradient(y, w)
    assert g.primal == 4.0
    assert g.tangent == 4.0
    assert (e * e).tangent == 32.0


def test_no_perturbation_confusion_with_free_numbers(mode: str) -> None:
    """Of d/dx (x d/dy (x + y)) = 1, the answer 2 is the classical mistake."""
    x = dt.DualArray(1.0, 1.0)
    y = dt.Variable(1.0)
    with dt.GradientTape(mode) as tape:
        z = x + y
    g = tape.gradient(z, y)
    assert (x * g).tangent == 1.0


def test_seeds_of_the_same_variable_are_shared() -> None:
    w, u = dt.Variable([1.0, 2.0]), dt.Variable(3.0)
    with dt.GradientTape("forward"):
        a, b = w * 2.0, w * 3.0
        assert (a * b).tangents.shape == (2, 2)
        c = u * 1.0
        assert c.tangents.shape == (1,)
        assert (a * c).tangents.shape == (3, 2)
        assert (c * a * b).tangents.shape == (3, 2)


def test_rows_that_a_value_does_not_depend_on_are_not_stored() -> None:
    w = [dt.Variable(float(i)) for i in range(20)]
    with dt.GradientTape("forward") as tape:
        total: Any = 0.0
        for i, v in enumerate(w):
            term = v * v
            assert term.tangents.shape == (1,)
            total = total + term
            assert total.tangents.shape == (i + 1,)
    assert tape.gradient(total, w) == [2.0 * i for i in range(20)]


def test_operands_keep_their_aligned_tangents() -> None:
    """In a loop over the same parameters each would be aligned at every use."""
    a, b = dt.Variable(np.ones(3)), dt.Variable(np.ones(3))
    with dt.GradientTape("forward"):
        x, y = a * 1.0, b * 1.0
        assert x.tangents.shape[0] == y.tangents.shape[0] == 3
        _ = x * y
        assert x.tangents.shape[0] == y.tangents.shape[0] == 6
        assert x.tangents[:3].tolist() == np.eye(3).tolist()
        assert not x.tangents[3:].any()
        assert not y.tangents[:3].any()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)])
def test_seeds_in_any_order(order: tuple[int, ...]) -> None:
    """Values with seeds of three parameters meet in any order, in sets that overlap."""
    values = [np.array([1.0, 2.0]), np.array([3.0, 5.0]), np.array([7.0, 11.0])]
    w = [dt.Variable(value) for value in values]
    with dt.GradientTape("forward") as tape:
        first = w[order[0]] * w[order[1]]
        second = w[order[1]] * w[order[2]]
        third = w[order[2]] * w[order[0]]
        y = first * second + third * second + first
    found = tape.gradient(y, w)

    def f(w: list[Any]) -> Any:
        first = w[order[0]] * w[order[1]]
        second = w[order[1]] * w[order[2]]
        third = w[order[2]] * w[order[0]]
        return np.sum(first * second + third * second + first)

    for i in range(3):
        for j in range(2):
            shifted = [value.astype(complex) for value in values]
            shifted[i][j] += 1e-30j
            close(found[i][j], f(shifted).imag / 1e-30)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("shape", [(1,), (2,), (3,), (1, 3), (3, 1), (2, 3)])
def test_batch_axis_and_broadcasting_do_not_mix(n: int, shape: tuple[int, ...]) -> None:
    """A stack of n tangents must never be taken for a first axis of n entries."""
    w = dt.Variable(np.arange(1.0, n + 1.0))
    c = np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape)
    functions: list[Callable[[Any], Any]] = [
        lambda w: np.sum(w) * c,
        lambda w: c + np.sum(w * w),
        lambda w: w[0] * c,
        lambda w: c / w[n - 1],
        lambda w: (w * w)[:, None] * c.ravel(),
        lambda w: c.ravel()[:, None] * (w * w),
        lambda w: w[:, None, None] * c.reshape(-1, 1) * w,
        lambda w: np.maximum(w[0], c),
    ]
    for function in functions:
        with dt.GradientTape("forward") as tape:
            y = function(w)
        weights = np.cos(np.arange(y.size)).reshape(y.shape)
        found = tape.gradient(y, w, output_gradients=weights)
        for j in range(n):
            low, high = (w.numpy() for _ in range(2))
            low[j] -= 1e-6
            high[j] += 1e-6
            expected = np.sum(weights * (function(high) - function(low))) / 2e-6
            np.testing.assert_allclose(found[j], expected, rtol=1e-6, atol=1e-6)


def test_an_empty_parameter() -> None:
    w, u = dt.Variable(np.zeros((0, 3))), dt.Variable(2.0)
    with dt.GradientTape("forward") as tape:
        y = np.sum(w * u) + u
    dw, du = tape.gradient(y, [w, u])
    assert dw.shape == (0, 3)
    assert du == 1.0


# --- memory -------------------------------------------------------------------------------------------------------


def test_a_parameter_too_large_is_an_error_that_names_it(limit: Callable[[int], int]) -> None:
    limit(2**20)
    w = dt.Variable(np.zeros((40, 25)), name="embedding")
    with dt.GradientTape("forward"), pytest.raises(ForwardMemoryError) as caught:
        _ = w * 2.0
    message = str(caught.value)
    assert "'embedding'" in message
    assert str(8 * 1000 * 1000) in message
    assert "mode='reverse'" in message
    assert message.index("mode='reverse'") < message.index("set_forward_memory_limit")
    assert isinstance(caught.value, MemoryError)


def test_the_limit_is_checked_before_memory_is_taken() -> None:
    """The default limit, and a parameter whose seeds would be 8 TB."""
    w = dt.Variable(np.zeros(10**6), name="huge")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with dt.GradientTape("forward") as tape, pytest.raises(ForwardMemoryError):
            _ = w + 1.0
        with dt.GradientTape("forward") as tape, pytest.raises(ForwardMemoryError):
            tape.watch(w)
        c = dt.constant(np.zeros(10**6))
        with dt.GradientTape("forward") as tape, pytest.raises(ForwardMemoryError):
            tape.watch(c)


def test_the_limit_is_checked_where_seeds_are_united(limit: Callable[[int], int]) -> None:
    limit(8 * 100 * 100)
    a, b = dt.Variable(np.ones(100)), dt.Variable(np.ones(100))
    with dt.GradientTape("forward"):
        x, y = a * 2.0, b * 2.0
        for unite in (
            lambda: x * y,
            lambda: np.hypot(x, y),
            lambda: np.concatenate([x, y]),
            lambda: x @ y[:, None] if False else x + y,
        ):
            with pytest.raises(ForwardMemoryError, match="reverse"):
                unite()


def test_the_limit_is_checked_before_seeds_are_united(limit: Callable[[int], int]) -> None:
    a, b = dt.Variable(np.ones(100)), dt.Variable(np.ones(100))
    with dt.GradientTape("forward"):
        x, y = a * 2.0, b * 2.0
        limit(8 * 150 * 100)
        for unite in (lambda: x * y, lambda: np.concatenate([x, y]), lambda: np.where(x.primal > 0.0, x, y)):
            tracemalloc.start()
            try:
                with pytest.raises(ForwardMemoryError):
                    unite()
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
            assert peak < 8 * 100 * 100


def test_the_limit_is_checked_where_an_output_is_larger(limit: Callable[[int], int]) -> None:
    """The hidden layer holds more than its seeds."""
    limit(8 * 100 * 1000)
    a = dt.Variable(np.ones(100))
    with dt.GradientTape("forward"):
        x = a * 2.0
        for grow in (
            lambda: x * np.ones((1000, 1)),
            lambda: np.ones((1000, 1)) * x,
            lambda: x[:, None] @ np.ones((1, 1000)),
            lambda: np.broadcast_to(x, (1000, 100)) * 1.0,
            lambda: np.concatenate([x] * 1000),
            lambda: x[np.zeros(100000, int)],
        ):
            with pytest.raises(ForwardMemoryError, match="reverse"):
                grow()


def test_the_limit_is_checked_where_a_large_array_is_written(limit: Callable[[int], int]) -> None:
    limit(8 * 100 * 1000)
    a = dt.Variable(np.ones(100))
    with dt.GradientTape("forward"):
        x = dt.zeros(10**5)
        with pytest.raises(ForwardMemoryError, match="reverse"):
            x[:100] = a * 2.0


def test_a_refused_write_leaves_the_array_usable(limit: Callable[[int], int]) -> None:
    limit(8 * 100 * 1000)
    a = dt.Variable(np.ones(100))
    with dt.GradientTape("forward") as tape:
        x = dt.zeros(1000)
        b = a[0] * 3.0
        x[0] = b
        big = dt.zeros(10**5)
        with pytest.raises(ForwardMemoryError):
            big[0] = b
        y = np.sum(x * x)
    assert float(y) == 9.0
    assert tape.gradient(y, a)[0] == 18.0


def test_setting_the_limit_gives_the_one_before(limit: Callable[[int], int]) -> None:
    assert limit(1000) == 2**40
    assert limit(2**40) == 1000
    for wrong in (0, -1):
        with pytest.raises(ValueError, match="positive"):
            limit(wrong)


def test_an_expensive_forward_tape_warns_once(mode: str) -> None:
    w, u = dt.Variable(np.zeros(600)), dt.Variable(np.zeros(600))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with dt.GradientTape(mode) as tape:
            for _ in range(3):
                y = np.sum(w * w) + np.sum(u * u)
        tape.gradient(y, w)
    found = [w for w in caught if issubclass(w.category, PerformanceWarning)]
    if mode == "reverse":
        assert not found
        return
    assert len(found) == 1
    message = str(found[0].message)
    assert "mode='reverse'" in message
    assert "times" in message
    assert found[0].filename == __file__, "the warning points at the user's line"


def test_a_small_forward_tape_does_not_warn() -> None:
    w = dt.Variable(np.zeros(50))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with dt.GradientTape("forward") as tape:
            y = np.sum(w * w)
        tape.gradient(y, w)


# --- complex ------------------------------------------------------------------------------------------------------


def test_gradient_of_a_real_loss_is_the_direction_of_steepest_ascent(mode: str) -> None:
    z = dt.Variable([1.0 + 2.0j, 3.0 - 1.0j])
    with dt.GradientTape(mode) as tape:
        y = np.sum(np.abs(z) ** 2)
    close(tape.gradient(y, z), [2.0 + 4.0j, 6.0 - 2.0j])


def test_a_complex_parameter_has_two_directions_an_entry() -> None:
    z = dt.Variable([1.0 + 2.0j, 3.0 - 1.0j])
    with dt.GradientTape("forward"):
        y = z * 1.0
        assert y.tangents.shape == (4, 2)


def test_complex_tangents_are_linear_over_the_reals() -> None:
    for direction in (1.0, 1j, 2.0 - 3.0j):
        d = dt.DualArray(1.0 + 2.0j, direction)
        close(np.conj(d).tangent, np.conj(direction))
        close((d * d).tangent, 2 * (1.0 + 2.0j) * direction)
        close(np.abs(d).tangent, ((1.0 - 2.0j) * direction).real / np.sqrt(5.0))
        assert np.abs(d).tangent.dtype == np.float64


def test_a_negative_tangent_is_subtracted() -> None:
    assert repr(dt.DualArray(3.0, -1.0)) == "DualArray(3.0 - 1.0ε)"
    assert repr(dt.DualArray(3.0, 1.0)) == "DualArray(3.0 + 1.0ε)"
