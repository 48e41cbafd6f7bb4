"""Training with SetFit: a sentence transformer tuned on pairs of few examples."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from apportion.sdk._optional import library
from apportion.sdk.records import Record

from ._common import classified, sets, trained

__all__ = ["SetFitTrainer"]

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"


class SetFitTrainer:
    """A SetFit model; ``config`` has what ``setfit.TrainingArguments`` takes."""

    def __init__(self, sample: Any, prepared: Any, *, model: str | None, seed: int | None) -> None:
        self._setfit = library("setfit")
        self._train, self._test = sets(prepared)
        self._multi_label = sample.multi_label
        kind = self._train.features["label"]
        self._labels: list[str] = (kind.feature if self._multi_label else kind).names
        self._name = model or DEFAULT_MODEL
        self.config: dict[str, Any] = {} if seed is None else {"seed": seed}
        self._model: Any = None

    def update_config(self, **settings: Any) -> None:
        """Change arguments of ``setfit.TrainingArguments``."""
        self.config.update(settings)

    def train(self, output_dir: str | None) -> None:
        """Train with ``setfit.Trainer``."""
        options = {"multi_target_strategy": "one-vs-rest"} if self._multi_label else {}
        model = self._setfit.SetFitModel.from_pretrained(self._name, **options)
        column = "binarized_label" if self._multi_label else "label"
        with tempfile.TemporaryDirectory() as folder:  # for its checkpoints, unless a folder is named
            trainer = self._setfit.Trainer(
                model=model,
                args=self._setfit.TrainingArguments(**{"output_dir": folder, **self.config}),
                train_dataset=self._rows(self._train, column),
                eval_dataset=None if self._test is None else self._rows(self._test, column),
            )
            trainer.train()
        self._model = model
        if output_dir is not None:
            self.save(output_dir)

    def _rows(self, dataset: Any, column: str) -> Any:
        """Return text and label only, the label as plain numbers: SetFit reads no others."""
        rows = {"text": dataset["text"][:], "label": dataset[column][:]}
        return library("datasets").Dataset.from_dict(rows)

    def predict(self, texts: list[str]) -> list[Any]:
        """Return the probability of each label, by label, for each text."""
        found = trained(self._model).predict_proba(texts, as_numpy=True)
        return [dict(zip(self._labels, map(float, row), strict=True)) for row in found]

    def record(self, text: str, prediction: Any) -> Record:
        """Return a record with the labels."""
        return classified(text, prediction, self._name, self._multi_label)

    def save(self, output_dir: str) -> None:
        """Save the model, with the names of the labels beside it as in 1.x."""
        trained(self._model).save_pretrained(output_dir)
        numbers = {label: number for number, label in enumerate(self._labels)}
        names = {number: label for label, number in numbers.items()}
        Path(output_dir, "label2id.json").write_text(json.dumps(numbers), encoding="utf-8")
        Path(output_dir, "id2label.json").write_text(json.dumps(names), encoding="utf-8")
