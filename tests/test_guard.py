"""Constants that change after their use: the derivative is that of what was computed, or the write is an error.

Small arrays are copied when a record keeps them; large ones are made read-only until the records are gone, or copied
under guard="copy". Flags come back as they were, always.
"""

import array
import contextlib
import gc
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dualtape as dt

SMALL, LARGE = 4, 5000
Use = Callable[[Any, np.ndarray], Any]


@pytest.fixture
def hasty() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def close(actual: Any, expected: Any) -> None:
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


def product(w: Any, c: np.ndarray) -> Any:
    return np.sum(w * c)


# Each keeps its constant, and is linear in w: its gradient is the function of the constant beside it.
USES: list[tuple[str, Use, Callable[[np.ndarray], np.ndarray]]] = [
    ("x * c", lambda w, c: w * c, lambda c: c),
    ("c * x", lambda w, c: c * w, lambda c: c),
    ("np.multiply", np.multiply, lambda c: c),
    ("x / c", lambda w, c: w / c, lambda c: 1.0 / c),
    ("matmul", lambda w, c: np.matmul(w[None], c[:, None]), lambda c: c),
    ("reflected matmul", lambda w, c: np.matmul(c[None], np.reshape(w, (-1, 1))), lambda c: c),
    ("where", lambda w, c: np.where(c > 2.0, w, 3.0 * w), lambda c: np.where(c > 2.0, 1.0, 3.0)),
    ("multiply with broadcasting", lambda w, c: np.reshape(w, (-1, 1)) * c[:, None], lambda c: c),
    ("mask", lambda w, c: w[c > 2.0], lambda c: (c > 2.0) * 1.0),
    (
        "indices",
        lambda w, c: w[c.astype(int) % c.size],
        lambda c: np.bincount(c.astype(int) % c.size, minlength=c.size),
    ),
    ("maximum", lambda w, c: np.maximum(w + 1e9, c) + w * c, lambda c: 1.0 + c),
    ("power", lambda w, c: np.log(np.power(np.exp(w), c)), lambda c: c),
]


@pytest.mark.parametrize(("use", "expected"), [(u, e) for _, u, e in USES], ids=[name for name, _, _ in USES])
@pytest.mark.parametrize("guard", ["lock", "copy"])
@pytest.mark.parametrize("n", [SMALL, LARGE])
def test_a_write_after_the_use(mode: str, use: Use, expected: Any, guard: Any, n: int) -> None:
    """`y = sum(x * c); c[:] = 100` yields 100 in silence elsewhere."""
    if mode == "forward" and n == LARGE:
        n = 100  # nothing is kept in forward mode, whatever the size
    c = np.arange(n) % 4 + 1.0
    at_use = expected(c.copy())
    w = dt.Variable(np.zeros(n))
    with dt.GradientTape(mode, guard=guard) as tape:
        y = np.sum(use(w, c))
    with contextlib.suppress(ValueError):
        c[:] = 100.0
    close(tape.gradient(y, w), at_use)
    assert c.flags.writeable


def writes(c: np.ndarray, base: np.ndarray, before: np.ndarray) -> dict[str, Callable[[], Any]]:
    """Ways to change `c`, a view of `base` as `before` is, after its use."""
    return {
        "direct": lambda: c.__setitem__(slice(None), 100.0),
        "entry": lambda: c.__setitem__(0, 100.0),
        "operator": lambda: c.__iadd__(100.0),
        "out": lambda: np.add(c, 100.0, out=c),
        "copyto": lambda: np.copyto(c, 100.0),
        "fill": lambda: c.fill(100.0),
        "sort": c.sort,
        "put": lambda: np.put(c, 0, 100.0),
        "at": lambda: np.add.at(c, [0], 100.0),  # NumPy 2.4 does it to a read-only array too
        "byteswap": lambda: c.byteswap(inplace=True),
        "shuffle": lambda: np.random.default_rng(0).shuffle(c),
        "random": lambda: np.random.default_rng(0).standard_normal(out=c),
        "view made after": lambda: c[:].__setitem__(slice(None), 100.0),
        "reshaped after": lambda: c.reshape(-1, 1).__setitem__(slice(None), 100.0),
        "base": lambda: base.__setitem__(slice(None), 100.0),
        "another view of the base": lambda: base[:-1].__setitem__(slice(None), 100.0),
        "memoryview": lambda: memoryview(c).__setitem__(0, 100.0),
        "view made before": lambda: before.__setitem__(slice(None), 100.0),
    }


