"""The resolution of a record: resolved with provenance, open, or in conflict with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apportion.vocabulary import Word

from .answers import UNUSABLE, Given

__all__ = ["ConflictKind", "GoldDecision", "Resolution", "ResolutionRule", "ResolutionStatus"]


class ResolutionRule(Word):
    """The rule by which answers become the record's value; a person's decision always wins."""

    LATEST = "latest"
    """The last answer, as in 1.x."""
    MAJORITY = "majority"
    """The value of most answers; a tie is a conflict."""
    UNANIMOUS = "unanimous"
    """The value of all answers."""
    DAWID_SKENE = "dawid_skene"
    """The most probable value, given how often each person is right with which label."""
    ONE_COIN = "one_coin"
    """The same, with one figure per person."""
    ADJUDICATED = "adjudicated"
    """The decision of a person."""


class ResolutionStatus(Word):
    """The state of the record: resolved, open or in conflict."""

    RESOLVED = "resolved"
    OPEN = "open"
    CONFLICT = "conflict"


class ConflictKind(Word):
    """The reason for which answers that are all there do not resolve the record."""

    TIE = "tie"
    NOT_UNANIMOUS = "not_unanimous"
    USABLE_OR_NOT = "usable_or_not"
    TEXTS_DIFFER = "texts_differ"
    UNSURE = "unsure"
    AWAITS_A_PERSON = "awaits_a_person"


_SENTENCES = {
    ConflictKind.TIE: "the votes are tied",
    ConflictKind.NOT_UNANIMOUS: "the answers differ, and the dataset wants them all the same",
    ConflictKind.USABLE_OR_NOT: "some find the record unusable, others answered it",
    ConflictKind.TEXTS_DIFFER: "the texts differ, and texts can't be voted on in parts",
    ConflictKind.UNSURE: "no value is probable enough",
    ConflictKind.AWAITS_A_PERSON: "all answers are there; a person decides",
}


@dataclass(frozen=True, slots=True)
class GoldDecision:
    """A value a person decided on or that was imported, and whose word it is (``adjudicated:ana``)."""

    value: Given
    agent: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """The outcome of one record, with the answers it was made from.

    ``value`` is there exactly if the outcome is resolved; ``UNUSABLE`` means resolved as discarded. ``agent`` says
    whose value it is: the annotator's if there was one answer only, ``consensus:majority``, ``adjudicated:ana``.
    ``answers`` names everybody whose answer counted, ``agreeing`` those whose answer is the value. ``support`` is the
    least share of votes that any part of the value got, or the probability of the value under a model; None where a
    person decided. ``by_token`` says that spans were put together from votes on tokens.
    """

    outcome: ResolutionStatus
    value: Given | None = None
    agent: str | None = None
    answers: Sequence[str] = ()
    agreeing: Sequence[str] = ()
    support: float | None = None
    by_token: bool = False
    conflict: ConflictKind | None = None
    missing: int = 0
    """Number of required answers that are not there yet."""

    @property
    def discarded(self) -> bool:
        """Resolved, as a record that cannot be answered."""
        return self.value is UNUSABLE

    @property
    def why(self) -> str | None:
        """A sentence, unless it is resolved."""
        if self.conflict is not None:
            return _SENTENCES[self.conflict]
        if self.outcome is not ResolutionStatus.OPEN:
            return None
        if not self.missing:
            return "the model has not looked at these answers yet"
        return f"{self.missing} more {'answer is' if self.missing == 1 else 'answers are'} wanted"

    def provenance(self) -> dict[str, Any]:
        """Return how the value came to be, as JSON; without the value itself, whose shape the task decides."""
        found: dict[str, Any] = {"outcome": str(self.outcome), "answers": list(self.answers)}
        if self.outcome is ResolutionStatus.RESOLVED:
            found |= {"agent": self.agent, "agreeing": list(self.agreeing), "support": self.support}
            if self.by_token:
                found["by_token"] = True
        else:
            found |= {"conflict": self.conflict and str(self.conflict), "why": self.why}
        return found
