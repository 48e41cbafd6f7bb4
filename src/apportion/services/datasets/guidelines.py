"""Guidelines for annotators, with their versions."""

from __future__ import annotations

from dataclasses import dataclass

from apportion.domain.datasets import DatasetAddress, Guidelines
from apportion.domain.errors import BadRequestError, StaleVersionError
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.ports.store import Transaction
from apportion.vocabulary import EventCode

from .access import open_dataset

__all__ = ["LONGEST", "GuidelinesEdit", "read_guidelines", "write_guidelines"]

LONGEST = 200_000


def read_guidelines(
    tx: Transaction, actor: Actor, address: DatasetAddress, version: int | None = None
) -> Guidelines | None:
    """Return the latest guidelines, or those of a version; None where there are none."""
    dataset = open_dataset(tx, actor, address, Action.SEE_DATASET).dataset
    return tx.datasets.guidelines(dataset, version)


@dataclass(frozen=True, slots=True)
class GuidelinesEdit:
    """A new text of the guidelines; ``version`` is the one it builds on, if that is to be checked."""

    text: str
    version: int | None = None


def write_guidelines(
    tx: Transaction, actor: Actor, address: DatasetAddress, edit: GuidelinesEdit, *, now: int
) -> Guidelines:
    """Save a new version of the guidelines."""
    text, version = edit.text, edit.version
    dataset = open_dataset(tx, actor, address, Action.EDIT_GUIDELINES).dataset
    if len(text) > LONGEST:
        raise BadRequestError(f"Guidelines may have {LONGEST:,} characters; these have {len(text):,}.")
    known = tx.datasets.guidelines(dataset)
    current = 0 if known is None else known.version
    if version is not None and version != current:
        raise StaleVersionError(version, {"version": current, "text": "" if known is None else known.text})
    found = Guidelines(current + 1, text, actor.username, now)
    tx.datasets.add_guidelines(dataset, found)
    tx.annotations.log_event(
        dataset, actor.username, EventCode.CHANGED_GUIDELINES, at=now, detail={"version": found.version}
    )
    return found
