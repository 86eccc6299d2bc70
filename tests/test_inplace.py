"""Item assignment and views: the values are NumPy's, and so are the derivatives of what was computed."""

import copy
import operator
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import TracedArray
from dualtape.errors import ReadOnlyError

Program = Callable[[Any], Any]


def close(actual: Any, expected: Any, tolerance: float = 1e-10) -> None:
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def zeros(x: Any, shape: Any = None) -> Any:
    """An array to fill that goes with the kind of `x`: plain for a plain one."""
    return np.zeros_like(x) if shape is None else np.zeros(shape, like=x)


def check(program: Program, x: np.ndarray, mode: str) -> None:
    """Run a program on plain and on traced data: the same bits, and the derivative that differences give.

    A program returns one array; its argument is not a variable's own value, so that it may be written.
    """
    expected = np.asarray(program(x.copy("K")))
    v = dt.Variable(x)
    with dt.GradientTape(mode) as tape:
        y = program(v * 1.0)
    assert y.dtype == expected.dtype
    assert y.shape == expected.shape
    assert np.array_equal(np.asarray(y), expected)
    weights = np.cos(1.0 + np.arange(y.size)).reshape(y.shape)
    found = tape.gradient(y, v, output_gradients=weights)
    numerical = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        step = np.zeros_like(x)
        step[i] = 1e-5
        numerical[i] = np.sum(weights * (program(x + step) - program(x - step))) / 2e-5
    np.testing.assert_allclose(found, numerical, rtol=1e-6, atol=1e-7)


# --- programs -----------------------------------------------------------------------------------------------------
# Each is NumPy code that runs on plain arrays and on traced ones.

VECTOR = np.array([0.5, 0.8, 1.3, 0.4, 0.9])
MATRIX = np.array([[0.5, 0.8, 1.3], [0.4, 0.9, 1.7], [0.2, 0.6, 1.1]])


def set_entry(x: Any) -> Any:
    y = x * x
    y[1] = x[0] * x[2]
    return y * y


def set_constant(x: Any) -> Any:
    y = x * x
    z = np.sin(y)
    y[1] = 3.0
    y[-1] = 2
    return y * z


def set_slice(x: Any) -> Any:
    y = x * x
    y[1:4] = x[:3] * 2.0
    return y * x


def set_broadcast(x: Any) -> Any:
    y = x * x
    y[1:4] = x[0]
    y[3:] = x[0:1]
    return y * x


def set_step(x: Any) -> Any:
    y = x * x
    y[::2] = x[1] * x[::2]
    y[::-2] *= 2.0
    return y * x


def set_mask(x: Any) -> Any:
    y = x * x
    y[x > 0.6] = x[0]
    y[y < 0.45] += x[1]
    return y * x


def set_mask_array(x: Any) -> Any:
    y = x * x
    mask = np.array([True, False, True, False, True])
    y[mask] = x[:3] * x[1]
    return y * x


def set_fancy(x: Any) -> Any:
    y = x * x
    y[[0, 2, 4]] = x[[4, 2, 1]] * 3.0
    y[np.array([1, 3])] *= x[2]
    return y * x


def set_fancy_repeated(x: Any) -> Any:
    """Of repeated indices the last write counts."""
    y = x * x
    y[[0, 0, 2]] = x[1:4]
    y[[3, 3]] += x[:2]
    return y * x


def set_everything(x: Any) -> Any:
    y = x * x
    y[...] = x[::-1]
    y[:] = y * y
    y[()] += 1.0
    return y * x


def set_none_key(x: Any) -> Any:
    y = x * x
    y[None, 1:3] = x[None, :2]
    return y * x


def operators(x: Any) -> Any:
    y = x * x
    y += x
    y -= 0.5
    y *= x[::-1]
    y /= 2.0 + x
    y **= 2
    y %= 5.3
    return y * x


def operators_on_entries(x: Any) -> Any:
    y = x * x
    y[0] += x[1]
    y[1] *= x[2]
    y[2] -= y[0]
    y[3:] /= x[:2]
    y[1:3] **= 2
    return y * x


def alias(x: Any) -> Any:
    y = x * x
    z = y
    y += x
    z[0] = 5.0
    return y * z


def rebound(x: Any) -> Any:
    """Not in place: the old array keeps its value."""
    y = x * x
    z = y
    y = y + x
    y[0] = 1.0
    return y * z


def copied(x: Any) -> Any:
    y = x * x
    z = y.copy()
    w = copy.copy(y)
    v = np.copy(y)
    y[0] = 1.0
    z[1] = x[0]
    w[2] = x[0]
    v[3] = x[0]
    return y + z * x + w * w + v


def overlapping(x: Any) -> Any:
    y = x * x
    y[1:3] = y[0:2]
    y[1:] = y[:-1]
    y[:] = y[::-1]
    return y * x


def swapped(x: Any) -> Any:
    y = x * x
    y[0], y[1] = y[1], y[0]
    y[[2, 3]] = y[[3, 2]]
    return y * x


def filled(x: Any) -> Any:
    y = zeros(x)
    for i in range(5):
        y[i] = x[i] * x[(i + 1) % 5]
    return y * x


def filled_from_itself(x: Any) -> Any:
    y = zeros(x)
    y[0] = x[0]
    for i in range(1, 5):
        y[i] = np.sin(y[i - 1]) + x[i] * y[i - 1]
    return y


def read_while_filled(x: Any) -> Any:
    y = zeros(x)
    total: Any = 0.0
    for i in range(5):
        y[i] = x[i] ** 2
        total = total + np.sum(y[: i + 1] * x[: i + 1])
    return total * y


def written_twice(x: Any) -> Any:
    y = zeros(x)
    for i in (0, 1, 1, 3, 3, 3):
        y[i] = x[i] * (i + 1.0) + y[i]
    return y * x


def used_between_writes(x: Any) -> Any:
    y = x * x
    a = np.sin(y)
    y[0] = x[1]
    b = np.sin(y)
    y[0] = x[2]
    return a * b * y


def branches_on_values(x: Any) -> Any:
    y = x * x
    for i in range(1, 5):
        if y[i] > y[i - 1]:
            y[i] -= y[i - 1]
        else:
            y[i - 1] = x[i] * 2.0
    return y


def bubble_sort(x: Any) -> Any:
    y = x * x
    for i in range(4):
        for j in range(4 - i):
            if y[j] > y[j + 1]:
                y[j], y[j + 1] = y[j + 1] * 1.0, y[j] * 1.0
    return y * np.arange(5.0)


def sorted_in_place(x: Any) -> Any:
    y = x * x
    z = y * 2.0
    y.sort()
    return y * np.arange(5.0) * x + z


def methods(x: Any) -> Any:
    y = x * x
    z = y * 1.0
    y.fill(2.5)
    z.fill(x[1])
    return y * x + z


def copyto(x: Any) -> Any:
    y, z = x * x, x * x
    np.copyto(y, x[::-1])
    np.copyto(z, x, where=x > 0.6)
    return y * z


def out_arguments(x: Any) -> Any:
    y = zeros(x)
    np.multiply(x, x, out=y)
    z = np.sin(y)
    np.add(y, x, out=y)
    np.exp(y, out=(y,))
    np.negative(x, y)
    return y * z


def out_view(x: Any) -> Any:
    y = x * x
    np.multiply(x[:2], x[2:4], out=y[1:3])
    return y * x


def out_reduction(x: Any) -> Any:
    y = zeros(x)
    np.sum(x * x, out=y[0:1].reshape(()))
    np.cumsum(x * x, out=y)
    return y * x


