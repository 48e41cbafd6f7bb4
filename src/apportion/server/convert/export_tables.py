"""Records as exports show them: JSON lines, and rows of a table (CSV, Parquet) with one set of columns a person.

Cells of a table that are no plain text hold JSON; a text that could be mistaken for JSON is written as a JSON string.
So every cell can be read back as what it was.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import msgspec

from apportion.domain.datasets import Dataset
from apportion.domain.errors import BadRequestError
from apportion.domain.times import utc_iso
from apportion.ports.answers import Behind, KeptGold, Names, Said
from apportion.ports.records import Row
from apportion.vocabulary import AnnotationState, Task

from .records_out import scan_record

__all__ = ["MEDIA", "cell", "columns_of", "csv_pages", "jsonl_pages", "parquet_pages", "shown"]

MEDIA = {
    "jsonl": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
Page = list[tuple[Row, Behind]]
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_KEPT = 50_000
_PLURAL = {
    Task.TEXT_CLASSIFICATION: "labels",
    Task.TOKEN_CLASSIFICATION: "entities",
    Task.TEXT2TEXT: "sentences",
}


class Lines:
    """Writes records as JSON lines."""

    def __init__(self, dataset: Dataset) -> None:
        self._task = dataset.task
        self._multi = bool(dataset.multi_label)
        self._read: dict[bytes, Any] = {}
        self._voted: dict[Any, tuple[tuple[bool, ...], bytes]] = {}

    def line(self, row: Row, behind: Behind) -> bytes:
        """A record as the scan shows it, with ``answers``, ``gold``, ``provenance`` and ``soft_labels``."""
        first = None if row.answer is None else tuple(row.answer.split(b"\n", 2)[:2])
        if first is not None and first[0] == b"null":
            first = None
        bare = row._replace(answer=None if first is None else b"\n".join(first))
        parts = [scan_record(bare, self._task, metrics=False, text=False)[:-1]]
        if behind.said:
            parts.append(b'"answers":{%b}' % b",".join([_said(each) for each in behind.said]))
        if behind.gold is not None:
            parts.append(b'"gold":' + _gold(behind.gold))
        counted = [each for each in behind.said if each.counted]
        if counted or first is not None:
            parts.append(self._provenance(row, behind, first, counted))
        return b",".join(parts) + b"}\n"

    def _provenance(
        self, row: Row, behind: Behind, first: tuple[bytes, ...] | None, counted: list[Said]
    ) -> bytes:
        """Whose value it is, whose answers counted and which of them say the same; what share has which label."""
        values = tuple([None if each.state is AnnotationState.DISCARDED else each.value for each in counted])
        value = None if first is None else first[1]
        agree, votes = self._votes(value, values)
        names = [_name(each.annotator) for each in counted]
        soft = votes
        posterior = behind.posterior
        if posterior is not None:
            soft = _encode(posterior.labels)
        more = b',"soft_labels":' + soft if soft else b""
        if row.status.value not in ("Validated", "Discarded"):
            return b'"provenance":{"answers":[%b]}%b' % (b",".join(names), more)
        support: Any = sum(agree) / len(agree) if agree else None
        agent = b"null" if first is None else first[0]
        if posterior is not None and value is not None and agent.startswith(b'"consensus:'):
            support = posterior.labels.get(str(self._meaning(value)))
        agreeing = [name for name, same in zip(names, agree, strict=True) if same]
        return b'"provenance":{"agent":%b,"answers":[%b],"agreeing":[%b],"support":%b}%b' % (
            agent,
            b",".join(names),
            b",".join(agreeing),
            b"null" if support is None else b"%r" % support,
            more,
        )

    def _votes(self, value: bytes | None, values: tuple[bytes | None, ...]) -> tuple[tuple[bool, ...], bytes]:
        """Which answers mean the same as the value, and the share of each label as JSON; the same votes recur."""
        known = self._voted.get((value, values))
        if known is None:
            if len(self._voted) > _KEPT:
                self._voted.clear()
            meant = None if value is None else self._meaning(value)
            said = [None if each is None else self._meaning(each) for each in values]
            soft = self._soft(said)
            known = tuple([one == meant for one in said]), _encode(soft) if soft else b""
            self._voted[value, values] = known
        return known

    def _soft(self, said: Sequence[Any]) -> dict[str, float] | None:
        if self._task is not Task.TEXT_CLASSIFICATION:
            return None
        votes: Counter[str] = Counter()
        usable = [each for each in said if each is not None]
        for each in usable:
            votes.update(each if self._multi else (each,))
        return {label: count / len(usable) for label, count in sorted(votes.items())} if usable else None

    def _meaning(self, value: bytes) -> Any:
        """What a stored value says, scores apart."""
        known = self._read.get(value)
        if known is None:
            if len(self._read) > _KEPT:
                self._read.clear()
            found = _decode(b"{%b}" % value)
            if self._task is Task.TOKEN_CLASSIFICATION:
                known = frozenset((each["start"], each["end"], each["label"]) for each in found["entities"])
            elif self._task is Task.TEXT2TEXT:
                best = max(found["sentences"], key=lambda each: each["score"], default=None)
                known = "" if best is None else best["text"]
            elif self._multi:
                known = frozenset(each["class_label"] for each in found["labels"] if each["score"] > 0.5)
            else:
                best = max(found["labels"], key=lambda each: each["score"], default=None)
                known = "" if best is None else best["class_label"]
            self._read[value] = known
        return known


_names: dict[str, bytes] = {}


def _name(text: str) -> bytes:
    known = _names.get(text)
    if known is None:
        if len(_names) > _KEPT:
            _names.clear()
        known = _names[text] = _encode(text)
    return known


def _said(each: Said) -> bytes:
    annotator, state, value, version, seconds, at, counted = each
    return b'%b:{"value":%b,"state":"%b","version":%d,"seconds":%b,"updated_at":%b,"counted":%b}' % (
        _name(annotator),
        b"null" if value is None else b"{%b}" % value,
        _STATES[state],
        version,
        b"null" if seconds is None else b"%r" % seconds,
        _instant(at),
        b"true" if counted else b'false,"extra":true',
    )


_STATES = {state: state.value.encode() for state in AnnotationState}


def _instant(at: int) -> bytes:
    """As ``utc_iso`` writes it, in a fraction of the time."""
    seconds, micro = divmod(at, 1_000_000)
    days, seconds = divmod(seconds, 86_400)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    if micro:
        return b'"%bT%02d:%02d:%02d.%06dZ"' % (_day(days), hour, minute, second, micro)
    return b'"%bT%02d:%02d:%02dZ"' % (_day(days), hour, minute, second)


@lru_cache(maxsize=4096)
def _day(days: int) -> bytes:
    return utc_iso(days * 86_400_000_000)[:10].encode()


def _gold(gold: KeptGold) -> bytes:
    value = b"null" if gold.value is None else b"{%b}" % gold.value
    more = {"origin": gold.origin, "author": gold.author, "reason": gold.reason, "at": utc_iso(gold.at)}
    return b'{"value":%b,%b' % (value, _encode(more)[1:])


def jsonl_pages(pages: Iterable[Page], dataset: Dataset) -> Iterator[bytes]:
    """A record a line."""
    lines = Lines(dataset)
    for page in pages:
        yield b"".join(lines.line(row, behind) for row, behind in page)


# Tables

ANSWER_PARTS = (".state", ".at", ".seconds")
"""Beside the answer, of every person: whether it is submitted, discarded or an extra, when, and how long it took."""


def cell(value: Any) -> str:
    """A value as text that can be read back: JSON, except for texts that cannot be mistaken for it."""
    if value is None:
        return ""
    if isinstance(value, str) and value and not _may_be_json(value):
        return value
    if value.__class__ is float:
        return repr(value)
    return _encode(value).decode()


def _may_be_json(text: str) -> bool:
    if text[0] not in '{["-0123456789tfnNI' and not text[0].isspace():
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def columns_of(dataset: Dataset, names: Names) -> list[str]:
    """The columns of a table of this dataset."""
    texts = [f"inputs.{name}" for name in names.inputs] or ["text"]
    if dataset.task is Task.TOKEN_CLASSIFICATION:
        texts = ["text", "tokens"]
    people = [f"answer.{name}{part}" for name in names.annotators for part in ("", *ANSWER_PARTS)]
    soft = [f"soft.{label}" for label in names.labels] if dataset.task is Task.TEXT_CLASSIFICATION else []
    return [
        "id",
        *texts,
        "status",
        "annotation",
        "annotation_agent",
        "support",
        "agreeing",
        *people,
        *soft,
        "gold",
        "prediction",
        *(f"metadata.{name}" for name in names.metadata),
        "metadata",
        "event_timestamp",
        "multi_label",
        "vectors",
    ]


class Table:
    """Records as rows of cells."""

    def __init__(self, dataset: Dataset, names: Names) -> None:
        self.columns = columns_of(dataset, names)
        self._place = {name: place for place, name in enumerate(self.columns)}
        self._lines = Lines(dataset)
        self._task = dataset.task
        self._multi = bool(dataset.multi_label)
        self._metadata = frozenset(names.metadata)

    def row(self, row: Row, behind: Behind) -> list[str]:
        """The cells of a record, empty where it has nothing."""
        found = _decode(self._lines.line(row, behind))
        flat: dict[str, Any] = {
            "id": found["id"],
            "status": found["status"],
            "text": found.get("text"),
            "tokens": found.get("tokens"),
            "gold": found.get("gold"),
            "prediction": found["predictions"],
            "event_timestamp": found["event_timestamp"],
            "multi_label": found.get("multi_label"),
            "vectors": found["vectors"],
        }
        if found["annotation"] is not None:
            flat["annotation"] = self._plain(found["annotation"])
            flat["annotation_agent"] = found["annotation"]["agent"]
        if "provenance" in found:
            flat["support"] = found["provenance"].get("support")
            flat["agreeing"] = found["provenance"].get("agreeing")
        for name, value in (found.get("inputs") or {}).items():
            flat[f"inputs.{name}"] = value
        rest = {}
        for name, value in (found["metadata"] or {}).items():
            if name in self._metadata:
                flat[f"metadata.{name}"] = value
            else:
                rest[name] = value
        flat["metadata"] = rest or None
        for name, said in found.get("answers", {}).items():
            flat[f"answer.{name}"] = None if said["value"] is None else self._plain(said["value"])
            flat[f"answer.{name}.state"] = said["state"] if said["counted"] else f"{said['state']} extra"
            flat[f"answer.{name}.at"] = said["updated_at"]
            flat[f"answer.{name}.seconds"] = said["seconds"]
        for label, share in found.get("soft_labels", {}).items():
            flat[f"soft.{label}"] = share
        # An id is always text, and so are a few words of ours: they are never read as JSON.
        cells = [""] * len(self.columns)
        for name, value in flat.items():
            place = self._place.get(name)
            if place is not None and value is not None:
                cells[place] = value if name in _WORDS else cell(value)
        return cells

    def _plain(self, value: dict[str, Any]) -> Any:
        """A label as itself; everything else in full."""
        parts = value[_PLURAL[self._task]]
        if self._task is Task.TEXT_CLASSIFICATION:
            names = [part["class_label"] for part in parts if not self._multi or part["score"] > 0.5]
            return names if self._multi else names[0] if names else None
        if self._task is Task.TEXT2TEXT:
            return parts[0]["text"] if len(parts) == 1 else [part["text"] for part in parts]
        return [{"start": part["start"], "end": part["end"], "label": part["label"]} for part in parts]


_WORDS = frozenset({"id", "status", "annotation_agent"})


_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def shown(text: str) -> str:
    """A cell that a spreadsheet shows and does not compute.

    >>> shown('=HYPERLINK("https://example.org")'), shown("-0.5")
    ('\'=HYPERLINK("https://example.org")', '-0.5')
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def csv_pages(
    pages: Iterable[Page], dataset: Dataset, names: Names, *, spreadsheet: bool = False
) -> Iterator[bytes]:
    """A header, then a record a row; texts as they were logged, unless they are for a spreadsheet."""
    table = Table(dataset, names)
    for some in chain([[table.columns]], ([table.row(*pair) for pair in page] for page in pages)):
        yield _csv([list(map(shown, row)) for row in some] if spreadsheet else some)


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def parquet_pages(dataset: Dataset, names: Names) -> Callable[[Iterable[Page]], Iterator[bytes]]:
    """Writes a table of the CSV's columns: numbers as numbers, all else as the text of the CSV's cells.

    Refused where pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        raise BadRequestError(
            "This server cannot write Parquet: install it with the extra, `pip install 'apportion[parquet]'`, "
            "or ask for csv or jsonl."
        ) from None
    table = Table(dataset, names)
    kinds: dict[str, tuple[Any, Callable[[str], Any]]] = {
        "number": (pa.float64(), float),
        "flag": (pa.bool_(), "true".__eq__),
        "text": (pa.string(), str),
    }
    of_column = [kinds[_kind(name)] for name in table.columns]
    schema = pa.schema([(name, kind) for name, (kind, _) in zip(table.columns, of_column, strict=True)])

    def write(pages: Iterable[Page]) -> Iterator[bytes]:
        sink = _Sink()
        with pq.ParquetWriter(sink, schema) as writer:
            for page in pages:
                rows = [table.row(row, behind) for row, behind in page]
                arrays = [
                    pa.array([read(each) if each else None for each in column], kind)
                    for column, (kind, read) in zip(zip(*rows, strict=True), of_column, strict=True)
                ]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
                yield sink.take()
        yield sink.take()

    return write


def _kind(name: str) -> str:
    """What the cells of a column of ours hold: numbers, true or false, or text."""
    if name == "multi_label":
        return "flag"
    numbers = (
        name == "support"
        or name.startswith("soft.")
        or (name.startswith("answer.") and name[-8:] == ".seconds")
    )
    return "number" if numbers else "text"


class _Sink:
    """A file that is given away as it is written."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._written = 0

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._written += len(part)
        return len(part)

    def tell(self) -> int:
        return self._written

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def take(self) -> bytes:
        """What was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)
