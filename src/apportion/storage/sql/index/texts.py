"""The full-text index of a dataset, for the write path."""

from __future__ import annotations

from apportion.storage.sql import texts
from apportion.storage.sql.connection import RawConnection

__all__ = ["TextIndex"]


def TextIndex(raw: RawConnection, dataset: int) -> texts.TextIndex:
    """Return the full-text index of a dataset."""
    return raw.dialect.texts(raw, dataset)
