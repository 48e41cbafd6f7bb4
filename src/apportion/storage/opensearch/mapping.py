"""The index of one dataset: its settings, its fields, and the document of a record.

A document holds what the content of a record says, and nothing that follows from people's answers or assignments.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from apportion.domain.text import words

__all__ = ["CONTENT_FIELDS", "document", "field_name", "index_body", "indexed_word", "metadata_type"]

CONTENT_FIELDS = frozenset({"predicted_as", "predicted_by", "predictions", "predicted_mentions"})
"""Counted fields that follow from the content, besides metadata."""
RECORDS_PER_SHARD = 2_000_000
LONGEST_VALUE = 32_766
"""Bytes of a value that the index can hold; a longer one is found by the database only."""
LONGEST_WORD = 1_000
"""Characters of a word; a longer one is indexed as its beginning and a digest, as a term has a limit of its own."""
_TOKENIZER = {"type": "char_group", "tokenize_on_chars": [" "], "max_token_length": 2 * LONGEST_WORD}
_TYPES = {"keyword": "keyword", "boolean": "keyword", "long": "keyword", "float": "double", "date": "double"}


def metadata_type(kind: str) -> str:
    """Return the type of the field for metadata of a kind. Numbers that are counted are looked up by value."""
    return _TYPES[kind]


def field_name(name: str) -> str:
    """Return the name of the index's field for a field of the dataset: a dot in a key would make an object of it."""
    return name.replace("\\", "\\\\").replace(".", "\\")


def indexed_word(word: str) -> str:
    """Return what is indexed for a word: the word, or for one that is too long its beginning and a digest."""
    if len(word) <= LONGEST_WORD:
        return word
    return word[:LONGEST_WORD] + hashlib.sha256(word.encode()).hexdigest()


def index_body(fields: Mapping[str, str], *, records: int, replicas: int) -> dict[str, Any]:
    """Return the body that creates an index. ``fields``: the kind of each metadata field, by its name."""
    keyword = {"type": "keyword"}
    properties: dict[str, Any] = {
        "n": {"type": "integer"},
        "id": keyword,
        "words": {"type": "text", "analyzer": "at_blanks", "norms": False},
        "event": {"type": "long"},
        "score": {"type": "double"},
        **{field_name(name): keyword for name in sorted(CONTENT_FIELDS)},
        **{
            field_name(name): {"type": metadata_type(kind)} for name, kind in fields.items() if kind in _TYPES
        },
    }
    return {
        "settings": {
            "number_of_shards": max(1, -(-records // RECORDS_PER_SHARD)),
            "number_of_replicas": replicas,
            "refresh_interval": "1s",
            "max_result_window": 20_000,
            "analysis": {
                "tokenizer": {"at_blanks": _TOKENIZER},
                "analyzer": {"at_blanks": {"type": "custom", "tokenizer": "at_blanks", "filter": []}},
            },
        },
        "mappings": {"dynamic": "strict", "_source": {"enabled": False}, "properties": properties},
    }  # fmt: skip


def document(
    n: int,
    id: str,
    text: str,
    *,
    event: int | None,
    scores: Sequence[float],
    values: Iterable[tuple[str, str | float]],
) -> dict[str, Any]:
    """Return the document of a record. ``values``: names of fields with one value each, as the dataset counts them."""
    found: dict[str, Any] = {"n": n, "id": id, "words": " ".join(map(indexed_word, words(text)))}
    if event is not None:
        found["event"] = event
    if scores:
        found["score"] = list(scores)
    for name, value in values:
        if isinstance(value, str) and len(value.encode()) > LONGEST_VALUE:
            continue
        found.setdefault(field_name(name), []).append(value)
    return found
