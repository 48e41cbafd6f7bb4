"""Records to bytes and back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apportion.sdk._clock import from_wire, to_wire
from apportion.sdk._encode import read_page, read_search, to_bulk, user_id
from apportion.sdk.records import (
    RECORD_TYPES,
    Record,
    Text2TextRecord,
    TextClassificationRecord,
    TextGenerationRecord,
    TokenClassificationRecord,
    ValidationError,
)
from apportion.vocabulary import Task
from apportion.wire.records import Text2TextBulk, TextClassificationBulk, TokenClassificationBulk

BULKS: dict[Task, Any] = {
    Task.TEXT_CLASSIFICATION: TextClassificationBulk,
    Task.TOKEN_CLASSIFICATION: TokenClassificationBulk,
    Task.TEXT2TEXT: Text2TextBulk,
}

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5)
scores = st.floats(0, 1)
pairs = st.lists(st.tuples(names, scores), max_size=3)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(-1e9, 1e9) | texts
common: dict[str, Any] = {
    "id": st.integers() | names.map(lambda each: f"n{each}") | st.just("007"),
    "metadata": st.dictionaries(names, scalars, max_size=2),
    "status": st.sampled_from(["Default", "Edited", "Validated", "Discarded"]),
    "event_timestamp": st.datetimes(datetime(1971, 1, 1), datetime(2037, 1, 1)),  # noqa: DTZ001
    "vectors": st.none()
    | st.dictionaries(names, st.lists(st.floats(-1, 1), min_size=1), min_size=1, max_size=2),
}


def spoken(record: Record) -> Record:
    """With an agent where something is said, as the wire has it."""
    for name in ("prediction", "annotation"):
        if getattr(record, name) is not None:
            setattr(record, f"{name}_agent", "me")
    return record


@st.composite
def text_records(draw: Any) -> Record:
    multi = draw(st.booleans())
    answers = st.none() | (st.lists(names, max_size=2) if multi else names)
    return spoken(
        TextClassificationRecord(
            inputs=draw(st.dictionaries(names, texts | st.lists(texts, max_size=2), min_size=1, max_size=2)),
            prediction=draw(st.none() | pairs),
            annotation=draw(answers),
            multi_label=multi,
            explanation=draw(
                st.none()
                | st.dictionaries(
                    names,
                    st.lists(
                        st.fixed_dictionaries(
                            {
                                "token": texts,
                                "attributions": st.dictionaries(names, st.floats(-1, 1), max_size=2),
                            }
                        ),
                        max_size=2,
                    ),
                    max_size=2,
                )
            ),
            **{name: draw(each) for name, each in common.items()},
        )
    )


@st.composite
def token_records(draw: Any) -> Record:
    tokens = draw(st.lists(st.text(st.sampled_from("abé👩"), min_size=1, max_size=3), min_size=1, max_size=5))
    gap = draw(st.sampled_from([" ", "  ", "\n"]))
    place = st.integers(0, len(tokens) - 1)
    starts = [sum(map(len, tokens[:index])) + index * len(gap) for index in range(len(tokens))]

    def span(first: int, last: int) -> tuple[int, int]:
        first, last = sorted((first, last))
        return starts[first], starts[last] + len(tokens[last])

    spans = st.builds(span, place, place)
    labels = st.lists(st.tuples(names, spans, scores), max_size=3)
    prediction, annotation = draw(st.none() | labels), draw(st.none() | labels)
    return spoken(
        TokenClassificationRecord(
            gap.join(tokens),
            tokens,
            prediction=prediction and [(label, *span, score) for label, span, score in prediction],
            annotation=annotation and [(label, *span) for label, span, _ in annotation],
            **{name: draw(each) for name, each in common.items()},
        )
    )


@st.composite
def pair_records(draw: Any) -> Record:
    return spoken(
        Text2TextRecord(
            text=draw(texts),
            prediction=draw(st.none() | pairs),
            annotation=draw(st.none() | texts),
            **{name: draw(each) for name, each in common.items()},
        )
    )


def there_and_back(record: Record) -> Any:
    sent = msgspec.json.decode(to_bulk([record], {}, {}, "somebody"), type=BULKS[record.task])
    answer = msgspec.json.encode({"records": sent.records, "next_idx": "x", "next_page_cfg": "{}"})
    return read_page(answer, record.task)


@given(text_records() | token_records() | pair_records())
def test_records_come_back_equal(record: Record) -> None:
    [found], next_idx, next_page_cfg = there_and_back(record)

    assert found == record
    assert [type(value) for _, value in found] == [type(value) for _, value in record]
    assert (next_idx, next_page_cfg) == ("x", "{}")


def body(*records: Record, **more: Any) -> Any:
    return json.loads(to_bulk(records, agent="me", **more))


def test_members_that_are_none_are_left_out() -> None:
    [sent] = body(Text2TextRecord(text="a", id=1))["records"]

    assert set(sent) == {"id", "status", "event_timestamp", "metadata", "text"}


def test_empty_answers_are_not_the_same_as_none() -> None:
    [sent] = body(TokenClassificationRecord("a", ["a"], prediction=[], annotation=[]))["records"]

    assert sent["prediction"] == sent["annotation"] == {"agent": "me", "entities": []}


def test_tags_become_text() -> None:
    record = Text2TextRecord(text="a")

    assert body(record, tags={"a": True, "b": 1})["tags"] == {"a": "True", "b": "1"}
    with pytest.raises(ValidationError, match="tags"):
        body(record, tags={"a": None})


def test_metadata_may_hold_what_has_an_obvious_form() -> None:
    given = {"day": date(2026, 1, 31), "set": {1}, "nan": float("nan"), "price": Decimal("1.5")}

    [sent] = body(Text2TextRecord(text="a", metadata=given))["records"]

    assert sent["metadata"] == {"day": "2026-01-31", "set": [1], "nan": None, "price": "1.5"}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"metadata": {"a": object()}}, "no form in JSON"),
        ({"metadata": {"a": "\ud800"}}, "surrogates"),
        ({"status": "Foo"}, "'Foo' is none of"),
        ({"prediction": [("x", 1.5)]}, "a score is 1.5"),
        ({"prediction": [("x", float("nan"))]}, "a score is nan"),
        ({"prediction": ["x"], "prediction_agent": "x" * 65}, "more than 64"),
    ],
)
def test_what_cannot_be_sent_says_which_record_and_why(wrong: Any, why: str) -> None:
    records = [Text2TextRecord(text="a"), Text2TextRecord(text="b", id="b-7", **wrong)]

    with pytest.raises(ValidationError, match=rf"records\[1\]: .*{why}.*'b-7'"):
        to_bulk(records, {}, {}, "me")


@pytest.mark.parametrize("label", ["", "x" * 129])
def test_labels_of_spans_have_a_length(label: str) -> None:
    with pytest.raises(ValidationError, match="between 1 and 128"):
        body(TokenClassificationRecord("a", ["a"], prediction=[(label, 0, 1)]))


def test_records_of_several_kinds_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"records\[1\]: this is a TokenClassificationRecord"):
        body(Text2TextRecord(text="a"), TokenClassificationRecord("a", ["a"]))
    with pytest.deprecated_call(), pytest.raises(ValidationError, match="can't be logged"):
        body(TextGenerationRecord(text="a"))


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({"labels": [{"class": "a"}]}, "a"),
        ({"labels": [{"class_label": "a"}, {"class_label": "b"}]}, "a"),
        ({"labels": []}, []),
        (None, None),
    ],
)
def test_single_labels_are_read_in_all_their_forms(sent: Any, found: Any) -> None:
    record = {"id": "1", "inputs": {"text": "x"}, "text": "joined", "annotation": sent, "metrics": {}}

    [read], _, _ = read_page(json.dumps({"records": [record]}).encode(), Task.TEXT_CLASSIFICATION)

    assert (read.id, read.text, read.annotation, read.metrics) == (1, "x", found, None)
    assert read.status == ("Default" if found is None else "Validated")


def test_spans_that_do_not_fit_are_readable() -> None:
    entities = {"agent": "me", "entities": [{"label": "A", "start": 1, "end": 2, "score": None}]}
    record = {"id": "x", "text": "ab", "tokens": ["ab"], "prediction": entities, "annotation": entities}

    [read], _, _ = read_page(json.dumps({"records": [record]}).encode(), Task.TOKEN_CLASSIFICATION)

    assert (read.prediction, read.annotation) == ([("A", 1, 2, 0.0)], [("A", 1, 2)])


def test_searches_tell_total_and_counts() -> None:
    answer = {"total": 7, "records": [{"id": 1, "text": "a"}], "aggregations": {"status": {"Default": 7}}}

    found = read_search(json.dumps(answer).encode(), Task.TEXT2TEXT)

    assert ([each.id for each in found.records], found.total) == ([1], 7)
    assert found.aggregations == {"status": {"Default": 7}}


@pytest.mark.parametrize(
    ("sent", "known"),
    [("7", 7), ("-7", -7), ("0", 0), ("007", "007"), ("-0", "-0"), ("٣", "٣"), ("", ""), ("a", "a"), (7, 7)],
)
def test_ids_written_as_integers_become_integers(sent: Any, known: Any) -> None:
    assert user_id(sent) == known


def test_every_task_has_a_record_type() -> None:
    assert set(RECORD_TYPES) == set(Task)


# Times


@pytest.fixture(params=["UTC", "Europe/Madrid", "Asia/Kathmandu"])
def somewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if not hasattr(time, "tzset"):
        pytest.skip("this platform cannot change its time zone")
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    "naive",
    [
        "2026-01-31T12:00:00.000001",
        "2026-07-01T00:00:00",
        "2026-03-29T04:00:00",
        "1970-01-01T00:00:00",
    ],
)
def test_naive_times_travel_with_the_local_offset(somewhere: str, naive: str) -> None:
    moment = datetime.fromisoformat(naive)
    sent = to_wire(moment)

    assert from_wire(sent) == moment
    assert sent.utcoffset() == moment.astimezone().utcoffset()


@pytest.mark.parametrize("moment", [datetime.min, datetime(1800, 1, 1), datetime.max])  # noqa: DTZ001, DTZ901
def test_the_ends_of_time_can_be_sent_and_read(somewhere: str, moment: datetime) -> None:
    assert abs(from_wire(to_wire(moment)) - moment) < timedelta(days=1)
    assert from_wire(moment.replace(tzinfo=timezone.utc)).tzinfo is None


def test_times_with_an_offset_keep_it_on_the_wire_and_are_local_here() -> None:
    moment = datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=5)))

    assert to_wire(moment) is moment
    assert from_wire(moment) == moment.astimezone().replace(tzinfo=None)
