"""The cross-check of one sample: forward, reverse and numerical derivatives of an operation, first and second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from dualtape.array import ACTIVE, plain, resolve
from dualtape.mode import ModeName
from dualtape.tape import GradientTape
from dualtape.testing.comparison import Comparison, Label, labels
from dualtape.testing.coordinates import Rows, dimension, from_real, leaves, to_real
from dualtape.testing.jacobians import (
    Pull,
    forward_jacobian,
    gradient,
    mixed_derivative,
    pull,
    push,
    reverse_jacobian,
    second_derivative,
)
from dualtape.testing.numerical import derivative_along, numerical_jacobian
from dualtape.testing.sample import Sample
from dualtape.variable import constant
from dualtape.views import container

__all__ = ["Tolerances", "check_sample"]

MODES: tuple[ModeName, ...] = ("forward", "reverse")


@dataclass(frozen=True)
class Tolerances:
    """The largest relative differences that pass, for arrays of one precision.

    Attributes:
        exact: between first derivatives of the modes.
        numerical: between those and numerical ones.
        second: between second derivatives in the four nestings.
        second_numerical: between those and numerical ones.
    """

    exact: float
    numerical: float
    second: float
    second_numerical: float

    @classmethod
    def of(cls, arrays: Sequence[Any]) -> Tolerances:
        """Return the tolerances for the least precise of some arrays."""
        eps = max((float(np.finfo(x.dtype).eps) for x in arrays), default=np.finfo(float).eps)
        eps = max(eps, float(np.finfo(float).eps))  # numerical derivatives are computed in double precision
        return cls(eps**0.65, eps**0.5, eps**0.6, eps**0.4)


class SampleCheck:
    """One sample, what NumPy makes of it, and the comparisons."""

    def __init__(self, sample: Sample, through: Pull | None) -> None:
        """Evaluate the sample with plain NumPy."""
        self.sample: Sample = sample
        self.through: Pull | None = through
        # NumPy's scalar for Python's: what a Variable holds.
        self.args: list[Any] = [x if isinstance(x, np.ndarray) else np.asarray(x)[()] for x in sample.args]
        self.result: list[Any] = [plain(x) for x in flat(sample.function(*self.args))]
        self.outputs: list[Any] = leaves(self.result)
        self.tolerances: Tolerances = Tolerances.of([*self.args, *self.outputs])
        self.random: np.random.Generator = np.random.default_rng(crc32(f"{sample.operation} {sample.label}".encode()))
        self.found: Comparison = Comparison()

    def run(self) -> Comparison:
        """Make all comparisons."""
        for mode in MODES:
            self.check_tape(mode)
        jacobian = self.check_jacobians()
        if np.isfinite(jacobian).all():
            self.check_batches(jacobian)
        if self.sample.second:
            self.check_second()
        return self.found

    def function(self, *args: Any) -> Any:
        """Call the sample's function, and see that a traced call gives NumPy's own values."""
        result = self.sample.function(*args)
        values = [plain(stacked(x)) for x in flat(result)]
        same = len(values) == len(self.result) and all(map(identical, values, self.result))
        self.found.require(same, f"the values differ from NumPy's:\n  traced {values!r}\n  NumPy  {self.result!r}")
        return result

    def check_tape(self, mode: ModeName) -> None:
        """Ask a tape for the gradient of the sum of the outputs as a user would."""
        constants: Any = [constant(x) for x in self.args]
        with GradientTape(mode) as tape:
            tape.watch(constants)
            outputs = leaves(self.function(*constants))
        found = tape.gradient(outputs, constants, unconnected_gradients="none")
        found = [np.zeros_like(x) if g is None else g for g, x in zip(found, self.args, strict=True)]
        for number, (g, x) in enumerate(zip(found, self.args, strict=True)):
            self.found.require(
                isinstance(g, np.ndarray) and g.shape == x.shape and g.dtype == x.dtype,
                f"the {mode} gradient of argument {number}, {x.dtype} of shape {x.shape}, is {g!r}",
            )
        if self.sample.expected is not None:
            pairs = zip(self.sample.expected, self.args, strict=True)
            expected = [np.asarray(e, x.dtype).reshape(x.shape) for e, x in pairs]
            inputs = labels("argument", self.args)
            values = {mode: vector(found), "expected": vector(expected)}
            self.found.compare(
                f"{mode} gradient", values, self.tolerances.exact, lambda at: f"in {inputs[at[0]]}", "expected"
            )

    def check_jacobians(self) -> Rows:
        """Compare the Jacobians of both modes and the numerical one; return the forward one."""
        forward = forward_jacobian(self.function, self.args)
        reverse = reverse_jacobian(self.function, self.args, self.outputs, self.through)
        exact = {"forward": forward, "reverse": reverse}
        if np.isfinite(forward).all() or not self.sample.kink:
            self.compare("first", exact, self.tolerances.exact)
        if not self.sample.kink:
            numerical = numerical_jacobian(self.sample.function, self.args, analytic=self.sample.analytic)
            self.compare("first, numerical", {**exact, "numerical": numerical}, self.tolerances.numerical)
        return forward

    def check_batches(self, jacobian: Rows) -> None:
        """Try the rules with 1 and 2 rows, and with as many as the first axis has, which a rule could confuse."""
        lengths = {len(x) for x in (*self.args, *self.outputs) if x.ndim}
        for rows in sorted({1, 2} | lengths - {0}):
            directions = self.random.normal(size=(rows, dimension(self.args)))
            pushed = push(self.sample.function, self.args, from_real(directions, self.args))
            pushed_rows = to_real(pushed) if pushed else np.zeros((rows, 0))
            expected = to_real(from_real(directions, self.args)) @ jacobian.T
            self.compare(
                f"{rows} tangents at once", {"found": pushed_rows, "expected": expected}, self.tolerances.exact
            )
            if self.outputs:
                weights = from_real(self.random.normal(size=(rows, dimension(self.outputs))), self.outputs)
                pulled = to_real(pull("reverse", self.sample.function, self.args, weights, self.through))
                expected = to_real(weights) @ jacobian
                self.compare(
                    f"{rows} cotangents at once", {"found": pulled, "expected": expected}, self.tolerances.exact
                )

    def check_second(self) -> None:
        """Compare the second derivatives of a random sum of the outputs, in the four nestings and numerically."""
        weights = self.weights()
        exact = {
            f"{outer} over {inner}": second_derivative(outer, inner, self.function, self.args, weights, self.through)
            for outer in MODES
            for inner in MODES
        }
        if all(np.isfinite(h).all() for h in exact.values()) or not self.sample.kink:
            self.compare("second", exact, self.tolerances.second)
            if len(self.args) > 1:
                self.check_mixed(exact["forward over forward"], weights)
        if self.sample.kink or not dimension(self.args):
            return
        derivative = gradient(
            "reverse", self.sample.function, [w.astype(np.result_type(w.dtype, float)) for w in weights]
        )
        directions = self.random.normal(size=(2, dimension(self.args)))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        numerical = np.stack([derivative_along(derivative, self.args, v) for v in directions])
        along = {name: directions @ hessian.T for name, hessian in exact.items()}
        self.compare("second, numerical", {**along, "numerical": numerical}, self.tolerances.second_numerical)

    def check_mixed(self, hessian: Rows, weights: list[Any]) -> None:
        """Compare with second derivatives for which each tape watches a single argument."""
        ends = np.cumsum([0, *(dimension([x]) for x in self.args)])
        inputs = labels("argument", self.args)
        for at in np.ndindex(len(self.args), len(self.args)):
            block = hessian[tuple(slice(ends[i], ends[i + 1]) for i in at)]
            if not block.size:
                continue

            def say(entry: tuple[int, ...], first: Any = ends[at[0]], second: Any = ends[at[1]]) -> str:
                return f"d² / d {inputs[first + entry[0]]} d {inputs[second + entry[1]]}"

            found = {
                f"{outer} over {inner}": self.mixed(outer, inner, weights, at) for outer in MODES for inner in MODES
            }
            name = f"mixed, inner tape of argument {at[0]}, outer tape of argument {at[1]}"
            self.compare(name, {**found, "of all arguments": block}, self.tolerances.second, say)

    def mixed(self, outer: ModeName, inner: ModeName, weights: list[Any], at: Any) -> Rows:
        """Return a block of the second derivative from tapes that watch one argument each."""
        try:
            return mixed_derivative(outer, inner, self.with_plain_ones, self.args, weights, at, self.through)
        except Exception:  # noqa: BLE001  # what it is shows where it is raised again
            # NumPy does not ask all operands of each function, and a plain array can't be written to.
            held = [container(x.copy()) for x in self.args]
            return mixed_derivative(outer, inner, self.function, held, weights, at, self.through)

    def with_plain_ones(self, *args: Any) -> Any:
        """Call the sample's function, unless NumPy computes with objects, whose sums it rounds in another way."""
        if any(getattr(x, "dtype", None) == np.dtype(object) for x in flat(self.sample.function(*args))):
            raise TypeError("an object array")
        return self.function(*args)

    def weights(self) -> list[Any]:
        """Return random weights of the outputs."""
        vector = self.random.normal(size=(1, dimension(self.outputs)))
        return [stack[0] for stack in from_real(vector, self.outputs)]

    def compare(self, name: str, values: dict[str, Rows], tolerance: float, label: Label | None = None) -> None:
        """Compare matrices; the batches share a column of the table."""
        column = "batches" if name.endswith("at once") else name.split(", inner", maxsplit=1)[0].replace(", ", "_")
        self.found.compare(name, values, tolerance, label or self.label(name), column)

    def label(self, name: str) -> Label:
        """Return what says where in a matrix two values differ."""

        def say(at: tuple[int, ...]) -> str:
            inputs, outputs = labels("argument", self.args), labels("output", self.outputs)
            if "tangents" in name:
                return f"{inputs[at[1]] if 'co' in name else outputs[at[1]]}, row {at[0]}"
            if name == "second, numerical":
                return f"d² along a direction, d {inputs[at[1]]}"
            return (
                f"d² / d {inputs[at[0]]} d {inputs[at[1]]}"
                if name == "second"
                else f"d {outputs[at[0]]} / d {inputs[at[1]]}"
            )

        return say


