"""Records: what they take, what they make of it, what they refuse."""

from __future__ import annotations

import copy
import pickle
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apportion.sdk.records import (
    BulkResponse,
    Text2TextRecord,
    TextClassificationRecord,
    TextGenerationRecord,
    TokenAttributions,
    TokenClassificationRecord,
    ValidationError,
)
from apportion.sdk.records.token_classification import _obviously_fit, _simply_tagged
from apportion.sdk.span_utils import SpanUtils
from apportion.spans import Entity, SpanError, align, token_offsets

NOW = datetime(2026, 1, 31, 12)  # noqa: DTZ001 as people give it


def text(**values: Any) -> TextClassificationRecord:
    return TextClassificationRecord(**{"text": "a", **values})


def tokens(**values: Any) -> TokenClassificationRecord:
    return TokenClassificationRecord(**{"text": "ab cd", "tokens": ["ab", "cd"], **values})


def pair(**values: Any) -> Text2TextRecord:
    return Text2TextRecord(**{"text": "a", **values})


MAKERS = [text, tokens, pair]


def test_fields_are_those_of_1x_in_its_order() -> None:
    ends = ["id", "metadata", "status", "event_timestamp", "metrics", "search_keywords"]
    answer = ["prediction", "prediction_agent", "annotation", "annotation_agent", "vectors"]

    assert list(TextClassificationRecord.__fields__) == [
        *["text", "inputs", *answer, "multi_label", "explanation"],
        *ends,
    ]
    assert list(TokenClassificationRecord.__fields__) == ["text", "tokens", *answer, *ends]
    assert list(Text2TextRecord.__fields__) == ["text", *answer, *ends]


@pytest.mark.parametrize("make", MAKERS)
def test_what_is_left_out_is_filled_in(make: Any) -> None:
    before = datetime.now()  # noqa: DTZ005
    record = make()

    assert UUID(record.id).version == 4
    assert record.metadata == {}
    assert record.status == "Default"
    assert before <= record.event_timestamp <= datetime.now()  # noqa: DTZ005


@pytest.mark.parametrize(
    ("given", "text_is", "inputs_are"),
    [
        ({"text": "x"}, "x", {"text": "x"}),
        ({"text": 5}, "5", {"text": "5"}),
        ({"inputs": {"text": "x"}}, "x", {"text": "x"}),
        ({"inputs": {"a": "x", "text": "y"}}, None, {"a": "x", "text": "y"}),
        ({"inputs": {1: "x"}}, None, {"1": "x"}),
        ({"inputs": ["x", "y"]}, ["x", "y"], {"text": ["x", "y"]}),
        ({"inputs": {}}, None, {}),
        ({"text": "x", "inputs": {"text": "x", "b": "y"}}, "x", {"text": "x"}),
    ],
)
def test_text_and_inputs_follow_from_each_other(given: Any, text_is: Any, inputs_are: Any) -> None:
    record = TextClassificationRecord(**given)

    assert (record.text, record.inputs) == (text_is, inputs_are)


