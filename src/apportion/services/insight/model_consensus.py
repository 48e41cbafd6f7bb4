"""Resolve records by a model of everybody's answers. Imports numpy; run by a job."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from apportion.domain.agreement.measures import AnswerKind, kind_of
from apportion.domain.consensus.dawid_skene import dawid_skene, one_coin
from apportion.domain.consensus.resolution import ResolutionRule
from apportion.domain.datasets import Dataset
from apportion.domain.errors import Refusal
from apportion.domain.numpy_types import np
from apportion.domain.policies import Policies
from apportion.ports.annotations import CaseChange
from apportion.ports.answers import SavedPosterior
from apportion.ports.store import Store, Transaction
from apportion.services.operations import Step

from .agreement import ratings_of

__all__ = ["FitModel"]

AT_ONCE = 200
_LEAST = 1e-6
"""Labels less probable than that are not stored."""


class FitModel:
    """The steps that fit the model of a dataset's policy, store its posteriors, and resolve the records by it.

    ``find`` returns the dataset as it is now. Fitting itself needs no transaction; ``tell`` is called with how many
    records are done, of how many, and a message about the progress.
    """

    name = "fit model"

    def __init__(
        self,
        store: Store,
        find: Callable[[Transaction], Dataset],
        now: Callable[[], int],
        tell: Callable[[int, int, str], None],
    ) -> None:
        self._store = store
        self._find = find
        self._now = now
        self._tell = tell
        self.result: Mapping[str, Any] = {}

    def steps(self) -> Iterator[Step]:
        """Yield the steps, each to be run in a transaction of its own."""
        with self._store.read() as tx:
            dataset = self._find(tx)
            policy = Policies.of(dataset.policies).resolution
            if kind_of(dataset.task, multi_label=bool(dataset.multi_label)) is not AnswerKind.LABEL:
                self.result = {
                    "why": "models are about single labels; these answers are resolved by majority"
                }
                return
            columns = tx.answers.columns(dataset)
            # Answers that were asked for because of others count here like any other.
            data = ratings_of(tx, dataset, replace(columns, independent=None))
        numbers = np.unique(columns.record)
        several = data.shared()
        if not len(several):
            self.result = {"records": 0, "why": "no record has answers by two people"}
            return
        units = np.unique(several.unit)
        total = len(units)
        fit = dawid_skene if policy is ResolutionRule.DAWID_SKENE else one_coin
        model = fit(data, progress=lambda step, _: self._tell(0, total, f"step {step} of the model"))
        starts = np.searchsorted(data.unit, np.arange(data.units + 1))
        for first in range(0, total, AT_ONCE):
            part = []
            for unit in units[first : first + AT_ONCE].tolist():
                rows = slice(starts[unit], starts[unit + 1])
                answers = {
                    data.annotators[who]: str(data.values[value])
                    for who, value in zip(
                        data.annotator[rows].tolist(), data.value[rows].tolist(), strict=True
                    )
                }
                labels = {label: p for label, p in model.of(unit).items() if p > _LEAST}
                part.append(SavedPosterior(int(numbers[unit]), str(policy), answers, labels))
            yield partial(self._resolve, policy, part)
            self._tell(min(first + AT_ONCE, total), total, "records are resolved")
        self.result = {
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

    def give_up(self) -> Iterator[Step]:
        """Yield no steps: records resolved by the model stay so, and the next fit resolves the others."""
        return iter(())

    def _resolve(self, policy: ResolutionRule, part: Sequence[SavedPosterior], tx: Transaction) -> None:
        _reresolve(tx, self._find(tx), policy, part, self._now())


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
        [CaseChange(case, case, policies.resolve(case)) for case in cases],
        at=now,
    )
