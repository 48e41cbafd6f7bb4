"""HTML of records and datasets for notebooks, readable on light and dark backgrounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any
from zlib import crc32

__all__ = ["bars_html", "counts", "dataset_html", "page_html", "record_html"]

_MUTED = "opacity:.7;font-size:.9em"
_CELL = "text-align:left;white-space:pre-wrap;overflow-wrap:anywhere"
_FACETS = ("status", "annotated_as", "predicted_as", "annotated_by")


def record_html(record: Any) -> str:
    """Return a record as HTML: its text, its labels or spans in colour, and their agent."""
    members: list[tuple[str, str]] = [("text", _text(record))]
    for name in ("prediction", "annotation"):
        value = getattr(record, name)
        if value is not None:
            agent = getattr(record, f"{name}_agent")
            by = f" <span style='{_MUTED}'>by {escape(agent)}</span>" if agent else ""
            members.append((name, _value_html(record, value) + by))
    members += [(f"by {who}", _value_html(record, value)) for who, value in record.annotations.items()]
    members += [("id", escape(str(record.id))), ("status", escape(record.status))]
    members += [(name, escape(str(value))) for name, value in record.metadata.items()]
    rows = "".join(
        f"<tr><th style='text-align:left;vertical-align:top'>{escape(name)}</th>"
        f"<td style='{_CELL}'>{value}</td></tr>"
        for name, value in members
    )
    return f"<table style='color:inherit'>{rows}</table>"


def dataset_html(name: str, records: Sequence[Any], rows: int = 10) -> str:
    """Return a dataset as HTML: the counts by status, and the first records."""
    more = f"<p style='{_MUTED}'>and {len(records) - rows} more</p>" if len(records) > rows else ""
    return f"<p><b>{escape(name)}</b>: {counts(records)}</p>{_table(records[:rows])}{more}"


def page_html(records: Sequence[Any], total: int, facets: Mapping[str, Any]) -> str:
    """Return a search page as HTML: the total, the facets, and the records of this page."""
    match = "1 record matches" if total == 1 else f"{total:,} records match"
    shown = f"; {len(records)} of them here" if len(records) < total else ""
    counted = "".join(
        f"<br><span style='{_MUTED}'>{name}</span> "
        + ", ".join(f"{escape(str(value))} {count:,}" for value, count in list(facets[name].items())[:10])
        for name in _FACETS
        if facets.get(name)
    )
    return f"<p><b>{match}</b>{shown}{counted}</p>{_table(records)}"


def bars_html(title: str, data: Mapping[str, Any], most: int = 50) -> str:
    """Return figures as bars, by name; those of ``top_k_mentions`` by mention and label."""
    figures: dict[str, float] = {}
    for name, value in data.items():
        if isinstance(value, (int, float)):
            figures[name] = value
        elif name == "mentions":
            figures |= {f"{m['mention']} ({e['label']})": e["count"] for m in value for e in m["entities"]}
    largest = max(figures.values(), default=0) or 1
    rows = "".join(
        f"<tr><td style='{_CELL}'>{escape(str(name))}</td><td>{value:.4g}</td><td style='width:20em;text-align:left'>"
        f"<div style='background:hsl(210 60% 55%/.6);height:.9em;width:{100 * value / largest:.1f}%'></div></td></tr>"
        for name, value in list(figures.items())[:most]
    )
    more = f"<p style='{_MUTED}'>and {len(figures) - most} more</p>" if len(figures) > most else ""
    if not figures:
        return f"<p><b>{escape(title)}</b>: no records to tell of</p>"
    return f"<p><b>{escape(title)}</b></p><table style='color:inherit'>{rows}</table>{more}"


def _table(records: Sequence[Any]) -> str:
    if not records:
        return ""
    shown = "".join(
        f"<tr><td>{escape(str(each.id))}</td><td>{escape(each.status)}</td>"
        f"<td style='{_CELL}'>{_text(each)}</td>"
        f"<td style='text-align:left'>{_short(each, each.prediction)}</td>"
        f"<td style='text-align:left'>{_short(each, each.annotation)}</td></tr>"
        for each in records
    )
    heads = "".join(f"<th>{each}</th>" for each in ("id", "status", "text", "prediction", "annotation"))
    return f"<table style='color:inherit'><thead><tr>{heads}</tr></thead><tbody>{shown}</tbody></table>"


def counts(records: Sequence[Any]) -> str:
    """Return in words the number of records, by status.

    >>> counts([])
    '0 records'
    """
    total = f"{len(records)} record{'' if len(records) == 1 else 's'}"
    by_status = Counter(each.status for each in records).most_common()
    parts = ", ".join(f"{count} {status}" for status, count in by_status)
    return f"{total} ({parts})" if parts else total


def _short(record: Any, value: Any) -> str:
    return "" if value is None else _value_html(record, value)


def _value_html(record: Any, value: Any) -> str:
    if hasattr(record, "tokens"):
        return " ".join(_label(label, record.text[start:end]) for label, start, end, *_ in value) or "∅"
    if isinstance(value, str):
        return escape(value) if _is_pair(record) else _label(value)
    if not value:
        return "∅"
    if isinstance(value[0], str):
        return " ".join(map(_label, value))
    if _is_pair(record):
        return "<br>".join(
            f"{escape(text)} <span style='{_MUTED}'>{score:.3g}</span>" for text, score in value
        )
    return " ".join(f"{_label(label)} <span style='{_MUTED}'>{score:.3g}</span>" for label, score in value)


def _is_pair(record: Any) -> bool:
    return not hasattr(record, "tokens") and not hasattr(record, "inputs")


def _text(record: Any) -> str:
    if hasattr(record, "tokens"):
        value = record.prediction if record.annotation is None else record.annotation
        return _marked(record.text, value or ())
    inputs = getattr(record, "inputs", None) or {"text": getattr(record, "text", None)}
    if set(inputs) == {"text"}:
        return _plain(inputs["text"])
    return "<br>".join(
        f"<span style='{_MUTED}'>{escape(name)}</span> {_plain(value)}" for name, value in inputs.items()
    )


def _plain(value: Any) -> str:
    return escape(value if isinstance(value, str) else "\n".join(value or ()))


def _marked(text: str, spans: Iterable[Sequence[Any]]) -> str:
    """Return the text with its spans in colour; of those that overlap, the first and longest."""
    parts, here = [], 0
    for label, start, end, *_ in sorted(spans, key=lambda span: (span[1], -span[2])):
        if start >= here:
            parts += [escape(text[here:start]), _label(label, text[start:end])]
            here = end
    return "".join([*parts, escape(text[here:])])


def _label(label: str, text: str | None = None) -> str:
    """Return the label on its colour, in the text colour of the surroundings: legible on any background."""
    hue = crc32(label.encode(errors="replace")) % 360
    style = f"background:hsl({hue} 75% 50%/.22);color:inherit;border-bottom:2px solid hsl({hue} 70% 50%)"
    if text is None:
        return f"<mark style='{style};padding:0 .25em'>{escape(label)}</mark>"
    return f"<mark style='{style};padding:0 .15em'>{escape(text)} <sub>{escape(label)}</sub></mark>"