def test_inputs_as_a_plain_text_are_deprecated() -> None:
    with pytest.warns(FutureWarning, match="give it as text"):
        assert TextClassificationRecord(inputs="x").text == "x"


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("prediction", [("a", 0.5), ["b", "0.25"], (3, 1)], [("a", 0.5), ("b", 0.25), ("3", 1.0)]),
        ("prediction", [], []),
        ("annotation", 3, "3"),
        ("annotation", ("a", 1), ["a", "1"]),
        ("annotation", [], []),
        ("vectors", {"v": (1, 2)}, {"v": [1.0, 2.0]}),
        ("multi_label", "yes", True),
        ("id", 7, 7),
        ("id", "7", "7"),
        ("id", "007", "007"),
        ("id", UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("metadata", {1: 2}, {"1": 2}),
        ("status", "", "Default"),
        ("event_timestamp", "2026-01-31T12:00", NOW),
        ("event_timestamp", 0, datetime(1970, 1, 1, tzinfo=timezone.utc)),
        ("search_keywords", ["a", 1], ["a", "1"]),
    ],
)
def test_values_are_brought_into_form_when_made_and_when_set(field: str, value: Any, kept: Any) -> None:
    made, changed = text(**{field: value}), text()
    setattr(changed, field, value)

    assert getattr(made, field) == getattr(changed, field) == kept


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (text, {"prediction": "a"}),
        (text, {"prediction": [("a",)]}),
        (text, {"prediction": [("a", "b")]}),
        (text, {"prediction": [{"label": "a", "score": 1}]}),
        (text, {"annotation": {"a": 1}}),
        (text, {"vectors": {"v": "12"}}),
        (text, {"vectors": {"v": None}}),
        (text, {"multi_label": None}),
        (text, {"explanation": {"text": [{"tok": "a"}]}}),
        (text, {"id": 1.5}),
        (text, {"id": [1]}),
        (text, {"metadata": [1]}),
        (text, {"event_timestamp": "yesterday"}),
        (text, {"nonsense": 1}),
        (tokens, {"prediction": [("A", 0)]}),
        (tokens, {"prediction": [("A", 0, 0.5)]}),
        (tokens, {"prediction": [{"label": "A", "start": 0, "end": 2}]}),
        (tokens, {"annotation": [("A", 0, 2, 1.0)]}),
        (tokens, {"annotation": [("A", 1, 2)]}),
        (tokens, {"annotation": [("A", 2, 0)]}),
        (pair, {"prediction": "a"}),
        (pair, {"prediction": [("a", 1, 2)]}),
        (pair, {"annotation": ["a"]}),
    ],
)
def test_values_without_meaning_are_refused_when_made_and_when_set(make: Any, wrong: Any) -> None:
    [(field, value)] = wrong.items()

    with pytest.raises(ValidationError, match=field):
        make(**wrong)
    with pytest.raises(ValueError, match=field):
        setattr(make(), field, value)


@pytest.mark.parametrize(
    "given",
    [{}, {"text": "x", "inputs": {"text": "y"}}, {"inputs": {"a": None}}, {"text": "x", "inputs": ["x"]}],
)
def test_text_and_inputs_have_to_agree(given: Any) -> None:
    with pytest.raises(ValidationError, match="inputs"):
        TextClassificationRecord(**given)


@pytest.mark.parametrize(
    "given",
    [
        {"text": "a b"},
        {"text": "", "tokens": ["a"]},
        {"text": "  ", "tokens": ["a"]},
        {"text": "a", "tokens": []},
        {"text": "a", "tokens": "a"},
        {"text": "ab", "tokens": ["a", "c"]},
        {"text": "a b", "tokens": ["b", "a"]},
    ],
)
def test_tokens_have_to_be_there_and_in_the_text(given: Any) -> None:
    with pytest.raises(ValidationError):
        TokenClassificationRecord(**given)


@pytest.mark.parametrize("given", [{}, {"tokens": ["a"], "annotation": [("X", 0, 1)]}])
def test_missing_text_is_an_assertion_error_as_in_1x(given: Any) -> None:
    with pytest.raises(AssertionError):
        TokenClassificationRecord(**given)


def test_text_is_made_of_tokens() -> None:
    assert TokenClassificationRecord(tokens=("a", "b")).text == "a b"


@pytest.mark.parametrize(
    ("record", "name"),
    [(text(), "text"), (text(), "inputs"), (tokens(), "text"), (tokens(), "tokens")],
)
def test_what_annotations_lean_on_cannot_be_changed(record: Any, name: str) -> None:
    with pytest.raises(AttributeError, match=name):
        setattr(record, name, "b")


def test_spans_are_corrected_and_keep_their_scores() -> None:
    spans = [("A", 0, 3, 0.5), ("B", 3, 99, 0.7), ("C", -1, 2)]

    assert tokens(prediction=spans).prediction == [("A", 0, 2, 0.5), ("B", 3, 5, 0.7), ("C", 0, 2, 0.0)]


def test_spans_set_later_are_corrected_and_checked_too() -> None:
    record = tokens()
    record.annotation = [("A", 0, 3)]

    assert record.annotation == [("A", 0, 2)]
    with pytest.raises(ValidationError, match="does not start and end with a token"):
        record.annotation = [("A", 1, 2)]


words = st.text(st.sampled_from("ab \t"), max_size=3)


