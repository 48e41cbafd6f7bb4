"""Labeling rules of 1.x. Name and task may come in either order; a rule's query is its place in the path."""

from __future__ import annotations

import base64
import logging
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from fastapi import APIRouter, Query

from apportion.domain.datasets import DatasetAddress
from apportion.domain.errors import (
    BadRequestError,
    ClosedDatasetError,
    ConflictError,
    EntityAlreadyExistsError,
    EntityNotFoundError,
    ForbiddenOperationError,
    InvalidTextSearchError,
    StorageFullError,
    ValidationError,
    WrongTaskError,
)
from apportion.domain.rules import LabelingRule, RuleMetrics, labels_of
from apportion.domain.times import naive_iso
from apportion.ports.records import Criteria
from apportion.ports.store import Transaction
from apportion.server.bodies import JsonRoute
from apportion.server.convert.queries import read_query
from apportion.server.deps import Context, Ctx
from apportion.server.errors import responses
from apportion.server.paths import name_and_task
from apportion.server.wire_routes import Reply, json_reply
from apportion.services.insight import label_rules
from apportion.services.records import find
from apportion.vocabulary import Task
from apportion.wire.labeling_rules import (
    LabelingRuleOut,
    MatchesWanted,
    NewRule,
    RuleChanges,
    RuleFigures,
    RuleMatchesOut,
    RulesReport,
    UndoneRule,
)

if TYPE_CHECKING:  # bring numpy along
    from apportion.services.insight.rule_figures import RuleFigures as FiguresOfRule
    from apportion.services.insight.rule_matches import RuleMatches

__all__ = ["router"]

router = APIRouter(tags=["Labeling rules"], route_class=JsonRoute)
log = logging.getLogger("apportion.server")
_RULES = "/api/datasets/{name}/{task}/labeling/rules"
_REFUSALS = responses(WrongTaskError, ForbiddenOperationError, EntityNotFoundError)
_FIGURES = {**_REFUSALS, **responses(InvalidTextSearchError, ClosedDatasetError)}


def _address(ctx: Context, first: str, second: str) -> DatasetAddress:
    """Return the address of the dataset in the path."""
    name, task = name_and_task(first, second)
    address = ctx.address(name)
    if task is not Task.TEXT_CLASSIFICATION:
        raise WrongTaskError(f"Labeling rules are for {Task.TEXT_CLASSIFICATION} only, not for {task}")
    return address


@router.get(_RULES, responses=_REFUSALS)
async def list_rules(ctx: Ctx, name: str, task: str) -> list[LabelingRuleOut]:
    """List the dataset's labeling rules, oldest first."""
    address = _address(ctx, name, task)
    return [
        _shown(each) for each in await ctx.read(lambda tx: label_rules.list_rules(tx, ctx.actor, address))
    ]


@router.post(_RULES, responses={**_FIGURES, **responses(EntityAlreadyExistsError, BadRequestError)})
async def add_rule(ctx: Ctx, name: str, task: str, sent: NewRule) -> LabelingRuleOut:
    """Store a labeling rule."""
    address, labels = _address(ctx, name, task), _all_labels(sent)
    label = sent.label or (labels[0] if len(labels) == 1 else None)
    now = ctx.state.clock.now()
    rule = LabelingRule(sent.query, labels, label, ctx.actor.username, now, sent.description)
    return _shown(await ctx.write(lambda tx: label_rules.add_rule(tx, ctx.actor, address, rule)))


@router.get(_RULES + "/metrics", responses=_FIGURES)
async def rules_metrics(ctx: Ctx, name: str, task: str) -> Reply[RuleFigures]:
    """Measure the share of the dataset that all rules cover together, as you see it."""
    address = _address(ctx, name, task)
    any_rules, found = await ctx.read_slow(
        lambda tx: label_rules.rules_metrics(tx, ctx.actor, address), long=True
    )
    none = {} if any_rules else {"coverage": 0.0, "coverage_annotated": 0.0}
    return json_reply({**none, **_figures(found)})


