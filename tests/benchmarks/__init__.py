"""The benchmark: `nox -s bench`, or `python -m benchmarks` where this folder's parent is on the path."""
