"""The number of this version's tables, the same in every database."""

from __future__ import annotations

__all__ = ["LATEST"]

LATEST = 17
"""The number of the last migration in ``storage/migrations/versions``."""
