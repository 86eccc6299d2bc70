"""check_backend: what every backend answers alike, for who writes one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from dualtape.errors import TapeError, UnconnectedError, UnrecordedTargetError
from dualtape.mode import Mode, ModeName
from dualtape.ops.creation import zeros
from dualtape.tape import GradientTape
from dualtape.variable import Variable, constant

__all__ = ["BACKEND_CHECKS", "check_backend"]

# Values on a tape are of any shape and dtype: `Any` says that here.
Check = Callable[[ModeName, float], None]

BACKEND_CHECKS: dict[str, Check] = {}
"""The checks by name: each takes the mode and the tolerance, and raises an AssertionError."""


def check_backend(mode: str, *, tolerance: float = 1e-6, without: Collection[str] = ()) -> None:
    """Check that a mode's tapes answer as every tape does: values, structures, life of a tape, writes, nesting.

    Args:
        mode: the mode, registered or installed.
        tolerance: the largest difference that passes, relative to 1 + the magnitude of a number; its square root where
            the mode differentiates itself.
        without: names of checks to leave out, of those in `BACKEND_CHECKS`.

    Raises:
        ExceptionGroup: of what the checks that failed have raised, each with the check's name in a note.
        ValueError: if `without` names no check.

    Example:
        >>> check_backend("forward")
    """
    unknown = set(without) - BACKEND_CHECKS.keys()
    if unknown:
        raise ValueError(f"no such checks: {', '.join(sorted(unknown))}")
    failures: list[Exception] = []
    for name, check in BACKEND_CHECKS.items():
        if name in without:
            continue
        try:
            check(Mode(mode), tolerance)
        except Exception as error:  # noqa: BLE001  # a backend may raise anything, and the other checks tell more
            error.add_note(f"in the check {name!r}")
            failures.append(error)
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {len(BACKEND_CHECKS)} checks failed in mode {mode!r}", failures)


def _check(check: Check) -> Check:
    BACKEND_CHECKS[check.__name__] = check
    return check


def _near(found: Any, expected: Any, tolerance: float) -> None:
    assert np.shape(found) == np.shape(expected), f"{found!r} has not the shape of {expected!r}"
    distance = np.abs(np.asarray(found) - np.asarray(expected))
    assert np.all(distance <= tolerance * (1.0 + np.abs(expected))), f"{found!r} is not {expected!r}"


def _raises(kind: type[Exception], call: Callable[[], object]) -> Exception:
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__} was raised")


# --- values -------------------------------------------------------------------------------------------------------


@_check
def scalars(mode: ModeName, tolerance: float) -> None:
    """A line through numbers."""
    w, b = Variable(0.5), Variable(-1.0)
    with GradientTape(mode) as tape:
        y = 2.0 * w + b
    assert float(y) == 0.0
    dw, db = tape.gradient(y, [w, b])
    _near(dw, 2.0, tolerance)
    _near(db, 1.0, tolerance)
    assert isinstance(dw, np.ndarray), "a gradient is an array, a 0-d one too"


@_check
def matrices(mode: ModeName, tolerance: float) -> None:
    """A linear regression's loss."""
    w, b = Variable([[1.0], [2.0]]), Variable(1.0)
    x, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0], [2.0]])
    with GradientTape(mode) as tape:
        loss = np.sum(np.square(x @ w + b - y))
    dw, db = tape.gradient(loss, [w, b])
    _near(dw, [[70.0], [100.0]], tolerance)
    _near(db, 30.0, tolerance)


@_check
def functions(mode: ModeName, tolerance: float) -> None:
    """Elementwise functions, broadcasting, reductions, shapes."""
    x = Variable([0.3, 0.7, 1.1])
    value = x.numpy()
    with GradientTape(mode, persistent=True) as tape:
        chain = np.sin(np.exp(x) * x) / (1.0 + x * x)
        outer = np.sum(np.tanh(x) * np.ones((2, 1)), axis=0)
        shaped = np.reshape(x, (3, 1)).T @ np.array([[1.0], [2.0], [3.0]])
        power = 2.0**x + x**3 - x[1]
    inner, below = np.exp(value) * value, 1.0 + value * value
    expected = np.cos(inner) * np.exp(value) * (value + 1.0) / below - np.sin(inner) * 2.0 * value / below**2
    _near(tape.gradient(chain, x), expected, tolerance)
    _near(tape.gradient(outer, x), 2.0 / np.cosh(value) ** 2, tolerance)
    _near(tape.gradient(shaped, x), [1.0, 2.0, 3.0], tolerance)
    _near(tape.gradient(power, x), np.log(2.0) * 2.0**value + 3.0 * value**2 - [0.0, 3.0, 0.0], tolerance)


