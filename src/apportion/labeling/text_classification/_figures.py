"""The figures of all stored rules at once, as the server computes them."""

from __future__ import annotations

from typing import Any

from apportion.sdk.session import active_client

from ._arrays import pandas
from ._matches import rules_path

__all__ = ["rules_summary"]


def rules_summary(dataset: str, answers: bool = False) -> Any:
    """Return a frame with a row for each stored rule and one for all together, as you see the dataset.

    The columns are those of ``WeakLabels.summary``. With ``answers``, where everybody has annotations of their own,
    three more compare the rules with all of them, not only with what they come to; for that one has to be a reviewer.

    >>> rules_summary("reviews")  # doctest: +SKIP

    Raises ``NotFoundApiError``; ``ForbiddenApiError`` for answers that one may not see.
    """
    client = active_client()
    params = {"workspace": client.workspace, "answers": answers}
    found = client.http_client.get(rules_path(dataset) + ":figures", params=params)
    rules = found.pop("rules")
    voted = {label for rule in rules if rule["covered_records"] for label in rule["labels"]}
    names = [*(rule.get("description") or rule["query"] for rule in rules), "total"]
    rows = [*(_row(rule, set(rule["labels"])) for rule in rules), _row(found, voted)]
    frame = pandas().DataFrame(rows, index=names)
    return frame.dropna(axis="columns", how="all")


def _row(figures: dict[str, Any], labels: set[str]) -> dict[str, Any]:
    answers = figures.get("answers", {})
    return {
        "label": labels,
        "coverage": figures.get("coverage"),
        "annotated_coverage": figures.get("coverage_annotated"),
        **{
            name: figures.get(name) for name in ("overlaps", "conflicts", "correct", "incorrect", "precision")
        },
        **{f"{name}_answers": answers.get(name) for name in ("correct", "incorrect")},
        "precision_over_answers": answers.get("precision"),
    }
