"""Change stored records."""

from __future__ import annotations

from apportion.domain.datasets import Dataset, RecordAddress
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.ports.events import About
from apportion.ports.records import StoredRecord
from apportion.ports.store import Transaction
from apportion.services.answers.answer_change import RecordPatch
from apportion.services.answers.answer_mode import answer_mode
from apportion.services.datasets.access import DatasetAccess, open_dataset
from apportion.vocabulary import EventCode

__all__ = ["RecordPatch", "patch_record"]


def patch_record(
    tx: Transaction, actor: Actor, address: RecordAddress, patch: RecordPatch, *, now: int
) -> tuple[Dataset, StoredRecord]:
    """Merge metadata into a record and set its status; return the record as it then is."""
    access = open_dataset(tx, actor, address.dataset, Action.PATCH_RECORD, open_only=True)
    logged = answer_mode(tx, access.dataset).patch(access, address.id, patch, now=now)
    _log_patch(access, address.id, logged, now)
    row = access.row(address.id)
    assert row is not None
    return access.dataset, row


def _log_patch(access: DatasetAccess, id: str, patch: RecordPatch, now: int) -> None:
    """Log the event of a changed record: the keys of its metadata, but not the values, which the log must not hold."""
    metadata, status = patch.metadata, patch.status
    if metadata or status is not None:
        after = {"status": None if status is None else str(status), "metadata_keys": sorted(metadata or ())}
        about = About(access.dataset, object=id)
        access.tx.events.add(EventCode.CHANGED_RECORD, about, who=access.username, at=now, after=after)
