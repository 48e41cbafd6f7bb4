"""Random queries over every kind of field, and fields to sort by."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from apportion.domain.query import (
    And,
    Exists,
    Fuzzy,
    MatchAll,
    Not,
    Or,
    Phrase,
    Query,
    Range,
    Regex,
    Term,
    Wildcard,
    WildcardPart,
)
from apportion.vocabulary import Status
from generated_records import AGENTS, IDS, LABELS, some_words

__all__ = ["queries", "sortable"]

_terms = some_words | st.sampled_from(["x", "y", "Two words", "!", "dog lazy", "é", "A", "b c"])
_patterns = st.sampled_from(["fo.*", "d(o|a)g?s?", "[a-zä]+", ".{1,3}", "A|B", "Val.*", "@", "x.*b", "#"])


def _wild(start: str, end: str, kind: int) -> tuple[str | WildcardPart, ...]:
    if kind == 0:
        return (start, WildcardPart.ANY)
    if kind == 1:
        return (WildcardPart.ANY, end)
    if kind == 2:
        return (start[:1], WildcardPart.ONE, WildcardPart.ANY)
    return (start[:1], WildcardPart.ANY, end[-1:])


def _wordy(names: list[str | None]) -> st.SearchStrategy[Query]:
    """Leaves on fields of words or whole strings."""
    name = st.sampled_from(names)
    slop = st.sampled_from([0, 0, 1, 2, 5])
    several = st.lists(some_words, min_size=1, max_size=4).map(" ".join)
    bound = st.none() | _terms
    return st.one_of(
        st.builds(Term, name, _terms),
        st.builds(Term, name, some_words),
        st.builds(Phrase, name, several, slop),
        st.builds(Wildcard, name, st.builds(_wild, some_words, some_words, st.integers(0, 3))),
        st.builds(Regex, name, _patterns),
        st.builds(Fuzzy, name, _terms, st.none() | st.integers(0, 2)),
        st.builds(Range, name, bound, bound, st.booleans(), st.booleans()),
    )


def _ranged(names: list[str | None], bounds: list[str]) -> st.SearchStrategy[Query]:
    name, bound = st.sampled_from(names), st.none() | st.sampled_from(bounds)
    return st.builds(Range, name, bound, bound, st.booleans(), st.booleans()) | st.builds(
        Term, name, st.sampled_from(bounds)
    )


NUMBERS = ["-5", "0", "0.25", "0.5", "0.699", "1", "1e3", "1000", "2", "-1e-3", "9007199254740993", "1e300"]
DATES = ["2023-01-01", "2023-01", "1969-12-31", "2023-02-27T22:00", "2024-02-29T00:00:00Z", "1672531200000"]
DATES.remove("1672531200000")
COUNTED: list[str | None] = [
    "status", "annotated_as", "predicted_as", "annotated_by", "predicted_by", "predicted", "metadata.k",
    "metadata.tags", "metadata.b", "metadata.dot.ted", "metadata.x.text", "metadata.unknown", "nowhere", "id",
    "annotated_by.text", "predicted_as.exact", "metadata.k.text", "metadata.k.exact", "metadata.tags.text",
    "metadata.o", "multi_label.text",
]  # fmt: skip
TEXTS: list[str | None] = [
    None, "text", "text.exact", "inputs.text", "inputs.text.exact", "inputs.b.c", "inputs.b.c.exact",
    "inputs.exact", "inputs.nope", "tokens",
]  # fmt: skip
AGENTED: list[str | None] = [
    f"{root}.{agent}.{rest}"
    for root in ("predictions", "annotations")
    for agent in AGENTS[:3]
    for rest in ("labels.class_label", "entities.label", "sentences.text", "sentences.text.text",
                 "sentences.text.exact", "labels.class_label.text")
]  # fmt: skip
MENTIONS: list[str | None] = [
    f"metrics.{side}.mentions.{rest}"
    for side in ("predicted", "annotated")
    for rest in ("value", "value.text", "label", "capitalness")
]
MENTIONS += [
    "metrics.tokens.value",
    "metrics.tokens.tag",
    "metrics.tokens.capitalness",
    "metrics.annotated.tags.tag",
]
EXISTING = [
    "text", "id", "status", "event_timestamp", "last_updated", "score", "annotated_as", "predicted", "tokens",
    "metadata.k", "metadata.f", "metadata.d", "metadata.tags", "metadata.unknown", "inputs.text", "inputs.b.c",
    "predictions.m", "predictions.model.v1", "annotations.ana", "vectors.v", "vectors.v.value", "nowhere",
    "predicted_by", "annotated_by", "metrics.tokens.tag", "multi_label", "annotations.ana.labels.class_label",
    "metadata.k.text", "metadata.n.exact", "metadata.f.text", "metadata.k.value", "inputs.text.exact",
    "inputs.b.c.exact", "predicted_by.exact", "annotated_as.text", "text.exact",
]  # fmt: skip


def queries() -> st.SearchStrategy[Query]:
    """Trees over every kind of field."""
    leaves = st.one_of(
        _wordy([None, "text"]),
        _wordy(TEXTS),
        _wordy(COUNTED),
        _wordy(AGENTED),
        _wordy(MENTIONS),
        st.builds(Term, st.just("status"), st.sampled_from([status.value for status in Status])),
        st.builds(Term, st.just("multi_label"), st.sampled_from(["true", "false"])),
        st.builds(Term, st.just("id"), st.sampled_from(IDS)),
        st.builds(Term, st.sampled_from(["predicted_as", "annotated_as"]), st.sampled_from(LABELS)),
        _ranged(["score", "metadata.n", "metadata.f", "metadata.fs"], NUMBERS),
        _ranged(["metrics.text_length", "metrics.tokens_length", "metrics.tokens.length",
                 "predictions.m.labels.score", "metrics.predicted.mentions.score"], NUMBERS),
        _ranged(["metadata.d", "event_timestamp", "last_updated"], DATES),
        st.builds(Exists, st.sampled_from(EXISTING)),
        st.just(MatchAll()),
    )  # fmt: skip
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.builds(lambda parts: And(tuple(parts)), st.lists(inner, min_size=2, max_size=3)),
            st.builds(lambda parts: Or(tuple(parts)), st.lists(inner, min_size=2, max_size=3)),
        ),
        max_leaves=5,
    )


def sortable(kinds: Mapping[str, str]) -> list[str]:
    """Fields to sort by."""
    plain = ["id", "status", "score", "last_updated", "event_timestamp", "predicted", "predicted_as"]
    plain += ["annotated_as", "annotated_by", "predicted_by"]
    return plain + [f"metadata.{key}" for key, kind in kinds.items() if kind != "nested"]