WAYS = [*writes(np.zeros(2), np.zeros(2), np.zeros(2))]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("is_view", [False, True])
def test_a_small_constant_changes_in_any_way(mode: str, way: str, is_view: bool) -> None:
    """It was copied: the write goes through, and the gradient is that of the value used."""
    check_way(mode, "lock", way, SMALL, is_view)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("is_view", [False, True])
def test_a_large_constant_changes_under_guard_copy(mode: str, way: str, is_view: bool) -> None:
    """The way that a lock can't see, a view made before the use, is closed too."""
    check_way(mode, "copy", way, LARGE, is_view)


def check_way(mode: str, guard: Any, way: str, n: int, is_view: bool) -> None:
    base = np.arange(n + 2.0)[::-1].copy()
    c = base[1:-1] if is_view else base
    before = c[:]
    value = c.copy()
    s = dt.Variable(2.0)
    w = dt.Variable(np.ones(n if is_view else n + 2)) if n == SMALL else None
    with dt.GradientTape(mode, guard=guard) as tape:
        y = np.sum(s * c) if w is None else np.sum(s * w * c)
    writes(c, base, before)[way]()
    assert not np.array_equal(c, value), "the write took place"
    if w is not None:
        ds, dw = tape.gradient(y, [s, w])
        close(dw, 2.0 * value)
    else:
        ds = tape.gradient(y, s)
    close(ds, np.sum(value))


@pytest.mark.reverse
@pytest.mark.parametrize("way", [way for way in WAYS if way not in ("view made before", "memoryview", "at")])
@pytest.mark.parametrize("is_view", [False, True])
def test_a_large_constant_is_locked(way: str, is_view: bool) -> None:
    """NumPy's own error where the write happens; after the gradient it can be written again."""
    base = np.arange(LARGE + 2.0)[::-1].copy()
    c = base[1:-1] if is_view else base
    before = c[:]
    value = c.copy()
    w = dt.Variable(np.ones(c.size))
    with dt.GradientTape("reverse") as tape:
        y = np.sum(w * c)
        with pytest.raises(ValueError, match=r"read-only|writable"):
            writes(c, base, before)[way]()
    with pytest.raises(ValueError, match=r"read-only|writable"):
        writes(c, base, before)[way]()
    assert np.array_equal(c, value)
    close(tape.gradient(y, w), value)
    assert c.flags.writeable
    assert base.flags.writeable
    writes(c, base, before)[way]()
    assert not np.array_equal(c, value)


@pytest.mark.reverse
def test_a_memoryview_of_a_locked_constant_is_read_only() -> None:
    c = np.ones(LARGE)
    w = dt.Variable(np.ones(LARGE))
    with dt.GradientTape("reverse"):
        _ = w * c
        with pytest.raises(TypeError, match="read-only"):
            memoryview(c)[0] = 100.0


@pytest.mark.reverse
def test_what_a_lock_can_t_see() -> None:
    """Documented: a large constant changed through a view made before its use. guard="copy" closes it, above."""
    c = np.ones(LARGE)
    before = c[:]
    w = dt.Variable(np.ones(LARGE))
    with dt.GradientTape("reverse") as tape:
        y = np.sum(w * c)
    before[:] = 100.0
    assert tape.gradient(y, w)[0] == 100.0
    assert "guard" in str(dt.GradientTape.__doc__)


def test_forward_mode_locks_nothing() -> None:
    c = np.ones(LARGE)
    w = dt.Variable(2.0)
    with dt.GradientTape("forward") as tape:
        y = np.sum(w * c)
        assert c.flags.writeable
        c[:] = 100.0
        z = np.sum(w * c)
    assert tape.gradient([y, z], w) == 101.0 * LARGE


# --- flags come back as they were ---------------------------------------------------------------------------------


def used(
    c: np.ndarray, *, persistent: bool = False, guard: Any = "lock"
) -> tuple[dt.GradientTape, Any, dt.Variable[Any]]:
    w = dt.Variable(np.ones(c.shape))
    with dt.GradientTape("reverse", persistent=persistent, guard=guard) as tape:
        y = np.sum(w * c)
    return tape, y, w


@pytest.mark.reverse
def test_flags_come_back_at_the_gradient() -> None:
    c = np.ones(LARGE)
    tape, y, w = used(c)
    assert not c.flags.writeable
    tape.gradient(y, w)
    assert c.flags.writeable
    assert tape is not None


@pytest.mark.reverse
def test_flags_come_back_at_a_gradient_that_fails() -> None:
    c = np.ones(LARGE)
    tape, y, w = used(c)
    with pytest.raises(dt.errors.UnconnectedError):
        tape.gradient(y, dt.Variable(1.0), unconnected_gradients="error")
    if c.flags.writeable:
        return
    tape.gradient(y, w)
    assert c.flags.writeable


