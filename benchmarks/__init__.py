"""Measurements of Apportion against the bare engine. Run with ``python -m benchmarks``."""
