"""Parts of the trainers that are the same for each library."""

from __future__ import annotations

from typing import Any

from apportion.sdk.records import TextClassificationRecord

__all__ = ["classified", "sets", "trained"]


def sets(prepared: Any) -> tuple[Any, Any]:
    """Return the rows to train with and those to evaluate with, if there are any."""
    if isinstance(prepared, dict):
        return prepared["train"], prepared["test"]
    return prepared, None


def classified(
    text: str, scores: dict[str, float], agent: str, multi_label: bool
) -> TextClassificationRecord:
    """Return a record with the labels, the best first."""
    best = sorted(scores.items(), key=lambda each: -each[1])
    return TextClassificationRecord(
        text=text, prediction=best, prediction_agent=agent, multi_label=multi_label
    )


def trained(model: Any) -> Any:
    """Return the model. Raises ``RuntimeError`` if there is none yet."""
    if model is None:
        raise RuntimeError("There is no model yet: train() it first.")
    return model
