"""Examples of shapes on the wire, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from apportion.vocabulary import Task

__all__ = ["EXAMPLES", "RECORDS"]

RECORDS: dict[Task, dict[str, Any]] = {
    Task.TEXT_CLASSIFICATION: {
        "id": "a-1",
        "inputs": {"text": "The soup was cold."},
        "prediction": {"agent": "a model", "labels": [{"class": "complaint", "score": 0.9}]},
        "metadata": {"source": "survey"},
        "event_timestamp": "2026-01-31T12:00:00",
    },
    Task.TOKEN_CLASSIFICATION: {
        "id": "b-1",
        "text": "Ana lives in Bilbao.",
        "tokens": ["Ana", "lives", "in", "Bilbao", "."],
        "annotation": {"agent": "ben", "entities": [{"start": 13, "end": 19, "label": "LOC"}]},
        "status": "Validated",
    },
    Task.TEXT2TEXT: {
        "id": "c-1",
        "text": "A long report.",
        "prediction": {"agent": "a model", "sentences": [{"text": "A report.", "score": 0.7}]},
    },
}
"""One record of each task, as it may be logged."""

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "AgreementOut": [
        {
            "measure": "alpha",
            "estimate": 0.71,
            "low": 0.66,
            "high": 0.76,
            "level": 0.95,
            "records": 240,
            "annotators": 3,
            "answers": 510,
            "query": "_exists_:agreement",
            "interval": "jackknife",
        }
    ],
    "JobOut": [
        {
            "id": "0b5f2a70-6f0e-4d6e-9b0e-3f3f5a1f9a55",
            "kind": "annotations:apply",
            "state": "done",
            "workspace": "recognai",
            "dataset": "reviews",
            "by": "ana",
            "created_at": "2026-11-24T09:00:00Z",
            "changed_at": "2026-11-24T09:00:02Z",
            "done": 120,
            "total": 120,
            "message": None,
            "result": {"changed": 120, "left": 0, "why": []},
            "undoable": True,
        }
    ],
    "Login": [{"username": "ana", "password": "long enough"}],
    "NewMember": [{"username": "ana", "role": "annotator"}],
    "NewTeam": [
        {
            "users": [{"first_name": "Ana", "username": "ana", "password": "long enough"}],
            "workspace": "team",
            "membership": "annotator",
        }
    ],
    "NewUserIn": [{"first_name": "Ana", "username": "ana", "password": "long enough", "role": "annotator"}],
    "NewWorkspace": [{"name": "recognai"}],
    "PasswordIn": [{"current": "long enough", "new": "even longer"}],
    "PlanSpec": [
        {
            "rules": [{"users": ["ana", "ben", "cy"], "overlap": {"annotators": 2, "share": 0.2}}],
            "blind": True,
            "seed": 7,
        }
    ],
    "Ready": [
        {
            "status": "ok",
            "checks": {"store": "ok", "writer": "ok", "tables": "ok", "disk": "ok", "running": "ok"},
        }
    ],
    "RoleIn": [{"role": "reviewer"}],
    "Scan": [{"query": {"query_text": "status:Default"}, "fields": ["*"]}],
    "Search": [{"query": {"query_text": "soup", "status": ["Default"]}, "sort": []}],
    "ServerVersion": [{"version": "1.6.0", "apportion": "1.0.0"}],
    "Setup": [{"code": "abcd-efgh-jkmn", "first_name": "Eva", "username": "eva", "password": "long enough"}],
    "SortBy": [{"id": "last_updated", "order": "desc"}],
    "TakeBackIn": [{"annotators": ["ben"]}],
    "UserChanges": [{"role": "admin"}, {"password": "a new password"}],
}
"""Examples by the name of a component."""
