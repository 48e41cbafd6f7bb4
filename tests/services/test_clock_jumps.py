"""Deadlines go along with a clock that jumps: each once, whatever fails meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from apportion.domain.datasets import Dataset
from apportion.ports.store import Store, Transaction
from apportion.services.datasets.clock_jumps import DeadlineShift
from apportion.storage.sqlite.store import SqliteStore
from stored_dataset import new_dataset, read, write

HOUR = 3_600_000_000


class BreakdownError(Exception):
    pass


class Failing:
    """A store whose writes fail from the second one on, until it is mended."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.left = 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def write(self, fn: Callable[[Any], Any]) -> Future[Any]:
        if not self.left:
            raise BreakdownError
        self.left -= 1
        return self._store.write(fn)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(SqliteStore(tmp_path / "store.db")) as opened:
        for at in (10, 20, 30):
            gone = write(opened, lambda tx: tx.datasets.add(new_dataset()))
            write(opened, partial(delete, gone, at))
        yield opened


def delete(dataset: Dataset, at: int, tx: Transaction) -> None:
    tx.datasets.delete(dataset, at=at)


def deadlines(store: Store) -> list[int]:
    return sorted(each.at for each in read(store, lambda tx: tx.datasets.deleted()))


def test_what_was_shifted_before_a_failure_is_not_shifted_again(store: Store) -> None:
    failing, shift = Failing(store), DeadlineShift()
    with pytest.raises(BreakdownError):
        shift.run(failing, 7 * HOUR)  # type: ignore[arg-type]
    assert deadlines(store) != [10, 20, 30]
    failing.left = 9

    shift.run(failing, 8 * HOUR)  # type: ignore[arg-type]

    assert deadlines(store) == [8 * HOUR + at for at in (10, 20, 30)]
    shift.run(store, HOUR)
    assert deadlines(store) == [9 * HOUR + at for at in (10, 20, 30)]
