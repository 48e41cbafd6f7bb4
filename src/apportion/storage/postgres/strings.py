"""Strings with U+0000, which PostgreSQL's type ``text`` cannot hold, and the way they are stored.

U+0000 is written as U+0001 U+0001, and U+0001 as U+0001 U+0002: the order of strings stays as it is.
"""

from __future__ import annotations

from psycopg import adapt, pq
from psycopg.abc import AdaptContext, Buffer
from psycopg.types.string import StrDumper, TextLoader

__all__ = ["register", "stored", "unstored"]


def stored(text: str) -> str:
    """Return the form in which a string is stored.

    >>> stored("a\\0b")
    'a\\x01\\x01b'
    """
    if "\0" not in text and "\1" not in text:
        return text
    # In this order: the characters that stand for U+0000 must not be escaped again
    return text.replace("\1", "\1\2").replace("\0", "\1\1")


def unstored(text: str) -> str:
    """Return the string that is stored in this form."""
    if "\1" not in text:
        return text
    return text.replace("\1\1", "\0").replace("\1\2", "\1")


class _StoringDumper(StrDumper):
    def dump(self, obj: str) -> Buffer | None:
        return super().dump(stored(obj))


class _UnstoringLoader(TextLoader):
    def load(self, data: Buffer) -> str | bytes:
        found = super().load(data)
        return unstored(found) if isinstance(found, str) else found


# Loaders are registered by format: without it results that come as binary would be left as stored
class _BinaryUnstoringLoader(_UnstoringLoader):
    format = pq.Format.BINARY


def register(context: AdaptContext) -> None:
    """Have all strings that go through a connection written and read in this form."""
    adapters: adapt.AdaptersMap = context.adapters
    adapters.register_dumper(str, _StoringDumper)
    for name in ("text", "varchar", "bpchar"):
        adapters.register_loader(name, _UnstoringLoader)
        adapters.register_loader(name, _BinaryUnstoringLoader)
