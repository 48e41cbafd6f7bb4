"""The environment of processes of which a test looks at what they have imported: `make coverage` imports more."""

from __future__ import annotations

import os

__all__ = ["environment_unmeasured"]


def environment_unmeasured() -> dict[str, str]:
    """Return the environment without what has coverage measured in a process that is started."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
