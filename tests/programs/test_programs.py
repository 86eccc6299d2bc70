"""Random programs, in-place code and views in them: on traced arrays they compute what they compute on ndarrays.

A program is Python text, so that a failure shows what to run. It is written line by line while it runs on plain arrays,
whose shapes say what may come next.
"""

import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

from dualtape.testing import programs as programs_
from dualtape.testing.coordinates import dimension, from_real, to_real
from dualtape.testing.jacobians import forward_jacobian, gradient, pull, second_derivative
from dualtape.testing.programs import PlainRun, Program, agree, agree_with_differences

LARGEST = 1e3


class Writer:
    """Writes a program."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.lines: list[str] = []
        self.values: dict[str, Any] = {}
        self.traced: set[str] = set()

    def write(self) -> Program:
        args = self.array((2, 3), 0), self.array(self.draw(st.sampled_from([(3,), (2, 1), (3, 2), ()])), 1)
        self.values = {"x": args[0].copy(), "y": args[1].copy()}
        self.traced = {"x", "y"}
        for _ in range(self.draw(st.integers(2, 12))):
            self.statement()
        names = sorted(self.traced)
        # What is not returned has no cotangent of its own: what it hands on is then not the pass's own either.
        outputs = [name for name in names if self.draw(st.sampled_from([True, False]))]
        return Program(self.lines, names, outputs or names, args)

    def statement(self) -> None:
        kind = self.draw(st.sampled_from(STATEMENTS))
        line = kind(self)
        if line is not None:
            # Errors of NumPy (a broadcast that fails) are errors in a statement's making.
            with np.errstate(all="ignore"):
                exec(line, {"np": np, "when": lambda condition: condition}, self.values)
            for loop_variable in ("i", "row", "_"):
                self.values.pop(loop_variable, None)
            self.lines.append(line)

    def array(self, shape: tuple[int, ...], number: int) -> Any:
        """Draw an argument, of distinct entries between -1 and 1."""
        random = np.random.default_rng([self.draw(st.integers(0, 1000)), number])
        x = random.uniform(-1.0, 1.0, shape)
        if self.draw(st.sampled_from([False, False, True])):
            x = x + 1j * random.uniform(-1.0, 1.0, shape)
        return np.array(x)

    # --- what statements are made of ---

    def new(self, traced: bool = True) -> str:
        name = f"v{len(self.values)}"
        if traced:
            self.traced.add(name)
        return name

    def pick(self, fits: Callable[[Any], bool] = lambda _: True, *, traced: bool | None = True) -> str | None:
        """Draw a name whose value fits; of a traced value, of a constant, or of any."""
        names = [n for n, v in self.values.items() if (traced is None or (n in self.traced) == traced) and fits(v)]
        return self.draw(st.sampled_from(names)) if names else None

    def key(self, shape: tuple[int, ...]) -> str:
        """Draw a basic key."""
        parts = [self.draw(st.sampled_from(_parts(n))) for n in shape[: self.draw(st.integers(0, len(shape)))]]
        if self.draw(st.booleans()):
            parts.insert(self.draw(st.integers(0, len(parts))), "None")
        if not parts or self.draw(st.integers(0, 3)) == 0:
            parts.append("...")
        return ", ".join(parts)

    def value(self, place: Any) -> str:
        """Draw an expression that can be stored in a place."""
        name = self.pick(lambda v: _fits(v, place), traced=None)
        choices = ["0.5", "-1"] if name is None else ["0.5", name, name, f"np.sin({name})", f"{name} * 0.5"]
        return str(self.draw(st.sampled_from(choices)))


def _parts(n: int) -> list[str]:
    parts = [":", "::-1", "::2"]
    if n > 0:
        parts += ["0", "-1", "1:", ":-1"]
    if n > 1:
        parts += ["1", "0:2"]
    return parts


def _broadcasts(value: Any, shape: tuple[int, ...]) -> bool:
    own = np.shape(value)
    return len(own) <= len(shape) and all(a in (1, b) for a, b in zip(own[::-1], shape[::-1], strict=False))


def _fits(value: Any, place: Any) -> bool:
    return _broadcasts(value, np.shape(place)) and np.can_cast(value.dtype, place.dtype, "same_kind")


def _array(v: Any) -> bool:
    return isinstance(v, np.ndarray)


def _filled(v: Any) -> bool:
    return isinstance(v, np.ndarray) and v.ndim > 0 and v.size > 0


def _writeable(v: Any) -> bool:
    return isinstance(v, np.ndarray) and v.flags.writeable


# --- statements: each returns a line, or None where nothing fits -----------------------------------------------------


def elementwise(w: Writer) -> str:
    name = w.pick()
    function = w.draw(st.sampled_from(["np.sin({})", "np.tanh({})", "np.square({})", "-{}", "2.0 * {}", "{} - 0.25"]))
    return f"{w.new()} = {function.format(name)}"


def binary(w: Writer) -> str | None:
    a = w.pick()
    b = w.pick(lambda v: _broadcasts(v, np.shape(w.values[str(a)])), traced=None)
    if b is None:
        return None
    form = w.draw(st.sampled_from(["{} + {}", "{} - {}", "{} * {}", "np.tanh({}) * {}", "{} / (2.0 + np.square({}))"]))
    a, b = w.draw(st.permutations([a, b]))
    return f"{w.new()} = {form.format(a, b)}"


def read(w: Writer) -> str | None:
    a = w.pick(_array)
    return a and f"{w.new()} = {a}[{w.key(np.shape(w.values[a]))}]"


SHAPE_VIEWS = [
    "{}.T", "np.swapaxes({}, 0, -1)", "{}.reshape(-1)", "np.reshape({}, -1, order='F')", "{}.ravel()", "{}.flatten()",
    "np.expand_dims({}, 0)", "np.moveaxis({}, 0, -1)", "np.flip({})", "np.squeeze({})", "np.atleast_2d({})",
    "np.split({}, [1])[0]", "np.diagonal({})", "np.rollaxis({}, -1)", "np.broadcast_to({0}, (2, *{0}.shape))",
    "np.real({}).copy()", "np.imag({}).copy()",
]  # fmt: skip


def _suits(v: Any, form: str) -> bool:
    return "imag" not in form or v.dtype.kind == "c"  # the imaginary part of a real array is plain zeros


def shape_view(w: Writer) -> str | None:
    form = w.draw(st.sampled_from(SHAPE_VIEWS))
    a = w.pick(lambda v: _array(v) and v.ndim >= (2 if "diagonal" in form else 1) and _suits(v, form))
    return a and f"{w.new()} = {form.format(a)}"


def advanced_read(w: Writer) -> str | None:
    a = w.pick(_filled)
    return a and f"{w.new()} = {a}[{_advanced(w, a)}]"


def _advanced(w: Writer, a: str) -> str:
    shape = w.values[a].shape
    keys = ["[0, 0]", f"[{shape[0] - 1}, 0]", "[-1]", "[[0], [-1]]", "..., [0, -1, 0]", f"when({a} > 0.1)"]
    if len(shape) > 1:
        keys += ["[0, -1], [0, 0]", "0, [0, -1]", "[0, -1], None", ":, [-1, 0]"]
    if len(shape) > 2:
        keys += ["[0, -1], :, [0, -1]", "0, :, [-1]"]
    return str(w.draw(st.sampled_from(keys)))


def assign(w: Writer) -> str | None:
    a = w.pick(_writeable)
    if a is None:
        return None
    key = w.key(w.values[a].shape)
    return f"{a}[{key}] = {w.value(_at(w, a, key))}"


def augment(w: Writer) -> str | None:
    a = w.pick(_writeable)
    if a is None:
        return None
    key = w.key(w.values[a].shape)
    operator = w.draw(st.sampled_from(["+=", "-=", "*="]))
    return f"{a}[{key}] {operator} {w.value(_at(w, a, key))}"


def assign_advanced(w: Writer) -> str | None:
    a = w.pick(lambda v: _writeable(v) and _filled(v))
    if a is None:
        return None
    key = _advanced(w, a)
    operator = w.draw(st.sampled_from(["=", "+=", "*="]))
    return f"{a}[{key}] {operator} {w.value(_at(w, a, key))}"


def _at(w: Writer, a: str, key: str) -> Any:
    return eval(f"{a}[{key}]", {"when": lambda condition: condition}, w.values)


def augment_whole(w: Writer) -> str | None:
    a = w.pick(lambda v: not _array(v) or _writeable(v))
    operator = w.draw(st.sampled_from(["+=", "-=", "*="]))
    return a and f"{a} {operator} {w.value(w.values[a])}"


def overlap(w: Writer) -> str | None:
    a = w.pick(lambda v: _writeable(v) and v.ndim > 0 and v.shape[0] > 1)
    forms = ["{0}[1:] = {0}[:-1]", "{0}[:-1] += {0}[1:]", "{0}[...] = {0}[::-1]", "{0}[::-1] *= {0}"]
    return a and str(w.draw(st.sampled_from(forms))).format(a)


def add_at(w: Writer) -> str | None:
    a = w.pick(lambda v: _writeable(v) and _filled(v))
    return a and f"np.add.at({a}, [0, -1, 0], {w.value(w.values[a][[0, -1, 0]])})"


def into_out(w: Writer) -> str | None:
    a = w.pick(_writeable)
    b = a and w.pick(lambda v: np.shape(v) == w.values[a].shape and _fits(v, w.values[a]))
    form = w.draw(st.sampled_from(["np.sin({b}, out={a})", "np.multiply({b}, {a}, out={a})", "np.copyto({a}, {b})"]))
    return b and form.format(a=a, b=b)


def fill(w: Writer) -> str | None:
    form = w.draw(st.sampled_from(["{}.fill(0.5)", "{}[...] = 0.0", "np.put({}, [0], 0.5)", "{}.sort()"]))
    a = w.pick(lambda v: _writeable(v) and _filled(v))
    return a and form.format(a)


def alias(w: Writer) -> str:
    return f"{w.new()} = {w.pick()}"


def copy(w: Writer) -> str:
    return f"{w.new()} = {w.pick()}.copy()"


def array_to_fill(w: Writer) -> str | None:
    a = w.pick(_array)  # NumPy takes no scalar for `like`
    forms = ["np.zeros_like({})", "np.zeros((2, 3), like={})", "np.ones(3, like={})", "np.full((), 0.5, like={})"]
    return a and f"{w.new()} = " + str(w.draw(st.sampled_from(forms))).format(a)


def constant(w: Writer) -> str:
    shape = w.draw(st.sampled_from([(3,), (2, 3), (2, 1)]))
    return f"{w.new(traced=False)} = np.linspace(-1.0, 0.5, {int(np.prod(shape))}).reshape({shape})"


def change_constant(w: Writer) -> str | None:
    a = w.pick(_writeable, traced=False)
    return a and str(w.draw(st.sampled_from(["{}[0] = 7.0", "{} *= 2.0", "{}[...] = -3.0"]))).format(a)


def reduce(w: Writer) -> str | None:
    forms = ["np.sum({})", "np.sum({}, axis=0)", "np.mean({}, axis=-1, keepdims=True)", "np.cumsum({})", "{0} @ {0}.T"]
    form = w.draw(st.sampled_from(forms))
    a = w.pick(lambda v: np.ndim(v) > 0 and v.size > 0 and (np.ndim(v) < 3 or "@" not in form))
    return a and f"{w.new()} = {form.format(a)}"


def join(w: Writer) -> str | None:
    a = w.pick(lambda v: np.ndim(v) > 0)
    b = a and w.pick(lambda v: np.shape(v) == w.values[a].shape, traced=None)
    forms = ["np.concatenate([{0}, {1}])", "np.stack([{0}, {1}], axis=-1)", "np.where({0} > 10.0, {0}, {1})"]
    return b and f"{w.new()} = {w.draw(st.sampled_from(forms)).format(a, b)}"


def swap(w: Writer) -> str | None:
    a = w.pick(lambda v: _writeable(v) and v.ndim > 0 and v.shape[0] > 1)
    forms = ["{0}[0], {0}[1] = {0}[1], {0}[0]", "{0}[0], {0}[1] = {0}[1].copy(), {0}[0].copy()"]
    return a and str(w.draw(st.sampled_from(forms))).format(a)


def loop_of_rows(w: Writer) -> str | None:
    a = w.pick(lambda v: _writeable(v) and _filled(v) and v.ndim > 1)
    return a and f"for row in {a}:\n    row *= {w.value(w.values[a][0])}"


def loop_of_steps(w: Writer) -> str | None:
    a = w.pick(lambda v: _writeable(v) and _filled(v))
    return a and f"for i in range(1, {w.values[a].shape[0]}):\n    {a}[i] = np.sin({a}[i - 1]) + {a}[i]"


def loop_that_rebinds(w: Writer) -> str:
    a = w.pick()
    name = w.new()
    return f"{name} = {a}\nfor _ in range(2):\n    {name} = {name} * 0.5 + np.cos({name})"


def branch(w: Writer) -> str | None:
    condition = f"np.sum({w.pick()}) > {w.draw(st.sampled_from([-0.5, 0.1, 1.3]))}"
    body = w.draw(st.sampled_from([elementwise, assign, augment, augment_whole, binary]))(w)
    if body is None:
        return None
    other = "raise AssertionError('the other branch')"
    if not eval(condition, {"np": np}, w.values):
        body, other = other, body
    return f"if when({condition}):\n{textwrap.indent(body, '    ')}\nelse:\n{textwrap.indent(other, '    ')}"


def nothing(_w: Writer) -> None:
    """What a statement that matters not shrinks to."""


STATEMENTS: list[Callable[[Writer], str | None]] = [
    nothing, elementwise, binary, read, read, shape_view, shape_view, advanced_read, assign, assign, augment, augment,
    assign_advanced, augment_whole, overlap, add_at, into_out, fill, alias, copy, array_to_fill, constant,
    change_constant, reduce, join, swap, loop_of_rows, loop_of_steps, loop_that_rebinds, branch,
]  # fmt: skip


@st.composite
def programs(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Program:
    """Programs whose values stay moderate, so that differences are exact enough to compare with."""
    program = Writer(draw).write()
    assume(PlainRun(program).moderate(LARGEST))
    return program


# --- what is checked -------------------------------------------------------------------------------------------------


def same_values(program: Program, expected: PlainRun) -> Callable[..., Any]:
    """The program, which is to give NumPy's own values: bit for bit, where all is real.

    NumPy's complex product rounds differently where it is written over one of its operands.
    """
    return programs_.same_values(program, expected, exact=all(x.dtype.kind == "f" for x in program.args))


PROFILE = settings(settings.get_profile("programs"))


@PROFILE
@given(programs())
def test_forward(program: Program) -> None:
    note(program.text())
    jacobian = forward_jacobian(same_values(program, PlainRun(program)), program.args)
    assume(abs(jacobian).max(initial=0.0) < LARGEST)
    agree_with_differences("first", 1e-6, jacobian, program.moved, program)


@pytest.mark.reverse
@PROFILE
@given(programs())
def test_reverse(program: Program) -> None:
    note(program.text())
    expected = PlainRun(program)
    jacobian = forward_jacobian(program, program.args)
    assume(abs(jacobian).max(initial=0.0) < LARGEST)
    rows = np.random.default_rng(0).normal(size=(2, dimension(expected.outputs)))
    weights = from_real(rows, expected.outputs)
    pulled = to_real(pull("reverse", same_values(program, expected), program.args, weights))
    at_once = to_real(pull("reverse", program, program.args, weights, pull_at_once))
    agree("first", 1e-9, reverse=pulled, at_once=at_once, forward=rows @ jacobian)


@PROFILE
@given(programs())
def test_single_precision(program: Program) -> None:
    single = tuple(x.astype(np.complex64 if x.dtype.kind == "c" else np.float32) for x in program.args)
    program = Program(program.lines, program.names, program.outputs, single)
    note(program.text())
    jacobian = forward_jacobian(same_values(program, PlainRun(program)), program.args)
    double = forward_jacobian(program.moved, [x.astype(np.result_type(x.dtype, np.float64)) for x in program.args])
    assume(abs(double).max(initial=0.0) < LARGEST)
    agree("first", 1e-2, single=jacobian, double=double)


def pull_at_once(recording: Any, targets: Any, sources: Any) -> list[Any]:
    """Pull stacked cotangents back in one walk, so that writes meet a leading batch axis."""
    from dualtape_reverse.walk import Walk

    walk = Walk(max(x.node for x, _ in targets) + 1, [node for node, _ in sources], lead=1)
    for x, cotangents in targets:
        walk.add(x.node, cotangents, False)
    walk.run(recording._records, recording._lines)
    return [walk.results.get(node) for node, _ in sources]


@PROFILE
@given(programs())
def test_second_forward(program: Program) -> None:
    check_second(program, ("forward",))


@pytest.mark.reverse
@PROFILE
@given(programs())
def test_second_in_all_nestings(program: Program) -> None:
    check_second(program, ("forward", "reverse"))


def check_second(program: Program, modes: tuple[str, ...]) -> None:
    note(program.text())
    expected = PlainRun(program)
    run = same_values(program, expected)
    rows = np.random.default_rng(0).normal(size=(1, dimension(expected.outputs)))
    weights = [w[0] for w in from_real(rows, expected.outputs)]
    found = {f"{o}_{i}": second_derivative(o, i, run, program.args, weights) for o in modes for i in modes}
    assume(all(abs(h).max() < LARGEST for h in found.values()))
    agree("second", 1e-8, **found)
    derivative = gradient(modes[-1], program.moved, weights)
    agree_with_differences("second", 1e-4, found["forward_forward"], derivative, program)