def added_at(x: Any) -> Any:
    y = x * x
    np.add.at(y, [0, 0, 2, 0], x[:4])
    np.add.at(y, 1, x[4])
    np.subtract.at(y, [3, 3], x[:2])
    return y * x


def put(x: Any) -> Any:
    y = x * x
    np.put(y, [0, 2], x[3:])
    return y * x


def diagonal_filled(x: Any) -> Any:
    y = x * x
    np.fill_diagonal(y, x[0])
    return y * x


def put_along_axis(x: Any) -> Any:
    y = x * x
    np.put_along_axis(y, np.array([[1], [0], [2]]), x[:, :1], axis=1)
    return y * x


def like_arrays(x: Any) -> Any:
    a, b, c = np.zeros(3, like=x), np.ones_like(x[:3]), np.full_like(x[:3], 2.0)
    d, e = np.empty_like(x[:3]), np.full(3, 4.0, like=x)
    for i in range(3):
        a[i] = x[i]
        b[i] += x[i + 1]
        c[i] *= x[i + 2]
        d[i] = x[0]
        e[i] -= x[i]
    return a * b + c * d * e


def matrix_keys(x: Any) -> Any:
    y = x * x
    y[0] = x[1] * 2.0
    y[:, 1] = x[0]
    y[1, 2] = x[0, 0] * x[2, 2]
    y[1:, 1:] += x[:2, :2]
    y[..., 0] *= x[0]
    y[[0, 2], 1] = x[1, :2]
    y[np.ix_([0, 1], [1, 2])] -= x[1:, 1:]
    y[y > 1.0] = x[0, 0]
    return y * x


def separated_keys(x: Any) -> Any:
    """Advanced keys that a slice separates: NumPy puts their axes first."""
    y = np.reshape(x * x, (1, 3, 3)) * np.reshape(x[0], (3, 1, 1))
    z = y * 1.0
    y[0, :, [1, 2]] = x[:2]
    y[[0, 1], :, 2] += x[:2]
    y[0, :, np.array([[0, 1], [1, 2]])] *= 2.0
    return y * z + y[[0, 2], :, [1, 2]][0]


def column_filled(x: Any) -> Any:
    y = zeros(x)
    for i in range(3):
        for j in range(3):
            y[i, j] = x[j, i] * x[i, i]
    return y * x


def view_is_written(x: Any) -> Any:
    y = x * x
    part = y[1:3]
    part[0] = x[0] * 7.0
    part += 1.0
    return y * x


def base_is_written(x: Any) -> Any:
    y = x * x
    part = y[1:3]
    before = part * 2.0
    y[1] = x[0] * 9.0
    return part * before


def views_of_views(x: Any) -> Any:
    y = x * x
    a = y[1:]
    b = a[::2]
    c = b[1:]
    c[0] = x[0]
    a[0] = x[1] * c[0]
    y[3] *= b[0]
    b *= x[:2]
    return np.sum(a * y[1:]) + np.sum(b) * c[0]


def siblings(x: Any) -> Any:
    """Two views that overlap."""
    y = x * x
    a, b = y[:3], y[2:]
    a[2] = x[0]
    b[0] *= x[1]
    a *= 2.0
    return a * b + y[2]


def reshaped(x: Any) -> Any:
    y = x * x
    flat = y.reshape(9)
    flat[4] = x[0, 1]
    y[0] *= x[1]
    flat[::3] += x[2]
    return y * y.reshape(3, 3) + flat.reshape(3, 3)


def transposed(x: Any) -> Any:
    y = x * x
    t = y.T
    t[0] = x[0] * 2.0
    y[1] += t[2]
    t[1:, 0] *= x[0, :2]
    return y * t


def transposes(x: Any) -> Any:
    y = x * x
    y.swapaxes(0, 1)[0, 1] = x[1, 1]
    np.transpose(y)[2] += x[0]
    np.moveaxis(y, 0, 1)[1] *= x[2]
    np.swapaxes(y, 0, 1)[1:] -= 0.5
    y.transpose(1, 0)[0, 0] = 3.0
    return y * x


def raveled(x: Any) -> Any:
    y = x * x
    y.ravel()[3] = x[0, 0] * 3.0
    np.ravel(y)[5] *= x[0, 1]
    y.T.ravel()[1] = 100.0  # a copy
    y.flatten()[2] = 100.0  # a copy
    return y * x


def diagonal_is_read(x: Any) -> Any:
    y = x * x
    d = y.diagonal()
    before = d * 2.0
    y[1, 1] = x[0, 1]
    return d * before + np.diagonal(y, 0)


def split(x: Any) -> Any:
    y = x * x
    a, b, c = np.split(y, 3)
    a[0] = x[1]
    b += c * x[0]
    top, rest = np.vsplit(y, [1])
    rest[0, 0] *= top[0, 1]
    return y * x


def expanded(x: Any) -> Any:
    y = x * x
    np.expand_dims(y, 0)[0, 1] = x[0]
    y[None][0, 0] *= x[1]
    y[:, None][1:, 0] += x[2]
    np.squeeze(y[None])[2, 2] = 4.0
    return y * x


def iterated(x: Any) -> Any:
    y = x * x
    for i, row in enumerate(y):
        row += x[2 - i]
        row[0] *= 2.0
        for j in range(3):
            row[j] = row[j] * x[i, j]
    return y * x


def scalar_bits(x: Any) -> Any:
    """A scalar is immutable: in-place operators bind the name anew."""
    y = x * x
    s = y[1]
    s += 5.0
    t = y[2]
    t *= s
    total = np.sum(y)
    total += t
    total -= s
    return y * total


def zero_dimensional(x: Any) -> Any:
    y = zeros(x, ())
    y[...] = x[0] * x[1]
    y += x[2]
    y[()] = y * x[3]
    return y * x


def written_through_a_broadcast_value(x: Any) -> Any:
    y = x * x
    y[...] = np.sum(x)
    y[1:3] += x[4:5]
    return y * x


def in_a_function(x: Any) -> Any:
    def scale(part: Any, factor: Any) -> None:
        part *= factor

    y = x * x
    scale(y[1:], x[0])
    scale(y, 2.0)
    scale(y[:2], y[3])
    return y * x


def in_the_argument(x: Any) -> Any:
    x[0] = x[1] * x[2]
    x[1:] *= 2.0
    return x * x


def order_kept(x: Any) -> Any:
    """An in-place operator keeps the array's order in memory, which decides what is a view of it later."""
    y = x.T * 2.0
    z = x * 3.0
    y += x
    z += x.T
    y *= np.asfortranarray(np.ones((3, 3)))
    y.ravel()[1] = 100.0
    z.ravel()[1] = 100.0
    y.T.ravel()[2] = 50.0
    z.T.ravel()[2] = 50.0
    return y * z


def stack_of_views(x: Any) -> Any:
    y = x * x
    rows = [y[i] for i in range(3)]
    rows[0][1] = x[1, 1]
    rows[2] *= x[0]
    y[1] = rows[0] + rows[2]
    return np.stack(rows) * x


def gauss(x: Any) -> Any:
    """Elimination in place."""
    a = x + 2.0 * np.eye(3)
    for i in range(3):
        for j in range(i + 1, 3):
            a[j, i] /= a[i, i]
            a[j, i + 1 :] -= a[j, i] * a[i, i + 1 :]
    return a


def heat(x: Any) -> Any:
    """Two buffers, swapped."""
    old, new = x * 1.0, zeros(x)
    for _ in range(4):
        new[0], new[-1] = old[0], old[-1]
        new[1:-1] = old[1:-1] + 0.1 * (old[2:] - 2.0 * old[1:-1] + old[:-2])
        old, new = new, old
    return old


