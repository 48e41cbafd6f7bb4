"""`apportion.metrics`: the functions of 1.x, their figures, and how a notebook shows them."""

from __future__ import annotations

from typing import Any

import pytest

import apportion as rg
from apportion.metrics import MetricSummary, commons, ner_f1, text_classification, token_classification
from apportion.sdk.errors import UnknownMetricError
from sdk_support import texts


@pytest.fixture
def notebook(active: rg.Client) -> None:
    """Two datasets: one of labels, one of spans."""
    labelled = texts(3)
    for each in labelled:
        each.prediction, each.annotation = [("good", 0.9)], "good" if each.id else "bad"
    rg.log(labelled, "labels", verbose=False)
    spans = [
        rg.TokenClassificationRecord(
            "Zoe saw May",
            ["Zoe", "saw", "May"],
            prediction=[("PER", 0, 3), (label, 8, 11)],
            annotation=[("PER", 0, 3), ("DATE", 8, 11)],
        )
        for label in ("PER", "DATE")
    ]
    rg.log(spans, "spans", verbose=False)


@pytest.mark.usefixtures("notebook")
def test_figures_of_labels() -> None:
    assert rg.metrics.f1 is text_classification.f1
    assert text_classification.f1("labels").data["precision_micro"] == pytest.approx(2 / 3)
    assert text_classification.f1("labels", query="id:1").data["good_support"] == 1
    assert text_classification.f1_multilabel("labels").data["bad_recall"] == 0
    assert commons.text_length("labels").data == {"6.0": 3}
    assert commons.records_status("labels").data == {"Default": 3}
    assert commons.keywords("labels", size=1).data == {"text": 3}
    with pytest.raises(AssertionError):
        commons.keywords("labels", size=0)
    with pytest.raises(UnknownMetricError):
        token_classification.tokens_length("labels")


@pytest.mark.usefixtures("notebook")
def test_figures_of_spans() -> None:
    def labels(of: Any) -> Any:
        return token_classification.entity_labels("spans", compute_for=of).data

    assert ner_f1("spans").data["DATE_recall"] == 0.5
    assert labels("Annotations") == labels(token_classification.Annotations) == {"DATE": 2, "PER": 2}
    assert labels(None) == labels(token_classification.Predictions) == {"PER": 3, "DATE": 1}
    with pytest.raises(ValueError, match="compute_for"):
        labels("gold")
    assert token_classification.mention_length("spans", level="char").data == {"3.0": 4}
    with pytest.raises(ValueError, match="level"):
        token_classification.mention_length("spans", level="word")
    assert token_classification.tokens_length("spans").data == {"3.0": 2}
    assert token_classification.token_frequency("spans", tokens=1).data == {"May": 2}
    assert token_classification.token_length("spans").data == {"3.0": 6}
    assert token_classification.token_capitalness("spans").data == {"FIRST": 4, "LOWER": 2}
    assert token_classification.entity_capitalness("spans").data == {"FIRST": 4}
    assert token_classification.entity_density("spans", interval=0.1).data == {"0.3": 4}


@pytest.mark.usefixtures("notebook")
def test_ambiguous_mentions_can_be_narrowed_to_labels() -> None:
    everything = token_classification.top_k_mentions("spans").data["mentions"]
    some = token_classification.top_k_mentions("spans", post_label_filter={"DATE"}).data["mentions"]

    assert [(each["mention"], len(each["entities"])) for each in everything] == [("May", 2)]
    assert some == [{"mention": "May", "entities": [{"label": "DATE", "count": 1}]}]


def test_a_summary_is_shown_as_bars() -> None:
    html = MetricSummary({"a<b": 4, "c": 1}, "How many").visualize()._repr_html_()

    assert "<b>How many</b>" in html
    assert "a&lt;b" in html
    assert html.count("width:100.0%") == 1
    assert html.count("width:25.0%") == 1
    mentions = {"mentions": [{"mention": "May", "entities": [{"label": "PER", "count": 2}]}]}
    assert "May (PER)" in MetricSummary(mentions)._repr_html_()
    assert "no records to tell of" in MetricSummary({})._repr_html_()
    assert "and 10 more" in MetricSummary({str(n): n for n in range(60)})._repr_html_()
