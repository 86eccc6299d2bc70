"""Variables, constants, dual numbers, and their operators."""

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import dualtape as dt

F4 = NDArray[np.float32]
F8 = NDArray[np.float64]
C16 = NDArray[np.complex128]


def made(f4: F4, f8: F8, c16: C16, unknown: Any) -> None:
    assert_type(dt.Variable(3.0), dt.Variable[np.float64])
    assert_type(dt.Variable([[1.0], [2.0]]), dt.Variable[np.float64])
    assert_type(dt.Variable(f4), dt.Variable[np.float32])
    assert_type(dt.Variable(np.float32(1.0)), dt.Variable[np.float32])
    assert_type(dt.Variable([f4, f4]), dt.Variable[np.float32])
    assert_type(dt.Variable(1j), dt.Variable[np.complex128])
    assert_type(dt.Variable([1j, 2.0]), dt.Variable[np.complex128])
    assert_type(dt.Variable([1, 2], dtype=np.float32), dt.Variable[np.float32])
    assert_type(dt.Variable([1, 2], dtype=np.dtype(np.float32)), dt.Variable[np.float32])
    assert_type(dt.Variable([1, 2], dtype=float), dt.Variable[np.float64])
    assert_type(dt.Variable([1, 2], dtype="float32"), dt.Variable[Any])
    assert_type(dt.Variable(dt.Variable(f4)), dt.Variable[np.float32])
    assert_type(dt.Variable(dt.constant(1.0), dtype=np.float32, name="w", trainable=False), dt.Variable[np.float32])
    assert_type(dt.Variable(unknown), dt.Variable[Any])
    assert_type(dt.constant(3.0), dt.Constant[np.float64])
    assert_type(dt.constant([1.0, 2.0], name="c"), dt.Constant[np.float64])
    assert_type(dt.constant(f4), dt.Constant[np.float32])
    assert_type(dt.constant([1j]), dt.Constant[np.complex128])
    assert_type(dt.constant([1], dtype=np.float32), dt.Constant[np.float32])
    assert_type(dt.constant([1], dtype=float), dt.Constant[np.float64])
    assert_type(dt.constant([1], dtype="float32"), dt.Constant[Any])
    assert_type(dt.zeros(3), F8)
    assert_type(dt.zeros((3, 2), np.float32), F4)
    assert_type(dt.zeros(3, "f4"), NDArray[Any])
    assert_type(dt.ones(3), F8)
    assert_type(dt.ones(3, np.float32), F4)
    assert_type(dt.ones(3, "f4"), NDArray[Any])
    assert_type(dt.empty(3), F8)
    assert_type(dt.empty(3, dtype=np.float32), F4)
    assert_type(dt.empty(3, "f4"), NDArray[Any])
    assert_type(dt.full((2, 2), dt.Variable(f4)), F4)
    assert_type(dt.full((2, 2), f8), F8)
    assert_type(dt.full(3, 1.0, np.float32), F4)
    assert_type(dt.full(3, 1.0), NDArray[Any])


def operators(w: dt.Variable[np.float64], v: dt.Variable[np.float32], c: dt.Constant[np.complex128], x: F8) -> None:
    assert_type(w + w, F8)
    assert_type(w * 2.0, F8)
    assert_type(2 - w, F8)
    assert_type(w**2, F8)
    checked: NDArray[np.floating] = x @ w
    assert_type(w @ x, F8)
    assert_type(w / [1.0, 2.0], F8)
    assert_type([1.0, 2.0] - w, F8)
    assert_type((1.0, 2.0) @ w, F8)
    assert_type(w * np.int64(3), F8)
    assert_type(v * v, NDArray[np.float32])
    assert_type(v * 2.0, NDArray[np.float32])
    assert_type(v * w, F8)
    assert_type(w * v, F8)
    assert_type(v * x, F8)
    assert_type(v * np.float64(2.0), F8)
    assert_type(w * 1j, C16)
    assert_type(w * c, C16)
    assert_type(c * w, C16)
    assert_type(abs(c), F8)
    assert_type(abs(w), F8)
    assert_type(-w, F8)
    assert_type(w > 1.0, NDArray[np.bool_])
    assert_type(w[:, 0], F8)
    assert_type(w[0], Any)
    assert_type(w.T, F8)
    assert_type(w.reshape(4, 1), F8)
    assert_type(w.astype(np.float32), F4)
    assert_type(w.shape, tuple[int, ...])
    assert_type(w.dtype, np.dtype[np.float64])
    assert_type(w.name, str | None)
    assert_type(w.trainable, bool)
    assert_type(w.assign(x), dt.Variable[np.float64])
    assert_type(w.assign_add(x), dt.Variable[np.float64])
    assert_type(w.assign_sub(x), dt.Variable[np.float64])
    w -= 0.1 * x
    assert_type(w, dt.Variable[np.float64])
    assert_type(np.sum(w), np.float64)
    plain: F8 = w.numpy()
    stacked: F8 = np.stack([w, w])
    assert_type(plain, F8)
    assert_type(checked.ndim, int)
    assert_type(stacked, F8)


