"""The states, phases and reasons of assignment rows, and the sentences that explain reasons."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apportion.vocabulary import Word

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
    "is_broken_off",
    "is_together",
    "listed",
    "reason_sentence",
]


class Mode(Word):
    """The mode of a rule: it names the person for each slot, or leaves slots open for anybody in the team."""

    PUSH = "push"
    PULL = "pull"


class Skip(Word):
    """The handling of a record that somebody skipped."""

    NEXT_PERSON = "next_person"
    BACK_TO_ME = "back_to_me"
    DROP = "drop"


class Visibility(Word):
    """The records that an annotator may see."""

    DATASET = "dataset"
    ASSIGNED = "assigned"


class Phase(Word):
    """The part of the plan that a row belongs to.

    Agreement counts rows of every phase but those in ``DEPENDENT``.
    """

    FIXED = "fixed"
    ANCHOR = "anchor"
    ADOPTED = "adopted"
    ADAPTIVE = "adaptive"
    """Requested because the answers so far differ, so not an independent answer."""
    CHECK = "check"
    """A record with a known gold value; the answer measures the person, not the record."""


DEPENDENT = frozenset({Phase.ADAPTIVE, Phase.CHECK})
"""Phases of answers that depend on other answers: adaptive ones, and those on records already resolved."""

PERSONAL = frozenset({Phase.ANCHOR, Phase.CHECK})
"""Phases of rows that are tied to the person: they are never reassigned."""

UNTOLD = DEPENDENT
"""Phases that are hidden from the annotator of the record."""


class RowState(Word):
    """The state of a row."""

    PENDING = "pending"
    LEASED = "leased"
    DONE = "done"
    SKIPPED = "skipped"
    WITHDRAWN = "withdrawn"


class Engine(Word):
    """The procedure that allocated a part of a plan."""

    TURNS = "turns"
    PAIRS = "pairs"
    BLOCKS = "blocks"
    GREEDY = "greedy"
    EVERYONE = "everyone"
    OPEN = "open"
    ADOPTED = "adopted"


@dataclass(frozen=True, slots=True)
class Reason:
    """The reason why this person has this record: a code and the arguments of its sentence, in order."""

    code: str
    args: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        return reason_sentence(self.code, self.args)

    def show(self) -> dict[str, Any]:
        """Return the reason as JSON."""
        return {"code": self.code, "args": list(self.args)}


SENTENCES: Mapping[str, str] = {
    "anchor": "one of the records that are meant for everyone",
    "everyone": "this rule gives every record to everyone",
    "turns": "the seeded order of the records met the next of {0} people in turn",
    "pairs": "the seeded order of the records met the next pair of {0} people, each pair in turn",
    "blocks": "the seeded order of the records met the next group of {1} among {0} people",
    "least_loaded": "had the least to do for their share ({0} of {1})",
    "fewest_shared": "had the least to do for their share ({0} of {1}), then fewest records with {2} ({3})",
    "other_island": "had the least to do for their share ({0} of {1}), then nothing in common yet with {2}",
    "over_share": "their share ({1}) was full, but no one else could take it",
    "repair": "the rows of others were moved so that every slot could be filled",
    "balance": "the rows of others were moved so that loads come closer to the shares",
    "exchanged": "exchanged with someone so that no two people share too many or too few records",
    "kept": "had the record before another person's row of it was moved, withdrawn or skipped",
    "open": "an open slot: whoever is free and eligible takes it",
    "adopted": "the records already named this person under {0}",
    "moved": "taken over from {0} ({1}); {2}",
    "by_hand": "moved here by hand from {0}",
    "undone": "back where it was before a change was undone",
    "adaptive": "the answers so far do not resolve the record, so one more person is asked",
    "check": "a record with a gold value, mixed in to see how people do",
    "joined": "one of the records that are meant for everyone, and this person joined later",
}


MORE_NAMES = ", …"
"""The text after the names in a reason where there are more names."""

_NAMING = frozenset({"fewest_shared", "other_island"})
"""Reasons that name the people who are on the record."""

_TOGETHER = frozenset({"pairs", "blocks", "everyone"})
"""Reasons that are about all people on the record at once."""

_PASSED_ON = frozenset({"moved", "by_hand", "open"})
"""Reasons of rows that others had before."""


def reason_sentence(code: str, args: tuple[str | int, ...] = ()) -> str:
    """Return the sentence for a reason; an unknown code, of a newer version, is returned unchanged.

    >>> reason_sentence("fewest_shared", (41, 50, "ben", 6))
    'had the least to do for their share (41 of 50), then fewest records with ben (6)'
    """
    sentence = SENTENCES.get(code)
    if (
        code == "moved" and len(args) > 2
    ):  # the third argument is the reason for this person: a code and its arguments
        args = (*args[:2], reason_sentence(str(args[2]), args[3:]))
    if sentence is None:
        return " ".join([code, *map(str, args)])
    return sentence.format(*args, *("?" for _ in range(4)))


def holding(reason: Reason, others: Collection[str]) -> Reason:
    """Return the reason reduced to what is true while ``others`` are on the record: it names nobody else.

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
    """Return the reason of a row that stayed while another row of its record moved to one of ``others``."""
    return Reason("kept") if reason.code in _TOGETHER else holding(reason, others)


def is_together(reason: Reason) -> bool:
    """Return whether a reason is about all people on the record at once."""
    return reason.code in _TOGETHER


def is_broken_off(reason: Reason, state: RowState) -> bool:
    """Return whether a row of that reason and state has left the person it was assigned to together with others."""
    return state in (RowState.WITHDRAWN, RowState.SKIPPED) or reason.code in _PASSED_ON


def listed(names: Sequence[str]) -> str:
    """Join names for use in a sentence.

    >>> listed(["ana"]), listed(["ana", "ben", "cy"])
    ('ana', 'ana, ben and cy')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Format a number with its noun.

    >>> counted(1, "record"), counted(1200, "person", "people")
    ('1 record', '1,200 people')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"
