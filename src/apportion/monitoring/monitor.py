"""Choice of the monitor for a model, by the names of its classes: no library is imported for it."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any, TypeVar

from .base import BaseMonitor, ModelNotSupportedError

__all__ = ["monitor"]

M = TypeVar("M")

_MONITORS = {
    ("spacy", "Language"): ("spacy", "SpacyNERMonitor"),
    ("transformers", "TextClassificationPipeline"): ("transformers", "TextClassificationMonitor"),
    ("transformers", "ZeroShotClassificationPipeline"): ("transformers", "ZeroShotMonitor"),
    ("flair", "SequenceTagger"): ("flair", "FlairNERMonitor"),
}
"""Package and class of a model: module and class of its monitor."""


def monitor(
    task_model: M, dataset: str, sample_rate: float = 0.3, agent: str | None = None, log_interval: float = 5
) -> M:
    """Return the model in a form that logs what it predicts, in the background.

    Models are pipelines of spaCy (their entities), transformers' text and zero-shot classification pipelines, and
    flair's sequence taggers. What comes back is used like the model. ``sample_rate`` is the share of predictions to
    log, ``agent`` the name they are logged under, else that of the model; calls take ``metadata=`` for the record.
    Records are sent in batches, at the latest ``log_interval`` seconds after they came up, and what is left when the
    program ends or ``shutdown()`` is called. A model never waits: what cannot be logged is counted in ``dropped``,
    and a warning a minute says how many.

    >>> nlp = rg.monitor(spacy.load("en_core_web_sm"), dataset="live-ner")  # doctest: +SKIP
    >>> nlp("Ada lives in London.", metadata={"page": 3}).ents  # doctest: +SKIP
    (Ada, London)

    Any other model comes back as it is, with a warning. Raises ``AssertionError`` for a ``sample_rate`` outside of
    (0, 1] or without a dataset, and what ``init`` raises.
    """
    try:
        kind = _monitor_of(task_model)
    except ModelNotSupportedError as problem:
        warnings.warn(str(problem), stacklevel=2)
        return task_model
    watched: Any = kind(
        task_model, dataset=dataset, sample_rate=sample_rate, agent=agent, log_interval=log_interval
    )
    found: M = watched
    return found


def _monitor_of(model: object) -> type[BaseMonitor]:
    for kind in type.mro(model.__class__):
        home = kind.__module__.partition(".")[0]
        if (home, kind.__name__) in _MONITORS:
            module, name = _MONITORS[home, kind.__name__]
            found: type[BaseMonitor] = getattr(import_module(f".{module}", __package__), name)
            return found
    raise ModelNotSupportedError(
        f"{type(model).__module__}.{type(model).__qualname__} can't be monitored, and is returned as it is. There are "
        f"monitors for {', '.join('.'.join(each) for each in _MONITORS)}; for others, log what they predict: "
        "rg.log(records, name, background=True)."
    )
