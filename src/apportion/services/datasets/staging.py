"""Fill a dataset some records to a transaction, hidden from everybody until it is complete."""

from __future__ import annotations

from collections.abc import Iterator

from apportion.domain.datasets import Dataset
from apportion.ports.store import Transaction
from apportion.services.operations import Step

from .access import check_free
from .trash import PurgeDataset

__all__ = ["StagedDataset", "publish"]


def publish(tx: Transaction, target: Dataset) -> Dataset:
    """Make a hidden dataset visible; refused where its name was taken meanwhile."""
    check_free(tx, target.address)
    return tx.datasets.restore(target, name=target.name)


class StagedDataset:
    """The steps that make a hidden dataset, fill it and publish it: the base of copying, gathering and importing.

    Should filling fail the dataset is purged, by the next start if need be.
    """

    _target: Dataset | None = None

    @property
    def target(self) -> Dataset:
        """Return the dataset; only there once the first step has run."""
        assert self._target is not None
        return self._target

    def steps(self) -> Iterator[Step]:
        """Yield the steps, each to be run in a transaction of its own."""
        yield self._stage
        yield from self._fill()

    def give_up(self) -> Iterator[Step]:
        """Yield the steps to run after one has failed: nothing of the dataset is left."""
        if self._target is not None:
            yield self._disown
            yield from PurgeDataset(self._target.no).steps()

    def _disown(self, tx: Transaction) -> None:
        """Let anybody purge it: this server may fail at that, too, and go on running."""
        tx.datasets.mark_for_purge(self.target)

    def _stage(self, tx: Transaction) -> None:
        self._target = self._begin(tx)

    def _begin(self, tx: Transaction) -> Dataset:
        """Check the request; return a hidden dataset to fill."""
        raise NotImplementedError

    def _fill(self) -> Iterator[Step]:
        """Yield the steps that fill the dataset; the last one publishes it."""
        raise NotImplementedError
