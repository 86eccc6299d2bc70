"""A damped oscillation, fitted to measurements of it."""

from dataclasses import dataclass
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

import dualtape as dt

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Oscillator:
    """What is fitted: masses on springs, each with its own amplitude, in one bath that damps them all."""

    amplitudes: Floats
    frequencies: Floats
    damping: Floats

    def pack(self) -> Floats:
        """All parameters as one vector, as SciPy wants them."""
        return np.concatenate((self.amplitudes, self.frequencies, self.damping))

    def unpack(self, vector: Floats) -> "Oscillator":
        """The parameters of a vector."""
        n = len(self.amplitudes)
        return Oscillator(vector[:n], vector[n : 2 * n], vector[2 * n :])


@dataclass(frozen=True)
class Measurements:
    """Displacements at given times."""

    times: Floats
    displacements: Floats


def displacement(parameters: Oscillator, times: Floats) -> NDArray[Any]:
    """The displacement at each time."""
    phases = np.outer(times, parameters.frequencies)
    oscillation: NDArray[Any] = np.cos(phases) @ parameters.amplitudes
    decay: NDArray[Any] = np.exp(-parameters.damping[0] * times)
    result: NDArray[Any] = decay * oscillation
    return result


def misfit(parameters: Oscillator, data: Measurements, *, stiffness: float = 0.0) -> float:
    """The mean squared residual, and a penalty on high frequencies."""
    residuals = displacement(parameters, data.times) - data.displacements
    loss: float = np.mean(np.square(residuals)) + stiffness * np.sum(np.square(parameters.frequencies))
    return loss


def fit(start: Oscillator, data: Measurements) -> Oscillator:
    """The parameters that fit best, from a start."""
    value_and_slope = dt.value_and_grad(misfit)

    def objective(vector: Floats) -> tuple[float, Floats]:
        value, slope = value_and_slope(start.unpack(vector), data, stiffness=1e-9)
        assert_type(value, float)
        assert_type(slope, Oscillator)
        return value, slope.pack()

    found = optimize.minimize(objective, start.pack(), jac=True, method="BFGS", options={"gtol": 1e-10})
    return start.unpack(found.x)


def uncertainty(best: Oscillator, data: Measurements, noise: float) -> Floats:
    """The standard deviation of each parameter, from the curvature of the misfit at its minimum."""

    def of_vector(vector: Floats) -> float:
        return misfit(best.unpack(vector), data)

    curvature = dt.hessian(of_vector)(best.pack())
    assert_type(curvature, Floats)
    again = dt.jacobian(dt.grad(of_vector))(best.pack())
    assert_type(again, Floats)
    np.testing.assert_allclose(again, curvature, rtol=1e-6, atol=1e-8)
    covariance = np.linalg.inv(curvature) * (2.0 * noise**2 / len(data.times))
    return np.asarray(np.sqrt(np.diag(covariance)), np.float64)


def sensitivity(parameters: Oscillator, times: Floats) -> tuple[Floats, Floats]:
    """How the displacement answers to a change of the damping, forward, and of all times, backward."""

    def of_damping(damping: Floats) -> NDArray[Any]:
        return displacement(Oscillator(parameters.amplitudes, parameters.frequencies, damping), times)

    _, change = dt.jvp(of_damping, (parameters.damping,), (np.ones_like(parameters.damping),))

    def of_times(times: Floats) -> NDArray[Any]:
        return displacement(parameters, times)

    values, pull = dt.vjp(of_times, times)
    (velocity,) = pull(np.ones_like(values))
    assert_type(velocity, Floats)
    return change, velocity
