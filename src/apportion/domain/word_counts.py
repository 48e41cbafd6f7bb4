"""Count in how many texts each word occurs, for word clouds.

Searches count the words of thousands of texts while people wait, so words are counted as numbers, many at once: eight
bytes of a word are one integer, and the integers are in the order of the letters. Words of as many integers are
counted together. The few that are longer than words of most languages are counted one by one.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import chain, islice
from typing import NamedTuple

from apportion.domain.numpy_types import Column, np
from apportion.domain.stopwords import STOP_WORDS
from apportion.domain.text import lower_letters

__all__ = ["common_words"]

BYTES_AT_ONCE = 1 << 21
"""Texts are counted in blocks of about so many bytes, which bounds the memory that it takes."""
_KEY = 8
"""Bytes of one integer."""
_MOST_KEYS = 8
"""Integers of the longest words that are counted together."""
_MASKS = np.array([(1 << 64) - (1 << 8 * (_KEY - n)) for n in range(1, _KEY + 1)], np.uint64)
"""The first byte of an integer, its first two bytes, and so on to all eight."""


class _Words(NamedTuple):
    """Different words in the order of their letters: where each stands in a text, and how many texts have it."""

    text: bytes
    starts: Column
    ends: Column
    counts: Column

    def most_common_first(self) -> Iterator[tuple[str, int]]:
        for at in np.sort(-self.counts << 32 | np.arange(len(self.counts))) & 0xFFFFFFFF:
            yield self.text[self.starts[at] : self.ends[at]].decode(), int(self.counts[at])

    def as_dict(self) -> dict[bytes, int]:
        columns = (each.tolist() for each in (self.starts, self.ends, self.counts))
        return {self.text[start:end]: n for start, end, n in zip(*columns, strict=True)}


@dataclass
class _Counts:
    """Words and in how many texts each occurs; no word occurs in two places of it."""

    together: list[_Words]
    one_by_one: Counter[bytes]

    def as_counter(self) -> Counter[bytes]:
        """Move all words into the counter, and return it."""
        for words in self.together:
            self.one_by_one.update(words.as_dict())
        self.together.clear()
        return self.one_by_one


def common_words(texts: Iterable[str], most: int) -> dict[str, int]:
    """Return the most common words worth counting, and the number of texts that have each; ties by name.

    The words are those of ``domain.text.cloud_words``.

    >>> common_words(["A cat", "the cat, the dog"], 80)
    {'cat': 2, 'dog': 1}
    """
    counts = map(_count, _blocks(map(lower_letters, texts)))
    found = next(counts, _Counts([], Counter()))
    for more in counts:
        found.as_counter().update(more.as_counter())
    # The most common of all are among the most common of each part
    parts = (islice(filter(_is_worth_counting, words.most_common_first()), most) for words in found.together)
    rest = filter(_is_worth_counting, ((word.decode(), n) for word, n in found.one_by_one.items()))
    candidates = chain(*parts, rest)
    return dict(heapq.nsmallest(most, candidates, key=lambda pair: (-pair[1], pair[0])))


def _blocks(texts: Iterable[bytes]) -> Iterator[list[bytes]]:
    block: list[bytes] = []
    size = 0
    for text in texts:
        block.append(text)
        size += len(text)
        if size >= BYTES_AT_ONCE:
            yield block
            block, size = [], 0
    if block:
        yield block


def _count(block: list[bytes]) -> _Counts:
    text = b" ".join([*block, b" " * _KEY])
    starts, ends = _words(text)
    of_text = np.searchsorted(np.cumsum([len(each) + 1 for each in block]), starts, side="right")
    keys = (ends - starts + _KEY - 1) // _KEY
    together = []
    for n in range(1, min(keys.max(initial=0), _MOST_KEYS) + 1):
        of_length = np.flatnonzero(keys == n)
        if len(of_length):
            together.append(_count_together(text, n, starts[of_length], ends[of_length], of_text[of_length]))
    long = np.stack([of_text, starts, ends])[:, keys > _MOST_KEYS].T.tolist()
    return _Counts(together, Counter(word for _, word in {(n, text[start:end]) for n, start, end in long}))


def _words(text: bytes) -> tuple[Column, Column]:
    """Return where the words begin and end, which are what is between spaces."""
    letters = np.zeros(len(text) + 1, np.bool_)
    np.not_equal(np.frombuffer(text, np.uint8), ord(" "), out=letters[1:])
    edges = np.flatnonzero(letters[1:] != letters[:-1])
    return edges[::2], edges[1::2]


def _count_together(text: bytes, n: int, starts: Column, ends: Column, of_text: Column) -> _Words:
    """Count words of ``n`` integers each."""
    at_any_byte = np.ndarray((len(text) - _KEY + 1,), ">u8", text, strides=(1,))
    begins = [starts + _KEY * i for i in range(n)]
    keys = [at_any_byte[each].astype(np.uint64) for each in begins]
    keys[-1] &= _MASKS[ends - begins[-1] - 1]
    ranks = _ranks(reduce(lambda above, key: _ranks(above) << 32 | _ranks(key), keys))
    pairs = np.sort(ranks << 32 | of_text)
    different = np.ones(len(pairs), np.bool_)
    np.not_equal(pairs[1:], pairs[:-1], out=different[1:])
    counts = np.bincount(pairs[different] >> 32)
    one = np.empty(len(counts), np.int64)
    one[ranks] = np.arange(len(ranks))
    return _Words(text, starts[one], ends[one], counts)


def _ranks(values: Column) -> Column:
    """Return for each value how many different values are smaller."""
    order = np.argsort(values)
    ordered = values[order]
    ranks = np.empty(len(values), np.int64)
    ranks[order[0]] = 0
    ranks[order[1:]] = np.cumsum(ordered[1:] != ordered[:-1])
    return ranks


def _is_worth_counting(counted: tuple[str, int]) -> bool:
    word, _ = counted
    # A mark with no letter before it, such as one left behind by an emoji, is not a word
    return word not in STOP_WORDS and word[0].isalpha()
