"""Results of the calls about agreement, and how consoles and notebooks show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from ._tables import MUTED, count, html_table, text_table

__all__ = ["Agreement", "AnnotatorQuality", "Annotators", "Conflict", "Conflicts", "Settled"]

_SHOWN = 50


@dataclass(frozen=True, repr=False)
class Agreement:
    """An agreement figure: ``estimate`` with its interval, or in ``why`` the reason why there is none.

    ``records`` were answered by two or more of ``annotators`` people; ``query`` finds them: ``rg.load(name,
    query=found.query)``. ``by`` has the same per label, pair, week or person, and the attribute of that name says
    which. The records of a label are those on which somebody gave it. ``caution`` is ``few_other_labels`` or
    ``few_spans`` where intervals are known to fail, and ``caution_why`` says it in words. ``left_out`` answers were
    asked for because of others.
    """

    measure: str
    """The measure, such as ``alpha``."""
    estimate: float | None
    """The figure; 1 is perfect agreement, 0 for chance-corrected measures what chance gives."""
    low: float | None
    """The lower end of the interval."""
    high: float | None
    """The upper end of the interval."""
    level: float
    """The probability that the interval is meant to have, such as 0.95."""
    records: int
    """The number of records that two or more people answered."""
    annotators: int
    """The number of people."""
    answers: int
    """The number of their answers."""
    query: str
    """The query that finds these records."""
    interval: str | None = None
    """The kind of interval, ``jackknife`` or ``bootstrap``."""
    undefined: str | None = None
    """Reason why there is no figure, as a code."""
    why: str | None = None
    """Reason why there is no figure or no interval, in words."""
    no_interval: str | None = None
    """Reason why there is no interval, as a code."""
    caution: str | None = None
    """Reason why the interval is to be read with caution, as a code."""
    caution_why: str | None = None
    """The same in words."""
    label: str | None = None
    """The label this is about."""
    pair: tuple[str, str] | None = None
    """The two people this is about."""
    week: str | None = None
    """The ISO week this is about, such as ``2026-W48``."""
    person: str | None = None
    """The person this is about, against all others."""
    left_out: int = 0
    """The number of answers that were asked for because of others, and not counted."""
    by: list[Agreement] = field(default_factory=list, repr=False)
    """The same by part."""

    def __str__(self) -> str:
        if self.estimate is None:
            return f"{self.measure}: {self.why}"
        around = "" if self.low is None else f" ({self.level:.0%}: {self.low:.3f} to {self.high:.3f})"
        people = f"{count(self.records, 'record')}, {count(self.annotators, 'person', 'people')}"
        caution = f"; caution: {self.caution_why}" if self.caution_why else ""
        return f"{self.measure} {self.estimate:.3f}{around} on {people}{caution}"

    def __repr__(self) -> str:
        heads, rows = self._table
        lines = [f"  {line}" for line in text_table(heads, rows[:_SHOWN])] if rows else []
        return "\n".join([str(self), *(f"  {each}" for each in self._facts), *lines])

    def _repr_html_(self) -> str:
        heads, rows = self._table
        facts = "".join(f"<p style='{MUTED}'>{escape(each)}</p>" for each in self._facts)
        return f"<p><b>{escape(str(self))}</b></p>{facts}{html_table(heads, rows[:_SHOWN]) if rows else ''}"

    @property
    def _facts(self) -> list[str]:
        if not self.left_out:
            return []
        were = "answer was" if self.left_out == 1 else "answers were"
        return [f"{self.left_out:,} {were} asked for in the light of others and not counted"]

    @property
    def _table(self) -> tuple[list[str], list[list[Any]]]:
        if not self.by:
            return [], []
        whys = any(each.why for each in self.by)
        cautions = any(each.caution for each in self.by)
        what = next(
            name for name in ("label", "week", "person", "pair") if getattr(self.by[0], name) is not None
        )
        heads = [what, "estimate", "low", "high", "records"]
        heads += [*(["caution"] if cautions else []), *(["why"] if whys else [])]
        return heads, [
            [
                each.label or each.week or each.person or " and ".join(each.pair or ()),
                _figure(each.estimate),
                _figure(each.low),
                _figure(each.high),
                each.records,
                *([each.caution or ""] if cautions else []),
                *([each.why or ""] if whys else []),
            ]
            for each in self.by
        ]

    def to_pandas(self) -> Any:
        """Return a data frame with a row per part, or only the whole figure if nothing was broken down."""
        names = (
            "label",
            "pair",
            "week",
            "person",
            "estimate",
            "low",
            "high",
            "records",
            "annotators",
            "caution",
            "query",
        )
        rows = [{name: getattr(each, name) for name in names} for each in self.by or [self]]
        return _frame(rows).dropna(axis="columns", how="all")


def _figure(number: float | None) -> str:
    return "-" if number is None else f"{number:.3f}"


def _frame(rows: Sequence[dict[str, Any]]) -> Any:
    from ._optional import library

    return library("pandas").DataFrame(rows)


@dataclass(frozen=True)
class Conflict:
    """A record that people disagree on: everybody's answers, and its status.

    ``agreement`` is how near the answers are, from 0 to 1; ``answers`` has everybody's value in the form of the wire,
    None for who found the record unusable; ``status`` is ``Validated`` once it is resolved, and ``why`` says why it is
    not.
    """

    id: str
    """The id of the record, as text."""
    agreement: float
    """The share of pairs of answers that agree, from 0 to 1."""
    answers: dict[str, Any]
    """Everybody's value in the form of the wire, by username; None for who found the record unusable."""
    status: str
    """``Validated`` once it is resolved."""
    why: str | None = None
    """Reason why it is not resolved, as a code."""


