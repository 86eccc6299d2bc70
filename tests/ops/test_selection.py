"""What the cross-check can't see of selection: errors, keywords, `out=`, conditions that change, in-place sorting."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import plain
from dualtape.errors import NoRuleError, TracedConversionError

X = np.sin(np.arange(24.0) * 7).reshape(2, 3, 4)
M = X[1].copy()
V = np.array([3.0, -1.0, 2.0, 0.5])
ARGUMENTS = {"3-d": X, "2-d": M, "1-d": V, "complex": M * (1 + 1j), "empty": np.zeros((0, 3)), "0-d": np.float64(2.0)}

CALLS: dict[str, Any] = {
    "where": lambda x: np.where(x.real > 0, x, 0),
    "where, float32": lambda x: np.where(x.real > 0, np.float32(1), x.astype("F")),
    "where, indices": lambda x: np.where(x.real > 0),
    "where, half": lambda x: np.where(x.real > 0, x),
    "where, numbers": lambda x: np.where(x.real, 1.0, x),
    "where, mismatch": lambda x: np.where(np.ones(7, bool), x, 1.0),
    "select": lambda x: np.select([x.real > 1, x.real < 0], [x, x * x]),
    "select, default": lambda x: np.select([x.real > 0], [x], default=-1.0),
    "select, unequal": lambda x: np.select([x.real > 0], [x, x]),
    "select, nothing": lambda x: np.select([], [], x),
    "select, no conditions": lambda x: np.select([x], [x]),
    "choose": lambda x: np.choose(np.zeros(x.shape, int), [x, x]),
    "choose, too large": lambda x: np.choose([5], [x, x]),
    "choose, wrap": lambda x: np.choose([5], [x, x * x], mode="wrap"),
    "choose, clip": lambda x: np.choose([5, -5], [x[..., :1], x[..., :1] * 2.0], mode="clip"),
    "choose, no mode": lambda x: np.choose([0], [x], mode="nonsense"),
    "choose, floats": lambda x: np.choose([0.5], [x]),
    "choose by values": lambda x: np.choose(x, [1, 2]),
    "clip": lambda x: np.clip(x, 0, 1),
    "clip method": lambda x: x.clip(-0.5, 0.5),
    "clip, lower": lambda x: np.clip(x, 0, None),
    "clip, upper": lambda x: x.clip(max=0.5),
    "clip, none": lambda x: np.clip(x, None, None),
    "clip, no bounds": np.clip,
    "clip, keywords": lambda x: np.clip(x, min=0, max=np.float32(0.5)),
    "clip, one bound": lambda x: np.clip(x, 0),
    "clip, bounds twice": lambda x: np.clip(x, 0, 1, min=0),
    "clip, arrays": lambda x: np.clip(x, x * 0.5, [0.25]),
    "clip, mismatch": lambda x: np.clip(x, np.ones(7), 2),
    "clip, dtype": lambda x: np.clip(x, 0, 1, dtype="F"),
    "clip of a plain array": lambda x: np.clip(np.ones(x.shape), x.real, 0.5),
    "sort": np.sort,
    "sort, axis": lambda x: np.sort(x, axis=0, kind="stable"),
    "sort, flat": lambda x: np.sort(x, axis=None),
    "sort, stable": lambda x: np.sort(x, stable=True),
    "sort, kind and stable": lambda x: np.sort(x, kind="stable", stable=True),
    "sort, no kind": lambda x: np.sort(x, kind="nonsense"),
    "sort, order": lambda x: np.sort(x, order="a"),
    "sort, no axis": lambda x: np.sort(x, 3),
    "partition": lambda x: np.partition(x, 1),
    "partition, two": lambda x: np.partition(x, (0, -1), axis=0),
    "partition, flat": lambda x: np.partition(x, 0, axis=None),
    "partition, out of bounds": lambda x: np.partition(x, 99),
    "partition, float": lambda x: np.partition(x, 0.5),
}


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
def test_agrees_with_numpy(agrees: Callable[..., None], call: str, argument: str) -> None:
    agrees(CALLS[call], ARGUMENTS[argument])


def test_conditions_may_change_afterwards(mode: str) -> None:
    w, mask, which = dt.Variable(V), V > 0, np.array([0, 1, 0, 1])
    with dt.GradientTape(mode) as tape:
        y = np.where(mask, w, 0.0) + np.select([mask], [w * 10.0]) + np.choose(which, [w * 100.0, w * 1000.0])
        mask[:] = False
        which[:] = 0
    assert np.array_equal(tape.gradient(y, w), [111, 1000, 111, 1011])


def test_what_is_not_selected_has_no_share_in_the_derivative(mode: str) -> None:
    w = dt.Variable([0.0, 4.0])
    with dt.GradientTape(mode) as tape, np.errstate(divide="ignore", invalid="ignore"):
        y = np.where(w > 0, w, 1.0) ** 0.5 + np.select([w > 0], [np.sqrt(np.where(w > 0, w, 1.0))])
    assert np.array_equal(tape.gradient(y, w), [0.0, 0.5])


def test_select_between_a_number_and_a_traced_default(mode: str) -> None:
    w = dt.Variable(V)
    with dt.GradientTape(mode) as tape:
        y = np.select([w > 1.0], [1.0], w) * w  # NumPy does not ask the default, so this is an object array until then
        assert np.array_equal(plain(y), np.select([V > 1.0], [1.0], V) * V)
    assert np.array_equal(tape.gradient(y, w), np.where(V > 1.0, 1.0, 2 * V))


@pytest.mark.parametrize("ufunc", [np.fmax, np.fmin])
def test_what_fmax_leaves_out_has_no_share_in_other_derivatives(ufunc: Any, mode: str) -> None:
    x = dt.Variable(np.array([-1.0, 4.0]))
    with np.errstate(invalid="ignore"), dt.GradientTape(mode) as tape:
        loss = np.sum(ufunc(np.sqrt(x), x))  # the first root is no number, nor is its derivative
    found = tape.gradient(loss, x)
    assert found[1] == (1.0 if ufunc is np.fmax else 0.25)


def test_out(mode: str) -> None:
    w = dt.Variable(V)
    with dt.GradientTape(mode) as tape:
        buffer = dt.zeros(4)
        assert np.clip(w, 0.0, 2.5, out=buffer) is buffer
        loss = np.sum(buffer * buffer)
        np.choose([0, 0, 1, 1], [w, w * 2.0], out=buffer)
        loss = loss + np.sum(buffer)
        with pytest.raises(TracedConversionError, match=r"dualtape\.zeros"):
            w.clip(0, 1, np.zeros(4))
        with pytest.raises(NoRuleError, match="where="):
            np.clip(w, 0, 1, where=[True, False, True, False])
        kept = dt.full(4, 7.0)
        np.clip(w, 0.0, 1.0, out=kept, where=[True, False, True, False])
        assert np.array_equal(plain(kept), [1, 7, 1, 7])
    assert np.array_equal(tape.gradient(loss, w), [1, 1, 4 + 2, 1 + 2])


def test_clip_of_integers_between_traced_bounds(mode: str) -> None:
    w = dt.Variable([0.5, 1.5])
    with dt.GradientTape(mode) as tape:
        y = np.arange(4).clip(w[0], w[1]) * [1.0, 10.0, 100.0, 1000.0]
    assert np.array_equal(tape.gradient(y, w), [1, 1100])


def test_sort_in_place(mode: str) -> None:
    w = dt.Variable(V)
    with dt.GradientTape(mode) as tape:
        x = w * 1.0
        x[1:].sort()
        assert x.partition(2) is None
        y = x * [1.0, 10.0, 100.0, 1000.0]
    value = V.copy()
    value[1:].sort()
    value.partition(2)
    assert np.array_equal(x.primal, value)
    assert np.array_equal(tape.gradient(y, w), 10.0 ** np.searchsorted(np.sort(V), V))


def test_sort_puts_nan_last(mode: str) -> None:
    w = dt.Variable([np.nan, 1.0, np.nan, 0.0])
    with dt.GradientTape(mode) as tape:
        y = np.sort(w)[:2] * [1.0, 10.0]
    assert np.array_equal(tape.gradient(y, w), [0, 10, 0, 1])
