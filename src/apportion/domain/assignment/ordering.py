"""Keyed hashes: an order that only a seed decides, and shares of records that never change."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from hashlib import blake2b
from typing import Any, TypeAlias

from apportion.domain.numpy_types import NDArray, np

from .spec import Order

__all__ = ["Hashes", "chosen", "hash_of", "hashes", "keyed", "priorities", "remix", "sort_key", "target"]

Hashes: TypeAlias = NDArray[np.uint64]
SlotCount: TypeAlias = tuple[int, int]
"""The number of records of a stratum that were seen, and of those that were chosen."""

_SHARES = 0x5348415245
_MASK = 2**64 - 1


def hashes(seed: int, texts: Iterable[str]) -> Hashes:
    """Return one number per text, that depends on seed and text only: on every platform, in every process."""
    start = blake2b(digest_size=8, key=f"apportion {seed}".encode()).copy

    found: list[bytes] = []
    add = found.append
    for text in texts:
        hasher = start()
        hasher.update(text.encode("utf-8", "surrogatepass"))
        add(hasher.digest())
    return np.frombuffer(b"".join(found), dtype=">u8").astype(np.uint64)


def hash_of(seed: int, text: str) -> int:
    """Return the number of one text."""
    return int(hashes(seed, [text])[0])


def remix(values: Hashes, stream: int) -> Hashes:
    """Return other numbers for the same texts, unrelated to the first; distinct ones stay distinct."""
    mixed = values ^ np.uint64(stream * 0x9E3779B97F4A7C15 & _MASK)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def keyed(values: Hashes, ids: Sequence[str]) -> NDArray[np.int64]:
    """Return indexes of the records in keyed order. Equal hashes, which are rare, are ordered by id."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    if np.any(ordered[1:] == ordered[:-1]):
        return np.array(sorted(range(len(ids)), key=lambda i: (int(values[i]), ids[i])), dtype=np.int64)
    return order.astype(np.int64)


def priorities(
    order: Order,
    values: Hashes,
    *,
    logged: Sequence[int] | None = None,
    field: Sequence[Hashable] | None = None,
) -> NDArray[np.int64]:
    """Return a number per record; smaller ones come first. ``values`` are the records' hashes.

    Shuffled and as logged, a record's number never changes. By a field it is the rank among the records
    given, so adding records means ranking all pending ones again.
    """
    if order.by == "shuffled":
        found = (values >> np.uint64(1)).astype(np.int64)
    elif order.by == "as_logged":
        found = np.arange(len(values)) if logged is None else np.asarray(logged, dtype=np.int64)
    else:
        column = field or [None] * len(values)
        keys = [sort_key(value) for value in column]
        present = sorted((key, int(values[i]), i) for i, key in enumerate(keys) if key[0] < 2)
        missing = sorted((int(values[i]), i) for i, key in enumerate(keys) if key[0] == 2)
        if order.descending:
            present.sort(key=lambda entry: entry[1])
            present.sort(key=lambda entry: entry[0], reverse=True)
        found = np.empty(len(values), dtype=np.int64)
        for rank, place in enumerate([*(i for _, _, i in present), *(i for _, i in missing)]):
            found[place] = rank
        return found
    return np.asarray(-found if order.descending else found)


def sort_key(value: Hashable) -> tuple[int, Any]:
    """Return the sort key of a field's value: numbers, then texts, then records without one."""
    if value is None or (isinstance(value, float) and value != value):
        return 2, 0
    if isinstance(value, (int, float)):
        return 0, value
    return 1, ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def target(seed: int, stratum: str, share: Fraction, size: int) -> int:
    """Return how many of ``size`` records of a stratum belong to the share: always less than one from exact.

    Each stratum rounds by its own hash, so that many small strata together still come to about the share.
    """
    offset = Fraction(hash_of(seed, f"stratum {stratum}"), 2**64)
    return int(share * size + offset)


def chosen(
    seed: int,
    values: Hashes,
    strata: Sequence[Hashable] | None,
    share: Fraction,
    before: Mapping[str, SlotCount],
) -> tuple[NDArray[np.bool_], dict[str, SlotCount]]:
    """Return which of the new records belong to the share, and the counts of every stratum including them.

    ``before`` are the counts of earlier batches, whose records keep their part.
    """
    own = remix(values, _SHARES)
    names, numbers = _numbered(strata, len(values))
    sizes = np.bincount(numbers, minlength=len(names))
    counts = dict(before)
    takes = np.zeros(len(names), dtype=np.int64)
    for number, name in enumerate(names):
        seen, taken = before.get(name, (0, 0))
        size = int(sizes[number])
        takes[number] = max(0, min(size, target(seed, name, share, seen + size) - taken))
        counts[name] = seen + size, taken + int(takes[number])
    order = np.lexsort((own, numbers))
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1])) if len(names) else np.zeros(0, dtype=np.int64)
    ranks = np.arange(len(values)) - np.repeat(starts, sizes)
    found = np.zeros(len(values), dtype=np.bool_)
    found[order] = ranks < np.repeat(takes, sizes)
    return found, counts


def _numbered(strata: Sequence[Hashable] | None, size: int) -> tuple[list[str], NDArray[np.int64]]:
    if strata is None:
        return [""], np.zeros(size, dtype=np.int64)
    known: dict[str, int] = {}
    numbers = [known.setdefault("" if value is None else f"={value}", len(known)) for value in strata]
    return list(known), np.array(numbers, dtype=np.int64)
