"""Make measurements, fit them, and check what is found against what they were made of."""

import numpy as np

from fit import Measurements, Oscillator, displacement, fit, sensitivity, uncertainty


def main() -> None:
    """Fit."""
    noise = 1e-3
    truth = Oscillator(np.array([1.0, 0.5]), np.array([2.0, 3.5]), np.array([0.1]))
    times = np.linspace(0.0, 10.0, 200).astype(np.float64)
    exact = displacement(truth, times)
    measured = exact + noise * np.random.default_rng(0).standard_normal(200)
    data = Measurements(times, measured.astype(np.float64))
    start = Oscillator(np.array([0.8, 0.6]), np.array([2.1, 3.4]), np.array([0.2]))
    found = fit(start, data)
    deviations = uncertainty(found, data, noise)
    misses = np.abs(found.pack() - truth.pack()) / deviations
    assert np.all(misses < 4.0), misses
    change, velocity = sensitivity(truth, times)
    np.testing.assert_allclose(change, -times * exact, atol=1e-12)
    by_differences = np.gradient(exact, times, edge_order=2)
    np.testing.assert_allclose(velocity, by_differences, atol=2e-2)
    print(f"frequencies {found.frequencies.round(3)}, damping {found.damping.round(3)}")


if __name__ == "__main__":
    main()
