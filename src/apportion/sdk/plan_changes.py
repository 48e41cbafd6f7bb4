"""Rows of plans, and changes of plans, as the calls return them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any

from ._tables import count, html_table, moment, text_table

__all__ = ["PlanChange", "PlanRow", "Refused", "Unassigned", "not_assigned", "read_change", "read_row"]

_REASONS = 5


@dataclass(frozen=True)
class Unassigned:
    """A number of slots that could not be assigned, and why."""

    count: int
    """The number of slots."""
    reason: str
    """Reason why they could not be assigned, in words."""

    def __str__(self) -> str:
        return f"{count(self.count, 'slot')} ({self.reason})"


@dataclass(frozen=True)
class Refused:
    """A row that could not be changed, and why."""

    record: str
    """The id of the record, as text."""
    annotator: str | None
    """The person who has it; None for an open slot."""
    why: str
    """Reason why it cannot change, in words."""


@dataclass(frozen=True)
class PlanRow:
    """One slot of a plan. ``annotator`` is None while nobody has taken an open slot.

    ``state`` is ``pending``, ``leased``, ``done``, ``skipped`` or ``withdrawn``; ``inclusion`` the probability with
    which the record came to be answered by several people.
    """

    record: str
    """The id of the record, as text."""
    annotator: str | None
    """The person who is to answer it."""
    state: str
    """``pending``, ``leased``, ``done``, ``skipped`` or ``withdrawn``."""
    reason: str
    """Reason why the person has it, in words."""
    rule: int
    """The number of the rule, from 0 on."""
    phase: str
    """The part of the plan, such as ``anchor``."""
    inclusion: float | None
    """The probability that several people answer the record, from 0 to 1."""
    lease_until: datetime | None
    """End of the lease (UTC); None without one."""
    note: str | None
    """Note that was left at a change or a skip."""


@dataclass(frozen=True)
class PlanChange:
    """The effect of a change on a plan; with ``dry_run``, the effect it would have.

    ``loads`` says by how much each person's records grow or shrink; ``kept`` counts rows that stay because work on
    them has begun; ``refused`` are rows that were named but cannot change.
    """

    what: str
    """``extend``, ``rebalance``, ``move``, ``withdraw`` or ``undo``."""
    dry_run: bool
    """True if nothing was changed."""
    added: int = 0
    """The number of slots added."""
    removed: int = 0
    """The number of slots removed."""
    moved: int = 0
    """The number of slots moved to another person."""
    kept: int = 0
    """The number of slots kept, since work on them has begun."""
    loads: Mapping[str, int] = field(default_factory=dict)
    """The difference in records, by username."""
    unassigned: tuple[Unassigned, ...] = ()
    """The slots that could not be assigned."""
    refused: tuple[Refused, ...] = ()
    """The slots that were named but cannot change."""

    @property
    def _head(self) -> str:
        parts = [("added", self.added), ("removed", self.removed), ("moved", self.moved), ("kept", self.kept)]
        summary = ", ".join(f"{number:,} {word}" for word, number in parts if number) or "nothing changes"
        return f"{self.what.capitalize()}{': would be ' if self.dry_run and summary[0].isdigit() else ': '}{summary}"

    @property
    def _facts(self) -> list[str]:
        found = not_assigned(self.unassigned)
        found += [
            f"Refused: {each.record}{f' of {each.annotator}' if each.annotator else ''}, {each.why}"
            for each in self.refused[:_REASONS]
        ]
        if len(self.refused) > _REASONS:
            found.append(f"and {len(self.refused) - _REASONS:,} more refused")
        return found

    @property
    def _rows(self) -> list[list[Any]]:
        return [[name, f"{by:+,}"] for name, by in self.loads.items() if by]

    def __repr__(self) -> str:
        lines = text_table(["annotator", "records"], self._rows) if self._rows else []
        return "\n".join([self._head, *(f"  {line}" for line in (*lines, *self._facts))])

    def _repr_html_(self) -> str:
        table = html_table(["annotator", "records"], self._rows) if self._rows else ""
        facts = "".join(f"<li>{escape(each)}</li>" for each in self._facts)
        return f"<p><b>{escape(self._head)}</b></p>{table}<ul style='color:inherit'>{facts}</ul>"


# Reading responses


def read_row(found: Mapping[str, Any]) -> PlanRow:
    """Read a slot from the server's JSON."""
    return PlanRow(
        record=found["record"],
        annotator=found["annotator"],
        state=found["state"],
        reason=found["reason"],
        rule=found["rule"],
        phase=found["phase"],
        inclusion=found.get("inclusion"),
        lease_until=moment(found.get("lease_until")),
        note=found.get("note"),
    )


def read_change(what: str, dry_run: bool, found: Mapping[str, Any]) -> PlanChange:
    """Read a change from the server's JSON."""
    return PlanChange(
        what=what,
        dry_run=dry_run,
        added=found.get("added", 0),
        removed=found.get("removed", 0),
        moved=found.get("moved", 0),
        kept=found.get("kept", 0),
        loads=dict(found.get("loads", {})),
        unassigned=tuple(Unassigned(each["count"], each["reason"]) for each in found.get("unassigned", ())),
        refused=tuple(
            Refused(each["record"], each["annotator"], each["why"]) for each in found.get("refused", ())
        ),
    )


def not_assigned(unassigned: Sequence[Unassigned]) -> list[str]:
    """Return lines that say what could not be assigned, and why: the most frequent reasons."""
    most = sorted(unassigned, key=lambda each: -each.count)
    others = len(most) - _REASONS
    more = [f"and {count(others, 'more reason', 'more reasons')}"] if others > 0 else []
    return [*(f"Not assigned: {each}" for each in most[:_REASONS]), *more]