VECTOR_PROGRAMS = [
    set_entry, set_constant, set_slice, set_broadcast, set_step, set_mask, set_mask_array, set_fancy,
    set_fancy_repeated, set_everything, set_none_key, operators, operators_on_entries, alias, rebound, copied,
    overlapping, swapped, filled, filled_from_itself, read_while_filled, written_twice, used_between_writes,
    branches_on_values, bubble_sort, sorted_in_place, methods, copyto, out_arguments, out_view, out_reduction, added_at,
    put, like_arrays, view_is_written, base_is_written, views_of_views, siblings, scalar_bits, zero_dimensional,
    written_through_a_broadcast_value, in_a_function, in_the_argument, heat,
]  # fmt: skip
MATRIX_PROGRAMS = [
    diagonal_filled, put_along_axis, matrix_keys, separated_keys, column_filled, reshaped, transposed, transposes,
    raveled, order_kept, diagonal_is_read, split, expanded, iterated, stack_of_views, gauss, in_the_argument,
    set_everything,
]  # fmt: skip


@pytest.mark.parametrize("program", VECTOR_PROGRAMS)
def test_programs_on_vectors(mode: str, program: Program) -> None:
    check(program, VECTOR, mode)


@pytest.mark.parametrize("program", MATRIX_PROGRAMS)
def test_programs_on_matrices(mode: str, program: Program) -> None:
    check(program, MATRIX, mode)


@pytest.mark.parametrize("program", [*MATRIX_PROGRAMS, view_is_written, filled])
def test_programs_on_fortran_ordered_matrices(mode: str, program: Program) -> None:
    """What is a view depends on the order in memory."""
    if program in (view_is_written, filled):
        check(program, np.asfortranarray(np.add.outer(VECTOR, VECTOR)), mode)
    else:
        check(program, np.asfortranarray(MATRIX), mode)


@pytest.mark.parametrize("program", [filled, set_slice, views_of_views, overlapping, used_between_writes])
def test_programs_keep_float32(mode: str, program: Program) -> None:
    v = dt.Variable(VECTOR.astype(np.float32))
    with dt.GradientTape(mode) as tape:
        y = program(v * np.float32(1.0))
    assert y.dtype == np.float32
    assert tape.gradient(y, v).dtype == np.float32
    assert np.array_equal(np.asarray(y), program(VECTOR.astype(np.float32)))


