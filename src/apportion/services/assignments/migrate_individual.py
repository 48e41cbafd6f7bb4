"""Migrate a shared dataset to individual annotations: people's answers are staged as their own before the switch.

Nobody sees what is staged: in a shared dataset a record has one annotation, whatever else is stored of it. Records
changed meanwhile are staged once more; the last of them in the transaction that switches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from apportion.domain.assignment.states import RowState
from apportion.domain.datasets import Dataset
from apportion.domain.errors import ConflictError
from apportion.domain.individual.case import Annotation, Case, GoldValue, Origin
from apportion.domain.parts import parts_of
from apportion.domain.policies import Policies
from apportion.domain.records import AgentValues
from apportion.ports.annotations import ChangedRecords
from apportion.ports.store import Transaction
from apportion.services.answers.checked_value import no_annotation
from apportion.services.answers.individual_answers import user_check
from apportion.services.answers.reresolve import AT_ONCE
from apportion.services.operations import Step
from apportion.vocabulary import UNBOUNDED, Status

__all__ = ["IndividualMigration", "Staging", "own_annotations", "stage_records"]

_LOOKED_AT = 2_000
"""Records changed meanwhile that one transaction looks at; most of them have no answers."""
_ROUNDS = 1_000
"""Rounds through what was changed meanwhile before the switch stages the rest in its own transaction."""


@dataclass(slots=True)
class IndividualMigration:
    """The migration of one dataset; ``plan`` is the number of the plan that requires it, if one does."""

    dataset: Dataset
    policies: Policies
    now: int
    plan: int | None = None
    ids: dict[str, None] = field(default_factory=dict)
    """The records that are staged; after the switch they are to be resolved."""
    _staging: int = 0
    _seen: int = 0
    """The last change of the dataset that is staged."""
    _more: bool = True

    def staging_steps(self) -> Iterator[Step]:
        """Yield the steps before the switch, each to be run in a transaction of its own."""
        yield self._begin
        for part in parts_of(list(self.ids), AT_ONCE):
            yield lambda tx, part=part: self._prepare(tx, part)  # type: ignore[misc]
        rounds = 0
        while self._more and rounds < _ROUNDS:
            yield self._catch_up
            rounds += 1

    def finish(self, tx: Transaction) -> None:
        """Stage the rest; to be called in the transaction that switches."""
        self._catch_up(tx, UNBOUNDED)

    def _begin(self, tx: Transaction) -> None:
        self._staging = tx.annotations.begin_staging(self.dataset)
        self._seen = tx.annotations.last_change(self.dataset)
        self.ids = dict.fromkeys(tx.annotations.answered(self.dataset))

    def _catch_up(self, tx: Transaction, limit: int = _LOOKED_AT) -> None:
        last = tx.annotations.last_change(self.dataset)
        found = tx.annotations.changed_since(self.dataset, self._seen, limit)
        if found is None:  # it took so long that nobody knows any more: all of them once again
            found = ChangedRecords(tx.annotations.answered(self.dataset), last, False)
        self._prepare(tx, found.ids)
        self._seen, self._more = found.number, found.more

    def _prepare(self, tx: Transaction, ids: Sequence[str]) -> None:
        if tx.annotations.staging(self.dataset) != self._staging:
            raise ConflictError(
                f"Someone else began to make dataset {self.dataset.name} individual meanwhile. Nothing was changed."
            )
        self.ids.update(dict.fromkeys(ids))
        stage_records(tx, self.dataset, ids, Staging(self.policies, self.now, self.plan))


@dataclass(frozen=True, slots=True)
class Staging:
    """The policies a dataset is about to get, when, and the number of the plan that requires them, if one does."""

    policies: Policies
    at: int
    plan: int | None = None


def stage_records(tx: Transaction, dataset: Dataset, ids: Sequence[str], staging: Staging) -> None:
    """Stage records of a shared dataset; they are resolved once its new policies are in force.

    A shared answer withdraws the slots of others; those of the plan being applied stay as they were allocated.
    """
    policies, now, plan = staging.policies, staging.at, staging.plan
    is_user = user_check(tx)
    answers = tx.records.stored_answers(dataset, ids)
    changes = []
    for case in tx.annotations.cases(dataset, ids):
        slots = tuple(
            replace(slot, state=RowState.PENDING, lease=None) if slot.rule.plan == plan else slot
            for slot in case.slots
        )
        bare = replace(case, slots=slots, gold=None)
        changes.append((case, own_annotations(is_user, bare, answers.get(case.id), policies, now)))
    tx.annotations.stage(dataset, changes)


def own_annotations(
    is_user: Callable[[str], bool], case: Case, answers: AgentValues | None, policies: Policies, now: int
) -> Case:
    """Return a record of a shared dataset as one of an individual dataset.

    Its annotation becomes its author's own; one whose author is no user is kept as the earlier value.
    """
    users = {name: each for name, each in case.annotations.items() if is_user(name)}
    live = case.live_slots()
    done = {slot.annotator for slot in live if slot.state is RowState.DONE}
    found: dict[str, Annotation] = {}
    for name, each in sorted(users.items()):
        counts = name in done if live else len([a for a in found.values() if a.counted]) < policies.required
        found[name] = replace(each, counted=counts and each.answered)
    gold = None
    status = case.record.status
    author = answers.agent if answers is not None else ""
    if author not in users and status in (Status.VALIDATED, Status.DISCARDED):
        value = None
        if status is Status.VALIDATED:
            value = answers.value if answers is not None else no_annotation(case.record)
        gold = GoldValue(value, Origin.EARLIER, author or "somebody", None, 1, now)
    return replace(case, annotations=found, gold=gold)
