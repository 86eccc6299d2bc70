"""A tape records in the context that opened it: threads, tasks, and several of them on one tape."""

import asyncio
import contextvars
import gc
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.errors import UnrecordedTargetError


@pytest.fixture
def hasty() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def in_thread(work: Callable[[], Any]) -> Any:
    """What `work` returns or raises in a plain thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


# --- plain threads ------------------------------------------------------------------------------------------------


def test_a_plain_thread_starts_with_no_tape(mode: str) -> None:
    w = dt.Variable(3.0)
    with dt.GradientTape(mode) as tape:
        y = w * w
        z = in_thread(lambda: w * w)
        u = in_thread(lambda: y * w)
        assert type(z) is np.float64
        assert type(u) is np.float64
    assert [float(u), float(z)] == [27.0, 9.0]
    assert tape.gradient(y, w) == 6.0


def test_what_a_plain_thread_computed_is_not_recorded(mode: str) -> None:
    w = dt.Variable(3.0)
    with dt.GradientTape(mode) as tape:
        z = in_thread(lambda: w * w)
        y = w * 1.0
    with pytest.raises(UnrecordedTargetError):
        tape.gradient(z, w)
    assert tape.gradient(y, w) == 1.0


def test_a_plain_thread_has_tapes_of_its_own(mode: str, outer_mode: str) -> None:
    w = dt.Variable(3.0)

    def work() -> Any:
        with dt.GradientTape(mode) as tape:
            y = w * w * w
        return tape.gradient(y, w)

    with dt.GradientTape(outer_mode) as tape:
        y = w * w
        g = in_thread(work)
        assert type(g) is np.ndarray
        z = y * g
    assert g == 27.0
    assert tape.gradient(z, w) == 6.0 * 27.0


def test_a_gradient_may_be_asked_in_another_thread(mode: str) -> None:
    w = dt.Variable(3.0)
    with dt.GradientTape(mode, persistent=True) as tape:
        y = w * w
        assert in_thread(lambda: tape.gradient(y, w)) == 6.0
        z = y * w
    assert in_thread(lambda: tape.gradient(z, w)) == 27.0
    assert tape.gradient(z, w) == 27.0


def test_a_spent_tape_in_another_thread(mode: str) -> None:
    """The block's own context still names the recording; it records no more."""
    w = dt.Variable(3.0)
    with dt.GradientTape(mode) as tape:
        y = w * w
        assert in_thread(lambda: tape.gradient(y, w)) == 6.0
        assert type(w * w) is np.float64
    assert type(w * w) is np.float64


def test_an_ended_tape_leaves_the_context(mode: str) -> None:
    """One whose gradient was asked, or whose block was closed, in another thread, is not kept by its own context."""

    def spent() -> Any:
        w = dt.Variable(3.0)
        with dt.GradientTape(mode) as tape:
            y = w * w
            recording = weakref.ref(tape._recording)
            in_thread(lambda: tape.gradient(y, w))
        return recording

    def closed() -> Any:
        tape = dt.GradientTape(mode)
        tape.__enter__()
        recording = weakref.ref(tape._recording)
        in_thread(lambda: tape.__exit__(None, None, None))
        return recording

    def work() -> None:
        ended = [spent(), closed()]
        with dt.GradientTape(mode):
            pass
        gc.collect()
        assert [recording() for recording in ended] == [None, None]

    contextvars.copy_context().run(work)


def test_a_tape_may_be_closed_in_another_thread(mode: str) -> None:
    w = dt.Variable(3.0)
    tape = dt.GradientTape(mode)
    tape.__enter__()
    y = w * w
    in_thread(lambda: tape.__exit__(None, None, None))
    assert type(w * w) is np.float64
    assert tape.gradient(y, w) == 6.0


def test_threads_train_side_by_side(mode: str, hasty: None) -> None:
    def train(start: float) -> float:
        w = dt.Variable(start)
        for _ in range(20):
            with dt.GradientTape(mode) as tape:
                y = (w - 2.0) * (w - 2.0)
            w.assign_sub(0.1 * tape.gradient(y, w))
        return float(w)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(train, [0.0, 1.0, 3.0, 7.0]))
    np.testing.assert_allclose(found, 2.0 + (np.array([0.0, 1.0, 3.0, 7.0]) - 2.0) * 0.8**20)


def test_threads_share_a_variable(mode: str, hasty: None) -> None:
    """Each has a tape of its own over one parameter."""
    w = dt.Variable([1.0, 2.0])

    def work(i: int) -> Any:
        with dt.GradientTape(mode) as tape:
            y = np.sum(w * w) * i
        return tape.gradient(y, w)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work, range(50)))
    assert [g.tolist() for g in found] == [[2.0 * i, 4.0 * i] for i in range(50)]


# --- a context that was inherited ---------------------------------------------------------------------------------


def inherited(works: list[Callable[[], Any]]) -> list[Any]:
    """Run each in a thread that inherits the context, all at once."""
    contexts = [contextvars.copy_context() for _ in works]
    with ThreadPoolExecutor(len(works)) as pool:
        futures = [pool.submit(context.run, work) for context, work in zip(contexts, works, strict=True)]
        return [future.result() for future in futures]


