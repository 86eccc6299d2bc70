"""Samples of the operations of ops/statistics.py."""

from __future__ import annotations

import numpy as np

from dualtape.testing.samples.reduction import CASES, COMPLEX, Samples, data, read_only

__all__ = ["SAMPLES"]

SAMPLES = Samples()

# --- average ------------------------------------------------------------------------------------------------------

W = data(3, 4, shift=2.0) + 2.5
SAMPLES.sweep("average", np.average, [case for case in CASES if case[0] != "nothing to reduce to"])
SAMPLES.sweep("average", np.average, COMPLEX)
SAMPLES.add("average", lambda x, w: np.average(x, weights=w), data(3, 4), W, label="weights")
SAMPLES.add("average", lambda x, w: np.average(x, 0, w, keepdims=True), data(3, 4), W, label="weights, keepdims")
SAMPLES.add("average", lambda x, w: np.average(x, 1, w), data(3, 4), W[0], label="weights of one axis")
SAMPLES.add(
    "average", lambda x, w: np.average(x, (2, 0), w), data(2, 3, 2), W[:2, :2], label="weights of axes out of order"
)
SAMPLES.add(
    "average", lambda x, w: np.average(x, -1, w, returned=True), data(3, 4), W[0], label="weights and their sum"
)
SAMPLES.add("average", lambda x: np.average(x, 0, returned=True)[0], data(3, 4), label="returned")
SAMPLES.add("average", lambda x: np.average(x, 0, [1, 2, 4]), data(3, 2, dtype=np.float32), label="whole weights")
SAMPLES.add("average", lambda w: np.average([1, 2, 4], weights=w), W[0, :3], label="of whole numbers")
SAMPLES.add("average", lambda x, w: np.average(x, weights=w), data(4, dtype=complex), W[0], label="complex")
SAMPLES.add(
    "average", lambda x, w: np.average(x.T, 0, w), data(3, 4, dtype=np.float32), W[0].astype("f"), label="float32"
)

# --- cov, corrcoef ------------------------------------------------------------------------------------------------

X, Y = data(3, 5), data(2, 5, shift=1.0)
COUNTS = [1, 2, 3, 1, 2]
for _label, _x in {
    "2-d": X, "transposed": data(5, 3).T, "read-only": read_only(data(2, 4)), "float32": data(3, 5, dtype=np.float32),
    "complex": data(2, 4, dtype=complex), "two observations": data(3, 2),
}.items():  # fmt: skip
    SAMPLES.add("cov", np.cov, _x, label=_label)
    SAMPLES.add("corrcoef", np.corrcoef, _x, label=_label)
for _operation, _function in (("cov", np.cov), ("corrcoef", np.corrcoef)):
    SAMPLES.add(_operation, lambda x, y, f=_function: f(x, y), X, Y, label="two matrices")
    SAMPLES.add(_operation, lambda x, y, f=_function: f(x, y), X[0], Y[0], label="two rows")
    SAMPLES.add(_operation, lambda x, y, f=_function: f(x.T, y.T, rowvar=False), X, Y, label="rowvar")
    SAMPLES.add(_operation, lambda x, y, f=_function: f(x.T, y, False), X, Y[0], label="rowvar, a row")
    SAMPLES.add(_operation, lambda x, f=_function: f(x, dtype=np.float32), X, label="narrower dtype")
    SAMPLES.add(_operation, lambda x, f=_function: f(x, rowvar=False), data(4), label="rowvar, 1-d")
SAMPLES.add("cov", np.cov, data(4), label="1-d")
SAMPLES.add("corrcoef", np.corrcoef, data(4), label="1-d", second=False)
SAMPLES.add("cov", lambda x: np.cov(x, bias=True), X, label="bias")
SAMPLES.add("cov", lambda x: np.cov(x, ddof=2), X, label="ddof")
SAMPLES.add("cov", lambda x: np.cov(x, fweights=COUNTS), X, label="fweights")
SAMPLES.add("cov", lambda x: np.cov(x, fweights=COUNTS, ddof=0), X, label="fweights, ddof 0")
SAMPLES.add("cov", lambda x, w: np.cov(x, aweights=w), X, np.arange(1.0, 6.0), label="aweights")
SAMPLES.add("cov", lambda x, w: np.cov(x, aweights=w, bias=True), X, np.arange(1.0, 6.0), label="aweights, bias")
SAMPLES.add(
    "cov", lambda x, w: np.cov(x, fweights=COUNTS, aweights=w), X, np.arange(1.0, 6.0), label="fweights and aweights"
)
SAMPLES.add("cov", lambda w: np.cov([[1, 3, 2], [0, 1, 5]], aweights=w), np.arange(1.0, 4.0), label="of whole numbers")
