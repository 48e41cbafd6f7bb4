"""Resolve records by a model of everybody's answers. Imports numpy; run by a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from apportion.domain.agreement.measures import AnswerKind, kind_of
from apportion.domain.consensus.dawid_skene import dawid_skene, one_coin
from apportion.domain.consensus.resolution import ResolutionRule
from apportion.domain.datasets import Dataset
from apportion.domain.errors import Refusal
from apportion.domain.individual.record_view import build_view
from apportion.domain.numpy_types import np
from apportion.domain.policies import Policies
from apportion.ports.annotations import CaseChange
from apportion.ports.answers import SavedPosterior
from apportion.ports.store import Store, Transaction

from .agreement import ratings_of

__all__ = ["run_model"]

AT_ONCE = 200
_LEAST = 1e-6
"""Labels less probable than that are not stored."""


def run_model(
    store: Store,
    find: Callable[[Transaction], Dataset],
    now: Callable[[], int],
    tell: Callable[[int, int, str], None],
) -> Mapping[str, Any]:
    """Fit the model of the dataset's policy, store its posterior of each record, and resolve the records by it.

    ``tell`` is called with how many records are done, of how many, and a message about the progress.
    """
    with store.read() as tx:
        dataset = find(tx)
        policy = Policies.of(dataset.policies).resolution
        if kind_of(dataset.task, multi_label=bool(dataset.multi_label)) is not AnswerKind.LABEL:
            return {"why": "models are about single labels; these answers are settled by majority"}
        columns = tx.answers.columns(dataset)
        # Answers that were asked for because of others count here like any other.
        data = ratings_of(tx, dataset, replace(columns, independent=None))
    numbers = np.unique(columns.record)
    several = data.shared()
    if not len(several):
        return {"records": 0, "why": "no record has answers by two people"}
    units = np.unique(several.unit)
    total = len(units)
    fit = dawid_skene if policy is ResolutionRule.DAWID_SKENE else one_coin
    model = fit(data, progress=lambda step, _: tell(0, total, f"step {step} of the model"))
    starts = np.searchsorted(data.unit, np.arange(data.units + 1))
    for first in range(0, total, AT_ONCE):
        part = []
        for unit in units[first : first + AT_ONCE].tolist():
            rows = slice(starts[unit], starts[unit + 1])
            answers = {
                data.annotators[who]: str(data.values[value])
                for who, value in zip(data.annotator[rows].tolist(), data.value[rows].tolist(), strict=True)
            }
            labels = {label: p for label, p in model.of(unit).items() if p > _LEAST}
            part.append(SavedPosterior(int(numbers[unit]), str(policy), answers, labels))
        store.write(lambda tx, part=part: _reresolve(tx, find(tx), policy, part, now())).result()  # type: ignore[misc]
        tell(min(first + AT_ONCE, total), total, "records are resolved")
    return {
        "records": total,
        "policy": str(policy),
        "steps": len(model.log_likelihoods),
        "converged": model.converged,
        "labels": [str(label) for label in model.labels],
        "annotators": [
            {"annotator": each.annotator, "answers": each.answers, "accuracy": each.accuracy}
            for each in model.quality()
        ],
    }


def _reresolve(
    tx: Transaction, dataset: Dataset, policy: ResolutionRule, part: Sequence[SavedPosterior], now: int
) -> None:
    policies = Policies.of(dataset.policies)
    if policies.resolution is not policy:
        raise Refusal("the policy has changed meanwhile")
    tx.answers.save_posteriors(dataset, part)
    cases = tx.annotations.cases(dataset, tx.answers.ids(dataset, [each.number for each in part]))
    tx.annotations.save_cases(
        dataset,
        [CaseChange(case, case, build_view(case, rule=policy, required=policies.required)) for case in cases],
        at=now,
    )
