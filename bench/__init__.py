"""Benchmarks against the budgets of the design: `python -m bench`, or `make bench`."""