@pytest.mark.reverse
def test_a_persistent_tape_keeps_its_locks_until_reset_or_death() -> None:
    c = np.ones(LARGE)
    tape, y, w = used(c, persistent=True)
    for _ in range(2):
        close(tape.gradient(y, w), np.ones(LARGE))
        assert not c.flags.writeable
    tape.reset()
    assert c.flags.writeable
    tape, y, w = used(c, persistent=True)
    tape.gradient(y, w)
    del tape
    assert c.flags.writeable
    assert float(y) == LARGE


@pytest.mark.reverse
@pytest.mark.parametrize("persistent", [False, True])
def test_flags_come_back_when_a_tape_dies_without_a_gradient(persistent: bool) -> None:
    """Its values may live on: nobody can ask for their gradients."""
    gc.disable()
    try:
        c = np.ones(LARGE)
        tape, y, w = used(c, persistent=persistent)
        assert not c.flags.writeable
        del tape
        assert c.flags.writeable, "while y and w are alive"
        assert float(y) == LARGE
        assert w.shape == (LARGE,)
    finally:
        gc.enable()


@pytest.mark.reverse
def test_flags_come_back_after_an_exception_in_the_block() -> None:
    c = np.ones(LARGE)

    def failing() -> None:
        w = dt.Variable(np.ones(LARGE))
        with dt.GradientTape("reverse"):
            _ = w * c
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        failing()
    del caught
    gc.collect()
    assert c.flags.writeable


@pytest.mark.reverse
def test_flags_come_back_at_a_reset_inside_the_block() -> None:
    c = np.ones(LARGE)
    w = dt.Variable(np.ones(LARGE))
    with dt.GradientTape("reverse") as tape:
        _ = w * c
        assert not c.flags.writeable
        tape.reset()
        assert c.flags.writeable
        c[:] = 3.0
        y = np.sum(w * c)
    close(tape.gradient(y, w), c)


@pytest.mark.reverse
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_array_used_by_two_tapes(order: tuple[int, int]) -> None:
    c = np.ones(LARGE)
    made = [used(c), used(c)]
    for i in order:
        assert not c.flags.writeable
        tape, y, w = made[i]
        close(tape.gradient(y, w), np.ones(LARGE))
    assert c.flags.writeable


@pytest.mark.reverse
@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_views_of_one_base_used_by_several_tapes(order: tuple[int, ...]) -> None:
    """A view can be made writeable only if its base is: the locks are released in any order of the tapes."""
    base = np.ones(4 * LARGE)
    views = [base, base[:LARGE], base[1:][LARGE:]]
    made = [used(c) for c in views]
    held = base[::2]
    for i in order:
        assert not base.flags.writeable
        tape, y, w = made[i]
        tape.gradient(y, w)
    assert [c.flags.writeable for c in views] == [True] * 3
    base[:] = 2.0
    views[2][:] = 3.0
    assert held is not None


@pytest.mark.reverse
@pytest.mark.parametrize("first", [0, 1])
def test_two_views_of_one_base(first: int) -> None:
    base = np.ones(4 * LARGE)
    a, b = base[:LARGE], base[LARGE : 2 * LARGE]
    made = [used(a), used(b)]
    for i in (first, 1 - first):
        tape, y, w = made[i]
        tape.gradient(y, w)
    assert a.flags.writeable
    assert b.flags.writeable
    assert base.flags.writeable


@pytest.mark.reverse
def test_one_array_used_many_times_by_one_tape() -> None:
    c = np.ones(LARGE)
    w = dt.Variable(np.ones(LARGE))
    with dt.GradientTape("reverse") as tape:
        y = w
        for _ in range(5):
            y = y * c + c[: LARGE - 1].sum() * 0.0
            y = y * c[:]
    tape.gradient(y, w)
    assert c.flags.writeable


@pytest.mark.reverse
def test_an_array_that_was_read_only_from_the_start_stays_so() -> None:
    c = np.ones(LARGE)
    c.flags.writeable = False
    tape, y, w = used(c)
    close(tape.gradient(y, w), np.ones(LARGE))
    assert not c.flags.writeable


@pytest.mark.reverse
def test_a_read_only_view_of_a_writeable_array() -> None:
    """The base could change it: it is locked, and the view stays read-only."""
    base = np.ones(LARGE)
    c = base[:]
    c.flags.writeable = False
    tape, y, w = used(c)
    with pytest.raises(ValueError, match="read-only"):
        base[0] = 100.0
    close(tape.gradient(y, w), np.ones(LARGE))
    assert base.flags.writeable
    assert not c.flags.writeable


