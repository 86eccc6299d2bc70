"""A backend is checked against the protocols, and a recording need not derive from `BaseRecording`."""

from collections.abc import Mapping, Sequence
from typing import Any

import dualtape as dt
from dualtape.array import TracedArray
from dualtape.primitive import Primitive


class Mine:
    level = 1
    open = True
    alive = True

    def __init__(self) -> None:
        self.variables: dict[int, tuple[Any, Any]] = {}

    @property
    def array_type(self) -> type[TracedArray]:
        return TracedArray

    @property
    def view_type(self) -> type[TracedArray]:
        return TracedArray

    def leaf(self, primal: Any, what: Any) -> int:
        return 0

    def handle(self, primal: Any, node: Any) -> TracedArray:
        raise NotImplementedError

    def read(self, variable: Any, value: Any) -> Any:
        return value

    def watch_variable(self, variable: Any, value: Any) -> tuple[Any, Any]:
        return variable, 0

    def extend(self, x: TracedArray) -> int:
        return 0

    def constant(self, primal: Any) -> int:
        return 0

    def apply(self, primitive: Primitive, operands: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        return None

    def unary(self, primitive: Primitive, x: Any) -> Any:
        return None

    def binary(self, primitive: Primitive, x: Any, y: Any) -> Any:
        return None

    def admit(self, root: TracedArray, node: Any) -> None:
        pass

    def write(self, root: TracedArray, place: Any, node: Any, value: Any, add: bool) -> int:
        return 0

    def gradient(self, targets: Sequence[tuple[Any, Any]], sources: Sequence[tuple[Any, Any]]) -> list[Any]:
        return []

    def source(self, x: TracedArray) -> int:
        return 0

    def release(self) -> None:
        pass


class Provider:
    protocol = 1

    def open(self, options: dt.TapeOptions) -> Mine:
        return Mine()


recording: dt.Recording = Mine()
backend: dt.Backend = Provider()
dt.register_backend("mine", Provider(), replace=True)