@router.get(_RULES + ":figures", responses=_FIGURES)
async def rules_figures(
    ctx: Ctx,
    name: str,
    task: str,
    answers: Annotated[
        bool, Query(description="Whether to compare them with everyone's answers, too; for reviewers.")
    ] = False,
) -> Reply[RulesReport]:
    """Measure all stored rules at once, as you see the dataset: coverage, overlaps, conflicts, precision."""
    address = _address(ctx, name, task)

    def run(tx: Transaction) -> dict[str, Any]:
        from apportion.services.insight.rule_figures import all_rules

        report = all_rules(tx, ctx.actor, address, answers=answers)
        rules = [{**msgspec.to_builtins(_shown(rule)), **_all_figures(found)} for rule, found in report.rules]
        return {**_all_figures(report.together), "rules": rules}

    return json_reply(await ctx.read_slow(run, long=True))


@router.post(_RULES + ":matches", responses=_FIGURES)
async def rule_matches(ctx: Ctx, name: str, task: str, sent: MatchesWanted) -> Reply[RuleMatchesOut]:
    """Find which records each rule matches, as positions in the order of ids, and which are annotated as what.

    Positions and ids are base64 of zlib: ids of a JSON array, positions of one bit per record, highest bit first.
    """
    address = _address(ctx, name, task)
    selected = read_query(sent.query, Task.TEXT_CLASSIFICATION)

    def run(tx: Transaction) -> tuple[str, int, bytes]:
        from apportion.services.insight.rule_matches import MatchRequest, rule_matches

        wanted = MatchRequest(selected.criteria, sent.queries, sent.with_records)
        dataset, found = rule_matches(tx, ctx.actor, address, wanted)
        return dataset.uuid, found.total, msgspec.json.encode(_matches(found))

    uuid, total, reply = await ctx.read_slow(run, long=True)
    if ctx.state.scans.begun(ctx.actor.username, uuid, first=sent.with_records):
        await _note_scan(ctx, address, selected.criteria, total)
    return Reply(reply)


async def _note_scan(ctx: Context, address: DatasetAddress, criteria: Criteria, total: int) -> None:
    """Write the audit event of a scan. A full disk must not keep people from reading their data."""
    now, scan = ctx.state.clock.now(), find.ScanStart(criteria.query, total)
    try:
        await ctx.write(lambda tx: find.note_scan(tx, ctx.actor, address, scan, now=now), urgent=True)
    except StorageFullError:
        log.warning("a scan couldn't be put in the audit log: the disk is full")


@router.post(_RULES + ":undo", responses={**_REFUSALS, **responses(BadRequestError, ConflictError)})
async def undo_rule_change(
    ctx: Ctx, name: str, task: str, sent: UndoneRule | None = None
) -> LabelingRuleOut | None:
    """Undo your last change of a rule; returns the rule, null if it is gone. Undoing twice is redoing."""
    address, now = _address(ctx, name, task), ctx.state.clock.now()
    query = None if sent is None else sent.query
    found = await ctx.write(lambda tx: label_rules.undo_rule_change(tx, ctx.actor, address, query, now=now))
    return None if found is None else _shown(found)


@router.get(_RULES + "/{query:path}/metrics", responses=_FIGURES)
async def rule_metrics(
    ctx: Ctx,
    name: str,
    task: str,
    query: str,
    label: Annotated[
        list[str] | None, Query(description="Labels to judge by instead of those stored.")
    ] = None,
) -> Reply[RuleFigures]:
    """Measure a rule's coverage and precision, as you see the dataset; the rule need not be stored."""
    address, labels = _address(ctx, name, task), list(filter(None, label or ()))
    found = await ctx.read_slow(
        lambda tx: label_rules.rule_metrics(tx, ctx.actor, address, query, labels), long=True
    )
    return json_reply(_figures(found))


