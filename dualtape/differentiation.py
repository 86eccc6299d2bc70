"""What the transforms do: choose a mode, run the function, and put its derivatives together."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import partial, update_wrapper
from typing import Any

import numpy as np

from dualtape.arguments import LEAVE_OUT, Argnums, Arguments, Function, Outputs
from dualtape.array import ACTIVE, TracedArray, plain
from dualtape.bare import bare
from dualtape.errors import BackendError, PerformanceWarning, UnknownModeError
from dualtape.forward import WARN_ROWS
from dualtape.frames import stack_level
from dualtape.jacobians import MANY, Linear, assemble, check_real, derivative_dtype
from dualtape.mode import ModeName
from dualtape.numerics import AROUND, Numerics, check
from dualtape.passes import Options, Recorded, forward_rows, push
from dualtape.pytree import leaves
from dualtape.registry import find_backend, installed

__all__ = [
    "checked", "derived", "run_grad", "run_hessian", "run_hvp", "run_jacobian", "run_jvp", "run_linearize",
    "run_value_and_grad", "run_vjp",
]  # fmt: skip

# `Any`: a user's function takes and returns anything.

CROSSOVER = 1  # inputs for each output beyond which reverse mode is the faster one


def checked(f: Any, *, mode: Any = None, **options: Any) -> Options:
    """Return the options of a transform, or raise where they make no sense."""
    if not callable(f):
        raise TypeError(f"a transform takes a function, not {type(f).__name__}: grad(f)(x), not grad(f(x))")
    if mode == "auto":
        mode = None
    if mode is not None:
        find_backend(mode)
    found = Options(mode, **options)
    chunk: Any = found.chunk_size
    if chunk is not None and (isinstance(chunk, bool) or not isinstance(chunk, (int, np.integer)) or chunk < 1):
        raise ValueError(f"chunk_size is a positive number of rows, not {chunk!r}")
    if found.progress is not None and not callable(found.progress):
        raise TypeError(f"progress wraps an iterable, as tqdm.tqdm does; {found.progress!r} can't be called")
    if found.executor is not None:
        if not hasattr(found.executor, "submit"):
            raise TypeError(
                f"an executor has a method submit, as concurrent.futures has them; {found.executor!r} has none"
            )
        if mode not in (None, "forward"):
            raise ValueError(f"an executor shares forward passes out: leave mode={mode!r} out, or executor")
    return found


def derived(run: Any, f: Function, argnums: Argnums, options: Options) -> Any:
    """Return the function that `run` makes of `f`, which has its name and signature, and can be sent if `f` can."""
    made: Any = partial(run, f, argnums, options)
    made.__wrapped__ = f
    return update_wrapper(made, f) if hasattr(f, "__name__") else made


# --- which mode ---------------------------------------------------------------------------------------------------


def _has_reverse() -> bool:
    try:
        return installed("reverse") and bool(find_backend("reverse"))
    except (UnknownModeError, BackendError):
        return False


def _mode(options: Options, arguments: Arguments, outputs: int | None, f: Function) -> ModeName:
    """Return the mode that was named, or the one that suits; `outputs` is `None` where a call of `f` has to tell."""
    if options.mode is not None:
        return options.mode
    if options.executor is not None:
        return "forward"
    if arguments.size <= CROSSOVER * (1 if outputs is None else outputs):
        return "forward"
    if not _has_reverse():
        if outputs == 1 and arguments.size >= WARN_ROWS:
            warnings.warn(
                f"a forward gradient in {arguments.size} entries costs about {arguments.size // 4} times what a "
                f"reverse one does: install dualtape-reverse, or pass mode='forward' if that is what you mean",
                PerformanceWarning,
                stacklevel=stack_level(),
            )
        return "forward"
    if outputs is None:
        try:
            outputs = _count_outputs(f, arguments, options.has_aux)
        except Exception:  # noqa: BLE001  # it may want traced values, to watch them; else it fails there as well
            return "reverse"
    return "reverse" if arguments.size > CROSSOVER * outputs else "forward"


def _count_outputs(f: Function, arguments: Arguments, has_aux: bool) -> int:
    """Run the function by itself, where no tape sees it, and count the entries of its output."""
    before = ACTIVE.get()
    ACTIVE.set(())
    try:
        output = arguments.call(f, [_copied(plain(x)) for x in arguments.values], again=True)
    finally:
        ACTIVE.set(before)
    if has_aux and isinstance(output, (tuple, list)) and output:
        output = output[0]
    return sum(int(np.size(plain(x))) for x in leaves(output) if x is not None)


def _copied(x: Any) -> Any:
    return x.copy() if isinstance(x, np.ndarray) else x


# --- gradients ----------------------------------------------------------------------------------------------------


def run_grad(f: Function, argnums: Argnums, options: Options, *args: Any, **kwargs: Any) -> Any:
    """Return the gradient, with aux where there is one."""
    _, gradient, aux = _value_and_grad("grad", f, argnums, options, args, kwargs)
    return (gradient, aux) if options.has_aux else gradient


def run_value_and_grad(f: Function, argnums: Argnums, options: Options, *args: Any, **kwargs: Any) -> Any:
    """Return the value, with aux where there is one, and the gradient."""
    value, gradient, aux = _value_and_grad("value_and_grad", f, argnums, options, args, kwargs)
    return ((value, aux) if options.has_aux else value), gradient


def _value_and_grad(
    what: str, f: Function, argnums: Argnums, options: Options, args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[Any, Any, Any]:
    arguments = Arguments(f, argnums, args, kwargs)
    mode = _mode(options, arguments, 1, f)
    if mode == "forward":
        outputs, (row,), aux = forward_rows(f, arguments, options, what)
        value = outputs.values[0]
        found = [None if part is None else _ascent(part, x) for part, x in zip(row, arguments.values, strict=True)]
    else:
        run = Recorded(mode, f, arguments, options.has_aux, once=options.progress is None)
        try:
            value, aux = run.outputs.number(what), run.aux
            found = run.gradient([None]) if options.progress is None else _watched(run, options)
        finally:
            run.release()
    return value, arguments.result(_gradients(arguments, found)), aux


def _watched(run: Recorded, options: Options) -> list[Any]:
    """Show a reverse gradient, one pass, to a progress bar."""
    found: list[Any] = []
    for cotangent in options.watched([None]):
        found = run.gradient([cotangent])
    return found


def _ascent(part: Linear, x: Any) -> Any:
    """Return a gradient from the one row of a Jacobian."""
    g = part.re if part.im is None else part.re + 1j * part.im
    return g.reshape(x.shape)


def _gradients(arguments: Arguments, found: Sequence[Any]) -> list[Any]:
    """Give gradients their arguments' shapes and dtypes; one that is `None` is zero."""
    results: list[Any] = []
    for i, g in enumerate(found):
        shape, dtype = arguments.shapes[i], arguments.dtypes[i]
        if g is None:
            g = np.zeros(shape, dtype)
        elif g.dtype != dtype:
            g = g.astype(dtype)
        results.append(arguments.settled(i, g))
    return results


