"""The full-text index of a dataset as vectors of words, one row a record, with the words cut by ``domain.text``.

A vector has the first 16,383 places of a text and 255 places of a word: a text with more is kept whole beside it, and
what asks for places reads it.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from pyroaring import BitMap

from apportion.domain.text import analysed
from apportion.domain.text import words as cut
from apportion.storage.sql.dialect import Statements
from apportion.storage.sql.rows import first_difference
from apportion.storage.sql.texts import AddTexts, AllTexts, AnyText, AnyWord, Near, TextNode, Words

from .statements import COPY_FROM, of_postgres

__all__ = ["TsvectorIndex"]

_MOST_PLACES = 16_383
_MOST_OF_A_WORD = 255
_LONGEST_WORD = 500
"""Bytes of a word; a longer one is stored as its beginning and a digest."""
_MOST_BYTES = 4
"""Of a character."""
_SAMPLE = 20_000
"""Records whose words are counted, of larger datasets."""


class TsvectorIndex:
    """The full-text index of one dataset: the tables ``texts_<no>`` and, of every word, ``words_<no>``."""

    def __init__(self, raw: Statements, dataset: int) -> None:
        self._raw = of_postgres(raw)
        self._table = f"texts_{dataset}"
        self._words = f"words_{dataset}"
        self.changed = False

    def create(self) -> None:
        self._raw.execute(
            f"CREATE TABLE {self._table} (n bigint PRIMARY KEY, words tsvector NOT NULL, long text)"
        )
        self._raw.execute(f"CREATE INDEX {self._table}_words ON {self._table} USING gin (words)")
        self._raw.execute(f"CREATE TABLE {self._words} (word text PRIMARY KEY)")

    def drop(self) -> None:
        self._raw.execute(f"DROP TABLE IF EXISTS {self._table}, {self._words}")

    def drop_some(self) -> bool:
        there = self._raw.execute("SELECT to_regclass(?) IS NOT NULL", (self._table,)).fetchone()[0]
        self.drop()
        return bool(there)

    # Changes

    def add(self, texts: Sequence[tuple[int, str]]) -> None:
        if not texts:
            return
        rows: list[tuple[int, str, str | None]] = []
        seen = set[str]()
        for n, text in texts:
            words = [*map(_stored, cut(text))]
            seen.update(words)
            if len(words) <= _MOST_OF_A_WORD:  # so no word can have more places
                # The database collects the places of a word by itself
                rows.append((n, " ".join([f"'{word}':{at}" for at, word in enumerate(words, 1)]), None))
            else:
                places, long = _places(words)
                rows.append((n, _vector(places), text if long else None))
        if len(rows) < COPY_FROM:
            marks = ", ".join(["(?, ?::text::tsvector, ?)"] * len(rows))
            self._raw.send(f"INSERT INTO {self._table} VALUES {marks}", [*chain.from_iterable(rows)])
        else:
            self._raw.copy(self._table, rows)
        # They have neither quotes nor backslashes
        listed = '{"' + '","'.join(sorted(seen)) + '"}' if seen else "{}"
        self._raw.send(
            f"INSERT INTO {self._words} SELECT unnest(?::text[]) ON CONFLICT DO NOTHING", (listed,)
        )
        self.changed = True

    @contextlib.contextmanager
    def filling(self) -> Iterator[AddTexts]:
        yield self.add

    def remove(self, n: int, text: str) -> None:  # noqa: ARG002 (other databases need it)
        # Its words stay listed: one without texts finds nothing, and to look for other texts costs more
        self._raw.execute(f"DELETE FROM {self._table} WHERE n = ?", (n,))
        self.changed = True

    def replace(self, n: int, before: str, after: str) -> None:
        if before != after:
            self.remove(n, before)
            self.add([(n, analysed(after))])

    # Searches

    def matching(self, node: TextNode) -> Any:
        import numpy as np  # not needed to log records

        return np.frombuffer(self._found(node).to_array(), dtype=np.uint32)

    def _found(self, node: TextNode) -> BitMap:
        match node:
            case AllTexts(parts):
                return BitMap.intersection(*map(self._found, parts)) if parts else BitMap()
            case AnyText(parts):
                return BitMap.union(*map(self._found, parts)) if parts else BitMap()
            case AnyWord(words):
                return self._with(" | ".join(map(_quoted, words)), words)
            case Words((word,), prefix):
                # One word needs no places, and long texts have all of their words in the vector
                return self._with(_quoted(word) + (":*" if prefix else ""), (word,))
            case Words(words, prefix):
                each = [*map(_quoted, words[:-1]), _quoted(words[-1]) + (":*" if prefix else "")]
                # Not the long ones, some of whose places are missing: they are read below
                short = self._with(" <-> ".join(each), words, "long IS NULL")
                return short | self._long(" & ".join(each), lambda text: _has_phrase(text, words, prefix))
            case Near(words, slop):
                return self._near(words, slop)

    def _with(self, query: str, words: Sequence[str], where: str = "true") -> BitMap:
        if not words:
            return BitMap()
        sql = self._raw.dialect
        # In one value: a frequent word is in so many texts that reading row by row would take longest
        (packed,) = self._raw.packed(
            f"SELECT {sql.packed('n')} FROM {self._table} WHERE words @@ ?::tsquery AND {where}", (query,)
        )
        return BitMap(sql.unpacked(packed, "uint32"))

    def _long(self, query: str, test: Any) -> BitMap:
        rows = self._raw.execute(
            f"SELECT n, long FROM {self._table} WHERE words @@ ?::tsquery AND long IS NOT NULL", (query,)
        )
        return BitMap([n for n, text in rows if test(cut(text))])

    def _near(self, words: tuple[str, ...], slop: int) -> BitMap:
        """Find all the words first, then look at their places."""
        # No operator of a tsquery finds words near each other in any order
        query = " & ".join(map(_quoted, words))
        stored = {_stored(word): word for word in words}
        rows = self._raw.execute(
            f"SELECT t.n, w.lexeme, w.positions FROM {self._table} t CROSS JOIN LATERAL unnest(t.words) AS w "
            "WHERE t.words @@ ?::tsquery AND t.long IS NULL AND w.lexeme = ANY(?::text[])",
            (query, list(stored)),
        )
        places: dict[int, dict[str, list[int]]] = {}
        for n, lexeme, positions in rows:
            places.setdefault(n, {})[stored[lexeme]] = list(positions)
        near = BitMap([n for n, each in places.items() if _within(each, words, slop)])
        return near | self._long(query, lambda text: _within(_by_word(text), words, slop))

    def vocabulary(self) -> list[str]:
        return [word for (word,) in self._raw.execute(f"SELECT word FROM {self._words}")]

    def words_between(self, low: str, high: str) -> Iterator[str]:
        rows = self._raw.execute(
            f"SELECT word FROM {self._words} WHERE word >= ? AND word < ? ORDER BY word", (low, high)
        )
        return (word for (word,) in rows)

    def most_frequent(self, limit: int) -> list[tuple[str, int]]:
        (count,) = self._raw.execute(f"SELECT count(*) FROM {self._table}").fetchone()
        every = max(1, count // _SAMPLE)
        # ``ts_stat`` takes its query as a text, in which nothing can be bound: only our own numbers are in it
        which = f"SELECT words FROM {self._table} WHERE n % {every} = 0"
        return self._raw.execute(
            f"SELECT word, ndoc * {every} FROM ts_stat('{which}') ORDER BY ndoc DESC, word LIMIT ?", (limit,)
        ).fetchall()

    # Checks

    @contextlib.contextmanager
    def compared(self) -> Iterator[TsvectorComparison]:
        yield TsvectorComparison(self._raw, self._table)


class TsvectorComparison:
    """Comparison of a dataset's index with the texts that should be in it."""

    def __init__(self, raw: Statements, table: str) -> None:
        self._raw = raw
        self._table = table
        self._next = 0
        self._first: tuple[str, str, int] | None = None

    def add(self, texts: Iterable[tuple[int, str]]) -> None:
        given = list(texts)
        if not given or self._first is not None:
            return
        self._compare(given, "AND n <= ?", (given[-1][0],))
        self._next = given[-1][0] + 1

    def difference(self) -> tuple[str, str, int] | None:
        if self._first is None:
            self._compare([], "", ())
        return self._first

    def _compare(self, given: Sequence[tuple[int, str]], and_: str, upto: tuple[int, ...]) -> None:
        wanted = sorted(
            (word, n, place)
            for n, text in given
            for word, places in _places(map(_stored, cut(text)))[0].items()
            for place in places
        )
        rows = self._raw.execute(
            f"SELECT w.lexeme, t.n, w.positions FROM {self._table} t CROSS JOIN LATERAL unnest(t.words) AS w "
            f"WHERE n >= ? {and_}",
            (self._next, *upto),
        )
        found = sorted((word, n, place) for word, n, places in rows for place in places)
        if wanted != found:
            what, (word, n, _) = first_difference(wanted, found)
            self._first = what, word, n


