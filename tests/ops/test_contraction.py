"""Products that sum: errors, keywords, views and methods, which the cross-check can't see."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import TracedArray, plain
from dualtape.errors import NoRuleError, ReadOnlyError, TracedConversionError
from dualtape.ops.contraction import parse

A, B = np.arange(6.0).reshape(2, 3) / 4 - 1, np.arange(6.0).reshape(3, 2) / 8 + 1

WRONG: list[Callable[[Any, Any], Any]] = [
    lambda a, b: np.matmul(a, a),
    lambda a, b: a @ 2.0,
    lambda a, b: np.dot(a, a),
    lambda a, b: a.dot(a),
    np.inner,
    lambda a, b: np.vdot(a, a[0]),
    np.vecdot,
    lambda a, b: np.matvec(a, a[0][:2]),
    lambda a, b: np.vecmat(a[0], a),
    lambda a, b: np.tensordot(a, b, 2),
    lambda a, b: np.tensordot(a, b, 3),
    lambda a, b: np.tensordot(a, b, ([0, 1], [0])),
    lambda a, b: np.tensordot(a, b, (2, 0)),
    lambda a, b: np.tensordot(a, b, (-3, 0)),
    lambda a, b: np.tensordot(a, b, ([0, 0], [1, 1])),
    lambda a, b: np.tensordot(a, b, "ab"),
    lambda a, b: np.trace(a[0]),
    lambda a, b: np.trace(a, axis1=0, axis2=0),
    lambda a, b: np.trace(a, axis1=0, axis2=2),
    lambda a, b: np.trace(a, 0.5),
    np.linalg.outer,
    np.linalg.vecdot,
    lambda a, b: np.einsum("ij,jk", a, a),
    lambda a, b: np.einsum("ij,jk", a),
    lambda a, b: np.einsum("ij", a, b),
    lambda a, b: np.einsum("i", a),
    lambda a, b: np.einsum("ijk", a),
    lambda a, b: np.einsum("ij->k", a),
    lambda a, b: np.einsum("ij->ii", a),
    lambda a, b: np.einsum("i..j", a),
    lambda a, b: np.einsum("i5", a),
    lambda a, b: np.einsum(a, [0, 52]),
    lambda a, b: np.einsum(a, [0, -1]),
    lambda a, b: np.einsum(a, [0, "x"]),
    lambda a, b: np.einsum(a, [0]),
    lambda a, b: np.einsum(a),
    lambda a, b: np.einsum("ij,jk,kl", a, b, a, optimize="unknown"),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_errors_are_numpys_own(number: int, mode: str) -> None:
    with pytest.raises(Exception) as expected:  # whatever NumPy raises
        WRONG[number](A, B)
    with dt.GradientTape(mode), pytest.raises(Exception) as found:
        WRONG[number](dt.Variable(A) * 1.0, dt.Variable(B))
    assert isinstance(found.value, type(expected.value)), repr(found.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.matvec(x, A[0], order="F"),
        lambda x: np.einsum("ij,jk", x, B, dtype=np.float32, casting="unsafe"),
        lambda x: np.einsum("ij,jk", x, B, order="F"),
    ],
)
def test_refused_keywords(call: Any, mode: str) -> None:
    w = dt.Variable(A)
    with dt.GradientTape(mode), pytest.raises(NoRuleError, match=r"=.* not supported on traced arrays"):
        call(w)
    assert call(w).tobytes() == call(A).tobytes()  # where no tape records, NumPy does it


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.matmul(x, B, axes=[(0, 0), (0, 1), (0, 1)]),
        lambda x: np.matmul(x, B, axes=[(0, 2), (0, 1), (0, 1)]),
        lambda x: np.matmul(x, B, axis=0),
        lambda x: np.matmul(x, B, keepdims=True),
        lambda x: np.vecdot(x, A, axis=2),
        lambda x: np.vecdot(x, A, axes=[0, 0, 0]),
        lambda x: np.add(x, A, axis=0),
    ],
)
def test_wrong_axes_are_numpys_errors(call: Any, mode: str) -> None:
    with pytest.raises(Exception) as expected:  # whatever NumPy raises
        call(A)
    with dt.GradientTape(mode), pytest.raises(Exception) as found:
        call(dt.Variable(A) * 1.0)
    assert str(found.value) == str(expected.value)


@pytest.mark.parametrize("name", ["a traced matrix", "a variable"])
def test_a_plain_matrix_times_a_traced_one_in_place_says_what_to_write(name: str, mode: str) -> None:
    w, plain_matrix = dt.Variable(np.eye(2)), np.eye(2)
    with dt.GradientTape(mode), pytest.raises(TracedConversionError, match=r"dualtape\.zeros"):
        plain_matrix @= w if name == "a variable" else w * 2.0
    assert plain_matrix.tolist() == np.eye(2).tolist()


OUTS: dict[str, Callable[..., Any]] = {
    "dot": lambda x, **out: np.dot(x, B, **out),
    "method dot": lambda x, **out: x.dot(B, **out),
    "matmul": lambda x, **out: np.matmul(x, B, **out),
    "einsum": lambda x, **out: np.einsum("ij,jk", x, B, **out),
    "outer": lambda x, **out: np.outer(x[:, 0], B[0], **out),
    "trace": lambda x, **out: np.trace(np.multiply.outer(x[:, :2], A[:, :2]), axis1=2, axis2=3, **out),
    "method trace": lambda x, **out: np.multiply.outer(x[:, :2], A[:, :2]).trace(0, 2, 3, **out),
}


@pytest.mark.parametrize("name", OUTS)
def test_out(name: str, mode: str) -> None:
    call, w = OUTS[name], dt.Variable(A)
    with dt.GradientTape(mode, persistent=True) as tape:
        result = call(+w)
        place = dt.zeros((2, 2))
        view = place[0]
        assert call(+w, out=place) is place
        loss = view[1] * place[0, 1]
        expected = result[0, 1] * result[0, 1]
        for kind in (TracedConversionError, ValueError):
            with pytest.raises(kind):
                call(+w, out=np.zeros((2, 2)) if kind is TracedConversionError else dt.zeros((3, 2)))
        with pytest.raises(TypeError, match="cast"):
            call(+w, out=dt.zeros((2, 2), int))
    assert plain(place).tobytes() == call(A).tobytes()
    np.testing.assert_array_equal(tape.gradient(loss, w), tape.gradient(expected, w))
    array = np.zeros((2, 2))
    call(+w, out=array)
    assert array.tobytes() == call(A).tobytes()


def test_einsum_of_one_operand_gives_views_where_numpy_does(mode: str) -> None:
    w = dt.Variable(np.arange(9.0).reshape(3, 3))
    for subscripts in ("ii->i", "ij->ji", "...", "ij", "i...->...i"):
        with dt.GradientTape(mode) as tape:
            x = w * 1.0
            view = np.einsum(subscripts, x)
            view[0] = 0.0
            loss = np.sum(x * x)
        expected = w.numpy()
        np.einsum(subscripts, expected)[0] = 0.0
        np.testing.assert_array_equal(tape.gradient(loss, w), 2 * expected, err_msg=subscripts)
    with dt.GradientTape(mode):
        x = w * 1.0
        total = np.einsum("ij->i", x)
        total[0] = 5.0
        assert plain(x)[0].tolist() == [0.0, 1.0, 2.0]
        with pytest.raises(ReadOnlyError):
            np.einsum("ii->i", w)[0] = 1.0


def test_views_of_closed_handles_do_not_reach_the_record(mode: str) -> None:
    w = dt.Variable(np.arange(9.0).reshape(3, 3))
    with dt.GradientTape(mode, persistent=True) as tape:
        x = w * 1.0
        loss = np.sum(x * x)
    before = tape.gradient(loss, w)
    view = np.einsum("ii->i", x)
    view[0] = 1000.0
    assert plain(x)[0, 0] == 1000.0
    np.testing.assert_array_equal(tape.gradient(loss, w), before)
    with pytest.raises(ValueError, match="read-only"):
        np.einsum("ii->i", w)[0] = 1.0


def test_einsum_reads_its_subscripts() -> None:
    assert parse("ij,jk", (2, 2)) == (("ij", "jk"), "ik")
    assert parse("ba", (2,)) == (("ba",), "ab")
    assert parse("aB,Bb", (2, 2)) == (("aB", "Bb"), "ab")
    assert parse("ii", (2,)) == (("ii",), "")
    assert parse("...ij,...j", (4, 2)) == (("ABij", "Bj"), "ABi")
    assert parse("A...->...", (3,)) == (("ABC",), "BC")
    assert parse("...", (0,)) == (("",), "")


def test_einsum_at_sizes_that_take_the_other_way(mode: str, outer_mode: str) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(40, 60)), rng.normal(size=(60, 2))
    w, v = dt.Variable(y), rng.normal(size=(60, 2))
    with dt.GradientTape(outer_mode) as outer:
        with dt.GradientTape(mode) as inner:
            loss = np.sum(np.einsum("ij,jk->ik", x, w) ** 3)
        g = np.sum(inner.gradient(loss, w) * v)
    product = x @ y
    np.testing.assert_allclose(g.primal if isinstance(g, TracedArray) else g, np.sum(3 * x.T @ product**2 * v))
    np.testing.assert_allclose(outer.gradient(g, w), 6 * x.T @ (product * (x @ v)), rtol=1e-9)


def test_closed_handles_are_plain(mode: str) -> None:
    w = dt.Variable(A)
    with dt.GradientTape(mode):
        x = w * 1.0
    for call in (
        lambda x: x @ B, lambda x: np.dot(x, B), lambda x: np.inner(x, A), lambda x: np.vdot(x, A), np.trace,
        lambda x: np.tensordot(x, B, 1), lambda x: np.einsum("ij,jk", x, B), lambda x: np.kron(x, B),
        lambda x: np.outer(x, B), lambda x: np.vecdot(x, A), lambda x: np.linalg.matmul(x, B),
    ):  # fmt: skip
        found, expected = call(x), call(A)
        assert type(found) is type(expected)
        assert found.tobytes() == expected.tobytes()


def test_operands_may_be_lists_of_traced_numbers(mode: str) -> None:
    a, b = dt.Variable(0.5), dt.Variable(-2.0)
    for call in (
        lambda x: np.dot(x, [3.0, 4.0]), lambda x: np.matmul([3.0, 4.0], np.array(x)),
        lambda x: np.inner(x, [3.0, 4.0]), lambda x: np.vdot([3.0, 4.0], x),
        lambda x: np.einsum("i,i", np.array(x), np.array([3.0, 4.0])),
        lambda x: np.tensordot(np.stack(x), [3.0, 4.0], 1), lambda x: np.trace(np.diag(np.stack(x)) * [3.0, 4.0]),
        lambda x: np.sum(np.outer(np.stack(x), [3.0, 4.0]).diagonal()),
    ):  # fmt: skip
        with dt.GradientTape(mode) as tape:
            total = np.stack([call([a, b])])
        assert [float(g) for g in tape.gradient(total, [a, b])] == [3.0, 4.0]


@pytest.mark.reverse
def test_a_batch_of_rows_is_pulled_back_in_one_product() -> None:
    # The sum over the batch is one product of matrices, and takes no memory of the size of batch times weights.
    x = np.random.default_rng(0).normal(size=(50, 4, 30))
    w = dt.Variable(np.ones((30, 20)))
    with dt.GradientTape("reverse") as tape:
        loss = x @ w
    np.testing.assert_allclose(tape.gradient(loss, w), np.repeat(x.sum((0, 1))[:, None], 20, axis=1))
