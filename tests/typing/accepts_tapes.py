"""Tapes: gradients and Jacobians have the structure and the dtypes of their sources."""

from typing import Any, Literal, assert_type

import numpy as np
from numpy.typing import NDArray

import dualtape as dt

F4 = NDArray[np.float32]
F8 = NDArray[np.float64]


def gradients(w: dt.Variable[np.float64], v: dt.Variable[np.float32], c: dt.Constant[np.float64], x: F8) -> None:
    with dt.GradientTape("forward", persistent=True) as tape:
        tape.watch(c)
        h = w * c
        tape.watch(h)
        rows = np.sum(h * h, axis=1)
        loss = np.sum(np.square(h @ x))
    assert_type(tape, dt.GradientTape)
    assert_type(tape.gradient(loss, w), F8)
    assert_type(tape.gradient(loss, c), F8)
    assert_type(tape.gradient(loss, h), F8)
    assert_type(tape.gradient(loss, v), F4)
    assert_type(tape.gradient(loss, (w,)), tuple[F8])
    assert_type(tape.gradient(loss, (w, v)), tuple[F8, F4])
    assert_type(tape.gradient(loss, (w, v, w)), tuple[F8, F4, F8])
    assert_type(tape.gradient(loss, (w, v, w, v)), tuple[F8, F4, F8, F4])
    assert_type(tape.gradient(loss, (w, v, w, v, c)), tuple[F8, F4, F8, F4, F8])
    assert_type(tape.gradient(loss, (w, w, w, w, w, w)), tuple[F8, ...])
    assert_type(tape.gradient(loss, (w, v, w, v, w, v)), tuple[NDArray[Any], ...])
    assert_type(tape.gradient(loss, [w, c]), list[F8])
    assert_type(tape.gradient(loss, [w, v]), list[NDArray[Any]])
    assert_type(tape.gradient(loss, {"w": w}), dict[str, F8])
    assert_type(tape.gradient(loss, {1: w, 2: v}), dict[int, NDArray[Any]])
    assert_type(tape.gradient(loss, w, output_gradients=2.0, unconnected_gradients="error"), F8)
    assert_type(tape.gradient(loss, w, unconnected_gradients="none"), F8 | None)
    assert_type(tape.gradient(loss, (w,), unconnected_gradients="none"), tuple[F8 | None])
    assert_type(tape.gradient(loss, (w, v), unconnected_gradients="none"), tuple[F8 | None, F4 | None])
    assert_type(tape.gradient(loss, (w, v, w), unconnected_gradients="none"), tuple[F8 | None, F4 | None, F8 | None])
    assert_type(
        tape.gradient(loss, (w, v, w, v), unconnected_gradients="none"),
        tuple[F8 | None, F4 | None, F8 | None, F4 | None],
    )
    assert_type(
        tape.gradient(loss, (w, v, w, v, w), unconnected_gradients="none"),
        tuple[F8 | None, F4 | None, F8 | None, F4 | None, F8 | None],
    )
    assert_type(tape.gradient(loss, (w, w, w, w, w, w), unconnected_gradients="none"), tuple[F8 | None, ...])
    assert_type(tape.gradient(loss, (w, v, w, v, w, v), unconnected_gradients="none"), tuple[NDArray[Any] | None, ...])
    assert_type(tape.gradient(loss, [w], unconnected_gradients="none"), list[F8 | None])
    assert_type(tape.gradient(loss, [w, v], unconnected_gradients="none"), list[NDArray[Any] | None])
    assert_type(tape.gradient(loss, {"w": w}, unconnected_gradients="none"), dict[str, F8 | None])
    assert_type(tape.gradient(loss, {"w": w, "v": v}, unconnected_gradients="none"), dict[str, NDArray[Any] | None])
    assert_type(tape.jacobian(loss, w), F8)
    assert_type(tape.jacobian(loss, (w,)), tuple[F8])
    assert_type(tape.jacobian(loss, (w, v)), tuple[F8, F4])
    assert_type(tape.jacobian(loss, (w, v, w)), tuple[F8, F4, F8])
    assert_type(tape.jacobian(loss, (w, v, w, v)), tuple[F8, F4, F8, F4])
    assert_type(tape.jacobian(loss, (w, v, w, v, c)), tuple[F8, F4, F8, F4, F8])
    assert_type(tape.jacobian(loss, (w, w, w, w, w, w)), tuple[F8, ...])
    assert_type(tape.jacobian(loss, (w, v, w, v, w, v)), tuple[NDArray[Any], ...])
    assert_type(tape.jacobian(loss, [w]), list[F8])
    assert_type(tape.jacobian(loss, [w, v]), list[NDArray[Any]])
    assert_type(tape.jacobian(loss, {"w": w}, "zero", holomorphic=False), dict[str, F8])
    assert_type(tape.jacobian(loss, {"w": w, "v": v}), dict[str, NDArray[Any]])
    assert_type(tape.jacobian(loss, w, unconnected_gradients="none"), F8 | None)
    assert_type(tape.jacobian(loss, (w,), "none"), tuple[F8 | None])
    assert_type(tape.jacobian(loss, (w, v), "none"), tuple[F8 | None, F4 | None])
    assert_type(tape.jacobian(loss, (w, v, w), "none"), tuple[F8 | None, F4 | None, F8 | None])
    assert_type(tape.jacobian(loss, (w, v, w, v), "none"), tuple[F8 | None, F4 | None, F8 | None, F4 | None])
    assert_type(
        tape.jacobian(loss, (w, v, w, v, c), "none"), tuple[F8 | None, F4 | None, F8 | None, F4 | None, F8 | None]
    )
    assert_type(tape.jacobian(loss, (w, w, w, w, w, w), "none"), tuple[F8 | None, ...])
    assert_type(tape.jacobian(loss, (w, v, w, v, w, v), "none"), tuple[NDArray[Any] | None, ...])
    assert_type(tape.jacobian(loss, [w], "none"), list[F8 | None])
    assert_type(tape.jacobian(loss, [w, v], "none"), list[NDArray[Any] | None])
    assert_type(tape.jacobian(loss, {"w": w}, "none"), dict[str, F8 | None])
    assert_type(tape.jacobian(loss, {"w": w, "v": v}, "none"), dict[str, NDArray[Any] | None])
    assert_type(tape.batch_jacobian(rows, w), F8)
    assert_type(tape.batch_jacobian(rows, w, unconnected_gradients="none"), F8 | None)
    assert_type(tape.batch_jacobian(rows, w, "none"), F8 | None)
    assert_type(tape.watched_variables(), tuple[dt.Variable[Any], ...])
    assert_type(tape.mode, Literal["forward", "reverse"] | dt.Mode)
    with tape, tape.stop_recording():
        tape.reset()


