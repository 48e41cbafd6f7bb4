"""Hours that people worked: a report that one can pay by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from html import escape
from typing import Any, Literal

from ._optional import library
from ._tables import html_table, text_table
from .errors import InputValueError

__all__ = ["HoursReport", "Period", "WorkedHours", "ask_for", "read_hours"]

Period = Literal["day", "week", "month"]


@dataclass(frozen=True)
class WorkedHours:
    """One person's work on a dataset in one period, its first and last day included.

    ``answers`` counts records they answered for the first time, discards included. ``seconds`` is all the time they
    spent on answers, those changed or taken back since included; drafts count once they are answered.
    """

    dataset: str
    """The name of the dataset."""
    annotator: str
    """The username."""
    first: date
    """The first day of the period."""
    last: date
    """The last day of the period, itself included."""
    answers: int
    """The number of records answered for the first time."""
    seconds: float
    """The time spent, in seconds."""
    hours: float
    """The same in hours, with two decimals."""


@dataclass(frozen=True, repr=False)
class HoursReport:
    """Hours by dataset, person and period. Days begin and end in ``timezone``."""

    rows: tuple[WorkedHours, ...]
    """The rows, by dataset, person and period."""
    timezone: str
    """The name of the time zone, such as ``Europe/Madrid``."""

    def __iter__(self) -> Iterator[WorkedHours]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, annotator: str) -> float:
        """Return all hours of one person, with two decimals."""
        return self.by_person()[annotator]

    def by_person(self) -> dict[str, float]:
        """Return everybody's hours in all."""
        found: dict[str, float] = {}
        for each in self.rows:
            found[each.annotator] = found.get(each.annotator, 0.0) + each.seconds
        return {name: round(seconds / 3600, 2) for name, seconds in found.items()}

    def to_pandas(self) -> Any:
        """Return a data frame with one row for each of ``rows``."""
        pandas = library("pandas")
        return pandas.DataFrame([asdict(each) for each in self.rows], columns=list(_COLUMNS))

    @property
    def _cells(self) -> list[list[Any]]:
        return [
            [each.annotator, each.dataset, f"{each.first}", f"{each.last}", each.answers, f"{each.hours:.2f}"]
            for each in self.rows
        ]

    def __repr__(self) -> str:
        return "\n".join(text_table(_HEADS, self._cells)) if self.rows else "No one worked in this time."

    def _repr_html_(self) -> str:
        return html_table(_HEADS, self._cells) if self.rows else f"<p>{escape(repr(self))}</p>"


_HEADS = ("annotator", "dataset", "from", "to", "answers", "hours")
_COLUMNS = ("dataset", "annotator", "first", "last", "answers", "seconds", "hours")


def ask_for(
    first: str | date | None, last: str | date | None, by: str, timezone: str | None
) -> dict[str, Any]:
    """Return the query parameters of the report."""
    if by not in ("day", "week", "month"):
        raise InputValueError(f"by is day, week or month; got {by!r}.")
    days = {"from": first, "to": last}
    return {
        **{name: None if day is None else str(day) for name, day in days.items()},
        "by": by,
        "timezone": timezone,
    }


def read_hours(found: Mapping[str, Any]) -> HoursReport:
    """Read the report from the server's JSON."""
    rows = tuple(
        WorkedHours(
            each["dataset"],
            each["annotator"],
            date.fromisoformat(each["from"]),
            date.fromisoformat(each["to"]),
            each["answers"],
            each["seconds"],
            each["hours"],
        )
        for each in found["rows"]
    )
    return HoursReport(rows, found["timezone"])
