"""Routes, one module per noun. Handlers are short: read, decide elsewhere, answer."""

from __future__ import annotations

from fastapi import APIRouter

from . import (
    agreement,
    answers,
    assignments,
    audit,
    bulk,
    datasets,
    export,
    health,
    hours,
    inbox,
    info,
    jobs,
    me,
    metrics,
    policies,
    progress,
    queue,
    records,
    rules,
    search,
    security,
    session,
    settings,
    setup,
    team,
    users,
    webhooks,
    workspaces,
)

__all__ = ["ROUTERS"]

ROUTERS: list[APIRouter] = [
    queue.router,  # routes are searched in this order: what annotators wait for comes first
    answers.router,
    info.router,
    health.router,
    security.router,
    session.router,
    me.router,
    users.router,
    workspaces.router,
    webhooks.router,
    setup.router,
    datasets.router,
    settings.router,
    policies.router,
    bulk.router,
    search.router,
    assignments.router,
    progress.router,
    hours.router,
    agreement.router,
    export.router,
    jobs.router,
    team.router,
    inbox.router,
    audit.router,
    records.router,
    rules.router,
    metrics.router,
]
"""All routers under ``/api``, in the order of the documentation."""