@pytest.mark.reverse
def test_a_broadcast_constant() -> None:
    base = np.ones((1, LARGE))
    c = np.broadcast_to(base, (2, LARGE))
    tape, y, w = used(c)
    with pytest.raises(ValueError, match="read-only"):
        base[0] = 100.0
    close(tape.gradient(y, w), np.ones((2, LARGE)))
    assert base.flags.writeable
    assert not c.flags.writeable


@pytest.mark.reverse
def test_a_constant_that_the_user_unlocks_is_the_user_s_business() -> None:
    c = np.ones(LARGE)
    tape, y, w = used(c)
    c.flags.writeable = True
    tape.gradient(y, w)
    assert c.flags.writeable


@pytest.mark.reverse
def test_a_constant_that_is_made_read_only_meanwhile_comes_back_writeable() -> None:
    """As it was when it was used."""
    c = np.ones(LARGE)
    tape, y, w = used(c)
    c.flags.writeable = False
    tape.gradient(y, w)
    assert c.flags.writeable


@pytest.mark.reverse
def test_locks_do_not_keep_arrays_alive() -> None:
    c = np.ones(LARGE)
    r = weakref.ref(c)
    tape, y, w = used(c)
    tape.gradient(y, w)
    del c
    assert r() is None


@pytest.mark.reverse
def test_guard_copy_locks_nothing() -> None:
    c = np.ones(LARGE)
    tape, y, w = used(c, guard="copy")
    assert c.flags.writeable
    c[:] = 100.0
    close(tape.gradient(y, w), np.ones(LARGE))


@pytest.mark.reverse
def test_results_do_not_share_memory_with_constants() -> None:
    c = np.full(LARGE, 2.0)
    tape, y, w = used(c)
    g = tape.gradient(y, w)
    g[:] = 100.0
    assert c[0] == 2.0


# --- memory that NumPy does not own -------------------------------------------------------------------------------


def foreign(folder: Path) -> dict[str, tuple[np.ndarray, Callable[[], Any]]]:
    """Arrays over memory whose owner is not an ndarray, and a way to change each through the owner."""
    mapped = np.memmap(folder / "map", dtype=float, mode="w+", shape=LARGE)
    mapped[:] = 2.0
    again = np.memmap(folder / "map", dtype=float, mode="r+", shape=LARGE)
    buffer = bytearray(np.full(LARGE, 2.0).tobytes())
    numbers = array.array("d", [2.0] * LARGE)
    return {
        "memory map": (mapped, lambda: mapped.__setitem__(slice(None), 100.0)),
        "part of a memory map": (np.asarray(mapped)[10:], lambda: mapped.__setitem__(slice(None), 100.0)),
        "memory map, changed through another": (mapped, lambda: again.__setitem__(slice(None), 100.0)),
        "bytearray": (np.frombuffer(buffer), lambda: buffer.__setitem__(slice(0, 8), b"\0" * 8)),
        "part of a bytearray": (np.frombuffer(buffer)[1:], lambda: buffer.__setitem__(slice(8, 16), b"\0" * 8)),
        "array.array": (np.asarray(numbers), lambda: numbers.__setitem__(0, 100.0)),
        "memoryview": (np.asarray(memoryview(buffer).cast("d")), lambda: buffer.__setitem__(slice(0, 8), b"\0" * 8)),
    }


@pytest.mark.parametrize(
    "name",
    ["memory map", "part of a memory map", "memory map, changed through another", "bytearray", "part of a bytearray",
     "array.array", "memoryview"],
)  # fmt: skip
def test_memory_with_another_owner_is_copied(mode: str, tmp_path: Path, name: str) -> None:
    c, change = foreign(tmp_path)[name]
    s = dt.Variable(1.0)
    with dt.GradientTape(mode) as tape:
        y = np.sum(s * c)
    change()
    assert c.flags.writeable
    close(tape.gradient(y, s), 2.0 * c.size)


def test_subclasses_of_arrays_are_copied(mode: str) -> None:
    class Own(np.ndarray):
        pass

    c = np.full(LARGE, 2.0).view(Own)
    s = dt.Variable(1.0)
    with dt.GradientTape(mode) as tape:
        y = np.sum(s * c)
    c[:] = 100.0
    close(tape.gradient(y, s), 2.0 * LARGE)


# --- loops that refill a buffer -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "guard"), [(SMALL, "lock"), (SMALL, "copy"), (LARGE, "copy")])
def test_a_buffer_filled_anew_in_a_loop(mode: str, n: int, guard: Any) -> None:
    buffer = np.empty(n)
    s = dt.Variable(1.0)
    with dt.GradientTape(mode, guard=guard) as tape:
        total: Any = 0.0
        for i in range(4):
            buffer[:] = i + 1.0
            total = total + np.sum(s ** (i + 1) * buffer)
    buffer[:] = 1000.0
    close(tape.gradient(total, s), n * (1.0 + 4.0 + 9.0 + 16.0))