def more_operators(
    w: dt.Variable[np.float64],
    v: dt.Variable[np.float32],
    c: dt.Constant[np.complex64],
    c16: C16,
    i: NDArray[np.intp],
) -> None:
    assert_type(abs(c), F4)
    assert_type(c * w, C16)
    assert_type(w * c, NDArray[Any])
    assert_type(v * 1j, NDArray[Any])
    assert_type(w * c16, C16)
    assert_type(v * c16, C16)
    assert_type(c * np.float64(2.0), C16)
    assert_type(w[i % 2], F8)
    assert_type(w[..., None], F8)
    assert_type(w.reshape((4, 1)), F8)
    assert_type(w.reshape(2, 2), F8)
    assert_type(w.transpose((1, 0)), F8)
    assert_type(w.transpose(1, 0), F8)
    assert_type(w.astype(np.float32), F4)
    assert_type(w.astype("float32"), NDArray[Any])


def methods(w: dt.Variable[np.float64], c: dt.Constant[np.complex128]) -> None:
    assert_type(+w, F8)
    assert_type(w // 2.0, F8)
    assert_type(w % 2.0, F8)
    assert_type(w == 1.0, Any)
    assert_type(w != 1.0, Any)
    assert_type(w < 1.0, NDArray[np.bool_])
    assert_type(w <= 1.0, NDArray[np.bool_])
    assert_type(w >= 1.0, NDArray[np.bool_])
    assert_type(w.mT, F8)
    assert_type(w.real, NDArray[Any])
    assert_type(c.imag, NDArray[Any])
    assert_type(w.ndim, int)
    assert_type(w.size, int)
    assert_type(w.itemsize, int)
    assert_type(w.nbytes, int)
    assert_type(c.conj(), C16)
    assert_type(c.conjugate(), C16)
    assert_type(w.copy(), F8)
    assert_type(w.diagonal(), F8)
    assert_type(w.flatten(), F8)
    assert_type(w.ravel(), F8)
    assert_type(w.repeat(2), F8)
    assert_type(w.round(1), F8)
    assert_type(w.squeeze(), F8)
    assert_type(w.swapaxes(0, 1), F8)
    assert_type(w.clip(0.0, 1.0), NDArray[Any])
    assert_type(w.cumprod(), NDArray[Any])
    assert_type(w.cumsum(axis=0), NDArray[Any])
    assert_type(w.all(), Any)
    assert_type(w.any(axis=0), Any)
    assert_type(w.argmax(), Any)
    assert_type(w.argmin(axis=1), Any)
    assert_type(w.argsort(), NDArray[np.intp])
    assert_type(w.dot(np.eye(2)), Any)
    assert_type(w.item(0), Any)
    assert_type(w.max(), Any)
    assert_type(w.mean(axis=(0, 1)), Any)
    assert_type(w.min(), Any)
    assert_type(w.prod(), Any)
    assert_type(w.std(), Any)
    assert_type(w.sum(keepdims=True), Any)
    assert_type(w.take([0, 1], axis=0), Any)
    assert_type(w.tolist(), Any)
    assert_type(w.trace(), Any)
    assert_type(w.var(ddof=1), Any)
    assert_type(float(w.sum()), float)
    assert_type(len(w), int)
    for row in w:
        assert_type(row, Any)


def in_place(w: dt.Variable[np.float64]) -> None:
    w += 1.0
    w *= w
    w /= 2.0
    w **= 2
    w %= 3.0
    w //= 1.0
    w @= np.eye(2)
    assert_type(w, dt.Variable[np.float64])


def dual_operators(
    d: dt.DualArray[np.float64],
    s: dt.DualArray[np.float32],
    c: dt.DualArray[np.complex128],
    k: dt.DualArray[np.complex64],
    f4: F4,
) -> None:
    assert_type(d * d, dt.DualArray[np.float64])
    assert_type(d * f4, dt.DualArray[np.float64])
    assert_type(s * d, dt.DualArray[Any])
    assert_type(s - 1.0, dt.DualArray[np.float32])
    assert_type(abs(d), dt.DualArray[np.float64])
    assert_type(abs(c), dt.DualArray[np.float64])
    assert_type(abs(k), dt.DualArray[np.float32])
    assert_type(d.reshape((4, 1)), dt.DualArray[np.float64])
    assert_type(d.reshape(4, 1), dt.DualArray[np.float64])


def dual_methods(d: dt.DualArray[np.float64]) -> None:
    assert_type(-d + (+d), dt.DualArray[np.float64])
    assert_type((d - 1.0) / (3.5 - d), dt.DualArray[np.float64])
    assert_type(2.0 / d, dt.DualArray[np.float64])
    assert_type(d % 2.0, dt.DualArray[np.float64])
    assert_type(d @ d.T, dt.DualArray[np.float64])
    assert_type(d == d.T, Any)
    assert_type(d != d.T, Any)
    assert_type(d < 1.0, NDArray[np.bool_])
    assert_type(d <= d.T, NDArray[np.bool_])
    assert_type(d >= d.T, NDArray[np.bool_])
    assert_type(d.copy(), dt.DualArray[np.float64])
    assert_type(d.flatten(), dt.DualArray[np.float64])
    assert_type(d.ravel(), dt.DualArray[np.float64])
    assert_type(d.transpose(1, 0), dt.DualArray[np.float64])
    assert_type(d.clip(0.0, 3.0), dt.DualArray[np.float64])
    assert_type(d.cumsum(axis=0), dt.DualArray[np.float64])
    assert_type(d.dot(d), dt.DualArray[np.float64])
    assert_type(d.max(), dt.DualArray[np.float64])
    assert_type(d.mean(axis=0), dt.DualArray[np.float64])
    assert_type(d.min(), dt.DualArray[np.float64])
    assert_type(d.prod(), dt.DualArray[np.float64])
    assert_type(d.std(), dt.DualArray[np.float64])
    assert_type(d.sum(keepdims=True), dt.DualArray[np.float64])
    assert_type(d.var(), dt.DualArray[np.float64])
    assert_type(d.shape, tuple[int, ...])
    assert_type(d.dtype, np.dtype[Any])
    assert_type(d.ndim, int)
    assert_type(d.size, int)
    assert_type(d.primal, F8)


def dual_numbers(f4: F4, f8: F8) -> None:
    d = dt.DualArray(3.0, 1.0)
    assert_type(d, dt.DualArray[np.float64])
    assert_type(dt.DualArray(f4, f4), dt.DualArray[np.float32])
    assert_type(dt.DualArray([1.0], [1.0]), dt.DualArray[np.float64])
    assert_type(dt.DualArray(1j, 1.0), dt.DualArray[np.complex128])
    assert_type(d * d, dt.DualArray[np.float64])
    assert_type(2.0 * d + 1.0, dt.DualArray[np.float64])
    assert_type(d * f8, dt.DualArray[np.float64])
    assert_type(d**2, dt.DualArray[np.float64])
    assert_type(d[()], dt.DualArray[np.float64])
    assert_type(d.sum(), dt.DualArray[np.float64])
    assert_type(d > 1.0, NDArray[np.bool_])
    tangent: F8 = d.tangent
    tangents: F8 = d.tangents
    assert_type(tangent, F8)
    assert_type(tangents, F8)
    assert_type(np.square(d), Any)
    assert_type(np.square(d).tangent, Any)
    assert_type(dt.stop_gradient(d), F8)
    assert_type(dt.stop_gradient(dt.Variable(f4)), F4)
    assert_type(dt.stop_gradient({"a": f8}), dict[str, F8])
    assert_type(dt.set_forward_memory_limit(2**31), int)
