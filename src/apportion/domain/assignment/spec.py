"""The spec of a plan as a manager requests it: rules, checked and as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from .states import Mode, Skip, Visibility

__all__ = [
    "MAX_RULES",
    "MAX_SEED",
    "MAX_TEAM",
    "Adaptive",
    "Checks",
    "Everyone",
    "FromMetadata",
    "Order",
    "Overlap",
    "PlanSpec",
    "RuleSpec",
    "UserEntry",
    "WorkspaceEntry",
    "double_share_plus_anchors",
    "everyone_does_everything",
    "show_plan",
    "split_evenly",
]

MAX_SEED = 2**53 - 1
"""The largest integer that a browser keeps exactly."""

MAX_TEAM = 1_000
"""The most people one rule may name; limited because every pair of them is counted."""

MAX_RULES = 100
LEASE_MINUTES = 30


@dataclass(frozen=True, slots=True)
class UserEntry:
    """One person of a rule. A weight of 2 means twice the share; a cap is at most so many rows of this rule."""

    user: str
    weight: float = 1.0
    cap: int | None = None
    skills: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkspaceEntry:
    """Everybody who annotates in the workspace of that name."""

    workspace: str


@dataclass(frozen=True, slots=True)
class FromMetadata:
    """The people that the records name themselves under this metadata key, to adopt a split made by hand."""

    key: str


@dataclass(frozen=True, slots=True)
class Everyone:
    """Overlap "all": every record goes to everybody who may have it."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """The number of people per record; with a share below 1, the rest of the records get one person."""

    annotators: int = 1
    share: float = 1.0
    stratify: str | None = None

    @property
    def exact_share(self) -> Fraction:
        """Return the share as it was written: 0.2 is one fifth."""
        return Fraction(repr(self.share))


@dataclass(frozen=True, slots=True)
class Order:
    """The order in which a person gets their records: shuffled, as logged, or by a field."""

    by: str = "shuffled"
    descending: bool = False


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """A rule that assigns records to people. No ``users`` means the annotators of the dataset's workspace."""

    where: str | None = None
    users: tuple[UserEntry | WorkspaceEntry, ...] | FromMetadata | None = None
    overlap: Overlap | Everyone = field(default_factory=Overlap)
    anchors: int = 0
    needs: tuple[tuple[str, str], ...] = ()
    order: Order = field(default_factory=Order)
    mode: Mode = Mode.PUSH
    due: str | None = None
    lease: int = LEASE_MINUTES
    skip: Skip | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the fields whose values planning needs for every record of this rule."""
        found = [key for key, _ in self.needs]
        if isinstance(self.overlap, Overlap) and self.overlap.stratify:
            found.append(self.overlap.stratify)
        if self.order.by not in ("shuffled", "as_logged"):
            found.append(self.order.by)
        if isinstance(self.users, FromMetadata):
            found.append(f"metadata.{self.users.key}")
        return tuple(dict.fromkeys(found))

    @property
    def may_double(self) -> bool:
        """Return True if two people may get the same record."""
        several = isinstance(self.overlap, Everyone) or self.overlap.annotators > 1
        return several or self.anchors > 0 or isinstance(self.users, FromMetadata)


@dataclass(frozen=True, slots=True)
class Adaptive:
    """More people where the answers differ, one at a time: up to ``most`` answers, or until one is that probable."""

    most: int = 5
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Checks:
    """The share of everybody's records with a known gold value; with ``feedback`` it is shown afterwards."""

    share: float
    feedback: bool = False

    @property
    def exact_share(self) -> Fraction:
        """Return the share as it was written: 0.1 is one tenth."""
        return Fraction(repr(self.share))


@dataclass(frozen=True, slots=True)
class PlanSpec:
    """A whole plan as requested. Without a ``seed`` the caller draws one before planning."""

    rules: tuple[RuleSpec, ...] = (RuleSpec(),)
    seed: int | None = None
    blind: bool = False
    visibility: Visibility | None = None
    standing: bool = False
    adaptive: Adaptive | None = None
    checks: Checks | None = None
    mirror: str | None = None
    mirror_overwrite: bool = False
    digest: str | None = None

    @property
    def sees(self) -> Visibility:
        """Return the records annotators may see: by default only their own where they work blind."""
        return self.visibility or (Visibility.ASSIGNED if self.blind else Visibility.DATASET)

    @property
    def individual(self) -> bool:
        """Return True if the dataset has to keep one annotation per person."""
        several = self.adaptive is not None or self.checks is not None
        return self.blind or several or any(rule.may_double for rule in self.rules)