@given(st.lists(words, min_size=1, max_size=5), st.lists(st.tuples(st.integers(-1, 9), st.integers(-1, 9))))
def test_the_shortcut_agrees_with_the_search(pieces: list[str], places: list[tuple[int, int]]) -> None:
    joined = " ".join(pieces)
    spans = [("A", start, end) for start, end in places]
    if _obviously_fit(joined, pieces, spans):
        entities = [Entity(start, end, "A") for start, end in places]

        assert align(joined, token_offsets(joined, pieces), entities, allow_overlap=True) is entities


tag = st.sampled_from(["O", "B-X", "I-X", "I-Y", "L-X", "U-X", "B-", "x"])


@given(st.lists(st.tuples(st.sampled_from(["a", "bc", "é"]), tag), min_size=1, max_size=6))
def test_plain_tags_are_read_as_all_others_are(row: list[tuple[str, str]]) -> None:
    pieces, tags = [word for word, _ in row], [tag for _, tag in row]
    found = _simply_tagged(pieces, tags)
    if found is not None:
        assert found == SpanUtils(" ".join(pieces), pieces).from_tags(tags)


@pytest.mark.parametrize(
    ("tags", "annotation"),
    [
        (["B-X", "I-X"], [("X", 0, 5)]),
        (["U-X", "O"], [("X", 0, 2)]),
        (["O", "O"], []),
        ([], None),
    ],
)
def test_tags_become_an_annotation_but_do_not_validate(tags: list[str], annotation: Any) -> None:
    record = tokens(tags=tags)

    assert record.annotation == annotation
    assert record.status == "Default"


def test_tags_are_ignored_where_there_is_an_annotation(caplog: pytest.LogCaptureFixture) -> None:
    assert tokens(tags=["B-X", "O"], annotation=[("Y", 0, 2)]).annotation == [("Y", 0, 2)]
    assert "tags are ignored" in caplog.text


@pytest.mark.parametrize("tags", [["B-X"], ["Q-X", "O"]])
def test_tags_have_to_fit(tags: list[str]) -> None:
    with pytest.raises(ValidationError, match="tag"):
        tokens(tags=tags)


@pytest.mark.parametrize(
    ("make", "answer"), [(text, "x"), (text, []), (text, ""), (tokens, []), (pair, ""), (pair, "b")]
)
def test_an_annotation_validates_when_made_but_not_when_set(make: Any, answer: Any) -> None:
    changed = make()
    changed.annotation = answer

    assert make(annotation=answer).status == "Validated"
    assert changed.status == "Default"


def test_status_none_is_worked_out_again() -> None:
    record = text(annotation="a")
    record.annotation = None
    assert record.status == "Validated"

    record.status = None
    assert record.status == "Default"


def test_sentences_become_tuples() -> None:
    assert pair(prediction=["x", ("y", 0.5), 5]).prediction == [("x", 1.0), ("y", 0.5), ("5", 1.0)]


@pytest.mark.parametrize("name", ["prediction_agent", "annotation_agent"])
def test_an_agent_that_says_nothing_is_kept_with_a_warning(name: str) -> None:
    with pytest.warns(UserWarning, match=name) as caught:
        assert getattr(text(**{name: "me"}), name) == "me"
    assert caught[0].filename == __file__


def test_long_metadata_is_kept_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="keeps the last 128"):
        assert len(text(metadata={"a": "x" * 129}).metadata["a"]) == 129


def test_metadata_is_a_dictionary_of_its_own_that_can_be_changed() -> None:
    given = {"a": 1}
    record = text(metadata=given)
    record.metadata["user"] = "ana"

    assert record.metadata == {"a": 1, "user": "ana"}
    assert given == {"a": 1}


@pytest.mark.parametrize("make", MAKERS)
def test_copies_are_equal_and_independent_if_deep(make: Any) -> None:
    record = make(metadata={"a": [1]}, id=1)

    for other in (record.copy(), copy.copy(record), pickle.loads(pickle.dumps(record))):
        assert other == record
    deep = record.copy(deep=True)
    deep.metadata["a"].append(2)
    assert deep != record == copy.deepcopy(record)


