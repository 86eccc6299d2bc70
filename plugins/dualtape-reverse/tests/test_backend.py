"""The reverse recording: what a record holds, and what it must not."""

import gc
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points, requires, version
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import TracedArray
from dualtape.errors import NoRuleError
from dualtape.primitive import PRIMITIVES, Primitive, structural
from dualtape.registry import find_backend
from dualtape_reverse.backend import ReverseBackend, ReverseRecording, TapeArray, TapeView, backend


def recorded(function: Callable[..., Any], *variables: Any, **options: Any) -> tuple[ReverseRecording, Any]:
    """The recording of a function of variables, and its result."""
    with dt.GradientTape("reverse", persistent=True, **options) as tape:
        y = function(*variables)
    recording = tape._recording
    assert isinstance(recording, ReverseRecording)
    KEPT.append(tape)  # a tape that dies gives its records back
    return recording, y


KEPT: list[Any] = []


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """Let the tapes of a test go with it."""
    yield
    KEPT.clear()


def contents(x: Any) -> Iterator[Any]:
    """Everything that a record holds, through its tuples and lists."""
    if isinstance(x, (tuple, list)) and not isinstance(x, TracedArray):
        for part in x:
            yield from contents(part)
    elif type(x) is dict:
        yield from contents(list(x.values()))
    else:
        yield x


def arrays(recording: ReverseRecording) -> list[np.ndarray]:
    """The arrays that the records hold."""
    return [x for x in contents(list(recording._records)) if type(x) is np.ndarray]


# --- the distribution ---------------------------------------------------------------------------------------------


def test_the_entry_point_is_the_backend() -> None:
    (entry,) = entry_points(group="dualtape.backends", name="reverse")
    assert entry.load() is backend
    assert find_backend("reverse") is backend
    assert isinstance(backend, ReverseBackend)
    assert isinstance(backend, dt.Backend)


def test_it_pins_the_minor_version_of_the_core() -> None:
    (core,) = [line for line in requires("dualtape-reverse") or [] if line.startswith("dualtape")]
    major, minor, *_ = version("dualtape").split(".")
    assert f"{major}.{minor}" in core
    assert version("dualtape-reverse").split(".")[:2] == [major, minor]


# --- what a record holds ------------------------------------------------------------------------------------------

LARGE = np.linspace(0.1, 0.9, 1000)

KEEPS: list[tuple[str, Callable[[Any, Any], Any], int]] = [
    ("an addition keeps nothing", lambda x, y: x + y, 0),
    ("a subtraction keeps nothing", lambda x, y: x - y, 0),
    ("a sum keeps shapes", lambda x, y: np.sum(x), 0),
    ("a reshape keeps shapes", lambda x, y: np.reshape(x, (10, 100)), 0),
    ("a negation keeps nothing", lambda x, y: -x, 0),
    ("a constant factor is a number", lambda x, y: x * 2.0, 0),
    ("reading keeps nothing", lambda x, y: x[3:10], 0),
    ("exp keeps its result", lambda x, y: np.exp(x), 1),
    ("tanh keeps its result", lambda x, y: np.tanh(x), 1),
    ("sin keeps its operand", lambda x, y: np.sin(x), 1),
    ("a square keeps its operand", lambda x, y: np.square(x), 1),
    ("a product keeps both", lambda x, y: x * y, 2),
    ("a product with a constant keeps the constant", lambda x, y: x * LARGE, 1),
    ("a concatenation keeps shapes", lambda x, y: np.concatenate([x, y]), 0),
    ("a cumulative sum keeps nothing", lambda x, y: np.cumsum(x), 0),
    ("a transpose keeps nothing", lambda x, y: np.reshape(x, (10, 100)).T, 0),
    ("broadcasting keeps nothing", lambda x, y: x + np.ones((3, 1)), 0),
]


@pytest.mark.parametrize(("function", "expected"), [(f, n) for _, f, n in KEEPS], ids=[name for name, _, _ in KEEPS])
def test_a_record_holds_only_what_a_rule_will_read(function: Callable[..., Any], expected: int) -> None:
    x, y = dt.Variable(LARGE), dt.Variable(LARGE + 1.0)
    recording, _ = recorded(function, x, y)
    held = {id(a) for a in arrays(recording) if a.size > 100}
    assert len(held) == expected


