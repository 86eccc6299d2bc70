"""What the cross-check can't see of shape work: errors, views, layout, methods, attributes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import plain
from dualtape.errors import NoRuleError, ReadOnlyError
from dualtape.testing import check_gradients

X = np.linspace(-1.0, 2.0, 24).reshape(2, 3, 4)
M = X[1].copy()
V = np.array([3.0, -1.0, 2.0, 0.5])
Z = M + 1j * M[::-1]
ARGUMENTS = {"3-d": X, "2-d": M, "1-d": V, "complex": Z, "empty": np.zeros((0, 3)), "float32": M.astype("f")}

CALLS: dict[str, Any] = {
    "reshape": lambda x: np.reshape(x, (2, -1)),
    "reshape to 1-d": lambda x: x.reshape(-1),
    "reshape, F": lambda x: np.reshape(x, (-1, 2), order="F"),
    "reshape, A": lambda x: np.reshape(x.T, (4, -1), "A"),
    "reshape, K": lambda x: x.reshape((2, -1), order="K"),
    "reshape, transposed": lambda x: x.T.reshape(2, -1),
    "reshape, copy": lambda x: np.reshape(x, (2, -1), copy=True),
    "reshape, no copy": lambda x: np.reshape(x.T, (2, -1), copy=False),
    "reshape of a slice": lambda x: x[..., ::2].reshape(-1),
    "reshape, shape too large": lambda x: x.reshape(5, 5),
    "reshape, two unknown": lambda x: x.reshape(-1, -1),
    "reshape, float": lambda x: x.reshape(2.0, -1),
    "reshape, no shape": lambda x: x.reshape(),
    "reshape, order Q": lambda x: np.reshape(x, -1, order="Q"),
    "ravel": np.ravel,
    "ravel, F": lambda x: x.ravel("F"),
    "ravel, A": lambda x: x.T.ravel(order="A"),
    "ravel, K": lambda x: x.T[::-1].ravel("K"),
    "ravel of a slice": lambda x: x[..., ::2].ravel(),
    "flatten": lambda x: x.flatten(),
    "flatten, K": lambda x: x.T.flatten("K"),
    "copy": lambda x: x.copy(),
    "copy, F": lambda x: x.copy(order="F"),
    "np.copy": lambda x: np.copy(x.T),
    "transpose": np.transpose,
    "transpose, axes": lambda x: np.transpose(x, (1, 0)),
    "transpose, negative axes": lambda x: np.transpose(x, axes=(-1, 0, -2)),
    "transpose method": lambda x: x.transpose(),
    "transpose method, None": lambda x: x.transpose(None),
    "transpose method, axes": lambda x: x.transpose(1, 0),
    "transpose method, tuple": lambda x: x.transpose((1, 0)),
    "transpose, the same axis twice": lambda x: x.transpose(0, 0),
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "matrix_transpose": lambda x: (np.matrix_transpose(x), np.linalg.matrix_transpose(x)),
    "swapaxes": lambda x: np.swapaxes(x, 0, -1),
    "swapaxes, no axis": lambda x: x.swapaxes(0, 3),
    "moveaxis": lambda x: np.moveaxis(x, 0, -1),
    "moveaxis, tuples": lambda x: np.moveaxis(x, (0, 1), (1, 0)),
    "moveaxis, unequal": lambda x: np.moveaxis(x, (0, 1), 0),
    "moveaxis, no axis": lambda x: np.moveaxis(x, 0, 5),
    "rollaxis": lambda x: np.rollaxis(x, -1),
    "rollaxis, start": lambda x: np.rollaxis(x, 0, 2),
    "rollaxis, no axis": lambda x: np.rollaxis(x, 4),
    "expand_dims": lambda x: np.expand_dims(x, 1),
    "expand_dims, tuple": lambda x: np.expand_dims(x, (0, -1)),
    "expand_dims, no axis": lambda x: np.expand_dims(x, 9),
    "squeeze": lambda x: x[None, ..., None].squeeze(),
    "squeeze of nothing": np.squeeze,
    "squeeze, axis": lambda x: np.squeeze(x[:, None], axis=1),
    "squeeze, long axis": lambda x: np.squeeze(x, -1),
    "atleast": lambda x: [np.atleast_1d(x), np.atleast_3d(x)],
    "atleast_2d of several": lambda x: np.atleast_2d(x, 1.0, x[0]),
    "broadcast_to": lambda x: np.broadcast_to(x, (2, *x.shape)),
    "broadcast_to, mismatch": lambda x: np.broadcast_to(x, (7,)),
    "broadcast_arrays": lambda x: np.broadcast_arrays(x, 2.0, x[:1]),
    "broadcast_arrays, mismatch": lambda x: np.broadcast_arrays(x, np.ones(7)),
    "flip": np.flip,
    "flip, axes": lambda x: np.flip(x, (0, -1)),
    "flip, no axis": lambda x: np.flip(x, 3),
    "fliplr": np.fliplr,
    "flipud": np.flipud,
    "rot90": lambda x: [np.rot90(x, k) for k in (-1, 0, 1, 2, 3, 4)],
    "rot90, axes": lambda x: np.rot90(x, 1, (1, 0)),
    "rot90, one axis": lambda x: np.rot90(x, 1, (0, 0)),
    "roll": lambda x: np.roll(x, 2),
    "roll, axes": lambda x: np.roll(x, (1, -1), (0, 0)),
    "roll, no axis": lambda x: np.roll(x, 1, 3),
    "diagonal": lambda x: x.diagonal(1),
    "diagonal, axes": lambda x: np.diagonal(x, -1, 1, 0),
    "diagonal, one axis": lambda x: np.diagonal(x, 0, 0, 0),
    "linalg.diagonal": lambda x: np.linalg.diagonal(x, offset=1),
    "diag": lambda x: np.diag(x, k=-1),
    "diagflat": lambda x: np.diagflat(x, 1),
    "astype": lambda x: x.astype(np.float32),
    "astype, complex": lambda x: x.astype("D", order="F"),
    "astype, integers": lambda x: x.real.astype(int),
    "astype, text": lambda x: x.astype("U8"),
    "astype, no copy": lambda x: x.astype(x.dtype, copy=False),
    "astype, casting": lambda x: x.astype("f", casting="safe"),
    "astype, no dtype": lambda x: x.astype("nonsense"),
    "np.astype": lambda x: np.astype(x, np.complex64),
    "real": lambda x: [x.real, np.real(x)],
    "imag": lambda x: [x.imag, np.imag(x)],
    "attributes": lambda x: [x.itemsize, x.nbytes, x.strides, x.T.flags.c_contiguous, x.device, x.to_device("cpu")],
    "view": lambda x: x.view(),
}


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning", "ignore::DeprecationWarning")
def test_agrees_with_numpy(agrees: Callable[..., None], call: str, argument: str) -> None:
    agrees(CALLS[call], ARGUMENTS[argument])


@pytest.mark.parametrize("call", sorted(CALLS.keys() - {"mT", "view", "attributes", "matrix_transpose"}))
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_agrees_with_numpy_on_scalars(agrees: Callable[..., None], call: str) -> None:
    agrees(CALLS[call], np.float64(1.5))


VIEWS: list[Any] = [
    lambda x: x.reshape(4, 3),
    lambda x: x.T.reshape(-1, order="F"),
    lambda x: x.ravel(),
    lambda x: x.T.ravel("K"),
    lambda x: x.T[1:].T,
    lambda x: x[:, None].squeeze(),
    lambda x: np.expand_dims(x, 1),
    lambda x: np.rollaxis(x, 1),
    np.flip,
    np.rot90,
    np.atleast_3d,
    lambda x: x.view(),
    lambda x: x.reshape(-1)[3:9].reshape(2, 3).T,
]


@pytest.mark.parametrize("view", VIEWS)
def test_writing_to_a_view_writes_what_it_views(mode: str, view: Any) -> None:
    def program(w: Any) -> Any:
        x = w * 2.0
        y = view(x)
        y[...] = y * w[0, 0]
        x[1, 1] = w[0, 0] * w[1, 0]
        x *= w
        y[0] = 3.0
        return x

    w = dt.Variable(M)
    with dt.GradientTape(mode) as tape:
        x = program(w)
        loss = np.sum(x * x)
    assert np.array_equal(x.primal, program(M))
    step = 1e-6 * V[:3, None] * V
    difference = np.sum(program(M + step) ** 2) - np.sum(program(M - step) ** 2)
    assert np.sum(tape.gradient(loss, w) * step) * 2 == pytest.approx(difference, rel=1e-6)


@pytest.mark.parametrize("view", [np.diagonal, np.diag, lambda x: np.broadcast_to(x, (2, 3, 4))])
def test_some_views_are_read_only(mode: str, view: Any) -> None:
    w = dt.Variable(Z)
    with dt.GradientTape(mode):
        x = w.copy()
        y = view(x)
        with pytest.raises(ReadOnlyError):
            y[0] = 1.0
        x[...] = 5.0  # and yet they show what is written to the array
        assert np.array_equal(plain(y), view(np.full((3, 4), 5.0 + 0j)))


def test_the_parts_of_complex_numbers_are_views(mode: str) -> None:
    def program(z: Any) -> Any:
        z.real[0] = 7.0
        z.T.imag[1:] *= 2.0
        np.imag(z)[1] += np.real(z)[0] * z.imag[2]
        z.real = z.real * 3.0
        return z * z

    w = dt.Variable(Z)
    with dt.GradientTape(mode):
        y = program(w.copy())
    assert np.array_equal(np.asarray(y), program(Z.copy()))
    check_gradients(lambda z: program(z * 1.0), Z)


def test_a_part_written_after_the_block_is_a_constant(mode: str) -> None:
    w = dt.Variable(np.array([1.0 + 2.0j, 3.0j]))
    with dt.GradientTape(mode) as tape:
        z = w * 1.0
    z.real[0] = 5.0
    assert tape.gradient(z, w, output_gradients=np.full(2, 1.0 + 1.0j)).tolist() == [1j, 1.0 + 1.0j]


def test_real_numbers_have_no_imaginary_part_to_write(mode: str) -> None:
    w = dt.Variable(M)
    with dt.GradientTape(mode), pytest.raises(TypeError, match="imaginary"):
        w.copy().imag = 1.0


PARTS: list[Any] = [
    lambda x, v: setattr(x, "real", v),
    lambda x, v: setattr(x, "imag", v * v),
    lambda x, v: setattr(x, "real", 5.0),
    lambda x, v: x.real.__setitem__(0, v[1]),
    lambda x, v: x.T.imag[1:].__setitem__(..., v[:, 1:].T),
    lambda x, v: np.imag(x[1:]).fill(v[0, 0]),
    lambda x, v: np.copyto(x.imag, v, where=v > 0),
    lambda x, _v: x.real.T.sort(),
]


@pytest.mark.parametrize("write", PARTS)
def test_parts_of_complex_numbers_are_written_in_many_ways(mode: str, write: Any) -> None:
    def program(v: Any) -> Any:
        x = v * (2.0 - 1.0j)
        view = np.real(x)
        write(x, v)
        view *= 2.0
        x.imag += view
        return x

    def loss(x: Any) -> Any:
        return np.sum(np.real(x) ** 2 + np.imag(x) ** 3)

    w = dt.Variable(M)
    with dt.GradientTape(mode) as tape:
        x = program(w)
        y = loss(x)
    assert np.array_equal(plain(x), program(M))
    step = 1e-6 * V[:3, None] * V
    difference = loss(program(M + step)) - loss(program(M - step))
    assert np.sum(tape.gradient(y, w) * step) * 2 == pytest.approx(difference, rel=1e-6)


def test_parts_of_a_variable_are_read_only(mode: str) -> None:
    w = dt.Variable(Z)
    with pytest.raises(ValueError, match="read-only"):
        w.real = 1.0
    with dt.GradientTape(mode), pytest.raises(ReadOnlyError):
        w.imag = 1.0


def test_base(mode: str) -> None:
    w = dt.Variable(M)
    with dt.GradientTape(mode):
        x = w * 1.0
        assert x.base is None
        assert x.T[1:].base is x


def test_layout_is_numpys(mode: str) -> None:
    calls: list[Any] = [
        lambda x: x.T.copy("K"),
        lambda x: x.copy("F"),
        lambda x: np.copy(x.T),
        lambda x: x.astype("f", order="F"),
        lambda x: x.T.reshape(2, 6, order="F"),
        lambda x: x[:, [0, 1]],
        lambda x: np.take(x, [0, 1], axis=1),
    ]
    w = dt.Variable(M)
    with dt.GradientTape(mode):
        for call in calls:
            assert plain(call(w * 1.0)).strides == call(M).strides


def test_an_operation_that_changes_nothing_gives_the_value_of_a_variable(mode: str) -> None:
    w = dt.Variable(M)
    with dt.GradientTape(mode) as tape:
        results = [np.squeeze(w), np.atleast_2d(w), np.real(w), w.astype(float, copy=False), np.broadcast_arrays(w)[0]]
        w.assign(M + 1)
        loss = sum(np.sum(y * y) for y in results)
    assert np.allclose(tape.gradient(loss, w), 10 * M)


def test_real_numbers_that_become_complex(mode: str) -> None:
    w = dt.Variable(V)
    with dt.GradientTape(mode) as tape:
        z = w.astype(complex) * 1j
        loss = np.sum(np.imag(z) * V)
    assert np.array_equal(tape.gradient(loss, w), V)


def test_float32_stays_float32(mode: str) -> None:
    w = dt.Variable(V.astype("f"))
    with dt.GradientTape(mode) as tape:
        y = np.roll(np.tile(w.reshape(2, 2).T, 2), 1) + np.diag(w)[:2]
        assert y.dtype == np.float32
    assert tape.gradient(y, w).dtype == np.float32


def test_what_has_no_meaning_for_traced_arrays_is_refused(mode: str) -> None:
    w = dt.Variable(V)
    refused: list[Any] = [
        lambda x: x.view(np.int64),
        lambda x: x.view(type=np.ndarray),
        lambda x: x.resize(2),
        lambda x: x.setflags(write=False),
        lambda x: x.byteswap(),
        lambda x: x.getfield(float),
        lambda x: x.setfield(1.0, float),
    ]
    with dt.GradientTape(mode):
        for call in refused:
            with pytest.raises(NoRuleError, match="traced array"):
                call(w * 1.0)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x.view(np.int64),
        lambda x: x.view(type=np.matrix),
        np.matrix,
        lambda x: x.byteswap(),
        lambda x: x.getfield(np.int32, 4),
    ],
)
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_the_bits_of_what_no_tape_records_can_be_read(mode: str, call: Callable[[Any], Any]) -> None:
    w = dt.Variable(V)
    with dt.GradientTape(mode, persistent=True) as tape:
        y = w * 3.0
    for found, expected in ((call(w), call(V)), (call(y), call(V * 3.0))):
        assert type(found) is type(expected)
        assert found.tobytes() == expected.tobytes()
        if np.may_share_memory(found, y.primal) or np.may_share_memory(found, np.asarray(w)):
            assert not found.flags.writeable
    assert tape.gradient(y, w).tolist() == [3.0] * V.size


def test_the_bits_of_what_may_come_to_be_recorded_are_not_for_reading() -> None:
    with pytest.raises(NoRuleError, match="has its dtype"):
        dt.zeros(2).view(np.int64)
