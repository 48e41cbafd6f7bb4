"""Progress, explanations, events, policies and guidelines, as the calls return them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any, Literal

from typing_extensions import TypedDict

from apportion.vocabulary import Task

from ._tables import count, html_table, moment, text_table, when

__all__ = [
    "Event",
    "Explanation",
    "Gathered",
    "Guidelines",
    "PersonProgress",
    "Policies",
    "PolicyChanges",
    "TeamProgress",
    "WorkItem",
]


@dataclass(frozen=True)
class PersonProgress:
    """The progress of one person.

    ``seconds`` is the time they spent, ``median_seconds`` the median per answer (None where no answer says how long it
    took, and from older servers); ``finish_at`` when they will be done at the pace of the last seven days,
    None where that is not known.
    """

    annotator: str
    """The username."""
    assigned: int
    """The number of records they are to answer."""
    done: int
    """The number of records they have answered."""
    drafts: int
    """The number of their drafts."""
    skipped: int
    """The number of records they skipped."""
    seconds: float
    """The time they spent, in seconds."""
    last_active: datetime | None
    """Time of their last answer (UTC); None if never."""
    finish_at: datetime | None
    """Time when they will be done at this pace (UTC)."""
    median_seconds: float | None = None
    """The median time per answer, in seconds."""

    @property
    def left(self) -> int:
        """The number of records still to be answered."""
        return max(0, self.assigned - self.done - self.skipped)


@dataclass(frozen=True, repr=False)
class TeamProgress:
    """The progress of a dataset; annotators see their own part.

    ``complete`` counts resolved records, ``in_conflict`` those on which people disagree, ``open`` the slots that
    nobody has taken yet.
    """

    dataset: str
    """The name of the dataset."""
    annotators: tuple[PersonProgress, ...]
    """The people, one by one."""
    records: int
    """The number of records."""
    complete: int
    """The number of records that are resolved."""
    in_conflict: int
    """The number of records on which people disagree."""
    open: int
    """The number of slots that nobody has taken yet."""
    finish_at: datetime | None
    """Time when the last will be done at this pace (UTC); None if unknown."""

    def __getitem__(self, annotator: str) -> PersonProgress:
        for each in self.annotators:
            if each.annotator == annotator:
                return each
        raise KeyError(annotator)

    @property
    def _head(self) -> str:
        parts = [f"{self.complete:,} of {count(self.records, 'record')} complete"]
        if self.in_conflict:
            parts.append(f"{self.in_conflict:,} in conflict")
        if self.open:
            parts.append(f"{count(self.open, 'slot')} open to whoever is free")
        if self.finish_at is not None and self.complete < self.records:
            parts.append(f"done by {when(self.finish_at)} at this pace")
        return f"{self.dataset}: {', '.join(parts)}"

    @property
    def _rows(self) -> list[list[Any]]:
        return [
            [
                each.annotator,
                each.done,
                each.left,
                each.drafts,
                each.skipped,
                duration(each.seconds),
                each.last_active,
            ]
            for each in self.annotators
        ]

    def __repr__(self) -> str:
        lines = text_table(_HEADS, self._rows) if self.annotators else []
        return "\n".join([self._head, *(f"  {line}" for line in lines)])

    def _repr_html_(self) -> str:
        table = html_table(_HEADS, self._rows, bar=1) if self.annotators else ""
        return f"<p><b>{escape(self._head)}</b></p>{table}"


_HEADS = ("annotator", "done", "left", "drafts", "skipped", "time", "last active")


@dataclass(frozen=True)
class WorkItem:
    """The caller's work in one dataset; ``left`` also counts open slots they may take."""

    dataset: str
    """The name of the dataset."""
    workspace: str
    """The workspace it is in."""
    task: Task
    """The task of its records."""
    left: int
    """The number of records left to answer."""
    assigned: int
    """The number of records you are to answer."""
    done: int
    """The number of records you have answered."""
    drafts: int
    """The number of your drafts."""
    skipped: int
    """The number of records you skipped."""
    seconds: float
    """The time you spent, in seconds."""
    last_active: datetime | None
    """Time of your last answer (UTC); None if never."""
    finish_at: datetime | None
    """Time when you will be done at your pace (UTC); None if unknown."""


@dataclass(frozen=True, repr=False)
class Explanation:
    """An explanation, in sentences, of why a person has a record or does not."""

    record: str
    """The id of the record, as text."""
    annotator: str
    """The username."""
    assigned: bool
    """True if they have the record."""
    why: tuple[str, ...]
    """The reasons, a sentence each."""

    def __repr__(self) -> str:
        verb = "has" if self.assigned else "does not have"
        return "\n".join([f"{self.annotator} {verb} {self.record}", *(f"  {each}" for each in self.why)])


@dataclass(frozen=True)
class Event:
    """An event of a dataset: who did what, to which record, when."""

    no: int
    """The number of the event; later ones have greater numbers."""
    at: datetime
    """Time of the event (UTC)."""
    who: str
    """The username."""
    what: str
    """Event, as a code."""
    record: str | None = None
    """The id of the record, as text."""
    detail: Any = None
    """More, by kind of event."""


