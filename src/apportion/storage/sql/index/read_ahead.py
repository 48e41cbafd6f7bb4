"""Read several fields of a dataset at once, through two connections that see the same snapshot.

The database takes most of the time, and has a process for each connection.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from functools import partial

from apportion.domain.ids import RESOLVED
from apportion.storage.sql.connection import SqlConnection

from .fields import FacetField, NumberField
from .record_terms import RecordTerms

__all__ = ["FieldReader", "TwoConnections"]

log = logging.getLogger("apportion.storage")

RECORDS_AT_ONCE = 100_000
"""Records that are read with one statement."""
ENOUGH_FIELDS = 3
"""Fields from which on reading the rows of all records is sooner done than reading the entries of each field."""

Task = Callable[[SqlConnection], None]


class TwoConnections:
    """Runs tasks in two threads: the caller's, with the connection given, and one with a connection that is lent.

    ``snapshot``: name of the snapshot of ``connection``, which both see.
    """

    def __init__(
        self,
        connection: SqlConnection,
        snapshot: str,
        lend: Callable[[], AbstractContextManager[SqlConnection]],
    ) -> None:
        self.connection = connection
        self._snapshot = snapshot
        self._lend = lend

    def run(self, tasks: Iterable[Task]) -> None:
        """Run the tasks; where the second connection fails, what it was at may stay undone."""
        waiting = deque(tasks)
        if not waiting:
            return
        helper = threading.Thread(target=self._run_beside, args=(waiting,))
        helper.start()
        try:
            _run_all(self.connection, waiting)
        finally:
            waiting.clear()
            helper.join()

    def _run_beside(self, tasks: deque[Task]) -> None:
        try:
            with self._lend() as other, other.snapshot(self._snapshot):
                _run_all(other, tasks)
        except Exception:
            log.warning("a second connection couldn't read ahead", exc_info=True)


def _run_all(connection: SqlConnection, tasks: deque[Task]) -> None:
    """Run tasks until none is left; another thread may take some of them."""
    while True:
        try:
            task = tasks.popleft()
        except IndexError:
            return
        task(connection)


class FieldReader:
    """Reads fields of a dataset and puts them into ``facets``, by field and viewer, and ``numbers``, by field.

    What could not be read is missing there.
    """

    def __init__(
        self,
        dataset: int,
        size: int,
        facets: dict[tuple[int, int], FacetField],
        numbers: dict[int, NumberField],
    ) -> None:
        self._dataset = dataset
        self._size = size
        self._facets = facets
        self._numbers = numbers

    def read(self, both: TwoConnections, facets: Collection[tuple[int, int]], numbers: Iterable[int]) -> None:
        """Read fields: ``facets``, each by field and viewer, and ``numbers``."""
        of_records = self._within_records(both.connection, facets)
        terms = self._begin_columns(both, of_records)
        ranges = range(0, self._size + 1, RECORDS_AT_ONCE) if terms.fits else range(0)
        terms.wanted = len(ranges)
        both.run(
            [
                *(partial(self._read_number, no) for no in numbers),
                *(partial(self._read_facet, *key) for key in facets if key[0] not in of_records),
                *(partial(terms.read, start, start + RECORDS_AT_ONCE) for start in ranges),
            ]
        )
        whole = terms.filled()
        self._facets.update({(no, RESOLVED): field for no, field in whole.items()})
        rest = sorted(of_records - whole.keys())
        both.run([partial(self._read_facet, no, RESOLVED) for no in rest])

    def _within_records(self, connection: SqlConnection, facets: Iterable[tuple[int, int]]) -> set[int]:
        """Return the fields whose values are in the rows of records, if they are enough to read these."""
        elsewhere = connection.raw.execute(
            "SELECT no FROM fields WHERE dataset = ? AND name IN ('assigned_to', 'assignment')",
            (self._dataset,),
        )
        found = {no for no, viewer in facets if viewer == RESOLVED} - {no for (no,) in elsewhere}
        return found if len(found) >= ENOUGH_FIELDS else set()

    def _begin_columns(self, both: TwoConnections, facets: Iterable[int]) -> RecordTerms:
        """Read the values of facets, whose columns are filled later."""
        begun: dict[int, FacetField] = {}

        def begin(no: int, connection: SqlConnection) -> None:
            begun[no] = FacetField(connection, no, RESOLVED, self._size, read=False)

        both.run([partial(begin, no) for no in facets])
        return RecordTerms(self._dataset, begun, self._size)

    def _read_facet(self, no: int, viewer: int, connection: SqlConnection) -> None:
        self._facets[no, viewer] = FacetField(connection, no, viewer, self._size)

    def _read_number(self, no: int, connection: SqlConnection) -> None:
        self._numbers[no] = NumberField(connection, no)
