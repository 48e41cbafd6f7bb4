"""Statements of one connection: several in one round trip, and prepared once they are used often.

By the driver's layer over libpq (``psycopg.pq``), as its cursors spend five times as long on a statement.
"""

from __future__ import annotations

import select
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
from psycopg import abc, pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq.abc import PGresult

__all__ = ["Pipeline", "Rows"]

# The engine has some hundred statements
_MOST_PREPARED = 400
_USES_BEFORE = 4
"""Uses of a statement before it is prepared: those that are made for one occasion never are."""

_Key = tuple[str, tuple[int, ...]]
"""A statement and the types of its parameters, which it is prepared for."""
_Outcome = Callable[[PGresult], None]


class Rows:
    """The result of one statement: ``storage.sql.connection.Cursor``. It has rows once the statement was run."""

    __slots__ = ("_at", "_result", "_rows", "_run", "_transformer", "form")

    def __init__(
        self, transformer: abc.Transformer, run: Callable[[], None], form: pq.Format = pq.Format.TEXT
    ) -> None:
        self.form = form
        """The form in which the database is to reply."""
        self._transformer = transformer
        self._run = run
        self._result: PGresult | None = None
        self._rows: list[Any] | None = None
        self._at = 0

    def set_result(self, result: PGresult) -> None:
        """Take what the database replied."""
        self._result = result

    @property
    def is_query(self) -> bool:
        """True if the statement was one that has rows, be there any or none."""
        return self._result is not None and self._result.status == pq.ExecStatus.TUPLES_OK

    @property
    def rowcount(self) -> int:
        """The number of rows that were found or changed; -1 for a statement that does neither."""
        if self._result is None:
            return -1
        if self.is_query:
            return self._result.ntuples
        changed = self._result.command_tuples
        return -1 if changed is None else changed

    @property
    def changed(self) -> int:
        """The number of rows that were changed."""
        if self._result is None or (self._result.command_status or b"").startswith(b"SELECT"):
            return 0
        return max(0, self.rowcount)

    def fetchone(self) -> Any:
        some = self.fetchmany(1)
        return some[0] if some else None

    def fetchmany(self, size: int = 1, /) -> list[Any]:
        rows, start = self._read(), self._at
        self._at = min(len(rows), start + size)
        return rows[start : self._at]

    def fetchall(self) -> list[Any]:
        rows, start = self._read(), self._at
        self._at = len(rows)
        return rows[start:] if start else rows

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        rows = self._read()
        if self._at == len(rows):
            raise StopIteration
        self._at += 1
        return rows[self._at - 1]

    def _read(self) -> list[Any]:
        if self._rows is None:
            if self._result is None:
                self._run()
            if self._result is None or not self.is_query:
                raise psycopg.ProgrammingError("the statement has no rows")
            self._transformer.set_pgresult(self._result)
            self._rows = self._transformer.load_rows(0, self._result.ntuples, tuple)
            self._transformer.set_pgresult(None)
        return self._rows


