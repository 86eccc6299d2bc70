"""Averages, covariances and correlations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from dualtape.array import plain
from dualtape.ops.pinning import differentiated_as
from dualtape.ops.protocol import strip
from dualtape.ops.reduction import NOT_GIVEN
from dualtape.ops.shaping import arraylike

__all__: list[str] = []

# Operands are arrays, scalars, lists or handles: `Any` in this file says that.


@differentiated_as(np.average)
def _average(
    _value: Any, a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = NOT_GIVEN
) -> Any:
    a = arraylike(a)
    if weights is None:
        mean = np.mean(a, axis, keepdims=keepdims)
        return (mean, None) if returned else mean
    weights = arraylike(weights)
    if weights.shape != a.shape:
        axes = normalize_axis_tuple(axis, a.ndim)
        lengths = [n if i in axes else 1 for i, n in enumerate(a.shape)]
        weights = np.reshape(np.transpose(weights, np.argsort(axes)), lengths)
    total = np.sum(weights, axis, keepdims=keepdims)
    average = np.sum(a * weights, axis, keepdims=keepdims) / total
    return (average, np.broadcast_to(total, average.shape)) if returned else average


def _rows(x: Any, rowvar: Any, dtype: Any) -> Any:
    """Return observations as a matrix with a row for each variable."""
    x = arraylike(x).astype(dtype)
    if x.ndim < 2:
        return np.reshape(x, (1, x.size))
    return x if rowvar else np.transpose(x)


def _covariance(
    dtype: Any,
    m: Any,
    y: Any,
    rowvar: Any = True,
    bias: Any = False,
    ddof: Any = None,
    fweights: Any = None,
    aweights: Any = None,
) -> Any:
    x = _rows(m, rowvar, dtype)
    if y is not None:
        # NumPy turns a second matrix of one row as it is.
        x = np.concatenate([x, _rows(y, rowvar or len(np.atleast_2d(strip(y))) == 1, dtype)], axis=0)
    if ddof is None:
        ddof = 0 if bias else 1
    weights = None if fweights is None else np.asarray(strip(fweights), float)
    if aweights is not None:
        weights = arraylike(aweights) if weights is None else weights * arraylike(aweights)
    if weights is None:
        total: Any = x.shape[1]
        degrees: Any = total - ddof
        d = x - np.mean(x, axis=1, keepdims=True)
        weighted = d
    else:
        total = np.sum(weights)
        degrees = total - (ddof if aweights is None else ddof * np.sum(weights * arraylike(aweights)) / total)
        d = x - np.sum(x * weights, axis=1, keepdims=True) / total
        weighted = d * weights
    # Without degrees of freedom NumPy divides by 0.
    return d @ np.conj(np.transpose(weighted)) * np.true_divide(1, degrees if plain(degrees) > 0 else 0.0)


@differentiated_as(np.cov)
def _cov(
    value: Any, m: Any, y: Any = None, rowvar: Any = True, bias: Any = False, ddof: Any = None, fweights: Any = None,
    aweights: Any = None, *, dtype: Any = None,
) -> Any:  # fmt: skip
    return _covariance(value.dtype, m, y, rowvar, bias, ddof, fweights, aweights) if value.size else None


@differentiated_as(np.corrcoef)
def _corrcoef(
    value: Any, x: Any, y: Any = None, rowvar: Any = True, bias: Any = NOT_GIVEN, ddof: Any = NOT_GIVEN, *,
    dtype: Any = None,
) -> Any:  # fmt: skip
    if not value.size:
        return None
    c = _covariance(value.dtype, x, y, rowvar)
    std = np.sqrt(np.real(np.diagonal(c)))
    return c / std[:, None] / std
