"""Export of records as JSON lines: stored JSON is concatenated without being decoded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from apportion.domain.datasets import Dataset
from apportion.domain.times import utc_iso
from apportion.ports.answers import AnswerTable, StoredGold
from apportion.ports.deadline import Deadline
from apportion.services.records.export import ExportPage

from .export_provenance import ROWS_AT_ONCE, Memo, Provenance, ProvenanceReader
from .records_out import scan_record

__all__ = ["NameMemo", "gold_json", "instants", "jsonl_pages", "numerals"]

_encode = msgspec.json.Encoder().encode


def jsonl_pages(
    pages: Iterable[ExportPage], dataset: Dataset, deadline: Deadline, *, answers: bool = True
) -> Iterator[bytes]:
    """Yield a record a line: as in a scan, with ``answers`` if wanted, ``gold``, ``provenance``, ``soft_labels``."""
    reader, names, values = ProvenanceReader(dataset), NameMemo(), _JsonValues()
    for page in pages:
        rows, evidence = page
        members = _answers(evidence.answers, names, values) if answers else []
        each = evidence.answers.of_each(len(rows))
        lines = []
        found = zip(rows, each, reader.of(page, each), strict=True)
        for place, (row, own, provenance) in enumerate(deadline.each(found, ROWS_AT_ONCE)):
            line = scan_record(row.with_first_answer(), dataset.task, metrics=False, text=False)[:-1]
            if members[own]:
                line += f',"answers":{{{",".join(members[own])}}}'.encode()
            gold = evidence.gold.get(place)
            if gold is not None:
                line += b',"gold":' + gold_json(gold)
            if provenance.answered is not None:
                line += _provenance(provenance, names).encode()
            lines.append(line)
        lines.append(b"")
        yield b"}\n".join(lines)


def _answers(answers: AnswerTable, names: NameMemo, values: _JsonValues) -> list[str]:
    """Return the members of ``answers``."""
    return [
        f'{names[name]}:{{"value":{values[value]},"state":"{state}",'
        f'"version":{version},"seconds":{seconds},"updated_at":"{at}",'
        f'"counted":{"true" if counted else _EXTRA}}}'
        for name, state, value, version, seconds, at, counted in zip(
            answers.annotator,
            answers.state,
            answers.value,
            answers.version,
            numerals(answers.seconds),
            instants(answers.at),
            answers.counted,
            strict=True,
        )
    ]


_EXTRA = 'false,"extra":true'


def _provenance(provenance: Provenance, names: NameMemo) -> str:
    """Return ``provenance`` (agent, counted answers, those that agree, support) and ``soft_labels`` as members."""
    first, answered, agreeing, support, soft = provenance
    more = "" if soft is None else f',"soft_labels":{_encode(soft).decode()}'
    listed = names.listed(answered or ())
    if agreeing is None:
        return f',"provenance":{{"answers":{listed}}}{more}'
    return (
        f',"provenance":{{"agent":{"null" if first is None else first[0].decode()},"answers":{listed},'
        f'"agreeing":{names.listed(agreeing)},"support":{"null" if support is None else repr(support)}}}{more}'
    )


class _JsonValues(Memo):
    """Cache of stored values as JSON."""

    def __missing__(self, value: bytes | None) -> str:
        found: str = self.keep(value, "null" if value is None else f"{{{value.decode()}}}")
        return found


class NameMemo(Memo):
    """Cache of names as JSON."""

    def __missing__(self, name: str) -> str:
        found: str = self.keep(name, _encode(name).decode())
        return found

    def listed(self, wanted: Sequence[str]) -> str:
        """Return a list of names as JSON."""
        return f"[{','.join([self[each] for each in wanted])}]"


def numerals(numbers: Sequence[float | None]) -> list[str]:
    """Return numbers as Python writes them, ``null`` for None; a list at once takes a fraction of the time."""
    text = _encode(numbers).decode()
    if "e" in text:  # the encoder writes exponents differently
        return ["null" if each is None else repr(each) for each in numbers]
    return text[1:-1].split(",") if numbers else []


def instants(at: Sequence[int]) -> list[str]:
    """Return instants in ISO 8601, microseconds only if not zero; a list at once takes a fraction of the time."""
    import numpy as np

    when = np.asarray(at, dtype="datetime64[us]")
    found: list[str] = np.datetime_as_string(when, timezone="UTC").tolist()
    for place in np.flatnonzero(when.astype(np.int64) % 1_000_000 == 0).tolist():
        found[place] = f"{found[place][:19]}Z"
    return found


def gold_json(gold: StoredGold) -> bytes:
    """Return a gold value and its origin as JSON."""
    value = b"null" if gold.value is None else b"{%b}" % gold.value
    more = {"origin": gold.origin, "author": gold.author, "reason": gold.reason, "at": utc_iso(gold.at)}
    return b'{"value":%b,%b' % (value, _encode(more)[1:])