# --- Jacobians and Hessians ---------------------------------------------------------------------------------------


def run_jacobian(f: Function, argnums: Argnums, options: Options, *args: Any, **kwargs: Any) -> Any:
    """Return the Jacobian, with aux where there is one."""
    arguments = Arguments(f, argnums, args, kwargs)
    for i, dtype in enumerate(arguments.dtypes):
        check_real(dtype, options.holomorphic, arguments.name(i) if dtype.kind == "c" else "")
    mode = _mode(options, arguments, None, f)
    if mode == "forward":
        outputs, rows, aux = forward_rows(f, arguments, options)
    else:
        run = Recorded(mode, f, arguments, options.has_aux)
        try:
            outputs, rows, aux = run.outputs, run.jacobians(options), run.aux
        finally:
            run.release()
    found = [
        arguments.result([_block(arguments, i, part, y, options.holomorphic) for i, part in enumerate(row)])
        for y, row in zip(outputs.values, rows, strict=True)
    ]
    result = outputs.result(found)
    return (result, aux) if options.has_aux else result


def _block(arguments: Arguments, i: int, part: Linear | None, y: Any, holomorphic: bool) -> Any:
    shape, dtype = y.shape + arguments.shapes[i], arguments.dtypes[i]
    if part is None:
        return arguments.settled(i, np.zeros(shape, derivative_dtype(dtype, y.dtype)))
    return arguments.settled(i, assemble(part, shape, dtype, holomorphic))


