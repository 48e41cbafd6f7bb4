"""Identify a rule among the rules of all plans."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["RuleId"]


class RuleId(NamedTuple):
    """A rule of a plan: the plan's number and the rule's place in it. A record may have slots of many plans."""

    plan: int
    number: int
