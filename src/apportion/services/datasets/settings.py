"""Label settings of a dataset: the label schema, its vectors, and the spans it allows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from apportion.domain.datasets import Dataset, DatasetAddress, LabelOption, LabelSettings
from apportion.domain.errors import BadRequestError, EntityNotFoundError
from apportion.domain.events import difference
from apportion.domain.people import Actor, check_name
from apportion.domain.permissions import Action, require
from apportion.ports.events import About
from apportion.ports.store import Transaction
from apportion.vocabulary import EventCode

from .access import check_not_importing, open_dataset

__all__ = ["SettingsChange", "delete_settings", "read_settings", "save_settings"]


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """A change of the label settings: the schema, where it has labels or vectors, and what spans may do.

    ``overlapping`` says whether spans may overlap, ``characters`` whether they may be parts of tokens; None leaves
    that as it is.
    """

    schema: LabelSettings
    overlapping: bool | None = None
    characters: bool | None = None


def read_settings(
    tx: Transaction, actor: Actor, address: DatasetAddress, *, or_none: bool = False
) -> LabelSettings:
    """Return the settings, if any were ever saved; refused otherwise, or with ``or_none`` empty."""
    check_name(address.name, "path", "name")
    access = open_dataset(tx, actor, address, Action.SEE_SETTINGS)
    if access.dataset.settings is None and not or_none:
        raise EntityNotFoundError(address.name, f"{address.task}Settings")
    return access.settings


def save_settings(
    tx: Transaction,
    actor: Actor,
    address: DatasetAddress,
    changes: SettingsChange,
    *,
    now: int,
) -> LabelSettings:
    """Save the settings that are to change and keep the rest; labels in use cannot be removed."""
    check_name(address.name, "path", "name")
    access, wanted = open_dataset(tx, actor, address, Action.SEE_SETTINGS), changes.schema
    dataset = access.dataset
    if wanted.labels is not None:
        # In the view of ``actor``, because the refusal names labels, and comes before the one for lack of rights.
        missing = wanted.unknown(tx.records.labels(dataset, access.viewer))
        if missing:
            raise BadRequestError(
                f"Labels {missing} are used by records of dataset {address.name} but missing in the new label schema. "
                "Nothing was changed."
            )
    require(actor, Action.EDIT_SETTINGS, address.workspace, dataset.created_by)
    known = access.settings
    merged = LabelSettings(
        labels=_merged(known.labels, wanted.labels),
        vectors=known.vectors if wanted.vectors is None else {**(known.vectors or {}), **wanted.vectors},
        allow_overlapping_spans=known.allow_overlapping_spans
        if changes.overlapping is None
        else changes.overlapping,
        allow_character_spans=known.allow_character_spans
        if changes.characters is None
        else changes.characters,
    )
    check_not_importing(tx, dataset)
    tx.datasets.update(dataset, settings=merged)
    _log_event(tx, actor, dataset, merged, now)
    return merged


def _log_event(
    tx: Transaction, actor: Actor, dataset: Dataset, after: LabelSettings | None, now: int
) -> None:
    before, changed = difference(_shown(dataset.settings), _shown(after))
    if before or changed:
        what = EventCode.CHANGED_SETTINGS
        tx.events.add(what, About(dataset), who=actor.username, at=now, before=before, after=changed)


def _shown(settings: LabelSettings | None) -> dict[str, Any]:
    """Return the settings as the audit log shows them."""
    if settings is None:
        return {}
    found = asdict(settings)
    for label in found["labels"] or ():
        for name in [each for each, value in label.items() if value is None]:
            del label[name]
    return found


def _merged(
    known: tuple[LabelOption, ...] | None, wanted: tuple[LabelOption, ...] | None
) -> tuple[LabelOption, ...] | None:
    """Return the labels wanted. Properties a 1.x client cannot send, such as the colour, stay; "" removes one."""
    if wanted is None:
        return known
    before = {each.name: each for each in known or ()}
    return tuple(_kept(each, before.get(each.name)) for each in wanted)


def _kept(label: LabelOption, before: LabelOption | None) -> LabelOption:
    known = before or LabelOption(label.id, label.name)

    def of(sent: str | None, before: str | None) -> str | None:
        return (before if sent is None else sent) or None

    return replace(
        label,
        description=of(label.description, known.description),
        colour=of(label.colour, known.colour),
        shortcut=of(label.shortcut, known.shortcut),
    )


def delete_settings(tx: Transaction, actor: Actor, address: DatasetAddress, *, now: int) -> None:
    """Delete the settings; there may be none."""
    dataset = open_dataset(tx, actor, address, Action.EDIT_SETTINGS).dataset
    check_not_importing(tx, dataset)
    tx.datasets.update(dataset, settings=None)
    _log_event(tx, actor, dataset, None, now)
