"""The locks of a transaction that writes, for databases where several write at the same time (decision 0017)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

__all__ = ["AloneNeededError", "Locks", "NoLocks", "NotNowError", "RunAgainError"]


class RunAgainError(Exception):
    """The task has to run again, in a transaction that it shares with no other task."""


class AloneNeededError(RunAgainError):
    """It has to be the only one that writes to the dataset; it came as one person's answer."""


class NotNowError(RunAgainError):
    """A second dataset is in use by others; to wait for it might be to wait for each other."""


class Locks(Protocol):
    """Locks of a transaction, until it ends. A transaction that reads locks nothing, and no method waits then."""

    @property
    def shared(self) -> bool:
        """True if others may write to the same dataset at the same time."""

    def dataset(self, no: int) -> None:
        """Lock a dataset: together with others for one person's answer or claim, else alone."""

    def alone(self, no: int) -> None:
        """Lock a dataset alone. Raises ``AloneNeededError`` in a transaction for one person's answer or claim."""

    def named(self, workspace: str, name: str) -> None:
        """Lock the dataset that has this name, if there is one, as ``dataset`` does."""

    def person(self, dataset: int, annotator: int) -> None:
        """Lock somebody's claims, by number, so that they do not exceed a cap in two tabs at once."""

    def records(self, dataset: int, rids: Collection[int]) -> None:
        """Lock records; what is read of them afterwards stays as it is."""

    def records_by_id(self, dataset: int, ids: Sequence[str]) -> None:
        """Lock records, as ``records`` does, by their ids."""

    def first_free(self, dataset: int, rids: Sequence[int], limit: int) -> list[int]:
        """Lock the first ``limit`` records that nobody has locked, and return them in the order given."""


class NoLocks:
    """The locks of a database that one transaction writes to at a time."""

    shared = False

    def dataset(self, no: int) -> None:
        pass

    alone = dataset

    def named(self, workspace: str, name: str) -> None:
        pass

    def person(self, dataset: int, annotator: int) -> None:
        pass

    def records(self, dataset: int, rids: Collection[int]) -> None:
        pass

    def records_by_id(self, dataset: int, ids: Sequence[str]) -> None:
        pass

    def first_free(self, dataset: int, rids: Sequence[int], limit: int) -> list[int]:  # noqa: ARG002
        return list(rids)