@pytest.mark.parametrize("debug", [False, True])
def test_records_are_plain_data(debug: bool) -> None:
    """Primitives, places, arrays, numbers and shapes: no closures, nothing that only live objects know."""

    def program(w: Any) -> Any:
        y = np.sin(w) * w + np.ones(3)
        y[1] = w[0] * 2.0
        z = np.stack([y, y @ np.ones((3, 3))])[:, ::2].T
        return np.sum(np.where(z > 0.1, z, 0.0)) + np.max(y) + y.reshape(3, 1)[2, 0] ** 2

    recording, _ = recorded(program, dt.Variable([0.3, 0.7, 0.9]), debug=debug)
    assert len(recording._records) > 10
    for record in recording._records:
        assert type(record) is tuple
        assert type(record[0]) is int
        for x in contents(record):
            assert not isinstance(x, TracedArray)
            assert not callable(x) or isinstance(x, (Primitive, np.dtype))
    indices = [record[0] for record in recording._records]
    assert indices == sorted(set(indices))


@pytest.mark.parametrize("outer_mode", ["forward", "reverse"])
def test_a_record_never_holds_a_live_handle(outer_mode: str) -> None:
    """A primal of a lower level is stored as a snapshot: the handle may be bound anew by a later write."""
    u = dt.Variable([0.3, 0.7, 0.9])
    with dt.GradientTape(outer_mode):
        c = u * 2.0
        views = [c[1:], c.reshape(3, 1), c[::-1]]

        def program(w: Any) -> Any:
            y = w * c + c * w + w / c + np.hypot(w, c) + views[2] * w
            z = np.sum(y[1:] * views[0]) + np.sum(views[1] * w) + np.sum(w @ c)
            np.where(c > 1.0, w, c)
            np.concatenate([w, c])
            y[0] = c[0]
            y[1:] = views[0]
            y *= c
            return z + np.sum(y)

        recording, _ = recorded(program, dt.Variable([1.0, 2.0, 3.0]))
        live = {id(handle) for handle in (c, *views)}
        found = [x for x in contents(recording._records) if isinstance(x, TracedArray)]
        assert found, "there are values of the outer tape in the records"
        assert not [x for x in found if id(x) in live]
        assert not [x for x in found if type(x) is TapeView]


def test_a_record_s_primal_is_not_written_by_a_later_write() -> None:
    """The buffer that a record holds is not the one that the handle writes to."""
    w = dt.Variable([0.3, 0.7, 0.9])
    with dt.GradientTape("reverse") as tape:
        y = w * 1.0
        z = np.sin(y)
        y[0] = 100.0
        z2 = y * y
        y[1:] *= 5.0
        total = np.sum(z) + np.sum(z2)
    held = [a.copy() for a in arrays(tape._recording)]
    y[...] = -1.0
    for before, after in zip(held, arrays(tape._recording), strict=True):
        assert np.array_equal(before, after)
    np.testing.assert_allclose(tape.gradient(total, w), [np.cos(0.3), np.cos(0.7) + 1.4, np.cos(0.9) + 1.8])


def test_a_small_part_does_not_pin_a_large_array() -> None:
    w = dt.Variable(LARGE)
    recording, _ = recorded(lambda w: np.sin((w * 1.0)[3:6]), w)
    for a in arrays(recording):
        owner = a if a.base is None else a.base
        assert owner.size < 100 or a.size > 100


def test_the_tape_never_points_at_handles() -> None:
    """So there is no reference cycle: a handle goes at once."""
    w = dt.Variable(LARGE)
    with dt.GradientTape("reverse") as tape:
        y = w * 2.0
        z = y * y
        before = sys.getrefcount(y)
        for _ in range(5):
            _ = np.sum(y) + y[0] + np.sum(y[1:])
        assert sys.getrefcount(y) == before
    gc.collect()
    assert not [r for r in gc.get_referrers(z) if isinstance(r, (tuple, list)) and r is not z]
    tape.gradient(z, w)


def test_variables_are_not_held_by_handles() -> None:
    """A tape caches the node of a variable, not its handle."""
    w = dt.Variable(LARGE)
    recording, _ = recorded(lambda w: w * w, w)
    ((held, node),) = recording.variables.values()
    assert held is w
    assert type(node) is int


# --- the straight paths and the general one -----------------------------------------------------------------------


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    "function",
    [
        np.sin,
        lambda w: -w,
        lambda w: w * w,
        lambda w: w * 2.0,
        lambda w: 2.0 / w,
        lambda w: w * np.array([1.0, 2.0, 3.0]),
        lambda w: np.array([[1.0], [2.0]]) * w,
        lambda w: w[0] * w,
        lambda w: w - w[0],
        lambda w: w**3,
        lambda w: 3.0**w,
        lambda w: w * np.float32(2.0),
        lambda w: np.float64(2.0) * w,
        lambda w: w * 2,
        lambda w: w * np.array([1, 2, 3]),
        lambda w: w * True,
        lambda w: [1.0, 2.0, 3.0] * w,
        lambda w: np.arctan2(w, w[0]),
        lambda w: np.maximum(w, 0.5),
        lambda w: abs(w - 0.5),
        lambda w: w % 0.4,
        lambda w: w * dt.constant([1.0, 2.0, 3.0]),
    ],
)
def test_long_and_short_records_agree(function: Callable[[Any], Any], debug: bool) -> None:
    """Under debug, beside complex numbers, and for views, records take the general form."""
    value = np.array([0.3, 0.7, 0.9])
    w, z = dt.Variable(value), dt.Variable(1j)
    answers = []
    for make in (lambda: function(w * 1.0), lambda: function((w * 1.0)[:]), lambda: function(w)):
        for beside in (False, True):
            with dt.GradientTape("reverse", debug=debug) as tape:
                if beside:
                    _ = z * 2.0
                y = make()
            answers.append(tape.gradient(y, w))
    for other in answers[1:]:
        np.testing.assert_allclose(other, answers[0], rtol=1e-14)
    for i, e in enumerate(np.eye(3) * 1e-6):
        expected = np.sum(np.asarray(function(value + e)) - np.asarray(function(value - e))) / 2e-6
        np.testing.assert_allclose(answers[0][i], expected, rtol=1e-7, atol=1e-9)


