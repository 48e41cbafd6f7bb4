"""Bodies of ``:bulk``: what is taken, what is coerced, what is refused and how."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apportion.domain.errors import ValidationError
from apportion.domain.records import (
    Entities,
    TextClassificationRecord,
    TokenClassificationRecord,
)
from apportion.server.convert.records_in import Bulk, BulkLimits, read_bulk
from apportion.vocabulary import Status, Task

TEXT, TOKEN, TEXT2TEXT = Task.TEXT_CLASSIFICATION, Task.TOKEN_CLASSIFICATION, Task.TEXT2TEXT
LIMITS = BulkLimits(max_records=5, max_text=100, metadata_length=10)


def read(*records: Any, task: Task = TEXT, limits: BulkLimits = LIMITS, **more: Any) -> Bulk:
    body = json.dumps({"records": list(records), **more}).encode()
    return read_bulk(body, task, limits, make_id=lambda: "made")


def one(task: Task = TEXT, **members: Any) -> Any:
    return read(OWN[task] | members, task=task).records[0]


def refused(body: Any, task: Task = TEXT, limits: BulkLimits = LIMITS) -> list[dict[str, Any]]:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(ValidationError) as caught:
        read_bulk(sent, task, limits)
    json.dumps(caught.value.params(), ensure_ascii=False).encode()  # it can be told
    return caught.value.errors


def error(task: Task = TEXT, **members: Any) -> tuple[list[Any], str]:
    """Path within the record, and type, of the only error."""
    (found,) = refused({"records": [OWN[task] | members]}, task)
    start = 3 if found["loc"][0] == "body" else 2
    return found["loc"][start:], found["type"]


OWN: dict[Task, dict[str, Any]] = {
    TEXT: {"inputs": {"text": "x"}},
    TOKEN: {"text": "Ana left", "tokens": ["Ana", "left"]},
    TEXT2TEXT: {"text": "x"},
}


def answered(*labels: Any, agent: str = "m") -> dict[str, Any]:
    return {"agent": agent, "labels": [{"class": name, "score": score} for name, score in labels]}


# Anything at all


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "records",
                        "inputs",
                        "id",
                        "prediction",
                        "labels",
                        "class",
                        "score",
                        "agent",
                        "metadata",
                        "tags",
                        "text",
                        "tokens",
                        "entities",
                        "vectors",
                        "value",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
    ),
    st.sampled_from(Task),
)
def test_any_json_is_read_or_refused(value: Any, task: Task) -> None:
    body = json.dumps(
        {"records": [OWN[task] | (value if isinstance(value, dict) else {"id": value})], "tags": value}
    )
    try:
        read_bulk(body.encode(), task, BulkLimits())
    except ValidationError as refusal:
        msgspec.json.encode(refusal.params())


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for each in (body, b'{"records":' + body, b'{"records":[{"inputs":{"a":"' + body + b'"}}]}'):
        try:
            read_bulk(each, TEXT, LIMITS)
        except ValidationError as refusal:
            msgspec.json.encode(refusal.params())


# What is taken


def test_a_record_holds_what_was_sent() -> None:
    record = one(
        id=7,
        prediction=answered(("A", 0.2), ("B", 0.8)),
        status="Edited",
        metadata={"a": {"b": 1}, "c": None},
    )

    assert isinstance(record, TextClassificationRecord)
    assert (record.id, record.status, record.metadata) == ("7", Status.EDITED, {"a.b": 1})
    assert record.prediction is not None
    assert record.prediction.by_agent == {"m": (("B", 0.8), ("A", 0.2))}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [(7, "7"), ("007", "007"), ("1_0", "1_0"), (" 5 ", " 5 "), (2.0, "2"), (2.7, "2.7"), (True, "true"),
     (10**30, str(10**30)), (-1, "-1"), (None, "made"), ("a/b", "a/b"), ("👩‍🚀", "👩‍🚀")],
)  # fmt: skip
def test_ids_are_kept_as_sent(sent: Any, kept: str) -> None:
    assert one(id=sent).id == kept


@pytest.mark.parametrize(
    ("members", "name", "value"),
    [
        ({"inputs": {"text": 5}}, "inputs", {"text": "5"}),
        ({"inputs": {"text": ["a", 1.5, True]}}, "inputs", {"text": ["a", "1.5", "True"]}),
        ({"multi_label": "yes"}, "multi_label", True),
        ({"metadata": {}}, "metadata", {}),
        ({"metadata": None}, "metadata", None),
        ({"metadata": {"long": "x" * 9 + "12345"}}, "metadata", {"long": "x" * 5 + "12345"}),
        ({"unknown": {"x": 1}, "metrics": {}}, "status", Status.DEFAULT),
        ({"status": None}, "status", Status.DEFAULT),
        ({"inputs": {"text": "a\0b 👩‍🚀 e\u0301"}}, "inputs", {"text": "a\0b 👩‍🚀 e\u0301"}),
    ],
)
def test_what_1x_coerced_is_coerced(members: Any, name: str, value: Any) -> None:
    assert getattr(one(**members), name) == value


@pytest.mark.parametrize(
    "label",
    [{"class": "1", "score": 0.5}, {"class": 1, "score": 0.5}, {"class_label": "1", "score": "0.5"}],
)
def test_labels_come_in_several_spellings(label: Any) -> None:
    record = one(prediction={"agent": "m", "labels": [label]})
    assert record.prediction.value == (("1", 0.5),)


def test_raw_text_counts_where_text_is_empty() -> None:
    assert one(TOKEN, text="", raw_text="Ana left").text == "Ana left"
    assert read({"raw_text": "Ana", "tokens": ["Ana"]}, task=TOKEN).records[0].text == "Ana"


def test_of_several_agents_the_singular_counts_else_the_first() -> None:
    several = {"b": {"labels": [{"class": "B"}]}, "a": {"agent": "else", "labels": []}}

    both = one(predictions=several, prediction=answered(("M", 1))).prediction
    only = one(predictions=several).prediction

    assert both.agent == "m"
    assert both.by_agent == {"b": (("B", 1.0),), "a": (), "m": (("M", 1.0),)}
    assert (only.agent, list(only.by_agent)) == ("b", ["b", "a"])
    assert one(predictions={}).prediction is None


@pytest.mark.parametrize(
    ("sent", "kept", "instant"),
    [
        ("1970-01-01T00:00:01", "1970-01-01T00:00:01", 1_000_000),
        ("1970-01-01T00:00:01.5+02:00", "1970-01-01T00:00:01.500000+02:00", 1_500_000 - 7_200_000_000),
        ("1970-01-01 00:00Z", "1970-01-01T00:00:00+00:00", 0),
        (1, "1970-01-01T00:00:01+00:00", 1_000_000),
        ("1.5", "1970-01-01T00:00:01.500000+00:00", 1_500_000),
        (1_600_000_000_000, "2020-09-13T12:26:40+00:00", 1_600_000_000_000_000),
        (None, None, None),
    ],
)
def test_event_timestamps_are_kept_as_1x_printed_them(sent: Any, kept: Any, instant: Any) -> None:
    record = one(event_timestamp=sent)
    assert (record.event_timestamp, record.event) == (kept, instant)


def test_spans_are_fitted_to_the_tokens() -> None:
    entity = {"start": 0, "end": 4, "label": "PER"}
    record = one(TOKEN, annotation={"agent": "ben", "entities": [entity]})

    assert isinstance(record, TokenClassificationRecord)
    assert record.annotation is not None
    assert isinstance(record.annotation.value, Entities)
    assert record.annotation.value.spans[0][:3] == (0, 3, "PER")


def test_tags_become_text_and_both_extras_may_be_missing() -> None:
    assert read(OWN[TEXT], tags={"a": True, "b": 1}).tags == {"a": "True", "b": "1"}
    assert read(OWN[TEXT], tags=None, metadata={"x": [1]}).metadata == {"x": [1]}
    assert read() == Bulk([], {}, {})


def test_a_text_of_ten_megabytes_is_taken_if_the_limit_says_so() -> None:
    text = "é" * 10_000_000
    assert read({"inputs": {"text": text}}, limits=BulkLimits(max_text=10_000_000)).records[0].text == text


# What is refused


@pytest.mark.parametrize(
    ("task", "members", "path", "type"),
    [
        (TEXT, {"inputs": {}}, ["inputs"], "assertion_error"),
        (TEXT, {"inputs": None}, ["inputs"], "type_error.none.not_allowed"),
        (TEXT, {"inputs": "x"}, ["inputs"], "type_error.dict"),
        (TEXT, {"inputs": {"a": None}}, ["inputs", "a"], "type_error.none.not_allowed"),
        (TEXT, {"inputs": {"a": ["b", None]}}, ["inputs", "a", 1], "type_error.none.not_allowed"),
        (TEXT, {"inputs": {"a": "x" * 101}}, ["inputs"], "value_error.any_str.max_length"),
        (TEXT, {"status": "validated"}, ["status"], "type_error.enum"),
        (TEXT, {"event_timestamp": "soon"}, ["event_timestamp"], "value_error.datetime"),
        (TEXT, {"prediction": answered(("A", 2))}, ["prediction", "labels", 0, "score"], "value_error.number.not_le"),
        (TEXT, {"prediction": answered(("A", -1))}, ["prediction", "labels", 0, "score"], "value_error.number.not_ge"),
        (TEXT, {"prediction": answered(("A", "x"))}, ["prediction", "labels", 0, "score"], "type_error.float"),
        (TEXT, {"prediction": answered(("", 1))}, ["prediction", "labels", 0, "class"],
         "value_error.any_str.min_length"),
        (TEXT, {"prediction": answered(("A" * 129, 1))}, ["prediction", "labels", 0, "class"],
         "value_error.any_str.max_length"),
        (TEXT, {"prediction": {"labels": []}}, ["prediction", "agent"], "value_error.missing"),
        (TEXT, {"prediction": answered(agent="")}, ["prediction", "agent"], "assertion_error"),
        (TEXT, {"prediction": answered(agent="m" * 65)}, ["prediction", "agent"], "value_error.any_str.max_length"),
        (TEXT, {"prediction": {"agent": "m"}}, ["prediction", "labels"], "value_error.missing"),
        (TEXT, {"annotations": {"": {"labels": []}}}, ["annotations", ""], "assertion_error"),
        (TEXT, {"id": ""}, ["id"], "value_error.any_str.min_length"),
        (TEXT, {"id": "a\0b"}, ["id"], "value_error.str.nul"),
        (TEXT, {"id": "x" * 513}, ["id"], "value_error.any_str.max_length"),
        (TEXT, {"metadata": {"n": 2**63}}, ["metadata", "n"], "value_error.number.size"),
        (TEXT, {"metadata": {"n": [{"m": 10**400}]}}, ["metadata", "n"], "value_error.number.size"),
        (TEXT, {"metadata": {"n": float("nan")}}, ["metadata", "n"], "value_error.number.not_finite_number"),
        (TEXT, {"vectors": {"v": {"value": [1, "x"]}}}, ["vectors", "v", "value", 1], "type_error.float"),
        (TEXT, {"inputs": {"a": "\ud800"}}, ["inputs", "a"], "value_error.str.surrogate"),
        (TEXT, {"metadata": {"\ud800": 1}}, ["metadata"], "value_error.str.surrogate"),
        (TOKEN, {"text": " "}, ["__root__"], "assertion_error"),
        (TOKEN, {"tokens": []}, ["tokens"], "value_error.list.min_items"),
        (TOKEN, {"tokens": ["Bo"]}, ["tokens"], "value_error"),
        (TEXT2TEXT, {"text": None}, ["text"], "type_error.none.not_allowed"),
    ],
)  # fmt: skip
def test_errors_say_where_and_what_as_pydantic_1_did(task: Task, members: Any, path: Any, type: str) -> None:
    assert error(task, **members) == (path, type)


def test_a_number_too_large_to_be_told_from_others_is_no_id() -> None:
    found = refused(b'{"records": [{"id": 1e999, "text": "a"}]}', TEXT2TEXT)

    assert {each["type"] for each in found} == {"type_error.integer", "type_error.str"}


@pytest.mark.parametrize(
    ("entity", "path"),
    [
        ({"start": 3, "end": 3, "label": "A"}, ["prediction", "entities", 0, "end"]),
        ({"start": 1, "end": 3, "label": "A"}, ["prediction", "entities"]),
        ({"start": "x", "end": 3, "label": "A"}, ["prediction", "entities", 0, "start"]),
    ],
)
def test_spans_that_do_not_fit_are_refused(entity: Any, path: Any) -> None:
    assert error(TOKEN, prediction={"agent": "m", "entities": [entity]})[0] == path


def test_overlapping_spans_are_taken_only_where_they_may_be() -> None:
    spans = [{"start": 0, "end": 8, "label": "A"}, {"start": 4, "end": 8, "label": "B"}]
    record = OWN[TOKEN] | {"prediction": {"agent": "m", "entities": spans}}
    body = json.dumps({"records": [record]}).encode()

    assert read_bulk(body, TOKEN, LIMITS, allow_overlap=True).records
    assert refused(body, TOKEN)[0]["loc"] == ["records", 0, "prediction", "entities"]


def test_every_bad_record_is_named() -> None:
    contradictory = OWN[TEXT] | {"prediction": answered(("A", 1), ("B", 1))}
    shapeless: dict[str, Any] = {"inputs": {}}

    assert [each["loc"][1] for each in refused({"records": [contradictory, OWN[TEXT], contradictory]})] == [
        0,
        2,
    ]
    assert [each["loc"][2] for each in refused({"records": [shapeless, OWN[TEXT], shapeless]})] == [0, 2]
    assert len(refused({"records": [shapeless] * 300}, limits=BulkLimits())) == 100


def test_contradictions_are_told_of_the_service_model() -> None:
    with pytest.raises(ValidationError) as caught:
        one(status="Validated")
    assert caught.value.model == "ServiceTextClassificationRecord"


def test_records_of_one_request_are_all_single_or_all_multi_label() -> None:
    (found,) = refused({"records": [OWN[TEXT], OWN[TEXT] | {"multi_label": True}]})
    assert found["msg"].startswith("All records must be single/multi labelled")


@pytest.mark.parametrize("extra", [{}, {"tags": {"forces": 1}}])
def test_a_request_may_hold_so_many_records(extra: Any) -> None:
    (found,) = refused({"records": [OWN[TEXT]] * 6, **extra})
    assert found["ctx"] == {"limit_value": 5}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"", ["body"]),
        (b"null", ["body"]),
        (b"[]", ["body"]),
        (b"{}", ["body", "records"]),
        (b'{"records": [}', ["body", 13]),
        (b'{"records": []} x', ["body", 16]),
        (b'{"records": "\xff"}', ["body", 13]),
        (b'{"records": [{"inputs": {"a": "b', ["body", 30]),
        (b'{"records": ' + b"[" * 100_000, ["body", 0]),
        (b'{"records": [' + b"1" * 5000 + b"]}", ["body", 0]),
    ],
)
def test_what_is_no_request_is_refused(body: bytes, path: Any) -> None:
    (found,) = refused(body)
    assert found["loc"] == path


@pytest.mark.parametrize("extra", [b"", b',"tags":{"forces":1}'])
@pytest.mark.parametrize("depth", [62, 300, 100_000])
def test_deep_nesting_is_refused(depth: int, extra: bytes) -> None:
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    (found,) = refused(b'{"records":[{"inputs":{"a":"b"},"metadata":' + deep + b"}]" + extra + b"}")
    assert "inside one another" in found["msg"]


def test_escaped_characters_beyond_the_first_plane_are_no_lone_surrogates() -> None:
    body = rb'{"records":[{"inputs":{"a":"\ud83d\ude00"}}],"tags":{"forces":1}}'
    assert read_bulk(body, TEXT, LIMITS).records[0].text == "\U0001f600"
