"""Check what any database can be asked: rows without a parent, checksums, and each dataset by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from apportion.domain.datasets import Dataset
from apportion.ports.upkeep import CannotOpenError, Inconsistency
from apportion.storage.checksums import COVERED, KEYS, checksum
from apportion.storage.sql.connection import RawConnection, SqlConnection
from apportion.storage.sql.datasets import DATASET_COLUMNS, dataset_from
from apportion.storage.sql.dialect import Statements
from apportion.storage.sql.index.cache import DatasetCache

from .dataset_check import DatasetCheck

__all__ = [
    "CHECKSUMS",
    "Checks",
    "as_step",
    "contradictions_refused",
    "named_row",
    "stray_rows",
    "wrong_checksums",
]

CHECKSUMS = "checksums"
"""The name of the check of values that nothing else repeats."""
_NAMED = 20
"""The most rows of a table that are named; the others are counted."""


class Checks:
    """Carries out checks one after the other, and keeps what they find."""

    def __init__(self, progress: Callable[[str, int, int], None] | None = None) -> None:
        """``progress`` is called before each check with its name, how many are done, and how many there are."""
        self.problems: list[Inconsistency] = []
        self.failed = False
        """True once some check could not be carried out to its end."""
        self._progress = progress
        self._done = self._expected = 0

    def expect(self, many: int) -> None:
        """Count so many checks more among those there are."""
        self._expected += many

    def run(self, check: str, dataset: str | None, fn: Callable[[], Iterator[str]], what: str = "") -> None:
        """Keep what a check finds; that it cannot be carried out is a finding too.

        ``what`` is named as its progress instead of ``check``.
        """
        if self._progress is not None:
            name = what or check
            self._progress(
                f"{dataset}: {name}" if dataset else name, self._done, max(self._done, self._expected)
            )
        self._done += 1
        try:
            self.problems.extend(Inconsistency(check, dataset, message) for message in fn())
        except Exception as failure:  # whatever a damaged value leads to: it is the finding
            self.failed = True
            why = f"{type(failure).__name__}: {failure}"
            self.problems.append(
                Inconsistency(check, dataset, f"This couldn't be checked to its end ({why}).")
            )

    def checksums(self, read: Callable[[str], Iterator[str]]) -> None:
        """Check the tables whose rows have a checksum, each by ``read``."""
        for table in COVERED:
            self.run(CHECKSUMS, None, partial(read, table), f"{CHECKSUMS} of {table}")

    def datasets(
        self, connection: SqlConnection, cache_of: Callable[[int], DatasetCache] | None = None
    ) -> None:
        """Check each dataset; ``cache_of`` gives the caches to compare with, else fresh ones are read and compared."""
        found: list[tuple[Dataset, int, int | None]] = []
        self.run("datasets", None, lambda: _read_datasets(connection.raw, found))
        self.expect((DatasetCheck.MANY + 1) * len(found))
        for dataset, last_n, deleted_at in found:
            name = dataset.id if deleted_at is None else f"{dataset.id} (deleted)"
            self._dataset(connection, name, DatasetCheck(connection, dataset, last_n), cache_of)

    def _dataset(
        self,
        connection: SqlConnection,
        name: str,
        checked: DatasetCheck,
        cache_of: Callable[[int], DatasetCache] | None,
    ) -> None:
        before = len(self.problems)
        for check, work in checked.checks():
            self.run(check, name, work)
        if len(self.problems) > before:  # a cache of tables that disagree would only repeat the findings
            self._done += 1
            return

        def compare() -> Iterator[str]:
            no = checked.no
            return checked.cache(cache_of(no) if cache_of else DatasetCache(no, lambda: connection))

        self.run("cache", name, compare)


def as_step(progress: Callable[[str, int, int], None]) -> Callable[[str, int, int], None]:
    """Return the progress of checks as that of a step of longer work."""
    return lambda what, done, total: progress(f"checking {what}", done, total)


def stray_rows(raw: Statements) -> Iterator[str]:
    """Find rows that belong to nothing."""
    for table, what, key, parent, no in (
        ("records", "records", "rid >> 32", "datasets", "no"),
        ("annotations", "annotations", "rid", "records", "rid"),
        ("time_spent", "times", "rid >> 32", "datasets", "no"),
        ("slots", "slots", "dataset", "datasets", "no"),
        ("fields", "fields", "dataset", "datasets", "no"),
        ("vals", "values", "field", "fields", "no"),
        ("facet", "facet rows", "key >> 32", "vals", "vid"),
        ("numbers", "numbers", "field", "fields", "no"),
        ("vectors", "vectors", "field", "fields", "no"),
    ):
        # Not with IN: for each row PostgreSQL would go through all parents, once they are many
        (count,) = raw.execute(
            f"SELECT count(*) FROM (SELECT {key} AS of_parent FROM {table}) AS child "
            f"WHERE NOT EXISTS (SELECT 1 FROM {parent} AS parent WHERE parent.{no} = child.of_parent)"
        ).fetchone()
        if count:
            yield f"{count} {what} belong to nothing that exists."


def contradictions_refused(problems: Sequence[Inconsistency]) -> None:
    """Refuse a copy that does not agree with itself; values with a wrong checksum are in the source, too."""
    found = [each for each in problems if each.check != CHECKSUMS]
    if found:
        raise CannotOpenError(
            f"The copy does not agree with itself: {len(found)} problems, the first one being {found[0].check}: "
            f"{found[0].message} Nothing was changed. Run `apportion verify` on the source, and `apportion reindex`."
        )


def wrong_checksums(table: str, rows: Iterable[Any]) -> Iterator[str]:
    """Find rows of a table whose values are not those that were written; each is its key, checksum, and values."""
    keys = KEYS[table]
    wrong = 0
    for row in rows:
        key, kept, values = row[: len(keys)], row[len(keys)], row[len(keys) + 1 :]
        if _fits(kept, values):
            continue
        wrong += 1
        if wrong <= _NAMED:
            yield f"The row {named_row(keys, key)} of the table {table} is not as it was written."
    if wrong > _NAMED:
        yield f"{wrong - _NAMED} more rows of the table {table} are not as they were written."


def _fits(kept: Any, values: tuple[Any, ...]) -> bool:
    try:
        return bool(checksum(values) == kept)
    except ValueError:  # a text that is no text any more
        return False


def named_row(keys: Any, values: Any) -> str:
    """Name a row by its key; a record number is shown as that of its dataset and that within it."""
    parts = []
    for name, value in zip(keys, values, strict=True):
        if name == "rid" and isinstance(value, int):
            parts.append(f"record {value & 0xFFFFFFFF} of dataset {value >> 32}")
        else:
            parts.append(f"{name} {value!r}")
    return ", ".join(parts)


def _read_datasets(raw: RawConnection, found: list[tuple[Dataset, int, int | None]]) -> Iterator[str]:
    """Read every dataset with the highest record number given out, and when it was deleted; none that is half purged.
    Those that cannot be read are named."""
    rows = raw.execute(f"SELECT {', '.join(DATASET_COLUMNS)}, last_n, deleted_at FROM datasets ORDER BY no")
    for *row, last_n, deleted_at in rows.fetchall():
        # Half of its rows may be gone, so that nothing agrees any more
        if deleted_at == 0:
            continue
        try:
            found.append((dataset_from(row), last_n, deleted_at))
        except Exception as failure:  # whatever a damaged value leads to: it is the finding
            yield f"The row no {row[0]!r} of the table datasets can't be read ({type(failure).__name__}: {failure})."
