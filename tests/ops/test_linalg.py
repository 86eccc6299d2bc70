"""Linear systems: errors, kinds of arguments, singular matrices, which the cross-check can't see."""

import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import plain
from dualtape.errors import NotDifferentiableError, TracedConversionError
from dualtape.ops import later as _later  # noqa: F401  # the table of functions is whole from here on
from dualtape.ops.linalg import MINORS, SHARED
from dualtape.primitive import FUNCTIONS

Call = Callable[..., Any]
LA: Any = np.linalg  # whose stubs refuse what is wrong on purpose

A = np.array([[4.0, 1.0, 0.5], [0.3, 3.0, -1.0], [0.2, 0.1, 5.0]])
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])


def gradient(mode: str, f: Call, x: Any) -> Any:
    w = dt.Variable(x)
    with dt.GradientTape(mode) as tape:
        loss = f(w)
    return tape.gradient(loss, w)


# What all families of linear algebra share is tested here: that results and errors are NumPy's.
AGREEING: dict[str, Call] = {
    "solve": lambda x: LA.solve(x, np.ones(3)),
    "solve, batch": lambda x: LA.solve(x, np.ones((2, 3, 1))),
    "solve, right side": lambda x: LA.solve(A, x[0]),
    "inv": LA.inv,
    "pinv": lambda x: LA.pinv(x[:2]),
    "det": LA.det,
    "slogdet": LA.slogdet,
    "lstsq": lambda x: LA.lstsq(x[:, :2], x[:, 2]),
    "lstsq, rcond": lambda x: LA.lstsq(x, x, rcond=-1),
    "tensorsolve": lambda x: LA.tensorsolve(x, np.ones(3)),
    "tensorinv": lambda x: LA.tensorinv(x, 1),
    "matrix_power 0": lambda x: LA.matrix_power(x, 0),
    "matrix_power -5": lambda x: LA.matrix_power(x, np.int64(-5)),
    "multi_dot": lambda x: LA.multi_dot([x[0], x, A, x[0]]),
    "cond": LA.cond,
    "cond 1": lambda x: LA.cond(x, 1),
    "matrix_rank": LA.matrix_rank,
    "matrix_rank, tol": lambda x: LA.matrix_rank(x, tol=x[0, 2], hermitian=True),
    "cholesky": LA.cholesky,
    "cholesky, upper": lambda x: LA.cholesky(x, upper=True),
    "qr": LA.qr,
    "qr, complete": lambda x: LA.qr(x[:, :2], "complete"),
    "qr, r": lambda x: LA.qr(x, mode="r"),
    "svd": lambda x: LA.svd(x[:2]),
    "svd, reduced": lambda x: LA.svd(x[:2], full_matrices=False),
    "svd, values": lambda x: LA.svd(x, compute_uv=False),
    "svd, hermitian": lambda x: LA.svd(x, hermitian=True),
    "svdvals": LA.svdvals,
    "eig": LA.eig,
    "eig, complex": lambda x: LA.eig(x * np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]])),
    "eigvals": LA.eigvals,
    "eigh": LA.eigh,
    "eigh, upper": lambda x: LA.eigh(x, UPLO="u"),
    "eigvalsh": lambda x: LA.eigvalsh(x, "U"),
    "norm": LA.norm,
    "norm of rows": lambda x: LA.norm(x, 3, -1, keepdims=True),
    "norm 2": lambda x: LA.norm(x, 2),
    "vector_norm": lambda x: LA.vector_norm(x, axis=(0, 1)),
    "matrix_norm": LA.matrix_norm,
}

