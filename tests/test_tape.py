"""GradientTape: what it watches and records, and what it answers."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.errors import (
    NoRuleError,
    RuleError,
    TapeError,
    UnconnectedError,
    UnknownModeError,
    UnrecordedTargetError,
)
from dualtape.ops import later as _later  # noqa: F401  # the table of functions is whole from here on
from dualtape.primitive import FUNCTIONS, PRIMITIVES


def close(actual: Any, expected: Any) -> None:
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


# --- the first example, and what it returns ------------------------------------------------------------------------


def test_regression(mode: str) -> None:
    w = dt.Variable([[1.0], [2.0]], name="w")
    b = dt.Variable(1.0, name="b")
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    y = np.array([[1.0], [2.0]])
    with dt.GradientTape(mode=mode) as tape:
        loss = np.sum(np.square(x @ w + b - y))
    dw, db = tape.gradient(loss, [w, b])
    assert type(dw) is np.ndarray
    assert type(db) is np.ndarray
    assert dw.tolist() == [[70.0], [100.0]]
    assert db.shape == ()
    assert db == 30.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_gradient_has_dtype_and_shape_of_its_source(mode: str, dtype: type) -> None:
    w = dt.Variable(np.ones((2, 1, 3), dtype))
    with dt.GradientTape(mode) as tape:
        loss = np.sum((w * np.ones((4, 1))).real)
    g = tape.gradient(loss, w)
    assert type(g) is np.ndarray
    assert (g.dtype, g.shape) == (np.dtype(dtype), (2, 1, 3))


def test_gradient_belongs_to_the_caller(mode: str) -> None:
    """Each array of the answer can be written, and shares memory with nothing."""
    a, b = dt.Variable([1.0, 2.0]), dt.Variable([3.0, 4.0])
    with dt.GradientTape(mode, persistent=True) as tape:
        y = a + b
    first = tape.gradient(y, [a, a, b])
    for g in first:
        g += 100.0
    second = tape.gradient(y, [a, a, b])
    assert [g.tolist() for g in first] == [[101.0, 101.0]] * 3
    assert [g.tolist() for g in second] == [[1.0, 1.0]] * 3


def test_gradient_of_a_scalar_belongs_to_the_caller(mode: str) -> None:
    a = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode, persistent=True) as tape:
        y = np.sum(a * a)
    first = tape.gradient(y, a)
    first += 100.0
    assert tape.gradient(y, a).tolist() == [2.0, 4.0]


def test_output_gradients_of_the_tape_s_own_are_values_to_it(mode: str) -> None:
    """A tape never records its own backward pass: the answer is plain, and no way leads through the weights."""
    w, v = dt.Variable([1.0, 2.0]), dt.Variable([3.0, 5.0])
    with dt.GradientTape(mode, persistent=True) as tape:
        weights = v * 1.0
        for y in (w + 0.0, w * 1.0, w * w, np.sum(w), +w, np.stack([w, w])[0]):
            g = tape.gradient(y, w, output_gradients=weights if y.ndim else weights[0])
            assert type(g) is np.ndarray
        z = np.sum(g * w)
    dw, dv = tape.gradient(z, [w, v], unconnected_gradients="none")
    assert dw.tolist() == [3.0, 5.0]
    assert dv is None


def test_gradient_of_output_gradients_is_no_alias(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    weights = np.array([5.0, 6.0])
    with dt.GradientTape(mode) as tape:
        y = w + 0.0
    g = tape.gradient(y, w, output_gradients=weights)
    g[0] = 100.0
    assert weights.tolist() == [5.0, 6.0]


def test_zero_gradient_belongs_to_the_caller(mode: str) -> None:
    w, u = dt.Variable(1.0), dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        y = w * 2.0
    g = tape.gradient(y, u)
    g += 1.0
    assert g.tolist() == [1.0, 1.0]


# --- what is watched ----------------------------------------------------------------------------------------------


def test_trainable_variables_are_watched_when_read(mode: str) -> None:
    a, b, c = dt.Variable(2.0), dt.Variable(3.0), dt.Variable(4.0, trainable=False)
    with dt.GradientTape(mode) as tape:
        y = b * a * c
    assert [id(v) for v in tape.watched_variables()] == [id(b), id(a)]
    da, db, dc = tape.gradient(y, [a, b, c], unconnected_gradients="none")
    assert (da, db, dc) == (12.0, 8.0, None)


def test_watched_variables_are_told_after_the_gradient_too(mode: str) -> None:
    """`zip(tape.gradient(loss, ...), tape.watched_variables())` is how TensorFlow's programs go on."""
    a, b = dt.Variable(2.0), dt.Variable(3.0)
    with dt.GradientTape(mode) as tape:
        y = b * a
    gradients = tape.gradient(y, tape.watched_variables())
    assert gradients == (2.0, 3.0)
    assert [id(v) for v in tape.watched_variables()] == [id(b), id(a)]
    tape.reset()
    assert tape.watched_variables() == ()


