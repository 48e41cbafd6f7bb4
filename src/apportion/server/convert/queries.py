"""Query objects and sort orders of 1.x, converted to criteria with one query tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apportion.domain.errors import BadRequestError, ValidationError
from apportion.domain.ids import Viewer
from apportion.domain.query import (
    Exists,
    MatchAll,
    Query,
    Range,
    Term,
    all_of,
    any_of,
    negate,
    parse,
)
from apportion.ports.records import Criteria, SortKey
from apportion.vocabulary import Status, Task

from .coerce import (
    Field,
    Reader,
    anything,
    boolean,
    count,
    enum_value,
    items,
    mapping,
    number,
    optional,
    record_id,
    shape,
    text,
)
from .json_in import MAX_ERRORS, Item, Path, decode_json, item

__all__ = [
    "SORT_IDS",
    "Nearest",
    "ScanRequest",
    "SearchRequest",
    "Selected",
    "read_deletion",
    "read_metric_query",
    "read_query",
    "read_scan",
    "read_search",
    "read_sort",
]

SORT_IDS = (
    "id",
    "metadata",
    "score",
    "predicted",
    "predicted_as",
    "predicted_by",
    "annotated_as",
    "annotated_by",
    "status",
    "last_updated",
    "event_timestamp",
)
"""Fields that records can be ordered by; of metadata one key, as in ``metadata.year``."""

MAX_VALUES = 65_536
"""Most values that one filter may list."""

_NOTHING = negate(MatchAll())


@dataclass(frozen=True, slots=True)
class Nearest:
    """A search by similarity of vectors; ``k`` None means the page size."""

    name: str
    value: list[float]
    k: int | None = None


@dataclass(frozen=True, slots=True)
class Selected:
    """A query object, parsed. ``words`` is its text as a query, for highlighting."""

    criteria: Criteria
    words: Query | None = None
    nearest: Nearest | None = None


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """The body of ``:search``."""

    selected: Selected
    sort: list[SortKey]


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """The body of ``records/:search``; ``fields`` None means all of them."""

    selected: Selected
    fields: list[str] | None
    sort: list[SortKey]
    next_idx: str | None
    next_page_cfg: str | None


# Shapes


def _filter_value(value: Any, path: Path, errors: list[Item]) -> Any:
    """Read a metadata value as the index has it: booleans as JSON writes them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return text()(value, path, errors)


def _filter_values(value: Any, path: Path, errors: list[Item]) -> Any:
    if isinstance(value, list):
        return items(_filter_value, most=MAX_VALUES)(value, path, errors)
    found = _filter_value(value, path, errors)
    return [found]


_NAMES = Field(items(text(), most=MAX_VALUES))


def _query(*, strict: bool) -> Reader:
    return shape(
        {
            "query_text": Field(optional(text())),
            "advanced_query_dsl": Field(boolean),
            "ids": Field(optional(items(record_id, most=MAX_VALUES))),
            "raw_query": Field(optional(mapping(anything))),
            "annotated_by": _NAMES,
            "predicted_by": _NAMES,
            "annotated_as": _NAMES,
            "predicted_as": _NAMES,
            "status": Field(items(enum_value([each.value for each in Status]))),
            "predicted": Field(optional(enum_value(["ok", "ko"]))),
            "score": Field(
                optional(
                    shape(
                        {
                            "from": Field(number(), also=("range_from",)),
                            "to": Field(optional(number()), also=("range_to",)),
                        },
                        strict=strict,
                    )
                )
            ),
            "metadata": Field(optional(mapping(_filter_values))),
            "has_annotation": Field(optional(boolean)),
            "has_prediction": Field(optional(boolean)),
            "uncovered_by_rules": _NAMES,
            "vector": Field(
                optional(
                    shape(
                        {
                            "name": Field(text(), required=True),
                            "value": Field(items(number(), least=1), required=True),
                            "k": Field(optional(count)),
                        },
                        strict=strict,
                    )
                )
            ),
        },
        strict=strict,
    )


_QUERY = _query(strict=False)
_STRICT_QUERY = _query(strict=True)
_SORT = items(shape({"id": Field(text(), required=True), "order": Field(enum_value(["asc", "desc"]))}))
_SEARCH = shape({"query": Field(_QUERY), "sort": Field(_SORT)})
_SCAN = shape(
    {
        "query": Field(optional(_QUERY)),
        "fields": Field(optional(items(text(), most=1000))),
        "sort_by": Field(optional(_SORT)),
        "next_idx": Field(optional(text())),
        "next_page_cfg": Field(optional(text())),
    }
)


def _clean(read: Reader, value: Any, path: Path) -> Any:
    errors: list[Item] = []
    found = read(value, path, errors)
    if errors:
        raise ValidationError(errors[:MAX_ERRORS])
    return found


def _body(body: bytes | None) -> Any:
    """Return the decoded body; empty and null both mean no body."""
    found = decode_json(body) if body and body.strip() else None
    return {} if found is None else found


# Requests


def read_search(body: bytes | None, task: Task, *, viewer: Viewer = Viewer(0)) -> SearchRequest:  # noqa: B008
    """Read the body of ``:search``. Raises ``ValidationError``, ``BadRequestError``."""
    found = _clean(_SEARCH, _body(body), ("body",))
    return SearchRequest(_selected(found.get("query") or {}, task, viewer), _sorting(found.get("sort")))


