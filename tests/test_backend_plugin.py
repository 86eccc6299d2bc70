"""A backend of a third party, written against docs/writing-a-backend.md alone, answers as every other one.

It replays what was recorded with one entry of a source a complex step away from the real axis: the derivative is the
imaginary part of the result (Squire and Trapp, "Using complex variables to estimate derivatives of real functions",
SIAM Review 40, 1998), exact to rounding where everything that was recorded is analytic.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import TracedArray, plain, snapshot
from dualtape.backend import PROTOCOL, Backend, TapeOptions
from dualtape.errors import BackendError, TapeError
from dualtape.primitive import Primitive
from dualtape.recording import BaseRecording
from dualtape.testing.backends import BACKEND_CHECKS, check_backend
from dualtape.views import ViewMixin

STEP = 1e-20
BEYOND_IT = {"complex_numbers", "around_itself"}  # it has but one imaginary axis


class StepArray(TracedArray):
    """A value on a complex-step tape; its node is the number of a line of the program."""

    __slots__ = ()


class StepView(ViewMixin, StepArray):
    """A view of one."""

    __slots__ = ()


class Line(NamedTuple):
    """What one line of the recorded program computes: `call(*constants with values of earlier lines)`."""

    call: Any
    operands: list[Any]
    traced: list[int | None]
    params: Mapping[str, Any]


class StepRecording(BaseRecording):
    """One open complex-step tape: a program whose inputs are lines without operands."""

    __slots__ = ("program",)

    array_type = StepArray
    view_type = StepView

    def __init__(self, options: TapeOptions) -> None:
        super().__init__(options)
        self.program: list[Line] = []

    def line(self, call: Any, operands: list[Any], traced: list[int | None], params: Mapping[str, Any]) -> int:
        kept = [held(x) if t is None else None for x, t in zip(operands, traced, strict=True)]
        self.program.append(Line(call, kept, traced, params))
        return len(self.program) - 1

    def leaf(self, primal: Any, what: Any) -> int:
        if primal.dtype.kind == "c":
            raise TapeError("a complex step needs real sources")
        return self.constant(primal)

    def constant(self, primal: Any) -> int:
        return self.line(lambda x: x, [primal], [None], {})

    def read(self, variable: Any, value: Any) -> Any:
        x = super().read(variable, value)
        if isinstance(x, TracedArray) and x.recording is self:
            first = self.program[x.node].operands[0]
            if not np.array_equal(plain(first), plain(value)):
                x.node = self.line(np.add, [None, value - first], [x.node, None], {})
        return x

    def apply(self, primitive: Primitive, operands: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        traced = [x.node if isinstance(x, TracedArray) and x.recording is self else None for x in operands]
        primals = [x if t is None else x._primal for x, t in zip(operands, traced, strict=True)]
        out = primitive.call(*primals, **params)
        if out.dtype.kind == "c":
            raise TapeError("a complex step needs real values all along")
        if out.dtype.kind != "f":
            return out
        node = self.line(primitive.call, list(operands), traced, params)
        return self.handle(out, node)

    def write(self, root: TracedArray, place: Any, node: Any, value: Any, add: bool) -> int:
        return self.line(written, [None, value], [root.node, node], {"place": place, "add": add})

    def release(self) -> None:
        super().release()
        self.program = []

    def gradient(self, targets: Sequence[tuple[Any, Any]], sources: Sequence[tuple[Any, Any]]) -> list[Any]:
        return [self.derivative(targets, node) for node, _ in sources]

    def derivative(self, targets: Sequence[tuple[Any, Any]], source: int) -> Any:
        depends = [False] * len(self.program)
        for number, line in enumerate(self.program):
            depends[number] = number == source or any(t is not None and depends[t] for t in line.traced)
        reached = [(handle.node, weight) for handle, weight in targets if depends[handle.node]]
        if not reached:
            return None
        value = self.run(source, None)[source]
        slopes = []
        for entry in range(value.size):
            unit = np.zeros(value.size)
            unit[entry] = STEP
            values = self.run(source, value + 1j * unit.reshape(value.shape))
            slopes.append(sum(np.sum(values[node].imag * (1.0 if w is None else w)) for node, w in reached) / STEP)
        return np.reshape(np.stack(slopes), value.shape) if slopes else np.zeros(value.shape)

    def run(self, source: int, moved: Any) -> list[Any]:
        values: list[Any] = []
        for number, (call, operands, traced, params) in enumerate(self.program):
            if number == source and moved is not None:
                values.append(moved)
                continue
            arguments = [x if t is None else values[t] for x, t in zip(operands, traced, strict=True)]
            values.append(call(*arguments, **params))
        return values


def held(x: Any) -> Any:
    if isinstance(x, TracedArray):
        return snapshot(x)
    return x.copy() if isinstance(x, np.ndarray) else x


def written(buffer: Any, value: Any, *, place: Any, add: bool) -> Any:
    # What is written may be off the real axis.
    copy = dt.full(buffer.shape, buffer, np.result_type(buffer.dtype, complex))
    place.put(copy, 0, value, add)
    return copy


class StepBackend:
    """Complex steps."""

    protocol = PROTOCOL

    def open(self, options: TapeOptions) -> StepRecording:
        return StepRecording(options)


@pytest.fixture(autouse=True)
def step(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The mode of the backend above, registered for one test."""
    monkeypatch.setattr(dt.registry, "_REGISTERED", dict(dt.registry._REGISTERED))
    dt.register_backend("step", StepBackend())
    return "step"


