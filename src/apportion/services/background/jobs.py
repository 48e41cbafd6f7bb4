"""Start jobs, find them, undo them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apportion.domain.consensus.resolution import ResolutionRule
from apportion.domain.datasets import Dataset, DatasetAddress
from apportion.domain.errors import BadRequestError, ConflictError, EntityNotFoundError, Refusal
from apportion.domain.jobs import ENDED, AcceptScope, Job, JobKind
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, allowed, require
from apportion.domain.policies import Policies
from apportion.domain.records import Value
from apportion.ports.events import About
from apportion.ports.store import Transaction
from apportion.services.answers.answer_mode import answer_mode
from apportion.services.datasets.access import DatasetAccess, dataset_by_number, open_dataset
from apportion.services.datasets.rights import require_right
from apportion.vocabulary import AnnotationState, EventCode

__all__ = [
    "Acceptance",
    "Apply",
    "begin_accept",
    "begin_apply",
    "begin_model",
    "begin_undo",
    "check_still_allowed",
    "find_job",
    "model_wanted",
]

ACCEPTABLE = (ResolutionRule.UNANIMOUS, ResolutionRule.MAJORITY)

_FIT = 2
"""Version of the models' fit: a new one makes every dataset be fitted again."""


@dataclass(frozen=True, slots=True)
class Apply:
    """A value to set on all records that match: as JSON for the job, and parsed, which checks it."""

    query: str
    json: Mapping[str, Any] | None
    value: Value | None
    state: AnnotationState
    take: AcceptScope = AcceptScope.VALUE


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A consensus to accept: of the records that match, by the rule that says what people agree on."""

    query: str
    rule: ResolutionRule


def begin_apply(tx: Transaction, actor: Actor, address: DatasetAddress, asked: Apply, *, now: int) -> Job:
    """Start a job that sets one's own annotation, or as a reviewer the gold value, on every record that matches."""
    access = open_dataset(tx, actor, address, Action.ANNOTATE, open_only=True)
    if asked.take is not AcceptScope.VALUE and asked.value is not None:
        raise BadRequestError(f"Send a value, or take what is {asked.take}; both at once is unclear.")
    if (
        asked.take is AcceptScope.VALUE
        and asked.value is None
        and asked.state is not AnnotationState.DISCARDED
    ):
        raise BadRequestError("There is no value to set. Nothing was changed.")
    gold = answer_mode(tx, access.dataset).keeps_gold and not access.is_annotator
    if gold and asked.state is AnnotationState.DRAFT:
        raise BadRequestError(
            "A final value is never a draft: the state must be submitted or discarded. Nothing was changed."
        )
    if gold and asked.take is AcceptScope.OWN:
        raise BadRequestError(
            "A final value needs a value, or the prediction; your own answer can't be one. Nothing was changed."
        )
    spec = {
        "query": asked.query,
        "value": asked.json,
        "state": str(asked.state),
        "take": str(asked.take),
        "gold": gold,
    }
    job = tx.jobs.add(access.dataset, str(uuid.uuid4()), JobKind.APPLY, spec, by=actor.username, at=now)
    detail = {"kind": str(job.kind), **{name: spec[name] for name in ("query", "state", "take", "gold")}}
    _log_event(access, EventCode.STARTED_JOB, job, detail)
    return job


def begin_accept(
    tx: Transaction, actor: Actor, address: DatasetAddress, asked: Acceptance, *, now: int
) -> Job:
    """Start a job that makes the consensus the gold value of every record that matches and has no decision yet."""
    access = open_dataset(tx, actor, address, Action.ADJUDICATE, open_only=True)
    if not answer_mode(tx, access.dataset).keeps_gold:
        raise BadRequestError(
            f"Dataset {access.dataset.name} is shared: its latest annotation is the record's, there is nothing to "
            "agree on. Set the policy 'annotation' to 'individual' first."
        )
    if asked.rule not in ACCEPTABLE:
        raise BadRequestError(
            f"The rule {asked.rule} does not say what people agree on; {' or '.join(map(str, ACCEPTABLE))} does."
        )
    spec = {"query": asked.query, "rule": str(asked.rule)}
    job = tx.jobs.add(access.dataset, str(uuid.uuid4()), JobKind.ACCEPT, spec, by=actor.username, at=now)
    _log_event(access, EventCode.ACCEPTED_CONSENSUS, job, spec)
    return job