@pytest.mark.parametrize("program", [filled, set_slice, views_of_views, overlapping, set_fancy, operators_on_entries])
def test_programs_on_complex_numbers(mode: str, program: Program) -> None:
    """Holomorphic programs: the gradient of the real part is the conjugate of the complex derivative."""
    x = VECTOR * np.exp(1j * np.arange(5.0))
    v = dt.Variable(x)
    with dt.GradientTape(mode) as tape:
        y = np.sum(program(v * 1.0))
    found = tape.gradient(y, v)
    assert np.asarray(y) == np.sum(program(x * 1.0))
    for i in range(5):
        step = np.zeros(5)
        step[i] = 1e-6
        expected = np.conj(np.sum(program(x + step) - program(x - step)) / 2e-6)
        np.testing.assert_allclose(found[i], expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("program", [filled, views_of_views, set_fancy, added_at, copyto, siblings])
def test_programs_under_debug(mode: str, program: Program) -> None:
    answers = []
    for debug in (False, True):
        v = dt.Variable(VECTOR)
        with dt.GradientTape(mode, debug=debug) as tape:
            y = program(v * 1.0)
        answers.append(tape.gradient(y, v))
    close(*answers)


@pytest.mark.parametrize("program", [filled, views_of_views, set_fancy, siblings, overlapping, heat])
def test_gradients_can_be_asked_twice_of_a_program_with_writes(mode: str, program: Program) -> None:
    """The backward pass sets cotangents to zero in their buffers: in its own, not in the caller's or the record's."""
    v = dt.Variable(VECTOR)
    with dt.GradientTape(mode, persistent=True) as tape:
        y = program(v * 1.0)
    weights = np.cos(np.arange(y.size)).reshape(y.shape)
    kept = weights.copy()
    first = tape.gradient(y, v, output_gradients=weights)
    second = tape.gradient(y, v, output_gradients=weights)
    assert np.array_equal(first, second)
    assert np.array_equal(weights, kept)


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_batches_as_long_as_an_axis(rows: int) -> None:
    """K directions, K = 1, 2 and the first axis: a batch axis must not be taken for one of the array's."""
    for program in (set_fancy, set_mask, overlapping, views_of_views, added_at):
        u = dt.Variable(np.ones(rows))
        scale = np.cos(np.arange(rows))
        with dt.GradientTape("forward") as tape:
            y = program(VECTOR * np.sum(u * scale))
        g = tape.gradient(y, u)
        low, high = (np.sum(program(VECTOR * (np.sum(scale) + s))) for s in (-1e-6, 1e-6))
        np.testing.assert_allclose(g, scale * (high - low) / 2e-6, rtol=1e-6, atol=1e-6)


# --- what a view is -----------------------------------------------------------------------------------------------

SELECTIONS: list[tuple[str, Callable[[Any], Any]]] = [
    ("slice", lambda x: x[1:]),
    ("step", lambda x: x[::2]),
    ("backwards", lambda x: x[::-1]),
    ("row", lambda x: x[1]),
    ("column", lambda x: x[:, 1]),
    ("ellipsis", lambda x: x[...]),
    ("new axis", lambda x: x[None]),
    ("empty key", lambda x: x[()]),
    ("entry", lambda x: x[1, 2]),
    ("entry by ellipsis", lambda x: x[1, 2, ...]),
    ("list", lambda x: x[[0, 1]]),
    ("mask", lambda x: x[x > 0.55]),
    ("reshape", lambda x: x.reshape(9)),
    ("reshape function", lambda x: np.reshape(x, (9, 1))),
    ("reshape of transposed", lambda x: x.T.reshape(9)),
    ("fortran reshape", lambda x: np.reshape(x, 9, order="F")),
    ("transpose", lambda x: x.T),
    ("transpose function", np.transpose),
    ("ravel", lambda x: x.ravel()),
    ("ravel of transposed", lambda x: x.T.ravel()),
    ("flatten", lambda x: x.flatten()),
    ("swapaxes", lambda x: x.swapaxes(0, 1)),
    ("moveaxis", lambda x: np.moveaxis(x, 0, 1)),
    ("expand_dims", lambda x: np.expand_dims(x, 1)),
    ("squeeze", lambda x: np.squeeze(x[None])),
    ("broadcast_to", lambda x: np.broadcast_to(x, (2, 3, 3))),
    ("diagonal", lambda x: x.diagonal()),
    ("diag", np.diag),
    ("split", lambda x: np.split(x, 3)[1]),
    ("array_split", lambda x: np.array_split(x, 2)[1]),
    ("copy", lambda x: x.copy()),
    ("positive", lambda x: +x),
    ("take", lambda x: np.take(x, [0, 1], axis=0)),
    ("concatenate", lambda x: np.concatenate([x, x])),
    ("astype", lambda x: x.astype(np.float64)),
    ("astype without copy", lambda x: x.astype(np.float64, copy=False)),
    ("flip", np.flip),
    ("rot90", np.rot90),
    ("atleast_3d", np.atleast_3d),
    ("real", lambda x: x.real),
    ("asarray of a view", lambda x: x[1:][1:]),
    ("chain", lambda x: x.T[1:].reshape(2, 3)[:, ::2]),
    ("flat chain", lambda x: x.reshape(9)[2:8].reshape(2, 3)[1]),
    ("slice of nothing", lambda x: x[3:]),
]


@pytest.mark.parametrize(("name", "select"), SELECTIONS, ids=[name for name, _ in SELECTIONS])
@pytest.mark.parametrize("layout", ["C", "F", "strided"])
def test_views_are_where_numpy_has_them(mode: str, name: str, select: Callable[[Any], Any], layout: str) -> None:
    """A write to the whole shows in the part exactly where it does so in NumPy, and the other way round."""
    wide = np.zeros((3, 6))
    wide[:, ::2] = MATRIX
    base = {"C": MATRIX, "F": np.asfortranarray(MATRIX), "strided": wide[:, ::2]}[layout]

    def whole_written(x: Any) -> Any:
        part = select(x)
        before = np.sum(part * 1.0)
        x[...] = x * 3.0 + x[0, 1]
        return part * before

    def part_written(x: Any) -> Any:
        part = select(x)
        if not isinstance(part, np.ndarray):
            return x * 5.0
        if name in ("broadcast_to", "diagonal", "diag"):
            with pytest.raises(ValueError, match="read-only"):
                part[...] = part * 3.0
            return x * 5.0
        part[...] = part * 3.0 + x[0, 1]
        return np.sum(x * x) + np.sum(part * part) * x

    for program in (whole_written, part_written):
        plain = base.copy("K") if layout != "strided" else np.repeat(base, 2, axis=1)[:, ::2]
        expected = program(plain)
        v = dt.Variable(MATRIX)
        with dt.GradientTape(mode) as tape:
            if layout == "F":
                x = v.T * 0.0  # in Fortran's order
                x[...] = v
            elif layout == "strided":
                x = np.reshape(np.reshape(v, (3, 3, 1)) * np.ones(2), (3, 6))[:, ::2]
            else:
                x = v * 1.0
            assert x.primal.strides == plain.strides
            y = program(x)
        assert np.array_equal(np.asarray(y), expected)
        weights = np.cos(np.arange(y.size)).reshape(y.shape)
        found = tape.gradient(y, v, output_gradients=weights)
        if not y.size:
            assert not found.any()
            continue
        for i in np.ndindex(3, 3):
            results = []
            for h in (-1e-5, 1e-5):
                shifted = plain.copy("K") if layout != "strided" else plain.base.copy()[:, ::2]
                shifted[...] = base
                shifted[i] += h
                results.append(np.sum(weights * program(shifted)))
            np.testing.assert_allclose(found[i], (results[1] - results[0]) / 2e-5, rtol=1e-5, atol=1e-6)


def test_a_view_of_a_scalar_sized_part_is_no_scalar(mode: str) -> None:
    v = dt.Variable(MATRIX)
    with dt.GradientTape(mode) as tape:
        y = v * 1.0
        part = y[1, 2, ...]
        assert isinstance(part, np.ndarray)
        assert part.shape == ()
        part[...] = y[0, 0] * 2.0
        entry = y[1, 2]
        assert isinstance(entry, np.float64)
        assert not isinstance(entry, np.ndarray)
        z = y[1, 2] * 1.0
    expected = np.zeros((3, 3))
    expected[0, 0] = 2.0
    close(tape.gradient(z, v), expected)


def test_type_and_isinstance_of_views(mode: str) -> None:
    v = dt.Variable(VECTOR)
    with dt.GradientTape(mode):
        y = v * 1.0
        part = y[1:]
        assert isinstance(part, np.ndarray)
        assert isinstance(part, type(y))
        assert isinstance(part, TracedArray)
        assert not isinstance(y[0], np.ndarray)
        assert isinstance(y[0], float)
        assert part.__class__ is np.ndarray


# --- what can't be written ----------------------------------------------------------------------------------------


def test_a_variables_own_value_is_read_only(mode: str) -> None:
    """Through none of the ways to it: `w` in the block, its views, out=, in-place functions."""
    w = dt.Variable(MATRIX, name="w")
    writes: list[Callable[[], Any]] = [
        lambda: operator.setitem(w, 0, 1.0),
        lambda: operator.setitem(w[1:], 0, 1.0),
        lambda: operator.setitem(w.T, 0, 1.0),
        lambda: operator.setitem(np.reshape(w, 9), 0, 1.0),
        lambda: operator.setitem(w[1:][:1], ..., w[0]),
        lambda: operator.iadd(w[0], 1.0),
        lambda: operator.imul(w[0], w[1]),
        lambda: np.add(w, 1.0, out=w[:]),
        lambda: np.copyto(w[0], 1.0),
        lambda: np.add.at(w[0], 0, 1.0),
        lambda: [operator.iadd(row, 1.0) for row in w],
        lambda: w[0].fill(1.0),
        lambda: w[0].sort(axis=0),
        lambda: np.put(w[0], 0, 1.0),
        lambda: np.fill_diagonal(w[:], 1.0),
    ]
    with dt.GradientTape(mode) as tape:
        y = w * 2.0
        for write in writes:
            with pytest.raises(ReadOnlyError, match=r"w\.copy\(\)|assign"):
                write()
        x = w.copy()
        x[0] = 1.0
        z = np.sum(x) + np.sum(y)
    assert np.array_equal(w.numpy(), MATRIX)
    close(tape.gradient(z, w), [[2.0] * 3, [3.0] * 3, [3.0] * 3])


def test_the_error_names_the_variable_and_what_to_do(mode: str) -> None:
    w = dt.Variable(VECTOR, name="weights")
    with dt.GradientTape(mode), pytest.raises(ReadOnlyError) as caught:
        w[1:][0] = 1.0
    for word in ("weights", "w.copy()", "w.assign"):
        assert word in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_a_copy_of_a_variable_is_written(mode: str) -> None:
    for make in (lambda w: w.copy(), np.copy, lambda w: np.array(w, like=w)):
        w = dt.Variable(VECTOR)
        with dt.GradientTape(mode) as tape:
            x = make(w)
            x[0] = x[1] * 2.0
            y = np.sum(x * x)
        expected = 2 * VECTOR
        expected[0] = 0.0
        expected[1] += 8 * VECTOR[1]
        close(tape.gradient(y, w), expected)
        assert np.array_equal(w.numpy(), VECTOR)


def test_a_traced_scalar_is_immutable(mode: str) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode) as tape:
        total = np.sum(w * w)
        before = total
        total += 1.0
        assert before is not total
        for key in (..., (), 0):
            with pytest.raises(TypeError, match=r"rebind|item assignment"):
                total[key] = 1.0
        s = (w * 1.0)[0]
        s *= 2.0
    assert float(before) + 1.0 == float(total)
    close(tape.gradient([before, s], w), 2 * VECTOR + [2.0, 0.0, 0.0, 0.0, 0.0])


def test_what_numpy_makes_read_only_is_read_only(mode: str) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode):
        y = w * 1.0
        for part in (np.broadcast_to(y, (2, 5)), np.broadcast_to(y, (2, 5))[0]):
            with pytest.raises(ValueError, match="read-only"):
                part[0] = 1.0
        square = np.reshape(y, (5, 1)) * y
        for part in (square.diagonal(), np.diagonal(square)[1:]):
            with pytest.raises(ValueError, match="read-only"):
                part[0] = 1.0


