"""Datasets and their settings on the wire, as 1.x has them."""

from __future__ import annotations

from apportion.domain.datasets import Dataset, LabelOption, LabelSettings
from apportion.domain.times import naive_iso
from apportion.wire.datasets import DatasetOut, LabelOut, LabelSchemaOut, SettingsIn, SettingsOut, VectorOut

__all__ = ["dataset_out", "settings_in", "settings_out"]


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
