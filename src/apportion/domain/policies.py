"""The policies of a dataset: shared or individual annotations, visibility, and resolution of answers to one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from .assignment.states import Skip, Visibility
from .errors import BadRequestError, ValidationError
from .individual.case import Case
from .individual.record_view import ResolvedView, Rule, build_view

__all__ = ["MAX_REQUIRED", "RIGHTS", "AnnotationMode", "Policies", "read_policies"]

MAX_REQUIRED = 1_000
RIGHTS = ("add_records", "edit_metadata", "edit_tags", "discard_by_query", "write_rules")
"""Rights of annotators over a dataset as a whole; all are granted by default, as in 1.x."""


class AnnotationMode(str, Enum):
    """Shared: a record has one annotation, the latest; individual: each person has their own."""

    SHARED = "shared"
    INDIVIDUAL = "individual"

    def __str__(self) -> str:
        return str(self.value)


_MOST_READ = 100


@dataclass(frozen=True, slots=True)
class Policies:
    """All policies of a dataset; those never set have their defaults."""

    annotation: AnnotationMode = AnnotationMode.SHARED
    blind: bool = False
    visibility: Visibility = Visibility.DATASET
    resolution: Rule = Rule.LATEST
    required: int = 1
    annotators_may: tuple[str, ...] = RIGHTS
    skip: Skip = Skip.NEXT_PERSON

    @staticmethod
    def of(stored: Mapping[str, Any]) -> Policies:
        """Return the policies from the JSON that a dataset has stored."""
        known = _read.get(id(stored))
        if known is not None and known[0] is stored:  # the same dataset: a request asks many times
            return known[1]
        found = Policies._of(stored)
        if len(_read) >= _MOST_READ:
            _read.clear()
        _read[id(stored)] = stored, found
        return found

    @staticmethod
    def _of(stored: Mapping[str, Any]) -> Policies:
        annotation = AnnotationMode(stored.get("annotation", "shared"))
        # ``store`` leaves defaults out, and the default rule depends on the mode.
        usual = Rule.MAJORITY if annotation is AnnotationMode.INDIVIDUAL else Rule.LATEST
        return Policies(
            annotation=annotation,
            blind=bool(stored.get("blind", False)),
            visibility=Visibility(stored.get("visibility", "dataset")),
            resolution=Rule(stored.get("resolution", usual)),
            required=int(stored.get("required", 1)),
            annotators_may=tuple(stored.get("annotators_may", RIGHTS)),
            skip=Skip(stored.get("skip", "next_person")),
        )

    @property
    def individual(self) -> bool:
        return self.annotation is AnnotationMode.INDIVIDUAL

    @property
    def modelled(self) -> bool:
        """Return whether a model of all answers resolves records, and not their own answers alone."""
        return self.resolution in (Rule.DAWID_SKENE, Rule.ONE_COIN)

    def resolve(self, case: Case) -> ResolvedView:
        """Return what everybody sees of a record under these policies."""
        return build_view(case, rule=self.resolution, required=self.required)

    def may(self, right: str) -> bool:
        """Return whether annotators have this right; in individual datasets they never add records."""
        return right in self.annotators_may and not (self.individual and right == "add_records")

    def show(self) -> dict[str, Any]:
        """Return the policies as JSON."""
        return {
            "annotation": str(self.annotation),
            "blind": self.blind,
            "visibility": str(self.visibility),
            "resolution": str(self.resolution),
            "required": self.required,
            "annotators_may": list(self.annotators_may),
            "skip": str(self.skip),
        }

    def store(self) -> dict[str, Any]:
        """Return the JSON to store: only what differs from the defaults, so that a default may change."""
        usual = Policies.of({"annotation": str(self.annotation)}).show()
        return {
            name: value
            for name, value in self.show().items()
            if value != usual[name] or (name == "annotation" and self.individual)
        }


def read_policies(now: Policies, json: Mapping[str, Any]) -> Policies:
    """Return the policies with the changes in ``json``; every mistake is named. ``keep`` is for the caller."""
    errors: list[dict[str, Any]] = []

    def wrong(name: str, message: str) -> None:
        errors.append({"loc": ["body", name], "msg": message, "type": "value_error"})

    def word(name: str, kind: type[Enum]) -> Any:
        value = json[name]
        words = [str(each.value) for each in kind]
        if value in words:
            return kind(value)
        wrong(name, f"one of {', '.join(words)} is expected here")
        return getattr(now, name)

    changes: dict[str, Any] = {}
    kinds: dict[str, type[Enum]] = {
        "annotation": AnnotationMode,
        "visibility": Visibility,
        "resolution": Rule,
        "skip": Skip,
    }
    for name, value in json.items():
        if name in kinds:
            changes[name] = word(name, kinds[name])
        elif name == "blind":
            if not isinstance(value, bool):
                wrong(name, "true or false is expected here")
            changes[name] = value is True
        elif name == "required":
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_REQUIRED:
                wrong(name, f"a whole number from 1 to {MAX_REQUIRED:,} is expected here")
            else:
                changes[name] = value
        elif name == "annotators_may":
            if not isinstance(value, list) or not all(each in RIGHTS for each in value):
                wrong(name, f"a list of {', '.join(RIGHTS)} is expected here")
            else:
                changes[name] = tuple(each for each in RIGHTS if each in value)
        elif name != "keep":
            wrong(name, f"unknown; known are {', '.join(now.show())}")
    if errors:
        raise ValidationError(errors, model="Policies")
    return _consistent(now, changes)


def _consistent(now: Policies, changes: Mapping[str, Any]) -> Policies:
    """Apply a change with its consequences: blind needs individual annotations, and each mode has its usual rule."""
    after = replace(now, **changes)
    if changes.get("blind") and "annotation" not in changes:
        after = replace(after, annotation=AnnotationMode.INDIVIDUAL)
    if after.blind and not after.individual:
        raise BadRequestError(
            "A blind dataset keeps everyone's own annotations: 'blind' and 'annotation: shared' exclude each "
            "other. Nothing was changed."
        )
    if after.annotation is not now.annotation and "resolution" not in changes:
        after = replace(after, resolution=Rule.MAJORITY if after.individual else Rule.LATEST)
    if not after.individual and after.resolution is not Rule.LATEST:
        raise BadRequestError(
            "In a shared dataset the latest annotation is the record's: 'resolution' can only be 'latest'. "
            "Nothing was changed."
        )
    return after


_read: dict[int, tuple[Mapping[str, Any], Policies]] = {}
"""Policies by the id of the JSON they were read from, which is kept here, so that no other gets the same id."""
