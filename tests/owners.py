"""Servers that are alive, and others: for tests of what one leaves half done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["alive", "nobody", "start_again"]


def nobody(server: int) -> bool:
    """No server is alive."""
    return False


def alive(store: Any) -> Callable[[int], bool]:
    """Return whether a server is alive, for the store."""
    living = store.living()
    return lambda no: no in living


def start_again(store: Any) -> None:
    """Make the store that of another server: what it was at before is what a server left that stopped."""
    store._server += 1
