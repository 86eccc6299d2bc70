"""Numerical derivatives: what the exact ones are compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dualtape.array import plain
from dualtape.testing.coordinates import Rows, dimension, from_real, leaves, to_real

__all__ = ["complex_step_jacobian", "derivative_along", "numerical_jacobian"]

COMPLEX_STEP = 1e-30  # nothing is subtracted, so it may be as small as it likes
STEPS = (2.0**-5, 2.0**-7, 2.0**-9, 2.0**-11, 2.0**-13)  # each a quarter of the one before
COARSE_STEPS = (2.0**-3, 2.0**-5)  # for results of less than double precision, in which small steps drown


def numerical_jacobian(f: Callable[..., Any], args: Sequence[Any], *, analytic: bool = False) -> Rows:
    """Differentiate numerically, in double precision.

    Args:
        f: takes `args`, returns an array or a list or tuple of arrays.
        args: floating or complex arrays and scalars.
        analytic: whether `f` takes complex arguments and is analytic, so that a complex step is exact.

    Returns:
        The Jacobian in real coordinates, of shape (outputs, inputs).

    Example:
        >>> import numpy as np
        >>> numerical_jacobian(np.square, [np.array([1.0, 3.0])]).round(6)
        array([[2., 0.],
               [0., 6.]])
    """
    args = [_double(x) for x in args]
    if analytic and all(x.dtype.kind == "f" for x in (*args, *_evaluate(f, args))):
        return complex_step_jacobian(f, args)
    columns = [derivative_along(f, args, direction) for direction in np.diag(_scales(args))]
    return np.stack(columns, axis=1) / _scales(args) if columns else np.zeros((dimension(_evaluate(f, args)), 0))


def _scales(args: Sequence[Any]) -> Rows:
    """Return the length over which each coordinate is moved: less where it is small and a domain may end near it."""
    size = abs(_vector(list(args)))
    return np.where(size == 0.0, 1.0, np.clip(size, 0.01, 1.0))


def complex_step_jacobian(f: Callable[..., Any], args: Sequence[Any]) -> Rows:
    """Differentiate a real-valued analytic function of real arrays: the imaginary part of f(x + ih) over h.

    W. Squire and G. Trapp, Using complex variables to estimate derivatives of real functions, SIAM Review 40 (1998).
    """
    columns: list[Any] = []
    for direction in np.eye(dimension(args)):
        steps = from_real(direction[None], args)
        moved = _evaluate(f, [_moved(x, 1j * COMPLEX_STEP * step[0]) for x, step in zip(args, steps, strict=True)])
        columns.append(to_real([np.imag(out)[None] / COMPLEX_STEP for out in moved])[0])
    return np.stack(columns, axis=1) if columns else np.zeros((dimension(_evaluate(f, args)), 0))


def derivative_along(
    f: Callable[..., Any], args: Sequence[Any], direction: Rows, steps: Sequence[float] | None = None
) -> Rows:
    """Differentiate along a direction by central differences, extrapolated to the step 0.

    Of all extrapolations the one with the smallest estimate of its error is taken, entry by entry, as in C. Ridders,
    Accurate computation of F'(x) and F'(x)F''(x), Advances in Engineering Software 4 (1982).

    Args:
        f: takes `args`, returns an array or a list or tuple of arrays.
        args: floating or complex arrays and scalars.
        direction: a vector in the real coordinates of `args`.
        steps: how far to go along it, each a quarter of the one before; as fits the precision unless given.

    Returns:
        The derivative, in the real coordinates of the outputs.
    """
    args = [_double(x) for x in args]
    step = [stack[0] for stack in from_real(direction[None], args)]

    def moved(h: float) -> list[Any]:
        return _evaluate(f, [_moved(x, h * s) for x, s in zip(args, step, strict=True)])

    def difference(h: float) -> Rows:
        return (_vector(moved(h)) - _vector(moved(-h))) / (2 * h)

    if steps is None:
        precise = all(out.dtype.itemsize >= (16 if out.dtype.kind == "c" else 8) for out in moved(0.0))
        steps = STEPS if precise else COARSE_STEPS
    with np.errstate(all="ignore"):
        return _extrapolate([difference(h) for h in steps])


def _extrapolate(estimates: list[Rows]) -> Rows:
    """Extrapolate estimates whose errors are even in steps that shrink by 4 (Neville's scheme)."""
    best, smallest = estimates[-1], np.full(estimates[-1].shape, np.inf)
    before = estimates[:1]
    for estimate in estimates[1:]:
        row = [estimate]
        for order, coarser in enumerate(before, start=1):
            finer = row[-1]
            row.append(finer + (finer - coarser) / (16.0**order - 1))
            error = np.maximum(abs(row[-1] - finer), abs(row[-1] - coarser))
            best = np.where(error < smallest, row[-1], best)
            smallest = np.fmin(error, smallest)
        before = row
    return best


def _double(x: Any) -> Any:
    value = plain(x)
    value = value if isinstance(value, np.ndarray) else np.asarray(value)[()]
    return value.astype(np.result_type(value.dtype, np.float64))


def _moved(x: Any, step: Any) -> Any:
    # An array without axes stays one: the function may write into it.
    return np.asarray(x + step) if isinstance(x, np.ndarray) else x + step


def _evaluate(f: Callable[..., Any], args: Sequence[Any]) -> list[Any]:
    with np.errstate(all="ignore"):
        return [plain(out) for out in leaves(f(*args))]


def _vector(outputs: list[Any]) -> Rows:
    return to_real([out[None] for out in outputs])[0] if outputs else np.zeros(0)