class Pipeline:
    """The way of one connection to run statements, whose places are ``$1``."""

    def __init__(self, link: psycopg.Connection[Any]) -> None:
        self._link = link
        self._transformer: abc.Transformer = Transformer(link)
        self._known: OrderedDict[_Key, int | bytes] = OrderedDict()
        """The number of uses of each statement, or the name under which it is prepared. The last one used is last."""
        self._names = 0

    def rows(self, run: Callable[[], None] = lambda: None, form: pq.Format = pq.Format.TEXT) -> Rows:
        """Return the place for the rows of a statement; ``run`` runs it, if they are read before somebody else did."""
        return Rows(self._transformer, run, form)

    def run(self, statements: Sequence[tuple[str, Sequence[Any], Rows | None]]) -> None:
        """Run statements in one round trip; each puts its result into its ``Rows``, if there are any.

        Raises the error of the first that failed; none after it was run.
        """
        # Before anything is sent: a value that cannot be sent is then as if nothing had happened
        dumped = [self._dumped(sql, parameters) for sql, parameters, _ in statements]
        connection = self._link.pgconn
        if connection.status != pq.ConnStatus.OK:
            raise psycopg.OperationalError("the connection is lost")
        try:
            connection.enter_pipeline_mode()
            outcomes: list[_Outcome] = []
            for (sql, types, values, formats), (_, _, rows) in zip(dumped, statements, strict=True):
                name = self._prepared((sql, types), outcomes)
                form = pq.Format.TEXT if rows is None else rows.form
                if name is None:
                    connection.send_query_params(sql.encode(), values, types, formats, form)
                else:
                    connection.send_query_prepared(name, values, formats, form)
                outcomes.append(_ignored if rows is None else rows.set_result)
            self._forget_old(outcomes)
            connection.pipeline_sync()
            failed = self._receive(outcomes)
            connection.exit_pipeline_mode()
        except BaseException as failure:
            # Interrupted in the middle it would take the next statement's reply for this one's
            if not isinstance(failure, psycopg.Error) or connection.status == pq.ConnStatus.OK:
                self._link.close()
            raise
        if failed is not None:
            raise failed

    def _dumped(
        self, sql: str, parameters: Sequence[Any]
    ) -> tuple[str, tuple[int, ...], Sequence[Any], Sequence[pq.Format]]:
        if not parameters:
            return sql, (), (), ()
        values = self._transformer.dump_sequence(parameters, [PyFormat.AUTO] * len(parameters))
        return sql, self._transformer.types or (), values, self._transformer.formats or ()

    def _prepared(self, key: _Key, outcomes: list[_Outcome]) -> bytes | None:
        """Return the name under which a statement is prepared, if it is used often; send what is needed for that."""
        known = self._known.pop(key, 0)
        if isinstance(known, int):
            known = known + 1 if known < _USES_BEFORE else self._prepare(key, outcomes)
        self._known[key] = known
        return known if isinstance(known, bytes) else None

    def _forget_old(self, outcomes: list[_Outcome]) -> None:
        """Have the database forget the statements that were not used for longest, if they are too many.

        After all others: in a transaction that failed it would fail, and a ROLLBACK behind it would not be run.
        """
        while len(self._known) > _MOST_PREPARED:
            _, old = self._known.popitem(last=False)
            if isinstance(old, bytes):
                self._link.pgconn.send_query_params(b"DEALLOCATE " + old, ())
                outcomes.append(_ignored)

    def _prepare(self, key: _Key, outcomes: list[_Outcome]) -> bytes:
        self._names += 1
        name = b"ap%d" % self._names

        def done(result: PGresult) -> None:
            # It may have failed, or not been reached, and would be missing from then on
            if result.status != pq.ExecStatus.COMMAND_OK:
                self._known.pop(key, None)

        sql, types = key
        self._link.pgconn.send_prepare(name, sql.encode(), types)
        outcomes.append(done)
        return name

    def _receive(self, outcomes: Sequence[_Outcome]) -> psycopg.Error | None:
        """Read the reply to each statement; return the error of the first that failed."""
        connection = self._link.pgconn
        failed: psycopg.Error | None = None
        waiting = select.poll()
        waiting.register(connection.socket, select.POLLIN)
        self._flush()
        replies = iter(outcomes)
        while True:
            try:
                while connection.is_busy():
                    waiting.poll()
                    connection.consume_input()
            except psycopg.OperationalError as lost:
                # Why it hung up is said by the last statement's reply
                raise failed or lost from None
            result = connection.get_result()
            if result is None:  # the end of a statement's reply
                continue
            if result.status == pq.ExecStatus.PIPELINE_SYNC:
                return failed
            if result.status == pq.ExecStatus.FATAL_ERROR and failed is None:
                failed = error_from_result(result)
            outcome = next(replies, _ignored)
            outcome(result)

    def _flush(self) -> None:
        """Send everything; where the database does not read it, read meanwhile what it replies."""
        connection = self._link.pgconn
        while connection.flush():
            both = select.poll()
            both.register(connection.socket, select.POLLIN | select.POLLOUT)
            ((_, ready),) = both.poll()
            if ready & ~select.POLLOUT:
                connection.consume_input()


def _ignored(result: PGresult) -> None:
    """Do nothing with a reply that nobody looks at."""
