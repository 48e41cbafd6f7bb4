"""Assignment plans: what they ask for, what they come to, their slots, and changes of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

__all__ = [
    "Adaptive",
    "Checks",
    "Explanation",
    "ExtendIn",
    "MetadataUsers",
    "MoveIn",
    "Overlap",
    "PairsOut",
    "PlanChangeOut",
    "PlanOut",
    "PlanPreview",
    "PlanProgress",
    "PlanRule",
    "PlanSpec",
    "PlanUser",
    "PlanningCaseOut",
    "PlansOut",
    "ReasonOut",
    "RebalanceIn",
    "RecordOrder",
    "RefusedMove",
    "RowsOut",
    "SlotOut",
    "SlotStates",
    "Unassigned",
    "WithdrawIn",
]

_Records = Annotated[list[str], Meta(max_length=10_000)]


# Requests


class ExtendIn(Struct, kw_only=True):
    """A change of a plan, or only its preview."""

    dry_run: bool = False


class RebalanceIn(ExtendIn, kw_only=True):
    """People who share the rows from now on; those of the plan if nobody is named."""

    users: Annotated[
        list[Any] | None, Meta(extra_json_schema={"examples": [["ana", {"user": "ben", "weight": 2}]]})
    ] = None
    level: Annotated[bool, Meta(description="Also hand over what someone has above their share.")] = False
    rule: Annotated[int, Meta(ge=0, description="Only this rule of the plan.")] | None = None


class MoveIn(ExtendIn, kw_only=True):
    """Rows to move, and the person who gets them."""

    to: str
    records: _Records | None = None
    annotator: Annotated[str | None, Meta(description="Only rows of this person.")] = None
    rule: Annotated[int, Meta(ge=0)] = 0


class WithdrawIn(ExtendIn, kw_only=True):
    """Rows to take back; all if none are named."""

    records: _Records | None = None
    annotator: str | None = None


# A plan


class PlanUser(Struct, kw_only=True, omit_defaults=True):
    """A person who takes part, or everybody of a workspace, with their weight, cap and skills."""

    user: str | UnsetType = UNSET
    workspace: str | UnsetType = UNSET
    weight: float | UnsetType = UNSET
    cap: int | UnsetType = UNSET
    skills: dict[str, list[str]] | UnsetType = UNSET


class MetadataUsers(Struct, kw_only=True):
    """People whom the records name themselves, under this key of their metadata."""

    metadata: str


class Overlap(Struct, kw_only=True, omit_defaults=True):
    """So many annotators for this share of the records, taken evenly from the values of a field."""

    annotators: int | UnsetType = UNSET
    share: float | UnsetType = UNSET
    stratify: str | UnsetType = UNSET


class RecordOrder(Struct, kw_only=True):
    """The field that records are ordered by."""

    field: str
    descending: bool


class PlanRule(Struct, kw_only=True, omit_defaults=True):
    """One rule of a plan: which records go to whom, to how many, in which order, until when."""

    where: str | UnsetType = UNSET
    users: list[str | PlanUser] | MetadataUsers | UnsetType = UNSET
    overlap: int | Literal["all"] | Overlap | UnsetType = UNSET
    anchors: int | UnsetType = UNSET
    needs: dict[str, str] | UnsetType = UNSET
    order: str | RecordOrder | UnsetType = UNSET
    mode: Literal["push", "pull"] | UnsetType = UNSET
    lease: int | UnsetType = UNSET
    due: str | UnsetType = UNSET
    skip: str | UnsetType = UNSET


class Adaptive(Struct, kw_only=True, omit_defaults=True):
    """One more person at a time where answers differ: up to so many answers, or until one is that probable."""

    max: int
    until: float | UnsetType = UNSET


class Checks(Struct, kw_only=True, omit_defaults=True):
    """The share of records with a known value, and whether people learn that value once they have answered."""

    share: float
    feedback: bool | UnsetType = UNSET


class PlanSpec(Struct, kw_only=True, omit_defaults=True):
    """Request of a plan."""

    rules: list[PlanRule]
    seed: int | UnsetType = UNSET
    blind: bool | UnsetType = UNSET
    visibility: Literal["dataset", "assigned"] | UnsetType = UNSET
    standing: bool | UnsetType = UNSET
    mirror: str | UnsetType = UNSET
    mirror_overwrite: bool | UnsetType = UNSET
    adaptive: Adaptive | UnsetType = UNSET
    checks: float | Checks | UnsetType = UNSET
    digest: str | UnsetType = UNSET


class PairsOut(Struct, kw_only=True):
    """The number of records that pairs of people share: fewest, most, and in perfect balance."""

    min: int
    max: int
    ideal: float


class Unassigned(Struct, kw_only=True):
    """Slots that nobody can take, on how many records, and why."""

    count: int
    records: int
    reason: str


class PlanningCaseOut(Struct, kw_only=True):
    """Case the precision of agreement is predicted for: equally frequent classes, the share of right answers."""

    classes: int
    accuracy: float
    alpha: float


class PlanPreview(PlanSpec, kw_only=True, omit_defaults=True):
    """Effect of a plan, to come or done: who gets how many, what cannot be assigned and why."""

    digest: str
    records: int
    slots: int
    loads: dict[str, int]
    pairs: PairsOut | None
    unassigned: list[Unassigned]
    agreement_half_width: float | None
    agreement_assumes: str
    agreement_case: PlanningCaseOut | UnsetType = UNSET
    engines: list[list[str]] | UnsetType = UNSET
    mixed_in: int | UnsetType = UNSET
    warnings: list[str]
    finish_at: Annotated[
        dict[str, str | None] | None,
        Meta(description="When each would be done at the pace of the last seven days; null: not known."),
    ] = None


class SlotStates(Struct, kw_only=True):
    """Numbers of slots by their state."""

    pending: int
    leased: int
    done: int
    skipped: int
    withdrawn: int


class PlanProgress(SlotStates, kw_only=True):
    """Numbers of slots by their state, of all and of each annotator."""

    annotators: dict[str, SlotStates]


class PlanOut(PlanPreview, kw_only=True, omit_defaults=True):
    """A plan as it was applied, with its progress."""

    id: str
    state: Literal["writing", "live", "undoing", "undone"]
    created_by: str
    created_at: str
    changed_at: str
    progress: PlanProgress


class PlansOut(Struct, kw_only=True):
    """The plans of a dataset, oldest first."""

    assignments: list[PlanOut]


# Slots


class ReasonOut(Struct, kw_only=True):
    """A reason as a code, with the arguments of its sentence."""

    code: str
    args: list[str | int]


class SlotOut(Struct, kw_only=True):
    """A slot of a plan: the person, the record, the state, and the reason why it exists."""

    plan: str
    record: str
    annotator: str | None
    state: str
    rule: int
    phase: str
    reason: str
    reason_code: ReasonOut
    inclusion: float
    lease_until: str | None
    note: str | None


class RowsOut(Struct, kw_only=True):
    """Slots of a plan."""

    rows: list[SlotOut]
    next: str | None


class Explanation(Struct, kw_only=True):
    """The reason why a person has a record in their queue, or why not."""

    record: str
    annotator: str
    assigned: bool
    why: list[str]
    rows: list[SlotOut]


# Changes


class RefusedMove(Struct, kw_only=True):
    """A row that cannot move, and why."""

    record: str
    annotator: str | None
    why: str


class PlanChangeOut(Struct, kw_only=True, omit_defaults=True):
    """Effect of a change of a plan: rows moved in all, and what each person gets or loses (``loads``)."""

    dry_run: bool
    added: int
    removed: int
    moved: int
    kept: int
    loads: dict[str, int] | UnsetType = UNSET
    unassigned: list[Unassigned] | UnsetType = UNSET
    refused: list[RefusedMove] | UnsetType = UNSET
