"""What the cross-check can't see of indexing: errors, keys of all kinds, views, what is written where."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import plain
from dualtape.errors import ReadOnlyError, TracedConversionError

X = np.linspace(-1.0, 2.0, 24).reshape(2, 3, 4)
M = X[1].copy()
V = np.array([3.0, -1.0, 2.0, 0.5])
ARGUMENTS = {"3-d": X, "2-d": M, "1-d": V, "complex": M * (1 + 1j), "empty": np.zeros((0, 3)), "0-d": np.float64(2.0)}

KEYS: dict[str, Any] = {
    "integer": 1,
    "negative": -1,
    "out of bounds": 9,
    "NumPy's integer": np.int64(0),
    "slice": slice(1, None),
    "backwards": slice(None, None, -1),
    "no step": slice(None, None, 0),
    "ellipsis": ...,
    "two ellipses": (..., ...),
    "new axis": (None, ..., None),
    "nothing": (),
    "integers": (0, 1),
    "too many": (0, 0, 0, 0),
    "list": [0, 1],
    "repeated": [1, 1, -1],
    "empty list": [],
    "array": np.array([[0, 1], [1, 0]]),
    "0-d array": np.array(1),
    "0-d array and slice": (np.array(0), slice(None)),
    "pair of lists": ([0, 1], [1, 0]),
    "broadcast": ([[0], [1]], [0, 1]),
    "not broadcast": ([0, 1], [0, 1, 2]),
    "separated": (0, slice(None), [1, 2]),
    "separated arrays": ([0, 1], slice(None), [1, 2]),
    "separated by a new axis": ([0, 1], None, [1, 0]),
    "ix_": np.ix_([0, 1], [1, 0]),
    "mask": [True, False],
    "mask of the wrong length": [True] * 9,
    "true": True,
    "false": np.False_,
    "0-d mask": np.array(True),
    "float": 1.0,
    "floats": [0.0],
    "text": "a",
}


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize("key", KEYS)
def test_keys(agrees: Callable[..., None], key: str, argument: str) -> None:
    agrees(lambda x: x[KEYS[key]], ARGUMENTS[argument])


CALLS: dict[str, Any] = {
    "mask of the values": lambda x: x[x.real > 0],
    "index of the values": lambda x: x[np.argmax(x)],
    "iterated": list,
    "length": len,
    "flat": lambda x: list(x.flat),
    "flat, one": lambda x: x.flat[-1],
    "flat, slice": lambda x: x.flat[::2],
    "flat, list": lambda x: x.flat[[0, 0]],
    "flat, out of bounds": lambda x: x.flat[99],
    "flat, attributes": lambda x: [len(x.flat), x.flat.index, x.flat.copy()],
    "take": lambda x: np.take(x, [0, -1, 0]),
    "take one": lambda x: x.take(0),
    "take, axis": lambda x: np.take(x, [[1, 0]], axis=-1),
    "take, out of bounds": lambda x: np.take(x, 99),
    "take, wrap": lambda x: np.take(x, [99, -99], mode="wrap"),
    "take, clip": lambda x: x.take([99, -99], 0, mode="clip"),
    "take, no mode": lambda x: np.take(x, 0, mode="nonsense"),
    "take, no axis": lambda x: np.take(x, 0, axis=3),
    "take none": lambda x: np.take(x, [], 0),
    "take, array of floats": lambda x: np.take(x, np.array([0.5])),
    "take_along_axis": lambda x: np.take_along_axis(x, np.argsort(x.real, 0), 0),
    "take_along_axis, flat": lambda x: np.take_along_axis(x, np.array([1, 1]), None),
    "take_along_axis, rank": lambda x: np.take_along_axis(x, np.array(1), 0),
    "take_along_axis, floats": lambda x: np.take_along_axis(x, np.zeros((1,) * x.ndim), 0),
    "compress": lambda x: np.compress([True, False], x, axis=0),
    "compress, flat": lambda x: x.compress([0, 1]),
    "compress, 2-d condition": lambda x: np.compress([[1]], x),
    "compress, too long": lambda x: np.compress([1] * 99, x),
    "extract": lambda x: np.extract(x.real > 0, x),
}


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize("call", CALLS)
def test_agrees_with_numpy(agrees: Callable[..., None], call: str, argument: str) -> None:
    agrees(CALLS[call], ARGUMENTS[argument])


def test_a_key_may_change_afterwards(mode: str) -> None:
    w, key, taken = dt.Variable(V), np.array([0, 0, 1]), np.array([3, 3])
    with dt.GradientTape(mode) as tape:
        y = np.sum(w[key]) + np.sum(w.take(taken))
        key[:] = 2
        taken[:] = 2
    assert np.array_equal(tape.gradient(y, w), [2, 1, 0, 2])


def test_a_key_may_depend_on_traced_values(mode: str) -> None:
    w = dt.Variable(V)
    with dt.GradientTape(mode) as tape:
        y = w[np.argsort(w * 2.0)][0] + w[w > 1.0].sum() + w[: int(w[2])].sum()
    assert np.array_equal(tape.gradient(y, w), [2, 2, 1, 0])


# --- writing ------------------------------------------------------------------------------------------------------

WRITES: dict[str, Any] = {
    "put": lambda x: np.put(x, [0, -1], x.ravel()[1:3]),
    "put, repeating": lambda x: x.put([0, 1, 2], x.ravel()[:2]),
    "put, the last one stays": lambda x: np.put(x, [0, 0], x.ravel()[1:3]),
    "put, mode": lambda x: np.put(x, [99, -99], 7.0, mode="clip"),
    "put, out of bounds": lambda x: np.put(x, 99, 1.0),
    "put nothing": lambda x: np.put(x, [0, 1], []),
    "put, cut": lambda x: np.put(x, 0, [1.0, 2.0]),
    "place": lambda x: np.place(x, np.ones(x.shape, bool), x.ravel()[1:3] * 2.0),
    "place nothing": lambda x: np.place(x, np.ones(x.shape, bool), []),
    "place nowhere": lambda x: np.place(x, np.zeros(x.shape, bool), 1.0),
    "putmask": lambda x: np.putmask(x, np.arange(x.size).reshape(x.shape) % 2 == 0, x.ravel()[:3]),
    "putmask, mismatch": lambda x: np.putmask(x, [True], 1.0),
    "put_along_axis": lambda x: np.put_along_axis(x, np.argmin(x.real, 0, keepdims=True), 9.0, 0),
    "put_along_axis, values": lambda x: np.put_along_axis(x, np.zeros_like(x[:1], int), x[-1:], axis=0),
    "put_along_axis, floats": lambda x: np.put_along_axis(x, np.zeros(x.shape), 9.0, 0),
    "fill_diagonal": lambda x: np.fill_diagonal(x, 9.0),
    "fill_diagonal, values": lambda x: np.fill_diagonal(x, x.ravel()[:2]),
    "fill_diagonal, wrap": lambda x: np.fill_diagonal(x, 9.0, wrap=True),
    "copyto": lambda x: np.copyto(x, x[::-1]),
    "copyto, number": lambda x: np.copyto(x, 2),
    "copyto, where": lambda x: np.copyto(x, x[..., :1], where=np.arange(x.shape[-1]) > 1),
    "copyto, more axes": lambda x: np.copyto(x, x[None]),
    "copyto, mismatch": lambda x: np.copyto(x, np.ones(7)),
    "copyto, casting": lambda x: np.copyto(x, 1j * np.ones(x.shape), casting="same_kind"),
    "fill": lambda x: x.fill(x.ravel()[0] * 2.0),
    "flat": lambda x: operator_set(x.flat, slice(None, None, 2), x.ravel()[:2]),
    "flat, one": lambda x: operator_set(x.flat, 1, x.ravel()[0]),
    "all of flat": lambda x: setattr(x, "flat", x.ravel()[:2]),
    "sort": lambda x: x.sort(),
    "sort, axis": lambda x: x.sort(axis=0, kind="stable"),
    "sort, no axis": lambda x: x.sort(axis=4),
    "partition": lambda x: x.partition(1),
    "partition, out of bounds": lambda x: x.partition(99),
}


def operator_set(x: Any, key: Any, value: Any) -> None:
    x[key] = value


@pytest.mark.parametrize("argument", ["3-d", "2-d", "1-d", "complex", "float32", "empty"])
@pytest.mark.parametrize("write", WRITES)
def test_writes_what_numpy_writes(mode: str, write: str, argument: str) -> None:
    x = {**ARGUMENTS, "float32": M.astype("f")}[argument]
    expected: Any = x.copy()
    w = dt.Variable(x)
    with dt.GradientTape(mode):
        traced = w.copy()
        view = traced[...]
        try:
            WRITES[write](expected)
        except Exception as error:  # noqa: BLE001  # whatever NumPy raises
            with pytest.raises(type(error)):
                WRITES[write](traced)
        else:
            WRITES[write](traced)
        assert plain(traced).tobytes() == expected.tobytes()
        assert plain(view).tobytes() == expected.tobytes()
        assert plain(traced).dtype == expected.dtype


@pytest.mark.parametrize("write", WRITES)
def test_a_variable_is_not_written(mode: str, write: str) -> None:
    if "nothing" in write or "nowhere" in write:
        return
    w = dt.Variable(M)
    with dt.GradientTape(mode), pytest.raises((ReadOnlyError, IndexError, ValueError, TypeError)):
        WRITES[write](w)
    assert np.array_equal(w.numpy(), M)


@pytest.mark.parametrize(
    "write",
    [
        lambda x, v: np.put(x, 0, v),
        lambda x, v: np.place(x, x == 0, v),
        lambda x, v: np.putmask(x, x == 0, v),
        lambda x, v: np.put_along_axis(x, np.zeros((1, 4), int), v, 0),
        np.fill_diagonal,
        np.copyto,
        lambda x, v: operator_set(x, slice(0, 1), np.stack([v] * 4)),
        lambda x, v: operator_set(x, 0, np.stack([v] * 4)),
    ],
)
def test_a_plain_array_can_not_hold_a_traced_value(mode: str, write: Any) -> None:
    w, array = dt.Variable(2.0), np.zeros((3, 4))
    with dt.GradientTape(mode):
        with pytest.raises(TracedConversionError, match=r"dualtape\.zeros"):
            write(array, w * 1.0)
        with pytest.raises(ValueError, match="sequence") as info:
            array[0, 0] = w * 1.0
        assert "dualtape.zeros" in str(info.value.__cause__)
    write(array, w.numpy())  # and plain values are put as ever
    assert array.any()
