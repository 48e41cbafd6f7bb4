"""Training with transformers: a model with a head for texts or for tokens, and ``transformers.Trainer``."""

from __future__ import annotations

import re
from typing import Any

from apportion.sdk._optional import library
from apportion.sdk.records import Record, TextClassificationRecord, TokenClassificationRecord
from apportion.sdk.span_utils import SpanUtils

from ._common import classified, sets, trained

__all__ = ["TransformersTrainer"]

DEFAULT_MODEL = "microsoft/deberta-v3-base"
NO_LABEL = -100
"""The label of tokens that the loss leaves out."""
_OLD_NAMES = {"evaluation_strategy": "eval_strategy"}


class TransformersTrainer:
    """A transformers model; ``config`` has what ``transformers.TrainingArguments`` takes."""

    def __init__(self, sample: Record, prepared: Any, *, model: str | None, seed: int | None) -> None:
        self._transformers = library("transformers")
        library("torch")
        self._train, self._test = sets(prepared)
        self._of_texts = isinstance(sample, TextClassificationRecord)
        self._multi_label = isinstance(sample, TextClassificationRecord) and sample.multi_label
        features = self._train.features
        kind = features["label"] if self._of_texts else features["ner_tags"]
        self._labels: list[str] = (kind if hasattr(kind, "names") else kind.feature).names
        self._name = model or DEFAULT_MODEL
        self.config: dict[str, Any] = {"report_to": "none"}
        if seed is not None:
            self.config["seed"] = seed
        if self._test is not None:
            self.config["eval_strategy"] = "epoch"
        self._tokenizer: Any = None
        self._model: Any = None

    def update_config(self, **settings: Any) -> None:
        """Change arguments of ``transformers.TrainingArguments``; names they had in 1.x's days are translated."""
        self.config.update({_OLD_NAMES.get(name, name): value for name, value in settings.items()})

    def train(self, output_dir: str | None) -> None:
        """Train with ``transformers.Trainer``, and save to ``output_dir``, which it needs for its checkpoints."""
        if output_dir is None:
            raise ValueError(
                "transformers writes checkpoints while it trains: name a folder, train(output_dir=…)."
            )
        library("accelerate")  # its trainer needs it, and says so less clearly
        self._tokenizer = self._transformers.AutoTokenizer.from_pretrained(self._name)
        model = self._new_model()
        collators = self._transformers.data.data_collator
        collator = (
            collators.DataCollatorWithPadding
            if self._of_texts
            else collators.DataCollatorForTokenClassification
        )
        trainer = self._transformers.Trainer(
            model=model,
            args=self._transformers.TrainingArguments(output_dir=output_dir, **self.config),
            train_dataset=self._encoded(self._train),
            eval_dataset=None if self._test is None else self._encoded(self._test),
            data_collator=collator(self._tokenizer),
        )
        trainer.train()
        self._model = model.eval()
        self.save(output_dir)

    def _new_model(self) -> Any:
        kind = "AutoModelForSequenceClassification" if self._of_texts else "AutoModelForTokenClassification"
        names = dict(enumerate(self._labels))
        options: dict[str, Any] = {"problem_type": "multi_label_classification"} if self._multi_label else {}
        return getattr(self._transformers, kind).from_pretrained(
            self._name,
            num_labels=len(names),
            id2label=names,
            label2id={name: number for number, name in names.items()},
            ignore_mismatched_sizes=True,
            **options,
        )

    # Rows

    def _encoded(self, dataset: Any) -> Any:
        encode = self._encode_texts if self._of_texts else self._encode_tokens
        return dataset.map(encode, batched=True, remove_columns=dataset.column_names)

    def _encode_texts(self, rows: Any) -> Any:
        found = self._tokenizer(rows["text"], truncation=True)
        if self._multi_label:
            found["labels"] = [[float(bit) for bit in bits] for bits in rows["binarized_label"]]
        else:
            found["labels"] = rows["label"]
        return found

    def _encode_tokens(self, rows: Any) -> Any:
        found = self._tokenizer(rows["tokens"], truncation=True, is_split_into_words=True)
        found["labels"] = [
            [NO_LABEL if word is None else tags[word] for word in _first_pieces(found.word_ids(place))]
            for place, tags in enumerate(rows["ner_tags"])
        ]
        return found

    # Predictions

    def predict(self, texts: list[str]) -> list[Any]:
        """Return the probability of each label for each text, or a pair of tokens and spans."""
        trained(self._model)
        return [self._text(each) if self._of_texts else self._spans(each) for each in texts]

    def _text(self, text: str) -> dict[str, float]:
        scores = self._logits(text)[0]
        shares = scores.sigmoid() if self._multi_label else scores.softmax(-1)
        return dict(zip(self._labels, shares.tolist(), strict=True))

    def _spans(self, text: str) -> tuple[list[str], list[tuple[str, int, int]]]:
        tokens = re.findall(r"\w+|[^\w\s]", text)
        tags = ["O"] * len(tokens)
        if tokens:
            encoded = self._tokenizer(tokens, truncation=True, is_split_into_words=True)
            best = self._logits(tokens, is_split_into_words=True)[0].argmax(-1).tolist()
            for place, word in enumerate(_first_pieces(encoded.word_ids(0))):
                if word is not None:
                    tags[word] = self._labels[best[place]]
        return tokens, SpanUtils(text, tokens).from_tags(tags)

    def _logits(self, text: Any, **options: Any) -> Any:
        torch = library("torch")
        given = self._tokenizer(text, truncation=True, return_tensors="pt", **options).to(self._model.device)
        with torch.no_grad():
            return self._model(**given).logits

    def record(self, text: str, prediction: Any) -> Record:
        """Return a record with the labels or the spans."""
        if self._of_texts:
            return classified(text, prediction, self._name, self._multi_label)
        tokens, spans = prediction
        return TokenClassificationRecord(
            text=text, tokens=tokens, prediction=spans, prediction_agent=self._name
        )

    def save(self, output_dir: str) -> None:
        """Save model and tokenizer."""
        trained(self._model).save_pretrained(output_dir)
        self._tokenizer.save_pretrained(output_dir)


def _first_pieces(words: list[int | None]) -> list[int | None]:
    """Return the word of each piece that begins one, None for all others."""
    return [
        word if word is not None and (place == 0 or words[place - 1] != word) else None
        for place, word in enumerate(words)
    ]
