"""Records go over the wire into the database and come back as they were."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import apportion as rg

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
words = st.text(st.sampled_from("abé👩 -"), min_size=1, max_size=8).filter(str.strip)
scores = st.floats(0, 0.25)  # those of single labels sum up to 1 at most
pairs = st.lists(st.tuples(words, scores), max_size=3, unique_by=lambda pair: pair[0]).map(
    lambda found: sorted(found, key=lambda pair: -pair[1])  # the server puts the best first
)
metadata = {  # a key keeps its type within a dataset
    "flag": st.booleans(),
    "n": st.integers(-(2**53), 2**53),
    "share": st.floats(-1e9, 1e9),
    "ünï": texts,
}
common: dict[str, Any] = {
    "id": st.integers() | words,
    "metadata": st.fixed_dictionaries({}, optional=metadata),
    "status": st.sampled_from(["Default", "Edited", "Validated", "Discarded"]),
    "event_timestamp": st.datetimes(datetime(1971, 1, 1), datetime(2037, 1, 1)),  # noqa: DTZ001
    "vectors": st.none()
    | st.fixed_dictionaries({"place": st.lists(st.floats(-1, 1), min_size=2, max_size=2)}),
    "prediction_agent": st.just("model"),
    "annotation_agent": st.just("ana"),
}
serial = count()


@st.composite
def spans(draw: Any, tokens: list[str]) -> list[tuple[str, int, int]]:
    found, here = [], 0
    for token in tokens:
        if draw(st.booleans()):
            found.append((draw(words), here, here + len(token)))
        here += len(token) + 1
    return found


@st.composite
def text_records(draw: Any, multi: bool) -> Any:
    answer = st.lists(words, max_size=2, unique=True) if multi else words
    return rg.TextClassificationRecord(
        inputs=draw(st.dictionaries(words, texts, min_size=1, max_size=2)),
        prediction=draw(pairs),
        annotation=draw(answer),
        multi_label=multi,
        **{name: draw(each) for name, each in common.items()},
    )


@st.composite
def token_records(draw: Any) -> Any:
    tokens = draw(st.lists(st.text(st.sampled_from("abé👩"), min_size=1, max_size=3), min_size=1, max_size=5))
    return rg.TokenClassificationRecord(
        tokens=tokens,
        text=" ".join(tokens),
        prediction=[(*span, draw(scores)) for span in draw(spans(tokens))],
        annotation=draw(spans(tokens)),
        **{name: draw(each) for name, each in common.items()},
    )


@st.composite
def pair_records(draw: Any) -> Any:
    return rg.Text2TextRecord(
        text=draw(texts),
        prediction=draw(pairs),
        annotation=draw(texts),
        **{name: draw(each) for name, each in common.items()},
    )


def batches(records: Any) -> Any:
    return st.lists(records, min_size=1, max_size=4, unique_by=lambda record: str(record.id))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(*map(batches, (text_records(True), text_records(False), token_records(), pair_records()))))
def test_what_is_logged_is_what_is_loaded(client: rg.Client, records: list[Any]) -> None:
    name = f"round-trip-{next(serial)}"
    client.log(records, name, verbose=False)

    found = client.load(name)
    assert list(found) == sorted(records, key=lambda record: str(record.id))
