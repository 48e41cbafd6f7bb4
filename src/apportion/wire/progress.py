"""Progress of datasets and people, the caller's own work, teams, hours, and events of a dataset."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from apportion.vocabulary import Task

from .assignments import SlotStates

__all__ = [
    "AnnotatorProgress",
    "EventOut",
    "EventsOut",
    "HoursOut",
    "HoursRow",
    "OverviewDataset",
    "OverviewOut",
    "ProgressOut",
    "StatusCounts",
    "TeamDataset",
    "TeamMemberOut",
    "TeamOut",
    "TeamPerson",
    "WorkItemOut",
    "WorkOut",
]


class AnnotatorProgress(Struct, kw_only=True):
    """Progress of one person: assigned and finished slots, and the time spent."""

    annotator: str
    assigned: int
    done: int
    drafts: int
    skipped: int
    seconds: float
    last_active: str | None
    finish_at: str | None
    median_seconds: float | None


class ProgressOut(Struct, kw_only=True):
    """A dataset's progress. ``open`` counts slots that nobody has taken yet."""

    annotators: list[AnnotatorProgress]
    records: int
    complete: int
    in_conflict: int
    open: int
    finish_at: str | None


class WorkItemOut(Struct, kw_only=True):
    """My work in one dataset; ``left`` is in front of me."""

    workspace: str
    name: str
    dataset: Annotated[str, Meta(description="The UUID of the dataset.")]
    task: Task
    left: int
    assigned: int
    done: int
    drafts: int
    skipped: int
    seconds: float
    last_active: str | None
    finish_at: str | None


class WorkOut(Struct, kw_only=True):
    """My work everywhere, most left first."""

    work: list[WorkItemOut]


class StatusCounts(Struct, kw_only=True, rename="pascal"):
    """Numbers of records by their status, as the caller sees it."""

    default: int
    edited: int
    validated: int
    discarded: int


class OverviewDataset(Struct, kw_only=True):
    """A dataset in the list of all: its records by status, my slots, and for those who lead it everybody's."""

    workspace: str
    name: str
    dataset: Annotated[str, Meta(description="The UUID of the dataset.")]
    task: Task
    tags: dict[str, str]
    records: int
    closed: bool
    created_by: str | None
    created_at: str
    last_updated: str
    statuses: StatusCounts
    mine: SlotStates
    slots: SlotStates | None
    annotation: Literal["shared", "individual"]
    blind: bool


class OverviewOut(Struct, kw_only=True):
    """All datasets I may see, with their progress."""

    datasets: list[OverviewDataset]


class EventOut(Struct, kw_only=True):
    """An event of a dataset: who did what when."""

    no: int
    at: str
    who: str
    what: str
    record: str | None
    detail: dict[str, Any] | None


class EventsOut(Struct, kw_only=True):
    """Events, newest first."""

    events: list[EventOut]
    next: str | None


# Teams


class TeamPerson(Struct, kw_only=True):
    """One person's assigned records in one dataset. ``held`` records were on their screen, last reported at ``seen``.

    ``member`` is false for somebody who has work left but no longer belongs to the workspace.
    """

    annotator: str
    assigned: int
    done: int
    skipped: int
    drafts: int
    last_active: str | None
    finish_at: str | None
    member: bool
    held: int
    seen: str | None
    held_until: str | None


class TeamDataset(Struct, kw_only=True):
    """A dataset with assigned work. Nobody has the ``free`` records; ``open`` slots are for anybody available."""

    workspace: str
    name: str
    dataset: str
    task: Task
    records: int
    complete: int
    in_conflict: int
    open: int
    free: int
    due: Annotated[str | None, Meta(description="The next due date of work that is not done.")]
    finish_at: str | None
    people: list[TeamPerson]


class TeamMemberOut(Struct, kw_only=True):
    """An annotator of a workspace."""

    workspace: str
    username: str
    full_name: str


class TeamOut(Struct, kw_only=True):
    """Every dataset with assigned work in the workspaces I lead, and everybody who annotates there."""

    datasets: list[TeamDataset]
    members: list[TeamMemberOut]


# Hours


class HoursRow(Struct, kw_only=True):
    """One person's hours on a dataset in one period. ``answers`` counts records answered for the first time."""

    dataset: str
    annotator: str
    first: Annotated[str, Meta(description="First day of the period.")] = field(name="from")
    last: Annotated[str, Meta(description="Last day of the period.")] = field(name="to")
    answers: int
    seconds: float
    hours: float


class HoursOut(Struct, kw_only=True):
    """Hours by dataset, person and period. Discards count, drafts do not before they are answered."""

    timezone: str
    rows: list[HoursRow]
