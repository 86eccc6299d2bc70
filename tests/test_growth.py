"""How cost grows: without recursion, without reference cycles, linearly. Counted, never timed."""

import gc
import itertools
import sys
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.primitive import PRIMITIVES

Program = Callable[[Any, int], Any]
Filling = Callable[[Any, int, int], Any]


@contextmanager
def shallow() -> Iterator[None]:
    """Leave but little of the stack: what recurses with the length of a program fails."""
    depth, frame = 0, sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back  # type: ignore[assignment]  # None ends the loop
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 60)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@contextmanager
def no_collector() -> Iterator[None]:
    """Switch the collector off, with nothing left for it to find."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


# --- length -------------------------------------------------------------------------------------------------------


def test_a_long_chain_differentiates_without_recursion(mode: str) -> None:
    n = 100_000
    w = dt.Variable(0.3)
    with no_collector(), shallow():
        with dt.GradientTape(mode) as tape:
            y = w * 1.0
            for _ in range(n):
                y = y * 0.5 + 0.25
            z = y * w
        g = tape.gradient(z, w)
        del y, z
    assert g == 0.5


def test_a_long_chain_of_arrays_and_writes(mode: str) -> None:
    n = 5_000
    w = dt.Variable([0.3, 0.7])
    with shallow():
        with dt.GradientTape(mode) as tape:
            x = w * 1.0
            view = x[1:]
            for _ in range(n):
                x[0] = x[1] * 0.5
                view[0] = x[0] + w[1]
            z = np.sum(x)
        g = tape.gradient(z, w)
    # x[1] tends to w[1] / (1 - 0.5) = 2 w[1], x[0] to half of that
    np.testing.assert_allclose(g, [0.0, 3.0], atol=1e-12)


def test_a_long_chain_of_views(mode: str) -> None:
    """A view of a view of a view knows its root; its chain is walked, not nested."""
    w = dt.Variable([0.3, 0.7])
    with shallow():
        with dt.GradientTape(mode) as tape:
            x = w * 1.0
            view = x[:]
            for _ in range(300):
                view = view[::-1]
            view[0] = w[1] * 3.0
            z = np.sum(x * np.array([1.0, 10.0]))
        g = tape.gradient(z, w)
    assert g.tolist() == [0.0, 3.0 + 10.0]


def test_a_long_chain_under_an_outer_tape(mode: str, outer_mode: str) -> None:
    n = 3_000
    w = dt.Variable(0.999)
    with shallow():
        with dt.GradientTape(outer_mode) as outer:
            with dt.GradientTape(mode) as inner:
                y = w * 1.0
                for _ in range(n):
                    y = y * w
            g = inner.gradient(y, w)
        h = outer.gradient(g, w)
    np.testing.assert_allclose(h, (n + 1) * n * 0.999 ** (n - 1), rtol=1e-9)


def test_a_large_program_is_freed_without_recursion(mode: str) -> None:
    w = dt.Variable(0.3)
    with no_collector(), shallow():
        with dt.GradientTape(mode) as tape:
            y = w * 1.0
            for _ in range(20_000):
                y = y + w
        del y, tape


# --- garbage ------------------------------------------------------------------------------------------------------


def plain_program(w: Any, n: int) -> Any:
    y = w * 1.0
    for i in range(n):
        y = np.sin(y) * w + np.sum(y) / (i + 1.0)
    return np.sum(y)


def writing_program(w: Any, n: int) -> Any:
    y = w * 1.0
    x = np.zeros(n, like=y)
    views = [y[1:], y.reshape(3, 1), y[::-1]]
    for i in range(n):
        x[i] = y[i % 3] * w[0]
        views[i % 3][0] = x[i] + views[0][1]
    y += views[2]
    x.sort()
    return np.sum(x * x) + np.sum(y)


def list_program(w: Any, n: int) -> Any:
    y = np.array([w[i % 3] * i for i in range(n)])
    return np.sum(np.stack([y, y]) * 2.0) + np.sum(np.concatenate([np.asarray(w), w]))


def structural_program(w: Any, n: int) -> Any:
    A = np.reshape(w, (3, 1)) * w
    for _ in range(n):
        A = A @ A.T / np.sum(A) + np.where(A > 0.1, A, 0.0)[[0, 2, 1]]
    return np.max(A) + np.sum(A[:, 1])


PROGRAMS = [plain_program, writing_program, list_program, structural_program]


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("persistent", [False, True])
def test_no_cycle_is_left_after_gradient(mode: str, program: Program, persistent: bool) -> None:
    w = dt.Variable([0.3, 0.7, 0.9])

    def step() -> Any:
        with dt.GradientTape(mode, persistent=persistent) as tape:
            y = program(w, 10)
        return tape.gradient(y, w)

    step()
    with no_collector():
        for _ in range(3):
            assert step().any()
        assert gc.collect() == 0


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_cycle_is_left_without_a_gradient(mode: str, program: Program) -> None:
    w = dt.Variable([0.3, 0.7, 0.9])

    def step() -> None:
        with dt.GradientTape(mode) as tape:
            program(w, 10)
        del tape

    step()
    with no_collector():
        step()
        assert gc.collect() == 0


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_cycle_is_left_after_second_derivatives(mode: str, outer_mode: str, program: Program) -> None:
    w = dt.Variable([0.3, 0.7, 0.9])

    def step() -> Any:
        with dt.GradientTape(outer_mode) as outer:
            with dt.GradientTape(mode) as inner:
                y = program(w, 4)
            g = np.sum(inner.gradient(y, w) * w)
        return outer.gradient(g, w)

    step()
    with no_collector():
        assert step().any()
        assert gc.collect() == 0


def test_no_cycle_is_left_by_any_use_of_a_tape(mode: str, outer_mode: str) -> None:
    w = dt.Variable([0.3, 0.7])

    def step() -> None:
        with dt.GradientTape(mode, persistent=True) as tape:
            y = w * w
            tape.watch(y)
            with tape.stop_recording():
                c = y * 1.0
            z = y * c
            tape.gradient(z, [w, y])
            x = dt.zeros(2)
            x[0] = z[0]
            x[1:] = w[1:]
        tape.gradient([x, z], w)
        x[1] = 5.0
        str(x), repr(y), np.asarray(x)
        tape.reset()
        with dt.GradientTape(outer_mode) as other:
            other.watch(x)
            u = x * y
        other.gradient(u, x)
        d = dt.DualArray([1.0, 2.0], [1.0, 1.0])
        d[0] = d[1] * 2.0

    step()
    with no_collector():
        step()
        assert gc.collect() == 0


def test_a_failing_step_leaves_nothing_but_its_traceback(mode: str) -> None:
    w = dt.Variable([0.3, 0.7])

    def step() -> None:
        try:
            with dt.GradientTape(mode):
                y = w * w
                y @ np.ones(5)
        except ValueError:
            pass

    step()
    with no_collector():
        step()
        assert gc.collect() == 0


@pytest.mark.parametrize("program", PROGRAMS)
def test_memory_is_given_back_at_the_gradient(mode: str, program: Program) -> None:
    """The records of a non-persistent tape go with its gradient, though the tape and its target live."""
    w = dt.Variable([0.3, 0.7, 0.9])

    class Marked(np.ndarray):
        """An array that can be watched."""

    c = np.ones(3).view(Marked)
    with dt.GradientTape(mode) as tape:
        y = program(w, 5) * np.sum(w * c)
        middle = w * 2.0
        r = weakref.ref(middle)
        y = y + np.sum(middle * middle)
        del middle
    recording = weakref.ref(tape._recording)
    tape.gradient(y, w)
    assert r() is None
    assert recording() is None or not getattr(recording(), "_records", [])


def test_a_loop_of_steps_does_not_grow(mode: str) -> None:
    w = dt.Variable([0.3, 0.7, 0.9])

    def step() -> None:
        with dt.GradientTape(mode) as tape:
            y = writing_program(w, 20)
        w.assign_sub(1e-3 * tape.gradient(y, w))

    with no_collector():
        step()
        before = len(gc.get_objects())
        for _ in range(20):
            step()
        assert len(gc.get_objects()) <= before + 5


def test_forward_memory_does_not_grow_with_the_program() -> None:
    def peak(n: int) -> int:
        w = dt.Variable(np.full(50, 0.3))
        tracemalloc.start()
        try:
            with dt.GradientTape("forward") as tape:
                y = w * 1.0
                for _ in range(n):
                    y = np.sin(y) * 0.5 + w
            tape.gradient(y, w)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(5)
    assert peak(200) < 1.2 * peak(20)


def test_reading_one_entry_does_not_pin_the_array(mode: str) -> None:
    """A kept scalar or a small part must not hold a large buffer, or its stack of tangents."""
    s = dt.Variable(2.0)
    c = np.arange(100_000.0)
    with dt.GradientTape(mode, guard="copy", persistent=True) as tape:
        kept = []
        tracemalloc.start()
        try:
            for i in range(20):
                big = s + c
                kept.append(big[i : i + 3] * s)
                del big
            grown = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        y = np.sum(np.stack(kept))
    assert grown < 3 * c.nbytes, f"{grown / c.nbytes} large arrays are alive"
    assert tape.gradient(y, s) > 0.0


# --- filling and reading ------------------------------------------------------------------------------------------
# What one entry costs must not depend on how many there are. So a few entries of a large array are written or read, and
# the allocations as large as the array are counted: a handful in all, where copying at each step makes one for each.

STEPS, SIZE = 60, 20_000


@contextmanager
def large_allocations(nbytes: int) -> Iterator[list[int]]:
    """Count the times that a block allocates `nbytes` or more between two calls or returns, freed again or not."""
    counted, last = [0], [0]

    def look(*_event: Any) -> None:
        now, peak = tracemalloc.get_traced_memory()
        counted[0] += peak - last[0] >= nbytes
        tracemalloc.reset_peak()
        last[0] = now

    tracemalloc.start()
    before = sys.getprofile()
    last[0] = tracemalloc.get_traced_memory()[0]
    sys.setprofile(look)
    try:
        yield counted
    finally:
        sys.setprofile(before)
        look()
        tracemalloc.stop()


def copies(program: Filling, mode: str) -> int:
    """Count the allocations of array size in a program and its gradient."""
    w = dt.Variable(np.linspace(0.1, 0.9, 4))
    with large_allocations(SIZE * 8 // 2) as counted:
        with dt.GradientTape(mode) as tape:
            y = program(w, STEPS, SIZE)
        tape.gradient(y, w)
    return counted[0]


def fill(w: Any, steps: int, size: int) -> Any:
    x = dt.zeros(size)
    for i in range(steps):
        x[i] = w[i % 4] * 2.0
    return np.sum(x * x)


def fill_from_itself(w: Any, steps: int, size: int) -> Any:
    x = dt.zeros(size)
    x[0] = w[0]
    for i in range(1, steps):
        x[i] = x[i - 1] * w[1]
    return np.sum(x)


def fill_with_constants(w: Any, steps: int, size: int) -> Any:
    x = w[0] * np.ones(size)
    for i in range(steps):
        x[i] = 1.0
    return np.sum(x * x)


def fill_rows(w: Any, steps: int, size: int) -> Any:
    x = dt.zeros((size // 4, 4))
    for i in range(steps):
        x[i] = w * 2.0
    return np.sum(x * x)


def fill_columns(w: Any, steps: int, size: int) -> Any:
    x = dt.zeros((4, size // 4))
    for i in range(steps):
        x[:, i] = w * 2.0
    return np.sum(x * x)


def fill_matrix(w: Any, steps: int, size: int) -> Any:
    x = dt.zeros((size // 4, 4))
    for i in range(steps):
        x[i // 4, i % 4] = w[i % 4] * 2.0
    return np.sum(x * x)


def fill_through_a_view(w: Any, steps: int, size: int) -> Any:
    x = dt.zeros((2, size // 2))
    row = x[1]
    for i in range(steps):
        row[i] = w[i % 4] * 2.0
    return np.sum(x * x)


def fill_through_a_transpose(w: Any, steps: int, size: int) -> Any:
    x = dt.zeros((4, size // 4))
    for i in range(steps):
        x.T[i] = w * 2.0
    return np.sum(x * x)


def fill_by_slices(w: Any, steps: int, size: int) -> Any:
    x = dt.zeros(size)
    for i in range(0, steps, 2):
        x[i : i + 2] = w[:2] * 2.0
    return np.sum(x * x)


def fill_by_lists(w: Any, steps: int, size: int) -> Any:
    x = dt.zeros(size)
    for i in range(0, steps, 2):
        x[[i, i + 1]] = w[:2] * 2.0
    return np.sum(x * x)


def add_to_entries(w: Any, steps: int, size: int) -> Any:
    x = dt.zeros(size)
    for i in range(steps):
        x[i] += w[i % 4]
    return np.sum(x * x)


def add_at(w: Any, steps: int, size: int) -> Any:
    x = dt.zeros(size)
    for i in range(steps):
        np.add.at(x, [i, 0], w[:2])
    return np.sum(x * x)


def fill_by_iteration(w: Any, steps: int, size: int) -> Any:
    x = dt.zeros((size // 2, 2))
    for row in itertools.islice(x, steps):
        row += w[:2]
    return np.sum(x * x)


def fill_under_stop_recording(w: Any, steps: int, size: int) -> Any:
    x = w[0] * np.ones(size)
    x[0] = 3.0
    for i in range(steps):
        x[i] = 2.0
    return np.sum(x * w[1])


def fill_from_a_part_of_itself(w: Any, steps: int, size: int) -> Any:
    x = w[0] * np.ones(size)
    for i in range(2, steps):
        x[i : i + 2] = x[i - 2 : i]
    return np.sum(x * x)


def read(w: Any, steps: int, size: int) -> Any:
    x = w[0] * np.ones(size)
    total = w[1]
    for i in range(steps):
        total = total + x[i] * 2.0
    return total


def read_by_iteration(w: Any, steps: int, size: int) -> Any:
    total = w[1]
    for entry in itertools.islice(w[0] * np.ones(size), steps):
        total = total + entry
    return total


def read_rows(w: Any, steps: int, size: int) -> Any:
    x = np.reshape(w, (1, 4)) * np.ones((size // 4, 1))
    total = w
    for row in itertools.islice(x, steps):
        total = total + row * 2.0
    return np.sum(total)


def read_by_lists(w: Any, steps: int, size: int) -> Any:
    x = w[0] * np.ones(size)
    total = w[1:2]
    for i in range(steps):
        total = total + x[[i]]
    return np.sum(total)


def read_through_a_view(w: Any, steps: int, size: int) -> Any:
    x = (w[0] * np.ones((2, size)))[1][::-1]
    total = w[1]
    for i in range(steps):
        total = total + x[i]
    return total


def read_and_fill(w: Any, steps: int, size: int) -> Any:
    x = w[0] * np.ones(size)
    for i in range(1, steps):
        x[i] = x[i] + x[i - 1] * 0.5
    return x[steps - 1]


def read_a_part_and_fill(w: Any, steps: int, size: int) -> Any:
    x = w[0] * np.ones(size)
    total = w[1]
    for i in range(2, steps):
        x[i] = w[2]
        total = total + np.sum(x[i - 2 : i + 1])
    return total


FILLING = [
    fill, fill_from_itself, fill_with_constants, fill_rows, fill_columns, fill_matrix, fill_through_a_view,
    fill_through_a_transpose, fill_by_slices, fill_by_lists, add_to_entries, add_at, fill_by_iteration,
    fill_under_stop_recording, fill_from_a_part_of_itself, read, read_by_iteration, read_rows, read_by_lists,
    read_through_a_view, read_and_fill, read_a_part_and_fill,
]  # fmt: skip


@pytest.mark.parametrize("program", FILLING)
def test_an_entry_costs_the_same_in_any_array(mode: str, program: Filling) -> None:
    assert copies(program, mode) < STEPS // 2


@pytest.mark.parametrize(
    "program", [fill, fill_from_itself, read, fill_through_a_view, add_to_entries, fill_rows, read_and_fill]
)
def test_an_entry_costs_the_same_under_an_outer_tape(mode: str, outer_mode: str, program: Filling) -> None:
    def nested(w: Any, steps: int, size: int) -> Any:
        with dt.GradientTape(mode) as tape:
            y = program(w, steps, size)
        return np.sum(tape.gradient(y, w) * w)

    assert copies(nested, outer_mode) < STEPS


def test_a_copy_at_each_step_would_be_counted(mode: str) -> None:
    """The count sees what it is there to see."""

    def copying(w: Any, steps: int, size: int) -> Any:
        x = dt.zeros(size)
        for i in range(steps):
            held = x.primal
            x[i] = w[0]
            assert held[i] == 0.0
        return np.sum(x)

    assert copies(copying, mode) >= STEPS


def test_programs_that_fill_are_right(mode: str) -> None:
    """What the counts above are counts of."""
    for program in FILLING:
        w = dt.Variable(np.linspace(0.1, 0.9, 4))
        with dt.GradientTape(mode) as tape:
            y = program(w, 4, 16)
        found = tape.gradient(y, w)
        for i in range(4):
            results = []
            for h in (-1e-6, 1e-6):
                shifted = w.numpy()
                shifted[i] += h
                results.append(float(np.asarray(program(shifted, 4, 16))))
            np.testing.assert_allclose(found[i], (results[1] - results[0]) / 2e-6, rtol=1e-5, atol=1e-6)


def test_a_buffer_is_copied_only_while_something_else_holds_it(mode: str) -> None:
    """The write reuses the memory where the handle is its sole owner, and else copies it first."""
    w = dt.Variable([1.0, 2.0, 3.0])

    def address(x: Any) -> int:
        return int(x.primal.__array_interface__["data"][0])

    with dt.GradientTape(mode):
        x = w[0] + np.zeros(50)
        at = address(x)
        for i in range(5):
            x[i] = w[1]
            assert address(x) == at
        y = x.primal
        x[5] = w[2]
        assert address(x) != at
        assert y[5] == 1.0
        at = address(x)
        del y
        x[6] = w[2]
        assert address(x) == at


@pytest.mark.reverse
def test_additions_accumulate_in_place() -> None:
    """A value that is used n times gets its cotangents added up in one buffer."""
    w = dt.Variable(1.0)
    with dt.GradientTape("reverse") as tape:
        big = w * np.ones(SIZE)
        total = big
        for _ in range(STEPS):
            total = total + big
    with large_allocations(SIZE * 8) as counted:
        g = tape.gradient(total, w)
    assert g == (STEPS + 1) * SIZE
    assert counted[0] < 10


def test_records_keep_only_what_rules_read(mode: str) -> None:
    """An addition keeps shapes, not arrays: a long sum over large values holds none of them."""
    n = 40
    w = dt.Variable(1.0)
    c = np.ones(20_000)
    with dt.GradientTape(mode) as tape:
        y = w * c
        tracemalloc.start()
        try:
            for _ in range(n):
                y = (y + 1.0) - 2.0 + c
                y = np.reshape(y, (-1, 1)).ravel()
            alive = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
    assert alive < 6 * c.nbytes, f"{alive / c.nbytes} large arrays are alive"
    assert tape.gradient(y, w) == 20_000.0


def test_primitives_are_not_made_while_a_program_runs(mode: str) -> None:
    """The tables are filled at import: no closure or primitive is made for an operation."""
    before = len(PRIMITIVES)
    w = dt.Variable([0.3, 0.7, 0.9])
    for program in PROGRAMS:
        with dt.GradientTape(mode) as tape:
            y = program(w, 5)
        tape.gradient(y, w)
    assert len(PRIMITIVES) == before
