"""Leaves of a query about words: looked up in the text index, or tested on the record."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from apportion.domain.query import Phrase, Range, Term, Wildcard
from apportion.domain.text import exact_words, fold, words
from apportion.ports.deadline import Deadline
from apportion.storage.sql.connection import RawConnection

from .leaf_values import MOST_EXPANSIONS
from .predicates import Leaf, LeafTest, WordTest, is_prefix, word_test
from .selection import All, Check, Nothing, Plan, Text, either, too_costly

__all__ = ["TextLeaves"]


class TextLeaves:
    """Compiler of leaves on the texts of one dataset."""

    def __init__(
        self, raw: RawConnection, dataset: int, vocabulary: Callable[[], list[str]], deadline: Deadline
    ) -> None:
        self._raw = raw
        self._dataset = dataset
        self._vocabulary = vocabulary
        self._deadline = deadline

    def text(self, leaf: Leaf) -> Plan:
        match leaf:
            case Term(_, text) | Phrase(_, text, 0):
                found = words(text)
                return Text(_quoted(found)) if found else Nothing()
            case Phrase(_, text, slop):
                found = words(text)
                near = " ".join(f'"{word}"' for word in found)
                # FTS5 counts what may lie between the first and the last word, the others included.
                return Text(f"NEAR({near}, {slop + max(0, len(found) - 2)})") if found else Nothing()
            case Wildcard(_, pieces) if is_prefix(leaf):
                found = words(str(pieces[0]))
                return Text(_quoted(found) + "*") if found else Nothing()
            case Range():
                return self._expanded(word_test(leaf, exact=False), "")
            case _:
                prefix = (
                    fold(leaf.pieces[0])
                    if isinstance(leaf, Wildcard) and isinstance(leaf.pieces[0], str)
                    else ""
                )
                return self._expanded(word_test(leaf, exact=False), prefix)

    def _expanded(self, test: WordTest, prefix: str) -> Plan:
        """Return a search for any of the words of the vocabulary that pass the test."""
        if prefix:
            rows = self._raw.execute(
                f"SELECT term FROM words_{self._dataset} WHERE term >= ? AND term < ?",
                (prefix, prefix + "\U0010ffff"),
            )
            # U+10FFFF comes after every letter: a range the index can look up, unlike a pattern
            candidates: Iterable[str] = (term for (term,) in rows)
        else:
            candidates = self._vocabulary()
        found = list(self._deadline.those(candidates, test))
        if len(found) > MOST_EXPANSIONS:
            raise too_costly(
                f"the pattern stands for {len(found):,} different words, more than {MOST_EXPANSIONS:,}; "
                "make it more specific"
            )
        return self._any_of(found)

    @staticmethod
    def _any_of(found: list[str]) -> Plan:
        return either(
            [Text(" OR ".join(f'"{w}"' for w in found[i : i + 200])) for i in range(0, len(found), 200)]
        )

    def part(self, name: str, leaf: Leaf, inputs: list[str]) -> Plan:
        """Search one input of several, or words as written: the index gives candidates, the record is tested."""
        if inputs == [name]:
            return self.text(leaf)
        exact = name not in inputs
        stem = name.removesuffix(".exact") if exact else name
        if stem != "text" and stem not in inputs:
            return Nothing()
        candidates: Plan = All()
        if isinstance(leaf, Term | Phrase):
            found = words(leaf.text)
            if found and isinstance(leaf, Phrase) and leaf.slop:  # other words may lie between
                candidates = Text(" AND ".join(_quoted([word]) for word in dict.fromkeys(found)))
            elif found:
                candidates = self.text(leaf)
        elif not exact:
            candidates = self.text(leaf)
        return Check(candidates, LeafTest(stem, leaf, exact_words if exact else words))

    def within_words(self, part: str) -> Plan:
        """Find records with a word that contains ``part``: tokens need not end where words do (``do`` + ``n't``)."""
        found = list(self._deadline.those(self._vocabulary(), lambda word: part in word))
        if len(found) > MOST_EXPANSIONS:
            return All()
        return self._any_of(found)


def _quoted(found: list[str]) -> str:
    return '"' + " ".join(found) + '"'
