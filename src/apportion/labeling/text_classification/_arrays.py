"""The only way to numpy and pandas here: an extra, loaded when it is used."""

from __future__ import annotations

from typing import Any, TypeAlias

from apportion.sdk._optional import library

Array: TypeAlias = Any
"""A numpy array."""

__all__ = ["EXTRA", "Array", "numpy", "pandas"]

EXTRA = "'apportion[labeling]'"


def numpy() -> Any:
    """Return numpy. Raises ``ModuleNotFoundError`` that says how to install it."""
    return library("numpy", EXTRA)


def pandas() -> Any:
    """Return pandas. Raises ``ModuleNotFoundError`` that says how to install it."""
    return library("pandas", EXTRA)