def _places(words: Iterable[str]) -> tuple[dict[str, list[int]], bool]:
    """Return the places of each word as they are stored, and whether there are more."""
    places: dict[str, list[int]] = {}
    long = False
    # A tsvector has no place 0
    for place, word in enumerate(words, 1):
        at = places.setdefault(word, [])
        if place > _MOST_PLACES or len(at) >= _MOST_OF_A_WORD:
            long = True
            if not at:  # the word is there, whatever its place
                at.append(_MOST_PLACES)
        else:
            at.append(place)
    return places, long


def _vector(places: Mapping[str, Sequence[int]]) -> str:
    return " ".join(f"'{word}':{','.join(map(str, at))}" for word, at in places.items())


def _quoted(word: str) -> str:
    return "'" + _stored(word).replace("\\", "\\\\").replace("'", "''") + "'"


def _stored(word: str) -> str:
    if len(word) * _MOST_BYTES <= _LONGEST_WORD:
        return word
    data = word.encode()
    if len(data) <= _LONGEST_WORD:
        return word
    # Cut through a character, perhaps; it is the digest that tells such words apart
    return data[:_LONGEST_WORD].decode(errors="ignore") + hashlib.sha256(data).hexdigest()[:16]


def _by_word(text: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, word in enumerate(text):
        places.setdefault(word, []).append(place)
    return places


def _within(places: Mapping[str, Sequence[int]], words: Sequence[str], slop: int) -> bool:
    """Return whether all the words are there with at most ``slop`` others between the first and the last."""
    wanted = set(words)
    found = sorted((place, word) for word in wanted for place in places.get(word, ()))
    widest = slop + len(words) - 1
    last: dict[str, int] = {}
    for place, word in found:
        last[word] = place
        if len(last) == len(wanted) and place - min(last.values()) <= widest:
            return True
    return False


def _has_phrase(text: Sequence[str], words: Sequence[str], prefix: bool) -> bool:
    size = len(words)
    for start in range(len(text) - size + 1):
        part = text[start : start + size]
        last = part[-1].startswith(words[-1]) if prefix else part[-1] == words[-1]
        if last and list(part[:-1]) == list(words[:-1]):
            return True
    return False
