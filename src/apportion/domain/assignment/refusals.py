"""Errors of planning, besides those of malformed plans.

Refusal
├── BadRequestError
│   └── NothingToAssignError      no record matches, or all are taken
└── ConflictError
    └── PlanMovedError            records, people or policies are not what the preview saw
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apportion.domain.errors import BadRequestError, ConflictError

__all__ = ["NothingToAssignError", "PlanMovedError"]


class NothingToAssignError(BadRequestError):
    """No record matches any rule of the plan, all that do are assigned already, or nobody can take one."""

    def __init__(self, reasons: Sequence[str] = ()) -> None:
        why = (
            "No record is left that a rule of this plan matches."
            if not reasons
            else "; ".join(reasons[:5]) + "."
        )
        super().__init__(f"{why} Nothing was planned.")


class PlanMovedError(ConflictError):
    """The preview was of other records, people or policies: look again before applying."""

    def __init__(self, sent: str, current: str) -> None:
        super().__init__(
            "The matching records, the people or the policies have changed since the preview. Nothing was assigned."
        )
        self.sent = sent
        self.current = current

    def params(self) -> dict[str, Any]:
        return {"message": str(self), "sent": self.sent, "current": self.current}
