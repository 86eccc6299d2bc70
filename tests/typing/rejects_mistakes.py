"""The mistakes that cost an evening: each marked line is rejected."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import dualtape as dt

F4 = NDArray[np.float32]
F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


def of_integers(x: I8) -> float:
    return 1.0


def second_of_integers(x: F8, n: I8) -> float:
    return 1.0


def loss(x: F8, y: F8) -> float:
    return 1.0


def four(a: F8, b: F4, c: F8, d: F4) -> float:
    return 1.0


def with_aux(x: F8) -> tuple[float, str]:
    return 1.0, ""


def modes(w: dt.Variable[np.float64], name: str) -> None:
    dt.GradientTape("fowrard")  # E: mypy[arg-type] pyright[reportArgumentType]
    dt.GradientTape(mode=name)  # E: mypy[arg-type] pyright[reportArgumentType]
    dt.set_default_mode("backward")  # E: mypy[arg-type] pyright[reportArgumentType]
    dt.grad(loss, mode="revers")  # E: mypy[call-overload] pyright[reportCallIssue, reportArgumentType]
    dt.GradientTape(guard="none")  # E: mypy[arg-type] pyright[reportArgumentType]


def of_array(x: F8) -> F8:
    return x


def parameters(integers: I8, f4: F4) -> None:
    dt.Variable(integers)  # E: mypy[type-var] pyright[reportCallIssue, reportArgumentType]
    dt.Variable([1, 2], dtype=np.int64)  # E: mypy[type-var] pyright[reportCallIssue, reportArgumentType]
    dt.Variable("3.0")  # E: mypy[arg-type] pyright[reportCallIssue, reportArgumentType]
    dt.constant(integers)  # E: mypy[type-var] pyright[reportCallIssue, reportArgumentType]
    w: dt.Variable[np.float64] = dt.Variable(f4)  # E: mypy[arg-type] pyright[reportAssignmentType]
    of_array(w)  # E: mypy[arg-type] pyright[reportArgumentType]
    x: F8 = dt.Variable(f4) * 2.0  # E: mypy[assignment] pyright[reportAssignmentType]
    y: F4 = dt.Variable(f4) * w  # E: mypy[assignment] pyright[reportAssignmentType]
    z: F4 = dt.zeros(3)  # E: mypy[assignment] pyright[reportAssignmentType]
    w.assing(3.0)  # E: mypy[attr-defined] pyright[reportAttributeAccessIssue, reportUnknownMemberType]
    print(x, y, z)


def gradients(w: dt.Variable[np.float64], b: dt.Variable[np.float32], x: F8) -> None:
    with dt.GradientTape() as tape:
        value = np.sum(x @ w)
    dw, db = tape.gradient(value, (w, b, w))  # E: mypy[misc] pyright[reportAssignmentType]
    tape.gradient(value, "w")  # E: mypy[call-overload] pyright[reportCallIssue, reportArgumentType]
    tape.gradient(value, 3.0)  # E: mypy[call-overload] pyright[reportCallIssue, reportArgumentType]
    wish = "nothing"
    tape.gradient(value, w, None, wish)  # E: mypy[call-overload] pyright[reportCallIssue, reportArgumentType]
    perhaps = tape.gradient(value, w, unconnected_gradients="none")
    w.assign_sub(perhaps)  # E: mypy[arg-type] pyright[reportArgumentType]
    dt.DualArray("3.0", 1.0)  # E: mypy[arg-type] pyright[reportCallIssue, reportArgumentType]
    print(perhaps.mean())  # E: mypy[union-attr] pyright[reportOptionalMemberAccess]
    g: F8 = tape.gradient(value, b)  # E: mypy[arg-type] pyright[reportAssignmentType]
    h: list[F8] = tape.gradient(value, (w, w))  # E: mypy[assignment] pyright[reportAssignmentType]
    print(dw, db, g, h)


def transforms(x: F8, f4: F4, integers: I8) -> None:
    dt.grad(of_integers)  # E: mypy[type-var] pyright[reportCallIssue, reportArgumentType]
    dt.jacobian(of_integers)  # E: mypy[type-var] pyright[reportCallIssue, reportArgumentType]
    dt.grad(second_of_integers, argnums=1)(x, integers)  # E: mypy[operator] pyright[reportCallIssue]
    dt.value_and_grad(second_of_integers, 1)(x, integers)  # E: mypy[operator] pyright[reportCallIssue]
    dt.jacobian(second_of_integers, argnums=1)(x, integers)  # E: mypy[operator] pyright[reportCallIssue]
    dt.hessian(second_of_integers, argnums=1)(x, integers)  # E: mypy[operator] pyright[reportCallIssue]
    dt.grad(with_aux)  # E: mypy[type-var] pyright[reportCallIssue, reportArgumentType]
    dt.grad(loss)(x)  # E: mypy[call-arg] pyright[reportCallIssue]
    dt.grad(loss)(x, f4)  # E: mypy[arg-type] pyright[reportArgumentType]
    dt.grad(loss)(x, x, 3)  # E: mypy[call-arg] pyright[reportCallIssue]
    dt.grad(loss, argnums=2)(x, x)  # E: mypy[operator] pyright[reportCallIssue]
    dt.grad(loss, argnums="y")  # E: mypy[call-overload] pyright[reportCallIssue, reportArgumentType]
    dt.grad(four, argnums=3)(x, f4, x)  # E: mypy[call-arg] pyright[reportCallIssue]
    dt.grad(four, argnums=(0, 2))(x, f4, x, x)  # E: mypy[arg-type] pyright[reportArgumentType]
    dx, dy = dt.grad(loss)(x, x), None
    one, two, _ = dt.grad(loss, (0, 1))(x, x)  # E: mypy[misc] pyright[reportAssignmentType, reportUnknownVariableType]
    wrong: F4 = dt.grad(loss)(x, x)  # E: mypy[assignment] pyright[reportAssignmentType]
    f: Callable[[F4], F4] = dt.grad(loss)  # E: mypy[arg-type] pyright[reportAssignmentType]
    dt.hvp(loss, (x,), (x,))  # E: mypy[arg-type] pyright[reportCallIssue, reportArgumentType]
    print(dx, dy, one, two, wrong, f)


def dual_numbers(d: dt.DualArray[np.float64], x: F8) -> None:
    np.sum(d)  # E: mypy[call-overload] pyright[reportCallIssue, reportArgumentType]
    np.add(d, x)  # E: mypy[call-overload] pyright[reportCallIssue, reportArgumentType]
    of_array(d)  # E: mypy[arg-type] pyright[reportArgumentType]
    d.tangnet()  # E: mypy[attr-defined] pyright[reportAttributeAccessIssue, reportUnknownMemberType]


class NoBackend:
    protocol = 1

    def open(self) -> None:
        pass


dt.register_backend("mine", NoBackend())  # E: mypy[arg-type] pyright[reportArgumentType]


@dt.custom_jvp
def damped(x: F8) -> F8:
    return x


@dt.checkpoint
def block(x: F8) -> F8:
    return x


damped("x")  # E: mypy[arg-type] pyright[reportArgumentType]
block(np.ones(2), n=1)  # E: mypy[call-arg] pyright[reportCallIssue]
