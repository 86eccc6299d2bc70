"""Middle: operations and arithmetic cost about the same."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from benchmarks.case import Case, Result


def cases(tiny: bool) -> list[Case]:
    """Return the middle cases."""
    if tiny:
        return [chain(5, 3), mlp(4, 5, 3, "MLP"), gmm(2, 3, 4), bundle_adjustment(3)]
    name = "MLP 64x256 -> 128 -> 10"
    return [chain(50, 100), mlp(64, 256, 128, name), gmm(10, 25, 1000), bundle_adjustment(1000)]


def chain(steps: int, n: int) -> Case:
    """Steps of y = sin(y) * 1.01 + x."""
    x = np.random.default_rng(3).normal(size=n)

    def function(xp: Any, x: Any) -> Any:
        y = x
        for _ in range(steps):
            y = xp.sin(y) * 1.01 + x
        return xp.sum(y)

    def by_hand(x: Any) -> Result:
        values = [x]
        for _ in range(steps):
            values.append(np.sin(values[-1]) * 1.01 + x)
        slope = np.ones(n)
        total = np.zeros(n)
        for y in reversed(values[:-1]):
            total += slope
            slope = slope * 1.01 * np.cos(y)
        return np.sum(values[-1]), [total + slope]

    return Case(f"chain of {steps}, {n} elements", "middle", function, (x,), by_hand=by_hand)


def mlp(batch: int, inputs: int, hidden: int, name: str, group: str = "middle") -> Case:
    """A layer of tanh and a linear one to 10 outputs."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(batch, inputs))
    w, v = rng.normal(size=(inputs, hidden)) * 0.05, rng.normal(size=(hidden, 10)) * 0.05

    def function(xp: Any, w: Any, v: Any, x: Any) -> Any:
        return xp.sum(xp.square(xp.tanh(x @ w) @ v))

    def by_hand(w: Any, v: Any, x: Any) -> Result:
        layer = np.tanh(x @ w)
        out = layer @ v
        slope = 2.0 * out
        inner = slope @ v.T
        inner *= 1.0 - layer * layer
        return np.sum(np.square(out)), [x.T @ inner, layer.T @ slope]

    return Case(name, group, function, (w, v), (x,), by_hand=by_hand)


def gmm(d: int, k: int, n: int) -> Case:
    """The log-likelihood of a mixture of Gaussians with a Wishart prior, as ADBench has it.

    F. Srajer, Z. Kukelova, A. Fitzgibbon: A benchmark of selected algorithmic differentiation tools on some problems in
    computer vision and machine learning (2018), section 4.1. A covariance is given by the matrix root of its inverse: a
    lower triangle, whose diagonal is given by its logarithm.
    """
    rng = np.random.default_rng(5)
    below = d * (d - 1) // 2
    alphas, means, roots = rng.normal(size=k), rng.normal(size=(k, d)), rng.normal(size=(k, d + below)) * 0.3
    x = rng.normal(size=(n, d))
    where = np.zeros((d, d), np.intp)  # entry 0 is the zero above the diagonal
    where[np.tril_indices(d, -1)] = np.arange(1, below + 1)
    gamma, extra = 1.0, 0
    freedom = d + extra + 1
    log_gamma = d * (d - 1) / 4 * math.log(math.pi) + sum(math.lgamma(0.5 * freedom - 0.5 * j) for j in range(d))
    prior = freedom * d * (math.log(gamma) - 0.5 * math.log(2.0)) - log_gamma
    constant = -n * d * 0.5 * math.log(2.0 * math.pi) - k * prior

    def function(xp: Any, alphas: Any, means: Any, roots: Any, x: Any, zeros: Any, where: Any) -> Any:
        logs, lower = roots[:, :d], roots[:, d:]
        diagonal, log_det = xp.exp(logs), xp.sum(logs, axis=1)
        triangles = xp.concatenate([zeros, lower], axis=1)[:, where]
        centred = x - means[:, None, :]
        scaled = diagonal[:, None, :] * centred + centred @ xp.swapaxes(triangles, 1, 2)
        inner = (alphas + log_det)[:, None] - 0.5 * xp.sum(xp.square(scaled), axis=2)
        likelihood = xp.sum(xp.logsumexp(inner, 0)) - n * xp.logsumexp(alphas, 0)
        penalty = 0.5 * gamma**2 * (xp.sum(xp.square(diagonal)) + xp.sum(xp.square(lower))) - extra * xp.sum(log_det)
        return constant + likelihood + penalty

    constants = (x, np.zeros((k, 1)), where)
    return Case(f"GMM, d={d}, K={k}, n={n}", "middle", function, (alphas, means, roots), constants)


def bundle_adjustment(n: int) -> Case:
    """The reprojection errors of n observations: the Jacobian of each one's 2 residuals in its 15 parameters.

    ADBench's form (see `gmm`): a camera's rotation, centre, focal length, principal point and radial distortion, a
    point, and a weight.
    """
    rng = np.random.default_rng(6)
    parameters = rng.normal(size=(n, 15)) * 0.3
    parameters[:, 6] += 2.0
    parameters[:, 13] += 4.0
    features = rng.normal(size=(n, 2))

    def function(xp: Any, parameters: Any, features: Any) -> Any:
        rx, ry, rz, cx, cy, cz, focal, px, py, k1, k2, x, y, z, weight = xp.columns(parameters)
        x, y, z = x - cx, y - cy, z - cz
        theta = xp.sqrt(rx * rx + ry * ry + rz * rz)
        cosine, sine = xp.cos(theta), xp.sin(theta)
        rx, ry, rz = rx / theta, ry / theta, rz / theta  # Rodrigues' formula
        along = (rx * x + ry * y + rz * z) * (1.0 - cosine)
        turned_x = x * cosine + (ry * z - rz * y) * sine + rx * along
        turned_y = y * cosine + (rz * x - rx * z) * sine + ry * along
        turned_z = z * cosine + (rx * y - ry * x) * sine + rz * along
        u, v = turned_x / turned_z, turned_y / turned_z
        squared = u * u + v * v
        factor = (1.0 + k1 * squared + k2 * squared * squared) * focal
        left, up = u * factor + px, v * factor + py
        return xp.stack([weight * (left - features[:, 0]), weight * (up - features[:, 1])], axis=1)

    name = f"bundle adjustment, {n} observations"
    return Case(name, "middle", function, (parameters,), (features,), kind="batch jacobian")
