"""What a dataset asks of its annotators: the label schema and what goes with it."""

from __future__ import annotations

from apportion.domain.datasets import LabelOption, Settings
from apportion.domain.errors import BadRequestError, EntityNotFoundError
from apportion.domain.people import Actor, check_name
from apportion.domain.permissions import Action, require
from apportion.ports.store import Work
from apportion.vocabulary import Task

from .manage_datasets import find_dataset, viewer_of

__all__ = ["delete_settings", "read_settings", "save_settings"]


def read_settings(work: Work, actor: Actor, workspace: str, name: str, task: Task) -> Settings:
    """The settings, if any were ever saved."""
    check_name(name, "path", "name")
    dataset = find_dataset(work, actor, workspace, name, Action.SEE_SETTINGS, task=task)
    if dataset.settings is None:
        raise EntityNotFoundError(name, f"{task}Settings")
    return dataset.settings


def save_settings(
    work: Work, actor: Actor, workspace: str, name: str, task: Task, wanted: Settings
) -> Settings:
    """Save what ``wanted`` says and keep the rest; labels in use cannot be taken away."""
    check_name(name, "path", "name")
    dataset = find_dataset(work, actor, workspace, name, Action.SEE_SETTINGS, task=task)
    if wanted.labels is not None:
        # In the view of who asks, because the refusal names labels, and comes before the one for lack of rights
        missing = wanted.unknown(work.records.labels(dataset, viewer_of(work, actor, dataset)))
        if missing:
            raise BadRequestError(
                f"Labels {missing} are used by records of dataset {name} but missing in the new label schema. "
                "Nothing was changed."
            )
    require(actor, Action.EDIT_SETTINGS, workspace, dataset.created_by)
    known = dataset.settings or Settings()
    merged = Settings(
        labels=_merged(known.labels, wanted.labels),
        vectors=known.vectors if wanted.vectors is None else {**(known.vectors or {}), **wanted.vectors},
        allow_overlapping_spans=wanted.allow_overlapping_spans or known.allow_overlapping_spans,
        allow_character_spans=wanted.allow_character_spans or known.allow_character_spans,
    )
    work.datasets.update(dataset, settings=merged)
    return merged


def _merged(
    known: tuple[LabelOption, ...] | None, wanted: tuple[LabelOption, ...] | None
) -> tuple[LabelOption, ...] | None:
    return known if wanted is None else wanted


def delete_settings(work: Work, actor: Actor, workspace: str, name: str, task: Task) -> None:
    """Forget the settings; there may be none."""
    dataset = find_dataset(work, actor, workspace, name, Action.EDIT_SETTINGS, task=task)
    work.datasets.update(dataset, settings=None)