def test_an_inherited_tape_records(mode: str) -> None:
    w = dt.Variable(3.0)
    with dt.GradientTape(mode) as tape:
        y = w * w
        (z,) = inherited([lambda: y * w])
        u = z * w
    assert tape.gradient(u, w) == 4 * 27.0


def test_threads_record_on_one_tape_side_by_side(mode: str, hasty: None) -> None:
    """Handles of several threads interleave in the records, and meet at the end."""
    w, u = dt.Variable([0.5, 0.7]), dt.Variable([1.1, 0.3])

    def work(i: int) -> Callable[[], Any]:
        def run() -> Any:
            y = w * (i + 1.0)
            for _ in range(40):
                y = np.sin(y) * u + w[0]
            x = dt.zeros(2)
            x[0] = y[1]
            x[1] = np.sum(y)
            return np.sum(x * y)

        return run

    def value(wv: np.ndarray, uv: np.ndarray, i: int) -> float:
        y = wv * (i + 1.0)
        for _ in range(40):
            y = np.sin(y) * uv + wv[0]
        return float(np.sum(np.array([y[1], np.sum(y)]) * y))

    for _ in range(3):
        with dt.GradientTape(mode) as tape:
            parts = inherited([work(i) for i in range(4)])
            total = parts[0] + parts[1] + parts[2] + parts[3]
        dw, du = tape.gradient(total, [w, u])
        wv, uv = w.numpy(), u.numpy()
        for j in range(2):
            e = np.eye(2)[j] * 1e-6
            expected = sum(value(wv + e, uv, i) - value(wv - e, uv, i) for i in range(4)) / 2e-6
            np.testing.assert_allclose(dw[j], expected, rtol=1e-6, atol=1e-9)
            expected = sum(value(wv, uv + e, i) - value(wv, uv - e, i) for i in range(4)) / 2e-6
            np.testing.assert_allclose(du[j], expected, rtol=1e-6, atol=1e-9)


