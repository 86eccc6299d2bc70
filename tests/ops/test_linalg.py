"""Linear systems: errors, kinds of arguments, singular matrices, which the cross-check can't see."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import plain
from dualtape.errors import NotDifferentiableError, TracedConversionError
from dualtape.ops.linalg import MINORS
from dualtape.primitive import FUNCTIONS

Call = Callable[..., Any]

A = np.array([[4.0, 1.0, 0.5], [0.3, 3.0, -1.0], [0.2, 0.1, 5.0]])
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])


def gradient(mode: str, f: Call, x: Any) -> Any:
    w = dt.Variable(x)
    with dt.GradientTape(mode) as tape:
        loss = f(w)
    return tape.gradient(loss, w)


# What all families of linear algebra share is tested here: that results and errors are NumPy's.
AGREEING: dict[str, Call] = {
    "solve": lambda x: np.linalg.solve(x, np.ones(3)),
    "solve, batch": lambda x: np.linalg.solve(x, np.ones((2, 3, 1))),
    "solve, right side": lambda x: np.linalg.solve(A, x[0]),
    "inv": np.linalg.inv,
    "pinv": lambda x: np.linalg.pinv(x[:2]),
    "det": np.linalg.det,
    "slogdet": np.linalg.slogdet,
    "lstsq": lambda x: np.linalg.lstsq(x[:, :2], x[:, 2]),
    "lstsq, rcond": lambda x: np.linalg.lstsq(x, x, rcond=-1),
    "tensorsolve": lambda x: np.linalg.tensorsolve(x, np.ones(3)),
    "tensorinv": lambda x: np.linalg.tensorinv(x, 1),
    "matrix_power 0": lambda x: np.linalg.matrix_power(x, 0),
    "matrix_power -5": lambda x: np.linalg.matrix_power(x, np.int64(-5)),
    "multi_dot": lambda x: np.linalg.multi_dot([x[0], x, A, x[0]]),
    "cond": np.linalg.cond,
    "cond 1": lambda x: np.linalg.cond(x, 1),
    "matrix_rank": np.linalg.matrix_rank,
    "matrix_rank, tol": lambda x: np.linalg.matrix_rank(x, tol=x[0, 2], hermitian=True),
    "cholesky": np.linalg.cholesky,
    "cholesky, upper": lambda x: np.linalg.cholesky(x, upper=True),
    "qr": np.linalg.qr,
    "qr, complete": lambda x: np.linalg.qr(x[:, :2], "complete"),
    "qr, r": lambda x: np.linalg.qr(x, mode="r"),
    "svd": lambda x: np.linalg.svd(x[:2]),
    "svd, reduced": lambda x: np.linalg.svd(x[:2], full_matrices=False),
    "svd, values": lambda x: np.linalg.svd(x, compute_uv=False),
    "svd, hermitian": lambda x: np.linalg.svd(x, hermitian=True),
    "svdvals": np.linalg.svdvals,
    "eig": np.linalg.eig,
    "eig, complex": lambda x: np.linalg.eig(x * np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]])),
    "eigvals": np.linalg.eigvals,
    "eigh": np.linalg.eigh,
    "eigh, upper": lambda x: np.linalg.eigh(x, UPLO="u"),
    "eigvalsh": lambda x: np.linalg.eigvalsh(x, "U"),
    "norm": np.linalg.norm,
    "norm of rows": lambda x: np.linalg.norm(x, 3, -1, keepdims=True),
    "norm 2": lambda x: np.linalg.norm(x, 2),
    "vector_norm": lambda x: np.linalg.vector_norm(x, axis=(0, 1)),
    "matrix_norm": np.linalg.matrix_norm,
}

WRONG: dict[str, Call] = {
    "solve, not square": lambda x: np.linalg.solve(x[:2], x[:2]),
    "solve, a vector": lambda x: np.linalg.solve(x[0], x[0]),
    "solve, a number": lambda x: np.linalg.solve(x, 1.0),
    "solve, mismatch": lambda x: np.linalg.solve(x, x[:2]),
    "solve, singular": lambda x: np.linalg.solve(0 * x, x),
    "inv, not square": lambda x: np.linalg.inv(x[:2]),
    "inv, singular": lambda x: np.linalg.inv(0 * x),
    "det, not square": lambda x: np.linalg.det(x[:2]),
    "slogdet, a vector": lambda x: np.linalg.slogdet(x[0]),
    "pinv, both": lambda x: np.linalg.pinv(x, 1e-8, rtol=1e-8),
    "pinv, a vector": lambda x: np.linalg.pinv(x[0]),
    "lstsq, mismatch": lambda x: np.linalg.lstsq(x, x[:2]),
    "lstsq, a batch": lambda x: np.linalg.lstsq(x[None], x),
    "tensorsolve": lambda x: np.linalg.tensorsolve(x[:2], x[0]),
    "tensorsolve, axes": lambda x: np.linalg.tensorsolve(x, x[0], axes=(5,)),
    "tensorinv, ind": lambda x: np.linalg.tensorinv(x, 0),
    "tensorinv": lambda x: np.linalg.tensorinv(x[:2], 1),
    "matrix_power, not square": lambda x: np.linalg.matrix_power(x[:2], 2),
    "matrix_power, a vector": lambda x: np.linalg.matrix_power(x[0], 2),
    "matrix_power, 0.5": lambda x: np.linalg.matrix_power(x, 0.5),
    "matrix_power, singular": lambda x: np.linalg.matrix_power(0 * x, -2),
    "multi_dot, one": lambda x: np.linalg.multi_dot([x]),
    "multi_dot, mismatch": lambda x: np.linalg.multi_dot([x, x[:2], x]),
    "multi_dot, ranks": lambda x: np.linalg.multi_dot([x, x[0], x]),
    "cond, empty": lambda x: np.linalg.cond(x[:0]),
    "cond, p": lambda x: np.linalg.cond(x, 3),
    "cond, not square": lambda x: np.linalg.cond(x[:2], 1),
    "cholesky, not definite": lambda x: np.linalg.cholesky(-x),
    "cholesky, not square": lambda x: np.linalg.cholesky(x[:2]),
    "qr, mode": lambda x: np.linalg.qr(x, "whole"),
    "qr, a vector": lambda x: np.linalg.qr(x[0]),
    "svd, a vector": lambda x: np.linalg.svd(x[0]),
    "svd, nan": lambda x: np.linalg.svd(x * np.nan),
    "eigh, UPLO": lambda x: np.linalg.eigh(x, "X"),
    "eigh, not square": lambda x: np.linalg.eigh(x[:2]),
    "eigvalsh, UPLO": lambda x: np.linalg.eigvalsh(x, "X"),
    "eig, inf": lambda x: np.linalg.eig(x * np.inf),
    "eigvals, not square": lambda x: np.linalg.eigvals(x[:2]),
    "norm, order of a matrix": lambda x: np.linalg.norm(x, 3),
    "norm, order of vectors": lambda x: np.linalg.norm(x, "fro", axis=0),
    "norm, nuc of vectors": lambda x: np.linalg.norm(x, "nuc", axis=0),
    "norm, ranks": lambda x: np.linalg.norm(x[None], 2),
    "norm, three axes": lambda x: np.linalg.norm(x[None], axis=(0, 1, 2)),
    "norm, no axes": lambda x: np.linalg.norm(x, axis=()),
    "norm, axis": lambda x: np.linalg.norm(x, axis=2),
    "norm, axes twice": lambda x: np.linalg.norm(x, axis=(1, -1)),
    "norm, nuc of axes twice": lambda x: np.linalg.norm(x, "nuc", axis=(1, -1)),
    "norm, axis of text": lambda x: np.linalg.norm(x, axis="a"),
    "norm, axes in a list": lambda x: np.linalg.norm(x, axis=[0, 1]),
    "norm of nothing": lambda x: np.linalg.norm(x[0, :0], -np.inf),
    "vector_norm, axes twice": lambda x: np.linalg.vector_norm(x, axis=(1, 1)),
    "vector_norm, order": lambda x: np.linalg.vector_norm(x, ord="fro"),
    "matrix_norm, a vector": lambda x: np.linalg.matrix_norm(x[0]),
}


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("name", [*AGREEING, *WRONG])
def test_results_and_errors_are_numpys_own(agrees: Call, name: str) -> None:
    agrees({**AGREEING, **WRONG}[name], A)


@pytest.mark.parametrize("name", WRONG)
def test_wrong_calls_are_wrong(name: str) -> None:
    with pytest.raises(Exception), np.errstate(all="ignore"):  # noqa: B017  # whatever NumPy raises
        WRONG[name](A)


@pytest.mark.parametrize("name", ["slogdet", "qr", "svd", "eig", "eigh", "qr, complete", "svd, hermitian"])
def test_named_tuples_are_numpys(mode: str, name: str, is_traced: Call) -> None:
    with dt.GradientTape(mode):
        result = AGREEING[name](dt.Variable(A))
    assert type(result) is type(AGREEING[name](A))
    with dt.GradientTape(mode):
        assert all(map(is_traced, AGREEING[name](dt.Variable(A))))


def test_everything_in_linalg_has_a_handler() -> None:
    names = [name for name in np.linalg.__all__ if name != "LinAlgError"]
    assert [name for name in names if getattr(np.linalg, name) not in FUNCTIONS] == []


@pytest.mark.parametrize("name", AGREEING)
def test_plain_arrays_go_to_numpy(name: str) -> None:
    class Handlers:
        """What stands for numpy.linalg here: the handlers, called with plain integers."""

        def __getattr__(self, function: str) -> Any:
            return FUNCTIONS[getattr(np.linalg, function)]

    whole = np.array([[4, 1, 2], [1, 6, -1], [2, -1, 9]])
    call = AGREEING[name]
    handler = FUNCTIONS.get(call)
    if handler is not None:
        found = handler(whole)
    else:
        namespace = {**call.__globals__, "np": type("np", (), {**vars(np), "linalg": Handlers()})}
        found = type(call)(call.__code__, namespace)(whole)
    for a, b in zip(leaves(call(whole)), leaves(found), strict=True):
        assert type(a) is type(b)
        np.testing.assert_array_equal(a, b)


def leaves(result: Any) -> list[Any]:
    return [leaf for part in result for leaf in leaves(part)] if isinstance(result, tuple) else [result]


def test_integer_constants_with_traced_operands(mode: str) -> None:
    a = np.array([[2, 1], [1, 3]])
    b = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        loss = np.sum(np.linalg.solve(a, b))
    np.testing.assert_allclose(tape.gradient(loss, b), np.linalg.inv(a).sum(0))


# --- singular matrices --------------------------------------------------------------------------------------------


def test_slogdet_of_a_singular_matrix(mode: str) -> None:
    with pytest.raises(NotDifferentiableError, match="singular"):
        gradient(mode, lambda x: np.linalg.slogdet(x)[1], SINGULAR)


def test_cond_of_a_singular_matrix(mode: str) -> None:
    x = dt.Variable(np.zeros((2, 2)))
    with dt.GradientTape(mode), pytest.raises(NotDifferentiableError, match=r"singular.*primal"):
        np.linalg.cond(x)
    assert np.linalg.cond(x) == np.linalg.cond(x.numpy())


def test_det_of_a_large_matrix(mode: str) -> None:
    n = MINORS + 1
    x = dt.Variable(np.eye(n)[0])
    with dt.GradientTape(mode) as tape:
        value = np.linalg.det(np.eye(n) + np.outer(x, x))
    np.testing.assert_allclose(tape.gradient(value, x), 2 * np.eye(n)[0])
    with pytest.raises(NotDifferentiableError, match=f"order {n}"), dt.GradientTape(mode) as tape:
        tape.gradient(np.linalg.det(np.outer(x, x)), x)


def test_det_that_underflows(mode: str) -> None:
    x = dt.Variable(np.diag([1e-200, 1e-200]))
    with dt.GradientTape(mode) as tape:
        value = np.linalg.det(x)
    assert plain(value) == 0.0
    np.testing.assert_allclose(tape.gradient(value, x), np.diag([1e-200, 1e-200]))


# --- chains -------------------------------------------------------------------------------------------------------


def test_multi_dot_out(mode: str) -> None:
    x = dt.Variable(A)
    with dt.GradientTape(mode) as tape:
        place = dt.zeros((3, 3))
        assert np.linalg.multi_dot([x, A, x], out=place) is place
        loss = np.sum(place)
        with pytest.raises(TracedConversionError):
            np.linalg.multi_dot([x, A, x], out=np.zeros((3, 3)))
    with dt.GradientTape(mode) as other:
        expected = np.sum(x @ A @ x)
    np.testing.assert_allclose(tape.gradient(loss, x), other.gradient(expected, x))


def test_matrix_power_1_is_the_matrix(mode: str) -> None:
    x = dt.Variable(A)
    with dt.GradientTape(mode):
        y = x * 1.0
        assert np.linalg.matrix_power(y, 1) is y