@pytest.mark.parametrize("value", [1.0, np.ones(2)])
def test_errors_of_assignment_are_numpys(mode: str, value: Any) -> None:
    """A key out of range, a shape that doesn't fit: the same kind of error, and nothing is changed."""
    w = dt.Variable(VECTOR)

    def attempts(x: Any, one: Any) -> list[Callable[[], Any]]:
        return [
            lambda: operator.setitem(x, 9, 1.0),
            lambda: operator.setitem(x, (0, 0), 1.0),
            lambda: operator.setitem(x, "a", 1.0),
            lambda: operator.setitem(x, 1.5, 1.0),
            lambda: operator.setitem(x, [0, 9], 1.0),
            lambda: operator.setitem(x, np.array([True, False]), 1.0),
            lambda: operator.setitem(x, slice(None), np.ones(4)),
            lambda: operator.setitem(x, slice(0, 2), one * np.ones(3)),
            lambda: operator.setitem(x, 0, one * np.ones(2)),
            lambda: operator.iadd(x, np.ones(4)),
            lambda: operator.iadd(x, np.ones((2, 5))),
            lambda: operator.imul(x, one * np.ones((2, 5))),
            lambda: operator.setitem(x, 0, "a"),
            lambda: operator.setitem(x, 0, object()),
        ]

    plain = VECTOR.copy()
    with dt.GradientTape(mode) as tape:
        x = w * 1.0
        ours = attempts(x, w[0])
        theirs = attempts(plain, plain[0])
        for our, their in zip(ours, theirs, strict=True):
            with pytest.raises((ValueError, IndexError, TypeError)) as expected:
                their()
            with pytest.raises((ValueError, IndexError, TypeError)) as found:
                our()
            assert isinstance(found.value, expected.type)
        assert np.array_equal(plain, VECTOR)
        y = x * x
    close(np.asarray(y), VECTOR * VECTOR)
    close(tape.gradient(y, w), 2 * VECTOR)


def test_casting_is_that_of_numpys_assignment(mode: str) -> None:
    w = dt.Variable(VECTOR)
    single = dt.Variable(VECTOR.astype(np.float32))
    with dt.GradientTape(mode) as tape:
        x = single * np.float32(1.0)
        x[0] = w[0] * 2.0
        assert x.dtype == np.float32
        x[1] = 3
        x[2] = True
        y = np.sum(x * x)
        assert y.dtype == np.float32
    dw, ds = tape.gradient(y, [w, single])
    assert dw.dtype == np.float64
    close(dw[0], 8 * 0.5, 1e-6)
    assert ds[:3].tolist() == [0.0, 0.0, 0.0]


def test_a_complex_value_into_a_float_array(mode: str) -> None:
    """NumPy raises for a Python complex and warns for an array; ours does the same."""
    w, z = dt.Variable(VECTOR), dt.Variable(VECTOR * 1j + 1.0)
    with dt.GradientTape(mode) as tape:
        x = w * 1.0
        with pytest.raises(TypeError):
            x[0] = 1j
        with pytest.raises(TypeError):
            x += 1j
        with pytest.raises(TypeError):
            x *= z
        with pytest.warns(np.exceptions.ComplexWarning):
            x[1:] = np.ones(4) * 1j
        with pytest.warns(np.exceptions.ComplexWarning):
            x[1:] = z[1:] * z[1:]
        y = np.sum(x * x)
    assert y.dtype == np.float64
    dw, dz = tape.gradient(y, [w, z])
    assert dw.tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]
    value = z.numpy()[1:]
    close(dz[1:], np.conj(2 * value) * 2 * (value * value).real)


def test_a_float_into_a_complex_array(mode: str) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode) as tape:
        x = w * (1.0 + 1.0j)
        x[0] = w[1]
        x[1:3] = w[2] * 1j
        y = np.sum(x * x)
    expected = np.zeros(5)
    expected[3:] = (2j * 2 * VECTOR[3:]).real
    expected[1] = 2 * VECTOR[1]
    expected[2] = -4 * VECTOR[2]
    close(tape.gradient(y, w), expected)


def test_an_integer_container_takes_no_derivative(mode: str) -> None:
    """NumPy truncates: the derivative of that is zero."""
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode) as tape:
        counts = dt.zeros(3, dtype=np.int64)
        counts[0] = 5
        assert counts.dtype == np.int64
        counts[1] = w[1] * 10.0
        assert counts.dtype == np.int64
        y = w[0] * counts[0] + w[2] * counts[1]
    assert float(y) == 0.5 * 5 + 1.3 * 8
    assert tape.gradient(y, w).tolist() == [5.0, 0.0, 8.0, 0.0, 0.0]


# --- plain arrays and containers ----------------------------------------------------------------------------------


def test_a_traced_value_into_a_plain_array(mode: str) -> None:
    """An error that names what to use; for a single element NumPy replaces the message, and the cause has it."""
    w = dt.Variable(VECTOR)
    plain = np.zeros(5)
    with dt.GradientTape(mode):
        y = w * 2.0
        for write in (
            lambda: operator.setitem(plain, 0, y[0]),
            lambda: operator.setitem(plain, slice(None), y),
            lambda: operator.setitem(plain, slice(2), y[0]),
            lambda: operator.setitem(plain, [0, 1], y[:2]),
            lambda: operator.iadd(plain, y),
            lambda: np.copyto(plain, y),
            lambda: np.add(y, 1.0, out=plain),
            lambda: np.sum(y, out=plain[0:1].reshape(())),
            lambda: plain.fill(y[0]),
            lambda: np.put(plain, 0, y[0]),
        ):
            with pytest.raises((TypeError, ValueError)) as caught:
                write()
            texts = [str(caught.value), str(caught.value.__cause__)]
            assert any("dualtape.zeros" in text and "like=" in text for text in texts), texts
    assert not plain.any()
    plain[:] = np.asarray(y)
    plain[0] = y[0]
    plain += y
    assert plain.any()


def test_iadd_of_a_traced_value_to_a_plain_array_never_drops_it(mode: str) -> None:
    """`plain += traced` is an error; `plain = plain + traced` is the way."""
    w = dt.Variable(VECTOR)
    plain = np.zeros(5)
    with dt.GradientTape(mode) as tape:
        held = plain
        with pytest.raises((TypeError, ValueError)):
            held += w
        y = plain + w
    assert not plain.any()
    assert tape.gradient(y, w).tolist() == [1.0] * 5


@pytest.mark.parametrize(
    "make",
    [
        lambda x: dt.zeros(5),
        lambda x: dt.empty(5),
        lambda x: dt.full(5, 3.0),
        lambda x: dt.full((5,), 3.0, dtype=np.float64),
        lambda x: np.zeros(5, like=x),
        lambda x: np.empty(5, like=x),
        lambda x: np.ones(5, like=x),
        lambda x: np.full(5, 3.0, like=x),
        np.zeros_like,
        np.empty_like,
        np.ones_like,
        lambda x: np.full_like(x, 3.0),
    ],
)
def test_arrays_to_fill(mode: str, make: Callable[[Any], Any]) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode) as tape:
        x = make(w * 1.0)
        assert x.shape == (5,)
        assert x.dtype == np.float64
        assert isinstance(x, np.ndarray)
        for i in range(5):
            x[i] = w[i] * w[0]
        y = np.sum(x)
    expected = np.full(5, 0.5)
    expected[0] += np.sum(VECTOR)
    close(tape.gradient(y, w), expected)


def test_containers_before_they_hold_anything_are_plain_in_effect(mode: str) -> None:
    w = dt.Variable(VECTOR)
    x = dt.zeros((2, 3))
    x[0] = 1.0
    x += 2.0
    assert np.array_equal(x + 1.0, [[4.0] * 3, [3.0] * 3])
    assert float(np.sum(x)) == 15.0
    assert np.asarray(x).tolist() == [[3.0] * 3, [2.0] * 3]
    assert dt.full(2, 7.0).dtype == np.float64
    assert dt.full(2, 7).dtype == np.int64
    assert dt.zeros(2, dtype=np.float32).dtype == np.float32
    assert dt.zeros(()).shape == ()
    assert float(np.sum(x)) == 15.0
    with dt.GradientTape(mode) as tape:
        y = np.sum(w[:3] * x[0])
        x[0, 0] = w[0]
        z = y + np.sum(x)
    assert tape.gradient(z, w).tolist() == [4.0, 3.0, 3.0, 0.0, 0.0]


