"""The same made-up records on every machine: wire records, a batch at a time, in any order."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np

__all__ = ["BATCH", "LABELS", "SOURCES", "TEXT", "TOKEN", "USERS", "bodies", "record_id", "word"]

TEXT, TOKEN = "TextClassification", "TokenClassification"
BATCH = 500
WORDS = 50_000
USERS, SOURCES, LANGUAGES, PAGES = 100, 10, 5, 500
LABELS = [f"label {i:02d}" for i in range(20)]
_KINDS = ["PER", "ORG", "LOC", "DATE", "WORK"]
_TEAM = [f"annotator{i}" for i in range(8)]
_SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
_encode = msgspec.json.Encoder().encode

Wire = dict[str, Any]


@lru_cache(maxsize=1)
def _vocabulary() -> tuple[list[str], Any]:
    """Words, the most frequent one first, and the sums of their Zipf probabilities."""
    shares = 1 / np.arange(1, WORDS + 1)
    return [word(rank) for rank in range(1, WORDS + 1)], np.cumsum(shares / shares.sum())


def word(rank: int) -> str:
    """The word of that rank: 1 is in nearly every text, 6 in about 45 %, 40 in about 9 %."""
    rank += 70  # two syllables at least
    syllables = [_SYLLABLES[rank % 70]]
    while rank := rank // 70:
        syllables.append(_SYLLABLES[rank % 70])
    return "".join(syllables)


def record_id(number: int) -> str:
    """Ids come in no order, as the random ones of clients do."""
    return f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}"


def bodies(
    task: str, start: int, end: int, total: int, *, assigned: bool = False, batch: int = BATCH
) -> list[bytes]:
    """Requests that log the records from ``start`` to ``end`` of ``total``, a batch each.

    ``assigned`` gives another value to ``metadata.user``, as sharing work out in the tutorial does.
    """
    make = _texts if task == TEXT else _tokens
    found = []
    for first in range(start, end, batch):
        records = make(first, min(end, first + batch), total)
        if assigned:
            for record in records:
                number = int(record["metadata"]["user"].removeprefix("user"))
                record["metadata"]["user"] = f"user{(number + 1) % USERS}"
        found.append(_encode({"records": records, "tags": {}, "metadata": {}}))
    return found


class _Dice:
    """Everything random of some records, drawn at once; the same for the same first record."""

    def __init__(self, first: int, end: int) -> None:
        self.random = np.random.default_rng([16, first])
        size = end - first
        words, sums = _vocabulary()
        lengths = self.random.integers(25, 61, size)
        picked = np.searchsorted(sums, self.random.random(int(lengths.sum())) * sums[-1])
        cuts = np.concatenate([[0], np.cumsum(lengths)]).tolist()
        flat = [words[place] for place in picked.tolist()]
        self.tokens = [flat[low:high] for low, high in pairwise(cuts)]
        self.fates = self.random.random(size).tolist()
        self.scores = (0.5 + self.random.random(size) / 2).round(4).tolist()
        self.labels = self.random.integers(0, len(LABELS), (size, 2)).tolist()
        self.members = self.random.integers(
            0, [len(_TEAM), USERS, SOURCES, LANGUAGES, PAGES], (size, 5)
        ).tolist()

    def metadata(self, place: int, session: int) -> dict[str, Any]:
        _, user, source, language, pages = self.members[place]
        return {
            "user": f"user{user}",
            "source": f"source{source}",
            "lang": f"lang{language}",
            "session": f"session-{session}",
            "pages": pages,
        }


def _texts(first: int, end: int, total: int) -> list[Wire]:
    dice = _Dice(first, end)
    sessions = dice.random.integers(0, max(1, total // 5), end - first).tolist()
    found = []
    for place, number in enumerate(range(first, end)):
        one, other = (LABELS[label] for label in dice.labels[place])
        score = dice.scores[place]
        record: Wire = {
            "id": record_id(number),
            "inputs": {"text": " ".join(dice.tokens[place])},
            "metadata": dice.metadata(place, sessions[place]),
            "prediction": {"agent": "model", "labels": [{"class": one, "score": score}]},
            "multi_label": False,
            "status": "Default",
        }
        if one != other:
            record["prediction"]["labels"].append({"class": other, "score": round(1 - score, 4)})
        fate = dice.fates[place]
        if fate < 0.15:  # 11 % validated, 3 % discarded, 1 % edited
            record["status"] = "Validated" if fate < 0.11 else "Discarded" if fate < 0.14 else "Edited"
            chosen = one if dice.members[place][0] else other
            agent = _TEAM[dice.members[place][0]]
            record["annotation"] = {"agent": agent, "labels": [{"class": chosen, "score": 1.0}]}
        found.append(record)
    return found


def _tokens(first: int, end: int, total: int) -> list[Wire]:
    dice = _Dice(first, end)
    sessions = dice.random.integers(0, max(1, total // 5), end - first).tolist()
    found = []
    for place, number in enumerate(range(first, end)):
        tokens = dice.tokens[place]
        starts = [0]
        for token in tokens:
            starts.append(starts[-1] + len(token) + 1)
        spans = [
            {
                "start": starts[token],
                "end": starts[token + 2] - 1,
                "label": _KINDS[(number + token) % len(_KINDS)],
                "score": dice.scores[place],
            }
            for token in range(number % 7, len(tokens) - 2, 9)
        ]
        record: Wire = {
            "id": record_id(number),
            "text": " ".join(tokens),
            "tokens": tokens,
            "metadata": dice.metadata(place, sessions[place]),
            "prediction": {"agent": "model", "entities": spans},
            "status": "Default",
        }
        if dice.fates[place] < 0.15:
            record["status"] = "Validated" if dice.fates[place] < 0.11 else "Discarded"
            agent = _TEAM[dice.members[place][0]]
            record["annotation"] = {"agent": agent, "entities": spans[: 1 + number % 4]}
        found.append(record)
    return found
