"""The README's table of what dualtape has beside its peers says what a program finds that each of them runs.

A peer is asked where it is installed, `pip install autograd mygrad jax tensorflow torch`, and left out elsewhere.
ForwardDiff.jl is written in Julia and is not asked: its column is what its manual says.
"""

import importlib
import importlib.metadata
import re
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from packaging.requirements import Requirement

import dualtape as dt

README = Path(__file__).resolve().parents[1] / "README.md"
Program = Callable[[Any, Any], Any]  # takes the library and its array, returns a number of the library


# --- what each library is asked to run ----------------------------------------------------------------------------

POINT = np.array([0.5, -0.5, 2.0])


def sine(library: Any, w: Any) -> Any:
    return library.sum(np.sin(w))


def concatenate(library: Any, w: Any) -> Any:
    return library.sum(np.concatenate([w, w * w]))


def tensordot(library: Any, w: Any) -> Any:
    return np.tensordot(w, w, 1)


def assign(library: Any, w: Any) -> Any:
    x = w * w
    x[0] = 3.0 * w[2]
    return library.sum(x)


def assign_to_view(library: Any, w: Any) -> Any:
    x = w * w
    part = x[1:]
    part[0] = 3.0 * w[2]
    return library.sum(x)


def change_after_use(library: Any, w: Any) -> Any:
    # On a boundary of 64 bytes, where some libraries share an array's memory and others copy it.
    buffer = np.ones(w.shape[0] + 8)
    start = -buffer.ctypes.data % 64 // 8
    c = buffer[start : start + w.shape[0]]
    y = library.sum(w * library.constant(c))
    with suppress(ValueError):  # to refuse the write is right, too
        c[:] = 100.0
    return y


# Of each row: programs, where their gradient is asked for, and what it is.
ROWS: dict[str, list[tuple[Program, Any, Any]]] = {
    "NumPy's own functions on traced arrays [1]": [
        (sine, POINT, np.cos(POINT)),
        (concatenate, POINT, 1.0 + 2.0 * POINT),
        (tensordot, POINT, 2.0 * POINT),
    ],
    "item assignment, `x[i] = v` [1]": [(assign, POINT, [0.0, -1.0, 7.0])],
    "writes through views [1]": [(assign_to_view, POINT, [1.0, 0.0, 7.0])],
    "an array changed after its use [1]": [
        (change_after_use, np.full(2, 3.0), 1.0),
        (change_after_use, np.full(1000, 3.0), 1.0),
    ],
}
NESTING = "second derivatives, forward and reverse in any nesting [1]"
AT = 0.5
SECOND = 2.0 * np.cos(AT) - AT * np.sin(AT)  # of x sin(x)


# --- the libraries ------------------------------------------------------------------------------------------------


class Dualtape:
    """dualtape in one mode, or in two for second derivatives."""

    def __init__(self, modes: tuple[str, ...]) -> None:
        self.modes = modes
        self.sum = np.sum
        self.constant = lambda c: c

    def gradient(self, program: Program, point: Any) -> Any:
        found = []
        for mode in self.modes:
            w = dt.Variable(point)
            with dt.GradientTape(mode) as tape:
                y = program(self, w)
            found.append(tape.gradient(y, w))
        np.testing.assert_allclose(found, [found[0]] * len(found))
        return found[0]

    def second(self) -> list[Any]:
        found = []
        for outer_mode in self.modes:
            for inner_mode in self.modes:
                x = dt.Variable(AT)
                with dt.GradientTape(outer_mode) as outer:
                    with dt.GradientTape(inner_mode) as inner:
                        y = x * np.sin(x)
                    slope = inner.gradient(y, x)
                found.append(outer.gradient(slope, x))
        return found


class Autograd:
    def __init__(self) -> None:
        importlib.import_module("autograd")
        self.numpy = importlib.import_module("autograd.numpy")
        self.sum = self.numpy.sum
        self.constant = lambda c: c

    def gradient(self, program: Program, point: Any) -> Any:
        from autograd import grad

        return grad(lambda w: program(self, w))(point)

    def second(self) -> list[Any]:
        from autograd import grad, make_jvp

        def forward(f: Any) -> Any:
            return lambda x: make_jvp(f)(x)(1.0)[1]

        kinds = (forward, grad)
        return [outer(inner(lambda x: x * self.numpy.sin(x)))(AT) for outer in kinds for inner in kinds]


class MyGrad:
    def __init__(self) -> None:
        self.library = importlib.import_module("mygrad")
        self.sum = np.sum
        self.constant = lambda c: c

    def gradient(self, program: Program, point: Any) -> Any:
        w = self.library.tensor(point)
        program(self, w).backward()
        return w.grad

    def second(self) -> list[Any]:
        x = self.library.tensor(AT)
        y = x * np.sin(x)
        y.backward()
        x.grad.backward()  # an ndarray has no such thing
        return [x.grad]


