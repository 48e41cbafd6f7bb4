"""`ArgillaTrainer` with spaCy; transformers and SetFit are in ``tests/model_libraries``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import spacy

import apportion as rg
from apportion.client.sdk.commons.errors import NotFoundApiError
from apportion.training import ArgillaTrainer

pytestmark = pytest.mark.filterwarnings("ignore:.*W0.*:UserWarning")

SMALL = {"max_steps": 8, "eval_frequency": 4, "patience": 0}


@pytest.fixture
def texts(active: rg.Client) -> rg.Client:
    words = [("good", "what a lovely soup"), ("bad", "this is an awful salad")] * 6
    active.log(
        [rg.TextClassificationRecord(text=text, annotation=label) for label, text in words],
        "texts",
        verbose=False,
    )
    return active


def test_texts_are_classified_as_they_were_annotated(
    texts: rg.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    trainer = ArgillaTrainer("texts", "spacy", lang="en", train_size=0.75, seed=1)
    trainer.update_config(**{**SMALL, "max_steps": 40})

    trainer.train(str(tmp_path / "model"))
    record = trainer.predict("what a lovely soup")
    assert isinstance(record, rg.TextClassificationRecord)
    assert record.prediction is not None
    assert record.prediction[0][0] == "good"
    assert {label for label, _ in record.prediction} == {"bad", "good"}
    assert record.prediction_agent == "spacy-textcat"
    several = trainer.predict(["this is an awful salad"], as_argilla_records=False)
    assert several[0].cats["bad"] > several[0].cats["good"]
    assert spacy.load(tmp_path / "model")("what a lovely soup").cats.keys() == {"bad", "good"}
    assert not list((tmp_path / "empty").iterdir())


def test_spans_are_found_as_they_were_annotated(active: rg.Client) -> None:
    active.log(
        [
            rg.TokenClassificationRecord(
                "Ada left London.", ["Ada", "left", "London", "."], annotation=[("PER", 0, 3)]
            )
            for _ in range(8)
        ],
        "tokens",
        verbose=False,
    )
    trainer = ArgillaTrainer("tokens", "spacy", lang=spacy.blank("en"))
    trainer.update_config(**{**SMALL, "max_steps": 40})

    trainer.train()
    record = trainer.predict("Ada left London.")
    assert [each[:3] for each in record.prediction] == [("PER", 0, 3)]
    assert record.tokens == ["Ada", "left", "London", "."]


def test_several_labels_are_a_component_of_their_own(active: rg.Client) -> None:
    records = [
        rg.TextClassificationRecord(text=f"text {n}", annotation=["a", "b"], multi_label=True)
        for n in range(4)
    ]
    active.log(records, "many", verbose=False)
    trainer = ArgillaTrainer("many", "spacy", workspace="shared", seed=3)
    trainer.update_config(**SMALL)

    trainer.train()
    assert trainer.predict("text 1").multi_label


def test_nothing_is_predicted_or_saved_before_training(texts: rg.Client, tmp_path: Path) -> None:
    trainer = ArgillaTrainer("texts", "spacy")

    with pytest.raises(RuntimeError, match=r"train\(\) it first"):
        trainer.predict("a")
    with pytest.raises(RuntimeError, match=r"train\(\) it first"):
        trainer.save(str(tmp_path))


def test_what_is_no_use_is_refused_with_what_to_use_instead(texts: rg.Client) -> None:
    texts.log(rg.Text2TextRecord(text="a", annotation="b"), "pairs", verbose=False)

    with pytest.raises(ValueError, match="'torch' is not a valid framework"):
        ArgillaTrainer("texts", "torch")
    with pytest.raises(NotImplementedError, match=r"no trainer for spark-nlp.*prepare_for_training"):
        ArgillaTrainer("texts", "spark-nlp")
    with pytest.raises(NotImplementedError, match="Seq2SeqTrainer"):
        ArgillaTrainer("pairs", "spacy")
    with pytest.raises(ValueError, match="nothing to train with"):
        ArgillaTrainer("texts", "spacy", query="nowhere")
    with pytest.raises(NotFoundApiError):
        ArgillaTrainer("nowhere", "spacy")


@pytest.mark.parametrize("framework", ["transformers", "setfit"])
def test_a_library_that_is_missing_is_named_with_the_command_that_brings_it(
    framework: str, texts: rg.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str, package: Any = None) -> Any:
        raise ModuleNotFoundError(f"This needs {name}, which is not installed: pip install {name}")

    monkeypatch.setattr(f"apportion.training._{framework}.library", missing)
    with pytest.raises(ModuleNotFoundError, match=f"pip install {framework}"):
        ArgillaTrainer("texts", framework)
