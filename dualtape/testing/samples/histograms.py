"""Samples of the operations of ops/histograms.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.testing.samples.reduction import Samples, data

__all__ = ["SAMPLES"]

SAMPLES = Samples()

X, W = data(7), data(7, shift=1.0)
EDGES = np.array([-1.1, -0.4, 0.55, 1.3])
Z = np.array([0.0, 1.0, 2.0, 2.0, 3.0, 4.0])  # on the edges


def add(operation: str, label: str, function: Any, *args: Any, **settings: Any) -> None:
    """Add a sample, whose function does not meet a complex step: samples are ordered."""
    SAMPLES.add(operation, function, *args, label=label, **settings)


add("histogram", "weights", lambda w: np.histogram(X, weights=w), W)
add("histogram", "weights, bins", lambda w: np.histogram(X, 3, weights=w), W)
add("histogram", "weights, edges", lambda w: np.histogram(X, EDGES, weights=w), W)
add("histogram", "weights, on the edges", lambda w: np.histogram(Z, 4, weights=w), W[:6])
add("histogram", "weights, on given edges", lambda w: np.histogram(Z, [1, 2, 4], weights=w), W[:6])
add("histogram", "weights, range", lambda w: np.histogram(X, 3, (-1, 1), weights=w), W)
add("histogram", "weights, complex", lambda w: np.histogram(X, 3, weights=w), data(7, dtype=complex))
add("histogram", "weights, float32", lambda w: np.histogram(X, 3, weights=w), W.astype("f"))
add("histogram", "weights, float32, edges", lambda w: np.histogram(X, EDGES, weights=w), W.astype("f"))
add("histogram", "weights, 2-d", lambda w: np.histogram(X[:6].reshape(2, 3), 3, weights=w.T), W[:6].reshape(3, 2))
add("histogram", "weights, density", lambda w: np.histogram(X, 3, density=True, weights=w), W + 2)
add("histogram", "samples and weights", lambda x, w: np.histogram(x, 3, weights=w), X, W)
add("histogram", "samples", lambda x: np.histogram(x, 3), X)
add("histogram", "samples, float32", lambda x: np.histogram(x, 3), X.astype("f"))
add("histogram", "samples, density", lambda x: np.histogram(x, 3, density=True), X)
add("histogram", "samples, rule", lambda x: np.histogram(x, "sqrt", density=True), X)
add("histogram", "edges", lambda x, e: np.histogram(x, e, density=True), X, EDGES)
add("histogram", "range", lambda x, a, b: np.histogram(x, 3, (a, b), density=True), X, -1.2, 1.25)
add("histogram", "one value", lambda x: np.histogram(x + 0.0, 2, density=True), np.array([2.5]))
add("histogram", "no samples", lambda w: np.histogram([], 2, weights=w), W[:0])
add("histogram_bin_edges", "samples", lambda x: np.histogram_bin_edges(x, 3), X)
add("histogram_bin_edges", "rule", lambda x: np.histogram_bin_edges(x, "auto"), X.reshape(1, 7))
add("histogram_bin_edges", "range", lambda x, a: np.histogram_bin_edges(x, 3, (a, 9)), X, -1.2)

add("histogram2d", "weights", lambda w: np.histogram2d(X, W, 3, weights=w), W)
add("histogram2d", "density", lambda x, w: np.histogram2d(x, W, [2, EDGES], density=True, weights=w), X, W + 2)
add("histogram2d", "edges", lambda w: np.histogram2d(X, W, EDGES, weights=w), W)
add("histogram2d", "range", lambda w: np.histogram2d(X, W, 2, [[-1, 1], [-2, 1]], weights=w), W)
add("histogramdd", "matrix", lambda x, w: np.histogramdd(x, (2, 3), weights=w), np.stack([X, W], 1), W)
add("histogramdd", "columns", lambda x, w: np.histogramdd([x, x[::-1], W], 2, density=True, weights=w), X, W + 2)
add("histogramdd", "one column", lambda x, w: np.histogramdd(x, 2, density=True, weights=w), X, W + 2)

N = np.array([0, 3, 1, 3, 0, 4, 3])
add("bincount", "weights", lambda w: np.bincount(N, w), W)
add("bincount", "minlength", lambda w: np.bincount(N, weights=w, minlength=8), W)
add("bincount", "float32", lambda w: np.bincount(N, w), W.astype("f"))
add("bincount", "not contiguous", lambda w: np.bincount(N, w), data(14)[::-2])
add("bincount", "empty", lambda w: np.bincount(N[:0], w, 2), W[:0])
