"""Read a plan from JSON: every mistake is named with its path, all of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

from apportion.domain.errors import ValidationError
from apportion.domain.times import parse_date_bounds

from .spec import (
    LEASE_MINUTES,
    MAX_RULES,
    MAX_SEED,
    MAX_TEAM,
    Adaptive,
    Checks,
    Everyone,
    FromMetadata,
    Order,
    Overlap,
    PlanSpec,
    RuleSpec,
    UserEntry,
    WorkspaceEntry,
)
from .states import Mode, Skip, Visibility

__all__ = ["read_plan", "too_few"]

PLAN_KEYS = frozenset({"rules", "seed", "blind", "visibility", "standing", "adaptive", "checks", "mirror"})
PLAN_KEYS |= {"mirror_overwrite", "digest"}
RULE_KEYS = frozenset(
    {"where", "users", "overlap", "anchors", "needs", "order", "mode", "due", "lease", "skip"}
)
USER_KEYS = frozenset({"user", "weight", "cap", "skills"})
OVERLAP_KEYS = frozenset({"annotators", "share", "stratify"})
MAX_COUNT = 10_000_000
WEIGHTS = 1e-6, 1e6
CHECKS = 0.001, 0.5
MAX_LEASE = 7 * 24 * 60

_Word = TypeVar("_Word", bound=Enum)
_Path = tuple[str | int, ...]


def read_plan(json: Any, *at: str | int) -> PlanSpec:
    """Return the plan that the JSON describes; ``at`` is its path in the request.

    Existence and membership of people are not checked here. Raises ``ValidationError``.

    >>> read_plan({"rules": [{"users": ["ana", "ben"], "overlap": 2}], "seed": 7}).rules[0].overlap
    Overlap(annotators=2, share=1.0, stratify=None)
    """
    reader = _Reader()
    spec = reader.plan(json, at)
    if reader.errors:
        raise ValidationError(reader.errors, model="AssignmentPlan")
    return spec


class _Reader:
    """A reader that collects mistakes, and puts a default in place of each to read on."""

    def __init__(self) -> None:
        self.errors: list[dict[str, Any]] = []

    def wrong(self, at: _Path, message: str, kind: str = "value_error") -> None:
        self.errors.append({"loc": list(at), "msg": message, "type": kind})

    def plan(self, json: Any, at: _Path) -> PlanSpec:
        found = self.object(json, at, PLAN_KEYS)
        rules = found.get("rules", [{}])
        if not isinstance(rules, list) or not rules:
            self.wrong((*at, "rules"), "a plan is a list of at least one rule", "type_error.list")
            rules = []
        if len(rules) > MAX_RULES:
            self.wrong((*at, "rules"), f"a plan may have {MAX_RULES} rules; this one has {len(rules)}")
            rules = []
        seed = found.get("seed")
        read = tuple(self.rule(rule, (*at, "rules", place)) for place, rule in enumerate(rules))
        checks = self.checks(found.get("checks"), (*at, "checks"))
        if checks is not None and any(rule.mode is Mode.PULL for rule in read):
            self.wrong(
                (*at, "checks"), "checks are mixed into what people are given; open slots are no one's yet"
            )
        return PlanSpec(
            rules=read,
            seed=None if seed is None else self.whole(seed, (*at, "seed"), 0, MAX_SEED),
            blind=self.flag(found, "blind", at),
            visibility=self.word(found.get("visibility"), (*at, "visibility"), Visibility),
            standing=self.flag(found, "standing", at),
            adaptive=self.adaptive(found.get("adaptive"), (*at, "adaptive")),
            checks=checks,
            mirror=self.text(found.get("mirror"), (*at, "mirror")),
            mirror_overwrite=self.flag(found, "mirror_overwrite", at),
            digest=self.text(found.get("digest"), (*at, "digest")),
        )

    def adaptive(self, json: Any, at: _Path) -> Adaptive | None:
        if json is None:
            return None
        found = self.object(json, at, frozenset({"max", "until"}))
        until = found.get("until")
        number = isinstance(until, int | float) and not isinstance(until, bool)
        if until is not None and not (number and 0.5 < until < 1):
            self.wrong((*at, "until"), "a probability above 0.5 and below 1 is expected here")
            until = None
        return Adaptive(self.whole(found.get("max", 5), (*at, "max"), 2, MAX_TEAM), until)

    def checks(self, json: Any, at: _Path) -> Checks | None:
        if json is None:
            return None
        found = self.object(json, at, frozenset({"share", "feedback"})) if isinstance(json, dict) else {}
        share = self.number(found.get("share") if isinstance(json, dict) else json, at, *CHECKS)
        return Checks(share, self.flag(found, "feedback", at))

    def rule(self, json: Any, at: _Path) -> RuleSpec:
        found = self.object(json, at, RULE_KEYS)
        users = self.users(found.get("users"), (*at, "users"))
        overlap = self.overlap(found.get("overlap", 1), (*at, "overlap"))
        named = users if isinstance(users, tuple) else ()
        closed = bool(named) and all(isinstance(entry, UserEntry) for entry in named)
        if closed and isinstance(overlap, Overlap) and overlap.annotators > len(named):
            self.wrong((*at, "overlap"), too_few(overlap.annotators, len(named)))
        if isinstance(users, FromMetadata) and {"overlap", "anchors", "needs"} & found.keys():
            self.wrong(at, "records that name their people themselves take no overlap, anchors or needs")
        mode = self.word(found.get("mode"), (*at, "mode"), Mode) or Mode.PUSH
        if isinstance(users, FromMetadata) and mode is Mode.PULL:
            self.wrong((*at, "mode"), "records that name their people themselves leave no slot open")
        lease = found.get("lease")
        return RuleSpec(
            where=self.text(found.get("where"), (*at, "where"), blank=True),
            users=users,
            overlap=overlap,
            anchors=self.whole(found.get("anchors") or 0, (*at, "anchors"), 0, MAX_COUNT),
            needs=self.needs(found.get("needs"), (*at, "needs")),
            order=self.order(found.get("order"), (*at, "order")),
            mode=mode,
            due=self.date(found.get("due"), (*at, "due")),
            lease=LEASE_MINUTES if lease is None else self.whole(lease, (*at, "lease"), 1, MAX_LEASE),
            skip=self.word(found.get("skip"), (*at, "skip"), Skip),
        )

    def users(self, json: Any, at: _Path) -> tuple[UserEntry | WorkspaceEntry, ...] | FromMetadata | None:
        if json is None:
            return None
        if isinstance(json, dict) and set(json) == {"metadata"}:
            return FromMetadata(_bare(self.text(json["metadata"], (*at, "metadata")) or "?"))
        if not isinstance(json, list) or not json:
            self.wrong(at, 'a list of at least one user, or {"metadata": key}', "type_error.list")
            return None
        if len(json) > MAX_TEAM:
            self.wrong(at, f"a rule may name {MAX_TEAM:,} people; this one names {len(json):,}")
            return None
        entries = [self.user(entry, (*at, place)) for place, entry in enumerate(json)]
        seen: set[str] = set()
        for place, entry in enumerate(entries):
            name = entry.user if isinstance(entry, UserEntry) else f"workspace {entry.workspace}"
            if name in seen:
                self.wrong((*at, place), f"{name} is named twice")
            seen.add(name)
        return tuple(entries)

    def user(self, json: Any, at: _Path) -> UserEntry | WorkspaceEntry:
        if isinstance(json, str):
            return UserEntry(self.text(json, at) or "?")
        if isinstance(json, dict) and set(json) == {"workspace"}:
            return WorkspaceEntry(self.text(json["workspace"], (*at, "workspace")) or "?")
        found = self.object(json, at, USER_KEYS)
        if json is found and found.get("user") is None:
            self.wrong((*at, "user"), "field required", "value_error.missing")
        cap = found.get("cap")
        return UserEntry(
            user=self.text(found.get("user"), (*at, "user")) or "?",
            weight=self.number(found.get("weight", 1), (*at, "weight"), *WEIGHTS),
            cap=None if cap is None else self.whole(cap, (*at, "cap"), 0, MAX_COUNT),
            skills=self.skills(found.get("skills"), (*at, "skills")),
        )

    def skills(self, json: Any, at: _Path) -> Mapping[str, tuple[str, ...]]:
        found = {} if json is None else self.object(json, at, None)
        skills = {}
        for name, values in found.items():
            listed = [values] if isinstance(values, str) else values
            if not isinstance(listed, list) or not all(isinstance(value, str) for value in listed):
                self.wrong((*at, name), "a text or a list of texts", "type_error.list")
                continue
            skills[name] = tuple(sorted(set(listed)))
        return skills

    def overlap(self, json: Any, at: _Path) -> Overlap | Everyone:
        if json == "all":
            return Everyone()
        if not isinstance(json, dict):
            return Overlap(self.whole(json, at, 1, MAX_TEAM, 'a whole number, "all", or an object'))
        found = self.object(json, at, OVERLAP_KEYS)
        stratify = self.text(found.get("stratify"), (*at, "stratify"))
        return Overlap(
            annotators=self.whole(found.get("annotators", 2), (*at, "annotators"), 1, MAX_TEAM),
            share=self.number(found.get("share", 1), (*at, "share"), 0, 1),
            stratify=stratify if stratify is None else _metadata(stratify),
        )

    def needs(self, json: Any, at: _Path) -> tuple[tuple[str, str], ...]:
        if json is None:
            return ()
        listed = [json] if isinstance(json, str) else json
        if isinstance(listed, list):
            named = [self.text(key, (*at, place)) for place, key in enumerate(listed)]
            return tuple(sorted({(_metadata(key), _bare(key)) for key in named if key}))
        found = self.object(json, at, None)
        pairs = []
        for key, skill in found.items():
            if self.text(key, at) and self.text(skill, (*at, key)):
                pairs.append((_metadata(key), skill))
        return tuple(sorted(pairs))

    def order(self, json: Any, at: _Path) -> Order:
        if json is None or json == "shuffled":
            return Order()
        if json == "as_logged":
            return Order("as_logged")
        if isinstance(json, dict):
            found = self.object(json, at, frozenset({"field", "descending"}))
            return Order(
                self.text(found.get("field"), (*at, "field")) or "?", self.flag(found, "descending", at)
            )
        if isinstance(json, str) and json.startswith(("metadata.", "-metadata.")):
            return Order(json.lstrip("-"), json.startswith("-"))
        self.wrong(at, '"shuffled", "as_logged", "metadata.<key>" or {"field": name, "descending": bool}')
        return Order()

    def object(self, json: Any, at: _Path, keys: frozenset[str] | None) -> dict[str, Any]:
        if not isinstance(json, dict) or not all(isinstance(key, str) for key in json):
            self.wrong(at, "an object is expected here", "type_error.dict")
            return {}
        if keys is not None:
            for key in json.keys() - keys:
                self.wrong((*at, key), f"unknown; known are {', '.join(sorted(keys))}", "value_error.extra")
        return json

    def whole(
        self, json: Any, at: _Path, low: int, high: int, what: str = "a whole number is expected here"
    ) -> int:
        if not isinstance(json, int) or isinstance(json, bool):
            self.wrong(at, what, "type_error.integer")
            return low
        if not low <= json <= high:
            self.wrong(at, f"{low:,} to {high:,} is possible here; it is {json:,}", "value_error.number")
            return low
        return json

    def number(self, json: Any, at: _Path, low: float, high: float) -> float:
        if not isinstance(json, (int, float)) or isinstance(json, bool):
            self.wrong(at, "a number is expected here", "type_error.float")
        elif not low <= json <= high:  # not a number is neither
            self.wrong(at, f"{low:g} to {high:g} is possible here; it is {json}", "value_error.number")
        else:
            return float(json)
        return 1.0

    def text(self, json: Any, at: _Path, *, blank: bool = False) -> str | None:
        if json is None:
            return None
        if not isinstance(json, str):
            self.wrong(at, "a text is expected here", "type_error.str")
            return None
        if not json.strip() and not blank:
            self.wrong(at, "it must not be empty", "value_error.any_str.min_length")
            return None
        return json

    def flag(self, found: Mapping[str, Any], key: str, at: _Path) -> bool:
        value = found.get(key)
        if value is not None and not isinstance(value, bool):
            self.wrong((*at, key), "true or false is expected here", "type_error.bool")
        return value is True

    def word(self, json: Any, at: _Path, kind: type[_Word]) -> _Word | None:
        if json is None:
            return None
        words = [str(each.value) for each in kind]
        if not isinstance(json, str) or json not in words:
            self.wrong(at, f"one of {', '.join(words)} is expected here", "value_error.const")
            return None
        return kind(json)

    def date(self, json: Any, at: _Path) -> str | None:
        text = self.text(json, at)
        if text is not None:
            try:
                parse_date_bounds(text)
            except (ValueError, OverflowError):
                self.wrong(at, "an ISO date or date-time is expected here", "value_error.date")
        return text


def too_few(wanted: int, people: int) -> str:
    """Return the message for a record that should go to more people than there are."""
    return f"{wanted} people are wanted on one record, but this rule has {people}"


def _bare(key: str) -> str:
    return key.removeprefix("metadata.")


def _metadata(key: str) -> str:
    """Return a metadata key with the prefix ``metadata.``, which users may leave out."""
    return key if key.startswith("metadata.") else f"metadata.{key}"
