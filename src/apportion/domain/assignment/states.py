"""The states, phases and reasons of assignment rows, and the sentences that reasons read as."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

__all__ = [
    "DEPENDENT",
    "MORE_NAMES",
    "PERSONAL",
    "UNTOLD",
    "Engine",
    "Mode",
    "Phase",
    "Reason",
    "RowState",
    "Skip",
    "Visibility",
    "counted",
    "holding",
    "holding_after",
    "listed",
    "reason_sentence",
]


class _Word(str, Enum):
    def __str__(self) -> str:
        return str(self.value)


class Mode(_Word):
    """Whether a rule names the person for each slot, or leaves slots open for whoever comes."""

    PUSH = "push"
    PULL = "pull"


class Skip(_Word):
    """What happens to a record that somebody skipped."""

    NEXT_PERSON = "next_person"
    BACK_TO_ME = "back_to_me"
    DROP = "drop"


class Visibility(_Word):
    """Which records an annotator may see."""

    DATASET = "dataset"
    ASSIGNED = "assigned"


class Phase(_Word):
    """Why a row exists at all. Agreement counts rows of every phase but those in ``DEPENDENT``."""

    FIXED = "fixed"
    ANCHOR = "anchor"
    ADOPTED = "adopted"
    ADAPTIVE = "adaptive"
    """Asked for because the answers so far differ, so no independent answer."""
    CHECK = "check"
    """The record has a gold value already; the answer says how somebody does, not what the record is."""


DEPENDENT = frozenset({Phase.ADAPTIVE, Phase.CHECK})
"""Answers that were asked for in the light of other answers: adaptive ones, and those on records settled before."""

PERSONAL = frozenset({Phase.ANCHOR, Phase.CHECK})
"""Rows that are about the person: nobody else takes them over."""

UNTOLD = DEPENDENT
"""Phases that whoever has the record is not told of."""


class RowState(_Word):
    """How far a row has come."""

    PENDING = "pending"
    LEASED = "leased"
    DONE = "done"
    SKIPPED = "skipped"
    WITHDRAWN = "withdrawn"


class Engine(_Word):
    """Which procedure dealt a part of a plan."""

    TURNS = "turns"
    PAIRS = "pairs"
    BLOCKS = "blocks"
    GREEDY = "greedy"
    EVERYONE = "everyone"
    OPEN = "open"
    ADOPTED = "adopted"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why this person has this record: a code and what goes into its sentence, in order."""

    code: str
    args: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        return reason_sentence(self.code, self.args)

    def show(self) -> dict[str, Any]:
        """The reason as JSON."""
        return {"code": self.code, "args": list(self.args)}


SENTENCES: Mapping[str, str] = {
    "anchor": "one of the records that are meant for everybody",
    "everyone": "this rule gives every record to everybody",
    "turns": "the seeded order of the records met the next of {0} people in turn",
    "pairs": "the seeded order of the records met the next pair of {0} people, each pair in turn",
    "blocks": "the seeded order of the records met the next group of {1} among {0} people",
    "least_loaded": "had the least to do for their share ({0} of {1})",
    "fewest_shared": "had the least to do for their share ({0} of {1}), then fewest records with {2} ({3})",
    "other_island": "had the least to do for their share ({0} of {1}), then nothing in common yet with {2}",
    "over_share": "their share ({1}) was full, but nobody else could take it",
    "repair": "the rows of others were moved so that every slot could be filled",
    "balance": "the rows of others were moved so that loads come closer to the shares",
    "exchanged": "exchanged with somebody so that no two people share too many or too few records",
    "kept": "had the record before another person's row of it was moved",
    "open": "an open slot: whoever is free and eligible takes it",
    "adopted": "the records already named this person under {0}",
    "moved": "taken over from {0} ({1}); {2}",
    "by_hand": "moved here by hand from {0}",
    "undone": "back where it was before a change was undone",
    "adaptive": "the answers so far do not settle the record, so one more person is asked",
    "check": "a record with a gold value, mixed in to see how people do",
    "joined": "one of the records that are meant for everybody, and this person joined later",
}


MORE_NAMES = ", …"
"""What stands behind the names in a reason where there are more."""

_NAMING = frozenset({"fewest_shared", "other_island"})
"""Reasons that name the people who are on the record."""

_TOGETHER = frozenset({"pairs", "blocks", "everyone"})
"""Reasons that are about all people on the record at once."""


def reason_sentence(code: str, args: tuple[str | int, ...] = ()) -> str:
    """The sentence for a reason; a code of a newer version reads as itself.

    >>> explain("fewest_shared", (41, 50, "ben", 6))
    'had the least to do for their share (41 of 50), then fewest records with ben (6)'
    """
    sentence = SENTENCES.get(code)
    if (
        code == "moved" and len(args) > 2
    ):  # the third says why it was this person: a code and what goes into it
        args = (*args[:2], reason_sentence(str(args[2]), args[3:]))
    if sentence is None:
        return " ".join([code, *map(str, args)])
    return sentence.format(*args, *("?" for _ in range(4)))


def holding(reason: Reason, others: Collection[str]) -> Reason:
    """Return the reason as it holds while ``others`` are on the record: it names nobody who is not.

    >>> str(holding(Reason("fewest_shared", (41, 50, "ben", 6)), {"cy"}))
    'had the least to do for their share (41 of 50)'
    """
    if reason.code == "moved" and len(reason.args) > 2:
        inner = holding(Reason(str(reason.args[2]), reason.args[3:]), others)
        return Reason("moved", (*reason.args[:2], inner.code, *inner.args))
    if reason.code not in _NAMING or len(reason.args) < 3:
        return reason
    named = str(reason.args[2]).removesuffix(MORE_NAMES).split(", ")
    return reason if all(name in others for name in named) else Reason("least_loaded", reason.args[:2])


def holding_after(reason: Reason, others: Collection[str]) -> Reason:
    """Return the reason of a row that stayed while another one of its record was moved to one of ``others``."""
    return Reason("kept") if reason.code in _TOGETHER else holding(reason, others)


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["ana"]), listed(["ana", "ben", "cy"])
    ('ana', 'ana, ben and cy')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number and its noun.

    >>> counted(1, "record"), counted(1200, "person", "people")
    ('1 record', '1,200 people')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"
