"""The trainer of 1.x: a dataset's annotations, prepared for a library, and that library's own trainer."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol

from apportion.sdk.api import load
from apportion.sdk.records import Record
from apportion.sdk.training import Framework
from apportion.vocabulary import Task

__all__ = ["ArgillaTrainer"]


class _Backend(Protocol):
    """Training with one library."""

    def update_config(self, **settings: Any) -> None: ...

    def train(self, output_dir: str | None) -> None: ...

    def predict(self, texts: list[str]) -> list[Any]: ...

    def record(self, text: str, prediction: Any) -> Record: ...

    def save(self, output_dir: str) -> None: ...


_BACKENDS = {
    Framework.SPACY: ("._spacy", "SpacyTrainer"),
    Framework.TRANSFORMERS: ("._transformers", "TransformersTrainer"),
    Framework.SETFIT: ("._setfit", "SetFitTrainer"),
}


class ArgillaTrainer:
    """A model of spaCy, transformers or SetFit, to be trained on the annotations of a dataset.

    ``prepare_for_training`` makes the data, the library's own trainer trains; this stands between them for those who
    want no more than that. ``model`` is the name or folder of the model to begin with (for spaCy, that of vectors),
    ``lang`` a language or pipeline of spaCy. ``train_size`` below 1 keeps the rest to evaluate on. ``load_kwargs`` are
    those of ``rg.load``.

    >>> trainer = ArgillaTrainer("reviews", "setfit", train_size=0.8, query="status:Validated")  # doctest: +SKIP
    >>> trainer.update_config(num_epochs=1)  # doctest: +SKIP
    >>> trainer.train("model")  # doctest: +SKIP
    >>> trainer.predict("The best soup in town").prediction  # doctest: +SKIP
    [('good', 0.93), ('bad', 0.07)]

    Raises ``ValueError`` for an unknown framework or where there is no record, ``NotImplementedError`` for a task that
    the library has no trainer for, ``NotFoundApiError``, ``ModuleNotFoundError`` with what to install.
    """

    def __init__(
        self,
        name: str,
        framework: Framework | str,
        workspace: str | None = None,
        lang: Any = None,
        model: str | None = None,
        train_size: float | None = None,
        seed: int | None = None,
        **load_kwargs: Any,
    ) -> None:
        self._framework = Framework(framework)
        if self._framework not in _BACKENDS:
            raise NotImplementedError(
                f"There is no trainer for {self._framework}; "
                f"rg.load({name!r}).prepare_for_training({str(framework)!r}) gives the data frames that it takes."
            )
        records = load(name, workspace=workspace, **load_kwargs)
        if not len(records):
            raise ValueError(f"No record of {name} matches, so there is nothing to train with.")
        _check_task(records[0].task, self._framework)
        module, kind = _BACKENDS[self._framework]
        backend = getattr(import_module(module, __package__), kind)
        of_spacy: dict[str, Any] = {"lang": "en" if lang is None else lang} if module == "._spacy" else {}
        prepared = records.prepare_for_training(
            framework=self._framework, train_size=train_size, seed=seed, **of_spacy
        )
        self._trainer: _Backend = backend(records[0], prepared, model=model, seed=seed, **of_spacy)

    def __repr__(self) -> str:
        return f"ArgillaTrainer({self._framework}, {self._trainer!r})"

    def update_config(self, **kwargs: Any) -> None:
        """Change settings of the library's trainer, by the names that it has for them."""
        self._trainer.update_config(**kwargs)

    def train(self, output_dir: str | None = None) -> None:
        """Train; with ``output_dir``, save the model there."""
        self._trainer.train(output_dir)

    def predict(self, text: str | list[str], as_argilla_records: bool = True) -> Any:
        """Predict one text or a list of them, as records, or as the library does."""
        texts = [text] if isinstance(text, str) else list(text)
        found = self._trainer.predict(texts)
        if as_argilla_records:
            pairs = zip(texts, found, strict=True)
            found = [self._trainer.record(each, prediction) for each, prediction in pairs]
        return found[0] if isinstance(text, str) else found

    def save(self, output_dir: str) -> None:
        """Save the trained model to a folder."""
        self._trainer.save(output_dir)


def _check_task(task: Task, framework: Framework) -> None:
    if task is Task.TEXT2TEXT:
        raise NotImplementedError(
            "There is no trainer for Text2Text; rg.load(…).prepare_for_training('transformers') gives rows of text and "
            "target, which transformers.Seq2SeqTrainer takes."
        )
    if task is Task.TOKEN_CLASSIFICATION and framework is Framework.SETFIT:
        raise NotImplementedError("SetFit classifies texts, not tokens; use spaCy or transformers.")
