"""Labeling rules and metrics of 1.x."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from .bodies import Reading

__all__ = ["LabelingRuleOut", "MetricOut", "NewRule", "RuleChanges", "RuleFigures"]

_Label = Annotated[str, Meta(min_length=1, max_length=128)]


class RuleChanges(Struct, kw_only=True):
    """The labels of a rule, and its description."""

    label: _Label | None = None
    labels: Annotated[list[_Label], Meta(max_length=1_000)] = []
    description: Annotated[str, Meta(max_length=10_000)] | None = None


class NewRule(RuleChanges, kw_only=True):
    """A rule: records that match the query should get the labels."""

    query: Annotated[str, Meta(min_length=1, max_length=10_000), Reading.STRIPPED]


class LabelingRuleOut(Struct, kw_only=True, omit_defaults=True):
    """A labeling rule; ``label`` is there if it was stored with exactly one."""

    query: str
    label: str | None = None
    labels: list[str]
    description: str | None = None
    author: str
    created_at: str


class RuleFigures(Struct, kw_only=True, omit_defaults=True):
    """What a rule covers, as shares and in records; what there are no annotations for is left out."""

    coverage: float | None = None
    coverage_annotated: float | None = None
    correct: float | None = None
    incorrect: float | None = None
    precision: float | None = None
    total_records: float | None = None
    annotated_records: float | None = None


class MetricOut(Struct, kw_only=True):
    """A metric that the server computes."""

    id: str
    name: str
    description: str
