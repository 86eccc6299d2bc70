"""Linear systems: solve, inverses, least squares, determinants, powers and chains of matrices."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from dualtape.array import ACTIVE, TracedArray, apply, plain, resolve
from dualtape.errors import NotDifferentiableError
from dualtape.ops.contraction import lifted
from dualtape.ops.protocol import function, store, strip
from dualtape.ops.shaping import arraylike
from dualtape.primitive import Primitive, structural

__all__ = [
    "adjoint", "below", "cofactors", "column", "conj", "current", "inverse_of", "mirrored", "real", "solve_large",
    "solved", "symmetric",
]  # fmt: skip

# Rules refer to: [Giles] M. Giles, An extended collection of matrix derivative results for forward and reverse mode
# algorithmic differentiation, Oxford report NA-08/01 (2008).

# --- what the families of linear algebra share --------------------------------------------------------------------


def conj(x: Any) -> Any:
    """Return the conjugate; of real values themselves, which NumPy would copy."""
    return np.conj(x) if x.dtype.kind == "c" else x


def real(x: Any) -> Any:
    """Return the real part; of real values themselves."""
    return np.real(x) if x.dtype.kind == "c" else x


def adjoint(x: Any) -> Any:
    """Return the conjugate transposes of matrices on the last two axes."""
    return conj(np.swapaxes(x, -1, -2))


def symmetric(x: Any) -> Any:
    """Return the symmetric (Hermitian) parts of matrices."""
    return 0.5 * (x + adjoint(x))


def mirrored(x: Any) -> Any:
    """Return the symmetric (Hermitian) matrices whose lower triangles are those of `x`."""
    below_diagonal = np.tril(x, -1)
    return below_diagonal + adjoint(below_diagonal) + real(x) * np.eye(x.shape[-1], dtype=x.real.dtype)


def column(x: Any, ndim: int) -> Any:
    """Return vectors as matrices of one column where the operand that they belong to is one vector."""
    return x[..., None] if ndim == 1 else x


def current(x: Any) -> Any:
    """Return an operand as the tapes of the context see it; a list as an array."""
    return arraylike(resolve(x, ACTIVE.get()))


def below(*operands: Any) -> Any:
    """Return resolved operands without the youngest of the tapes that record them, or `None` where none does.

    What is computed from these can be given to a primitive as operands of its own: they belong to outer tapes only.
    """
    levels = [x.recording.level for x in operands if isinstance(x, TracedArray)]
    if not levels:
        return None
    top = max(levels)
    return [x._primal if isinstance(x, TracedArray) and x.recording.level == top else x for x in operands]


def solved(a: Any, right: Any, ndim: int) -> Any:
    """Solve for matrices of right sides; those of a batch axis in front of `ndim` axes share one factorization."""
    if right.ndim == ndim:
        return np.linalg.solve(a, right)
    moved = np.moveaxis(right, 0, -2)
    *batch, m, k, n = moved.shape
    x = np.linalg.solve(a, np.reshape(moved, (*batch, m, k * n)))
    return np.moveaxis(np.reshape(x, (*x.shape[:-1], k, n)), -2, 0)


# --- solve, inv ---------------------------------------------------------------------------------------------------

# [Giles] 2.2.3 and 2.3.1: A dX = dB - dA X. The right side is a vector where it has one axis, as NumPy 2 decides.


def _pushed_a(t: Any, out: Any, b: Any) -> Any:
    """Return -dA X, for tangents of A."""
    x = column(out, b.ndim)
    found = -np.matmul(lifted(t, x.ndim), x)
    return found[..., 0] if b.ndim == 1 else found


def _solve_a(t: Any, out: Any, a: Any, b: Any) -> Any:
    return _given_right(_pushed_a(t, out, b), out, a, None, None, vector=b.ndim == 1)


def _solve_b(t: Any, out: Any, a: Any, b: Any) -> Any:
    return _given_right(lifted(t, a.ndim - 1 if b.ndim == 1 else out.ndim), out, a, None, None, vector=b.ndim == 1)


def _given_right(t: Any, out: Any, a: Any, _right: Any, _x: Any, *, vector: bool) -> Any:
    return solved(a, t[..., None], a.ndim)[..., 0] if vector else solved(a, t, out.ndim)


def _right(_a: Any, b: Any, x: Any) -> Any:
    b = np.broadcast_to(b, x.shape)
    return b if b.dtype == x.dtype else b.astype(x.dtype)


def _right_b(t: Any, out: Any, _a: Any, _b: Any, _x: Any) -> Any:
    whole = t.shape[:1] + out.shape
    return t if t.shape == whole else np.broadcast_to(lifted(t, out.ndim), whole)


solve_: Primitive = structural("solve", np.linalg.solve, (_solve_a, _solve_b))
# Where the matrix and the right side both are traced, one system gives the derivative in both: B is taken for B - dA X,
# with X given, and then the system is solved as if A were a constant.
right_: Primitive = structural("right side", _right, (lambda t, _out, _a, b, x: _pushed_a(t, x, b), _right_b, None))
solution_: Primitive = structural("solution", lambda _a, _right, x, *, vector: x, (None, _given_right, None))
inv_: Primitive = structural("inv", np.linalg.inv, (lambda t, out, _a: -np.matmul(np.matmul(out, t), out),))


SHARED = 64  # the order from which a factorization costs more than a record


@function(np.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    """Solve linear systems."""
    a, b = current(a), current(b)
    return solve_large(a, b) if a.ndim and a.shape[-1] >= SHARED else apply(solve_, (a, b), {})


def solve_large(a: Any, b: Any) -> Any:
    """Solve linear systems in two records where one tape traces both operands, so that their derivatives share work."""
    a, b = current(a), current(b)
    if not isinstance(a, TracedArray) or not isinstance(b, TracedArray) or a.recording is not b.recording:
        return apply(solve_, (a, b), {})
    x = np.linalg.solve(a._primal, b._primal)
    return apply(solution_, (a._primal, apply(right_, (a, b, x), {}), x), {"vector": b.ndim == 1})


@function(np.linalg.inv)
def inv(a: Any) -> Any:
    """Invert matrices."""
    return apply(inv_, (a,), {})


@function(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """Solve a tensor equation."""
    a, b = current(a), current(b)
    if axes is not None:
        order = list(range(a.ndim))
        for k in axes:
            order.remove(k)
            order.insert(a.ndim, k)
        a = np.transpose(a, order)
    shape = a.shape[-(a.ndim - b.ndim) :]
    n = math.prod(shape)
    if a.size != n**2:
        raise np.linalg.LinAlgError(
            "Input arrays must satisfy the requirement prod(a.shape[b.ndim:]) == prod(a.shape[:b.ndim])"
        )
    return np.reshape(solve(np.reshape(a, (n, n)), np.ravel(b)), shape)


@function(np.linalg.tensorinv)
def tensorinv(a: Any, ind: int = 2) -> Any:
    """Invert a tensor that maps its last axes to its first `ind` ones."""
    a = current(a)
    if ind <= 0:
        raise ValueError("Invalid ind argument.")
    n = math.prod(a.shape[ind:])
    return np.reshape(inv(np.reshape(a, (n, -1))), a.shape[ind:] + a.shape[:ind])


# --- determinants -------------------------------------------------------------------------------------------------

MINORS = 64  # the largest order for which the cofactors of a singular matrix are computed as determinants


def inverse_of(a: Any) -> Any:
    """Invert matrices for a rule that needs them to be regular."""
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError as error:
        raise NotDifferentiableError(
            "numpy.linalg.slogdet has no derivative at a singular matrix, where the logarithm is minus infinity"
        ) from error


def cofactors(a: Any, out: Any) -> Any:
    """Return the derivatives of determinants in the entries: det(a) times the transposed inverse, as Jacobi found.

    Where a matrix of the stack is singular, or nearly so, they are computed as the determinants of the minors, which
    is dearer but never divides: so derivatives of any order are right there too.
    """
    value, det_value, n = plain(a), plain(out), a.shape[-1]
    regular = bool(np.isfinite(det_value).all() and (det_value != 0).all())
    inverse: Any = None
    if regular:
        try:
            inverse = np.linalg.inv(a)
        except np.linalg.LinAlgError:
            regular = False
    if regular and (n > MINORS or _well_conditioned(value, plain(inverse))):
        return out[..., None, None] * np.swapaxes(inverse, -1, -2)
    if n > MINORS:
        raise NotDifferentiableError(
            f"numpy.linalg.det: where it is zero or not finite, its derivative is computed up to order {MINORS} only, "
            f"and this matrix has order {n}: use numpy.linalg.slogdet of a regular matrix"
        )
    others = np.array([[j for j in range(n) if j != i] for i in range(n)], np.intp).reshape(n, max(n - 1, 0))
    minors = a[..., others[:, None, :, None], others[None, :, None, :]]
    checkers = (-1.0) ** np.add.outer(np.arange(n), np.arange(n))
    return np.linalg.det(minors) * checkers.astype(value.real.dtype)


def _well_conditioned(a: Any, inverse: Any) -> bool:
    sizes = [np.abs(x).sum(-1).max(-1, initial=0) for x in (a, inverse)]
    return bool((sizes[0] * sizes[1] * max(a.shape[-1], 1) * np.finfo(np.float64).eps < 0.01).all())


def _det_jvp(t: Any, out: Any, a: Any) -> Any:
    return np.sum(cofactors(a, out) * t, axis=(-2, -1))


def _trace_of_solution(t: Any, a: Any) -> Any:
    return np.sum(np.swapaxes(inverse_of(a), -1, -2) * t, axis=(-2, -1))


def _sign_jvp(t: Any, out: Any, a: Any, _sign: Any) -> Any:
    return out * 1j * np.imag(_trace_of_solution(t, a)) if out.dtype.kind == "c" else np.zeros(t.shape[:-2], out.dtype)


det_: Primitive = structural("det", np.linalg.det, (_det_jvp,))
# Both are given what NumPy computed at once.
logdet_: Primitive = structural(
    "logabsdet", lambda _a, value: value, (lambda t, _out, a, _value: real(_trace_of_solution(t, a)), None)
)
sign_: Primitive = structural("sign of det", lambda _a, value: value, (_sign_jvp, None))


@function(np.linalg.det)
def det(a: Any) -> Any:
    """Return determinants."""
    return apply(det_, (a,), {})


@function(np.linalg.slogdet)
def slogdet(a: Any) -> Any:
    """Return the signs and the logarithms of the magnitudes of determinants."""
    a = current(a)
    inner = below(a)
    if inner is None:
        return np.linalg.slogdet(a)
    result = np.linalg.slogdet(*inner)
    return type(result)(apply(sign_, (a, result[0]), {}), apply(logdet_, (a, result[1]), {}))


# --- powers and chains --------------------------------------------------------------------------------------------


@function(np.linalg.matrix_power)
def matrix_power(a: Any, n: Any) -> Any:
    """Raise matrices to a whole power, with NumPy's own order of products."""
    a = current(a)
    if not isinstance(a, TracedArray) or a.ndim < 2 or a.shape[-1] != a.shape[-2] or not hasattr(n, "__index__"):
        return np.linalg.matrix_power(strip(a), n)
    n = operator.index(n)
    if n == 0:
        return np.where(False, a, np.eye(a.shape[-1], dtype=a.dtype))  # recorded: its derivative is zero
    if n < 0:
        a, n = inv(a), -n
    if n == 3:
        return np.matmul(np.matmul(a, a), a)
    square, result = a, None
    while True:
        n, bit = divmod(n, 2)
        if bit:
            result = square if result is None else np.matmul(result, square)
        if not n:
            return result
        square = np.matmul(square, square)


