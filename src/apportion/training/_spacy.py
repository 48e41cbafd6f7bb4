"""Training with spaCy: a pipeline of one component, from spaCy's own recommended configuration."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from apportion.sdk._optional import library
from apportion.sdk.records import Record, TextClassificationRecord, TokenClassificationRecord

from ._common import classified, trained

__all__ = ["SpacyTrainer"]


class SpacyTrainer:
    """A spaCy pipeline that classifies texts or finds entities; ``config`` is its configuration."""

    def __init__(
        self, sample: Record, prepared: Any, *, model: str | None, lang: Any, seed: int | None
    ) -> None:
        self._spacy = library("spacy")
        self._train, self._dev = prepared if isinstance(prepared, tuple) else (prepared, prepared)
        self._multi_label = isinstance(sample, TextClassificationRecord) and sample.multi_label
        self._component = "ner"
        if isinstance(sample, TextClassificationRecord):
            self._component = "textcat_multilabel" if self._multi_label else "textcat"
        code = lang if isinstance(lang, str) else lang.lang
        self.config = library("spacy.cli.init_config").init_config(lang=code, pipeline=[self._component])
        if model is not None:
            self.config["paths"]["vectors"] = str(model)
            self.config["initialize"]["vectors"] = str(model)
        if seed is not None:
            self.config["training"]["seed"] = seed
        self._nlp: Any = None

    def update_config(self, **settings: Any) -> None:
        """Change settings of the section ``[training]``."""
        self.config["training"].update(settings)

    def train(self, output_dir: str | None) -> None:
        """Train in a temporary folder; nothing is written to the working directory."""
        with tempfile.TemporaryDirectory() as folder:
            config = self.config.copy()
            for name, docs in (("train", self._train), ("dev", self._dev)):
                file = Path(folder, f"{name}.spacy")
                docs.to_disk(file)
                config["paths"][name] = str(file)
            nlp = library("spacy.training.initialize").init_nlp(config)
            library("spacy.training.loop").train(nlp, Path(folder))
            self._nlp = self._spacy.load(Path(folder, "model-best"))  # the loop returns the last one
        if output_dir is not None:
            self.save(output_dir)

    def predict(self, texts: list[str]) -> list[Any]:
        """Return a document for each text."""
        return list(trained(self._nlp).pipe(texts))

    def record(self, text: str, prediction: Any) -> Record:
        """Return a record with the document's categories or entities."""
        agent = f"spacy-{self._component}"
        if self._component != "ner":
            return classified(text, prediction.cats, agent, self._multi_label)
        return TokenClassificationRecord(
            text=text,
            tokens=[token.text for token in prediction],
            prediction=[(ent.label_, ent.start_char, ent.end_char) for ent in prediction.ents],
            prediction_agent=agent,
        )

    def save(self, output_dir: str) -> None:
        """Save the pipeline."""
        trained(self._nlp).to_disk(output_dir)
