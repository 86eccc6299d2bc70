"""What the tests of several families share."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import Operand, TracedArray, plain

Call = Callable[[Any], Any]


@pytest.fixture
def agrees(mode: str) -> Callable[[Call, Any], None]:
    """Check that a call does with a traced array what NumPy does with a plain one.

    Its values, dtypes, shapes and errors are NumPy's, its results are views where NumPy's are, and a result that may
    depend on the argument is traced.
    """

    def check(call: Call, x: Any) -> None:
        original = x.copy()
        expected = attempt(call, original)
        w = dt.Variable(x)
        with dt.GradientTape(mode):
            traced = w.copy()
            found = attempt(call, traced)
            of_variable = attempt(call, w)
        after = attempt(call, traced)
        if isinstance(expected, Exception):
            for error in (found, of_variable, after):
                assert isinstance(error, type(expected)), error
            return
        for result in (found, of_variable, after):
            assert not isinstance(result, Exception), result
            compare(leaves(expected), leaves(result))
        for a, b in zip(leaves(expected), leaves(found), strict=True):
            if isinstance(a, np.ndarray) and a.size and a.dtype.kind in "fc":
                assert np.shares_memory(a, original) == (b is traced or getattr(b, "base", None) is traced)

    return check


def attempt(call: Call, x: Any) -> Any:
    try:
        return call(x)
    except Exception as error:  # noqa: BLE001  # whatever NumPy raises
        return error


def leaves(result: Any) -> list[Any]:
    if isinstance(result, (list, tuple)) and not isinstance(result, Operand):
        return [leaf for part in result for leaf in leaves(part)]
    return [result]


def compare(expected: list[Any], found: list[Any]) -> None:
    assert len(expected) == len(found)
    for a, b in zip(expected, found, strict=True):
        value = plain(b)
        assert type(value) is type(a)
        if not isinstance(a, (np.ndarray, np.generic)):
            assert value == a
            continue
        assert (value.dtype, value.shape) == (a.dtype, a.shape)
        assert value.tobytes() == a.tobytes()


@pytest.fixture
def is_traced() -> Callable[[Any], bool]:
    """Tell whether a tape records a value."""
    return lambda x: isinstance(x, TracedArray) and x.recording.open