def test_a_container_used_as_a_constant_and_written_later(mode: str) -> None:
    """It holds no traced value, and a record must not see what is written to it afterwards."""
    w = dt.Variable(VECTOR)
    for n in (5, 5000):
        c = dt.full(n, 2.0)
        factor = dt.Variable(np.ones(1)) if n != 5 else w
        with dt.GradientTape(mode, persistent=True) as tape:
            y = np.sum(factor * c)
            c[:] = 100.0
            z = np.sum(factor * c)
        c[...] = 1000.0
        assert np.sum(tape.gradient(y, factor)) == 2.0 * n
        assert np.sum(tape.gradient(z, factor)) == 100.0 * n


def test_views_of_a_container_follow_it_onto_the_tape(mode: str) -> None:
    w = dt.Variable(VECTOR)
    x = dt.zeros((2, 3))
    row, flat, tail = x[0], x.reshape(6), x[1:]
    with dt.GradientTape(mode) as tape:
        x[0, 1] = w[0] * 3.0
        flat[5] = row[1] * w[1]
        tail[0, 0] = w[2]
        z = np.sum(row) + np.sum(flat) + np.sum(x * tail)
    value = np.array([[0.0, 1.5, 0.0], [1.3, 0.0, 1.2]])
    close(np.asarray(x), value)
    close(float(z), 1.5 + value.sum() + np.sum(value * value[1:]))
    g = tape.gradient(z, w)
    # z = 2a + b + c + (1.3 (0 + c) + 1.5 * 0) + c² + b² with a = 3 w0, b = a w1, c = w2
    close(g, [6.0 + 3 * 0.8 * (1 + 2 * 1.2), 1.5 * (1 + 2 * 1.2), 1 + 2 * 1.3, 0.0, 0.0])


def test_a_container_outlives_its_tape(mode: str, outer_mode: str) -> None:
    """After its tape it is plain again, and the next tape's values may be stored in it."""
    w = dt.Variable(VECTOR)
    x = dt.zeros(5)
    for m in (mode, outer_mode, mode):
        with dt.GradientTape(m) as tape:
            x[0] = w[0] * w[0]
            x[1] += w[1]
            y = np.sum(x * x)
        value = np.asarray(x).copy()
        assert value[0] == 0.25
        close(tape.gradient(y, w), [2 * 0.25 * 1.0, 2 * value[1], 0.0, 0.0, 0.0])
    assert np.asarray(x)[1] == pytest.approx(2.4)
    x[0] = 7.0
    assert np.asarray(x)[0] == 7.0


def test_a_view_outlives_its_tape(mode: str, outer_mode: str) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode) as first:
        x = w * 1.0
        tail = x[3:]
    first.gradient(x, w)
    with dt.GradientTape(outer_mode) as second:
        tail[0] = w[0] * 2.0
        y = np.sum(x * x)
    close(np.asarray(x), [0.5, 0.8, 1.3, 1.0, 0.9])
    close(second.gradient(y, w), [4.0, 0.0, 0.0, 0.0, 0.0])


# --- when a write is recorded -------------------------------------------------------------------------------------


def test_a_write_under_stop_recording_is_recorded(mode: str) -> None:
    """As one of a constant: else the gradient is that of the overwritten value."""
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode) as tape:
        y = w * w
        with tape.stop_recording():
            y[0] = 7.0
            y[1] = w[1] * 100.0
            y[2:] *= 2.0
        z = np.sum(y * y)
    value = np.array([7.0, 80.0, 2 * 1.69, 2 * 0.16, 2 * 0.81])
    close(np.asarray(y), value)
    expected = np.zeros(5)
    close(tape.gradient(z, w), expected)


def test_a_write_after_the_block_is_recorded(mode: str) -> None:
    """The target of the gradient is what it holds now; what was written depends on nothing."""
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode, persistent=True) as tape:
        y = w * w
        z = np.sum(y * y)
    y[0] = 100.0
    y[1:3] += 1.0
    close(tape.gradient(z, w), 4 * VECTOR**3)
    close(np.asarray(y)[:3], [100.0, 1.64, 2.69])
    g = tape.gradient(y, w)
    assert g[0] == 0.0
    close(g[3:], 2 * VECTOR[3:])


def test_a_view_written_after_the_block(mode: str) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode, persistent=True) as tape:
        y = w * w
        part = y[1:3]
        z = np.sum(y * y)
    part[0] = 100.0
    y[2:][0] = 50.0
    assert np.asarray(y)[1] == 100.0
    assert np.asarray(part).tolist() == [100.0, 50.0]
    close(tape.gradient(z, w), 4 * VECTOR**3)
    close(tape.gradient(y, w), [1.0, 0.0, 0.0, 0.8, 1.8])


LOOKS: list[Callable[[Any], object]] = [
    str,
    repr,
    lambda x: f"{x}",
    np.shape,
    bool,
    lambda x: x > 1.0,
    lambda x: x.primal,
]


@pytest.mark.parametrize("look", LOOKS)
def test_looking_at_a_stale_view_under_stop_recording_drops_nothing(mode: str, look: Callable[[Any], object]) -> None:
    """The view reads its root anew when it is looked at; that read is recorded whether or not the tape records now."""
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode) as tape:
        y = w * w
        part = y[1:2]
        y[1] = w[0] * 3.0
        with tape.stop_recording():
            look(part)
        z = np.sum(part * part)
    close(tape.gradient(z, w), [18.0 * VECTOR[0], 0.0, 0.0, 0.0, 0.0])


@pytest.mark.parametrize("look", LOOKS)
def test_looking_at_a_stale_view_after_the_block_drops_nothing(
    mode: str, outer_mode: str, look: Callable[[Any], object]
) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(outer_mode, persistent=True) as outer, dt.GradientTape(mode, persistent=True) as inner:
        y = w * w
        part = y[1:2]
        y[1] = w[0] * 3.0
    look(part)
    for tape in (outer, inner):
        close(tape.gradient(part, w), [3.0, 0.0, 0.0, 0.0, 0.0])


def test_looking_at_a_stale_view_while_the_outer_tape_pauses(mode: str, outer_mode: str) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(outer_mode) as outer:
        with dt.GradientTape(mode) as inner:
            y = w * w
            part = y[1:2]
            y[1] = w[0] ** 3
            with outer.stop_recording():
                str(part)
            z = np.sum(part * part)
        g = inner.gradient(z, w)
        total = np.sum(g)
    close(outer.gradient(total, w), [30 * VECTOR[0] ** 4, 0.0, 0.0, 0.0, 0.0])


def test_writes_after_the_gradient_are_plain(mode: str) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode) as tape:
        y = w * w
        part = y[1:]
    g = tape.gradient(y, w)
    y[0] = 100.0
    part[0] = 50.0
    y += 1.0
    assert np.asarray(y)[:2].tolist() == [101.0, 51.0]
    close(g, 2 * VECTOR)
    assert np.array_equal(w.numpy(), VECTOR)


