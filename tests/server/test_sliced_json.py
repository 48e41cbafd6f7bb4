"""A large body is read slice by slice: the same as a whole, and refused with the same errors."""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pytest

from apportion.domain.errors import ValidationError
from apportion.server.convert import sliced_json
from apportion.server.convert.records_in import BulkLimits, read_bulk
from apportion.server.convert.sliced_json import slice_records
from apportion.vocabulary import Task

TEXT = Task.TEXT_CLASSIFICATION
ODD = [
    '"',
    "\\",
    '\\"',
    "}",
    "{",
    "]",
    "[",
    ",",
    '"},{"',
    "\\\\",
    "é",
    "\U0001f600",
    "\n",
    "records",
    '"records":[',
]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sliced_json, "SLICE", 40)
    monkeypatch.setattr(sliced_json, "_CHUNK", 7)


def _value(dice: random.Random, depth: int = 0) -> Any:
    kind = dice.randrange(6 if depth < 3 else 4)
    if kind == 4:
        return [_value(dice, depth + 1) for _ in range(dice.randrange(4))]
    if kind == 5:
        return {_text(dice): _value(dice, depth + 1) for _ in range(dice.randrange(4))}
    return [_text(dice), dice.randrange(-5, 5) / 4, None, True][kind]


def _text(dice: random.Random) -> str:
    return "".join(dice.choices([*ODD, "a", " "], k=dice.randrange(6)))


@pytest.mark.parametrize("seed", range(60))
def test_slices_are_the_records_of_the_whole(seed: int) -> None:
    dice = random.Random(seed)
    records = [_value(dice) for _ in range(dice.randrange(1, 30))]
    members = {"tags": _value(dice), "records": records, "metadata": _value(dice)}
    names = list(members)
    dice.shuffle(names)
    spaces = dice.choice([(",", ":"), (" ,\n", " : ")])
    sent = json.dumps({name: members[name] for name in names}, separators=spaces, ensure_ascii=seed % 2 == 0)
    body = sent.encode()
    sliced = slice_records(body)
    if sliced is None:  # small, or another list of that name comes first
        assert len(body) < 80 or '"records' in body.decode()[: body.index(b'"records')] + json.dumps(
            members["tags"]
        )
        return
    assert sliced.head == {name: each for name, each in members.items() if name != "records"}
    found = [each for place in sliced.places for each in msgspec.json.decode(sliced.slice(place))]
    assert found == records


@pytest.mark.parametrize(
    "body",
    [
        '{"records": [%s}',
        '{"records": [%s], "records": [{"inputs": {"text": "another"}}]}',
        '{"metadata": {"records": [%s]}, "records": []}',
        '{"metadata": {"records": [%s]}}',
        '{"metadata": "\\"records\\": [", "tags": [%s]}',
        '[{"records": [%s]}]',
        '{"records": [%s]} and more',
    ],
)
def test_what_only_looks_like_a_list_of_records_is_read_as_a_whole(body: str) -> None:
    records = ", ".join(json.dumps({"inputs": {"text": f"number {n}"}}) for n in range(9))
    assert slice_records((body % records).encode()) is None


@pytest.mark.parametrize("end", [",", ", ", ",,", "]", "}"])
def test_a_list_with_a_wrong_end_is_refused(end: str) -> None:
    body = json.dumps({"records": _records(30)}).encode()
    with pytest.raises(ValidationError):
        read_bulk(body.replace(b"}]}", b"}%b]}" % end.encode()), TEXT, BulkLimits())


def test_other_encodings_are_read_as_a_whole() -> None:
    body = json.dumps({"records": [{"inputs": {"text": "a"}}] * 20})
    assert slice_records(body.encode("utf-16")) is None
    assert len(read_bulk(body.encode("utf-16"), TEXT, BulkLimits()).records) == 20


def _records(many: int, **more: Any) -> list[Any]:
    return [{"id": str(n), "inputs": {"text": f"number {n}"}, **more} for n in range(many)]


def _read_both(records: list[Any], monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """Return what a body gives in slices and as a whole: records, or errors."""
    body = json.dumps({"records": records, "tags": {"a": "b"}}).encode()

    def read() -> Any:
        try:
            return read_bulk(body, TEXT, BulkLimits(max_records=300), make_id=lambda: "made")
        except ValidationError as refused:
            return refused.errors, refused.model

    assert slice_records(body) is not None
    sliced = read()
    monkeypatch.setattr(sliced_json, "SLICE", 10**9)
    assert slice_records(body) is None
    return sliced, read()


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"id": 7, "metadata": {"a": {"b": 1}}},
        {"id": 7.5},
        {"status": "nothing"},
        {"multi_label": True},
        {"inputs": {}},
        {"metadata": {"a": "\ud800"}},
        {"metadata": {"a": float("nan")}},
        {"metadata": {"a": 2**70}},
        {"prediction": {"agent": "x", "labels": [{"class": "a", "score": 3}]}},
    ],
)
@pytest.mark.parametrize("many", [250, 301])
def test_they_are_read_and_refused_as_in_a_whole(
    change: Any, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = _records(many)
    for n in (3, many - 2):
        records[n] = {**records[n], **change}
    sliced, whole = _read_both(records, monkeypatch)
    assert sliced == whole


def test_an_error_in_a_slice_names_its_place_in_the_body() -> None:
    body = json.dumps({"records": _records(50)}).encode()
    place = body.index(b'"number 40"')
    broken = body[:place] + b"?" + body[place + 1 :]
    with pytest.raises(ValidationError) as refused:
        read_bulk(broken, TEXT, BulkLimits())
    (error,) = refused.value.errors
    assert (error["type"], error["loc"]) == ("value_error.jsondecode", ["body", place])
    assert str(place) in error["msg"]


def test_the_reader_rests_between_slices() -> None:
    rests: list[int] = []
    body = json.dumps({"records": _records(100)}).encode()
    read_bulk(body, TEXT, BulkLimits(), rest=lambda: rests.append(1))
    assert len(rests) > 50


def test_a_body_of_very_many_lists_is_refused_before_it_is_decoded() -> None:
    limits = BulkLimits(max_containers=20)
    in_texts = {"records": [{"inputs": {"text": '[{\\"[{' * 50}}]}
    lists = {"records": [{"inputs": {"text": "x"}, "metadata": {"m": [[]] * 20}}]}

    assert len(read_bulk(json.dumps(in_texts).encode(), TEXT, limits).records) == 1
    with pytest.raises(ValidationError) as refused:
        read_bulk(json.dumps(lists).encode(), TEXT, limits)
    assert [error["msg"] for error in refused.value.errors] == [
        "ensure this value has at most 20 lists and objects, all records together: log fewer records at once"
    ]
