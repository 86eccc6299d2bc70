"""What the cross-check can't see of joining, splitting and repeating: errors, `out=`, dtypes, views."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.errors import ReadOnlyError, TracedConversionError

X = np.linspace(-1.0, 2.0, 24).reshape(2, 3, 4)
M = X[1].copy()
V = np.array([3.0, -1.0, 2.0, 0.5])
ARGUMENTS = {"3-d": X, "2-d": M, "1-d": V, "complex": M * (1 + 1j), "empty": np.zeros((0, 3)), "0-d": np.float64(2.0)}

CALLS: dict[str, Any] = {
    "concatenate": lambda x: np.concatenate([x, x * 2.0]),
    "concatenate, axis": lambda x: np.concatenate((x, x[:, :1]), axis=1),
    "concatenate, negative axis": lambda x: np.concatenate([x, x], -1),
    "concatenate, axis None": lambda x: np.concatenate([x, 1.0, x], axis=None),
    "concatenate, dtype": lambda x: np.concatenate([x, x], dtype="F"),
    "concatenate, integers": lambda x: np.concatenate([x.real, x.real], dtype=int, casting="unsafe"),
    "concatenate, casting": lambda x: np.concatenate([x, x], dtype=int),
    "concatenate, no axis": lambda x: np.concatenate([x, x], 5),
    "concatenate, mismatch": lambda x: np.concatenate([x, np.ones((1, 7))]),
    "concatenate of one array": np.concatenate,
    "concatenate of a scalar": lambda x: np.concatenate([x, 1.0]),
    "concatenate with a list": lambda x: np.concatenate([x, [1.0, 2.0]]),
    "concat": lambda x: np.concat([x, x]),
    "stack": lambda x: np.stack([x, x]),
    "stack, axis": lambda x: np.stack([x, x], axis=-1),
    "stack, no axis": lambda x: np.stack([x, x], axis=4),
    "stack, mismatch": lambda x: np.stack([x, x[:1]]),
    "stack, dtype": lambda x: np.stack([x, x], dtype="F"),
    "stack of one array": np.stack,
    "vstack": lambda x: np.vstack([x, x]),
    "hstack": lambda x: np.hstack((x, x)),
    "dstack": lambda x: np.dstack([x, x]),
    "column_stack": lambda x: np.column_stack([x, x]),
    "vstack, dtype": lambda x: np.vstack([x, x], dtype="F"),
    "append": lambda x: np.append(x, [1.0, 2.0]),
    "append to a number": lambda x: np.append(1.0, x),
    "append, axis": lambda x: np.append(x, x, axis=0),
    "split": lambda x: np.split(x, 2),
    "split, axis": lambda x: np.split(x, 2, axis=-1),
    "split at": lambda x: np.split(x, [1, 2, 1, 9]),
    "split at nothing": lambda x: np.split(x, []),
    "split, no axis": lambda x: np.split(x, 1, axis=3),
    "array_split": lambda x: np.array_split(x, 3, -1),
    "array_split into none": lambda x: np.array_split(x, 0),
    "hsplit": lambda x: np.hsplit(x, 2),
    "vsplit": lambda x: np.vsplit(x, [1]),
    "dsplit": lambda x: np.dsplit(x, 2),
    "unstack": np.unstack,
    "unstack, axis": lambda x: np.unstack(x, axis=-1),
    "repeat": lambda x: np.repeat(x, 2),
    "repeat, axis": lambda x: x.repeat(3, axis=-1),
    "repeat, each": lambda x: np.repeat(x, np.arange(len(x)), 0),
    "repeat, mismatch": lambda x: np.repeat(x, [1, 2, 3, 4, 5], 0),
    "repeat, negative": lambda x: np.repeat(x, -1),
    "repeat, cut to an integer": lambda x: np.repeat(x, 1.5),
    "repeat, an array of floats": lambda x: np.repeat(x, np.array([1.5])),
    "tile": lambda x: np.tile(x, 2),
    "tile, more axes": lambda x: np.tile(x, (2, 1, 1, 2)),
    "tile, fewer axes": lambda x: np.tile(x, (3,)),
    "tile, none": lambda x: np.tile(x, 0),
}


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_agrees_with_numpy(agrees: Callable[..., None], call: str, argument: str) -> None:
    agrees(CALLS[call], ARGUMENTS[argument])


def test_joining_arrays_of_two_tapes(mode: str, outer_mode: str) -> None:
    w, v = dt.Variable(V), dt.constant(V + 1)
    with dt.GradientTape(outer_mode) as outer:
        with dt.GradientTape(mode, watch_accessed_variables=False) as inner:
            inner.watch(v)
            y = np.concatenate([w, [1.0], v]) * np.stack([w, v, w]).ravel()[:9]
            loss = np.sum(y * y)
        g = inner.gradient(loss, v)
        total = np.sum(g)
    value = np.concatenate([V, [1.0], V + 1]) * np.stack([V, V + 1, V]).ravel()[:9]
    assert np.array_equal(y.primal.primal, value)
    # y**2 is w**4 four times, v[0]**2 once, then v[i]**2 v[i+1]**2 three times and v[3]**2 w[0]**2
    a, b = V, V + 1
    expected = np.zeros(4)
    expected[0] = 2 * b[0] + 2 * b[0] * b[1] ** 2
    expected[1] = 2 * b[1] * (b[0] ** 2 + b[2] ** 2)
    expected[2] = 2 * b[2] * (b[1] ** 2 + b[3] ** 2)
    expected[3] = 2 * b[3] * (b[2] ** 2 + a[0] ** 2)
    assert np.allclose(g.primal, expected)
    assert np.allclose(outer.gradient(total, w), [4 * b[3] * a[0], 0, 0, 0])


def test_out(mode: str) -> None:
    w = dt.Variable(V)
    with dt.GradientTape(mode) as tape:
        buffer = dt.zeros(8)
        assert np.concatenate([w, w * w], out=buffer) is buffer
        rows = np.zeros((2, 4), like=w)
        np.stack([w, buffer[4:]], out=rows)
        loss = np.sum(rows * rows)
        with pytest.raises(TracedConversionError, match=r"dualtape\.zeros"):
            np.stack([w, w], out=np.zeros((2, 4)))
        with pytest.raises(ReadOnlyError):
            np.concatenate([w[:2], w[2:]], out=w)
    assert np.allclose(tape.gradient(loss, w), 2 * V + 4 * V**3)


def test_parts_of_a_split_are_views(mode: str) -> None:
    w = dt.Variable(V)
    with dt.GradientTape(mode) as tape:
        x = w * 2.0
        first, second = np.split(x, 2)
        first[:] = second * second
        second[0] = 1.0
        loss = np.sum(x)
    assert np.array_equal(x.primal, [16.0, 1.0, 1.0, 1.0])
    assert np.allclose(tape.gradient(loss, w), [0, 0, 8 * V[2], 8 * V[3] + 2])


def test_numbers_of_a_repeat_may_change_afterwards(mode: str) -> None:
    w, repeats = dt.Variable(V), np.array([1, 2, 3, 0])
    with dt.GradientTape(mode) as tape:
        y = np.repeat(w, repeats)
        repeats[:] = 1
    assert np.array_equal(tape.gradient(y, w), [1, 2, 3, 0])