WRONG: dict[str, Call] = {
    "solve, not square": lambda x: LA.solve(x[:2], x[:2]),
    "solve, a vector": lambda x: LA.solve(x[0], x[0]),
    "solve, a number": lambda x: LA.solve(x, 1.0),
    "solve, mismatch": lambda x: LA.solve(x, x[:2]),
    "solve, singular": lambda x: LA.solve(0 * x, x),
    "inv, not square": lambda x: LA.inv(x[:2]),
    "inv, singular": lambda x: LA.inv(0 * x),
    "det, not square": lambda x: LA.det(x[:2]),
    "slogdet, a vector": lambda x: LA.slogdet(x[0]),
    "pinv, both": lambda x: LA.pinv(x, 1e-8, rtol=1e-8),
    "pinv, a vector": lambda x: LA.pinv(x[0]),
    "lstsq, mismatch": lambda x: LA.lstsq(x, x[:2]),
    "lstsq, a batch": lambda x: LA.lstsq(x[None], x),
    "tensorsolve": lambda x: LA.tensorsolve(x[:2], x[0]),
    "tensorsolve, axes": lambda x: LA.tensorsolve(x, x[0], axes=(5,)),
    "tensorinv, ind": lambda x: LA.tensorinv(x, 0),
    "tensorinv": lambda x: LA.tensorinv(x[:2], 1),
    "matrix_power, not square": lambda x: LA.matrix_power(x[:2], 2),
    "matrix_power, a vector": lambda x: LA.matrix_power(x[0], 2),
    "matrix_power, 0.5": lambda x: LA.matrix_power(x, 0.5),
    "matrix_power, singular": lambda x: LA.matrix_power(0 * x, -2),
    "multi_dot, one": lambda x: LA.multi_dot([x]),
    "multi_dot, mismatch": lambda x: LA.multi_dot([x, x[:2], x]),
    "multi_dot, ranks": lambda x: LA.multi_dot([x, x[0], x]),
    "cond, empty": lambda x: LA.cond(x[:0]),
    "cond, p": lambda x: LA.cond(x, 3),
    "cond, not square": lambda x: LA.cond(x[:2], 1),
    "cholesky, not definite": lambda x: LA.cholesky(-x),
    "cholesky, not square": lambda x: LA.cholesky(x[:2]),
    "qr, mode": lambda x: LA.qr(x, "whole"),
    "qr, a vector": lambda x: LA.qr(x[0]),
    "svd, a vector": lambda x: LA.svd(x[0]),
    "svd, nan": lambda x: LA.svd(x * np.nan),
    "eigh, UPLO": lambda x: LA.eigh(x, "X"),
    "eigh, not square": lambda x: LA.eigh(x[:2]),
    "eigvalsh, UPLO": lambda x: LA.eigvalsh(x, "X"),
    "eig, inf": lambda x: LA.eig(x * np.inf),
    "eigvals, not square": lambda x: LA.eigvals(x[:2]),
    "norm, order of a matrix": lambda x: LA.norm(x, 3),
    "norm, order of vectors": lambda x: LA.norm(x, "fro", axis=0),
    "norm, nuc of vectors": lambda x: LA.norm(x, "nuc", axis=0),
    "norm, ranks": lambda x: LA.norm(x[None], 2),
    "norm, three axes": lambda x: LA.norm(x[None], axis=(0, 1, 2)),
    "norm, no axes": lambda x: LA.norm(x, axis=()),
    "norm, axis": lambda x: LA.norm(x, axis=2),
    "norm, axes twice": lambda x: LA.norm(x, axis=(1, -1)),
    "norm, nuc of axes twice": lambda x: LA.norm(x, "nuc", axis=(1, -1)),
    "norm, axis of text": lambda x: LA.norm(x, axis="a"),
    "norm, axes in a list": lambda x: LA.norm(x, axis=[0, 1]),
    "norm of nothing": lambda x: LA.norm(x[0, :0], -np.inf),
    "vector_norm, axes twice": lambda x: LA.vector_norm(x, axis=(1, 1)),
    "vector_norm, order": lambda x: LA.vector_norm(x, ord="fro"),
    "matrix_norm, a vector": lambda x: LA.matrix_norm(x[0]),
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
        found = types.FunctionType(call.__code__, {**globals(), "LA": Handlers()})(whole)
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


def test_matrix_power_0_is_recorded(mode: str) -> None:
    np.testing.assert_array_equal(gradient(mode, lambda x: np.sum(np.linalg.matrix_power(x, 0)), A), np.zeros((3, 3)))


# --- large systems ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [(), (2,)])
def test_matrix_and_right_side_share_a_factorization(
    mode: str, columns: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One system more than the value's gives the derivative in both, also where they are written after their use."""
    n = SHARED
    rng = np.random.default_rng(0)
    start, shift = rng.normal(size=(n, n)) + 4 * n * np.eye(n), rng.normal(size=(n, *columns))
    s, solve, calls = dt.Variable([1.0, 0.5]), LA.solve, []
    monkeypatch.setattr(LA, "solve", lambda *args: calls.append(1) or solve(*args))
    with dt.GradientTape(mode) as tape:
        a, b = s[0] * start, s[1] * shift
        x = LA.solve(a, b)
        a[0] = 0.0
        b[0] = 0.0
        x[0] += 1.0
        loss = np.sum(x * x)
    calls.clear()
    found = tape.gradient(loss, s)
    assert len(calls) == (mode == "reverse")
    # x is s1 / s0 times what solves the system of the data.
    y, e = solve(start, shift), np.zeros((n, *columns))
    e[0] = 1.0
    slope = np.sum(2.0 * (0.5 * y + e) * y)
    np.testing.assert_allclose(found, [-0.5 * slope, slope], rtol=1e-10)