def check_sample(sample: Sample, through: Pull | None = None) -> dict[str, float]:
    """Compare the derivatives of a sample in both modes with each other and with numerical ones.

    First derivatives as whole Jacobians, with one and with several tangents and cotangents at once; second ones in the
    four nestings of the modes. The values have to be NumPy's own, bit for bit, with their dtypes and shapes, and a
    gradient has the dtype and shape of its parameter.

    Args:
        sample: what to check.
        through: pulls stacked cotangents back through a recording; row by row unless given.

    Returns:
        The largest difference in each comparison.

    Raises:
        AssertionError: if anything differs; the message says what, where and by how much.
    """
    with np.errstate(all="ignore"):
        found = SampleCheck(sample, through).run()
    if found.failures:
        raise AssertionError("\n".join([f"{sample.operation} ({sample.label})", *dict.fromkeys(found.failures)]))
    return found.differences


def flat(result: Any) -> list[Any]:
    """Return everything that a function returns, in a list."""
    if isinstance(result, (list, tuple)):
        return [x for part in result for x in flat(part)]
    return [result]


def stacked(x: Any) -> Any:
    """Stack an object array of traced values: what NumPy makes of a list of them and of plain ones."""
    return resolve(x, ACTIVE.get()) if getattr(x, "dtype", None) == np.dtype(object) else x


def identical(a: Any, b: Any) -> bool:
    """Tell whether two values are the same bit for bit, and of one dtype and shape."""
    if not hasattr(a, "dtype"):
        return bool(a == b)
    return hasattr(b, "dtype") and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def vector(arrays: Sequence[Any]) -> Rows:
    """Return arrays as one vector of real numbers."""
    return to_real([x[None] for x in arrays])[0] if arrays else np.zeros(0)