def _log_event(access: DatasetAccess, what: EventCode, job: Job, detail: Mapping[str, Any]) -> None:
    about = About(access.dataset, object=job.id)
    access.tx.events.add(what, about, who=access.username, at=job.created_at, detail=detail)


def begin_model(tx: Transaction, dataset: Dataset, by: str, *, now: int) -> Job | None:
    """Start a job that fits the model of the dataset's policy, if there are answers that it has not seen yet."""
    if not model_wanted(tx, dataset):
        return None
    spec = _model_spec(tx, dataset)
    return tx.jobs.add(dataset, str(uuid.uuid4()), JobKind.MODEL, spec, by=by, at=now)


def _model_spec(tx: Transaction, dataset: Dataset) -> dict[str, Any]:
    """Return the inputs of a model's fit: the same ones are not fitted twice."""
    policy = str(Policies.of(dataset.policies).resolution)
    return {"upto": tx.jobs.last_answer(dataset), "policy": policy, "fit": _FIT}


def model_wanted(tx: Transaction, dataset: Dataset) -> bool:
    """Return whether there are answers since the model was last fitted, or it never was under this policy."""
    policies = Policies.of(dataset.policies)
    if not policies.modelled:
        return False
    last = tx.jobs.latest(dataset, JobKind.MODEL)
    if last is None:
        return True
    if last.state not in ENDED:
        return False
    return last.spec != _model_spec(tx, dataset)


def find_job(tx: Transaction, actor: Actor, id: str) -> tuple[Job, Dataset]:
    """Return a job; only for its owner while still a member, and for those who see what others do in its dataset."""
    job = tx.jobs.find(id)
    dataset = None if job is None else dataset_by_number(tx, job.dataset)
    if job is None or dataset is None:
        raise EntityNotFoundError(id, "Job")
    action = Action.SEE_DATASET if job.by == actor.username else Action.SEE_EVENTS
    if not allowed(actor, action, dataset.workspace):
        raise EntityNotFoundError(id, "Job")
    return job, dataset


def begin_undo(tx: Transaction, actor: Actor, id: str, *, now: int) -> tuple[Job, Dataset]:
    """Start a job that restores what another changed, where nobody has changed it since."""
    job, dataset = find_job(tx, actor, id)
    access = open_dataset(tx, actor, dataset.address, Action.ANNOTATE, open_only=True)
    if job.by != actor.username and not allowed(actor, Action.EDIT_POLICIES, dataset.workspace):
        raise EntityNotFoundError(id, "Job")
    if not job.kind.undoable:
        raise ConflictError(f"A job of the kind {job.kind} changes no answers; there is nothing to undo.")
    if job.state not in ENDED:
        raise ConflictError(f"The job is {job.state}; only one that has ended can be undone.")
    gold = _sets_gold(job)
    if gold:
        require(actor, Action.ADJUDICATE, dataset.workspace)
    spec = {"job": job.id, "asked_by": actor.username, "gold": gold}
    undo = tx.jobs.add(dataset, str(uuid.uuid4()), JobKind.UNDO, spec, by=job.by, at=now)
    detail = {"job": job.id, "kind": str(job.kind)}
    _log_event(access, EventCode.UNDID_JOB, undo, detail)
    return undo, dataset


def _sets_gold(job: Job) -> bool:
    return bool(job.spec.get("gold", job.kind is JobKind.ACCEPT))


_NEEDED = {
    JobKind.APPLY: Action.ANNOTATE,
    JobKind.ACCEPT: Action.ADJUDICATE,
    JobKind.UNDO: Action.ANNOTATE,
    JobKind.DELETE: Action.DELETE_RECORDS,
    JobKind.DISCARD: Action.DISCARD_RECORDS,
}
"""Actions that the owner of a job must be allowed to do, for as long as it runs; other jobs are the server's."""


def check_still_allowed(tx: Transaction, job: Job, dataset: Dataset) -> Actor:
    """Return the owner of a job with their present rights; refused once they may not do themselves what it does."""
    name = str(job.spec.get("asked_by", job.by))
    actor = tx.people.actor(name)
    if actor is None:
        raise Refusal(f"{name} can't sign in any more. {_STAYS}")
    action = Action.ADJUDICATE if _sets_gold(job) else _NEEDED[job.kind]
    if not allowed(actor, action, dataset.workspace, dataset.created_by):
        raise Refusal(f"{name} may not {action} any more. {_STAYS}")
    if job.kind is JobKind.DISCARD:
        require_right(actor, dataset, "discard_by_query")
    return actor


_STAYS = "What was done before stays."
