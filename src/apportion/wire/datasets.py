"""Datasets and their settings, as 1.x has them; copies, the trash, and what is gathered."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from apportion.vocabulary import NAME_LENGTH, NAME_PATTERN, Task

from .bodies import LenientBody, Reading

__all__ = [
    "CopyIn",
    "DatasetChanges",
    "DatasetOut",
    "DeletedDatasets",
    "DeletedOut",
    "GatherIn",
    "GatheredOut",
    "LabelIn",
    "LabelOut",
    "LabelSchemaIn",
    "LabelSchemaOut",
    "NewDataset",
    "RestoreIn",
    "SettingsIn",
    "SettingsOut",
    "VectorIn",
    "VectorOut",
]

_Tags = dict[str, Annotated[str, Reading.AS_TEXT]]
_DatasetName = Annotated[
    str,
    Meta(
        pattern=NAME_PATTERN,
        min_length=1,
        max_length=NAME_LENGTH,
        extra_json_schema={"examples": ["reviews"]},
    ),
]


# Requests


class NewDataset(LenientBody, kw_only=True):
    """A dataset to create."""

    name: _DatasetName
    task: Task
    workspace: str | None = None
    tags: _Tags = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)


class DatasetChanges(LenientBody, kw_only=True):
    """Tags and metadata to merge into those there are, as in 1.x; and keys to take away."""

    tags: _Tags = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    remove_tags: list[str] = field(default_factory=list)
    remove_metadata: list[str] = field(default_factory=list)


class CopyIn(LenientBody, kw_only=True):
    """The copy of a dataset to make."""

    name: _DatasetName
    target_workspace: str | None = None
    tags: _Tags = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)


class RestoreIn(Struct, kw_only=True):
    """A deleted dataset to restore, and its new name."""

    name: Annotated[str, Meta(description="The name it had.", extra_json_schema={"examples": ["reviews"]})]
    id: Annotated[str | None, Meta(description="Which of several; else the one deleted last.")] = None
    into: Annotated[str | None, Meta(description="The name it gets, if another has its own by now.")] = None


class GatherIn(Struct, kw_only=True):
    """Copies to gather, and the dataset to gather them in."""

    name: Annotated[str, Meta(description="What the copies are called in each workspace.")]
    workspaces: Annotated[list[str], Meta(min_length=1, max_length=1_000)]
    into: Annotated[str, Meta(description="The name of the new dataset, in the workspace of the request.")]
    dry_run: bool = False


class LabelIn(LenientBody, kw_only=True):
    """A label to save; its id is its name unless another is sent."""

    id: str | None = None
    name: str
    description: str | None = None
    colour: str | None = None
    shortcut: str | None = None


class LabelSchemaIn(LenientBody, kw_only=True):
    """The labels of a dataset, in their order."""

    labels: Annotated[
        list[LabelIn],
        Meta(
            description="Labels; a plain text stands for the label of that name.",
            extra_json_schema={"examples": [["good", "bad"]]},
        ),
        Reading.AS_LABELS,
    ]


class VectorIn(LenientBody, kw_only=True):
    """The number of dimensions of a vector."""

    dim: Annotated[int, Meta(ge=1)]


class SettingsIn(LenientBody, kw_only=True):
    """Settings to save; what is left out stays as it was."""

    label_schema: LabelSchemaIn | None = None
    vectors: Annotated[dict[str, VectorIn] | None, Reading.AS_DIMENSIONS] = None
    allow_overlapping_spans: bool | None = None
    allow_character_spans: bool | None = None


# Responses


class DatasetOut(Struct, kw_only=True, omit_defaults=True):
    """A dataset. ``owner`` is its workspace under an older name; times are naive UTC."""

    tags: dict[str, str]
    metadata: dict[str, Any]
    name: str
    task: Task
    workspace: str
    id: str
    owner: str
    created_at: str
    created_by: str | None = None
    last_updated: str


class DeletedOut(Struct, kw_only=True):
    """A deleted dataset: ``id`` tells those of one name apart; from ``purged_at`` on it cannot be restored."""

    id: str
    workspace: str
    name: str
    task: Task
    records: int
    deleted_at: str
    deleted_by: str | None
    purged_at: str


class DeletedDatasets(Struct, kw_only=True):
    """Datasets that can be restored, the last one deleted first."""

    datasets: list[DeletedOut]


class GatheredOut(Struct, kw_only=True):
    """Effect of gathering, done or to come: records, annotations, and how many came from each person (``loads``)."""

    dry_run: bool
    dataset: str
    workspace: str
    records: int
    annotations: int
    loads: dict[str, int]


class LabelOut(Struct, kw_only=True, omit_defaults=True):
    """A label of a dataset."""

    id: str
    name: str
    description: str | None = None
    colour: str | None = None
    shortcut: str | None = None


class LabelSchemaOut(Struct, kw_only=True):
    """The labels of a dataset, in their order."""

    labels: list[LabelOut]


class VectorOut(Struct, kw_only=True):
    """The number of dimensions of a vector."""

    dim: int


class SettingsOut(Struct, kw_only=True, omit_defaults=True):
    """Settings of a dataset; what was never set is left out."""

    label_schema: LabelSchemaOut | None = None
    vectors: dict[str, VectorOut] | None = None
    allow_overlapping_spans: bool | None = None
    allow_character_spans: bool | None = None