def test_a_tape_that_turns_complex_midway() -> None:
    """Short records made before the first complex number stay right."""
    w, z = dt.Variable([0.3, 0.7]), dt.Variable([1.0 + 2.0j, 0.5 - 1.0j])
    with dt.GradientTape("reverse") as tape:
        y = np.sin(w) * w
        u = z * y
        v = np.abs(u * u.conj()) + y * w
        loss = np.sum(np.real(v))
    dw, dz = tape.gradient(loss, [w, z])
    value, zv = w.numpy(), z.numpy()

    def f(value: np.ndarray, zv: np.ndarray) -> float:
        y = np.sin(value) * value
        return float(np.sum(np.abs(zv * y) ** 2 + y * value))

    for i, e in enumerate(np.eye(2) * 1e-6):
        np.testing.assert_allclose(dw[i], (f(value + e, zv) - f(value - e, zv)) / 2e-6, rtol=1e-6)
        real = (f(value, zv + e) - f(value, zv - e)) / 2e-6
        imaginary = (f(value, zv + 1j * e) - f(value, zv - 1j * e)) / 2e-6
        np.testing.assert_allclose(dz[i], real + 1j * imaginary, rtol=1e-6)


def test_a_primitive_without_a_vjp_rule() -> None:
    name = "no_rule_in_reverse_mode"
    primitive = structural(name, lambda x: np.asarray(x) * 2.0, (lambda t, _out, _x: t * 2.0,))
    try:
        w = dt.Variable([0.3, 0.7])
        with dt.GradientTape("forward") as tape:
            y = dt.array.apply(primitive, (w,), {})
        assert tape.gradient(y, w).tolist() == [2.0, 2.0]
        with dt.GradientTape("reverse"), pytest.raises(NoRuleError, match=rf"{name}.*reverse"):
            dt.array.apply(primitive, (w,), {})
    finally:
        del PRIMITIVES[name]


@pytest.mark.parametrize("shared", [False, True])
def test_the_names_of_a_rule_s_parameters_decide_what_it_gets(shared: bool) -> None:
    """`_x` receives None, `x_shape` the shape, `x` the operand: as tuples of rules, and as one rule for all."""
    name = "spied_upon"
    seen: list[Any] = []

    def first(g: Any, _out: Any, x_shape: Any, _y: Any) -> Any:
        seen.append(("first", _out, x_shape, _y))
        return g * 2.0

    def second(g: Any, out: Any, _x: Any, y: Any) -> Any:
        seen.append(("second", out, _x, y))
        return g * 3.0

    def both(position: int, g: Any, _out: Any, x_shape: Any, y: Any) -> Any:
        seen.append((position, _out, x_shape, y))
        return g * (2.0, 3.0)[position]

    primitive = structural(name, lambda x, y: x * 2.0 + y * 3.0, None)
    primitive.vjp = both if shared else (first, second)
    try:
        x, y = dt.Variable([1.0, 2.0]), dt.Variable([3.0, 4.0])
        with dt.GradientTape("reverse") as tape:
            z = dt.array.apply(primitive, (x, y), {})
        dx, dy = tape.gradient(z, [x, y])
    finally:
        del PRIMITIVES[name]
    assert (dx.tolist(), dy.tolist()) == ([2.0, 2.0], [3.0, 3.0])
    if shared:
        assert [entry[:3] for entry in seen] == [(0, None, (2,)), (1, None, (2,))]
        assert all(entry[3].tolist() == [3.0, 4.0] for entry in seen)
    else:
        kept = {entry[0]: entry[1:] for entry in seen}
        # What one of the rules reads is kept for both.
        assert kept["second"][0].tolist() == [11.0, 16.0]
        assert kept["second"][2].tolist() == [3.0, 4.0]
        assert kept["first"][1] == (2,)


