"""Transforms: functions that return derivatives of functions. Their types stand in `transforms.pyi`."""

from __future__ import annotations

from typing import Any

from dualtape import differentiation as _d
from dualtape.arguments import argument_numbers

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "linearize", "value_and_grad", "vjp"]


def _transformed(run: Any, f: Any, argnums: Any, **options: Any) -> Any:
    """Return the function that `run` makes of `f`."""
    return _d.derived(run, f, argument_numbers(argnums), _d.checked(f, **options))


def grad(
    f: Any,
    argnums: Any = 0,
    *,
    mode: Any = None,
    has_aux: bool = False,
    chunk_size: int | None = None,
    progress: Any = None,
    executor: Any = None,
) -> Any:
    """Return the function that computes the gradient of a function of arrays that returns one number.

    Args:
        f: a function of NumPy code. The arguments that `argnums` names are arrays of an inexact dtype, floats, or
            containers of them: lists, tuples, named tuples, dicts, dataclasses, and what `register_pytree_node` knows.
        argnums: the arguments to differentiate in, counted from 0, or from the end where negative: an int, or a tuple
            of ints. An argument that is passed by keyword counts where the signature has it.
        mode: "forward", "reverse", or another installed mode; `None` or "auto" for reverse where it is installed
            and the inputs outnumber the outputs, else forward.
        has_aux: whether `f` returns (output, aux), where aux is not differentiated; the result is (gradient, aux) then.
        chunk_size: how many directions travel together in one forward pass; more want more memory.
        progress: wraps the iterable of the forward passes, as `tqdm.tqdm` does.
        executor: a `concurrent.futures.Executor` that shares the forward passes out, or one of that interface.

    Returns:
        A function with the arguments of `f`. It returns an array of the argument's shape and dtype, or a NumPy scalar
        for a float, or a container of these as the argument is one; a tuple of these where `argnums` is a tuple.
        For complex arguments it is dL/d re + i dL/d im, the direction of steepest ascent.

    Raises:
        TypeError: if `f` does not return one real number, or an argument is not of floats.
        UnknownModeError: if nothing provides the mode.
        TapeError: if an outer tape records, and the passes would run on an executor.
        NotDifferentiableError: if several forward passes show that `f` gives another value each time.

    Example:
        >>> import numpy as np
        >>> import dualtape as dt
        >>> dt.grad(lambda x: np.sum(x**3))(np.array([1.0, 2.0]))
        array([ 3., 12.])
        >>> dt.grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 5.0)
        (np.float64(5.0), np.float64(2.0))
    """
    return _transformed(
        _d.run_grad, f, argnums, mode=mode, has_aux=has_aux, chunk_size=chunk_size, progress=progress, executor=executor
    )


def value_and_grad(
    f: Any,
    argnums: Any = 0,
    *,
    mode: Any = None,
    has_aux: bool = False,
    chunk_size: int | None = None,
    progress: Any = None,
    executor: Any = None,
) -> Any:
    """Return the function that computes the value of a function and its gradient; see `grad`.

    Returns:
        A function that returns (value, gradient), or ((value, aux), gradient) with `has_aux`.

    Example:
        >>> import dualtape as dt
        >>> dt.value_and_grad(lambda x: x * x)(3.0)
        (np.float64(9.0), np.float64(6.0))
    """
    return _transformed(
        _d.run_value_and_grad, f, argnums,
        mode=mode, has_aux=has_aux, chunk_size=chunk_size, progress=progress, executor=executor,
    )  # fmt: skip


def jacobian(
    f: Any,
    argnums: Any = 0,
    *,
    mode: Any = None,
    has_aux: bool = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: Any = None,
    executor: Any = None,
) -> Any:
    """Return the function that computes the Jacobian of a function; see `grad` for the arguments.

    Args:
        f: returns an array, or a container of arrays.
        argnums: as for `grad`.
        mode: as for `grad`.
        has_aux: as for `grad`.
        holomorphic: says that `f` is holomorphic in its complex arguments, which is checked.
        chunk_size: how many rows travel together in one pass, forward or backward.
        progress: wraps the iterable of the passes.
        executor: shares the forward passes out.

    Returns:
        A function that returns arrays of shape `output.shape + argument.shape`, in the structure of the output, and
        within it in that of the arguments. Their dtype is the argument's, or the complex one of its precision where the
        output is complex.

    Raises:
        TypeError: if an argument is complex, unless `holomorphic`; else as for `grad`.
        ValueError: if `holomorphic`, and the Cauchy-Riemann equations don't hold.

    Example:
        >>> import numpy as np
        >>> import dualtape as dt
        >>> dt.jacobian(np.square)(np.array([1.0, 2.0]))
        array([[2., 0.],
               [0., 4.]])
    """
    return _transformed(
        _d.run_jacobian, f, argnums, mode=mode, has_aux=has_aux, holomorphic=holomorphic,
        chunk_size=chunk_size, progress=progress, executor=executor,
    )  # fmt: skip