def run_hessian(f: Function, argnums: Argnums, options: Options, *args: Any, **kwargs: Any) -> Any:
    """Return the Jacobian of the Jacobian, with aux where there is one."""
    inner = Options(options.mode, options.has_aux, options.holomorphic)
    if inner.mode is None:
        inner = inner._replace(mode=_mode(inner, Arguments(f, argnums, args, kwargs), None, f))
        options = options._replace(mode="forward")
    return run_jacobian(derived(run_jacobian, f, argnums, inner), argnums, options, *args, **kwargs)


# --- products -----------------------------------------------------------------------------------------------------


def _called(f: Function, argnums: Argnums, primals: Any, remedy: str = LEAVE_OUT) -> Arguments:
    if not isinstance(primals, (tuple, list)):
        raise TypeError(f"primals are a tuple of the function's arguments, not {type(primals).__name__}: write (x,)")
    arguments = Arguments(f, argnums, primals, {}, remedy)
    arguments.single = False
    return arguments


def run_jvp(
    f: Function, argnums: Argnums, options: Options, primals: Any, tangents: Any, remedy: str = LEAVE_OUT
) -> Any:
    """Return the output, its tangent, and aux where there is one."""
    arguments = _called(f, argnums, primals, remedy)
    directions = arguments.tangents(tangents)
    if options.mode in (None, "forward"):
        outputs, pushed, aux = push(f, arguments, [t.reshape(1, *t.shape) for t in directions], options.has_aux)
        pushed = [None if t is None else t.reshape(t.shape[1:]) for t in pushed]
    else:
        run = Recorded(options.mode, f, arguments, options.has_aux)
        try:
            outputs, pushed, aux = run.outputs, run.pushed(directions), run.aux
        finally:
            run.release()
    result = (outputs.value, outputs.result(_tangents(outputs, pushed)))
    return (*result, aux) if options.has_aux else result


def _tangents(outputs: Outputs, found: Sequence[Any]) -> list[Any]:
    """Give tangents their outputs' dtypes and kinds; one that is `None` is zero."""
    results: list[Any] = []
    for t, y in zip(found, outputs.values, strict=True):
        if t is None:
            t = np.zeros(y.shape, y.dtype)
        elif t.dtype != y.dtype:
            t = t.astype(y.dtype)
        if not isinstance(t, TracedArray):
            t = np.asarray(t) if isinstance(plain(y), np.ndarray) else t[()]
            if t.shape and (len(found) > 1 or not t.flags.writeable):
                t = t.copy()  # an operation may pass the tangents of its operand on
        results.append(t)
    return results


def run_hvp(f: Function, argnums: Argnums, options: Options, primals: Any, tangents: Any) -> Any:
    """Return the derivative of the gradient along the tangents."""
    inner, outer = options, options
    if options.mode is None:
        inner = options._replace(mode="reverse" if _has_reverse() else "forward")
    remedy = "bind it, as hvp(lambda x: f(x, n), (x,), (t,)) does, since hvp takes tangents for every primal"
    return run_jvp(derived(run_grad, f, argnums, inner), None, outer, primals, tangents, remedy)[1]


def run_vjp(f: Function, argnums: Argnums, options: Options, primals: Any) -> Any:
    """Return the output, the pullback, and aux where there is one."""
    arguments = _called(f, argnums, primals)
    mode = options.mode or ("reverse" if _has_reverse() else "forward")
    linear = _linear(mode, f, arguments, options)
    result = (linear.value, linear.pull)
    return (*result, linear.aux) if options.has_aux else result


