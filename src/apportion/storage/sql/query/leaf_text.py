"""Leaves of a query about words: looked up in the text index, or tested on the record."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from apportion.domain.query import Phrase, Range, Term, Wildcard
from apportion.domain.text import exact_words, fold, words
from apportion.ports.deadline import Deadline
from apportion.storage.sql.texts import AnyWord, Near, TextIndex, Words

from .leaf_values import MOST_EXPANSIONS
from .predicates import Leaf, LeafTest, WordTest, is_prefix, word_test
from .selection import All, Check, Nothing, Plan, Text, both, either, too_costly

__all__ = ["TextLeaves"]


class TextLeaves:
    """Compiler of leaves on the texts of one dataset."""

    def __init__(self, index: TextIndex, vocabulary: Callable[[], list[str]], deadline: Deadline) -> None:
        self._index = index
        self._vocabulary = vocabulary
        self._deadline = deadline

    def text(self, leaf: Leaf) -> Plan:
        match leaf:
            case Term(_, text) | Phrase(_, text, 0):
                found = tuple(words(text))
                return Text(Words(found)) if found else Nothing()
            case Phrase(_, text, slop):
                found = tuple(words(text))
                return Text(Near(found, slop)) if found else Nothing()
            case Wildcard(_, pieces) if is_prefix(leaf):
                found = tuple(words(str(pieces[0])))
                return Text(Words(found, prefix=True)) if found else Nothing()
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
            # U+10FFFF comes after every letter: a range the index can look up, unlike a pattern
            candidates: Iterable[str] = self._index.words_between(prefix, prefix + "\U0010ffff")
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
        return either([Text(AnyWord(tuple(found[i : i + 200]))) for i in range(0, len(found), 200)])

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
                candidates = both([Text(Words((word,))) for word in dict.fromkeys(found)])
            elif found:
                candidates = self.text(leaf)
        # Of a pattern for words as written the index knows nothing, as it has them folded
        elif not exact:
            candidates = self.text(leaf)
        return Check(candidates, LeafTest(stem, leaf, exact_words if exact else words))

    def within_words(self, part: str) -> Plan:
        """Find records with a word that contains ``part``: tokens need not end where words do (``do`` + ``n't``)."""
        found = list(self._deadline.those(self._vocabulary(), lambda word: part in word))
        if len(found) > MOST_EXPANSIONS:
            # Too many words to look up: the records are read and tested instead
            return All()
        return self._any_of(found)