@pytest.mark.reverse
def test_a_large_buffer_filled_anew_in_a_loop_is_an_error() -> None:
    buffer = np.empty(LARGE)
    w = dt.Variable(np.ones(LARGE))

    def step(i: int) -> Any:
        buffer[:] = i
        return np.sum(w * buffer)

    with dt.GradientTape("reverse"):
        _ = step(0)
        with pytest.raises(ValueError, match="read-only"):
            step(1)


def test_a_buffer_filled_anew_between_tapes(mode: str) -> None:
    """The training loop: one tape a step."""
    n = LARGE if mode == "reverse" else 50
    buffer = np.empty(n)
    w = dt.Variable(np.ones(n))
    for i in range(4):
        buffer[:] = i
        with dt.GradientTape(mode) as tape:
            y = np.sum(w * buffer)
        close(tape.gradient(y, w), np.full(n, float(i)))


# --- variables ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [SMALL, 50])
def test_a_variable_that_is_assigned_after_its_use(mode: str, n: int) -> None:
    w, u = dt.Variable(np.full(n, 2.0)), dt.Variable(np.full(n, 3.0))
    with dt.GradientTape(mode) as tape:
        y = np.sum(w * u * u)
    w.assign(np.full(n, 100.0))
    u.assign_add(np.full(n, 100.0))
    u -= 1.0
    dw, du = tape.gradient(y, [w, u])
    close(dw, np.full(n, 9.0))
    close(du, np.full(n, 12.0))


def test_a_constant_of_the_library_does_not_change(mode: str) -> None:
    c = dt.constant(np.full(SMALL, 2.0))
    w = dt.Variable(np.ones(SMALL))
    with dt.GradientTape(mode) as tape:
        y = np.sum(w * c)
    with pytest.raises(ValueError, match="can't be written"):
        c[0] = 100.0
    close(tape.gradient(y, w), np.full(SMALL, 2.0))


@pytest.mark.parametrize("n", [SMALL, LARGE])
def test_a_container_that_is_written_after_its_use(mode: str, n: int) -> None:
    c = dt.full(n, 2.0)
    s = dt.Variable(1.0)
    with dt.GradientTape(mode) as tape:
        y = np.sum(s * c)
    c[:] = 100.0
    close(tape.gradient(y, s), 2.0 * n)


@pytest.mark.parametrize("n", [SMALL, LARGE])
def test_an_old_traced_value_that_is_written_after_its_use(mode: str, n: int) -> None:
    """A value of a tape that is over, used as a constant by another."""
    s = dt.Variable(1.0)
    with dt.GradientTape(mode) as first:
        c = s * np.full(n, 2.0)
    first.gradient(c, s)
    with dt.GradientTape(mode) as tape:
        y = np.sum(s * c)
    c[:] = 100.0
    close(tape.gradient(y, s), 2.0 * n)
    with dt.GradientTape(mode) as tape:
        y = np.sum(s * c)
        c[:] = 7.0
    close(tape.gradient(y, s), 100.0 * n)


# --- several levels, several threads ------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [SMALL, 600])
def test_a_constant_of_nested_tapes(mode: str, outer_mode: str, n: int) -> None:
    c = np.full(n, 2.0)
    s = dt.Variable(3.0)
    with dt.GradientTape(outer_mode) as outer:
        with dt.GradientTape(mode) as inner:
            y = np.sum(s * s * s * c)
        with contextlib.suppress(ValueError):
            c[:] = 50.0
        g = inner.gradient(y, s)
        z = g * 1.0
    with contextlib.suppress(ValueError):
        c[:] = 100.0
    close(outer.gradient(z, s), 6 * 3.0 * 2.0 * n)
    assert c.flags.writeable


@pytest.mark.reverse
def test_locks_are_counted_right_by_threads(hasty: None) -> None:
    """Many tapes in many threads use one array and a view of it, and each one of its own."""
    base = np.ones(2 * LARGE)
    part = base[:LARGE]
    problems: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(60):
                own = np.ones(LARGE)
                for c in (base, part, own):
                    tape, y, w = used(c)
                    assert not c.flags.writeable
                    tape.gradient(y, w)
                assert own.flags.writeable
        except Exception as problem:  # noqa: BLE001 - the test's own thread shows it
            problems.append(problem)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert base.flags.writeable
    assert part.flags.writeable