def run_linearize(f: Function, argnums: Argnums, options: Options, primals: Any) -> Any:
    """Return the output, the pushforward, and aux where there is one."""
    arguments = _called(f, argnums, primals)
    mode = options.mode or ("reverse" if arguments.size > MANY and _has_reverse() else "forward")
    linear = _linear(mode, f, arguments, options)
    result = (linear.value, linear.push)
    return (*result, linear.aux) if options.has_aux else result


def _linear(mode: ModeName, f: Function, arguments: Arguments, options: Options) -> _Matrix | _Record:
    return (_Matrix if mode == "forward" else _Record)(mode, f, arguments, options)


class _Record:
    """A function's derivative at a point as the recording of one execution."""

    def __init__(self, mode: ModeName, f: Function, arguments: Arguments, options: Options) -> None:
        self._arguments, self._run = arguments, Recorded(mode, f, arguments, options.has_aux, kept=True)
        self.value: Any = self._run.outputs.value
        self.aux: Any = self._run.aux
        self._run.outputs.release()

    def pull(self, cotangent: Any, /) -> tuple[Any, ...]:
        """Pull a cotangent of the output back, to a tuple with one entry for each selected argument."""
        arguments = self._arguments
        found = self._run.gradient(self._run.outputs.cotangents(cotangent))
        return arguments.result(_gradients(arguments, found))  # type: ignore[no-any-return]  # as `_called` has set it

    def push(self, /, *tangents: Any) -> Any:
        """Push one tangent for each selected argument forward, to that of the output."""
        outputs = self._run.outputs
        return outputs.result(_tangents(outputs, self._run.pushed(self._arguments.tangents(tangents))))


class _Matrix:
    """A function's derivative at a point as its Jacobian, from forward passes."""

    def __init__(self, mode: ModeName, f: Function, arguments: Arguments, options: Options) -> None:
        self._arguments, self._numerics = arguments, AROUND.get() or Numerics()
        self._outputs, self._rows, self.aux = forward_rows(f, arguments, options)
        self.value: Any = self._outputs.value
        self._outputs.release()

    def pull(self, cotangent: Any, /) -> tuple[Any, ...]:
        """Pull a cotangent of the output back, to a tuple with one entry for each selected argument."""
        arguments = self._arguments
        found: list[Any] = [None] * len(arguments.values)
        for w, row in zip(self._outputs.cotangents(cotangent), self._rows, strict=True):
            for i, part in enumerate(row):
                if part is not None:
                    term = bare(_transposed(self._given(w, "a cotangent"), part)).reshape(arguments.shapes[i])
                    found[i] = term if found[i] is None else found[i] + term
        return arguments.result(_gradients(arguments, found))  # type: ignore[no-any-return]  # as `_called` has set it

    def push(self, /, *tangents: Any) -> Any:
        """Push one tangent for each selected argument forward, to that of the output."""
        outputs = self._outputs
        directions = self._arguments.tangents(tangents)
        found: list[Any] = []
        for y, row in zip(outputs.values, self._rows, strict=True):
            total: Any = None
            for t, part in zip(directions, row, strict=True):
                if part is not None:
                    term = bare(_applied(part, self._given(t, "a tangent"))).reshape(y.shape)
                    total = term if total is None else total + term
            found.append(total)
        return outputs.result(_tangents(outputs, found))

    def _given(self, x: Any, what: str) -> Any:
        """Return a tangent or cotangent as a vector, with what held for numbers that are not finite."""
        if self._numerics.check_numerics:
            check(x, what)
        x = x.reshape(x.size)
        if self._numerics.nan_safe:
            from dualtape.ops.zero_wins import Careful  # which only those need who ask for it

            return Careful().wrap(x)
        return x


def _applied(part: Linear, t: Any) -> Any:
    return part.re @ t if part.im is None else part.re @ np.real(t) + part.im @ np.imag(t)


def _transposed(w: Any, part: Linear) -> Any:
    """Return the gradient of Re(conj(w) f): its derivatives in the real parts, and i times those in the imaginary."""
    w = np.conj(w) if w.dtype.kind == "c" else w
    g = np.real(w @ part.re)
    return g if part.im is None else g + 1j * np.real(w @ part.im)
