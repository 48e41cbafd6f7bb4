"""The kind of store that ``--store`` asks for, for what is no fixture."""

from __future__ import annotations

import os

__all__ = ["set_tested_store", "tested_store"]

_VARIABLE = "APPORTION_TESTS_STORE"


def tested_store() -> str:
    """Return ``sqlite``, ``postgres`` or ``postgres-opensearch``."""
    return os.environ.get(_VARIABLE) or "sqlite"


def set_tested_store(kind: str) -> None:
    """Have everything of this run on this kind, in workers, too."""
    os.environ[_VARIABLE] = kind