def test_untrainable_variable_is_watched_on_request(mode: str) -> None:
    c = dt.Variable(4.0, trainable=False)
    with dt.GradientTape(mode) as tape:
        tape.watch(c)
        y = c * c
    assert tape.gradient(y, c) == 8.0


def test_constant_is_watched_on_request(mode: str) -> None:
    c = dt.constant([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        tape.watch(c)
        y = np.sum(c * c)
    assert tape.watched_variables() == ()
    assert tape.gradient(y, c).tolist() == [2.0, 4.0]


def test_constant_is_not_watched_by_itself(mode: str) -> None:
    c, w = dt.constant(3.0), dt.Variable(2.0)
    with dt.GradientTape(mode) as tape:
        y = c * w
    assert tape.gradient(y, [c, w], unconnected_gradients="none") == [None, 3.0]


def test_a_use_before_the_watch_does_not_count(mode: str) -> None:
    c = dt.constant(3.0)
    with dt.GradientTape(mode) as tape:
        before = c * c
        tape.watch(c)
        y = c * before
    assert tape.gradient(y, c) == 9.0


def test_watch_accessed_variables_off(mode: str) -> None:
    a, b = dt.Variable(2.0), dt.Variable(3.0)
    with dt.GradientTape(mode, watch_accessed_variables=False) as tape:
        tape.watch(b)
        y = a * b
    assert tape.gradient(y, [a, b], unconnected_gradients="none") == [None, 2.0]


def test_watch_takes_containers(mode: str) -> None:
    a, b, c = (dt.constant(value) for value in (2.0, 3.0, 4.0))
    with dt.GradientTape(mode) as tape:
        tape.watch([a, {"b": b, "c": (c,)}])
        y = a * b * c
    assert tape.gradient(y, (a, b, c)) == (12.0, 8.0, 6.0)


def test_watching_twice_is_watching_once(mode: str) -> None:
    a = dt.constant(2.0)
    with dt.GradientTape(mode) as tape:
        tape.watch(a)
        y = a * a
        tape.watch(a)
        y = y * a
    assert tape.gradient(y, a) == 12.0


@pytest.mark.parametrize("value", [np.ones(3), 1.0, [1.0, 2.0], "x"])
def test_plain_data_cannot_be_watched(mode: str, value: object) -> None:
    with dt.GradientTape(mode) as tape, pytest.raises(TypeError, match="constant"):
        tape.watch(value)


def test_watch_needs_an_open_tape(mode: str) -> None:
    with pytest.raises(TapeError):
        dt.GradientTape(mode).watch(dt.constant(1.0))


def test_reading_a_variable_by_methods_and_functions_watches_it(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    reads: list[Callable[[], Any]] = [
        lambda: np.sum(w),
        lambda: w[0] + w[1],
        lambda: -np.negative(w),
        lambda: 1.0 * w,
        lambda: w * np.ones(2),
        lambda: np.ones(2) * w,
        lambda: np.multiply(np.ones(2), w),
        lambda: sum(entry for entry in w),
        lambda: w.T,
        w.sum,
    ]
    for read in reads:
        with dt.GradientTape(mode) as tape:
            y = read()
        assert tape.gradient(y, w).tolist() == [1.0, 1.0]


# --- sources and targets ------------------------------------------------------------------------------------------


def test_the_answer_has_the_structure_of_the_sources(mode: str) -> None:
    a, b = dt.Variable(2.0), dt.Variable(3.0)
    with dt.GradientTape(mode, persistent=True) as tape:
        y = a * b
    assert tape.gradient(y, a) == 3.0
    assert tape.gradient(y, [a, b]) == [3.0, 2.0]
    assert tape.gradient(y, (b, a)) == (2.0, 3.0)
    assert tape.gradient(y, {"b": b, "a": a}) == {"b": 2.0, "a": 3.0}
    assert list(tape.gradient(y, {"b": b, "a": a})) == ["b", "a"]
    assert tape.gradient(y, [a, (b, {"a": a})]) == [3.0, (2.0, {"a": 3.0})]
    assert tape.gradient(y, []) == []


def test_a_target_of_any_shape_is_summed(mode: str) -> None:
    w = dt.Variable([[1.0, 2.0], [3.0, 4.0]])
    with dt.GradientTape(mode) as tape:
        y = w * w
    assert tape.gradient(y, w).tolist() == [[2.0, 4.0], [6.0, 8.0]]


def test_several_targets_are_added(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode, persistent=True) as tape:
        y, z = w * w, 3.0 * np.sum(w)
    for targets in ([y, z], (y, z), {"y": y, "z": z}, [y, [z]]):
        assert tape.gradient(targets, w).tolist() == [5.0, 7.0]
    assert tape.gradient([y, y], w).tolist() == [4.0, 8.0]


def test_output_gradients_weigh_the_entries(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode, persistent=True) as tape:
        y, z = w * w, np.sum(w)
    assert tape.gradient(y, w, output_gradients=[10.0, 100.0]).tolist() == [20.0, 400.0]
    assert tape.gradient(y, w, output_gradients=np.array([10.0, 100.0])).tolist() == [20.0, 400.0]
    assert tape.gradient(y, w, np.array([10, 100])).tolist() == [20.0, 400.0]
    assert tape.gradient([y, z], w, output_gradients=[np.array([10.0, 100.0]), 5.0]).tolist() == [25.0, 405.0]
    assert tape.gradient([y, z], w, output_gradients=[None, 5.0]).tolist() == [7.0, 9.0]


def test_output_gradients_keep_the_dtype(mode: str) -> None:
    w = dt.Variable([1.0, 2.0], dtype=np.float32)
    with dt.GradientTape(mode) as tape:
        y = w * w
    g = tape.gradient(y, w, output_gradients=np.array([10.0, 100.0]))
    assert g.dtype == np.float32
    assert g.tolist() == [20.0, 400.0]


def test_output_gradients_of_another_shape_are_refused(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode, persistent=True) as tape:
        y = w * w
    with pytest.raises(ValueError, match="shape"):
        tape.gradient(y, w, output_gradients=np.ones(3))
    with pytest.raises(ValueError, match="output_gradients"):
        tape.gradient([y, y], w, output_gradients=[np.ones(2)])


def test_a_variable_is_a_target_too(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        _ = w * 2.0
    assert tape.gradient(w, w).tolist() == [1.0, 1.0]


def test_control_flow_is_recorded_as_it_was_taken(mode: str) -> None:
    """TensorFlow's guide: the branch that was not taken is unconnected, and the variable that was chosen has 1."""
    x, chosen, other = dt.Variable(1.0), dt.Variable(2.0), dt.Variable(2.0)
    with dt.GradientTape(mode, persistent=True) as tape:
        result = chosen if x > 0.0 else other**2
    assert tape.gradient(result, [chosen, other], unconnected_gradients="none") == [1.0, None]
    assert tape.gradient(result, [chosen, other]) == [1.0, 0.0]
    assert tape.jacobian(result, [chosen, other]) == [1.0, 0.0]
    chosen.assign(5.0)
    assert tape.gradient(result, chosen) == 1.0
    with dt.GradientTape(mode) as tape:
        total = dt.constant(0.0)
        for k in range(3):
            total = total + chosen**k if k != 1 else total * other
    assert tape.gradient(total, [chosen, other]) == [10.0, 1.0]


def test_sources_computed_in_the_block_in_reverse_mode(modes: tuple[str, ...]) -> None:
    if "reverse" not in modes:
        pytest.skip("reverse mode alone")
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape("reverse") as tape:
        y = w * w
        z = np.sum(y * y)
    dy, dw = tape.gradient(z, [y, w])
    assert dy.tolist() == [2.0, 8.0]
    assert dw.tolist() == [4.0, 32.0]


def test_sources_computed_in_the_block_need_a_watch_in_forward_mode() -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape("forward") as tape:
        y = w * w
        z = np.sum(y * y)
    with pytest.raises(TapeError, match=r"tape\.watch\(y\)"):
        tape.gradient(z, y)


def test_sources_computed_in_the_block_and_watched(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        y = w * w
        tape.watch(y)
        z = np.sum(y * y)
    dy, dw = tape.gradient(z, [y, w])
    assert dy.tolist() == [2.0, 8.0]
    assert dw.tolist() == [4.0, 32.0]


def test_a_target_that_is_its_own_source(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        y = w * w
        tape.watch(y)
    dy, dw = tape.gradient(y, [y, w])
    assert dy.tolist() == [1.0, 1.0]
    assert dw.tolist() == [2.0, 4.0]


def test_a_source_made_after_the_target_is_unconnected(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode, persistent=True) as tape:
        z = np.sum(w * w)
        y = w * 3.0
        tape.watch(y)
    assert tape.gradient(z, y).tolist() == [0.0, 0.0]
    assert tape.gradient(z, y, unconnected_gradients="none") is None


@pytest.mark.parametrize("source", [np.ones(2), 1.0, None, "w"])
def test_plain_data_is_no_source(mode: str, source: object) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode, persistent=True) as tape:
        y = w * w
    with pytest.raises(TypeError, match="source"):
        tape.gradient(y, source)
    assert tape.gradient(y, w).tolist() == [2.0, 4.0]


def test_a_target_without_derivative_is_refused(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode, persistent=True) as tape:
        y = w * w
        best = np.argmax(y)
        above = y > 1.0
    for target in (best, above):
        with pytest.raises((TypeError, UnrecordedTargetError)):
            tape.gradient(target, w)


# --- what is unconnected, what is not recorded --------------------------------------------------------------------


def test_unconnected_sources(mode: str) -> None:
    w, never, read = dt.Variable(1.0), dt.Variable([1.0, 2.0]), dt.Variable([3.0, 4.0])
    with dt.GradientTape(mode, persistent=True) as tape:
        _ = read * 2.0
        y = w * 2.0
    for source in (never, read):
        g = tape.gradient(y, source)
        assert type(g) is np.ndarray
        assert g.tolist() == [0.0, 0.0]
        assert tape.gradient(y, source, unconnected_gradients="none") is None
        with pytest.raises(UnconnectedError, match=r"\(2,\)"):
            tape.gradient(y, source, unconnected_gradients="error")
    assert tape.gradient(y, w, unconnected_gradients="error") == 2.0
    with pytest.raises(ValueError, match="unconnected_gradients"):
        tape.gradient(y, w, unconnected_gradients="nothing")  # type: ignore[arg-type]  # wrong on purpose


def test_a_zero_derivative_is_connected(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        y = np.sum(w * 0.0)
    assert tape.gradient(y, w, unconnected_gradients="error").tolist() == [0.0, 0.0]


def unrecorded(mode: str) -> dict[str, Callable[[], tuple[dt.GradientTape, Any, Any]]]:
    """Ways to a target that the tape did not record."""

    def plain() -> tuple[dt.GradientTape, Any, Any]:
        w = dt.Variable(2.0)
        with dt.GradientTape(mode, persistent=True) as tape:
            _ = w * w
        return tape, np.ones(3), w

    def after_the_block() -> tuple[dt.GradientTape, Any, Any]:
        w = dt.Variable(2.0)
        with dt.GradientTape(mode, persistent=True) as tape:
            y = w * w
        return tape, y * y, w

    def after_the_block_from_a_variable() -> tuple[dt.GradientTape, Any, Any]:
        w = dt.Variable(2.0)
        with dt.GradientTape(mode, persistent=True) as tape:
            _ = w * w
        return tape, w * 3.0, w

    def stopped() -> tuple[dt.GradientTape, Any, Any]:
        w = dt.Variable(2.0)
        with dt.GradientTape(mode, persistent=True) as tape:
            y = w * w
            with tape.stop_recording():
                z = y * w
        return tape, z, w

    def own_backward_pass() -> tuple[dt.GradientTape, Any, Any]:
        w = dt.Variable(2.0)
        with dt.GradientTape(mode, persistent=True) as tape:
            g = tape.gradient(w * w * w, w)
        return tape, g, w

    def unwatched() -> tuple[dt.GradientTape, Any, Any]:
        c = dt.constant(2.0)
        with dt.GradientTape(mode, persistent=True) as tape:
            y = c * c
        return tape, y, c

    def before_reset() -> tuple[dt.GradientTape, Any, Any]:
        w = dt.Variable(2.0)
        with dt.GradientTape(mode, persistent=True) as tape:
            y = w * w
            tape.reset()
        return tape, y, w

    def another_tape() -> tuple[dt.GradientTape, Any, Any]:
        w = dt.Variable(2.0)
        with dt.GradientTape(mode):
            y = w * w
        with dt.GradientTape(mode, persistent=True) as tape:
            pass
        return tape, y, w

    def unwatched_variable() -> tuple[dt.GradientTape, Any, Any]:
        w = dt.Variable(2.0, trainable=False)
        with dt.GradientTape(mode, persistent=True) as tape:
            _ = w * w
        return tape, w, w

    return {way.__name__: way for way in list(locals().values()) if callable(way)}


@pytest.mark.parametrize("way", unrecorded(""))
def test_an_unrecorded_target_is_an_error(mode: str, way: str) -> None:
    """Zeros would be the commonest mistake, answered silently."""
    tape, target, source = unrecorded(mode)[way]()
    with pytest.raises(UnrecordedTargetError, match="did not record"):
        tape.gradient(target, source)
    with pytest.raises(UnrecordedTargetError):
        tape.gradient([target], source, unconnected_gradients="error")
    assert tape.gradient(target, source, unconnected_gradients="none") is None


def test_the_error_of_an_unrecorded_target_names_the_way_to_second_derivatives(mode: str) -> None:
    tape, target, source = unrecorded(mode)["own_backward_pass"]()
    with pytest.raises(UnrecordedTargetError, match="nest"):
        tape.gradient(target, source)


def test_the_error_of_an_unrecorded_target_names_what_is_not_watched(mode: str) -> None:
    constant = dt.constant(3.0)
    with dt.GradientTape(mode, persistent=True) as tape:
        square = constant * constant
    with pytest.raises(UnrecordedTargetError, match=r"watches no variable and no constant.*tape\.watch\(x\)"):
        tape.gradient(square, constant)
    with pytest.raises(UnrecordedTargetError, match=r"a variable or constant that the tape does not watch"):
        tape.gradient(constant, constant)
    other, plain_tape, again = dt.Variable(2.0), dt.GradientTape(mode), dt.GradientTape(mode)
    with plain_tape:
        product = other * other
    with again:
        _ = other * other
    with pytest.raises(UnrecordedTargetError, match="another tape recorded it"):
        again.gradient(product, other)


def test_one_unrecorded_target_among_others(mode: str) -> None:
    w = dt.Variable(2.0)
    with dt.GradientTape(mode, persistent=True) as tape:
        y = w * w
    with pytest.raises(UnrecordedTargetError):
        tape.gradient([y, np.ones(2)], w)
    assert tape.gradient([y, np.ones(2)], w, unconnected_gradients="none") == 4.0


def test_a_refused_gradient_does_not_use_up_the_tape(mode: str) -> None:
    w = dt.Variable(2.0)
    with dt.GradientTape(mode) as tape:
        y = w * w
    with pytest.raises(UnrecordedTargetError):
        tape.gradient(np.ones(2), w)
    with pytest.raises(TypeError):
        tape.gradient(y, "w")
    assert tape.gradient(y, w) == 4.0


# --- how often, when ----------------------------------------------------------------------------------------------


def test_a_tape_gives_one_gradient(mode: str) -> None:
    w = dt.Variable(2.0)
    with dt.GradientTape(mode) as tape:
        y = w * w
    assert tape.gradient(y, w) == 4.0
    with pytest.raises(TapeError, match="persistent=True"):
        tape.gradient(y, w)


def test_a_persistent_tape_gives_many(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode, persistent=True) as tape:
        y = w * w
        z = np.sum(y * w)
    for _ in range(3):
        assert tape.gradient(y, w).tolist() == [2.0, 4.0]
        assert tape.gradient(z, w).tolist() == [3.0, 12.0]


def test_gradient_inside_the_block(mode: str) -> None:
    w = dt.Variable(3.0)
    with dt.GradientTape(mode) as tape:
        y = w * w
        assert tape.gradient(y, w) == 6.0
        z = y * w
        assert float(z) == 27.0
        with pytest.raises(TapeError, match="persistent=True"):
            tape.gradient(z, w)


def test_gradient_inside_the_block_of_a_persistent_tape_goes_on_recording(mode: str) -> None:
    w = dt.Variable(3.0)
    with dt.GradientTape(mode, persistent=True) as tape:
        y = w * w
        g = tape.gradient(y, w)
        assert type(g) is np.ndarray
        z = y * w * g
    assert g == 6.0
    assert tape.gradient(z, w) == 27.0 * 6.0


def test_a_failing_gradient_puts_the_tape_back(mode: str) -> None:
    """The recording is out of the context only while the pass runs, also where the pass raises."""
    w, c = dt.Variable(2.0), dt.constant(1.0)
    with dt.GradientTape(mode, persistent=True) as tape:
        y = w * w
        with pytest.raises(UnconnectedError):
            tape.gradient(y, c, unconnected_gradients="error")
        z = y * w
    assert tape.gradient(z, w) == 12.0


def test_a_gradient_from_another_block_leaves_the_context_alone(mode: str, outer_mode: str) -> None:
    w = dt.Variable(2.0)
    with dt.GradientTape(mode) as first:
        y = w * w
    with dt.GradientTape(outer_mode) as second:
        assert first.gradient(y, w) == 4.0
        z = w * w * w
    assert second.gradient(z, w) == 12.0


def test_gradient_needs_a_block(mode: str) -> None:
    with pytest.raises(TapeError, match="with"):
        dt.GradientTape(mode).gradient(np.ones(2), dt.Variable(1.0))


def test_a_tape_is_not_opened_twice(mode: str) -> None:
    with dt.GradientTape(mode) as tape, pytest.raises(TapeError, match="open"), tape:
        pass


def test_a_spent_tape_is_not_opened_again(mode: str) -> None:
    w = dt.Variable(2.0)
    with dt.GradientTape(mode) as tape:
        y = w * w
    tape.gradient(y, w)
    with pytest.raises(TapeError, match="gradient"), tape:
        pass


@pytest.mark.parametrize("persistent", [False, True])
def test_a_block_may_go_on_later(mode: str, persistent: bool) -> None:
    w = dt.Variable(2.0)
    with dt.GradientTape(mode, persistent=persistent) as tape:
        y = w * w
    lost = y * 10.0
    with tape:
        z = y * w + lost
    assert tape.gradient(z, w) == 12.0


# --- stop_recording and reset -------------------------------------------------------------------------------------


def test_stop_recording(mode: str) -> None:
    w = dt.Variable(3.0)
    with dt.GradientTape(mode) as tape:
        y = w * w
        with tape.stop_recording():
            factor = y * 2.0
            assert isinstance(float(factor), float)
        z = factor * w
    assert tape.gradient(z, w) == 18.0


def test_a_variable_first_read_under_stop_recording_is_not_watched(mode: str) -> None:
    w, u = dt.Variable(3.0), dt.Variable(2.0)
    with dt.GradientTape(mode) as tape:
        with tape.stop_recording():
            factor = u * 1.0
        z = factor * w
    assert [id(v) for v in tape.watched_variables()] == [id(w)]
    assert tape.gradient(z, [w, u], unconnected_gradients="none") == [2.0, None]


def test_recording_goes_on_after_an_exception_under_stop_recording(mode: str) -> None:
    w = dt.Variable(3.0)
    with dt.GradientTape(mode) as tape:
        with pytest.raises(ZeroDivisionError), tape.stop_recording():
            _ = 1 / 0
        z = w * w
    assert tape.gradient(z, w) == 6.0


def test_stop_recording_within_stop_recording(mode: str) -> None:
    w = dt.Variable(3.0)
    with dt.GradientTape(mode) as tape:
        y = w * w
        with tape.stop_recording():
            with tape.stop_recording():
                _ = y * 2.0
            factor = y * 2.0
        z = factor * w
    assert tape.gradient(z, w) == 18.0


def test_stop_recording_stops_one_tape_alone(mode: str, outer_mode: str) -> None:
    w = dt.Variable(3.0)
    with dt.GradientTape(outer_mode) as outer, dt.GradientTape(mode) as inner:
        with inner.stop_recording():
            y = w * w
        z = y * w
        with outer.stop_recording():
            u = w * w * w * w
        z = z + u
    assert inner.gradient(z, w) == 9.0 + 108.0
    assert outer.gradient(z, w) == 27.0


def test_stop_recording_needs_an_open_block(mode: str) -> None:
    w = dt.Variable(3.0)
    with dt.GradientTape(mode) as tape:
        _ = w * w
    with pytest.raises(TapeError), tape.stop_recording():
        pass


def test_gradient_under_stop_recording(mode: str) -> None:
    w = dt.Variable(3.0)
    with dt.GradientTape(mode, persistent=True) as tape:
        y = w * w
        with tape.stop_recording():
            assert tape.gradient(y, w) == 6.0
            lost = w * w
        z = y * w + lost
    assert tape.gradient(z, w) == 27.0


def test_a_block_that_closes_under_stop_recording_stays_closed(mode: str) -> None:
    w = dt.Variable(3.0)
    with dt.GradientTape(mode) as tape:
        y = w * w
        pause = tape.stop_recording()
        pause.__enter__()
    pause.__exit__(None, None, None)
    z = y * w
    assert float(z) == 27.0
    assert tape.gradient(y, w) == 6.0


def test_reset_inside_the_block(mode: str) -> None:
    w = dt.Variable(3.0)
    with dt.GradientTape(mode) as tape:
        loss = w * w
        tape.reset()
        assert tape.watched_variables() == ()
        loss = loss + w * w * w
    assert tape.gradient(loss, w) == 27.0


def test_reset_forgets_what_was_watched(mode: str) -> None:
    c = dt.constant(3.0)
    with dt.GradientTape(mode) as tape:
        tape.watch(c)
        tape.reset()
        y = c * c
        tape.watch(c)
        z = c * y
    assert tape.gradient(z, c) == 9.0


def test_reset_ends_a_watched_value(mode: str) -> None:
    w = dt.Variable(3.0)
    with dt.GradientTape(mode) as tape:
        y = w * w
        tape.watch(y)
        tape.reset()
        z = y * w
    assert tape.gradient(z, [y, w], unconnected_gradients="none") == [None, 9.0]


def test_reset_after_the_block_makes_the_tape_as_new(mode: str) -> None:
    w = dt.Variable(3.0)
    tape = dt.GradientTape(mode)
    for _ in range(3):
        with tape:
            y = w * w
        assert tape.gradient(y, w) == 6.0
        tape.reset()


def test_reset_under_stop_recording(mode: str) -> None:
    """The fresh recording records from the end of the pause on, and only from there."""
    w = dt.Variable(3.0)
    with dt.GradientTape(mode) as tape:
        with tape.stop_recording():
            tape.reset()
            y = w * w
        z = y * w
    assert tape.gradient(z, w) == 9.0


def test_reset_under_a_younger_tape(mode: str, outer_mode: str) -> None:
    """A fresh recording is younger than all: the order of the context is that of the levels."""
    w = dt.Variable(3.0)
    with dt.GradientTape(outer_mode) as outer, dt.GradientTape(mode) as inner:
        outer.reset()
        y = w * w * w
    g = outer.gradient(y, w)
    assert g == 27.0
    assert inner is not None


# --- values after the tape ----------------------------------------------------------------------------------------


def test_what_follows_the_block_is_plain(mode: str) -> None:
    w = dt.Variable([3.0, 4.0])
    with dt.GradientTape(mode) as tape:
        y = w * w
    z = y * 2.0
    assert type(z) is np.ndarray
    assert type(np.sum(y)) is np.float64
    assert tape.gradient(y, w).tolist() == [6.0, 8.0]
    assert type(y * 2.0) is np.ndarray


def test_operations_after_the_block_leave_the_gradient_alone(mode: str) -> None:
    w = dt.Variable([3.0, 4.0])
    with dt.GradientTape(mode) as tape:
        y = w * w
    for _ in range(3):
        _ = y * w
    assert tape.gradient(y, w).tolist() == [6.0, 8.0]


def test_an_exception_in_the_block_closes_it(mode: str) -> None:
    w = dt.Variable(3.0)
    tape = dt.GradientTape(mode)
    made = []

    def fail() -> None:
        with tape:
            made.append(w * w)
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail()
    assert type(w * w) is np.float64
    assert tape.gradient(made[0], w) == 6.0


def test_a_value_of_one_tape_in_the_next(mode: str, outer_mode: str) -> None:
    """A handle whose tape is over counts as its primal."""
    w = dt.Variable(3.0)
    with dt.GradientTape(mode) as first:
        y = w * w
    with dt.GradientTape(outer_mode) as second:
        z = y * w
    assert second.gradient(z, w) == 9.0
    assert first.gradient(y, w) == 6.0


# --- assignment ---------------------------------------------------------------------------------------------------


def test_assignment_in_the_block_is_seen_by_later_reads(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        y = w * w
        w.assign([10.0, 20.0])
        z = np.sum(y + 3.0 * w * w)
    assert float(z) == 1.0 + 4.0 + 300.0 + 1200.0
    assert tape.gradient(z, w).tolist() == [2.0 + 60.0, 4.0 + 120.0]


def test_assignment_after_the_block_does_not_reach_back(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        y = np.sum(w * w * w)
    w.assign([10.0, 20.0])
    w.assign_add([1.0, 1.0])
    assert tape.gradient(y, w).tolist() == [3.0, 12.0]


def test_an_in_place_operator_on_a_variable_in_the_block(mode: str) -> None:
    w = dt.Variable(3.0)
    same = w
    with dt.GradientTape(mode) as tape:
        y = w * w
        w -= 1.0
        z = y * w
    assert w is same
    assert w.numpy() == 2.0
    assert float(z) == 18.0
    assert tape.gradient(z, w) == 6.0 * 2.0 + 9.0


def test_training_in_one_block(mode: str) -> None:
    w = dt.Variable(3.0)
    with dt.GradientTape(mode, persistent=True) as tape:
        for _ in range(3):
            y = w * w
            w.assign_sub(0.1 * tape.gradient(y, w))
    close(w.numpy(), 3.0 * 0.8**3)


# --- modes --------------------------------------------------------------------------------------------------------


def test_the_default_mode(mode: str) -> None:
    assert dt.GradientTape().mode == "forward"
    before = dt.set_default_mode(mode)
    try:
        assert before == "forward"
        assert dt.GradientTape().mode == mode
        assert dt.GradientTape(None).mode == mode
    finally:
        assert dt.set_default_mode(before) == mode


def test_an_unknown_default_mode_changes_nothing() -> None:
    with pytest.raises(UnknownModeError):
        dt.set_default_mode("sideways")
    assert dt.GradientTape().mode == "forward"


def test_an_unknown_mode() -> None:
    with pytest.raises(UnknownModeError, match=r"'sideways'.*'forward'"):
        dt.GradientTape("sideways")


def test_an_unknown_guard(mode: str) -> None:
    with pytest.raises(ValueError, match=r"lock.*copy"):
        dt.GradientTape(mode, guard="none")  # type: ignore[arg-type]  # wrong on purpose


# --- errors of rules ----------------------------------------------------------------------------------------------


def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give np.matmul rules that fail."""

    def fail(_g: Any, _out: Any, x: Any, y: Any) -> Any:
        raise ValueError("no such luck")

    primitive = PRIMITIVES["matmul"]
    monkeypatch.setattr(primitive, "jvp", (fail, fail))
    monkeypatch.setattr(primitive, "vjp", (fail, fail))


def product(mode: str, *, debug: bool) -> Any:
    w = dt.Variable(np.ones((2, 3)))
    with dt.GradientTape(mode, debug=debug) as tape:
        y = w @ np.ones((3, 4))  # the line
    return tape.gradient(y, w)


def test_an_error_in_a_rule_names_operation_mode_and_shapes(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch)
    with pytest.raises(RuleError) as caught:
        product(mode, debug=False)
    message = str(caught.value)
    assert "matmul" in message
    assert mode in message
    assert "(2, 3)" in message
    assert "(3, 4)" in message
    assert "no such luck" in message
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_error_in_a_rule_names_the_line_under_debug(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch)
    with pytest.raises(RuleError) as caught:
        product(mode, debug=True)
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    (number,) = (n for n, text in enumerate(lines, 1) if text.endswith("# the line"))
    # Forward mode applies a rule where the operation stands: the traceback shows the line.
    assert mode == "forward" or re.search(rf"test_tape\.py.*\b{number}\b", str(caught.value))


def test_an_error_in_an_elementwise_rule(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(out: Any, x: Any) -> Any:
        raise ValueError("no such luck")

    primitive = PRIMITIVES["tanh"]
    monkeypatch.setattr(primitive, "partials", (fail,))
    monkeypatch.setattr(primitive, "partial", fail)
    w = dt.Variable(np.ones((2, 3)))
    with pytest.raises(RuleError, match=rf"tanh.*{mode}.*\(2, 3\)"), dt.GradientTape(mode) as tape:
        tape.gradient(np.tanh(w), w)


def test_debug_gives_the_same_gradients(mode: str) -> None:
    w = dt.Variable([[1.0, 2.0], [3.0, 4.0]])
    with dt.GradientTape(mode, debug=True) as tape:
        y = w * w
        y[0] = np.sin(w[1]) * 2.0
        z = np.sum(y @ np.ones(2) / w[:, 0])
    found = tape.gradient(z, w)
    with dt.GradientTape(mode) as tape:
        y = w * w
        y[0] = np.sin(w[1]) * 2.0
        z = np.sum(y @ np.ones(2) / w[:, 0])
    close(found, tape.gradient(z, w))


def test_a_function_without_rule_names_itself_and_the_mode(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(FUNCTIONS, np.unwrap)  # as one of a later NumPy would be
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode), pytest.raises(NoRuleError, match=rf"unwrap.*{mode}") as caught:
        np.unwrap(w)
    assert isinstance(caught.value, NotImplementedError)


def test_output_gradients_of_a_dict_go_by_name(mode: str) -> None:
    x = dt.Variable(1.0)
    with dt.GradientTape(mode) as tape:
        targets = {"a": x * 2.0, "b": x * 3.0}
    assert tape.gradient(targets, x, {"b": 10.0, "a": 1.0}) == 32.0


def test_an_unconnected_source_is_named(mode: str) -> None:
    a, b, c = dt.Variable(2.0, name="a"), dt.Variable([1.0, 2.0], name="b"), dt.Variable([1.0])
    with dt.GradientTape(mode, persistent=True) as tape:
        y = a * a + 0.0 * np.sum(b.numpy())
    with pytest.raises(dt.errors.UnconnectedError, match="depend on the variable 'b', its derivative of shape"):
        tape.gradient(y, {"a": a, "b": b}, unconnected_gradients="error")
    with pytest.raises(dt.errors.UnconnectedError, match=r"depend on a variable of shape \(1,\)"):
        tape.jacobian(y, [a, c], unconnected_gradients="error")


def test_a_failing_rule_is_told_with_the_line(mode: str) -> None:
    def fail(_t: Any, _out: Any, _x: Any) -> Any:
        raise ArithmeticError("no")

    operation = dt.primitive(lambda x: np.sum(x), (fail,), (fail,), name="one that fails")  # noqa: PLW0108

    def differentiate() -> None:
        w = dt.Variable([1.0, 2.0])
        with dt.GradientTape(mode, debug=True) as tape:
            y = operation(w)
        tape.gradient(y, w)

    with pytest.raises(dt.errors.RuleError, match=r"one that fails failed in .* at .*test_tape\.py:\d+: no"):
        differentiate()
