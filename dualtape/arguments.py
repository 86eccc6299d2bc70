"""What goes into a transformed function and comes out of it: arguments and outputs as flat lists of arrays."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from dualtape.array import ACTIVE, TracedArray, plain, resolve, snapshot
from dualtape.held import Held
from dualtape.pytree import aligned, construct, leaves, path, rebuild
from dualtape.views import container

__all__ = ["Arguments", "Function", "Outputs", "argument_numbers", "fitting", "with_aux"]

# A user's function takes and returns anything.
Function = Callable[..., Any]
Argnums = int | tuple[int, ...] | None
LEAVE_OUT = "leave the argument out of argnums"


def argument_numbers(argnums: Any) -> Argnums:
    """Check the numbers of the arguments to differentiate in."""
    if argnums is None:
        return None
    if isinstance(argnums, (tuple, list)):
        numbers = tuple(argument_number(i) for i in argnums)
        if not numbers:
            raise ValueError("argnums names no argument: pass at least one number")
        if len(set(numbers)) < len(numbers):
            raise ValueError(f"argnums names an argument twice: {argnums}")
        return numbers
    return argument_number(argnums)


def argument_number(number: Any) -> int:
    """Check the number of one argument."""
    try:
        if not isinstance(number, (bool, np.bool_)):
            return operator.index(number)
    except TypeError:
        pass
    raise TypeError(f"argnums is an int or a tuple of ints, not {number!r}")


class Arguments:
    """The arguments of a call, and those of them that are differentiated, as a flat list of values of their own.

    Attributes:
        args: the positional arguments as they were given.
        kwargs: the keyword arguments.
        values: the selected leaves, copied: arrays, NumPy scalars, and handles of outer tapes.
        shapes: their shapes.
        dtypes: their dtypes.
    """

    def __init__(
        self, f: Function, argnums: Argnums, args: Sequence[Any], kwargs: Mapping[str, Any], remedy: str = LEAVE_OUT
    ) -> None:
        """Find the arguments that `argnums` names, all where it is `None`.

        Args:
            f: the function.
            argnums: the arguments to differentiate in.
            args: the positional arguments.
            kwargs: the keyword arguments.
            remedy: what to do about an argument that can't be differentiated in, for errors.
        """
        self.args: list[Any] = list(args)
        self.kwargs: dict[str, Any] = dict(kwargs)
        self.single: bool = isinstance(argnums, int)
        numbers = range(len(args)) if argnums is None else (argnums,) if isinstance(argnums, int) else argnums
        if kwargs and any(not 0 <= i < len(self.args) for i in numbers):
            self._bind(f)
        count = len(self.args)
        for i in numbers:
            if not -count <= i < count:
                raise TypeError(
                    f"argnums names argument {i} (the first is 0), and {_name(f)} is called with {count} "
                    f"positional argument{'' if count == 1 else 's'}"
                )
        self.numbers: list[int] = [i % count for i in numbers]
        if len(set(self.numbers)) < len(self.numbers):
            raise ValueError(f"argnums names an argument twice: {argnums}")
        self.trees: list[Any] = [self.args[i] for i in self.numbers]
        found = leaves(self.trees)
        self.present: list[bool] = [x is not None for x in found]
        self.values: list[Any] = []
        self.scalar: list[bool] = []
        active = ACTIVE.get()
        for number, x in enumerate(found):
            if x is not None:
                value = _parameter(x, active, partial(self.where, number), remedy)
                self.values.append(value)
                self.scalar.append(not isinstance(x, Held) and not isinstance(plain(x), np.ndarray))
        self.shapes: list[tuple[int, ...]] = [x.shape for x in self.values]
        self.dtypes: list[np.dtype[Any]] = [x.dtype for x in self.values]

    def _bind(self, f: Function) -> None:
        """Make positional what was passed by keyword."""
        try:
            bound = inspect.signature(f).bind(*self.args, **self.kwargs)
        except (TypeError, ValueError):
            return  # no signature, or a call that does not fit it: the function itself says so
        self.args, self.kwargs = list(bound.args), dict(bound.kwargs)

    def where(self, number: int) -> str:
        """Name a leaf of the selected arguments, counted with those that are `None`."""
        start = 0
        for i, tree in zip(self.numbers, self.trees, strict=True):
            count = len(leaves(tree))
            if number < start + count:
                return f"argument {i}{path(tree, number - start)}"
            start += count
        raise IndexError(number)

    def name(self, position: int, prefix: str = "") -> str:
        """Name a leaf by its position in `values`."""
        return prefix + self.where([number for number, there in enumerate(self.present) if there][position])

    @property
    def size(self) -> int:
        """The number of real directions."""
        return sum(
            int(np.prod(shape, dtype=int)) * (2 if dtype.kind == "c" else 1)
            for shape, dtype in zip(self.shapes, self.dtypes, strict=True)
        )

    def call(self, f: Function, values: Sequence[Any], again: bool = False) -> Any:
        """Call the function with these in place of the selected leaves.

        Args:
            f: the function.
            values: in place of the selected leaves.
            again: whether this is not the only call. Then it must not see what another call has written into the
                arguments that are not selected, so it gets copies of their arrays.
        """
        args, kwargs = (_copied(self.args), _copied(self.kwargs)) if again else (list(self.args), self.kwargs)
        trees = construct(self.trees, self._all(values))
        for i, tree in zip(self.numbers, trees, strict=True):
            args[i] = tree
        return f(*args, **kwargs)

    def still(self, position: int) -> Any:
        """Return a selected leaf as a function gets it that is not differentiated in it now, but may write into it."""
        x = self.values[position]
        if isinstance(x, TracedArray):
            return snapshot(x)
        return container(x) if isinstance(x, np.ndarray) else x

    def result(self, values: Sequence[Any]) -> Any:
        """Return one thing for each selected leaf in the structure of the selected arguments."""
        trees = rebuild(self.trees, self._all(values))
        return trees[0] if self.single else tuple(trees)

    def _all(self, values: Sequence[Any]) -> list[Any]:
        if all(self.present):
            return list(values)
        parts = iter(values)
        return [next(parts) if there else None for there in self.present]

    def settled(self, position: int, derivative: Any) -> Any:
        """Return a derivative as its argument is: a NumPy scalar for a number, else an array."""
        if not isinstance(derivative, TracedArray):
            return derivative[()] if self.scalar[position] else np.asarray(derivative)
        if derivative.shape == () and isinstance(plain(derivative), np.ndarray) == self.scalar[position]:
            return derivative[() if self.scalar[position] else ...]
        return derivative

    def tangents(self, given: Any) -> list[Any]:
        """Return the tangents of the selected leaves, checked."""
        if not isinstance(given, (tuple, list)):
            raise TypeError(f"tangents are a tuple with one entry for each argument, not {type(given).__name__}")
        if len(given) != len(self.trees):
            raise TypeError(f"{len(self.trees)} arguments want {len(self.trees)} tangents, not {len(given)}")
        found: list[Any] = []
        for i, like, tree in zip(self.numbers, self.trees, given, strict=True):
            found += aligned(like, tree, f"the tangent of argument {i}")
        found = [t for t, there in zip(found, self.present, strict=True) if there]
        rows = zip(found, self.shapes, self.dtypes, strict=True)
        return [
            fitting(t, shape, dtype, partial(self.name, n, "the tangent of "))
            for n, (t, shape, dtype) in enumerate(rows)
        ]


def _copied(x: Any) -> Any:
    """Return an argument that a function may write into; what can't be written is the same."""
    kind = type(x)
    if kind is list or kind is tuple:
        return kind([_copied(part) for part in x])
    if kind is dict:
        return {key: _copied(part) for key, part in x.items()}
    if isinstance(x, TracedArray):
        return snapshot(x._fresh())
    return x.copy("K") if isinstance(x, np.ndarray) and x.flags.writeable else x