@function(np.linalg.multi_dot)
def multi_dot(arrays: Any, *, out: Any = None) -> Any:
    """Multiply several matrices in the order that costs least, which is NumPy's."""
    if len(arrays) < 2:
        raise ValueError("Expecting at least two arrays.")
    if len(arrays) == 2:
        return np.dot(arrays[0], arrays[1], out=out)
    chain = [current(x) for x in arrays]
    first, last = chain[0].ndim, chain[-1].ndim
    if first == 1:
        chain[0] = chain[0][None, :]
    if last == 1:
        chain[-1] = chain[-1][:, None]
    for x in chain:
        if x.ndim != 2:
            raise np.linalg.LinAlgError(f"{x.ndim}-dimensional array given. Array must be two-dimensional")
    result = _product(chain, _splits([x.shape[0] for x in chain] + [chain[-1].shape[1]]), 0, len(chain) - 1)
    if out is not None:
        result = store(out, result)  # NumPy writes the matrix, before it drops an axis
    if first == last == 1:
        return result[0, 0]
    return np.ravel(result) if first == 1 or last == 1 else result


def _splits(sizes: list[int]) -> dict[tuple[int, int], int]:
    """Return where to split each part of a chain of matrices (Cormen et al., Introduction to Algorithms, 15.2)."""
    n = len(sizes) - 1
    if n == 3:  # of two orders that cost the same NumPy takes the other one here
        a, b, c, d = sizes
        return {(0, 2): 1 if a * c * (b + d) < b * d * (a + c) else 0, (0, 1): 0, (1, 2): 1}
    cost = {(i, i): 0 for i in range(n)}
    splits: dict[tuple[int, int], int] = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            costs = [cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j)]
            cost[i, j] = min(costs)
            splits[i, j] = i + costs.index(cost[i, j])
    return splits


def _product(chain: list[Any], splits: dict[tuple[int, int], int], i: int, j: int) -> Any:
    if i == j:
        return chain[i]
    k = splits[i, j]
    return np.dot(_product(chain, splits, i, k), _product(chain, splits, k + 1, j))
