"""Conversion of columns of tokens and IOB tags into spans, for all rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ._optional import library

__all__ = ["spans_of"]

Span = tuple[str, int, int]


def spans_of(tokens: Any, tags: Any, names: Sequence[str] | None) -> list[list[Span]] | None:
    """Return the spans of each row whose text is its tokens with single spaces between them.

    ``tokens`` and ``tags`` are Arrow lists of texts and of numbers, whose ``names`` are plain IOB. None for
    anything else: then it is for records to read the tags, or to say what is wrong with them.
    """
    types = library("pyarrow").types
    if names is None or not _plain(names) or not (types.is_list(tokens.type) and types.is_list(tags.type)):
        return None
    words, numbers = tokens.flatten(), tags.flatten()
    if not types.is_string(words.type) or not types.is_integer(numbers.type):
        return None
    if any(array.null_count for array in (tokens, tags, words, numbers)):
        return None
    lengths = tokens.value_lengths()
    if not lengths.equals(tags.value_lengths()):
        return None
    numbers = numbers.to_numpy(zero_copy_only=False)
    if not len(numbers) or numbers.min() < 0 or numbers.max() >= len(names):
        return [[] for _ in range(len(tokens))] if not len(numbers) else None
    sizes = library("pyarrow.compute").utf8_length(words).to_numpy(zero_copy_only=False)
    return _grouped(sizes, numbers, lengths.to_numpy(zero_copy_only=False), names)


def _plain(names: Sequence[str]) -> bool:
    return all(name == "O" or (name[:2] in ("B-", "I-") and len(name) > 2) for name in names)


def _grouped(sizes: Any, numbers: Any, lengths: Any, names: Sequence[str]) -> list[list[Span]]:
    """Return the spans per row, from the size and tag of each token and the number of tokens per row."""
    np = library("numpy")
    labels = np.array([name[2:] for name in names], dtype=object)
    label_of = np.unique([name[2:] for name in names], return_inverse=True)[1]  # one number per label
    inside = np.array([name.startswith("I-") for name in names])
    outside = np.array([name == "O" for name in names])

    borders = np.concatenate([[0], np.cumsum(lengths)])
    places = np.concatenate(
        [[0], np.cumsum(sizes.astype(np.int64) + 1)]
    )  # where each token starts, over all rows
    marked = np.flatnonzero(~outside[numbers])
    row = np.searchsorted(borders, marked, side="right") - 1
    tag = numbers[marked]
    goes_on = np.zeros(len(marked), dtype=bool)
    goes_on[1:] = (
        inside[tag[1:]]
        & (np.diff(marked) == 1)
        & (np.diff(row) == 0)
        & (label_of[tag[1:]] == label_of[tag[:-1]])
    )
    first = np.flatnonzero(~goes_on)
    last = np.append(first[1:], len(marked))[: len(first)] - 1
    begins = places[borders[row[first]]]
    starts = places[marked[first]] - begins
    ends = places[marked[last] + 1] - 1 - begins
    spans = list(zip(labels[tag[first]].tolist(), starts.tolist(), ends.tolist(), strict=True))
    cuts = np.searchsorted(row[first], np.arange(len(lengths) + 1)).tolist()
    return [spans[low:high] for low, high in pairwise(cuts)]
