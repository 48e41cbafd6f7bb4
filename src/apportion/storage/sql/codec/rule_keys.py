"""Encode rules as single integers, by which statements look for several rules at once."""

from __future__ import annotations

from collections.abc import Iterable

from apportion.domain.assignment.rule_id import RuleId
from apportion.storage.sql.dialect import Dialect

__all__ = ["COUNTERS_OF_KEY", "KEY_OF_SLOT", "rule_keys"]

KEY_OF_SLOT = "(s.plan << 8 | s.rule)"
"""The key of the rule of slots ``s``, in SQL. A plan has at most 256 rules."""
COUNTERS_OF_KEY = "c.plan = k.value >> 8 AND c.rule = k.value & 255"
"""The condition by which counters ``c`` are of listed keys ``k``."""


def rule_keys(sql: Dialect, rules: Iterable[RuleId]) -> object:
    """Return the keys of rules as one parameter of a statement."""
    return sql.numbers(plan << 8 | number for plan, number in rules)
