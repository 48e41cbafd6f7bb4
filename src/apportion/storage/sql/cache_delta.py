"""Changes that a transaction made to one dataset, for the caches to apply and for whoever follows the dataset."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

__all__ = ["CacheDelta", "decode_changes", "encode_changes"]


# Servers of two versions may read each other's, and members are known by their place: new ones go last
class CacheDelta(msgspec.Struct, array_like=True, omit_defaults=True):
    """Additions and removals by short record number ``n``; applying them twice does no harm."""

    dataset: int
    added: list[int] = []
    removed: list[int] = []
    updated: list[tuple[int, int]] = []
    """(n, last_updated)"""
    events: list[tuple[int, int | None]] = []
    """(n, event_timestamp)"""
    lost: list[tuple[int, Sequence[int]]] = []
    """(n, the numbers of values it no longer has), to be applied before ``gained``"""
    gained: list[tuple[int, Sequence[int]]] = []
    """(n, the numbers of values it now has)"""
    shared: list[tuple[int, Sequence[int]]] = []
    """(the number of a value, all the n that now have it)"""
    unshared: list[tuple[int, Sequence[int]]] = []
    """(the number of a value, n that no longer have it)"""
    field_of: dict[int, tuple[int, int]] = {}
    """Value number → (field, viewer)"""
    numbers: dict[int, list[tuple[int, Sequence[float]]]] = msgspec.field(
        default_factory=lambda: defaultdict(list)
    )
    """field → (n, its values now)"""
    texts: bool = False
    """True if the full-text index changed."""
    vectors: set[int] = set()
    """Vector fields that changed."""
    gone: bool = False
    """True if nothing that was known of the dataset holds any more, and what changed is not said."""
    rewritten: list[int] = []
    """Records whose status or answer was written, beside those ``updated``."""
    content: list[int] = []
    """Records whose content or prediction was written or removed: those that search indexes have to follow."""
    by: str = ""
    """The person whose next search has to find the content; empty: everybody's."""

    def written(self) -> set[int]:
        """Return the records whose content, status or answer may be another than before."""
        return {*(n for n, _ in self.updated), *self.removed, *self.rewritten}


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[CacheDelta]).decode


def encode_changes(changes: Sequence[CacheDelta]) -> bytes:
    """Encode the changes of one dataset, in their order."""
    return _encode(changes)


def decode_changes(found: bytes) -> list[CacheDelta]:
    """Decode what ``encode_changes`` returned."""
    return _decode(found)
