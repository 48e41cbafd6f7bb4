"""Changes that a committed transaction made to one dataset, for the caches to apply."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["CacheDelta"]


@dataclass(slots=True)
class CacheDelta:
    """Additions and removals by short record number ``n``; applying them twice does no harm."""

    dataset: int
    added: list[int] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    updated: list[tuple[int, int]] = field(default_factory=list)
    """(n, last_updated)"""
    events: list[tuple[int, int | None]] = field(default_factory=list)
    """(n, event_timestamp)"""
    lost: list[tuple[int, Iterable[int]]] = field(default_factory=list)
    """(n, the numbers of values it no longer has), to be applied before ``gained``"""
    gained: list[tuple[int, Iterable[int]]] = field(default_factory=list)
    """(n, the numbers of values it now has)"""
    shared: list[tuple[int, Iterable[int]]] = field(default_factory=list)
    """(the number of a value, all the n that now have it)"""
    unshared: list[tuple[int, Iterable[int]]] = field(default_factory=list)
    """(the number of a value, n that no longer have it)"""
    field_of: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Value number → (field, viewer)"""
    numbers: dict[int, list[tuple[int, tuple[float, ...]]]] = field(default_factory=lambda: defaultdict(list))
    """field → (n, its values now)"""
    texts: bool = False
    """True if the full-text index changed."""
    vectors: set[int] = field(default_factory=set)
    """Vector fields that changed."""
    gone: bool = False
    """The whole dataset is gone."""