@router.get(_RULES + "/{query:path}", responses=_REFUSALS)
async def get_rule(ctx: Ctx, name: str, task: str, query: str) -> LabelingRuleOut:
    """Show a labeling rule by its query."""
    address = _address(ctx, name, task)
    return _shown(await ctx.read(lambda tx: label_rules.find_rule(tx, ctx.actor, address, query)))


@router.patch(_RULES + "/{query:path}", responses=_REFUSALS)
async def edit_rule(ctx: Ctx, name: str, task: str, query: str, sent: RuleChanges) -> LabelingRuleOut:
    """Change a rule's labels, and its description if one is sent."""
    address = _address(ctx, name, task)
    edit = label_rules.RuleEdit(query, _all_labels(sent), sent.description)
    now = ctx.state.clock.now()
    return _shown(await ctx.write(lambda tx: label_rules.edit_rule(tx, ctx.actor, address, edit, now=now)))


@router.delete(_RULES + "/{query:path}", responses=_REFUSALS)
async def delete_rule(ctx: Ctx, name: str, task: str, query: str) -> None:
    """Delete a labeling rule; it is no error if there is none."""
    address, now = _address(ctx, name, task), ctx.state.clock.now()
    await ctx.write(lambda tx: label_rules.delete_rule(tx, ctx.actor, address, query, now=now))


def _all_labels(sent: RuleChanges) -> tuple[str, ...]:
    """Return the labels, sent in either form. Raises ``ValidationError`` if there are none."""
    found = labels_of(sent.label, sent.labels)
    if not found:
        msg = "a labeling rule needs at least one label"
        raise ValidationError([{"loc": ["body", "__root__"], "msg": msg, "type": "value_error"}])
    return found


def _shown(rule: LabelingRule) -> LabelingRuleOut:
    return LabelingRuleOut(
        query=rule.query,
        label=rule.label,
        labels=list(rule.labels),
        description=rule.description,
        author=rule.author,
        created_at=naive_iso(rule.created_at),
    )


def _figures(found: RuleMetrics) -> dict[str, int | float]:
    fields: dict[str, int | float | None] = {
        "coverage": found.coverage,
        "coverage_annotated": found.coverage_annotated,
        "correct": None if found.correct is None else float(found.correct),  # as in 1.x
        "incorrect": None if found.incorrect is None else float(found.incorrect),
        "precision": found.precision,
        "total_records": found.total,
        "annotated_records": found.annotated,
    }
    return {name: each for name, each in fields.items() if each is not None}


def _all_figures(found: FiguresOfRule) -> dict[str, Any]:
    total = found.metrics.total
    fields: dict[str, Any] = {
        **_figures(found.metrics),
        "correct": found.metrics.correct,
        "incorrect": found.metrics.incorrect,
        "covered_records": found.metrics.covered,
        "annotated_covered_records": found.metrics.covered_annotated,
        "overlaps": found.overlaps / total if total else None,
        "conflicts": found.conflicts / total if total and found.conflicts is not None else None,
        "problem": found.problem,
    }
    if (answers := found.answers) is not None:
        judged = answers.correct + answers.incorrect
        share = {"precision": answers.correct / judged} if judged else {}
        fields["answers"] = {"correct": answers.correct, "incorrect": answers.incorrect, **share}
    return {name: each for name, each in fields.items() if each is not None}


def _matches(found: RuleMatches) -> dict[str, Any]:
    reply: dict[str, Any] = {
        "total": found.total,
        "order": found.order,
        "multi_label": found.multi_label,
        "queries": [{"query": text, "positions": _packed(each)} for text, each in found.queries],
    }
    if found.ids is not None and found.annotated is not None:
        reply["ids"] = _packed(found.ids)
        reply["annotated"] = _packed(found.annotated)
        reply["labels"] = [{"label": label, "positions": _packed(each)} for label, each in found.labels]
    return reply


def _packed(compressed: bytes) -> str:
    return base64.b64encode(compressed).decode()
