"""Datasets and their settings on the wire, as 1.x has them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from apportion.domain.datasets import Dataset, LabelOption, LabelSettings
from apportion.domain.people import NAME_LENGTH, NAME_PATTERN
from apportion.domain.times import naive_iso
from apportion.vocabulary import Task

__all__ = [
    "CopyIn",
    "DatasetChanges",
    "DatasetOut",
    "NewDataset",
    "SettingsIn",
    "SettingsOut",
    "dataset_out",
    "settings_in",
    "settings_out",
]


def _as_text(value: Any) -> Any:
    """Return numbers and booleans in tags as text, as pydantic 1 did."""
    return str(value) if isinstance(value, bool | int | float) else value


_Tags = dict[str, Annotated[str, BeforeValidator(_as_text)]]
_Name = Annotated[
    str, Field(pattern=NAME_PATTERN, min_length=1, max_length=NAME_LENGTH, examples=["reviews"])
]


class _In(BaseModel):
    """Base of request bodies: unknown members are ignored, as in 1.x."""

    model_config = ConfigDict(coerce_numbers_to_str=True, regex_engine="python-re", extra="ignore")


class NewDataset(_In):
    name: _Name
    task: Task
    workspace: str | None = None
    tags: _Tags = Field(default_factory=dict)
    metadata: dict[str, Any] = Field(default_factory=dict)


class DatasetChanges(_In):
    """Tags and metadata to merge into those there are, as in 1.x; and keys to take away."""

    tags: _Tags = Field(default_factory=dict)
    metadata: dict[str, Any] = Field(default_factory=dict)
    remove_tags: list[str] = Field(default_factory=list)
    remove_metadata: list[str] = Field(default_factory=list)


class CopyIn(_In):
    name: _Name
    target_workspace: str | None = None
    tags: _Tags = Field(default_factory=dict)
    metadata: dict[str, Any] = Field(default_factory=dict)


class DatasetOut(BaseModel):
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


def dataset_out(dataset: Dataset) -> DatasetOut:
    """Return a dataset for 1.x clients."""
    return DatasetOut(
        tags=dict(dataset.tags),
        metadata=dict(dataset.metadata),
        name=dataset.name,
        task=dataset.task,
        workspace=dataset.workspace,
        id=dataset.id,
        owner=dataset.workspace,
        created_at=naive_iso(dataset.created_at),
        created_by=dataset.created_by,
        last_updated=naive_iso(dataset.last_updated),
    )


class LabelIn(_In):
    id: str | None = None
    name: str
    description: str | None = None
    colour: str | None = None
    shortcut: str | None = None


def _as_labels(value: Any) -> Any:
    """Return labels with plain strings replaced by labels of that name."""
    if isinstance(value, list):
        return [{"name": str(item)} if isinstance(item, str | int | float) else item for item in value]
    return value


class LabelSchemaIn(_In):
    labels: Annotated[list[LabelIn], BeforeValidator(_as_labels)] = Field(examples=[["good", "bad"]])


class VectorIn(_In):
    dim: int = Field(ge=1)


def _as_vectors(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: {"dim": item} if isinstance(item, int) else item for name, item in value.items()}
    return value


class SettingsIn(_In):
    """Settings to save; what is left out stays as it was."""

    label_schema: LabelSchemaIn | None = None
    vectors: Annotated[dict[str, VectorIn] | None, BeforeValidator(_as_vectors)] = None
    allow_overlapping_spans: bool | None = None
    allow_character_spans: bool | None = None


class LabelOut(BaseModel):
    id: str
    name: str
    description: str | None = None
    colour: str | None = None
    shortcut: str | None = None


class LabelSchemaOut(BaseModel):
    labels: list[LabelOut]


class VectorOut(BaseModel):
    dim: int


class SettingsOut(BaseModel):
    label_schema: LabelSchemaOut | None = None
    vectors: dict[str, VectorOut] | None = None
    allow_overlapping_spans: bool | None = None
    allow_character_spans: bool | None = None


def settings_in(given: SettingsIn) -> LabelSettings:
    """Return the settings in a request; a label's id defaults to its name."""
    labels = None
    if given.label_schema is not None:
        labels = tuple(
            LabelOption(each.id or each.name, each.name, each.description, each.colour, each.shortcut)
            for each in given.label_schema.labels
        )
    vectors = None if given.vectors is None else {name: each.dim for name, each in given.vectors.items()}
    return LabelSettings(
        labels, vectors, bool(given.allow_overlapping_spans), bool(given.allow_character_spans)
    )


def settings_out(settings: LabelSettings) -> SettingsOut:
    """Return settings for 1.x clients."""
    labels = None
    if settings.labels is not None:
        labels = LabelSchemaOut(
            labels=[
                LabelOut(
                    id=each.id,
                    name=each.name,
                    description=each.description,
                    colour=each.colour,
                    shortcut=each.shortcut,
                )
                for each in settings.labels
            ]
        )
    vectors = None
    if settings.vectors is not None:
        vectors = {name: VectorOut(dim=dim) for name, dim in settings.vectors.items()}
    return SettingsOut(
        label_schema=labels,
        vectors=vectors,
        allow_overlapping_spans=settings.allow_overlapping_spans or None,
        allow_character_spans=settings.allow_character_spans or None,
    )