@_check
def branches(mode: ModeName, tolerance: float) -> None:
    """Python's control flow on values."""
    x = Variable(1.5)
    with GradientTape(mode) as tape:
        y: Any = x
        while y < 10.0:
            y = y * y if y > 2.0 else y * 2.0
    assert float(y) == 81.0  # ((1.5 * 2)²)²
    _near(tape.gradient(y, x), 4.0 * 2.0**4 * 1.5**3, 10 * tolerance)


@_check
def dtypes(mode: ModeName, _tolerance: float) -> None:
    """A gradient has its parameter's dtype."""
    x = Variable([1.0, 2.0], dtype=np.float32)
    with GradientTape(mode) as tape:
        y = 2.0 * x
        assert y.dtype == np.float32
    assert tape.gradient(y, x).dtype == np.float32


@_check
def complex_numbers(mode: ModeName, tolerance: float) -> None:
    """The gradient of a real loss is the direction of steepest ascent."""
    x = Variable([1.0 + 2.0j, -0.5j])
    weight = np.array([0.5 - 1.0j, 2.0])
    with GradientTape(mode) as tape:
        y = np.sum(np.square(np.abs(x * weight)))
    _near(tape.gradient(y, x), 2.0 * x.numpy() * np.abs(weight) ** 2, tolerance)


# --- targets and sources ------------------------------------------------------------------------------------------


@_check
def structures(mode: ModeName, tolerance: float) -> None:
    """The answer has the structure of the sources; several targets are added."""
    v, w = Variable(2.0), Variable([1.0, 3.0])
    with GradientTape(mode, persistent=True) as tape:
        first, second = v * w, v * v
    pair = tape.gradient({"a": first, "b": second}, (v, w))
    assert type(pair) is tuple
    _near(pair[0], 8.0, tolerance)
    _near(pair[1], [2.0, 2.0], tolerance)
    nested: Any = {"v": v, "both": [v, w]}
    named: Any = tape.gradient(second, nested)
    _near(named["v"], 4.0, tolerance)
    _near(named["both"][1], [0.0, 0.0], tolerance)


@_check
def output_gradients(mode: ModeName, tolerance: float) -> None:
    """Weights of a target's entries."""
    w = Variable([1.0, 3.0])
    with GradientTape(mode) as tape:
        y = w * w
    _near(tape.gradient(y, w, output_gradients=np.array([1.0, 10.0])), [2.0, 60.0], tolerance)


@_check
def unconnected(mode: ModeName, _tolerance: float) -> None:
    """What stands for a gradient where there is none."""
    v, w = Variable(2.0), Variable([1.0, 3.0])
    with GradientTape(mode, persistent=True) as tape:
        y = v * v
        _ = w * 2.0
    _near(tape.gradient(y, w), [0.0, 0.0], 0.0)
    assert tape.gradient(y, w, unconnected_gradients="none") is None
    _raises(UnconnectedError, lambda: tape.gradient(y, w, unconnected_gradients="error"))


@_check
def unrecorded_targets(mode: ModeName, _tolerance: float) -> None:
    """A target that the tape did not record is an error."""
    w = Variable(2.0)
    with GradientTape(mode, persistent=True) as tape:
        y = w * w
        with tape.stop_recording():
            stopped = w * w
    for target in (y * 2.0, stopped, 3.0):
        _raises(UnrecordedTargetError, partial(tape.gradient, target, w))
        assert tape.gradient(target, w, unconnected_gradients="none") is None


