"""Cutting a large ``:bulk`` body into slices of whole records, so that no single call decodes all of it.

Decoding holds the interpreter from its begin to its end: a third of a second for 50 MB, in which nobody else's request
gets on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

__all__ = ["SLICE", "SlicedBody", "has_more_containers", "slice_records"]

SLICE = 256 * 1024
"""Bytes of a slice at least, unless it is the last one."""
_CHUNK = 32 * 1024
_LONGEST_HEAD = 1_000_000
"""Most bytes before and after the list of records."""
_LIST_OF_RECORDS = re.compile(rb'"records"\s*:\s*\[')
_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_PLACE = "\0 the list of records"
"""The value that stands for the list while the rest of the body is decoded; no body can hold it by chance."""
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"{}[]")
_COMMA = ord(",")


@dataclass(frozen=True, slots=True)
class SlicedBody:
    """A body: its members besides the records, and slices of records, each a list in JSON with its place in the body.

    ``records`` are the members of the list from ``start`` to ``end``, without brackets.
    """

    head: dict[str, Any]
    body: bytes
    places: list[tuple[int, int]]

    def slice(self, place: tuple[int, int]) -> bytes:
        """Return a slice as a list."""
        start, end = place
        return b"[%b]" % self.body[start:end]


def slice_records(body: bytes) -> SlicedBody | None:
    """Cut a body into slices; None if it is small, not in UTF-8, or no object with one list of records near its begin.

    Only brackets, quotes and commas are looked at: each slice may still turn out to be no JSON.
    """
    if len(body) < 2 * SLICE or json.detect_encoding(body) != "utf-8":
        return None
    found = _LIST_OF_RECORDS.search(body, 0, _LONGEST_HEAD)
    if found is None:
        return None
    start = found.end()
    places, end = _cut(body, start)
    if end is None or len(body) - end > _LONGEST_HEAD:
        return None
    around = b'%b"records":%b%b' % (body[: found.start()], json.dumps(_PLACE).encode(), body[end + 1 :])
    try:
        head = msgspec.json.decode(around)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    # Elsewhere than at the place that was found: in other members, in a text, or there are two lists
    if type(head) is not dict or head.pop("records", None) != _PLACE:
        return None
    return SlicedBody(head, body, places)


def has_more_containers(body: bytes, most: int, rest: Callable[[], None]) -> bool:
    """Return whether a body has more lists and objects than that: three bytes of it may take sixty once decoded.

    ``rest`` is called every few milliseconds.
    """
    with_texts = 0
    for start in range(0, len(body), SLICE):
        rest()
        with_texts += body.count(b"[", start, start + SLICE) + body.count(b"{", start, start + SLICE)
    if with_texts <= most:
        return False
    found, in_text = 0, False
    for _, chunk in _chunks(body, 0):
        rest()
        parts = chunk.split(b'"')
        outside = b"".join(parts[int(in_text) :: 2])
        in_text ^= len(parts) % 2 == 0
        found += outside.count(b"[") + outside.count(b"{")
    return found > most


def _cut(body: bytes, start: int) -> tuple[list[tuple[int, int]], int | None]:
    """Return the slices of a list whose members begin at ``start``, and the place of its end, None without one."""
    places: list[tuple[int, int]] = []
    begun, depth, in_text = start, 0, False
    for at, chunk in _chunks(body, start):
        # Every other part is a text, as what is escaped was made blank
        parts = chunk.split(b'"')
        first = int(in_text)
        in_text ^= len(parts) % 2 == 0
        least, after = _depths(b"".join(parts[first::2]), depth)
        if least > 0 or (least == 0 and at + len(chunk) - begun < SLICE):
            depth = after
            continue
        for place, byte in _outside(parts, first, at):
            if byte in b"{[":
                depth += 1
            elif byte in b"}]":
                depth -= 1
                if depth < 0:
                    if body[begun:place].strip():
                        places.append((begun, place))
                    elif places:  # nothing follows the last comma
                        return [], None
                    return places, place
            elif byte == _COMMA and not depth and place - begun >= SLICE:
                places.append((begun, place))
                begun = place + 1
    return places, None


def _depths(outside: bytes, depth: int) -> tuple[int, int]:
    """Return the least depth in what is outside of texts, and the one after it."""
    least = depth
    for byte in outside.translate(None, _NO_BRACKETS):
        depth += 1 if byte in b"{[" else -1
        least = min(least, depth)
    return least, depth


def _outside(parts: list[bytes], first: int, at: int) -> Iterator[tuple[int, int]]:
    """Yield each byte outside of texts, with its place; every other part is outside, from the one called ``first``."""
    for number, part in enumerate(parts):
        if number % 2 == first:
            yield from enumerate(part, at)
        at += len(part) + 1


def _chunks(body: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """Yield chunks and their places, with characters that are escaped made blank; none of them is cut in two."""
    while start < len(body):
        chunk = body[start : start + _CHUNK]
        size = len(chunk)
        if (size - len(chunk.rstrip(b"\\"))) % 2:
            size += 1
            chunk = body[start : start + size]
        if b"\\" in chunk:
            chunk = _ESCAPED.sub(b"  ", chunk.replace(b"\\\\", b"  "))
        yield start, chunk
        start += size
