"""Every fixed table once. The full-text tables, one per dataset, are made by the SQLite engine.

Times are integers: microseconds since 1970 in UTC. Record numbers: ``rid = dataset << 32 | n``,
where ``n`` counts a dataset's records from 1 and is never used twice; whatever speaks of one dataset
only (facets, numbers, vectors, full text, bitmaps) stores the short ``n``.
"""

from __future__ import annotations

from .assignments import declined, past_assignees, plans, reasons, slot_counts, slots, waiting
from .base import metadata
from .content import agents, annotations_table, comments, gold, history, posteriors, records, time_spent
from .dataset import datasets, guidelines, purged_datasets
from .index import facet, fields, numbers, vals, vectors
from .operations import (
    events,
    events_pruning,
    job_changes,
    job_inputs,
    jobs,
    replies,
    webhook_deliveries,
    webhooks,
)
from .people import memberships, sessions, users, workspaces

__all__ = [
    "agents",
    "annotations_table",
    "comments",
    "datasets",
    "declined",
    "events",
    "events_pruning",
    "facet",
    "fields",
    "gold",
    "guidelines",
    "history",
    "job_changes",
    "job_inputs",
    "jobs",
    "memberships",
    "metadata",
    "numbers",
    "past_assignees",
    "plans",
    "posteriors",
    "purged_datasets",
    "reasons",
    "records",
    "replies",
    "sessions",
    "slot_counts",
    "slots",
    "time_spent",
    "users",
    "vals",
    "vectors",
    "waiting",
    "webhook_deliveries",
    "webhooks",
    "workspaces",
]
