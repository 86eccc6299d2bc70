"""Passes: chunks, progress bars and executors; memory that the chunk bounds."""

import functools
import importlib.util
import multiprocessing
import pickle
import threading
import tracemalloc
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.errors import ForwardMemoryError, NotDifferentiableError, TapeError

RNG = np.random.default_rng(12)
A = RNG.normal(size=(40, 30)) / 5
X = RNG.normal(size=30)


def network(x: Any) -> Any:
    return np.tanh(A @ x) * np.sum(x)


def loss(x: Any) -> Any:
    return np.sum(network(x) ** 2)


class Watched:
    """A progress bar: what it was given, and how many passes it saw."""

    def __init__(self) -> None:
        self.lengths: list[int] = []
        self.seen = 0

    def __call__(self, passes: Iterable[Any]) -> Iterator[Any]:
        self.lengths.append(len(passes))  # type: ignore[arg-type]  # the passes have a length, which a bar shows
        for each in passes:
            yield each
            self.seen += 1


# --- chunks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", [1, 7, 30, 31])
def test_chunks_agree(mode: str, chunk: int) -> None:
    whole = dt.jacobian(network, mode=mode, chunk_size=1000)(X)
    np.testing.assert_allclose(dt.jacobian(network, mode=mode, chunk_size=chunk)(X), whole, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(
        dt.grad(loss, mode=mode, chunk_size=chunk)(X), dt.grad(loss, mode=mode)(X), rtol=1e-11, atol=1e-13
    )


def test_one_parameter_at_a_time_in_chunks() -> None:
    """Each parameter has passes of its own: ten entries in chunks of four are three passes, a number is one."""
    bar = Watched()
    rows: list[list[int]] = []

    def f(p: Any, s: Any) -> Any:
        rows.append([len(x.tangents) if isinstance(x, dt.DualArray) else 0 for x in (p["w"], p["b"], s)])
        return np.sum(p["w"]) * s + p["b"]

    dt.grad(f, (0, 1), mode="forward", chunk_size=4, progress=bar)({"w": np.ones(10), "b": 1.0}, 2.0)
    assert bar.lengths == [5]
    assert bar.seen == 5
    assert rows == [[4, 0, 0], [4, 0, 0], [2, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_complex_parameters_have_two_directions_an_entry() -> None:
    bar = Watched()
    z = np.array([1 + 1j, 2.0, 3j])
    g = dt.grad(lambda z: np.sum(np.abs(z) ** 2), mode="forward", chunk_size=4, progress=bar)(z)
    assert bar.lengths == [2]
    np.testing.assert_allclose(g, 2 * z)


def test_progress(mode: str) -> None:
    for transform, f in [(dt.jacobian, network), (dt.grad, loss), (dt.hessian, loss), (dt.value_and_grad, loss)]:
        bar = Watched()
        plain: Any = transform(f, mode=mode, chunk_size=10)(X)  # type: ignore[operator]  # four signatures
        shown: Any = transform(f, mode=mode, chunk_size=10, progress=bar)(X)  # type: ignore[operator]  # as above
        assert bar.seen == sum(bar.lengths) > 0
        for a, b in zip(plain, shown, strict=True):
            np.testing.assert_array_equal(a, b)


def test_progress_with_tqdm(capsys: pytest.CaptureFixture[str]) -> None:
    tqdm = pytest.importorskip("tqdm")
    dt.jacobian(network, mode="forward", chunk_size=10, progress=functools.partial(tqdm.tqdm, desc="passes"))(X)
    assert "passes: 100%" in capsys.readouterr().err
    with ThreadPoolExecutor(2) as pool:
        dt.jacobian(network, chunk_size=10, progress=tqdm.tqdm, executor=pool)(X)
    assert "3/3" in capsys.readouterr().err


def test_memory_is_bounded_by_the_chunk() -> None:
    """What a pass holds beside the result grows with the chunk, not with the number of parameters."""
    x = np.linspace(0.1, 1.0, 2000)

    def f(x: Any) -> Any:
        for _ in range(3):
            x = np.sin(x) * x
        return np.sum(x)

    def peak(chunk: int) -> int:
        tracemalloc.start()
        try:
            dt.grad(f, mode="forward", chunk_size=chunk)(x)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    row = x.nbytes
    small, large = peak(20), peak(400)
    assert small < 10 * 20 * row
    assert large > 400 * row
    assert large < 10 * 400 * row


def test_a_chunk_that_does_not_fit_is_an_error() -> None:
    before = dt.set_forward_memory_limit(2**20)
    try:
        x = np.ones(1000)
        with pytest.raises(ForwardMemoryError, match="argument 0"):
            dt.grad(np.sum, mode="forward", chunk_size=1000)(x)
        np.testing.assert_array_equal(dt.grad(np.sum, mode="forward", chunk_size=10)(x), x)
    finally:
        dt.set_forward_memory_limit(before)


# --- executors ----------------------------------------------------------------------------------------------------


def test_a_function_that_changes_between_the_passes_is_refused(mode: str) -> None:
    random = np.random.default_rng(0)
    calls: list[int] = []

    def dropped(x: Any) -> Any:
        return np.sum(x * (random.random(x.shape) > 0.5))

    def counted(x: Any) -> Any:
        calls.append(1)
        return {"y": x[: len(calls)], "z": x}

    x = np.arange(1.0, 7.0)
    if mode == "forward":
        for transform, f in [(dt.grad, dropped), (dt.jacobian, dropped), (dt.jacobian, counted)]:
            with pytest.raises(NotDifferentiableError, match=f"{f.__name__} gives another value in each forward pass"):
                transform(f, mode=mode, chunk_size=2)(x)
        with ThreadPoolExecutor(2) as pool, pytest.raises(NotDifferentiableError, match="random numbers"):
            dt.grad(dropped, chunk_size=2, executor=pool)(x)
    value, g = dt.value_and_grad(dropped, mode=mode)(x)
    assert value == np.sum(g * x)


def test_threads_give_the_same_bits() -> None:
    serial = dt.jacobian(network, mode="forward", chunk_size=8)(X)
    with ThreadPoolExecutor(3) as pool:
        np.testing.assert_array_equal(dt.jacobian(network, chunk_size=8, executor=pool)(X), serial)
        value, g = dt.value_and_grad(loss, chunk_size=8, executor=pool)(X)
        here = dt.value_and_grad(loss, mode="forward", chunk_size=8)(X)
        assert value == here[0]
        np.testing.assert_array_equal(g, here[1])
        second = dt.hessian(loss, chunk_size=8, executor=pool)(X)
    np.testing.assert_allclose(second, dt.hessian(loss)(X), rtol=1e-10, atol=1e-12)


def test_the_passes_run_in_the_pool() -> None:
    names = set()

    def f(x: Any) -> Any:
        names.add(threading.current_thread().name)
        return np.sum(x)

    with ThreadPoolExecutor(1, thread_name_prefix="worker") as pool:
        dt.grad(f, executor=pool)(np.ones(200))
    assert {name.partition("_")[0] for name in names} == {"worker"}


def test_aux_is_that_of_the_first_pass() -> None:
    with ThreadPoolExecutor(2) as pool:
        g, aux = dt.grad(lambda x: (np.sum(x * x), {"n": x * 1.0}), has_aux=True, chunk_size=1, executor=pool)(X)
    np.testing.assert_array_equal(aux["n"], X)
    np.testing.assert_array_equal(g, 2 * X)


def test_processes_give_the_same_bits() -> None:
    x = RNG.normal(size=12)
    serial = dt.jacobian(np.cumprod, mode="forward", chunk_size=5)(x)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        np.testing.assert_array_equal(dt.jacobian(np.cumprod, chunk_size=5, executor=pool)(x), serial)
        value, g = dt.value_and_grad(np.prod, executor=pool)(x)
        assert value == np.prod(x)
        np.testing.assert_array_equal(g, dt.grad(np.prod, mode="forward")(x))
        with pytest.raises(TypeError, match=r"top level of a module.*ThreadPoolExecutor"):
            dt.grad(lambda x: np.sum(x), executor=pool)(x)  # noqa: PLW0108  # what can't be sent


def test_a_transformed_function_can_be_sent() -> None:
    f = pickle.loads(pickle.dumps(dt.grad(np.prod, chunk_size=2, mode="forward")))
    x = np.array([2.0, 3.0, 5.0])
    np.testing.assert_allclose(f(x), [15.0, 10.0, 6.0])


def test_an_outer_tape_does_not_reach_the_pool(mode: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        g = dt.grad(loss, executor=pool)
        with pytest.raises(TapeError, match="outer tape"):
            dt.jacobian(g, mode=mode)(X)  # type: ignore[call-overload]  # the names of modes
        w = dt.Variable(X)
        with dt.GradientTape(mode), pytest.raises(TapeError, match="outside the outer tape's block"):
            g(w)
        with pytest.raises(TapeError, match="outer tape"):
            g(dt.DualArray(X, X))  # type: ignore[arg-type]  # a dual number stands for an array
        np.testing.assert_allclose(g(X), dt.grad(loss)(X), rtol=1e-11)


def test_executor_settings_that_are_refused() -> None:
    grad: Any = dt.grad
    with pytest.raises(TypeError, match="has a method submit"):
        grad(loss, executor=4)


@pytest.mark.reverse
def test_an_executor_shares_out_forward_passes_only() -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(ValueError, match="forward passes"):
        dt.grad(loss, mode="reverse", executor=pool)


class Immediate(Executor):
    """Runs what it is given at once, and remembers what was cancelled."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.futures.append(future)
        if len(self.futures) < 3:
            try:
                future.set_result(fn(*args, **kwargs))
            except ValueError as error:
                future.set_exception(error)
        return future


def test_an_error_cancels_the_rest() -> None:
    pool = Immediate()

    def f(x: Any) -> Any:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        dt.grad(f, executor=pool, chunk_size=1)(np.ones(5))
    assert [future.cancelled() for future in pool.futures] == [False, False, True, True, True]


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="Dask is not installed")
@pytest.mark.filterwarnings("default")  # Dask's own
def test_dask() -> None:
    """A local cluster of real worker processes gives the serial run's bits, with the same chunks and BLAS threads."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
        client.get_executor() as pool,
    ):
        found = dt.jacobian(np.cumprod, chunk_size=5, executor=pool)(X)
        # What is defined here goes along by value.
        matrix = A.copy()
        value, g = dt.value_and_grad(lambda x: np.sum(np.tanh(matrix @ x) ** 2), chunk_size=8, executor=pool)(X)
    np.testing.assert_array_equal(found, dt.jacobian(np.cumprod, mode="forward", chunk_size=5)(X))
    here = dt.value_and_grad(lambda x: np.sum(np.tanh(matrix @ x) ** 2), mode="forward", chunk_size=8)(X)
    np.testing.assert_allclose(value, here[0], rtol=1e-13)
    np.testing.assert_allclose(g, here[1], rtol=1e-13, atol=1e-13)
