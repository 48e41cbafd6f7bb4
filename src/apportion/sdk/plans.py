"""Plans: the assignment of records to people, previewed before it is applied and before it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Protocol

from ._tables import MUTED, count, html_table, moment, text_table, when
from .errors import InputValueError
from .plan_changes import PlanChange, PlanRow, Unassigned, not_assigned

__all__ = ["Pairs", "Plan", "PlanChange", "PlanRow", "Unassigned"]

SPEC = (
    "rules",
    "seed",
    "blind",
    "visibility",
    "standing",
    "adaptive",
    "checks",
    "mirror",
    "mirror_overwrite",
    "digest",
)
"""Members of a preview that ask for the same plan again."""
_SHOWN = 100
_STATES = ("pending", "leased", "done", "skipped")


class PlanClient(Protocol):
    """The methods of a client that plans use; the operations have their signatures."""

    @property
    def apply_plan(self) -> Callable[..., Plan]: ...
    @property
    def refresh_plan(self) -> Callable[..., Plan]: ...
    @property
    def plan_rows(self) -> Callable[..., list[PlanRow]]: ...
    @property
    def change_plan(self) -> Callable[..., PlanChange]: ...


@dataclass(frozen=True)
class Pairs:
    """The number of records two people have in common: of the pair with fewest, with most, and ideally."""

    min: int
    """The number of the pair that has fewest."""
    max: int
    """The number of the pair that has most."""
    ideal: float
    """Number that each pair would have if all had the same."""


class Plan:
    """An assignment plan: a preview, or one that was applied (then it has an ``id``).

    >>> plan = rg.assign("reviews", users=["ana", "ben"], overlap=2, blind=True, dry_run=True)  # doctest: +SKIP
    >>> plan.loads  # doctest: +SKIP
    {'ana': 500, 'ben': 500}
    >>> plan.apply().id  # doctest: +SKIP
    '6e0d917b-3347-4c5e-ac72-ed751c7b50bb'
    """

    def __init__(
        self, dataset: str, workspace: str, shown: Mapping[str, Any], client: PlanClient | None = None
    ) -> None:
        self.dataset = dataset
        self.workspace = workspace
        self._client = client
        self._shown = shown

    # Attributes

    @property
    def id(self) -> str | None:
        """The id; None for a preview."""
        return self._shown.get("id")

    @property
    def made(self) -> bool:
        """True if it was applied; False for a preview."""
        return self.id is not None

    @property
    def state(self) -> str:
        """The state: ``preview``, ``writing``, ``live``, ``undoing`` or ``undone``."""
        return str(self._shown.get("state", "preview"))

    @property
    def seed(self) -> int:
        """The seed; the same rules, seed and records give the same plan again."""
        return int(self._shown["seed"])

    @property
    def digest(self) -> str:
        """The digest of what was previewed: rules, people, policies and records."""
        return str(self._shown["digest"])

    @property
    def rules(self) -> Sequence[Mapping[str, Any]]:
        """The rules as the server understood them."""
        return list(self._shown.get("rules", ()))

    @property
    def blind(self) -> bool:
        """True if people work without seeing each other's annotations."""
        return bool(self._shown.get("blind"))

    @property
    def records(self) -> int:
        """The number of records it assigned when it was applied and extended."""
        return int(self._shown["records"])

    @property
    def slots(self) -> int:
        """The number of answers it asked for when it was applied and extended."""
        return int(self._shown["slots"])

    @property
    def loads(self) -> dict[str, int]:
        """The number of records per person (of a preview: that they would have); withdrawn ones do not count."""
        people = self._progress.get("annotators")
        if people is None:
            return dict(self._shown.get("loads", {}))
        return {name: _live(states) for name, states in people.items() if _live(states)}

    @property
    def open(self) -> int:
        """The number of slots that nobody has taken yet."""
        given = sum(self.loads.values())
        return max(0, (_live(self._progress) if self.made else self.slots) - given)

    @property
    def done(self) -> dict[str, int]:
        """The number of records each person has answered."""
        return {name: states["done"] for name, states in self._progress.get("annotators", {}).items()}

    @property
    def pairs(self) -> Pairs | None:
        """The records two people have in common; None where no record goes to two."""
        found = self._shown.get("pairs")
        return None if found is None else Pairs(found["min"], found["max"], found["ideal"])

    @property
    def unassigned(self) -> tuple[Unassigned, ...]:
        """The slots that could not be assigned, and why."""
        return tuple(Unassigned(each["count"], each["reason"]) for each in self._shown.get("unassigned", ()))

    @property
    def agreement_half_width(self) -> float | None:
        """Half the width of the 95 % interval that alpha can be expected to have; None without overlap."""
        found = self._shown.get("agreement_half_width")
        return None if found is None else float(found)

    @property
    def finish_at(self) -> dict[str, datetime | None]:
        """The time each would be done at the pace of the last seven days, of a preview; None if unknown."""
        return {name: moment(at) for name, at in (self._shown.get("finish_at") or {}).items()}

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings to consider before applying it."""
        return tuple(self._shown.get("warnings", ()))

    @property
    def created_by(self) -> str | None:
        """The user who created it."""
        return self._shown.get("created_by")

    @property
    def created_at(self) -> datetime | None:
        """The time it was created."""
        return moment(self._shown.get("created_at"))

    @property
    def _progress(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._shown.get("progress") or {}
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return everything as the server sent it."""
        return dict(self._shown)

    # Changes

    def apply(self) -> Plan:
        """Apply it: exactly what was previewed, or nothing. Returns itself, with its ``id``.

        Raises ``ConflictApiError`` if records, people or policies have changed since; then nothing is written.
        """
        return self._copy_from(self._blocking_client("apply_plan(plan)").apply_plan(self))

    def refresh(self) -> Plan:
        """Update its progress from the server. Returns itself."""
        return self._copy_from(self._blocking_client("refresh_plan(plan)").refresh_plan(self))

    def rows(
        self, annotator: str | None = None, state: str | None = None, limit: int | None = None
    ) -> list[PlanRow]:
        """Return the slots of an applied plan, optionally of one person or in one state.

        >>> [row.record for row in plan.rows(annotator="ana", state="pending", limit=3)]  # doctest: +SKIP
        ['a-17', 'a-2', 'a-40']
        """
        client = self._blocking_client("plan_rows(plan)")
        return client.plan_rows(self, annotator=annotator, state=state, limit=limit)

    def extend(self, *, dry_run: bool = False) -> PlanChange:
        """Add records that were logged since, by the same rules; no earlier row moves."""
        return self._change("extend", dry_run)

    def rebalance(
        self,
        users: Sequence[Any] | None = None,
        *,
        level: bool = False,
        rule: int | None = None,
        dry_run: bool = False,
    ) -> PlanChange:
        """Rebalance it over its team as it is now, or over other ``users``; begun work stays where it is.

        With ``level``, people above their share hand over what is too much, so that new people get theirs.

        >>> plan.rebalance(users=["ben", "cy"], dry_run=True)  # doctest: +SKIP
        """
        return self._change("rebalance", dry_run, users=users, level=level, rule=rule)

    def move(
        self,
        to: str,
        records: Sequence[str | int] | None = None,
        annotator: str | None = None,
        *,
        rule: int = 0,
        dry_run: bool = False,
    ) -> PlanChange:
        """Move pending rows to a person: of these records, of one person, or both.

        >>> plan.move("ben", records=["a-17", "a-40"])  # doctest: +SKIP
        """
        return self._change("move", dry_run, to=to, records=_ids(records), annotator=annotator, rule=rule)

    def withdraw(
        self,
        records: Sequence[str | int] | None = None,
        annotator: str | None = None,
        *,
        dry_run: bool = False,
    ) -> PlanChange:
        """Withdraw pending rows; all of them where neither records nor a person are named."""
        return self._change("withdraw", dry_run, records=_ids(records), annotator=annotator)

    def undo(self, *, dry_run: bool = False) -> PlanChange:
        """Undo the whole plan, except for work that was begun."""
        return self._change("undo", dry_run)

    def _change(self, what: str, dry_run: bool, **options: Any) -> PlanChange:
        client = self._blocking_client(f"change_plan(plan, {what!r})")
        change = client.change_plan(self, what, dry_run=dry_run, **options)
        if not dry_run:
            self.refresh()
        return change

    def _copy_from(self, other: Plan) -> Plan:
        self._shown = other._shown
        return self

    def _blocking_client(self, call: str) -> PlanClient:
        if self._client is None:
            raise InputValueError(
                f"This plan came from an AsyncClient: ask that, as in `await client.{call}`."
            )
        return self._client

    # Display

    @property
    def _head(self) -> str:
        name = f"{self.workspace}/{self.dataset}"
        if not self.made:
            return f"Preview of a plan for {name}: nothing is written yet"
        return f"Plan {self.id} for {name}" + (", undone" if self.state == "undone" else "")

    @property
    def _facts(self) -> list[str]:
        blind = ", blind" if self.blind else ""
        found = [
            f"{count(self.records, 'record')}, {count(self.slots, 'answer')} wanted, seed {self.seed}{blind}"
        ]
        if self.open:
            found.append(f"{count(self.open, 'slot')} open to whoever is free")
        if self.pairs is not None:
            low, high, ideal = self.pairs.min, self.pairs.max, self.pairs.ideal
            shared = f"{low:,}" if low == high else f"{low:,} to {high:,}"
            found.append(f"Every two people share {shared} records (ideal {ideal:,.1f})")
        if self.agreement_half_width is not None:
            assumes = self._shown.get("agreement_assumes")
            given = f", given {assumes}" if assumes else ""
            found.append(f"Alpha to be expected within ± {self.agreement_half_width:.2f}{given}")
        dates = {at: name for name, at in self.finish_at.items() if at is not None}
        if dates:
            last = max(dates)
            found.append(f"At the pace of the last seven days done by {when(last)}, {dates[last]} last")
        checks = self._shown.get("mixed_in")
        if checks:
            are = "is a check" if checks == 1 else "are checks"
            found.append(f"{checks:,} of these answers {are}, whose gold value is known")
        found += not_assigned(self.unassigned)
        return [*found, *(f"Mind: {each}" for each in self.warnings)]

    @property
    def _table(self) -> tuple[list[str], list[list[Any]]]:
        if not self.made:
            return ["annotator", "records"], [[name, load] for name, load in self.loads.items()]
        done = self.done
        return ["annotator", "records", "done"], [
            [name, n, done.get(name, 0)] for name, n in self.loads.items()
        ]

    def __repr__(self) -> str:
        heads, rows = self._table
        lines = text_table(heads, rows[:_SHOWN]) if rows else []
        more = [f"and {count(len(rows) - _SHOWN, 'person', 'people')} more"] if len(rows) > _SHOWN else []
        return "\n".join([self._head, *(f"  {line}" for line in (*lines, *more, *self._facts))])

    def _repr_html_(self) -> str:
        heads, rows = self._table
        table = html_table(heads, rows[:_SHOWN], bar=1) if rows else ""
        more = f"<li>and {len(rows) - _SHOWN:,} people more</li>" if len(rows) > _SHOWN else ""
        facts = "".join(f"<li>{escape(each)}</li>" for each in self._facts)
        hint = "" if self.made else f"<p style='{MUTED}'><code>plan.apply()</code> makes it.</p>"
        return f"<p><b>{escape(self._head)}</b></p>{table}<ul style='color:inherit'>{more}{facts}</ul>{hint}"


def _live(states: Mapping[str, Any]) -> int:
    return sum(states.get(state, 0) for state in _STATES)


def _ids(records: Sequence[str | int] | None) -> list[str] | None:
    if isinstance(records, str | int):
        raise InputValueError(f"records is a list of ids, as in records=[{records!r}].")
    return None if records is None else [str(each) for each in records]