def hessian(
    f: Any,
    argnums: Any = 0,
    *,
    mode: Any = None,
    has_aux: bool = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: Any = None,
    executor: Any = None,
) -> Any:
    """Return the function that computes the second derivatives of a function; see `jacobian` for the arguments.

    The passes are those of the outer derivative. A mode that is named is that of both derivatives; else it is
    forward over reverse where reverse mode is installed and the inputs outnumber the outputs.

    Returns:
        A function that returns arrays of shape `output.shape + argument.shape + argument.shape`, in the structure of
        the output, within it in that of the arguments, and within that once more.

    Example:
        >>> import numpy as np
        >>> import dualtape as dt
        >>> dt.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
        array([[4., 2.],
               [2., 0.]])
    """
    return _transformed(
        _d.run_hessian, f, argnums, mode=mode, has_aux=has_aux, holomorphic=holomorphic,
        chunk_size=chunk_size, progress=progress, executor=executor,
    )  # fmt: skip


def jvp(f: Any, primals: Any, tangents: Any, *, argnums: Any = None, mode: Any = None, has_aux: bool = False) -> Any:
    """Return a function's output and its derivative along tangents of the arguments.

    Args:
        f: a function of NumPy code that returns an array, or a container of arrays.
        primals: its arguments, a tuple.
        tangents: a tuple with one entry for each argument that `argnums` selects, of its structure, shapes and dtypes.
        argnums: the arguments to differentiate in: an int, a tuple of ints, or `None` for all.
        mode: as for `grad`; `None` is forward. In reverse mode the pullback is transposed.
        has_aux: whether `f` returns (output, aux).

    Returns:
        (output, tangent of the output), and aux as a third with `has_aux`.

    Raises:
        TypeError: if a tangent's structure or dtype is not its argument's.
        ValueError: if its shape is not.

    Example:
        >>> import numpy as np
        >>> import dualtape as dt
        >>> dt.jvp(np.square, (3.0,), (1.0,))
        (np.float64(9.0), np.float64(6.0))
    """
    return _d.run_jvp(f, argument_numbers(argnums), _d.checked(f, mode=mode, has_aux=has_aux), primals, tangents)


def vjp(f: Any, *primals: Any, argnums: Any = None, mode: Any = None, has_aux: bool = False) -> Any:
    """Return a function's output, and the function that pulls cotangents of the output back.

    Args:
        f: a function of NumPy code that returns an array, or a container of arrays.
        *primals: its arguments.
        argnums: the arguments to differentiate in: an int, a tuple of ints, or `None` for all.
        mode: as for `grad`; `None` is reverse where it is installed. In forward mode the Jacobian is computed at once.
        has_aux: whether `f` returns (output, aux).

    Returns:
        (output, pullback), and aux as a third with `has_aux`. `pullback(w)` takes a cotangent of the output's
        structure, shapes and dtypes, as often as one likes, and returns a tuple with one entry for each selected
        argument: the gradient of the real part of the sum of conj(w) * f.

    Raises:
        TypeError: by `pullback`, if a cotangent's structure or dtype is not the output's.
        ValueError: by `pullback`, if its shape is not.

    Example:
        >>> import numpy as np
        >>> import dualtape as dt
        >>> y, pullback = dt.vjp(np.square, np.array([1.0, 2.0]))
        >>> pullback(np.array([1.0, 10.0]))
        (array([ 2., 40.]),)
    """
    return _d.run_vjp(f, argument_numbers(argnums), _d.checked(f, mode=mode, has_aux=has_aux), primals)


def linearize(f: Any, *primals: Any, argnums: Any = None, mode: Any = None, has_aux: bool = False) -> Any:
    """Return a function's output, and its derivative there as a function of tangents that does not call it again.

    Args:
        f: a function of NumPy code that returns an array, or a container of arrays.
        *primals: its arguments.
        argnums: the arguments to differentiate in: an int, a tuple of ints, or `None` for all.
        mode: as for `grad`; `None` is forward for up to 64 directions. In forward mode the Jacobian is computed at
            once, in reverse mode the pullback is kept, and transposed at each call.
        has_aux: whether `f` returns (output, aux).

    Returns:
        (output, pushforward), and aux as a third with `has_aux`. `pushforward(*tangents)` takes one tangent for each
        selected argument, and returns that of the output.

    Example:
        >>> import numpy as np
        >>> import dualtape as dt
        >>> y, pushforward = dt.linearize(np.square, 3.0)
        >>> pushforward(1.0), pushforward(10.0)
        (np.float64(6.0), np.float64(60.0))
    """
    return _d.run_linearize(f, argument_numbers(argnums), _d.checked(f, mode=mode, has_aux=has_aux), primals)


def hvp(f: Any, primals: Any, tangents: Any, argnums: Any = 0, *, mode: Any = None) -> Any:
    """Return the product of a function's Hessian with tangents, without the Hessian.

    It is `jvp(grad(f, argnums), primals, tangents)[1]`: the gradient's derivative along the tangents.

    Args:
        f: a function of NumPy code that returns one number.
        primals: its arguments, a tuple.
        tangents: a tuple with one tangent for each of them.
        argnums: the arguments that the gradient is taken in.
        mode: that of both derivatives; `None` is forward over reverse where reverse mode is installed.

    Returns:
        What `grad(f, argnums)` returns, differentiated.

    Example:
        >>> import numpy as np
        >>> import dualtape as dt
        >>> x = np.array([1.0, 2.0])
        >>> dt.hvp(lambda x: np.sum(x**3), (x,), (np.array([1.0, 0.0]),))
        array([6., 0.])
    """
    return _d.run_hvp(f, argument_numbers(argnums), _d.checked(f, mode=mode), primals, tangents)
