"""Facets, numbers and exact counters of one dataset, changed within one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from apportion.domain.terms import Term
from apportion.storage.sql.cache_delta import CacheDelta
from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.rows import insert_rows, insert_values

from .terms import TermPair, TermRegistry, TermSession

__all__ = ["CountedTerms", "MetadataTerms", "NumberTerms"]

MetadataTerm = tuple[int, str, str]
"""(field, kind, value) of metadata that is counted value by value"""

MetadataTerms = list[MetadataTerm]

NumberTerms = list[tuple[int, float]]
"""(field, number) of scores and of metadata searched as numbers"""


class CountedTerms:
    """Collector of the values that records gain or lose; ``finish`` writes rows and counters at once."""

    def __init__(
        self, connection: SqlConnection, dataset: int, registry: TermRegistry, changes: CacheDelta
    ) -> None:
        self._raw = connection.raw
        self._dataset = dataset
        self._changes = changes
        self.session: TermSession = registry.session(connection)
        # By viewer and field, then by value: pairs would have to be hashed again each time
        self._known: dict[int, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
        self._pairs_of: dict[int, dict[Term, TermPair]] = {}
        self._of_metadata: dict[int, dict[str, int]] = defaultdict(dict)
        self._field_of = changes.field_of
        self._added: list[tuple[int, Sequence[int]]] = changes.gained
        self._removed: list[tuple[int, Sequence[int]]] = changes.lost
        self._new_numbers: list[tuple[int, float, int]] = []
        self._old_numbers: list[tuple[int, float, int]] = []

    def expect(self, terms: Iterable[Term], metadata: Iterable[MetadataTerm]) -> None:
        """Number the values of many records with few statements, before ``term_ids`` is called for each record."""
        by_name: dict[str, set[str]] = defaultdict(set)
        for name, value in terms:
            by_name[name].add(value)
        for name in sorted(by_name):
            new = by_name[name] - self._known[0][name].keys()
            if new:
                self._number(name, sorted(new), 0)
        by_field: dict[tuple[int, str], set[str]] = defaultdict(set)
        for field, kind, value in metadata:
            by_field[field, kind].add(value)
        for field, kind in sorted(by_field):
            new = by_field[field, kind] - self._of_metadata[field].keys()
            if new:
                self._number_metadata(field, kind, sorted(new))

    def term_ids(
        self, terms: Iterable[Term], metadata: Iterable[MetadataTerm] = (), *, viewer: int = 0
    ) -> list[int]:
        """Return the numbers of values, new ones created."""
        of_metadata = self._of_metadata
        known = self._known.get(viewer)
        if known is None:
            found = self._few_term_ids(terms, viewer)
        else:  # ``expect`` has numbered nearly all, or an earlier record of the transaction some
            found = [known[name].get(value) or self._number(name, [value], viewer) for name, value in terms]
        found += [
            of_metadata[field].get(value) or self._number_metadata(field, kind, [value])
            for field, kind, value in metadata
        ]
        return found

    def _few_term_ids(self, terms: Iterable[Term], viewer: int) -> list[int]:
        """Return the numbers of values that earlier transactions may have looked up, as those of most answers are."""
        pairs, field_of, found = self._pairs(viewer), self._field_of, []
        for term in terms:
            term_id, where = pairs.get(term) or self._look_up(term, viewer, pairs)
            field_of[term_id] = where
            found.append(term_id)
        return found

    def _pairs(self, viewer: int) -> dict[Term, TermPair]:
        found = self._pairs_of.get(viewer)
        if found is None:
            found = self._pairs_of[viewer] = self.session.pairs(self._dataset, viewer)
        return found

    def _look_up(self, term: Term, viewer: int, pairs: dict[Term, TermPair]) -> TermPair:
        name, value = term
        term_id = self._known[viewer][name].get(value) or self._number(name, [value], viewer)
        field, _ = self.session.field(self._dataset, name)
        pair = term_id, (field, viewer)
        if self.session.is_committed(field, viewer, value):  # else a rollback may take it back
            pairs[term] = pair
        return pair

    def _number(self, name: str, values: list[str], viewer: int) -> int:
        """Look up or create values of a field; return the number of the last one."""
        field, kind = self.session.field(self._dataset, name)
        term_ids = self.session.term_ids(field, kind, viewer, values)
        self._known[viewer][name].update(zip(values, term_ids, strict=True))
        self._field_of.update(dict.fromkeys(term_ids, (field, viewer)))
        return term_ids[-1]

    def _number_metadata(self, field: int, kind: str, values: list[str]) -> int:
        term_ids = self.session.term_ids(field, kind, 0, values)
        self._of_metadata[field].update(zip(values, term_ids, strict=True))
        self._field_of.update(dict.fromkeys(term_ids, (field, 0)))
        return term_ids[-1]

    def add(self, n: int, term_ids: Sequence[int]) -> None:
        """Note that a record gains values."""
        if term_ids:
            self._added.append((n, term_ids))

    def add_to_many(self, term_id: int, ns: Sequence[int]) -> None:
        """Give records, ascending, one value; those that have it already keep it. Written at once."""
        # Value number and record number in one key: the records of a value are one range, in the order of their numbers
        added = insert_values(self._raw, "facet", [term_id << 32 | n for n in ns], unless_there=True)
        self.session.count_many(term_id, added)  # rows that were there already are left out
        self._changes.shared.append((term_id, ns))

    def take_from_many(self, term_id: int, ns: Sequence[int]) -> None:
        """Take one value from records, those of them that have it. Written at once."""
        self.session.count_many(term_id, -self._delete(term_id << 32 | n for n in ns))
        self._changes.unshared.append((term_id, ns))

    def change(self, n: int, before: Iterable[int], after: Iterable[int]) -> None:
        """Note that a record's values were ``before`` and are ``after``."""
        was, now = set(before), set(after)
        if was == now:
            return
        self.add(n, tuple(now - was))
        if was - now:
            self._removed.append((n, tuple(was - now)))

    def change_surely(self, n: int, before: Iterable[int], after: Iterable[int]) -> None:
        """Change a record's values where some of ``before`` may not have been written yet. Written at once."""
        was, now = set(before), set(after)
        for term_id in now - was:
            self.add_to_many(term_id, [n])
        for term_id in was - now:
            self.take_from_many(term_id, [n])

    def add_numbers(self, n: int, numbers: NumberTerms) -> None:
        """Note the numbers of a new record."""
        if len(numbers) == 1:
            ((field, value),) = numbers
            self._new_numbers.append((field, value, n))
            self._changes.numbers[field].append((n, (value,)))
        else:
            self.change_numbers(n, set(), numbers)

    def change_numbers(self, n: int, before: set[tuple[int, float]], after: NumberTerms) -> None:
        """Note that a record's numbers were ``before`` and are ``after``."""
        now = set(after)
        if before == now:
            return
        self._old_numbers += [(field, value, n) for field, value in before - now]
        self._new_numbers += [(field, value, n) for field, value in now - before]
        for field in {field for field, _ in before | now}:
            # All that it has now, not what changed: caches may apply it twice
            values = tuple(value for each, value in now if each == field)
            self._changes.numbers[field].append((n, values))

    def finish(self) -> None:
        """Write what was collected: facet rows, numbers, new values and counters."""
        self.session.count(
            (term_ids for _, term_ids in self._added), (term_ids for _, term_ids in self._removed)
        )
        if self._removed:
            # Losses before gains: a value that is lost and gained again within the transaction must stay
            keys = [term_id << 32 | n for n, term_ids in self._removed for term_id in term_ids]
            sql = self._raw.dialect
            self._raw.send(f"DELETE FROM facet WHERE {sql.in_numbers('key')}", (sql.numbers(keys),))
        if self._added:
            # Sorted, so that the table is written in one direction
            keys = sorted({term_id << 32 | n for n, term_ids in self._added for term_id in term_ids})
            insert_values(self._raw, "facet", keys)
        if self._old_numbers:
            self._raw.executemany(
                "DELETE FROM numbers WHERE field = ? AND value = ? AND n = ?", self._old_numbers
            )
        # Sorted, as facet rows are
        insert_rows(self._raw, "numbers", 3, sorted(self._new_numbers))
        # What was only lost was never looked up by name, and caches need its field and viewer
        lost = {term_id for _, term_ids in self._removed for term_id in term_ids}
        self._field_of.update(self.session.flush(lost - self._field_of.keys()))

    def _delete(self, keys: Iterable[int]) -> int:
        """Delete facet rows; return how many there were."""
        sql = self._raw.dialect
        gone = self._raw.execute(f"DELETE FROM facet WHERE {sql.in_numbers('key')}", (sql.numbers(keys),))
        return gone.rowcount
