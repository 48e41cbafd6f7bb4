"""Optional libraries, imported only when they are used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["library"]


def library(name: str, package: str | None = None) -> Any:
    """Import and return a module. Raises ``ModuleNotFoundError`` that says how to install it.

    >>> library("json").loads("[1]")
    [1]
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as missing:
        root = name.partition(".")[0]
        if missing.name is None or missing.name.partition(".")[0] != root:
            raise
        wanted = package or root
        message = f"This needs {wanted}, which is not installed: pip install {wanted}"
        raise ModuleNotFoundError(message, name=missing.name) from None