@pytest.mark.parametrize("check", sorted(BACKEND_CHECKS.keys() - BEYOND_IT))
def test_a_third_party_s_backend_passes(check: str, step: str) -> None:
    BACKEND_CHECKS[check](step, 1e-12)


@pytest.mark.parametrize("check", BACKEND_CHECKS)
def test_the_backends_pass(check: str, mode: str) -> None:
    BACKEND_CHECKS[check](mode, 1e-13)


def test_it_nests_with_every_mode(step: str, mode: str) -> None:
    w = dt.Variable([0.3, 0.8])
    for outer_mode, inner_mode in ((step, mode), (mode, step)):
        with dt.GradientTape(outer_mode) as outer:
            with dt.GradientTape(inner_mode) as inner:
                y = np.sum(np.sin(w) * w[::-1])
            first = inner.gradient(y, w)
            z = first[0] * 10.0 + first[1]
        a, b = w.numpy()
        gradient = [np.cos(a) * b + np.sin(b), np.sin(a) + np.cos(b) * a]
        np.testing.assert_allclose(np.asarray(first), gradient)
        expected = [-10.0 * np.sin(a) * b + np.cos(a) + np.cos(b), 10.0 * (np.cos(a) + np.cos(b)) - np.sin(b) * a]
        np.testing.assert_allclose(outer.gradient(z, w), expected)


def test_it_trains_the_tutorial_s_regression(step: str, mode: str) -> None:
    found = []
    for each in (step, mode):
        w, b = dt.Variable(0.5), dt.Variable(-0.5)
        sgd = dt.optimizers.SGD(learning_rate=0.02)
        x = np.linspace(-1.0, 2.0, 6).reshape(2, 3)
        for _ in range(100):
            with dt.GradientTape(each) as tape:
                loss = np.sum(np.square(w * x + b - (3.0 * x + 2.0)))
            sgd.apply_gradients(zip(tape.gradient(loss, [w, b]), [w, b], strict=True))
        found.append([float(w), float(b)])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12)
    np.testing.assert_allclose(found[0], [3.0, 2.0], atol=1e-3)


def test_it_is_a_mode_like_others(step: str) -> None:
    assert isinstance(StepBackend(), Backend)
    (info,) = [info for info in dt.modes() if info.mode == step]
    assert (info.distribution, info.version, info.error) == (None, None, None)
    before = dt.set_default_mode(step)
    try:
        assert dt.GradientTape().mode == step
    finally:
        dt.set_default_mode(before)


def test_its_own_errors_reach_the_user(step: str) -> None:
    z = dt.Variable(1.0 + 2.0j)
    with dt.GradientTape(step), pytest.raises(TapeError, match="real sources"):
        z * z


def test_a_backend_of_another_protocol_is_refused() -> None:
    class Old(StepBackend):
        protocol = PROTOCOL + 1

    with pytest.raises(BackendError, match="protocol"):
        dt.register_backend("old", Old())


def test_check_backend_reports_every_failure(step: str) -> None:
    check_backend(step, without=BEYOND_IT)
    with pytest.raises(ExceptionGroup) as caught:
        check_backend(step)
    assert {note for error in caught.value.exceptions for note in error.__notes__} == {
        f"in the check {name!r}" for name in BEYOND_IT
    }
    assert all(isinstance(error, TapeError) for error in caught.value.exceptions)


def test_check_backend_notices_a_wrong_backend() -> None:
    class Wrong(StepRecording):
        __slots__ = ()

        def gradient(self, targets: Sequence[tuple[Any, Any]], sources: Sequence[tuple[Any, Any]]) -> list[Any]:
            return [None if g is None else 2.0 * g for g in super().gradient(targets, sources)]

    class WrongBackend(StepBackend):
        def open(self, options: TapeOptions) -> StepRecording:
            return Wrong(options)

    dt.register_backend("wrong", WrongBackend())
    with pytest.raises(ExceptionGroup, match="of 24 checks failed in mode 'wrong'") as caught:
        check_backend("wrong", without=BEYOND_IT)
    assert len(caught.value.exceptions) > 15


def test_check_backend_knows_its_checks(step: str) -> None:
    with pytest.raises(ValueError, match="no such checks: nonsense"):
        check_backend(step, without=["nonsense"])
