"""Labeling rules and metrics of 1.x."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from apportion.vocabulary import MOST_RULES

from .bodies import Reading

__all__ = [
    "LabelingRuleOut",
    "LabelledRecords",
    "MatchesWanted",
    "MetricOut",
    "NewRule",
    "QueryMatches",
    "RuleAnswers",
    "RuleChanges",
    "RuleFigures",
    "RuleFiguresInFull",
    "RuleMatchesOut",
    "RuleReport",
    "RulesReport",
    "UndoneRule",
]

_Text = Annotated[str, Meta(max_length=10_000)]
_Label = Annotated[str, Meta(min_length=1, max_length=128)]


class RuleChanges(Struct, kw_only=True):
    """The labels of a rule, and its description."""

    label: _Label | None = None
    labels: Annotated[list[_Label], Meta(max_length=1_000)] = []
    description: _Text | None = None


class NewRule(RuleChanges, kw_only=True):
    """A rule: records that match the query should get the labels."""

    query: Annotated[str, Meta(min_length=1, max_length=10_000), Reading.STRIPPED]


class UndoneRule(Struct, kw_only=True):
    """The rule whose last change is to be undone; without one, the last change of any."""

    query: _Text | None = None


class MatchesWanted(Struct, kw_only=True):
    """Queries to match, those of all stored rules if left out, and a selection of records as searches have it."""

    queries: Annotated[list[_Text], Meta(max_length=MOST_RULES)] | None = None
    query: dict[str, Any] = {}
    with_records: Annotated[bool, Meta(description="Whether the reply has ids and annotations.")] = True


class LabelingRuleOut(Struct, kw_only=True, omit_defaults=True):
    """A labeling rule; ``label`` is there if it was stored with exactly one."""

    query: str
    label: str | None = None
    labels: list[str]
    description: str | None = None
    author: str
    created_at: str


class RuleFigures(Struct, kw_only=True, omit_defaults=True):
    """Coverage of a rule, as shares and in records; what there are no annotations for is left out."""

    coverage: float | UnsetType = UNSET
    coverage_annotated: float | UnsetType = UNSET
    correct: float | UnsetType = UNSET
    incorrect: float | UnsetType = UNSET
    precision: float | UnsetType = UNSET
    total_records: int
    annotated_records: int


class RuleAnswers(Struct, kw_only=True, omit_defaults=True):
    """Agreement of a rule with people's answers."""

    correct: int
    incorrect: int
    precision: float | UnsetType = UNSET


class RuleFiguresInFull(RuleFigures, kw_only=True, omit_defaults=True):
    """The same with what rules share: ``overlaps`` and ``conflicts`` as shares of all records."""

    covered_records: int
    annotated_covered_records: int
    overlaps: float | UnsetType = UNSET
    conflicts: float | UnsetType = UNSET
    problem: Annotated[
        str | UnsetType, Meta(description="Why the rule matches nothing: it can't be read.")
    ] = UNSET
    answers: RuleAnswers | UnsetType = UNSET


class RuleReport(RuleFiguresInFull, kw_only=True, omit_defaults=True):
    """A rule and its figures."""

    query: str
    label: str | UnsetType = UNSET
    labels: list[str]
    description: str | UnsetType = UNSET
    author: str
    created_at: str


class RulesReport(RuleFiguresInFull, kw_only=True, omit_defaults=True):
    """The figures of all rules together, and of each."""

    rules: list[RuleReport]


class QueryMatches(Struct, kw_only=True):
    """The records that one query matches, as packed positions."""

    query: str
    positions: str


class LabelledRecords(Struct, kw_only=True):
    """The records that are annotated with one label, as packed positions."""

    label: str
    positions: str


class RuleMatchesOut(Struct, kw_only=True, omit_defaults=True):
    """Matches of each query among ``total`` records; positions and ids are base64 of zlib."""

    total: int
    order: str
    multi_label: bool
    queries: list[QueryMatches]
    ids: str | UnsetType = UNSET
    annotated: str | UnsetType = UNSET
    labels: list[LabelledRecords] | UnsetType = UNSET


class MetricOut(Struct, kw_only=True):
    """A metric that the server computes."""

    id: str
    name: str
    description: str