@pytest.mark.parametrize("make", MAKERS)
def test_dictionaries_and_json_make_the_same_record_again(make: Any) -> None:
    record = make(id=1, event_timestamp=NOW, metadata={"when": "x"})
    kind = type(record)

    assert kind.parse_obj(record.dict()) == kind.parse_raw(record.json()) == kind(**dict(record)) == record
    assert record == record.dict()
    assert list(record.dict()) == list(kind.__fields__)
    assert record.dict(include={"id"}) == {"id": 1}


def test_copies_with_changes_are_checked() -> None:
    assert text(inputs={"text": "a"}).copy(update={"text": "b"}).inputs == {"text": "b"}
    assert tokens().copy(update={"tokens": ["x"]}).text == "x"
    with pytest.raises(ValidationError):
        text().copy(update={"nonsense": 1})


def test_records_cannot_be_hashed() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(text())


def test_explanations_are_read_from_dictionaries() -> None:
    given = {"text": [{"token": "a", "attributions": {"x": 1}}]}

    assert text(explanation=given).explanation == {
        "text": [TokenAttributions(token="a", attributions={"x": 1.0})]
    }
    assert text(explanation=given).dict()["explanation"] == given


def test_results_of_logging_have_names() -> None:
    assert BulkResponse(dataset="a", processed=2).dict() == {"dataset": "a", "processed": 2, "failed": 0}


def test_the_old_name_of_text2text_is_deprecated() -> None:
    with pytest.deprecated_call():
        assert isinstance(TextGenerationRecord(text="a"), Text2TextRecord)


def test_html_shows_spans_and_escapes_texts() -> None:
    html = tokens(text="<b &c", tokens=["<b", "&c"], annotation=[("PER", 0, 2)])._repr_html_()

    assert "&lt;b <sub>PER</sub></mark> &amp;c" in html
    assert "color:inherit" in html


# Span helpers


def test_span_utils_know_where_tokens_are() -> None:
    utils = SpanUtils("a  b", ["a", " b"])

    assert (utils.text, utils.tokens) == ("a  b", ["a", " b"])
    assert utils.token_to_char_idx == {0: (0, 1), 1: (2, 4)}
    assert utils.char_to_token_idx == {0: 0, 2: 1, 3: 1}


def test_span_utils_check_and_correct() -> None:
    utils = SpanUtils("ab cd", ["ab", "cd"])

    utils.validate([("A", 0, 2), ("A", 0, 5)])
    assert utils.correct([("A", 0, 3, 0.5)]) == [("A", 0, 2, 0.5)]
    for wrong in [("A", 0, 3), ("A", 0, 0), ("A", 1, 2)]:
        with pytest.raises(ValueError, match="span 0"):
            utils.validate([wrong])


def test_span_utils_turn_spans_into_tags_and_back() -> None:
    utils = SpanUtils("ab cd", ["ab", "cd"])

    assert utils.to_tags([("A-B", 0, 5)]) == ["B-A-B", "I-A-B"]
    assert utils.from_tags(["B-A-B", "L-A-B"]) == [("A-B", 0, 5)]
    with pytest.raises(KeyError):
        utils.to_tags([("A", 0, 3)])
    with pytest.raises(ValueError, match="overlap"):
        utils.to_tags([("A", 0, 5), ("B", 3, 5)])
    with pytest.raises(SpanError):
        utils.from_tags(["O"])


@pytest.mark.parametrize(
    ("call", "found"),
    [
        (lambda record: record.spans2iob([("A", 0, 2)]), ["B-A", "O"]),
        (lambda record: record.spans2iob(), None),
        (lambda record: record.char_id2token_id(3), 1),
        (lambda record: record.char_id2token_id(2), None),
        (lambda record: record.token_span(1), (3, 5)),
        (lambda record: record.__chars2tokens__, {0: 0, 1: 0, 3: 1, 4: 1}),
        (lambda record: record.__tokens2chars__, {0: (0, 2), 1: (3, 5)}),
    ],
)
def test_span_helpers_of_records_still_work_but_warn(call: Any, found: Any) -> None:
    with pytest.warns(FutureWarning, match="SpanUtils"):
        assert call(tokens()) == found


def test_a_token_that_is_not_there_has_no_place() -> None:
    with pytest.warns(FutureWarning), pytest.raises(IndexError):
        tokens().token_span(2)