# --- the pass -----------------------------------------------------------------------------------------------------


def test_the_pass_skips_what_the_target_does_not_depend_on() -> None:
    """Records made after the target, or beside it, are not pulled."""
    name = "never_pulled"

    def fail(_g: Any, _out: Any, _x: Any) -> Any:
        raise AssertionError

    primitive = structural(name, lambda x: x * 1.0, None)
    primitive.vjp = (fail,)
    try:
        w = dt.Variable([1.0, 2.0])
        with dt.GradientTape("reverse") as tape:
            beside = dt.array.apply(primitive, (w,), {})
            y = np.sum(w * w)
            after = dt.array.apply(primitive, (y,), {})
        assert tape.gradient(y, w).tolist() == [2.0, 4.0]
        assert beside.shape != after.shape
    finally:
        del PRIMITIVES[name]


@pytest.mark.parametrize("debug", [False, True])
def test_the_pass_writes_into_nothing_that_it_did_not_make(debug: bool) -> None:
    """Not into records, weights, earlier answers, or the answers of other sources."""
    w, u = dt.Variable([1.0, 2.0, 3.0]), dt.Variable([4.0, 5.0, 6.0])
    weights = np.array([1.0, 10.0, 100.0])
    with dt.GradientTape("reverse", persistent=True, debug=debug) as tape:
        y = w + u
        z = y + y
        x = z * 1.0
        x[1] = w[0]
        total = x + y + (y + w) * 0.0 + (u + y) * 0.0
    first = tape.gradient(total, [w, u, y, z, x], output_gradients=weights)
    kept = [g.copy() for g in first]
    second = tape.gradient(total, [w, u, y, z, x], output_gradients=weights)
    assert weights.tolist() == [1.0, 10.0, 100.0]
    for a, b, c in zip(first, kept, second, strict=True):
        assert np.array_equal(a, b)
        assert np.array_equal(a, c)
    for i, a in enumerate(first):
        for j, b in enumerate([*first[:i], *second, weights]):
            assert not np.shares_memory(a, b), (i, j)
    assert [g.tolist() for g in first] == [
        [13.0, 10.0, 300.0],
        [3.0, 10.0, 300.0],
        [3.0, 10.0, 300.0],
        [1.0, 0.0, 100.0],
        [1.0, 10.0, 100.0],
    ]


def test_sources_in_the_midst_of_a_chain_of_writes() -> None:
    w = dt.Variable([1.0, 2.0, 3.0])
    with dt.GradientTape("reverse") as tape:
        x = w * 2.0
        a = x * 1.0
        x[0] = a[1] * a[2]
        b = x + 0.0
        x[1:] = b[:2]
        y = np.sum(x * np.array([1.0, 10.0, 100.0]))
    da, db, dw = tape.gradient(y, [a, b, w])
    assert db.tolist() == [10.0, 100.0, 0.0]
    # x[0], of 1 + 10 through b[0], is a[1] a[2]
    assert da.tolist() == [0.0, 11.0 * 6.0, 11.0 * 4.0]
    assert dw.tolist() == [0.0, 2 * 66.0 + 2 * 100.0, 2 * 44.0]


def test_a_type_check_tells_plain_handles_from_views() -> None:
    w = dt.Variable([1.0, 2.0, 3.0])
    with dt.GradientTape("reverse"):
        y = w * 1.0
        assert type(y) is TapeArray
        assert type(y[1:]) is TapeView
        assert type(y[0]) is TapeArray
        assert type(y[[0, 1]]) is TapeArray
        assert issubclass(TapeView, TapeArray)
        assert TapeView.__slots__ == TapeArray.__slots__ == ()


@pytest.mark.parametrize("join", [np.stack, lambda entries: np.concatenate([x[None] for x in entries])])
def test_a_rule_for_many_operands_that_reads_none_is_given_none(join: Callable[..., Any]) -> None:
    """Else the pull of n operands, each in its turn, would be quadratic."""
    recording, _ = recorded(lambda w: join([w[i % 4] for i in range(100)]), dt.Variable(np.ones(4)))
    last = recording._records[-1]
    assert last[1].name in ("stack", "concatenate")
    assert last[2] == []


def test_the_first_complex_variable_may_be_read_by_an_operator() -> None:
    w, z = dt.Variable([1.0, 2.0]), dt.Variable(np.array([1.0 + 2.0j, 3.0j]))
    for combine in (lambda x: np.multiply(x, z), lambda x: (x * 1.0) * z, lambda x: z * (x * 1.0)):
        with dt.GradientTape("reverse") as tape:
            y = combine(w)
        dw, dz = tape.gradient(y, [w, z])
        np.testing.assert_array_equal(dw, [1.0, 0.0])  # the gradient of the sum of the real parts
        np.testing.assert_array_equal(dz, [1.0, 2.0])
