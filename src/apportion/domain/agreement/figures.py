"""One figure of agreement: an estimate with its interval, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from .measures import Interval, Measure

__all__ = ["Caution", "Figure", "Undefined", "sentence"]


class Undefined(str, Enum):
    """Reasons for a missing estimate, or a missing interval around it."""

    NO_ANSWERS = "no_answers"
    ONE_ANNOTATOR = "one_annotator"
    FEW_SHARED_RECORDS = "few_shared_records"
    ONE_CATEGORY = "one_category"
    NOT_GIVEN = "not_given"
    NO_SPANS = "no_spans"
    CROSSING_SPANS = "crossing_spans"
    OUTSIDE_TEXT = "outside_text"
    NO_EXTENTS = "no_extents"
    NO_TOKENS = "no_tokens"
    NOT_NUMBERS = "not_numbers"
    NEGATIVE_NUMBERS = "negative_numbers"
    TWO_ANNOTATORS_ONLY = "two_annotators_only"
    OTHER_ANSWERS = "other_answers"
    NO_SPREAD = "no_spread"
    RESTS_ON_ONE_RECORD = "rests_on_one_record"
    ONE_TEXT = "one_text"
    TOO_MUCH = "too_much"

    def __str__(self) -> str:
        return str(self.value)


class Caution(str, Enum):
    """Reasons to trust a figure less than its interval suggests."""

    FEW_OTHER_LABELS = "few_other_labels"
    FEW_SPANS = "few_spans"

    def __str__(self) -> str:
        return str(self.value)


_SENTENCES: dict[Undefined | Caution, str] = {
    Undefined.NO_ANSWERS: "no answers count here",
    Undefined.ONE_ANNOTATOR: "every answer here is by the same person; agreement needs two",
    Undefined.FEW_SHARED_RECORDS: (
        "not enough shared records: {records} with answers by two or more people, at least {needed} needed"
    ),
    Undefined.ONE_CATEGORY: (
        "everyone gave the same answer everywhere, so agreement can't be distinguished from chance"
    ),
    Undefined.NOT_GIVEN: "no one gave this label on the {records} shared records",
    Undefined.NO_SPANS: "no one marked a span on the {records} shared records",
    Undefined.CROSSING_SPANS: "someone's spans of one label cross each other, which this measure can't place",
    Undefined.OUTSIDE_TEXT: "some spans reach beyond the end of their text",
    Undefined.NO_EXTENTS: "the lengths of the texts are not known",
    Undefined.NO_TOKENS: "the tokens of the texts are not known",
    Undefined.NOT_NUMBERS: "the labels are not numbers, which {measure} needs",
    Undefined.NEGATIVE_NUMBERS: "some labels are below zero, where ratios mean nothing",
    Undefined.TWO_ANNOTATORS_ONLY: (
        "{measure} compares two people, and {annotators} share records here; ask by pair, or for alpha or fleiss"
    ),
    Undefined.OTHER_ANSWERS: "{measure} does not compare {kind}",
    Undefined.NO_SPREAD: "the records do not differ, so the interval can't be computed",
    Undefined.RESTS_ON_ONE_RECORD: "without one of the records it couldn't be computed",
    Undefined.ONE_TEXT: "all of it is from one text, so the interval can't be computed",
    Undefined.TOO_MUCH: (
        "{measure} would take too long with this many texts and spans; ask for fewer records with a "
        "query, or by pair"
    ),
    Caution.FEW_OTHER_LABELS: (
        "only {found} of the shared records {have} another label than the most frequent one; with fewer than "
        "{enough} such figures vary more than their intervals say"
    ),
    Caution.FEW_SPANS: (
        "only {found} of the shared records {have} a span; with fewer than {enough} such figures vary more than "
        "their intervals say"
    ),
}


def sentence(reason: Undefined | Caution, **facts: object) -> str:
    """Return the reason as a sentence; facts that it mentions and that are not given read as ``?``."""

    class Known(dict[str, object]):
        def __missing__(self, key: str) -> str:
            return "?"

    return _SENTENCES[reason].format_map(Known(facts))


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure over some answers.

    ``records`` were answered by two or more people, ``annotators`` had a part in them, ``answers`` they gave there.
    ``estimate`` is None exactly if ``undefined`` says why, ``low`` and ``high`` are if ``no_interval`` or
    ``undefined`` says why. ``label``, ``pair``, ``week`` (ISO, like ``2026-W48``) or ``person`` say which part of the
    answers the figure is about. ``caution`` warns where intervals are known to fail. ``left_out`` answers did not
    count because they were requested depending on the answers of others.
    """

    measure: Measure
    estimate: float | None
    low: float | None
    high: float | None
    level: float
    records: int
    annotators: int
    answers: int
    interval: Interval | None = None
    undefined: Undefined | None = None
    why: str | None = None
    """``undefined`` or ``no_interval`` in words."""
    caution: Caution | None = None
    caution_why: str | None = None
    """``caution`` in words."""
    no_interval: Undefined | None = None
    label: str | None = None
    pair: tuple[str, str] | None = None
    week: str | None = None
    person: str | None = None
    left_out: int = 0

    def show(self) -> dict[str, Any]:
        """Return the figure as JSON; keys without a value are left out, except the estimate and its interval."""
        always = {
            "measure": str(self.measure),
            "estimate": self.estimate,
            "low": self.low,
            "high": self.high,
            "level": self.level,
            "records": self.records,
            "annotators": self.annotators,
            "answers": self.answers,
        }
        sometimes = {
            "interval": self.interval and str(self.interval),
            "undefined": self.undefined and str(self.undefined),
            "no_interval": self.no_interval and str(self.no_interval),
            "why": self.why,
            "caution": self.caution and str(self.caution),
            "caution_why": self.caution_why,
            "label": self.label,
            "pair": list(self.pair) if self.pair else None,
            "week": self.week,
            "person": self.person,
            "left_out": self.left_out or None,
        }
        return always | {key: value for key, value in sometimes.items() if value is not None}
