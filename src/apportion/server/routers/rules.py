"""Labeling rules of 1.x. Name and task may come in either order; a rule's query is its place in the path."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from apportion.domain.errors import (
    BadRequestError,
    ClosedDatasetError,
    EntityAlreadyExistsError,
    EntityNotFoundError,
    ForbiddenOperationError,
    InvalidTextSearchError,
    ValidationError,
    WrongTaskError,
)
from apportion.domain.rules import LabelingRule, RuleMetrics, labels_of
from apportion.domain.times import naive_iso
from apportion.server.bodies import JsonRoute
from apportion.server.deps import Context, Ctx
from apportion.server.errors import responses
from apportion.server.paths import name_and_task
from apportion.services.insight import label_rules
from apportion.vocabulary import Task
from apportion.wire.labeling_rules import LabelingRuleOut, NewRule, RuleChanges, RuleFigures

__all__ = ["router"]

router = APIRouter(tags=["Labeling rules"], route_class=JsonRoute)
_RULES = "/api/datasets/{name}/{task}/labeling/rules"
_REFUSALS = responses(WrongTaskError, ForbiddenOperationError, EntityNotFoundError)
_FIGURES = {**_REFUSALS, **responses(InvalidTextSearchError, ClosedDatasetError)}


def _place(ctx: Context, first: str, second: str) -> tuple[str, str]:
    """Return workspace and name of the dataset in the path."""
    name, task = name_and_task(first, second)
    workspace = ctx.require_workspace()
    if task is not Task.TEXT_CLASSIFICATION:
        raise WrongTaskError(f"Labeling rules are for {Task.TEXT_CLASSIFICATION} only, not for {task}")
    return workspace, name


@router.get(_RULES, responses=_REFUSALS)
async def list_rules(ctx: Ctx, name: str, task: str) -> list[LabelingRuleOut]:
    """List the dataset's labeling rules, oldest first."""
    place = _place(ctx, name, task)
    return [_shown(each) for each in await ctx.read(lambda tx: label_rules.list_rules(tx, ctx.actor, *place))]


@router.post(_RULES, responses={**_FIGURES, **responses(EntityAlreadyExistsError, BadRequestError)})
async def add_rule(ctx: Ctx, name: str, task: str, sent: NewRule) -> LabelingRuleOut:
    """Store a labeling rule."""
    place, labels = _place(ctx, name, task), _all_labels(sent)
    label = sent.label or (labels[0] if len(labels) == 1 else None)
    now = ctx.state.clock.now()
    rule = LabelingRule(sent.query, labels, label, ctx.actor.username, now, sent.description)
    return _shown(await ctx.write(lambda tx: label_rules.add_rule(tx, ctx.actor, *place, rule)))


@router.get(_RULES + "/metrics", responses=_FIGURES)
async def rules_metrics(ctx: Ctx, name: str, task: str) -> RuleFigures:
    """Measure the share of the dataset that all rules cover together, as you see it."""
    place = _place(ctx, name, task)
    found = await ctx.read_slow(lambda tx: label_rules.rules_metrics(tx, ctx.actor, *place), long=True)
    figures = _figures(found)
    figures.coverage, figures.coverage_annotated = found.coverage or 0.0, found.coverage_annotated or 0.0
    return figures


@router.get(_RULES + "/{query:path}/metrics", responses=_FIGURES)
async def rule_metrics(
    ctx: Ctx,
    name: str,
    task: str,
    query: str,
    label: Annotated[
        list[str] | None, Query(description="Labels to judge by instead of those stored.")
    ] = None,
) -> RuleFigures:
    """Measure a rule's coverage and precision, as you see the dataset; the rule need not be stored."""
    place, labels = _place(ctx, name, task), list(filter(None, label or ()))
    found = await ctx.read_slow(
        lambda tx: label_rules.rule_metrics(tx, ctx.actor, *place, query, labels), long=True
    )
    return _figures(found)


@router.get(_RULES + "/{query:path}", responses=_REFUSALS)
async def get_rule(ctx: Ctx, name: str, task: str, query: str) -> LabelingRuleOut:
    """Show a labeling rule by its query."""
    place = _place(ctx, name, task)
    return _shown(await ctx.read(lambda tx: label_rules.find_rule(tx, ctx.actor, *place, query)))


@router.patch(_RULES + "/{query:path}", responses=_REFUSALS)
async def edit_rule(ctx: Ctx, name: str, task: str, query: str, sent: RuleChanges) -> LabelingRuleOut:
    """Change a rule's labels, and its description if one is sent."""
    place, labels, description = _place(ctx, name, task), _all_labels(sent), sent.description
    now = ctx.state.clock.now()
    return _shown(
        await ctx.write(
            lambda tx: label_rules.edit_rule(
                tx, ctx.actor, *place, query, labels=labels, description=description, now=now
            )
        )
    )


@router.delete(_RULES + "/{query:path}", responses=_REFUSALS)
async def delete_rule(ctx: Ctx, name: str, task: str, query: str) -> None:
    """Delete a labeling rule; it is no error if there is none."""
    place, now = _place(ctx, name, task), ctx.state.clock.now()
    await ctx.write(lambda tx: label_rules.delete_rule(tx, ctx.actor, *place, query, now=now))


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


def _figures(found: RuleMetrics) -> RuleFigures:
    return RuleFigures(
        coverage=found.coverage,
        coverage_annotated=found.coverage_annotated,
        correct=found.correct,
        incorrect=found.incorrect,
        precision=found.precision,
        total_records=float(found.total),
        annotated_records=float(found.annotated),
    )