def _name(f: Function) -> str:
    return getattr(f, "__name__", None) or repr(f)


def _parameter(x: Any, active: tuple[Any, ...], where: Callable[[], str], remedy: str) -> Any:
    """Return a leaf as a value that can be differentiated in, and that nobody else writes."""
    value = resolve(x, active)
    if isinstance(value, TracedArray):
        return snapshot(value)
    kind = type(value)
    if kind is float or kind is complex:
        return np.float64(value) if kind is float else np.complex128(value)
    if isinstance(value, np.ndarray) and kind not in (np.ndarray, np.memmap):
        raise TypeError(
            f"{where()} is of {kind.__qualname__}, which gives NumPy's operations a meaning of its own: pass "
            f"np.asarray(x), or the parts that are arrays"
        )
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "fc":
        return np.array(value) if isinstance(value, np.ndarray) else value
    if isinstance(value, (bool, int)):
        raise TypeError(
            f"{where()} is {value!r}, of {kind.__name__}: only floats are differentiated; write {float(value)}, "
            f"or {remedy}"
        )
    if isinstance(value, (np.ndarray, np.generic)):
        raise TypeError(
            f"{where()} is of {value.dtype}: only floats and complex numbers are differentiated; pass "
            f"x.astype(float), or {remedy}"
        )
    raise TypeError(
        f"{where()} is of {kind.__qualname__}, which is neither an array of floats nor a container of them: "
        f"{remedy}, or register its class with dualtape.register_pytree_node"
    )