class Conflicts(list[Conflict]):
    """A list of records that people disagree on, shown as a table."""

    def __repr__(self) -> str:
        lines = text_table(_HEADS, self._rows) if self else []
        return "\n".join([self._head, *(f"  {line}" for line in lines)])

    def _repr_html_(self) -> str:
        return f"<p><b>{escape(self._head)}</b></p>{html_table(_HEADS, self._rows) if self else ''}"

    @property
    def _head(self) -> str:
        more = f", of which {_SHOWN} are shown" if len(self) > _SHOWN else ""
        return f"{count(len(self), 'record')} that people differ on{more}" if self else "No one disagrees"

    @property
    def _rows(self) -> list[list[Any]]:
        return [
            [each.id, f"{each.agreement:.2f}", each.status, _short_answers(each.answers)]
            for each in self[:_SHOWN]
        ]

    def to_pandas(self) -> Any:
        """Return a data frame with a row per record and a column per annotator."""
        return _frame(
            [
                {"id": each.id, "agreement": each.agreement, "status": each.status}
                | {name: _short_answer(value) for name, value in each.answers.items()}
                for each in self
            ]
        )


_HEADS = ("id", "agreement", "status", "answers")


def _short_answers(answers: dict[str, Any]) -> str:
    return "; ".join(f"{name}: {_short_answer(value)}" for name, value in answers.items())


def _short_answer(value: Any) -> str:
    """Return an answer in short: its labels, its spans or its text."""
    if not value:
        return "unusable"
    if "labels" in value:
        return ", ".join(each["class"] for each in value["labels"]) or "no label"
    if "entities" in value:
        spans = (f"{each['label']} {each['start']}-{each['end']}" for each in value["entities"])
        return ", ".join(spans) or "no span"
    return next((str(each["text"]) for each in value.get("sentences", ())), "no text")


@dataclass(frozen=True)
class AnnotatorQuality:
    """An annotator's accuracy: by a model of everybody's answers, and by the checks they were given.

    ``accuracy`` is how often the model takes them to be right, None where it cannot tell; ``confusion[true][answered]``
    has the chances by label. ``checks`` is how many records with a known gold value they answered, ``checks_right``
    how many of them at once as that has it.
    """

    annotator: str
    """The username."""
    answers: int
    """The number of their answers."""
    accuracy: float | None
    """Share of their answers that are right by the model, from 0 to 1."""
    checks: int = 0
    """The number of checks they answered."""
    checks_right: int = 0
    """The number of checks they answered right."""
    confusion: dict[str, dict[str, float]] | None = field(default=None, repr=False)
    """The chances of their answers, from 0 to 1, by true label and given one."""


class Annotators(list[AnnotatorQuality]):
    """A list of every annotator's quality, shown as a table; ``why`` says why there is no model, if so."""

    why: str | None = None

    def __repr__(self) -> str:
        lines = text_table(_QUALITY, self._rows) if self else ["No one has answered yet"]
        return "\n".join([*lines, *([f"No accuracy: {self.why}"] if self.why else [])])

    def _repr_html_(self) -> str:
        table = html_table(_QUALITY, self._rows) if self else "<p>No one has answered yet</p>"
        return table + (f"<p style='{MUTED}'>No accuracy: {escape(self.why)}</p>" if self.why else "")

    @property
    def _rows(self) -> list[list[Any]]:
        return [
            [
                each.annotator,
                each.answers,
                _figure(each.accuracy),
                f"{each.checks_right} of {each.checks}" if each.checks else "-",
            ]
            for each in self
        ]


_QUALITY = ("annotator", "answers", "accuracy", "checks right")


@dataclass(frozen=True)
class Settled:
    """The number of records resolved, and of those left with the reasons (the first twenty)."""

    changed: int
    """The number of records resolved."""
    left: int
    """The number of records left as they were."""
    why: list[dict[str, str]]
    """The first twenty of these, each with its ``id`` and the reason."""
    job: str
    """The id of the job that did it."""
