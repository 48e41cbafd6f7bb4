"""Records of all kinds, as hypothesis makes them up: read in, stored, shown and read in again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apportion.domain.records import Record
from apportion.server.convert.records_in import BulkLimits, read_bulk
from apportion.server.convert.records_out import full_record, scan_record, search_record
from apportion.storage.sql.codec.fragments import encode_answers, encode_content
from apportion.storage.sql.codec.stored_row import StoredRow
from apportion.vocabulary import Status, Task

UPDATED = 1_700_000_000_000_000

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8) | st.sampled_from(
    [
        "a",
        'say "null"',
        '{"class_label":',
        '"event_timestamp":null,',
        "é\u0301",
        "👩‍🚀",
        "\n",
        "\0",
        'score":null',
    ]
)
scores = st.floats(0, 1)
ids = st.none() | st.integers() | names.filter(lambda each: "\0" not in each)
scalars = (
    texts
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
)
metadata = st.dictionaries(
    names.filter(lambda each: "." not in each),
    scalars
    | st.none()
    | st.lists(scalars | st.dictionaries(names, scalars | st.none(), max_size=2), max_size=3),
    max_size=4,
)
moments = st.datetimes(timezones=st.none() | st.just(None)).map(
    lambda each: each.isoformat() + "Z"
) | st.integers(0, 10**12)
vectors = st.dictionaries(
    names,
    st.fixed_dictionaries(
        {"value": st.lists(st.floats(-10, 10), min_size=1, max_size=3)},
        optional={"model": st.none() | names, "record_properties": st.none() | st.lists(names, max_size=2)},
    ),
    min_size=1,
    max_size=2,
)


def pairs(key: str, inner: str, least: int = 0, most: int = 3) -> Any:
    one = st.fixed_dictionaries({inner: names, "score": scores.map(lambda each: each / 3)})
    return st.fixed_dictionaries({key: st.lists(one, min_size=least, max_size=most)})


def answers(name: str, value: Any) -> dict[str, Any]:
    agents = names
    singular = st.tuples(agents, value).map(lambda both: {"agent": both[0], **both[1]})
    return {name: st.none() | singular, f"{name}s": st.none() | st.dictionaries(agents, value, max_size=2)}


def common(task: Task) -> dict[str, Any]:
    status = [each.value for each in Status if each is not Status.VALIDATED] + [None]
    if task is Task.TEXT_CLASSIFICATION:
        answer = answers("prediction", pairs("labels", "class")) | answers(
            "annotation", pairs("labels", "class", 1, 1)
        )
    elif task is Task.TEXT2TEXT:
        answer = answers("prediction", pairs("sentences", "text")) | answers(
            "annotation", pairs("sentences", "text")
        )
    else:
        span = st.sampled_from([(0, 3), (4, 9), (4, 14), (10, 14)])
        entity = st.tuples(span, names, scores).map(
            lambda each: {"start": each[0][0], "end": each[0][1], "label": each[1], "score": each[2]}
        )
        value = st.fixed_dictionaries(
            {"entities": st.lists(entity, max_size=1)}, optional={"score": st.none() | scores}
        )
        answer = answers("prediction", value) | answers("annotation", value)
    return {
        "id": ids,
        "metadata": st.none() | metadata,
        "event_timestamp": st.none() | moments,
        "status": st.sampled_from(status),
        "vectors": st.none() | vectors,
    } | answer


def records(task: Task) -> Any:
    own: dict[str, Any]
    if task is Task.TEXT_CLASSIFICATION:
        token = st.fixed_dictionaries(
            {"token": texts, "attributions": st.dictionaries(names, scores, max_size=2)}
        )
        own = {
            "inputs": st.dictionaries(names, texts | st.lists(texts, max_size=2), min_size=1, max_size=2),
            "explanation": st.none() | st.dictionaries(names, st.lists(token, max_size=2), max_size=1),
        }
    elif task is Task.TOKEN_CLASSIFICATION:
        own = {"text": st.just("Ana lives here."), "tokens": st.just(["Ana", "lives", "here", "."])}
    else:
        own = {"text": texts}
    optional = common(task)
    return st.fixed_dictionaries(own, optional=optional)


def bodies(task: Task) -> Any:
    """Requests that are clean and hold nothing contradictory."""
    return st.fixed_dictionaries({"records": st.lists(records(task), min_size=1, max_size=3)})


def row_of(record: Record, task: Task) -> StoredRow:
    """The record as the store hands it back."""
    return StoredRow(
        record.id,
        record.status,
        UPDATED,
        encode_content(record),
        encode_answers(task, record.prediction),
        encode_answers(task, record.annotation),
        record.vectors,
        1,
    )


@pytest.mark.parametrize("task", list(Task))
@settings(deadline=None)
@given(data=st.data())
def test_what_is_clean_reads_the_same_when_it_is_coerced(task: Task, data: st.DataObject) -> None:
    body = data.draw(bodies(task))
    dirty = body | {"tags": {"forces": 1}}
    fast, lenient = (
        read_bulk(json.dumps(each).encode(), task, BulkLimits(), make_id=lambda: "made")
        for each in (body, dirty)
    )

    assert lenient.records == fast.records


def logged_again(shown: bytes, task: Task) -> Any:
    (record,) = read_bulk(b'{"records":[%b]}' % shown, task, BulkLimits()).records
    return record


def nulls(value: Any) -> bool:
    if isinstance(value, dict):
        return any(each is None or nulls(each) for each in value.values())
    return isinstance(value, list) and any(map(nulls, value))


@pytest.mark.parametrize("task", list(Task))
@settings(deadline=None)
@given(data=st.data())
def test_logging_what_was_shown_changes_nothing(task: Task, data: st.DataObject) -> None:
    body = json.dumps(data.draw(bodies(task))).encode()
    for record in read_bulk(body, task, BulkLimits()).records:
        kept = row_of(record, task)

        assert logged_again(scan_record(kept, task, metrics=True), task) == record
        assert logged_again(scan_record(kept, task, metrics=False, text=False), task) == record
        assert logged_again(full_record(kept, task), task) == record


@pytest.mark.parametrize("task", list(Task))
@settings(deadline=None)
@given(data=st.data())
def test_a_search_shows_no_nulls_and_all_the_rest(task: Task, data: st.DataObject) -> None:
    body = json.dumps(data.draw(bodies(task))).encode()
    for record in read_bulk(body, task, BulkLimits()).records:
        kept = row_of(record, task)
        shown = json.loads(search_record(kept, task, metrics=True))
        full = json.loads(full_record(kept, task))

        assert not nulls(shown)
        assert shown == without_nulls(full)


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value