def split_evenly(*users: str) -> PlanSpec:
    """Build a plan that gives every record to one person, and everyone the same number of them."""
    return PlanSpec((RuleSpec(users=_named(users)),))


def everyone_does_everything(*users: str) -> PlanSpec:
    """Build a plan that gives every record to everybody, blind."""
    return PlanSpec((RuleSpec(users=_named(users), overlap=Everyone()),), blind=True)


def double_share_plus_anchors(*users: str, share: float = 0.2, anchors: int = 20) -> PlanSpec:
    """Build a blind plan: a share of the records to two people, a few to everybody, the rest to one."""
    rule = RuleSpec(users=_named(users), overlap=Overlap(2, share), anchors=anchors)
    return PlanSpec((rule,), blind=True)


def show_plan(spec: PlanSpec) -> dict[str, Any]:
    """Return the plan as JSON that ``read_plan`` reads back as the same plan."""
    shown: dict[str, Any] = {"rules": [_show_rule(rule) for rule in spec.rules]}
    if spec.seed is not None:
        shown["seed"] = spec.seed
    shown |= {"blind": spec.blind, "visibility": str(spec.sees), "standing": spec.standing}
    if spec.visibility is None:
        del shown["visibility"]
    for name, value in (("mirror", spec.mirror), ("digest", spec.digest)):
        if value is not None:
            shown[name] = value
    if spec.adaptive is not None:
        shown["adaptive"] = {"max": spec.adaptive.most}
        if spec.adaptive.until is not None:
            shown["adaptive"]["until"] = spec.adaptive.until
    if spec.checks is not None:
        share, feedback = spec.checks.share, spec.checks.feedback
        shown["checks"] = {"share": share, "feedback": True} if feedback else share
    if spec.mirror_overwrite:
        shown["mirror_overwrite"] = True
    return shown


def _show_rule(rule: RuleSpec) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if rule.where is not None:
        shown["where"] = rule.where
    if isinstance(rule.users, FromMetadata):
        shown["users"] = {"metadata": rule.users.key}
    elif rule.users is not None:
        shown["users"] = [_show_user(entry) for entry in rule.users]
    if not isinstance(rule.users, FromMetadata):  # such records name their people themselves
        shown["overlap"] = _show_overlap(rule.overlap)
    if rule.anchors:
        shown["anchors"] = rule.anchors
    if rule.needs:
        shown["needs"] = dict(rule.needs)
    shown["order"] = rule.order.by
    if rule.order.descending:
        shown["order"] = {"field": rule.order.by, "descending": True}
    shown |= {"mode": str(rule.mode), "lease": rule.lease}
    if rule.due is not None:
        shown["due"] = rule.due
    if rule.skip is not None:
        shown["skip"] = str(rule.skip)
    return shown


def _show_user(entry: UserEntry | WorkspaceEntry) -> Any:
    if isinstance(entry, WorkspaceEntry):
        return {"workspace": entry.workspace}
    more: dict[str, Any] = {}
    if entry.weight != 1:
        more["weight"] = entry.weight
    if entry.cap is not None:
        more["cap"] = entry.cap
    if entry.skills:
        more["skills"] = {skill: list(values) for skill, values in entry.skills.items()}
    return {"user": entry.user, **more} if more else entry.user


def _show_overlap(overlap: Overlap | Everyone) -> Any:
    if isinstance(overlap, Everyone):
        return "all"
    if overlap.share == 1 and overlap.stratify is None:
        return overlap.annotators
    shown: dict[str, Any] = {"annotators": overlap.annotators, "share": overlap.share}
    if overlap.stratify is not None:
        shown["stratify"] = overlap.stratify
    return shown


def _named(users: tuple[str, ...]) -> tuple[UserEntry, ...] | None:
    return tuple(map(UserEntry, users)) or None