def test_a_variable_first_read_by_two_threads_at_once_is_one_source(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each finds that it is not watched yet; were both nodes kept, one thread's part would be lost."""
    w = dt.Variable([1.0, 2.0])
    together = threading.Barrier(2, timeout=10)
    with dt.GradientTape(mode) as tape:
        recording_type = type((dt.Variable(1.0) * 1.0).recording)
        leaf = recording_type.leaf

        def slow(*args: Any) -> Any:
            together.wait()
            return leaf(*args)

        monkeypatch.setattr(recording_type, "leaf", slow)
        a, b = inherited([lambda: np.sum(w * 2.0), lambda: np.sum(w * 3.0)])
        monkeypatch.undo()
        y = a + b + np.sum(w)
    assert tape.watched_variables()[1] is w
    assert tape.gradient(y, w).tolist() == [6.0, 6.0]


def test_forward_seeds_of_many_threads(hasty: None) -> None:
    """The table of seeds is filled by all of them."""
    variables = [dt.Variable([float(i), 1.0]) for i in range(8)]

    def work(i: int) -> Callable[[], Any]:
        def run() -> Any:
            total: Any = 0.0
            for j in range(8):
                total = total + variables[(i + j) % 8] * variables[i]
            return np.sum(total)

        return run

    for _ in range(5):
        with dt.GradientTape("forward") as tape:
            parts = inherited([work(i) for i in range(8)])
            y = parts[0]
            for part in parts[1:]:
                y = y + part
        found = tape.gradient(y, variables)
        # y = |sum v|², entry by entry
        for g in found:
            np.testing.assert_allclose(g, [2.0 * 28.0, 16.0])


def test_after_the_block_an_inherited_tape_records_no_more(mode: str) -> None:
    w = dt.Variable(3.0)
    go, done = threading.Event(), []
    with dt.GradientTape(mode) as tape:
        y = w * w
        context = contextvars.copy_context()

        def late() -> None:
            go.wait(10)
            done.append(y * w)
            done.append(w * w)

        thread = threading.Thread(target=context.run, args=(late,))
        thread.start()
    go.set()
    thread.join()
    assert [type(value) for value in done] == [np.float64, np.float64]
    assert tape.gradient(y, w) == 6.0


def test_stop_recording_stops_its_own_context_alone(mode: str) -> None:
    w = dt.Variable(3.0)
    with dt.GradientTape(mode) as tape:
        context = contextvars.copy_context()
        with tape.stop_recording():
            with ThreadPoolExecutor(1) as pool:
                y = pool.submit(context.run, lambda: w * w).result()
            lost = w * 1.0
            assert type(lost) is np.float64
        z = y * lost
    assert tape.gradient(z, w) == 18.0


def test_a_tape_opened_in_an_inherited_context_is_invisible_outside(mode: str, outer_mode: str) -> None:
    w = dt.Variable(3.0)
    opened: list[dt.GradientTape] = []

    def work() -> None:
        tape = dt.GradientTape(mode)
        tape.__enter__()
        opened.append(tape)

    with dt.GradientTape(outer_mode) as tape:
        inherited([work])
        y = w * w
        assert y.recording.level < opened[0]._recording.level
    assert tape.gradient(y, w) == 6.0
    with pytest.raises(UnrecordedTargetError):
        opened[0].gradient(y, w)


# --- asyncio ------------------------------------------------------------------------------------------------------


def test_tasks_inherit_the_tape(mode: str) -> None:
    w = dt.Variable(3.0)

    async def part(i: int) -> Any:
        y = w * i
        await asyncio.sleep(0)
        y = y * w
        await asyncio.sleep(0)
        return y

    async def main() -> Any:
        with dt.GradientTape(mode) as tape:
            parts = await asyncio.gather(*(part(i) for i in range(5)))
            total = sum(parts)
        return tape.gradient(total, w)

    assert asyncio.run(main()) == 60.0


def test_to_thread_inherits_the_tape(mode: str, hasty: None) -> None:
    w = dt.Variable(3.0)

    async def main() -> Any:
        with dt.GradientTape(mode) as tape:
            parts = await asyncio.gather(*(asyncio.to_thread(lambda i=i: w * w * i) for i in range(5)))
            total = sum(parts)
        return tape.gradient(total, w)

    assert asyncio.run(main()) == 60.0


def test_a_tape_opened_in_a_task_is_invisible_outside(mode: str, outer_mode: str) -> None:
    """Tasks suspend inside their tapes, which close in another order than they opened."""
    log: list[str] = []

    async def differentiating(name: str, mode: str, naps: int, w: dt.Variable[Any]) -> Any:
        with dt.GradientTape(mode) as tape:
            y = w * w
            log.append(f"open {name}")
            for _ in range(naps):
                await asyncio.sleep(0)
            y = y * w
        log.append(f"close {name}")
        return tape.gradient(y, w)

    async def main() -> None:
        w = dt.Variable(3.0)
        first = asyncio.create_task(differentiating("a", mode, 2, w))
        second = asyncio.create_task(differentiating("b", outer_mode, 1, w))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert type(w * w) is np.float64
        assert await first == 27.0
        assert await second == 27.0
        assert type(w * w) is np.float64

    asyncio.run(main())
    assert log[:2] == ["open a", "open b"]


def test_a_task_nests_its_tape_in_the_inherited_one(mode: str, outer_mode: str) -> None:
    w = dt.Variable(3.0)

    async def inner() -> Any:
        with dt.GradientTape(mode) as tape:
            await asyncio.sleep(0)
            y = w * w * w
            await asyncio.sleep(0)
        return tape.gradient(y, w)

    async def main() -> Any:
        with dt.GradientTape(outer_mode) as outer:
            first, second = await asyncio.gather(inner(), inner())
            z = first * second
        return outer.gradient(z, w)

    # (3 w²)² = 9 w⁴
    assert asyncio.run(main()) == 36 * 27.0


def test_a_task_that_outlives_the_block(mode: str) -> None:
    w = dt.Variable(3.0)

    async def late(gate: asyncio.Event, y: Any) -> Any:
        await gate.wait()
        return y * w

    async def main() -> None:
        gate = asyncio.Event()
        with dt.GradientTape(mode, persistent=True) as tape:
            y = w * w
            task = asyncio.create_task(late(gate, y))
            await asyncio.sleep(0)
        gate.set()
        z = await task
        assert type(z) is np.float64
        with pytest.raises(UnrecordedTargetError):
            tape.gradient(z, w)
        assert tape.gradient(y, w) == 6.0

    asyncio.run(main())


def test_async_generators_suspended_inside_a_tape(mode: str) -> None:
    w = dt.Variable(3.0)

    async def values() -> Any:
        with dt.GradientTape(mode) as tape:
            y = w * w
            yield y
            y = y * w
            yield y
        yield tape.gradient(y, w)

    async def main() -> list[Any]:
        return [float(x) if i == 2 else str(x) async for i, x in _enumerate(values())]

    assert asyncio.run(main())[-1] == 27.0


async def _enumerate(source: Any) -> Any:
    i = 0
    async for x in source:
        yield i, x
        i += 1


def test_the_default_mode_is_the_process_s(mode: str) -> None:
    before = dt.set_default_mode(mode)
    try:
        assert in_thread(lambda: dt.GradientTape().mode) == mode
    finally:
        dt.set_default_mode(before)


def test_modes_are_found_by_many_threads(mode: str, hasty: None) -> None:
    def work(_: int) -> Any:
        w = dt.Variable(3.0)
        with dt.GradientTape(mode) as tape:
            y = w * w
        return tape.gradient(y, w)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(64))) == [6.0] * 64


def test_free_dual_numbers_in_many_threads(hasty: None) -> None:
    def work(i: int) -> Any:
        d = dt.DualArray([float(i), 1.0], [1.0, 0.0])
        for _ in range(20):
            d = d * 1.0 + 0.0
        return (d * d).tangent.tolist()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(32))) == [[2.0 * i, 0.0] for i in range(32)]
