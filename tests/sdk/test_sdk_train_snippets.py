"""The code that the web app shows for training a model, and for using rules' votes, runs as it is shown.

What needs transformers or SetFit runs in ``tests/model_libraries``.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import spacy

import apportion as rg
from apportion.labeling.text_classification import Rule, add_rules
from apportion.sdk import session
from train_snippets import SNIPPETS, filled

pytestmark = [pytest.mark.timeout(600), pytest.mark.filterwarnings("ignore:.*W0.*:UserWarning")]

WORDS = [("good", "what a lovely soup"), ("bad", "this is an awful salad")] * 6
FEW_STEPS = '"training.max_steps": 30, "training.eval_frequency": 10, '


@pytest.fixture(scope="module")
def datasets(live_server: str) -> str:
    one = [rg.TextClassificationRecord(text=text, annotation=label) for label, text in WORDS]
    several = [
        rg.TextClassificationRecord(text=text, annotation=[label, "food"][: 1 + n % 3], multi_label=True)
        for n, (label, text) in enumerate(WORDS)
    ]
    tokens = [
        rg.TokenClassificationRecord(
            "Ada left London.", ["Ada", "left", "London", "."], annotation=[("PER", 0, 3)]
        )
        for _ in range(12)
    ]
    logged: dict[str, Any] = {"one": one, "several": several, "tokens": tokens}
    with rg.Client(live_server, "admin.apikey", "recognai") as admin:
        for name, records in logged.items():
            admin.log(records, f"learn-{name}", verbose=False)
    return live_server


@pytest.mark.parametrize("name", SNIPPETS)
def test_every_snippet_is_python_and_has_no_name_of_its_own_to_fill_in(name: str) -> None:
    code = filled(name, "http://localhost:6900", 'reviews "of" \\ soups')

    assert "__" not in code
    tree = ast.parse(code)
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert {"http://localhost:6900", "recognai", 'reviews "of" \\ soups'} <= texts


@pytest.mark.parametrize(
    ("name", "dataset", "pipeline"),
    [
        ("text-spacy", "learn-one", "textcat"),
        ("text-spacy", "learn-several", "textcat_multilabel"),
        ("tokens-spacy", "learn-tokens", ""),
        ("text-scikit-learn", "learn-one", ""),
        ("text-several-scikit-learn", "learn-several", ""),
    ],
)
def test_a_snippet_trains_a_model_on_its_dataset(
    name: str, dataset: str, pipeline: str, datasets: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "_active", None)
    code = filled(name, datasets, dataset, pipeline=pipeline)
    there: dict[str, Any] = {}

    exec(compile(code.replace("overrides={", "overrides={" + FEW_STEPS), name, "exec"), there)

    if name == "tokens-spacy":
        recogniser: Any = spacy.load("model/model-best").get_pipe("ner")
        assert recogniser.labels == ("PER",)
    elif "spacy" in name:
        labels = {"bad", "good", "food"} if "several" in dataset else {"bad", "good"}
        assert spacy.load("model/model-best")("what a lovely soup").cats.keys() == labels
    else:
        lovely, awful = there["model"].predict(["what a lovely soup", "this is an awful salad"])
        assert list(map(str, [lovely, awful])) != [str(lovely)] * 2


@pytest.mark.parametrize("name", ["votes", "votes-several"])
def test_a_snippet_makes_predictions_of_the_votes_of_rules(
    name: str, live_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    several = name == "votes-several"
    texts = ["what a lovely soup", "an awful salad", "nothing much", "a lovely cake"]
    records = [
        rg.TextClassificationRecord(text=text, id=n, multi_label=several) for n, text in enumerate(texts)
    ]
    records[3].annotation = ["bad"] if several else "bad"
    labels: Any = ["good", "food"] if several else "good"
    with rg.Client(live_server, "admin.apikey", "recognai") as admin:
        monkeypatch.setattr(session, "_active", admin)
        admin.log(records, name, verbose=False)
        add_rules(name, [Rule("lovely", labels), Rule("awful", "bad")])
        monkeypatch.setattr(session, "_active", None)

        exec(compile(filled(name, live_server, name), name, "exec"), {})

        voted = {
            each.id: {label for label, score in each.prediction or () if score > 0.5}
            for each in admin.load(name, query="predicted_by:rules")
            if isinstance(each, rg.TextClassificationRecord)
        }
    assert voted == {0: {"good", "food"} if several else {"good"}, 1: {"bad"}}
