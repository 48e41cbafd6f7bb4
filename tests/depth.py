"""Numbers of examples and rounds: smaller ones in `make test`, which is run before every commit."""

from __future__ import annotations

import os

__all__ = ["DEEP", "times"]

DEEP = bool(os.environ.get("DEEP"))
"""True in `make test-deep`."""


def times(usual: int, deep: int) -> int:
    """Return how many examples, rounds or places to try: enough to find what is plainly wrong, or what hides."""
    return deep if DEEP else usual
