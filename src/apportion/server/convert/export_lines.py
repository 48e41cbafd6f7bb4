"""Records as exports show them in JSON lines: what is stored as JSON is put side by side, and never read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from apportion.domain.datasets import Dataset
from apportion.domain.times import utc_iso
from apportion.ports.answers import AnswerTable, StoredGold
from apportion.ports.records import StoredRecord
from apportion.services.records.export import ExportPage

from .export_provenance import Memo, Provenance, ProvenanceReader
from .records_out import scan_record

__all__ = ["NameMemo", "gold_json", "instants", "jsonl_pages", "numerals"]

_encode = msgspec.json.Encoder().encode


def jsonl_pages(pages: Iterable[ExportPage], dataset: Dataset, *, answers: bool = True) -> Iterator[bytes]:
    """A record a line: as the scan shows it, with ``answers`` if wanted, ``gold``, ``provenance``, ``soft_labels``."""
    standings, names, values = ProvenanceReader(dataset), NameMemo(), _Values()
    for page in pages:
        rows, behind = page
        members = _answers(behind.said, names, values) if answers else []
        each = behind.said.of_each(len(rows))
        lines = []
        for place, (row, own, standing) in enumerate(zip(rows, each, standings.of(page, each), strict=True)):
            line = scan_record(_bare(row, standing.first), dataset.task, metrics=False, text=False)[:-1]
            if members[own]:
                line += f',"answers":{{{",".join(members[own])}}}'.encode()
            gold = behind.gold.get(place)
            if gold is not None:
                line += b',"gold":' + gold_json(gold)
            if standing.answered is not None:
                line += _provenance(standing, names).encode()
            lines.append(line)
        lines.append(b"")
        yield b"}\n".join(lines)


def _bare(row: StoredRecord, first: tuple[bytes, bytes] | None) -> StoredRecord:
    """The record without anybody's own answer: those come with more to them."""
    id, status, updated, content, prediction, _, vectors, number = row
    answer = None if first is None else b"\n".join(first)
    return StoredRecord(id, status, updated, content, prediction, answer, vectors, number)


def _answers(said: AnswerTable, names: NameMemo, values: _Values) -> list[str]:
    """The members of ``answers``."""
    return [
        f'{names[name]}:{{"value":{values[value]},"state":"{state}",'
        f'"version":{version},"seconds":{seconds},"updated_at":"{at}",'
        f'"counted":{"true" if counted else _EXTRA}}}'
        for name, state, value, version, seconds, at, counted in zip(
            said.annotator,
            said.state,
            said.value,
            said.version,
            numerals(said.seconds),
            instants(said.at),
            said.counted,
            strict=True,
        )
    ]


_EXTRA = 'false,"extra":true'


def _provenance(standing: Provenance, names: NameMemo) -> str:
    """Whose value it is, whose answers counted and which of them say the same; what share has which label."""
    first, answered, agreeing, support, soft = standing
    more = "" if soft is None else f',"soft_labels":{_encode(soft).decode()}'
    listed = names.listed(answered or ())
    if agreeing is None:
        return f',"provenance":{{"answers":{listed}}}{more}'
    return (
        f',"provenance":{{"agent":{"null" if first is None else first[0].decode()},"answers":{listed},'
        f'"agreeing":{names.listed(agreeing)},"support":{"null" if support is None else repr(support)}}}{more}'
    )


class _Values(Memo):
    """Stored values as JSON."""

    def __missing__(self, value: bytes | None) -> str:
        found: str = self.keep(value, "null" if value is None else f"{{{value.decode()}}}")
        return found


class NameMemo(Memo):
    """Names as JSON."""

    def __missing__(self, name: str) -> str:
        found: str = self.keep(name, _encode(name).decode())
        return found

    def listed(self, wanted: Sequence[str]) -> str:
        """A list of names."""
        return f"[{','.join([self[each] for each in wanted])}]"


def numerals(numbers: Sequence[float | None]) -> list[str]:
    """Numbers as Python writes them, ``null`` for none; all at once in a fraction of the time."""
    text = _encode(numbers).decode()
    if "e" in text:  # the encoder writes exponents in another way
        return ["null" if each is None else repr(each) for each in numbers]
    return text[1:-1].split(",") if numbers else []


def instants(at: Sequence[int]) -> list[str]:
    """Each in ISO 8601, microseconds only where there are some; all at once in a fraction of the time."""
    import numpy as np

    when = np.asarray(at, dtype="datetime64[us]")
    found: list[str] = np.datetime_as_string(when, timezone="UTC").tolist()
    for place in np.flatnonzero(when.astype(np.int64) % 1_000_000 == 0).tolist():
        found[place] = f"{found[place][:19]}Z"
    return found


def gold_json(gold: StoredGold) -> bytes:
    """A gold value and where it comes from."""
    value = b"null" if gold.value is None else b"{%b}" % gold.value
    more = {"origin": gold.origin, "author": gold.author, "reason": gold.reason, "at": utc_iso(gold.at)}
    return b'{"value":%b,%b' % (value, _encode(more)[1:])