def test_a_write_after_the_gradient_lets_go_of_the_tape(mode: str) -> None:
    """Nothing can be asked of it, so nothing is recorded on it."""
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode) as tape:
        y = w * w
    recording = weakref.ref(tape._recording)
    tape.gradient(y, w)
    assert recording() is not None
    y[0] = 1.0
    assert recording() is None


def test_writes_after_reset_are_plain(mode: str) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode) as tape:
        y = w * w
        tape.reset()
        y[0] = w[0] * 3.0
        z = np.sum(y * y)
    expected = np.zeros(5)
    expected[0] = 2 * 1.5 * 3.0
    close(tape.gradient(z, w), expected)


# --- which value a gradient is taken at ---------------------------------------------------------------------------


def test_the_gradient_for_a_variable_is_the_sum_over_its_reads(mode: str) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode) as tape:
        x = w.copy()
        x[0] = 5.0
        y = np.sum(x * w)
    expected = x.primal + VECTOR
    expected[0] = 5.0
    close(tape.gradient(y, w), expected)


def test_for_a_watched_value_it_is_taken_at_the_watch(mode: str) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode) as tape:
        y = w * 2.0
        tape.watch(y)
        y[0] = 5.0
        y[1:] *= 3.0
        z = np.sum(y * y)
    dy, dw = tape.gradient(z, [y, w])
    expected = 2 * 9 * 2 * VECTOR
    expected[0] = 0.0
    close(dy, expected)
    close(dw, 2 * expected)


def test_for_a_watched_constant_it_is_taken_at_the_watch(mode: str) -> None:
    c = dt.constant(VECTOR)
    with dt.GradientTape(mode) as tape:
        tape.watch(c)
        y = c * 1.0
        y[0] = 9.0
        z = np.sum(y * c)
    expected = 2 * VECTOR
    expected[0] = 9.0
    close(tape.gradient(z, c), expected)


@pytest.mark.reverse
def test_for_another_computed_value_it_is_as_it_is_at_the_call() -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape("reverse", persistent=True) as tape:
        y = w * 2.0
        y[0] = 5.0
        z = np.sum(y * y)
        u = y * 1.0
        y[1] = 100.0
        v = np.sum(y * u)
    at_call = tape.gradient(v, y)
    close(at_call, np.concatenate([[5.0, 1.6], 2 * VECTOR[2:]]))
    assert tape.gradient(z, y).tolist() == [0.0] * 5, "z was computed before y's last write"


@pytest.mark.reverse
def test_a_view_as_a_source() -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape("reverse") as tape:
        y = w * 2.0
        part = y[1:3]
        z = np.sum(part * part)
    close(tape.gradient(z, part), 2 * 2 * VECTOR[1:3])


def test_a_watched_view(mode: str) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode) as tape:
        y = w * 2.0
        part = y[1:3] * 1.0
        tape.watch(part)
        z = np.sum(part * part)
    dp, dw = tape.gradient(z, [part, w])
    close(dp, 4 * VECTOR[1:3])
    close(dw, [0.0, *(8 * VECTOR[1:3]), 0.0, 0.0])


def test_a_watched_view_of_an_array_that_is_written(mode: str) -> None:
    """What is read from the array later depends on the watched value, wherever else the array is written."""
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode, persistent=True) as tape:
        y = w * w
        part = y[1:3]
        tape.watch(part)
        before = np.sum(y * np.arange(5.0))
        y[0] = 5.0
        z = np.sum(part * part) + np.sum(y)
        y[1] = w[0]
        u = np.sum(part * part)
    close(tape.gradient(before, part), [1.0, 2.0])
    close(tape.gradient(z, part), 2 * VECTOR[1:3] ** 2 + 1.0)
    close(tape.gradient(u, part), [0.0, 2 * 1.69])
    close(tape.gradient(u, w), [2 * 0.5, 0.0, 4 * 1.3**3, 0.0, 0.0])
    close(tape.gradient(z, w), [0.0, *(4 * VECTOR[1:3] ** 3 + 2 * VECTOR[1:3]), *(2 * VECTOR[3:])])


def test_a_watched_view_that_is_written(mode: str) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode) as tape:
        y = w * w
        part = y.reshape(5, 1)[1:3]
        tape.watch(part)
        part[0] = w[4] * 3.0
        z = np.sum(y * y)
    dp, dw = tape.gradient(z, [part, w])
    close(dp, [[0.0], [2 * 1.69]])
    close(dw, [4 * 0.5**3, 0.0, 4 * 1.3**3, 4 * 0.4**3, 4 * 0.9**3 + 2 * 9 * 0.9])


def test_a_watched_view_of_an_array_made_to_be_filled(mode: str) -> None:
    w = dt.Variable(VECTOR)
    x = dt.full(3, 2.0)
    part = x[1:]
    with dt.GradientTape(mode) as tape:
        tape.watch(part)
        x[2] = w[0]
        z = np.sum(x * x) + np.sum(part)
    dp, dw = tape.gradient(z, [part, w])
    assert dp.tolist() == [5.0, 0.0]
    assert dw.tolist() == [2.0, 0.0, 0.0, 0.0, 0.0]


def test_a_watched_view_of_a_variable(mode: str) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode) as tape:
        part = w[1:3]
        tape.watch(part)
        z = np.sum(part * part) + np.sum(w)
    dp, dw = tape.gradient(z, [part, w])
    close(dp, 2 * VECTOR[1:3])
    close(dw, [1.0, 2.6, 3.6, 1.0, 1.0])


def test_a_view_as_a_target(mode: str) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode, persistent=True) as tape:
        y = w * w
        part = y[1:3]
        y[1] = w[0] * 3.0
    close(tape.gradient(part, w), [3.0, 0.0, 2.6, 0.0, 0.0])
    close(tape.gradient([part, y], w), [7.0, 0.0, 5.2, 0.8, 1.8])


# --- who owns a buffer --------------------------------------------------------------------------------------------


def test_a_write_never_reaches_what_the_caller_passed_in(mode: str) -> None:
    mine = VECTOR.copy()
    w, c = dt.Variable(mine), dt.constant(mine)
    with dt.GradientTape(mode) as tape:
        tape.watch(c)
        x = c.copy()
        x[...] = 0.0
        x += mine
        x[0] = 9.0
        y = c * 1.0
        y[0] = 1.0
        z = mine * w
        z[0] = 7.0
        u = w + 0.0
        u *= 2.0
        v = np.reshape(mine * w, (5, 1))
        v[0] = 3.0
    assert np.array_equal(mine, VECTOR)
    assert np.array_equal(w.numpy(), VECTOR)
    assert np.array_equal(c.numpy(), VECTOR)
    assert mine.flags.writeable


