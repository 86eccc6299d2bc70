"""What the cross-check can't see of padding: errors, settings, layout."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import plain
from dualtape.errors import TracedConversionError

M = np.linspace(-1.0, 2.0, 12).reshape(3, 4)
ARGUMENTS = {
    "1-d": M[0], "2-d": M, "complex": M * (1 + 1j), "empty": np.zeros((0, 3)), "0-d": np.array(2.0), "one": M[:1, :1],
    "float32": M.astype("f"), "Fortran": np.asfortranarray(M),
}  # fmt: skip


def count(line: Any, widths: Any, axis: int, settings: Any) -> None:
    line[: widths[0]] = settings.get("by", 1) + axis


CALLS: dict[str, Any] = {
    "constant": lambda x: np.pad(x, 2),
    "no width": lambda x: np.pad(x, 0, "edge"),
    "pairs": lambda x: np.pad(x, ((1, 2),) * x.ndim, "wrap"),
    "one pair": lambda x: np.pad(x, (1, 2), "reflect"),
    "one of each axis": lambda x: np.pad(x, [[1], [2]], "symmetric"),
    "an array": lambda x: np.pad(x, np.array([2]), mode="mean"),
    "too many pairs": lambda x: np.pad(x, ((1, 2),) * 5),
    "negative": lambda x: np.pad(x, -1),
    "floats": lambda x: np.pad(x, 1.5),
    "unknown mode": lambda x: np.pad(x, 1, "nothing"),
    "a setting of another mode": lambda x: np.pad(x, 1, "edge", constant_values=1),
    "an unknown setting": lambda x: np.pad(x, 1, "maximum", length=1),
    "no statistic": lambda x: np.pad(x, 1, "maximum", stat_length=0),
    "a long statistic": lambda x: np.pad(x, 1, "minimum", stat_length=100),
    "statistic of pairs": lambda x: np.pad(x, 1, "mean", stat_length=(1, 2)),
    "empty": lambda x: np.pad(x, 2, "empty").shape,
    "wrap": lambda x: np.pad(x, (7, 9), "wrap"),
    "odd": lambda x: np.pad(x, (7, 9), "reflect", reflect_type="odd"),
    "odd, edges": lambda x: np.pad(x, (7, 9), "symmetric", reflect_type="odd"),
    "ramp": lambda x: np.pad(x, (2, 1), "linear_ramp", end_values=(1, -2.5)),
    "constants": lambda x: np.pad(x, (2, 1), constant_values=(1, 2.5)),
    "complex constant": lambda x: np.pad(x, 1, constant_values=1j),
    "a function": lambda x: np.pad(x, 2, count, by=3),
}


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize("name", CALLS)
def test_numpys_values_and_errors(agrees: Callable[..., None], name: str, argument: str) -> None:
    agrees(CALLS[name], ARGUMENTS[argument])


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.3.0", reason="a dict is later")
def test_widths_of_a_dict(agrees: Callable[..., None]) -> None:
    agrees(lambda x: np.pad(x, {-1: (1, 2)}, "edge"), M)
    agrees(lambda x: np.pad(x, {0: 2}), M)
    agrees(lambda x: np.pad(x, {5: 2}), M)


def test_memory_order_is_numpys(mode: str) -> None:
    with dt.GradientTape(mode):
        w = dt.Variable(M)
        assert plain(np.pad((w * 1.0).T, 1, "edge")).flags.f_contiguous


def test_traced_constants_in_a_plain_array_are_an_error(mode: str) -> None:
    w = dt.Variable(2.0)
    with dt.GradientTape(mode), pytest.raises((TypeError, ValueError)) as caught:
        np.pad(M, 1, constant_values=w * 1.0)
    assert "derivative" in f"{caught.value} {caught.value.__cause__}" or isinstance(caught.value, TracedConversionError)