def fitting(given: Any, shape: tuple[int, ...], dtype: np.dtype[Any], what: Callable[[], str]) -> Any:
    """Return a tangent or cotangent of this shape and dtype, or say why it does not fit; `what` names it."""
    if given is None:
        raise TypeError(f"{what()} is None, where {dtype} of shape {shape} belongs: zeros say that there is none")
    x: Any = resolve(given, ACTIVE.get())
    weak = type(x) is float or type(x) is complex  # Python's numbers take the precision of what they meet
    x = x if isinstance(x, TracedArray) else np.array(x)
    if x.shape != shape:
        raise ValueError(f"{what()} has shape {x.shape}, where {shape} belongs")
    if x.dtype.kind not in "fc" or (x.dtype.kind == "c" and dtype.kind != "c"):
        hint = "; write 1.0 for 1" if x.dtype.kind in "biu" else ""
        raise TypeError(f"{what()} is of {x.dtype}, where {dtype} belongs{hint}")
    if x.dtype != dtype:
        if not weak and not np.can_cast(x.dtype, dtype):
            raise TypeError(f"{what()} is of {x.dtype}, which would lose precision in {dtype}: convert it first")
        x = x.astype(dtype)
    return x


class Outputs:
    """What a function returned on one recording.

    Attributes:
        handles: for each output leaf, the recording's handle, or `None` where the leaf depends on nothing of it.
        values: the leaves one level down, as the function without this recording would have given them.
    """

    def __init__(self, tree: Any, recording: Any, copied: bool = False) -> None:
        """Lower what the function returned; called while the recording records.

        Args:
            tree: the function's output.
            recording: the recording of the pass.
            copied: whether the values must not share memory with what the recording holds.
        """
        active = ACTIVE.get()
        found = leaves(tree)
        self.skeleton: Any = rebuild(tree, list(range(len(found))))
        self.tree: Any = tree
        self.present: list[bool] = [x is not None for x in found]
        self.handles: list[Any] = []
        self.values: list[Any] = []
        for number, x in enumerate(found):
            if x is None:
                continue
            handle, value = _lowered(resolve(x, active), recording, copied)
            array = value if isinstance(value, (TracedArray, np.ndarray)) else np.asarray(value)
            if array.dtype.kind not in "fc":
                what = type(value).__qualname__ if array.dtype.kind == "O" else array.dtype
                raise TypeError(
                    f"the function returns {what}{' at ' + at if (at := path(tree, number)) else ''}, which has "
                    f"no derivative: return floats (x.astype(float)), or pass has_aux=True and return (output, aux)"
                )
            value = value if array is value else array[()]
            self.handles.append(handle)
            self.values.append(value)

    @property
    def value(self) -> Any:
        """What the function would have returned by itself."""
        return construct(self.tree, self._all(self.values))

    def result(self, values: Sequence[Any]) -> Any:
        """Return one thing for each leaf in the structure of the output."""
        return rebuild(self.skeleton, self._all(values))

    def _all(self, values: Sequence[Any]) -> list[Any]:
        parts = iter(values)
        return [next(parts) if there else None for there in self.present]

    def number(self, what: str) -> Any:
        """Return the value of the one real number that the function returned, or raise."""
        if type(self.skeleton) is not int:
            raise TypeError(
                f"{what} wants a function that returns one number, not {type(self.tree).__name__}: "
                f"take jacobian, or vjp, or pass has_aux=True if it returns (output, aux)"
            )
        if not self.values:
            raise TypeError(f"{what} wants a function that returns one number, and this one returns None")
        (value,) = self.values
        if value.shape != ():
            raise TypeError(
                f"{what} wants a function that returns one number, not an array of shape {value.shape}: "
                f"sum or index what it returns, or take jacobian, or vjp"
            )
        if value.dtype.kind == "c":
            raise TypeError(
                f"{what} wants a function that returns a real number, not {value.dtype}: return its abs, real or imag, "
                f"or take jacobian(f, holomorphic=True)"
            )
        return value

    def cotangents(self, given: Any) -> list[Any]:
        """Return the cotangents of the leaves, checked."""
        found = aligned(self.skeleton, given, "the cotangent")
        found = [w for w, there in zip(found, self.present, strict=True) if there]
        numbers = [number for number, there in enumerate(self.present) if there]
        return [
            fitting(w, x.shape, x.dtype, partial(self._where, n))
            for n, w, x in zip(numbers, found, self.values, strict=True)
        ]

    def _where(self, number: int) -> str:
        return "the cotangent" + path(self.skeleton, number)

    def release(self) -> None:
        """Let go of the function's own objects, where only values and structure are needed."""
        self.tree = None


