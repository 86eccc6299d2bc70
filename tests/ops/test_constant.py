"""Operations without a derivative: their results are plain, inside a tape too."""

import math
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import plain
from dualtape.ops.protocol import PLAIN_UFUNCS

X = np.array([[1.6, -0.2, 3.0], [0.4, 2.5, -1.0]])

CALLS: dict[str, Any] = {
    "shape": np.shape,
    "ndim": np.ndim,
    "size": lambda x: np.size(x, 0),
    "result_type": lambda x: np.result_type(x, np.float32),
    "can_cast": lambda x: np.can_cast(x.dtype, int),
    "common_type": np.common_type,
    "min_scalar_type": np.min_scalar_type,
    "einsum_path": lambda x: np.einsum_path("ij->i", x)[0],
    "shares_memory": lambda x: np.shares_memory(x, np.zeros(2)),
    "may_share_memory": lambda x: np.may_share_memory(x, np.zeros(2)),
    "diag_indices_from": lambda x: np.diag_indices_from(x[:, :2]),
    "tril_indices_from": np.tril_indices_from,
    "triu_indices_from": np.triu_indices_from,
    "all": lambda x: np.all(x > 0, axis=1),
    "any": lambda x: np.any(x, axis=0, keepdims=True),
    "allclose": lambda x: np.allclose(x, x * 1.0),
    "isclose": lambda x: np.isclose(x, X),
    "array_equal": lambda x: np.array_equal(X, x),
    "array_equiv": lambda x: np.array_equiv(x, x[0]),
    "isin": lambda x: np.isin(x, [3.0, -1.0]),
    "isneginf": np.isneginf,
    "isposinf": np.isposinf,
    "isreal": np.isreal,
    "iscomplex": np.iscomplex,
    "iscomplexobj": np.iscomplexobj,
    "isrealobj": np.isrealobj,
    "argmax": lambda x: np.argmax(x, axis=1),
    "argmin": np.argmin,
    "nanargmax": lambda x: np.nanargmax(x, axis=-1),
    "nanargmin": np.nanargmin,
    "argsort": lambda x: np.argsort(x, axis=None),
    "argpartition": lambda x: np.argpartition(x, 1),
    "lexsort": np.lexsort,
    "argwhere": lambda x: np.argwhere(x > 0),
    "nonzero": np.nonzero,
    "flatnonzero": np.flatnonzero,
    "count_nonzero": lambda x: np.count_nonzero(x, axis=0),
    "searchsorted": lambda x: np.searchsorted([0.0, 1.0], x),
    "digitize": lambda x: np.digitize(x, [0.0, 1.0]),
    "round": lambda x: np.round(x, 1),
    "around": np.around,
    "fix": np.fix,
    "array2string": lambda x: np.array2string(x, precision=1),
    "array_repr": np.array_repr,
    "array_str": np.array_str,
    "floor": np.floor,
    "floor_divide": lambda x: x // 0.7,
    "spacing": np.spacing,
    "signbit": np.signbit,
    "method argmax": lambda x: x.argmax(axis=0),
    "method argmin": lambda x: x.argmin(),
    "method argsort": lambda x: x.argsort(axis=0),
    "method argpartition": lambda x: x.argpartition(1),
    "method nonzero": lambda x: x.nonzero(),
    "method searchsorted": lambda x: np.sort(x[0]).searchsorted([0.0, 2.0]),
    "method round": lambda x: x.round(1),
    "method all": lambda x: x.all(axis=0),
    "method any": lambda x: x.any(),
}


def same(found: Any, expected: Any) -> bool:
    """Whether two results are the same, and plain."""
    if isinstance(expected, (tuple, list)):
        return type(found) is type(expected) and all(map(same, found, expected))
    if isinstance(expected, np.ndarray):
        return type(found) is np.ndarray and found.dtype == expected.dtype and np.array_equal(found, expected)
    return type(found) is type(expected) and found == expected


@pytest.mark.filterwarnings("ignore:numpy.fix:DeprecationWarning")  # NumPy's own, from 2.5 on
@pytest.mark.parametrize("name", CALLS)
def test_results_are_plain(name: str, mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode):
        for x in (w, w * 1.0):
            assert same(CALLS[name](x), CALLS[name](X))
    assert same(CALLS[name](x), CALLS[name](X))


def test_results_into_out(mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode) as tape:
        place = np.zeros(3, int)
        assert np.argmax(w, axis=0, out=place) is place
        x = w * w
        assert np.round(x, out=x) is x
        x += w
        loss = np.sum(x)
    assert place.tolist() == [0, 1, 0]
    np.testing.assert_array_equal(plain(x), np.round(X * X) + X)
    np.testing.assert_array_equal(tape.gradient(loss, w), np.ones((2, 3)))


def test_python_functions_that_round(mode: str) -> None:
    w = dt.Variable(1.75)
    with dt.GradientTape(mode):
        x = w * 2.0
        assert (round(x), math.floor(x), math.ceil(x), math.trunc(x), int(x)) == (4, 3, 4, 3, 3)
        assert all(type(n) is int for n in (round(x), math.floor(x), math.ceil(x), math.trunc(x)))
        assert list(range(int(np.floor(x)))) == [0, 1, 2]
        assert float(np.rint(x)) == 4.0


def test_they_are_constants_in_what_follows(mode: str) -> None:
    w = dt.Variable([1.25, -2.5])
    with dt.GradientTape(mode) as tape:
        loss = np.sum((w - np.floor(w)) * (w > 0) * np.argsort(w))
    np.testing.assert_array_equal(tape.gradient(loss, w), [1.0, 0.0])


@pytest.mark.parametrize(
    "ufunc", sorted(PLAIN_UFUNCS, key=lambda ufunc: ufunc.__name__), ids=lambda ufunc: ufunc.__name__
)
def test_plain_ufuncs(ufunc: Any, mode: str) -> None:
    w = dt.Variable(X)
    try:
        expected = ufunc(*(X, X[0])[: ufunc.nin])
    except TypeError:  # integers only
        with dt.GradientTape(mode), pytest.raises(TypeError):
            ufunc(*(w, w[0])[: ufunc.nin])
        return
    with dt.GradientTape(mode):
        assert same(ufunc(*(w, w[0])[: ufunc.nin]), expected)
        if ufunc.nin == 2:
            assert same(ufunc(w, X[0]), expected)
            assert same(ufunc(X, w[0]), expected)
            assert same(ufunc.outer(w, w), ufunc.outer(X, X))
