"""Derive again everything that follows from the rows people made: terms, counters, words, the queue."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from apportion.domain.datasets import Dataset
from apportion.domain.metadata import MetadataClash, kind_of, terms_of
from apportion.domain.text import analysed
from apportion.ports.upkeep import CannotOpenError
from apportion.storage.sql.agents import Agents
from apportion.storage.sql.cache_delta import CacheDelta
from apportion.storage.sql.cases.slots import SlotTerms
from apportion.storage.sql.codec.fragments import packed
from apportion.storage.sql.codec.states import STATUSES
from apportion.storage.sql.connection import RawConnection, SqlConnection
from apportion.storage.sql.datasets import DATASET_COLUMNS, dataset_from
from apportion.storage.sql.index.counters import CountedTerms, MetadataTerms, NumberTerms
from apportion.storage.sql.index.terms import TermRegistry

from .derived import COUNTS, WAITING, Derivation, Derived

__all__ = ["DERIVED", "derive", "derive_again"]

DERIVED = {"vals", "facet", "numbers", "waiting", "slot_counts"}
"""The tables that hold nothing else; the text index of each dataset is derived, too."""
_AT_ONCE = 10_000
"""Records that are written together. Of many, each range of the facet table gets several keys at once."""


def derive_again(connection: SqlConnection, tell: Callable[[str, int, int], None] = lambda *_: None) -> None:
    """Rebuild everything that follows from the rows, in place and within a transaction."""
    raw = connection.raw
    for (no,) in raw.execute("SELECT no FROM datasets").fetchall():
        raw.dialect.texts(raw, no).drop()
    for table in sorted(DERIVED):
        raw.execute(f"DELETE FROM {table}")
    derive(connection, tell)


def derive(connection: SqlConnection, tell: Callable[[str, int, int], None]) -> None:
    """Derive everything, into tables that are empty."""
    columns = ", ".join(DATASET_COLUMNS)
    for row in connection.raw.execute(f"SELECT {columns} FROM datasets ORDER BY no").fetchall():
        _derive_dataset(connection, dataset_from(row), tell)
    # Once for all datasets, one pass over the slots; in the order of the key, so that it is written in one direction
    connection.raw.execute(f"INSERT INTO waiting {WAITING} ORDER BY 1, 2, 3, 4, 5, 6")
    connection.raw.execute(f"INSERT INTO slot_counts {COUNTS.format('')}")


def _derive_dataset(
    connection: SqlConnection, dataset: Dataset, tell: Callable[[str, int, int], None]
) -> None:
    """Rebuild everything that follows from a dataset's rows."""
    while True:
        try:
            _Rebuilt(connection, dataset, tell).build()
            return
        except _KindClash as clash:  # a damaged row: its values are no numbers or dates
            # From the beginning: records written so far have the terms of another kind
            _delete_derived(connection.raw, dataset.no)
            connection.raw.execute("UPDATE fields SET kind = ? WHERE no = ?", (clash.kind, clash.field))
        finally:
            # What is left is of an attempt that was given up, and must not be remembered
            connection.after.clear()


def _delete_derived(raw: RawConnection, dataset: int) -> None:
    """Delete what was derived of a dataset. Not rolled back to a savepoint: a new file has no journal."""
    raw.dialect.texts(raw, dataset).drop()
    fields = "SELECT no FROM fields WHERE dataset = ?"
    raw.execute(
        f"DELETE FROM facet WHERE key >> 32 IN (SELECT vid FROM vals WHERE field IN ({fields}))", (dataset,)
    )
    for table in ("numbers", "vals"):
        raw.execute(f"DELETE FROM {table} WHERE field IN ({fields})", (dataset,))


class _KindClash(Exception):
    def __init__(self, field: int, kind: str) -> None:
        super().__init__(field)
        self.field = field
        self.kind = kind


