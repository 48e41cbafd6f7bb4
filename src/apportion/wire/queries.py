"""Searches, scans and deletions: which records are meant, and the pages of records that come back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from apportion.vocabulary import Status

from .records import Record

__all__ = [
    "Aggregations",
    "NearestTo",
    "NumberStatistics",
    "Query",
    "Scan",
    "ScanPage",
    "ScoreRange",
    "Search",
    "SearchPage",
    "SortBy",
]


# Requests


class ScoreRange(Struct, kw_only=True, omit_defaults=True):
    """The scores that are meant, both ends included."""

    start: float | None = field(name="from", default=None)
    end: float | None = field(name="to", default=None)


class NearestTo(Struct, kw_only=True, omit_defaults=True):
    """A vector whose ``k`` nearest records are meant."""

    name: str
    value: list[float]
    k: Annotated[int, Meta(ge=1)] | None = None


class SortBy(Struct, kw_only=True, omit_defaults=True):
    """A field to sort by, ``last_updated`` or ``metadata.source`` for instance."""

    id: str
    order: Literal["asc", "desc"] = "asc"


class Query(Struct, kw_only=True, omit_defaults=True):
    """Selection of records; members are combined with AND, values within one with OR."""

    query_text: Annotated[
        str | None,
        Meta(
            description="The search language: words, phrases, fields, AND OR NOT, wildcards, ranges.",
            extra_json_schema={"examples": ["status:Default AND metadata.source:survey"]},
        ),
    ] = None
    advanced_query_dsl: bool = False
    ids: list[str | int] | None = None
    annotated_by: list[str] = []
    predicted_by: list[str] = []
    annotated_as: list[str] = []
    predicted_as: list[str] = []
    status: list[Status] = []
    predicted: Literal["ok", "ko"] | None = None
    score: ScoreRange | None = None
    metadata: dict[str, str | list[str]] | None = None
    has_annotation: bool | None = None
    has_prediction: bool | None = None
    uncovered_by_rules: list[str] = []
    vector: NearestTo | None = None


class Search(Struct, kw_only=True, omit_defaults=True):
    """A search, and the order of what it finds."""

    query: Query = field(default_factory=Query)
    sort: list[SortBy] = []


class Scan(Struct, kw_only=True, omit_defaults=True):
    """A scan, the members of records to return, and where it goes on."""

    query: Query | None = None
    fields: list[str] | None = None
    sort_by: list[SortBy] = []
    next_idx: str | None = None
    next_page_cfg: str | None = None


# Responses


class NumberStatistics(Struct, kw_only=True):
    """Statistics of a number in the metadata, under the names of 1.x; null where a number is too large."""

    count: int
    min: float | None
    max: float | None
    avg: float | None
    sum: float | None
    sum_of_squares: float | None
    variance: float | None
    variance_population: float | None
    variance_sampling: float | None
    std_deviation: float | None
    std_deviation_population: float | None
    std_deviation_sampling: float | None
    std_deviation_bounds: dict[str, float | None]


_Counts = dict[str, int]


class Aggregations(Struct, kw_only=True, omit_defaults=True):
    """Numbers of records by value, most first, over all that match; only what was asked for."""

    predicted_as: _Counts | None = None
    annotated_as: _Counts | None = None
    annotated_by: _Counts | None = None
    predicted_by: _Counts | None = None
    assigned_to: _Counts | None = None
    assignment: _Counts | None = None
    status: _Counts | None = None
    predicted: _Counts | None = None
    score: _Counts | None = None
    words: _Counts | None = None
    metadata: Annotated[
        dict[str, dict[str, int | NumberStatistics]] | None,
        Meta(description="By key; of a number, its statistics as ``argilla:stats``."),
    ] = None
    predicted_mentions: dict[str, _Counts] | None = None
    mentions: dict[str, _Counts] | None = None
    predicted_text: dict[str, Any] | None = None
    annotated_text: dict[str, Any] | None = None
    covered: Annotated[
        _Counts | None,
        Meta(description="Whether a labeling rule matches, none does, or rules with different labels do."),
    ] = None
    rule: Annotated[_Counts | None, Meta(description="By the query of the labeling rule.")] = None


class SearchPage(Struct, kw_only=True, omit_defaults=True):
    """A page of a search: how many match in all, some of them, and on the first page counts over all of them."""

    total: int
    records: list[Record]
    aggregations: (
        Annotated[Raw, Meta(extra_json_schema={"$ref": "#/components/schemas/Aggregations"})] | UnsetType
    ) = UNSET


class ScanPage(Struct, kw_only=True):
    """A page of a scan; ``next_page_cfg`` leads to the next one, until a page is empty."""

    records: list[Record] = []
    next_idx: str | None = None
    next_page_cfg: str | None = None