@_check
def computed_sources(mode: ModeName, tolerance: float) -> None:
    """A value that was watched when it was made is a source; one that was not, is, or the error says so."""
    w = Variable(3.0)
    with GradientTape(mode, persistent=True) as tape:
        u = w * w
        v = w * 2.0
        tape.watch(v)
        y = np.sin(u) * v
    _near(tape.gradient(y, v), np.sin(9.0), tolerance)
    _near(tape.gradient(y, w), np.cos(9.0) * 36.0 + 2.0 * np.sin(9.0), 10 * tolerance)
    try:
        found = tape.gradient(y, u)
    except TapeError:
        return
    _near(found, np.cos(9.0) * 6.0, tolerance)


@_check
def watching(mode: ModeName, tolerance: float) -> None:
    """Constants and untrainable variables are watched on request."""
    c, frozen = constant(2.0), Variable(3.0, trainable=False)
    with GradientTape(mode) as tape:
        tape.watch([c, frozen])
        y = c * frozen
    _near(tape.gradient(y, [c, frozen]), [3.0, 2.0], tolerance)
    with GradientTape(mode, watch_accessed_variables=False) as tape:
        product: Any = c * frozen
        assert type(product) is np.float64, "what is not watched gives plain results"


# --- the life of a tape -------------------------------------------------------------------------------------------


@_check
def one_gradient(mode: ModeName, tolerance: float) -> None:
    """A tape gives one gradient, a persistent one any number."""
    w = Variable(3.0)
    with GradientTape(mode) as tape:
        y = w * w
        _near(tape.gradient(y, w), 6.0, tolerance)
        _raises(TapeError, lambda: tape.gradient(y, w))
    with GradientTape(mode, persistent=True) as tape:
        y = w * w
        _near(tape.gradient(y, w), 6.0, tolerance)
        z = y * w
    _near(tape.gradient(z, w), 27.0, tolerance)
    _near(tape.gradient(y, w), 6.0, tolerance)


@_check
def stopping_and_resetting(mode: ModeName, tolerance: float) -> None:
    """`stop_recording` and `reset`."""
    w = Variable(3.0)
    with GradientTape(mode) as tape:
        with tape.stop_recording():
            factor = w * w
        y = factor * w
    _near(tape.gradient(y, w), 9.0, tolerance)
    with GradientTape(mode) as tape:
        y = w * w
        tape.reset()
        y = w * 5.0
    _near(tape.gradient(y, w), 5.0, tolerance)


@_check
def after_the_block(mode: ModeName, tolerance: float) -> None:
    """What follows the block is plain."""
    w = Variable([3.0, 4.0])
    with GradientTape(mode, persistent=True) as tape:
        y = w * w
    assert type(y + 1.0) is np.ndarray
    assert type(np.asarray(y)) is np.ndarray
    _near(tape.gradient(y, w), [6.0, 8.0], tolerance)
    try:
        with GradientTape(mode):
            raise KeyError
    except KeyError:
        assert type(w * 2.0) is np.ndarray, "an exception in the block closes it"


@_check
def assignment_of_variables(mode: ModeName, tolerance: float) -> None:
    """The gradient is right for every read."""
    w = Variable(3.0)
    with GradientTape(mode) as tape:
        y = w * w
        w.assign(10.0)
        y = y * w
    w.assign(-1.0)
    _near(tape.gradient(y, w), 6.0 * 10.0 + 9.0, 10 * tolerance)


@_check
def changed_constants(mode: ModeName, tolerance: float) -> None:
    """An array that changes after its use: the derivative at the recorded values, or an error at the write."""
    for size in (2, 10_000):
        c, w = np.ones(size), Variable(1.0)
        with GradientTape(mode) as tape:
            y = np.sum(w * w * c)
        with suppress(ValueError):
            c[:] = 100.0
        _near(tape.gradient(y, w), 2.0 * size, tolerance)
        del tape, y
        assert c.flags.writeable, "flags come back as they were"


# --- writes and views ---------------------------------------------------------------------------------------------


