"""Datasets: their address, their settings, their policies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apportion.vocabulary import Task

from .errors import BadRequestError
from .ids import DatasetNo
from .rules import LabelingRule

__all__ = [
    "REMARKS_SIZE",
    "Dataset",
    "DatasetAddress",
    "Guidelines",
    "LabelOption",
    "LabelSettings",
    "PlanAddress",
    "RecordAddress",
    "check_remarks",
]

REMARKS_SIZE = 1_000_000
"""Most characters of a dataset's tags and metadata together, as JSON: every list of datasets carries them."""


def check_remarks(tags: Mapping[str, str], metadata: Mapping[str, Any]) -> None:
    """Refuse tags and metadata that are too long to be sent with every list of datasets."""
    size = len(json.dumps([dict(tags), dict(metadata)], ensure_ascii=False))
    if size > REMARKS_SIZE:
        raise BadRequestError(
            f"Tags and metadata of a dataset may have {REMARKS_SIZE:,} characters; they would have {size:,}. "
            "Nothing of this request was stored."
        )


@dataclass(frozen=True, slots=True)
class LabelOption:
    """One label annotators may choose. ``name`` is what annotations hold; ``id`` is the client's own."""

    id: str
    name: str
    description: str | None = None
    colour: str | None = None
    shortcut: str | None = None


@dataclass(frozen=True, slots=True)
class LabelSettings:
    """The label schema of a dataset: its labels (None: any label) and the dimensions of its vectors."""

    labels: tuple[LabelOption, ...] | None = None
    vectors: Mapping[str, int] | None = None
    allow_overlapping_spans: bool = False
    allow_character_spans: bool = False
    """Permission for spans to start and end within a token. Clients of 1.x refuse to load such records."""

    def unknown(self, labels: Iterable[str]) -> list[str]:
        """Return those of ``labels`` that the label schema does not have, in order of appearance."""
        if self.labels is None:
            return []
        known = {option.name for option in self.labels}
        return [label for label in dict.fromkeys(labels) if label not in known]


@dataclass(frozen=True, slots=True)
class Guidelines:
    """One version of the instructions for annotators."""

    version: int
    text: str
    author: str
    at: int


@dataclass(frozen=True, slots=True)
class DatasetAddress:
    """The address of a dataset as a request gives it: workspace and name, and what else it says of it.

    ``task`` is the task in the path, ``uuid`` that of the dataset which the client has been working on.
    """

    workspace: str
    name: str
    task: Task | None = None
    uuid: str | None = None

    def record(self, id: str) -> RecordAddress:
        """Return the address of a record of the dataset."""
        return RecordAddress(self, id)

    def plan(self, id: str) -> PlanAddress:
        """Return the address of a plan of the dataset."""
        return PlanAddress(self, id)


@dataclass(frozen=True, slots=True)
class RecordAddress:
    """The address of a record: that of its dataset, and its id."""

    dataset: DatasetAddress
    id: str


@dataclass(frozen=True, slots=True)
class PlanAddress:
    """The address of a plan: that of its dataset, and its id."""

    dataset: DatasetAddress
    id: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset as stored. Times are microseconds since 1970 in UTC."""

    no: DatasetNo
    uuid: str
    workspace: str
    name: str
    task: Task
    tags: Mapping[str, str]
    metadata: Mapping[str, Any]
    settings: LabelSettings | None
    policies: Mapping[str, Any] = field(default_factory=dict)
    created_by: str | None = None
    created_at: int = 0
    last_updated: int = 0
    closed: bool = False
    records: int = 0
    multi_label: bool | None = None
    rules: tuple[LabelingRule, ...] = ()

    @property
    def id(self) -> str:
        """The address in one string, as 1.x writes it."""
        return f"{self.workspace}.{self.name}"

    @property
    def address(self) -> DatasetAddress:
        """Return the address under which it is found."""
        return DatasetAddress(self.workspace, self.name)

    @property
    def individual(self) -> bool:
        """Return whether every annotator keeps an annotation of their own."""
        return bool(self.policies.get("annotation", "shared") == "individual")