def read_scan(body: bytes | None, *, viewer: Viewer = Viewer(0)) -> ScanRequest:  # noqa: B008
    """Read the body of ``records/:search``, which is the same for all tasks."""
    found = _clean(_SCAN, _body(body), ("body",))
    return ScanRequest(
        selected=_selected(found.get("query") or {}, None, viewer),
        fields=found.get("fields") or None,
        sort=_sorting(found.get("sort_by")),
        next_idx=found.get("next_idx"),
        next_page_cfg=found.get("next_page_cfg"),
    )


def read_deletion(body: bytes | None, *, viewer: Viewer = Viewer(0)) -> Criteria:  # noqa: B008
    """Read the criteria of records to delete or discard: all without a body.

    Members that mean nothing here are refused, and so is an empty query, such as one whose variable was empty: nobody
    means all records by it. Some clients wrap the query once more, ``{"query": {…}}``; that means the same.
    """
    path: Path = ("body",)
    found = _body(body)
    if isinstance(found, dict) and found.keys() == {"query"}:
        found, path = found["query"], ("body", "query")
    given = _clean(_STRICT_QUERY, found, path)
    if given.get("vector") is not None:
        msg = "records can't be deleted by vector; name them by ids"
        raise ValidationError([item((*path, "vector"), msg, "value_error.extra")])
    criteria = _selected(given, None, viewer).criteria
    has_text = bool((given.get("query_text") or "").strip())
    nothing = isinstance(criteria.query, MatchAll) and not criteria.ids and not has_text
    if body and body.strip() not in (b"", b"null") and (nothing or given.get("ids") == []):
        msg = "the query is empty; to remove all records, send no body or the query *. Nothing was removed"
        raise ValidationError([item(path, msg, "value_error")])
    return criteria


def read_metric_query(body: bytes | None, task: Task, *, viewer: Viewer = Viewer(0)) -> Criteria:  # noqa: B008
    """Read the criteria of records for a metric: all without a body."""
    return read_query(_body(body), task, viewer=viewer, loc=("body",)).criteria


def read_query(
    value: Any,
    task: Task | None = None,
    *,
    viewer: Viewer = Viewer(0),  # noqa: B008
    loc: Path = ("body", "query"),
) -> Selected:
    """Read a query object; with a task, members that its searches do not know are ignored."""
    return _selected(_clean(_QUERY, value, loc), task, viewer)


def read_sort(value: Any, *, loc: Path = ("body", "sort")) -> list[SortKey]:
    """Read a sort order. Raises ``BadRequestError`` for fields that records cannot be ordered by."""
    return _sorting(_clean(_SORT, value, loc))


def _sorting(given: Sequence[dict[str, str]] | None) -> list[SortKey]:
    found = []
    for each in given or ():
        if each["id"].partition(".")[0] not in SORT_IDS:
            raise BadRequestError(
                f"Can't sort by {each['id'][:100]!r}. Valid sort ids are: {', '.join(SORT_IDS)}"
            )
        found.append(SortKey(each["id"], each.get("order") == "desc"))
    return found


# From members to a tree


def _selected(given: dict[str, Any], task: Task | None, viewer: Viewer) -> Selected:
    if given.get("raw_query"):
        raise BadRequestError(
            "raw_query is not supported: there is no Elasticsearch behind this server. "
            "Write the query as query_text, which knows fields, ranges, wildcards and brackets."
        )
    vector = given.get("vector")
    nearest = None if vector is None else Nearest(vector["name"], vector["value"], vector.get("k"))
    if given.get("ids"):
        ids = tuple(dict.fromkeys(given["ids"]))
        return Selected(Criteria(ids=ids, viewer=viewer), nearest=nearest)
    parts: list[Query] = []
    words = None
    query_text = given.get("query_text")
    if query_text is not None and query_text.strip():
        words = parse(query_text, advanced=given.get("advanced_query_dsl", False))
        parts.append(words)
    parts += _filters(given, task)
    query = all_of(parts) if parts else MatchAll()
    return Selected(Criteria(query, viewer=viewer), words, nearest)


def _filters(given: dict[str, Any], task: Task | None) -> list[Query]:
    names = ["annotated_by", "predicted_by", "status"]
    if task is not Task.TEXT2TEXT:
        names += ["annotated_as", "predicted_as"]
    parts = [
        any_of(Term(name, value) for value in dict.fromkeys(given[name])) for name in names if given.get(name)
    ]
    if given.get("predicted") is not None:
        parts.append(Term("predicted", given["predicted"]))
    if (score := given.get("score")) is not None:
        high = score.get("to")
        parts.append(Range("score", repr(score.get("from", 0.0)), None if high is None else repr(high)))
    for key, values in (given.get("metadata") or {}).items():
        parts.append(_metadata(key, values))
    if given.get("has_annotation"):
        parts.append(Exists("annotated_by"))
    if given.get("has_prediction"):
        parts.append(Exists("predicted_by"))
    if task is None or task is Task.TEXT_CLASSIFICATION:
        rules = [rule for rule in given.get("uncovered_by_rules") or () if rule.strip()]
        if rules:
            parts.append(negate(any_of(parse(rule) for rule in rules)))
    return parts


def _metadata(key: str, values: Sequence[str]) -> Query:
    if "*" in key:
        # In a query tree a star in a name also stands for other names: more would match than was asked for.
        raise BadRequestError(f"Metadata keys with a star can't be filtered by: {key[:100]!r}")
    return any_of(Term(f"metadata.{key}", value) for value in values) if values else _NOTHING
