"""A backend that knows no rule: it replays the program with one input displaced a little, and takes differences."""

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

import numpy as np

import dualtape as dt
from dualtape.array import TracedArray, plain, snapshot
from dualtape.backend import PROTOCOL
from dualtape.places import Place
from dualtape.primitive import Primitive
from dualtape.views import ViewMixin


class StepperArray(TracedArray):
    """A value on a tape of this backend."""

    __slots__ = ()


class StepperView(ViewMixin, StepperArray):
    """A view of one."""

    __slots__ = ()


class Node(NamedTuple):
    """An operand that is a value of the tape."""

    number: int


class Step(NamedTuple):
    """One operation: what it makes, how, and from what."""

    number: int
    call: Callable[..., Any]
    operands: list[Any]
    params: Mapping[str, Any]


Pair = tuple[Any, Any]


def keep(x: Any) -> Any:
    """What a record may hold of a value."""
    if isinstance(x, TracedArray):
        return snapshot(x)
    value: Any = x
    return value.copy() if isinstance(x, np.ndarray) else value


def written(buffer: Any, value: Any, *, place: Place, add: bool) -> Any:
    """A copy of an array with a value written or added at a place."""
    copy: Any = dt.full(buffer.shape, buffer, buffer.dtype)
    place.put(copy, 0, value, add)
    return copy


class StepperRecording(dt.BaseRecording):
    """One open tape: the values that it starts from, and the steps from there."""

    __slots__ = ("_inputs", "_numbers", "_steps")

    array_type = StepperArray
    view_type = StepperView

    def __init__(self, options: dt.TapeOptions) -> None:
        super().__init__(options)
        self._numbers = count()
        self._inputs: dict[int, Any] = {}
        self._steps: list[Step] = []

    def leaf(self, primal: Any, what: Any) -> int:
        """The node of a source."""
        return self.constant(primal)

    def constant(self, primal: Any) -> int:
        """The node of a value that depends on nothing."""
        number = next(self._numbers)
        self._inputs[number] = keep(primal)
        return number

    def read(self, variable: Any, value: Any) -> Any:
        """A variable's value; where it was assigned since the tape first met it, a step adds the change."""
        x = super().read(variable, value)
        if isinstance(x, TracedArray) and x.recording is self:
            first = self._inputs[x.node]
            if not np.array_equal(plain(value), plain(first)):
                x.node = self._step(np.add, [Node(x.node), keep(value - first)], {})
        return x

    def apply(self, primitive: Primitive, operands: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        """Evaluate and record."""
        kept: list[Any] = []
        for x in operands:
            mine = isinstance(x, TracedArray) and x.recording is self
            kept.append(Node(x.node) if mine else keep(x))
        out = primitive.call(*map(self.primal, operands), **params)
        if out.dtype.kind not in "fc":
            return out
        return self.handle(out, self._step(primitive.call, kept, params))

    def write(self, root: TracedArray, place: Place, node: Any, value: Any, add: bool) -> int:
        """Record that a value was written."""
        source = keep(value) if node is None else Node(node)
        return self._step(written, [Node(root.node), source], {"place": place, "add": add})

    def release(self) -> None:
        """Drop the records."""
        super().release()
        self._inputs, self._steps = {}, []

    def gradient(self, targets: Sequence[Pair], sources: Sequence[Pair]) -> list[Any]:
        """Central differences in each source."""
        return [self._slope(targets, node) for node, _ in sources]

    def _step(self, call: Callable[..., Any], operands: list[Any], params: Mapping[str, Any]) -> int:
        number = next(self._numbers)
        self._steps.append(Step(number, call, operands, params))
        return number

    def _replay(self, changed: Mapping[int, Any]) -> dict[int, Any]:
        values = {**self._inputs, **changed}
        for number, call, operands, params in self._steps:
            if number not in changed:
                values[number] = call(*(values[x.number] if isinstance(x, Node) else x for x in operands), **params)
        return values

    def _reached(self, source: int) -> set[int]:
        found = {source}
        for step in self._steps:
            if any(isinstance(x, Node) and x.number in found for x in step.operands):
                found.add(step.number)
        return found

    def _slope(self, targets: Sequence[Pair], source: int | None) -> Any:
        if source is None:
            return None
        reached = self._reached(source)
        targets = [(handle, weight) for handle, weight in targets if handle.node in reached]
        if not targets:
            return None
        value = self._replay({})[source]
        step = float(np.finfo(value.dtype).eps) ** (1 / 3)
        columns: list[Any] = []
        for unit in np.eye(value.size, dtype=value.dtype).reshape(value.size, *value.shape):
            up, down = self._replay({source: value + step * unit}), self._replay({source: value - step * unit})
            changes = [(up[x.node] - down[x.node]) / (2.0 * step) for x, _ in targets]
            parts = [np.sum(d if w is None else w * d) for d, (_, w) in zip(changes, targets, strict=True)]
            columns.append(sum(parts[1:], parts[0]))
        gradient: Any = np.stack(columns)
        return gradient.reshape(value.shape)


class StepperBackend:
    """What dualtape finds under the name "stepper"."""

    protocol = PROTOCOL

    def open(self, options: dt.TapeOptions) -> dt.Recording:
        """Start a recording."""
        return StepperRecording(options)


backend: dt.Backend = StepperBackend()
MODE = dt.Mode("stepper")