@_check
def writes(mode: ModeName, tolerance: float) -> None:
    """Item assignment, in-place operators, arrays made to be filled."""
    w = Variable([1.0, 2.0, 3.0])
    with GradientTape(mode) as tape:
        x = w * w
        x[0] = w[2] * 10.0
        x[[1, 2]] += w[0]
        x *= 2.0
        filled = zeros(4)
        for i in range(3):
            filled[i] = x[i]
        filled[3] = x[1]
        np.add.at(filled, [0, 0], w[1])
        y = np.sum(filled)
    assert float(y) == 2.0 * (30.0 + 5.0 + 10.0 + 5.0) + 4.0
    _near(tape.gradient(y, w), [6.0, 18.0, 32.0 - 20.0 + 20.0], 10 * tolerance)


@_check
def views(mode: ModeName, tolerance: float) -> None:
    """A view writes its root, and a root's write shows in its views."""
    w = Variable([1.0, 2.0, 3.0, 4.0])
    with GradientTape(mode) as tape:
        x = w * w
        part = x[1:3]
        table = x.reshape(2, 2).T
        part[0] = 7.0
        x[0] = w[3]
        table[1, 1] *= 2.0
        y = np.sum(part) + 10.0 * np.sum(table[0]) + x[3]
    assert float(y) == 7.0 + 9.0 + 10.0 * (4.0 + 9.0) + 32.0
    _near(tape.gradient(y, w), [0.0, 0.0, 6.0 + 60.0, 10.0 + 16.0], 10 * tolerance)


@_check
def writes_of_constants(mode: ModeName, tolerance: float) -> None:
    """A write is recorded where the tape can still be asked, also when it does not record."""
    w = Variable([1.0, 2.0])
    with GradientTape(mode) as tape:
        x = w * w
        with tape.stop_recording():
            x[0] = 5.0
        y = np.sum(x)
        x[1] = 100.0
    x[0] = 200.0
    assert float(y) == 9.0
    _near(tape.gradient(y, w), [0.0, 4.0], tolerance)


# --- nesting ------------------------------------------------------------------------------------------------------


def _second(outer_mode: ModeName, inner_mode: ModeName, tolerance: float) -> None:
    w = Variable([0.5, 1.5])
    value = w.numpy()
    with GradientTape(outer_mode) as outer:
        with GradientTape(inner_mode) as inner:
            x = np.sin(w)
            x[0] *= w[1]
            y = np.sum(x * w)
        first = inner.gradient(y, w)
        target = np.sum(first * np.array([1.0, 10.0]))
    a, b = value
    gradient = [np.cos(a) * b * a + np.sin(a) * b, np.sin(a) * a + np.cos(b) * b + np.sin(b)]
    _near(np.asarray(first), gradient, tolerance)
    mixed = np.cos(a) * a + np.sin(a)
    hessian = np.array([[b * (2.0 * np.cos(a) - a * np.sin(a)), mixed], [mixed, 2.0 * np.cos(b) - b * np.sin(b)]])
    _near(outer.gradient(target, w), np.array([1.0, 10.0]) @ hessian, 10 * tolerance)


@_check
def inside_forward_mode(mode: ModeName, tolerance: float) -> None:
    """A second derivative, the outer tape being a forward one."""
    _second("forward", mode, tolerance)


@_check
def around_forward_mode(mode: ModeName, tolerance: float) -> None:
    """A second derivative, the inner tape being a forward one."""
    _second(mode, "forward", tolerance)


@_check
def around_itself(mode: ModeName, tolerance: float) -> None:
    """A second derivative, both tapes of this mode."""
    _second(mode, mode, tolerance**0.5)
    _not_confused(mode, mode, tolerance**0.5)


@_check
def two_tapes_are_not_confused(mode: ModeName, tolerance: float) -> None:
    """The derivative of x * d(x + y)/dy in x is 1, not 2."""
    _not_confused(mode, "forward", tolerance)
    _not_confused("forward", mode, tolerance)


def _not_confused(outer_mode: ModeName, inner_mode: ModeName, tolerance: float) -> None:
    x, y = Variable(3.0), Variable(4.0)
    with GradientTape(outer_mode) as outer:
        with GradientTape(inner_mode) as inner:
            z = x + y
        product = x * inner.gradient(z, y)
    _near(outer.gradient(product, x), 1.0, tolerance)
