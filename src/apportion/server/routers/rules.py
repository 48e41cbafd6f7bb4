"""Labeling rules of 1.x. Name and task may come in either order; a rule's query is its place in the path."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints

from apportion.domain.datasets import DatasetAddress
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

__all__ = ["router"]

router = APIRouter(tags=["Labeling rules"], route_class=JsonRoute)
_RULES = "/api/datasets/{name}/{task}/labeling/rules"
_REFUSALS = responses(WrongTaskError, ForbiddenOperationError, EntityNotFoundError)
_FIGURES = {**_REFUSALS, **responses(InvalidTextSearchError, ClosedDatasetError)}

_Label = Annotated[str, StringConstraints(min_length=1, max_length=128)]
_Text = Annotated[str, StringConstraints(max_length=10_000)]


class RuleChanges(BaseModel):
    """The labels of a rule, and its description."""

    label: _Label | None = None
    labels: list[_Label] = Field(default=[], max_length=1_000)
    description: _Text | None = None

    def all_labels(self) -> tuple[str, ...]:
        """Return the labels, sent in either form. Raises ``ValidationError`` if there are none."""
        found = labels_of(self.label, self.labels)
        if not found:
            msg = "a labeling rule needs at least one label"
            raise ValidationError([{"loc": ["body", "__root__"], "msg": msg, "type": "value_error"}])
        return found


class NewRule(RuleChanges):
    """A rule: records that match the query should get the labels."""

    query: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]


def _address(ctx: Context, first: str, second: str) -> DatasetAddress:
    """Return the address of the dataset in the path."""
    name, task = name_and_task(first, second)
    address = ctx.address(name)
    if task is not Task.TEXT_CLASSIFICATION:
        raise WrongTaskError(f"Labeling rules are for {Task.TEXT_CLASSIFICATION} only, not for {task}")
    return address


@router.get(_RULES, responses=_REFUSALS)
async def list_rules(ctx: Ctx, name: str, task: str) -> list[dict[str, Any]]:
    """List the dataset's labeling rules, oldest first."""
    address = _address(ctx, name, task)
    return [
        _shown(each) for each in await ctx.read(lambda tx: label_rules.list_rules(tx, ctx.actor, address))
    ]


@router.post(_RULES, responses={**_FIGURES, **responses(EntityAlreadyExistsError, BadRequestError)})
async def add_rule(ctx: Ctx, name: str, task: str, sent: NewRule) -> dict[str, Any]:
    """Store a labeling rule."""
    address, labels = _address(ctx, name, task), sent.all_labels()
    label = sent.label or (labels[0] if len(labels) == 1 else None)
    now = ctx.state.clock.now()
    rule = LabelingRule(sent.query, labels, label, ctx.actor.username, now, sent.description)
    return _shown(await ctx.write(lambda tx: label_rules.add_rule(tx, ctx.actor, address, rule)))


@router.get(_RULES + "/metrics", responses=_FIGURES)
async def rules_metrics(ctx: Ctx, name: str, task: str) -> dict[str, float]:
    """Measure the share of the dataset that all rules cover together, as you see it."""
    address = _address(ctx, name, task)
    found = await ctx.read_slow(lambda tx: label_rules.rules_metrics(tx, ctx.actor, address), long=True)
    return {"coverage": 0.0, "coverage_annotated": 0.0, **_figures(found)}


@router.get(_RULES + "/{query:path}/metrics", responses=_FIGURES)
async def rule_metrics(
    ctx: Ctx,
    name: str,
    task: str,
    query: str,
    label: Annotated[
        list[str] | None, Query(description="Labels to judge by instead of those stored.")
    ] = None,
) -> dict[str, float]:
    """Measure a rule's coverage and precision, as you see the dataset; the rule need not be stored."""
    address, labels = _address(ctx, name, task), list(filter(None, label or ()))
    found = await ctx.read_slow(
        lambda tx: label_rules.rule_metrics(tx, ctx.actor, address, query, labels), long=True
    )
    return _figures(found)


@router.get(_RULES + "/{query:path}", responses=_REFUSALS)
async def get_rule(ctx: Ctx, name: str, task: str, query: str) -> dict[str, Any]:
    """Show a labeling rule by its query."""
    address = _address(ctx, name, task)
    return _shown(await ctx.read(lambda tx: label_rules.find_rule(tx, ctx.actor, address, query)))


@router.patch(_RULES + "/{query:path}", responses=_REFUSALS)
async def edit_rule(ctx: Ctx, name: str, task: str, query: str, sent: RuleChanges) -> dict[str, Any]:
    """Change a rule's labels, and its description if one is sent."""
    address = _address(ctx, name, task)
    edit = label_rules.RuleEdit(query, sent.all_labels(), sent.description)
    now = ctx.state.clock.now()
    return _shown(await ctx.write(lambda tx: label_rules.edit_rule(tx, ctx.actor, address, edit, now=now)))


@router.delete(_RULES + "/{query:path}", responses=_REFUSALS)
async def delete_rule(ctx: Ctx, name: str, task: str, query: str) -> None:
    """Delete a labeling rule; it is no error if there is none."""
    address, now = _address(ctx, name, task), ctx.state.clock.now()
    await ctx.write(lambda tx: label_rules.delete_rule(tx, ctx.actor, address, query, now=now))


def _shown(rule: LabelingRule) -> dict[str, Any]:
    found = {
        "query": rule.query,
        "label": rule.label,
        "labels": list(rule.labels),
        "description": rule.description,
        "author": rule.author,
        "created_at": naive_iso(rule.created_at),
    }
    return {name: each for name, each in found.items() if each is not None}


def _figures(found: RuleMetrics) -> dict[str, float]:
    fields = {
        "coverage": found.coverage,
        "coverage_annotated": found.coverage_annotated,
        "correct": found.correct,
        "incorrect": found.incorrect,
        "precision": found.precision,
        "total_records": found.total,
        "annotated_records": found.annotated,
    }
    return {name: each for name, each in fields.items() if each is not None}