class Jax:
    def __init__(self) -> None:
        self.library = importlib.import_module("jax")
        self.library.config.update("jax_enable_x64", True)
        self.numpy = importlib.import_module("jax.numpy")
        self.sum = self.numpy.sum
        self.constant = lambda c: c

    def gradient(self, program: Program, point: Any) -> Any:
        return self.library.grad(lambda w: program(self, w))(self.numpy.asarray(point))

    def second(self) -> list[Any]:
        kinds = (self.library.jacfwd, self.library.jacrev)
        return [outer(inner(lambda x: x * self.numpy.sin(x)))(AT) for outer in kinds for inner in kinds]


class TensorFlow:
    def __init__(self) -> None:
        self.library = importlib.import_module("tensorflow")
        self.sum = self.library.reduce_sum
        self.constant = lambda c: c

    def gradient(self, program: Program, point: Any) -> Any:
        w = self.library.Variable(point)
        with self.library.GradientTape() as tape:
            y = program(self, w)
        return tape.gradient(y, w).numpy()

    def second(self) -> list[Any]:
        tf = self.library

        def forward(f: Any) -> Any:
            def slope(x: Any) -> Any:
                with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as accumulator:
                    y = f(x)
                return accumulator.jvp(y)

            return slope

        def reverse(f: Any) -> Any:
            def slope(x: Any) -> Any:
                with tf.GradientTape() as tape:
                    tape.watch(x)
                    y = f(x)
                return tape.gradient(y, x)

            return slope

        kinds = (forward, reverse)
        x = tf.constant(AT, tf.float64)
        return [outer(inner(lambda x: x * tf.sin(x)))(x).numpy() for outer in kinds for inner in kinds]


class PyTorch:
    def __init__(self) -> None:
        self.library = importlib.import_module("torch")
        self.sum = self.library.sum
        self.constant = self.library.as_tensor

    def gradient(self, program: Program, point: Any) -> Any:
        w = self.library.tensor(point, requires_grad=True)
        program(self, w).backward()
        return w.grad.numpy()

    def second(self) -> list[Any]:
        torch = self.library
        kinds = (torch.func.jacfwd, torch.func.jacrev)
        x = torch.tensor(AT, dtype=torch.float64)
        return [outer(inner(lambda x: x * torch.sin(x)))(x) for outer in kinds for inner in kinds]


ALONE = "needs NumPy alone [3]"
DISTRIBUTIONS = {
    "dualtape": "dualtape",
    "TensorFlow": "tensorflow",
    "PyTorch": "torch",
    "JAX": "jax",
    "autograd": "autograd",
    "MyGrad": "mygrad",
}
PEERS = {"TensorFlow": TensorFlow, "PyTorch": PyTorch, "JAX": Jax, "autograd": Autograd, "MyGrad": MyGrad}


# --- the table ----------------------------------------------------------------------------------------------------


def section() -> str:
    return README.read_text(encoding="utf-8").partition("## Beside its peers")[2].partition("\n## ")[0]


def table() -> dict[str, dict[str, str]]:
    """The cells of the README's table, by row and column; a row's name ends in the number of its note."""
    lines = [line.strip("|").split("|") for line in section().splitlines() if line.startswith("|")]
    head, _, *rows = [[cell.strip() for cell in line] for line in lines]
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


def finding(library: Any, row: str) -> str:
    """What becomes of a row's programs: "wrong" where one gives another number without a word."""
    if row == NESTING:
        runs = [(library.second, [SECOND] * 4)]
    else:
        runs = [(partial(library.gradient, program, point), answer) for program, point, answer in ROWS[row]]
    words = []
    for run, answer in runs:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = run()
        except Exception:  # noqa: BLE001  # each library refuses in its own way
            words.append("no")
        else:
            words.append("yes" if np.allclose(found, answer) else "wrong")
    if "wrong" in words:
        return "wrong"
    return words[0] if len(set(words)) == 1 else "in part"


@pytest.mark.reverse
@pytest.mark.parametrize("row", [*ROWS, NESTING])
def test_dualtape_has_what_the_table_says(row: str) -> None:
    assert table()[row]["dualtape"] == finding(Dualtape(("forward", "reverse")), row) == "yes"


@pytest.mark.parametrize("row", [*ROWS, NESTING])
@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_has_what_the_table_says(peer: str, row: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            library: Any = PEERS[peer]()
    except ImportError:
        pytest.skip(f"{peer} is not installed")
    assert table()[row][peer] == finding(library, row)


@pytest.mark.parametrize("library", DISTRIBUTIONS)
def test_a_library_needs_what_the_table_says(library: str) -> None:
    try:
        lines = importlib.metadata.requires(DISTRIBUTIONS[library]) or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{library} is not installed")
    wanted = map(Requirement, lines)
    needed = {one.name for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})}
    assert table()[ALONE][library] == ("yes" if needed == {"numpy"} else "no")


def test_every_claim_is_tested() -> None:
    notes = dict(re.findall(r"^- \[(\d)\] `([^`]+)`", section(), re.MULTILINE))
    for row, cells in table().items():
        if cells["dualtape"] == "no" or row in (*ROWS, NESTING, ALONE):
            continue
        file, _, function = notes[row[-2]].partition("::")
        assert f"def {function}(" in (README.parent / file).read_text(encoding="utf-8"), row