def test_a_write_never_reaches_the_value_that_was_stored(mode: str) -> None:
    w = dt.Variable(VECTOR)
    stored = np.array([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        x = dt.zeros((2, 2))
        x[0] = stored
        row = w[:2] * 1.0
        x[1] = row
        x[1] += 100.0
        x[0, 0] = w[0]
        stored[1] = 50.0
        y = np.sum(row) + np.sum(x)
    assert stored.tolist() == [1.0, 50.0]
    assert float(y) == pytest.approx(1.3 + 0.5 + 2.0 + 201.3)
    close(tape.gradient(y, w), [3.0, 2.0, 0.0, 0.0, 0.0])


def test_a_write_never_reaches_another_handle_of_the_memory(mode: str) -> None:
    """Operations that may answer with their operand's own memory, or share tangents: each result is its own."""
    same: list[Callable[[Any], Any]] = [
        lambda x: +x,
        lambda x: x + 0.0,
        lambda x: x * 1.0,
        np.positive,
        np.copy,
        lambda x: x - 0.0,
        np.real,
        np.conj,
        lambda x: np.where(True, x, 0.0),
        lambda x: np.concatenate([x]),
        lambda x: np.clip(x, -9.0, 9.0),
        lambda x: np.stack([x])[0].copy(),
        lambda x: x.astype(float),
        lambda x: np.sum(x.reshape(5, 1), axis=1),
        lambda x: x.reshape(5, 1).sum(axis=1),
        lambda x: np.add(x, 0.0),
        lambda x: x[[0, 1, 2, 3, 4]],
        lambda x: np.squeeze(x.copy()),
    ]
    for function in same:
        w = dt.Variable(VECTOR)
        plain = VECTOR.copy()
        other = function(plain)
        shares = np.shares_memory(plain, other)
        with dt.GradientTape(mode) as tape:
            x = w * 1.0
            y = function(x)
            y[0] = 100.0
            x[1] = 50.0
            z = np.sum(x * y)
        value, result = VECTOR.copy(), VECTOR.copy()
        value[1], result[0] = 50.0, 100.0
        if shares:
            value[0], result[1] = 100.0, 50.0
        close(np.asarray(x), value)
        close(np.asarray(y), result)
        expected = value + result
        expected[0] = 0.0 if shares else 100.0
        expected[1] = 0.0 if shares else 50.0
        close(tape.gradient(z, w), expected)


def test_shared_tangents_are_copied_before_a_write() -> None:
    """A partial of 1 passes the tangent array itself on."""
    w = dt.Variable(VECTOR)
    with dt.GradientTape("forward") as tape:
        x = w + 0.0
        y = x + 1.0
        z = +y
        u = z - 2.0
        u[0] = 5.0
        y[1] = 5.0
        total = np.sum(x) + 10.0 * np.sum(y) + 100.0 * np.sum(z) + 1000.0 * np.sum(u)
    assert tape.gradient(total, w).tolist() == [111.0, 1101.0, 1111.0, 1111.0, 1111.0]


@pytest.mark.parametrize("debug", [False, True])
def test_shared_cotangents_are_copied_before_a_write(mode: str, debug: bool) -> None:
    """An addition passes one cotangent on to two operands; a write's pull sets entries of it to zero."""
    w, u = dt.Variable(VECTOR), dt.Variable(VECTOR)
    with dt.GradientTape(mode, debug=debug) as tape:
        x, y = w * 2.0, u * 3.0
        x[0] = u[1]
        z = x + y
        y2 = z + x
        y2[1] = 0.0
        total = z + y2
    dw, du = tape.gradient(total, [w, u])
    x = np.full(5, 3.0)
    x[1] = 1.0
    y = np.full(5, 2.0)
    y[1] = 1.0
    dx = 2 * x
    dx[0] = 0.0
    dy = 3 * y
    dy[1] += x[0]
    close(dw, dx)
    close(du, dy)


def test_primal_and_asarray_are_read_only(mode: str) -> None:
    """A record may hold the same memory: a write to `np.asarray(y)` once turned a later gradient into 1000."""
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode, persistent=True) as tape:
        y = w * 1.0
        inside = y.primal
        z = np.sum(y * y)
    for array in (inside, y.primal, np.asarray(y), np.asarray(y, float), y.primal[1:], y[1:].primal):
        assert type(array) is np.ndarray
        assert not array.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1000.0
        with pytest.raises(ValueError, match="read-only"):
            array += 1.0
    np.array(y)[0] = 1000.0
    close(tape.gradient(z, w), 2 * VECTOR)


def test_a_primal_taken_before_a_write_keeps_its_value(mode: str) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode):
        y = w * 1.0
        before = y.primal
        y[0] = 100.0
        after = y.primal
        part = y[1:].primal
        y[1] = 50.0
    assert before[0] == 0.5
    assert after[:2].tolist() == [100.0, 0.8]
    assert part[0] == 0.8


def test_a_memoryview_or_a_view_of_the_primal_makes_a_write_copy(mode: str) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode):
        y = w * 1.0
        holder = memoryview(y.primal)
        y[0] = 100.0
        assert holder[0] == 0.5
        held = y.primal[1:]
        y[1] = 100.0
        assert held[0] == 0.8


def test_a_read_before_the_write_keeps_its_value(mode: str) -> None:
    """Entries, parts, keys and copies that were read are not changed by later writes, in value or derivative."""
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode) as tape:
        y = w * w
        entry, fancy, masked = y[0], y[[0, 1]], y[np.asarray(w.numpy()) > 0.6]
        twice = y * 2.0
        y[...] = 0.0
        z = entry + np.sum(fancy) + np.sum(masked) + np.sum(twice)
    assert float(z) == pytest.approx(0.25 + 0.89 + 0.64 + 1.69 + 0.81 + 2 * np.sum(VECTOR**2))
    close(tape.gradient(z, w), 2 * VECTOR * np.array([4.0, 4.0, 3.0, 2.0, 3.0]))


def test_arrays_in_keys_are_copied(mode: str) -> None:
    """The caller may change a key before the record is read."""
    w = dt.Variable(VECTOR)
    key, mask = np.array([0, 2]), np.array([True, False, False, False, True])
    keys = [1, 3]
    with dt.GradientTape(mode) as tape:
        y = w * 1.0
        a, b = y[key], y[mask]
        y[key] = w[3] * 2.0
        y[keys] = w[4]
        np.add.at(y, key, w[:2])
        key[:] = 1
        mask[:] = False
        keys[:] = [0, 0]
        z = np.sum(y) + np.sum(a) + np.sum(b)
    close(tape.gradient(z, w), [1 + 1 + 1.0, 1.0, 1.0, 4.0, 3 + 1.0])


def test_a_traced_array_as_a_key(mode: str) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode) as tape:
        y = w * 1.0
        order = np.argsort(y)
        sorted_ = y[order]
        y[y > 1.0] = 0.0
        z = np.sum(sorted_ * np.arange(5.0)) + np.sum(y)
    expected = np.empty(5)
    expected[np.argsort(VECTOR)] = np.arange(5.0)
    close(tape.gradient(z, w), expected + (VECTOR <= 1.0))


# --- the worth of a root ------------------------------------------------------------------------------------------


def test_a_view_keeps_its_root(mode: str) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode) as tape:
        part = (w * w)[1:]
        part[0] = w[0]
        y = np.sum(part * part)
    expected = 4 * VECTOR**3
    expected[:2] = 1.0, 0.0
    close(tape.gradient(y, w), expected)


def test_writes_through_a_view_of_a_list_element(mode: str) -> None:
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode) as tape:
        layers = [w * 1.0, w * 2.0]
        for layer in layers:
            layer[1:3] = layer[0] * layer[1]
        layers[0] += layers[1]
        y = np.sum(layers[0] * layers[1])
    x = VECTOR

    def f(x: np.ndarray) -> float:
        layers = [x * 1.0, x * 2.0]
        for layer in layers:
            layer[1:3] = layer[0] * layer[1]
        layers[0] += layers[1]
        return float(np.sum(layers[0] * layers[1]))

    expected = [(f(x + 1e-6 * e) - f(x - 1e-6 * e)) / 2e-6 for e in np.eye(5)]
    np.testing.assert_allclose(tape.gradient(y, w), expected, rtol=1e-6)


def test_many_views_are_not_kept(mode: str) -> None:
    """A root knows its live views alone: those that are gone leave it."""
    w = dt.Variable(VECTOR)
    with dt.GradientTape(mode):
        y = w * 1.0
        for _ in range(5000):
            _ = y[1:3]
        assert not isinstance(y.link, list) or len(y.link) < 100
