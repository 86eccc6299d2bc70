"""The families that most programs don't use; importing this module registers them.

They register functions of NumPy and nothing else: no ufunc, no method. So whoever misses one comes by `call_function`.
"""

from dualtape.ops.protocol import together

with together():
    from dualtape.ops import (
        applying,
        borrowed,
        checkpoint,
        custom,
        decompositions,
        differences,
        editing,
        eigenvalues,
        emath,
        fourier,
        grids,
        histograms,
        leastsquares,
        linalg,
        nans,
        norms,
        padding,
        polynomials,
        quantiles,
        sets,
        singularvalues,
        statistics,
        windows,
        zero_wins,
    )

__all__ = [
    "applying",
    "borrowed",
    "checkpoint",
    "custom",
    "decompositions",
    "differences",
    "editing",
    "eigenvalues",
    "emath",
    "fourier",
    "grids",
    "histograms",
    "leastsquares",
    "linalg",
    "nans",
    "norms",
    "padding",
    "polynomials",
    "quantiles",
    "sets",
    "singularvalues",
    "statistics",
    "windows",
    "zero_wins",
]