def the_modes() -> None:
    before = dt.set_default_mode("forward")
    dt.set_default_mode(before)
    for info in dt.modes():
        assert_type(info, dt.ModeInfo)
        assert_type(info.mode, dt.Mode)
        assert_type(info.error, str | None)
        assert_type(info.distribution, str | None)
        assert_type(info.version, str | None)
        dt.GradientTape(info.mode, watch_accessed_variables=False, debug=True, guard="copy")
    dt.GradientTape(mode=None)


def training(w: dt.Variable[np.float64], v: dt.Variable[np.float32]) -> None:
    sgd = dt.optimizers.SGD(learning_rate=0.1, momentum=0.9, nesterov=True)
    adam: dt.optimizers.Optimizer = dt.optimizers.Adam()
    with dt.GradientTape(persistent=True) as tape:
        loss = np.sum(w * v)
    sgd.apply_gradients(zip(tape.gradient(loss, [w, v]), [w, v], strict=True))
    adam.apply_gradients([(tape.gradient(loss, w, unconnected_gradients="none"), w)])
    assert_type(adam.iterations, int)
    assert_type(adam.learning_rate, float)
    assert_type(sgd.momentum, float)
    assert_type(sgd.nesterov, bool)


class Provider:
    protocol = 1

    def open(self, options: dt.TapeOptions) -> dt.Recording:
        assert_type(options.persistent, bool)
        raise dt.errors.BackendError("this mode records nothing")


def settings() -> None:
    provider: dt.Backend = Provider()
    assert_type(dt.register_backend("nothing", provider, replace=True), None)
    with dt.numerics(check_numerics=True, nan_safe=False):
        try:
            with dt.GradientTape(dt.Mode("forward"), nan_safe=True) as tape:
                tape.watch(dt.constant(1.0))
        except (dt.errors.NumericsError, dt.errors.TapeError) as error:
            assert_type(str(error), str)
