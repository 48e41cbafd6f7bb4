"""A selection finds in a real OpenSearch what it finds anywhere."""

from __future__ import annotations

import random
from collections.abc import Sequence

from pyroaring import BitMap

from apportion.domain.text import words
from apportion.storage.opensearch.client import OpenSearchClient
from apportion.storage.opensearch.dsl import DslQuery, IndexedField, QueryTranslator
from apportion.storage.opensearch.mapping import LONGEST_WORD, document, index_body
from apportion.storage.sql.query.selection import (
    All,
    Between,
    Both,
    During,
    Either,
    Having,
    Nothing,
    Plan,
    Text,
    These,
    Without,
)
from apportion.storage.sql.texts import AllTexts, AnyText, AnyWord, Near, TextNode, Words

PIECES = [
    "cat", "Cats", "dog", "don't", "ΛΌΓΟΣ", "λόγος", "私はiPhone", "ケース", "🤔", "naïve", "e\u0301t", "3.5", "a_b",
    "a" * (LONGEST_WORD + 9), "a" * (LONGEST_WORD + 9) + "b", "x", "the", "end", "C++", "ﬁ", "Straße", "\0nul",
]  # fmt: skip
DICE = random.Random(20)
TEXTS = [" ".join(DICE.choices(PIECES, k=DICE.randint(0, 9))) for _ in range(300)]
SCORES = [[DICE.random()] * DICE.randint(0, 1) for _ in TEXTS]
EVENTS = [DICE.choice([None, 5, 50, 500]) for _ in TEXTS]
SOURCES = [DICE.choice([None, "web", "a.b", "x" * 200]) for _ in TEXTS]
NUMBERS: dict[int, str] = {1: "web", 2: "a.b", 3: "x" * 200}
"""The values of metadata by number, as the counters of a dataset have them."""


def _holds(node: TextNode, found: Sequence[str]) -> bool:
    """Return True if a text of these words is found, worked out one place after another."""
    match node:
        case AllTexts(parts):
            return bool(parts) and all(_holds(part, found) for part in parts)
        case AnyText(parts):
            return any(_holds(part, found) for part in parts)
        case AnyWord(asked):
            return any(word in found for word in asked)
        case Near(asked, slop):
            places = range(len(found))
            return any(set(asked) <= set(found[start : start + slop + len(asked)]) for start in places)
        case Words(asked, prefix):
            size = len(asked)
            for start in range(len(found) - size + 1):
                *before, last = found[start : start + size]
                ends = last.startswith(asked[-1]) if prefix else last == asked[-1]
                if before == [*asked[:-1]] and ends:
                    return True
    return False


def _text_node(depth: int = 2) -> TextNode:
    asked = tuple(words(" ".join(DICE.choices(PIECES, k=DICE.randint(1, 3)))) or ["cat"])
    match DICE.randrange(6 if depth else 4):
        case 0:
            return Words(asked)
        case 1:
            return Words((*asked[:-1], asked[-1][: DICE.randint(1, 4)]), prefix=True)
        case 2:
            return Near(asked, DICE.randint(0, 3))
        case 3:
            return AnyWord(asked)
        case 4:
            return AllTexts((_text_node(depth - 1), _text_node(depth - 1)))
    return AnyText((_text_node(depth - 1), _text_node(depth - 1)))


def _plan(depth: int = 2) -> Plan:
    match DICE.randrange(12 if depth else 8):
        case 0 | 1:
            return Text(_text_node(1))
        case 2:
            return Having(7, 0, DICE.choice([None, (1,), (2, 3), ()]))
        case 3:
            return Having(8, 5, (1,))
        case 4:
            low = DICE.random()
            ends = DICE.random() < 0.5
            return Between(
                9, DICE.choice([low, float("-inf")]), DICE.choice([low + 0.4, float("inf")]), ends, not ends
            )
        case 5:
            return During("event", 5, DICE.choice([50, 499, 1 << 62]))
        case 6:
            return These(BitMap(DICE.sample(range(1, len(TEXTS) + 1), 20)))
        case 7:
            return All() if DICE.random() < 0.5 else Nothing()
        case 8 | 9:
            return Both((_plan(depth - 1), _plan(depth - 1)))
        case 10:
            return Either((_plan(depth - 1), _plan(depth - 1)))
    return Without(_plan(depth - 1))


def _selects(plan: Plan, n: int) -> bool:
    """Return True if a selection has a record, by its definition."""
    row = n - 1
    match plan:
        case All():
            return True
        case Text(node):
            return _holds(node, words(TEXTS[row]))
        case Having(7, _, term_ids):
            value = SOURCES[row]
            return value is not None if term_ids is None else value in {NUMBERS[each] for each in term_ids}
        case Having():
            return n % 3 == 0  # answers, which are not in the index
        case Between(_, low, high, include_low, include_high):
            return any(
                (low < score or (include_low and low == score))
                and (score < high or (include_high and score == high))
                for score in SCORES[row]
            )
        case During(_, low, high):
            event = EVENTS[row]
            return event is not None and low <= event <= high
        case These(ns):
            return n in ns
        case Both(plans):
            return all(_selects(each, n) for each in plans)
        case Either(plans):
            return any(_selects(each, n) for each in plans)
        case Without(inner):
            return not _selects(inner, n)
    return False


def _fill(client: OpenSearchClient, index: str) -> None:
    body = index_body({"metadata.src.x": "keyword"}, records=len(TEXTS), replicas=0)
    client.request("PUT", f"/{index}", body, seconds=60)
    operations: list[object] = []
    for n, text in enumerate(TEXTS, 1):
        source = SOURCES[n - 1]
        values = [] if source is None else [("metadata.src.x", source)]
        operations.append({"index": {"_id": str(n), "version": 1, "version_type": "external"}})
        operations.append(
            document(n, f"r{n}", text, event=EVENTS[n - 1], scores=SCORES[n - 1], values=values)
        )
    client.bulk(index, operations)
    client.bulk(index, operations)  # what is there already is no error
    client.request("POST", f"/{index}/_refresh", seconds=60)


def _found(client: OpenSearchClient, index: str, query: DslQuery) -> set[int]:
    body = {"query": query, "size": 1_000, "_source": False, "docvalue_fields": ["n"]}
    hits = client.request("POST", f"/{index}/_search", body, seconds=60)["hits"]["hits"]
    return {hit["fields"]["n"][0] for hit in hits}


def test_every_selection_finds_what_it_means(client: OpenSearchClient, index: str) -> None:
    _fill(client, index)
    every = range(1, len(TEXTS) + 1)
    fields = {
        7: IndexedField("metadata.src.x", lambda ids: [NUMBERS[each] for each in ids]),
        9: IndexedField("score", lambda _: []),
    }
    asked: list[Plan] = []

    def select(plan: Plan) -> BitMap:
        asked.append(plan)
        return BitMap([n for n in every if _selects(plan, n)])

    translator = QueryTranslator(fields.get, select)
    for plan in [*(Text(_text_node()) for _ in range(250)), *(_plan() for _ in range(250))]:
        assert _found(client, index, translator.query(plan)) == {n for n in every if _selects(plan, n)}, plan
    assert {type(plan) for plan in asked} == {Having}, "only answers are looked up in the database"


def test_the_version_is_one_that_takes_bitmaps(client: OpenSearchClient) -> None:
    assert client.check().startswith("2.")
