"""Text classification records, their topic predicted by counting cue words: sometimes wrong, on purpose."""

from __future__ import annotations

import re
from typing import Any

from apportion.vocabulary import Status

from .sentences import sentences

__all__ = ["AGENT", "CUES", "GUIDELINES", "PLAN", "shared_topics_records", "topics_records"]

AGENT = "cue-words"

_CUE_WORDS = {
    "Classes and objects": (
        "class classes object objects instance instances method methods attribute attributes "
        "descriptor metaclass inheritance subclass base slots self __init__ __new__ __get__ __set__"
    ),
    "Expressions": (
        "expression expressions operator operators operand operands evaluated evaluates evaluation "
        "yields comparison arithmetic boolean call arguments argument precedence lambda conditional "
        "await"
    ),
    "Names and modules": (
        "name names namespace scope scopes binding bound global nonlocal block module modules "
        "package packages import imported loader finder path __import__ __main__"
    ),
    "Statements": (
        "statement statements suite clause loop assignment target targets exception exceptions "
        "raise raised except finally try with while break continue return del pass match pattern"
    ),
    "Text and numbers": (
        "string strings character characters format literal literals bytes unicode digits digit "
        "integer integers float decimal sign escape whitespace substring encoding"
    ),
    "Types and containers": (
        "type types list lists tuple tuples dictionary dictionaries dict set sets sequence "
        "sequences mapping key keys item items index slice iterator iterable mutable immutable "
        "length"
    ),
}
CUES = {label: frozenset(words.split()) for label, words in _CUE_WORDS.items()}
"""The words that speak for each topic; what the predictor knows is all here."""

_WORD = re.compile(r"\w+")
_WEIGHT = 3


def topics_records() -> list[dict[str, Any]]:
    """Return every sentence as a 1.x record, its likely topics with scores that add up to at most one."""
    return [
        {
            "id": sentence.id,
            "inputs": {"text": sentence.text},
            "multi_label": False,
            "prediction": {"agent": AGENT, "labels": _guess(sentence.text)},
            "metadata": {"page": sentence.topic, "length": sentence.length, "position": sentence.position},
            "status": Status.DEFAULT.value,
        }
        for sentence in sentences()
    ]


_SHARED = 300
_EVERY = 6

PLAN: dict[str, Any] = {
    "rules": [{"users": ["ana", "ben", "cy"], "overlap": {"annotators": 2, "share": 0.2}}],
    "blind": True,
    "seed": 7,
}
"""Assignment of these: 240 for one person, 60 for two, so that everybody has 120."""

GUIDELINES = """\
# What is this sentence about?

Choose the topic that a reader would look it up under. A suggestion comes from counting cue words, and is wrong now
and then. If two topics fit, take the one the sentence says more about. Discard what is no whole sentence.
"""


def shared_topics_records() -> list[dict[str, Any]]:
    """Return three hundred of the sentences, from all pages, for the team to share."""
    return topics_records()[::_EVERY][:_SHARED]


def _guess(text: str) -> list[dict[str, Any]]:
    """Return each topic's share of the cue words, every topic given one for free; best first."""
    words = _WORD.findall(text.lower())
    votes = {label: 1 + _WEIGHT * sum(word in cues for word in words) for label, cues in CUES.items()}
    total = sum(votes.values())
    ranked = sorted(votes, key=lambda label: (-votes[label], label))
    return [{"class": label, "score": votes[label] * 1000 // total / 1000} for label in ranked]