def _lowered(x: Any, recording: Any, copied: bool = False) -> tuple[Any, Any]:
    """Return the handle of a recording that a value stands on, or `None`, and the value without that recording."""
    seen = x
    while isinstance(seen, TracedArray) and seen._fresh().recording is not recording:
        if seen.recording.level < recording.level:
            return None, snapshot(seen)
        seen = seen._primal
    if not isinstance(seen, TracedArray):
        return None, seen
    value = seen._primal
    if isinstance(value, TracedArray):
        return seen, snapshot(value)
    return seen, value.copy() if copied and isinstance(value, np.ndarray) else value


def with_aux(returned: Any, has_aux: bool, recording: Any) -> tuple[Any, Any]:
    """Take apart what a function returned: the output, and aux as the function by itself would give it."""
    if not has_aux:
        return returned, None
    if type(returned) not in (tuple, list) or len(returned) != 2:
        raise TypeError(f"has_aux=True wants a function that returns (output, aux), not {type(returned).__name__}")
    output, aux = returned
    found = leaves(aux)
    if any(_holds(x, recording) for x in found):
        aux = construct(aux, [_without(x, recording) for x in found])
    return output, aux


def _is_entries(x: Any) -> bool:
    """Tell whether a value is what `np.array([x[0], x[1]])` gives: an object array of handles."""
    return type(x) is np.ndarray and x.dtype.kind == "O"


def _holds(x: Any, recording: Any) -> bool:
    if _is_entries(x):
        return any(_holds(entry, recording) for entry in x.flat)
    return isinstance(x, TracedArray) and x._fresh().recording is recording


def _without(x: Any, recording: Any) -> Any:
    """Return a value of aux without a recording."""
    if not _is_entries(x):
        return _lowered(x, recording)[1] if isinstance(x, TracedArray) else x
    entries = [_without(entry, recording) for entry in x.flat]
    if all(isinstance(entry, (np.number, float, complex, int)) for entry in entries):
        return np.array(entries).reshape(x.shape)
    found = np.empty(x.shape, object)
    for i, entry in enumerate(entries):
        found.flat[i] = entry
    return found