@dataclass(frozen=True)
class Policies:
    """The policies of a dataset: whose annotations count, who sees what, and how answers become one value.

    ``annotation``: one annotation per record ("shared"), or one of each person ("individual"). ``blind``: annotators
    see no annotations but their own. ``visibility``: they see every record ("dataset") or theirs ("assigned").
    ``resolution``: how answers become one, by ``latest``, ``majority``, ``unanimous`` or ``adjudicated``.
    ``required``: how many answers a record wants that no plan has touched. ``annotators_may``: what they may do to the
    dataset as a whole. ``skip``: what happens to a skipped record.
    """

    annotation: Literal["shared", "individual"]
    blind: bool
    visibility: Literal["dataset", "assigned"]
    resolution: str
    required: int
    annotators_may: tuple[str, ...]
    skip: Literal["next_person", "back_to_me", "drop"]


class PolicyChanges(TypedDict, total=False):
    """Policies to change; ``keep="latest"`` says which annotation stays when a dataset becomes shared again."""

    annotation: Literal["shared", "individual"]
    """One annotation per record, or one of each person."""
    blind: bool
    """True if annotators see no annotations but their own."""
    visibility: Literal["dataset", "assigned"]
    """Records that annotators see: all, or their own."""
    resolution: Literal["latest", "majority", "unanimous", "adjudicated"]
    """Rule by which answers become one."""
    required: int
    """The number of answers a record wants that no plan has touched."""
    annotators_may: Sequence[str]
    """Things that annotators may do to the dataset as a whole."""
    skip: Literal["next_person", "back_to_me", "drop"]
    """Treatment of a skipped record."""
    keep: Literal["latest"]
    """Annotation that stays when a dataset becomes shared again."""


@dataclass(frozen=True)
class Guidelines:
    """The guidelines for annotators, as Markdown; version 0 where nothing was written yet."""

    version: int
    """The version, from 1 on; 0 where nothing was written yet."""
    text: str
    """The text, as Markdown."""
    author: str | None = None
    """The user who wrote this version."""
    at: datetime | None = None
    """Time of writing (UTC)."""


@dataclass(frozen=True)
class Gathered:
    """The result of merging copies, or with ``dry_run`` a preview of it; ``loads`` counts each person's copies."""

    dataset: str
    """The name of the new dataset."""
    workspace: str
    """The workspace it is in."""
    records: int
    """The number of its records."""
    annotations: int
    """The number of annotations brought together."""
    loads: Mapping[str, int] = field(default_factory=dict)
    dry_run: bool = False


def duration(seconds: float) -> str:
    """Format seconds as hours and minutes.

    >>> duration(0), duration(45), duration(3_720)
    ('-', '1 min', '1 h 02 min')
    """
    if seconds <= 0:
        return "-"
    minutes = max(1, round(seconds / 60))
    hours, rest = divmod(minutes, 60)
    return f"{hours:,} h {rest:02} min" if hours else f"{rest} min"


# Reading responses


def read_progress(dataset: str, found: Mapping[str, Any]) -> TeamProgress:
    """Read a dataset's progress from the server's JSON."""
    return TeamProgress(
        dataset=dataset,
        annotators=tuple(
            PersonProgress(each["annotator"], **_counts(each), median_seconds=each.get("median_seconds"))
            for each in found["annotators"]
        ),
        records=found["records"],
        complete=found["complete"],
        in_conflict=found["in_conflict"],
        open=found["open"],
        finish_at=moment(found["finish_at"]),
    )


def read_work(found: Mapping[str, Any]) -> WorkItem:
    """Read a person's work in one dataset from the server's JSON."""
    return WorkItem(found["name"], found["workspace"], Task(found["task"]), found["left"], **_counts(found))


def _counts(found: Mapping[str, Any]) -> dict[str, Any]:
    times = {name: moment(found[name]) for name in ("last_active", "finish_at")}
    return {**{name: found[name] for name in ("assigned", "done", "drafts", "skipped", "seconds")}, **times}


def read_explanation(found: Mapping[str, Any]) -> Explanation:
    """Read an explanation from the server's JSON."""
    return Explanation(found["record"], found["annotator"], found["assigned"], tuple(found["why"]))


def read_event(found: Mapping[str, Any]) -> Event:
    """Read an event from the server's JSON."""
    at = moment(found["at"])
    assert at is not None
    return Event(found["no"], at, found["who"], found["what"], found["record"], found["detail"])


def read_policies(found: Mapping[str, Any]) -> Policies:
    """Read policies from the server's JSON."""
    return Policies(
        annotation=found["annotation"],
        blind=found["blind"],
        visibility=found["visibility"],
        resolution=found["resolution"],
        required=found["required"],
        annotators_may=tuple(found["annotators_may"]),
        skip=found["skip"],
    )


def read_guidelines(found: Mapping[str, Any]) -> Guidelines:
    """Read guidelines from the server's JSON."""
    return Guidelines(found["version"], found["text"], found.get("author"), moment(found.get("at")))


def read_gathered(found: Mapping[str, Any]) -> Gathered:
    """Read the result of ``gather`` from the server's JSON."""
    names = ("dataset", "workspace", "records", "annotations", "loads", "dry_run")
    return Gathered(**{name: found[name] for name in names})