class _Rebuilt:
    """Rebuild of one dataset, record by record."""

    def __init__(
        self, connection: SqlConnection, dataset: Dataset, tell: Callable[[str, int, int], None]
    ) -> None:
        self._connection = connection
        self._raw = connection.raw
        self._dataset = dataset
        self._tell = tell
        self._registry = TermRegistry()
        self._agents = Agents(connection.raw)
        self._count = 0

    def build(self) -> None:
        raw, no = self._raw, self._dataset.no
        (expected,) = raw.execute(
            "SELECT count(*) FROM records WHERE rid >= ? AND rid < ?", (no << 32, (no + 1) << 32)
        ).fetchone()
        texts = raw.dialect.texts(raw, no)
        texts.create()

        def failed(rid: int, failure: Exception) -> None:
            (id,) = raw.execute("SELECT id FROM records WHERE rid = ?", (rid,)).fetchone()
            raise CannotOpenError(
                f"Record {id!r} of {self._dataset.id} can't be read: {failure}. Restore a backup; "
                "nothing was changed."
            ) from failure

        with texts.filling() as add:
            for some in Derivation(self._connection, self._dataset).records(failed, at_once=_AT_ONCE):
                add(self._write(some))
                self._count += len(some)
                self._tell(self._dataset.id, self._count, expected)
        # History has the numbers of deleted records, which must not be assigned again
        (highest,) = raw.execute(
            "SELECT max(n) FROM (SELECT last_n AS n FROM datasets WHERE no = ?1 UNION ALL "
            "SELECT max(rid) & 4294967295 FROM records WHERE rid >= ?1 << 32 AND rid < (?1 + 1) << 32 UNION ALL "
            "SELECT max(rid) & 4294967295 FROM history WHERE rid >= ?1 << 32 AND rid < (?1 + 1) << 32) AS numbers",
            (no,),
        ).fetchone()
        raw.execute("UPDATE datasets SET records = ?, last_n = ? WHERE no = ?", (self._count, highest, no))

    def _write(self, some: Sequence[Derived]) -> list[tuple[int, str]]:
        """Write what follows from some records; return their texts, to be indexed."""
        raw, no = self._raw, self._dataset.no
        changes = CacheDelta(no)
        counted = CountedTerms(self._connection, no, self._registry, changes)
        for name in sorted({name for each in some for name in each.ready.inputs}):
            counted.session.field(no, f"inputs.{name}", "input")
        slots = SlotTerms(self._agents, counted)
        of_record: dict[int, list[tuple[int, int, int | None]]] = {}
        rows = raw.execute(
            "SELECT rid, annotator, state, holder FROM slots WHERE rid >= ? AND rid <= ?",
            (some[0].rid, some[-1].rid),
        )
        for rid, *light in rows.fetchall():
            of_record.setdefault(rid, []).append((light[0], light[1], light[2]))
        records, annotations, texts = [], [], []
        found_metadata = [self._metadata(counted, each) for each in some]
        counted.expect(
            (term for each in some for term in (*each.ready.content_terms, *each.terms)),
            (term for metadata, _ in found_metadata for term in metadata),
        )
        for each, (metadata, numbers) in zip(some, found_metadata, strict=True):
            term_ids = counted.term_ids(each.ready.content_terms, metadata)
            answer_term_ids = counted.term_ids(each.terms)
            found = {*term_ids, *answer_term_ids, *slots.of(of_record.get(each.rid, ()))}
            for annotator, terms in each.own.items():
                own = counted.term_ids(terms, viewer=annotator)
                found.update(own)
                annotations.append((packed(own), each.rid, annotator))
            counted.add(each.n, tuple(found))
            if numbers:
                counted.change_numbers(each.n, set(), numbers)
            records.append(
                (
                    list(STATUSES).index(each.status),
                    each.answer,
                    packed(term_ids),
                    packed(answer_term_ids),
                    each.rid,
                )
            )
            texts.append((each.n, analysed(each.ready.text)))
        update = raw.dialect.update_rows
        update(raw, "records", ("status", "answer", "terms", "answer_terms", "rid"), 1, records)
        update(raw, "annotations", ("terms", "rid", "annotator"), 2, annotations)
        counted.finish()
        # At once instead of after the commit: the next records need the numbers of these values
        after, self._connection.after = self._connection.after, []
        for hook in after:
            hook()
        return texts

    def _metadata(self, counted: CountedTerms, each: Derived) -> tuple[MetadataTerms, NumberTerms]:
        """Return the terms that are counted and those searched as numbers, by the kinds of the dataset's keys."""
        found: MetadataTerms = []
        numbers: NumberTerms = []
        session, no = counted.session, self._dataset.no
        if each.ready.scores:
            field, _ = session.field(no, "score", "float")
            numbers = [(field, score) for score in each.ready.scores]
        for key, value in each.ready.metadata.items():
            kind = None if key.startswith("_") else kind_of(value)
            known = session.find_field(no, f"metadata.{key}")
            if known is None and kind is None:
                continue
            field, kept = known or session.field(no, f"metadata.{key}", kind or "keyword")
            try:
                terms = terms_of(kept, value)
            except (MetadataClash, KeyError):
                # A keyword holds any plain value; nested holds the rest, of which nothing is searched
                raise _KindClash(
                    field, "keyword" if kind != "nested" and kept != "keyword" else "nested"
                ) from None
            for term in terms:
                if isinstance(term, str):
                    found.append((field, kept, term))
                else:
                    numbers.append((field, term))
        return found, numbers
