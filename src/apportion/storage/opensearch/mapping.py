"""The index of one dataset: its settings, its fields, and the document of a record.

A document holds what the content of a record says, and nothing that follows from people's answers or assignments.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from apportion.domain.text import words

__all__ = [
    "CONTENT_FIELDS",
    "FORMAT",
    "LONGEST_VALUE",
    "document",
    "field_name",
    "index_body",
    "indexed_fields",
    "indexed_value",
    "indexed_word",
    "properties_of",
    "score_bucket",
    "vector_sizes",
]

FORMAT = 2
"""The number of this form of an index; one of another form is built anew."""
CONTENT_FIELDS = frozenset({"predicted_as", "predicted_by", "predictions", "predicted_mentions"})
"""Counted fields that follow from the content, besides metadata."""
RECORDS_PER_SHARD = 2_000_000
LONGEST_WORD = LONGEST_VALUE = 1_000
"""Characters of a word or value; a longer one is indexed as its beginning and a digest, as terms have a limit."""
LARGEST_VECTOR = 16_000
"""Dimensions of a vector that Lucene can index; larger ones are searched in the database."""
DEEPEST = 20_000
"""The last match of a page that an index is asked for."""
# room for the beginning of a long word and its digest: the tokenizer must not cut that in two
_TOKENIZER = {"type": "char_group", "tokenize_on_chars": [" "], "max_token_length": 2 * LONGEST_WORD}
_KEYWORD = {"type": "keyword"}
# values are counted by value; they are put in order as numbers
_LONG = {"type": "keyword", "fields": {"number": {"type": "long", "ignore_malformed": True}}}
_KINDS: Mapping[str, Mapping[str, Any]] = {
    "keyword": _KEYWORD, "boolean": _KEYWORD, "long": _LONG, "float": {"type": "double"}, "date": {"type": "double"},
}  # fmt: skip
_encode = msgspec.json.Encoder(order="sorted").encode
_ESCAPED = str.maketrans({"%": "%25", ".": "%2E", "*": "%2A", "\0": "%00"})


def field_name(name: str) -> str:
    """Return the name of the index's field for a field of the dataset.

    A dot in it would make an object of it, and with a star it would be a pattern.
    """
    return name.translate(_ESCAPED)


def indexed_fields(kinds: Mapping[str, str]) -> dict[str, str]:
    """Return those fields of a dataset, with their kinds, that an index has."""
    return {
        name: kind
        for name, kind in kinds.items()
        if kind in _KINDS and (name in CONTENT_FIELDS or name == "score" or name.startswith("metadata."))
    }


def vector_sizes(kinds: Mapping[str, str]) -> dict[str, int]:
    """Return the vectors of a dataset that an index can have, with their dimensions."""
    sizes = {name: int(kind.partition(":")[2]) for name, kind in kinds.items() if kind.startswith("vector:")}
    return {name: size for name, size in sizes.items() if size <= LARGEST_VECTOR}


def indexed_word(word: str) -> str:
    """Return what is indexed for a word: the word, or for one that is too long its beginning and a digest."""
    if len(word) <= LONGEST_WORD:
        return word
    return word[:LONGEST_WORD] + hashlib.sha256(word.encode()).hexdigest()


indexed_value = indexed_word


def score_bucket(score: float) -> int:
    """Return the thousandth into which a score is counted, as ``facets`` of the engine does."""
    if not math.isfinite(score) or abs(score) > 1e15:
        return int(math.copysign(1 << 53, score))
    return math.floor(score * 1000 + 1e-9)


def properties_of(fields: Mapping[str, str]) -> dict[str, Any]:
    """Return the mapping of these fields of a dataset, given with their kinds."""
    return {field_name(name): _KINDS[kind] for name, kind in sorted(fields.items())}


def vector_properties(sizes: Mapping[str, int]) -> dict[str, Any]:
    """Return the mapping of vectors, given with their dimensions. Distances are Euclidean, as in the database."""
    method = {"name": "hnsw", "engine": "lucene", "space_type": "l2"}
    return {
        field_name(name): {"type": "knn_vector", "dimension": size, "method": method}
        for name, size in sorted(sizes.items())
    }


def index_body(
    fields: Mapping[str, str],
    vectors: Mapping[str, int] | None = None,
    *,
    records: int,
    replicas: int,
    about: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the body that creates an index. ``fields``: kinds by name; ``about`` says whose index it is.

    ``vectors``: dimensions by name; None where the cluster cannot search in vectors.
    """
    properties: dict[str, Any] = {
        **properties_of(dict.fromkeys(CONTENT_FIELDS, "keyword")),
        **properties_of(fields),
        **vector_properties(vectors or {}),
        "n": {"type": "integer"},
        "id": _KEYWORD,
        # nothing is ordered by relevance, so lengths of texts need no room
        "words": {"type": "text", "analyzer": "at_blanks", "norms": False},
        "event": {"type": "long"},
        "score": {"type": "double"},
        "score_bucket": {"type": "long"},
        # compared by ``verify``, never searched
        "digest": {"type": "keyword", "index": False},
    }
    return {
        "settings": {
            # the number is fixed once the index is there, and one large shard would be slow to search
            "number_of_shards": max(1, -(-records // RECORDS_PER_SHARD)),
            "number_of_replicas": replicas,
            "refresh_interval": "1s",
            "max_result_window": DEEPEST,
            # what was deleted must not come back by an older request
            "gc_deletes": "1h",
            # a setting that only clusters with the plugin for vectors know; others refuse it
            **({} if vectors is None else {"knn": True}),
            "analysis": {
                "tokenizer": {"at_blanks": _TOKENIZER},
                "analyzer": {"at_blanks": {"type": "custom", "tokenizer": "at_blanks", "filter": []}},
            },
        },
        "mappings": {
            # a field that nobody declared is a fault; its type must not be guessed
            "dynamic": "strict",
            # records are shown from the database; kept here as well they would take twice the disk
            "_source": {"enabled": False},
            "_meta": {"format": FORMAT, "vectors": vectors is not None, **(about or {})},
            "properties": properties,
        },
    }  # fmt: skip


def document(
    n: int,
    id: str,
    text: str,
    *,
    event: int | None,
    scores: Sequence[float],
    values: Iterable[tuple[str, str | float]],
    vectors: Mapping[str, Sequence[float]] | None = None,
) -> dict[str, Any]:
    """Return the document of a record. ``values``: names of fields with one value each, as the dataset counts them."""
    found: dict[str, Any] = {"n": n, "id": id, "words": " ".join(map(indexed_word, words(text)))}
    if event is not None:
        found["event"] = event
    if scores:
        found["score"] = list(scores)
        # a record counts once in a bucket, however many of its scores are there
        found["score_bucket"] = sorted(set(map(score_bucket, scores)))
    for name, value in values:
        found.setdefault(field_name(name), []).append(
            indexed_value(value) if isinstance(value, str) else value
        )
    for name, vector in (vectors or {}).items():
        found[field_name(name)] = vector
    found["digest"] = hashlib.blake2b(_encode(found), digest_size=8).hexdigest()
    return found
