"""Role × endpoint: the routes about datasets, and what they answer to whom."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from apportion.domain.permissions import Action, EffectiveRole
from servers import RECORDS, TEXT

__all__ = ["LABELS", "MATRIX", "NAMES", "PEOPLE", "table_of"]

PEOPLE = {
    None: None,
    "olga": EffectiveRole.OUTSIDER,
    "ana": EffectiveRole.MEMBER,
    "rita": EffectiveRole.REVIEWER,
    "max": EffectiveRole.MANAGER,
    "eva": EffectiveRole.ADMIN,
}
"""Nobody, then everybody by what they may; in this order every row gives its statuses."""

MEMBERS = (401, 403, 200, 200, 200, 200)
MANAGERS = (401, 403, 403, 403, 200, 200)

_DATASET = "/api/datasets/{name}"
_TASK = "/api/datasets/{name}/{task}"
_RULES = _TASK + "/labeling/rules"
_PLAN = _DATASET + "/assignments/unknown"
_MINE = _DATASET + "/records/{id}/annotations/me"
REVIEWERS = (401, 403, 403, 200, 200, 200)
NO_PLAN_FOR_REVIEWERS = (401, 403, 403, 404, 404, 404)
NO_PLAN = (401, 403, 403, 403, 404, 404)
SHARED_STILL = (401, 403, 403, 400, 400, 400)
_APPLIED = {"query": "nowhere-at-all", "value": {"labels": [{"class": "good"}]}}
_RECORDS = {"records": RECORDS["reviews"][1][:1]}
LABELS = {"label_schema": {"labels": ["good", "bad"]}}

# Method, path, body, parameters, what is done, statuses
MATRIX: list[tuple[str, str, Any, dict[str, str], Action, tuple[int, ...]]] = [
    ("GET", "/api/datasets", None, {}, Action.SEE_DATASET, (401, 404, 200, 200, 200, 200)),
    ("GET", "/api/datasets/", None, {}, Action.SEE_DATASET, (401, 404, 200, 200, 200, 200)),
    ("POST", "/api/datasets", {"name": "made-by-{who}", "task": TEXT}, {}, Action.CREATE_DATASET, MANAGERS),
    ("GET", _DATASET, None, {}, Action.SEE_DATASET, MEMBERS),
    ("PATCH", _DATASET, {"tags": {"a": "b"}}, {}, Action.EDIT_TAGS, MEMBERS),
    ("DELETE", _DATASET, None, {}, Action.DELETE_DATASET, MANAGERS),
    ("DELETE", "/api/datasets/unknown", None, {}, Action.SEE_DATASET, (401, 403, 200, 200, 200, 200)),
    ("GET", "/api/datasets:deleted", None, {}, Action.SEE_DATASET, (401, 404, 200, 200, 200, 200)),
    ("POST", "/api/datasets:restore", {"name": "never-was"}, {}, Action.RESTORE_DATASET, NO_PLAN),
    ("PUT", _DATASET + ":close", None, {}, Action.OPEN_CLOSE, MANAGERS),
    ("PUT", _DATASET + ":open", None, {}, Action.OPEN_CLOSE, MANAGERS),
    ("PUT", _DATASET + ":copy", {"name": "copied-by-{who}"}, {}, Action.COPY_DATASET, MANAGERS),
    ("GET", _TASK + "/settings", None, {}, Action.SEE_SETTINGS, MEMBERS),
    ("PUT", _TASK + "/settings", LABELS, {}, Action.EDIT_SETTINGS, MANAGERS),
    ("PATCH", _TASK + "/settings", LABELS, {}, Action.EDIT_SETTINGS, MANAGERS),
    ("DELETE", _TASK + "/settings", None, {}, Action.EDIT_SETTINGS, MANAGERS),
    ("POST", _TASK + ":bulk", _RECORDS, {}, Action.BULK, MEMBERS),
    ("POST", "/api/datasets/logged-by-{who}/{task}:bulk", _RECORDS, {}, Action.CREATE_BY_LOGGING, MANAGERS),
    ("POST", _TASK + ":search", {}, {}, Action.SEARCH, MEMBERS),
    ("POST", _DATASET + "/records/:search", {}, {}, Action.SEARCH, MEMBERS),
    ("GET", _DATASET + "/records/{id}", None, {}, Action.SEE_RECORD, MEMBERS),
    ("PATCH", _DATASET + "/records/{id}", {"metadata": {"user": "ben"}}, {}, Action.PATCH_RECORD, MEMBERS),
    ("DELETE", _DATASET + "/data", {"ids": [1]}, {}, Action.DELETE_RECORDS, MANAGERS),
    (
        "DELETE",
        _DATASET + "/data",
        {"query_text": "*"},
        {"mark_as_discarded": "True"},
        Action.DISCARD_RECORDS,
        MEMBERS,
    ),
    ("GET", _DATASET + "/policies", None, {}, Action.SEE_SETTINGS, MEMBERS),
    ("PATCH", _DATASET + "/policies", {}, {}, Action.EDIT_POLICIES, MANAGERS),
    ("GET", _DATASET + "/guidelines", None, {}, Action.SEE_DATASET, MEMBERS),
    ("PUT", _DATASET + "/guidelines", {"text": "Read first."}, {}, Action.EDIT_GUIDELINES, MANAGERS),
    ("POST", _DATASET + "/assignments:preview", {}, {}, Action.ASSIGN, MANAGERS),
    ("POST", _DATASET + "/assignments", {}, {}, Action.ASSIGN, MANAGERS),
    ("GET", _DATASET + "/assignments", None, {}, Action.SEE_PROGRESS, REVIEWERS),
    ("GET", _PLAN, None, {}, Action.SEE_PROGRESS, NO_PLAN_FOR_REVIEWERS),
    ("GET", _PLAN + "/rows", None, {}, Action.SEE_PROGRESS, NO_PLAN_FOR_REVIEWERS),
    ("POST", _PLAN + ":extend", {}, {}, Action.ASSIGN, NO_PLAN),
    ("POST", _PLAN + ":rebalance", {}, {}, Action.ASSIGN, NO_PLAN),
    ("POST", _PLAN + ":move", {"to": "ana"}, {}, Action.ASSIGN, NO_PLAN),
    ("POST", _PLAN + ":withdraw", {}, {}, Action.ASSIGN, NO_PLAN),
    ("POST", _PLAN + ":undo", {}, {}, Action.ASSIGN, NO_PLAN),
    ("GET", _DATASET + "/explain", None, {"record": "1"}, Action.ANNOTATE, MEMBERS),
    ("POST", _DATASET + "/queue:claim", {}, {}, Action.ANNOTATE, MEMBERS),
    ("GET", _DATASET + "/queue", None, {}, Action.ANNOTATE, MEMBERS),
    ("POST", _DATASET + "/queue:heartbeat", {}, {}, Action.ANNOTATE, MEMBERS),
    ("POST", _DATASET + "/queue:release", {}, {}, Action.ANNOTATE, MEMBERS),
    (
        "POST",
        _DATASET + "/queue:skip",
        {"id": "nowhere"},
        {},
        Action.ANNOTATE,
        (401, 403, 404, 404, 404, 404),
    ),
    (
        "POST",
        _DATASET + "/queue:undo_skip",
        {"id": "nowhere"},
        {},
        Action.ANNOTATE,
        (401, 403, 404, 404, 404, 404),
    ),
    ("POST", _DATASET + "/records/:resolutions", {"ids": ["1"]}, {}, Action.SEE_ANNOTATIONS, REVIEWERS),
    (
        "POST",
        _DATASET + "/records/{id}/annotations/olga:ask_again",
        {"reason": "See page 3."},
        {},
        Action.ADJUDICATE,
        SHARED_STILL,
    ),
    ("GET", _MINE, None, {}, Action.ANNOTATE, MEMBERS),
    ("PUT", _MINE, {"state": "draft", "version": 7}, {}, Action.ANNOTATE, (401, 403, 409, 409, 409, 409)),
    ("DELETE", _MINE, None, {}, Action.ANNOTATE, MEMBERS),
    ("POST", _MINE + ":undo", None, {}, Action.ANNOTATE, (401, 403, 400, 400, 400, 200)),
    ("GET", _DATASET + "/records/{id}/annotations", None, {}, Action.ANNOTATE, MEMBERS),
    ("GET", _DATASET + "/records/{id}/history", None, {}, Action.ANNOTATE, MEMBERS),
    ("GET", _DATASET + "/records/{id}/comments", None, {}, Action.ANNOTATE, MEMBERS),
    ("POST", _DATASET + "/records/{id}/comments", {"text": "Hm."}, {}, Action.ANNOTATE, MEMBERS),
    ("PUT", _DATASET + "/records/{id}/gold", {"state": "discarded"}, {}, Action.ADJUDICATE, SHARED_STILL),
    ("DELETE", _DATASET + "/records/{id}/gold", None, {}, Action.ADJUDICATE, SHARED_STILL),
    ("POST", _DATASET + "/annotations:apply", _APPLIED, {}, Action.ANNOTATE, MEMBERS),
    ("POST", _DATASET + "/consensus:accept", {}, {}, Action.ADJUDICATE, SHARED_STILL),
    ("POST", _DATASET + "/gold:import", {"gold": []}, {}, Action.ADJUDICATE, SHARED_STILL),
    ("GET", "/api/jobs/unknown", None, {}, Action.ANNOTATE, (401, 404, 404, 404, 404, 404)),
    ("POST", "/api/jobs/unknown:undo", None, {}, Action.ANNOTATE, (401, 404, 404, 404, 404, 404)),
    (
        "POST",
        "/api/datasets/imported-by-{who}/import",
        {"id": "1", "inputs": {"text": "a"}},
        {"task": TEXT},
        Action.CREATE_BY_LOGGING,
        MANAGERS,
    ),
    ("POST", _DATASET + "/export", {}, {}, Action.EXPORT, REVIEWERS),
    ("GET", _DATASET + "/agreement", None, {}, Action.SEE_AGREEMENT, REVIEWERS),
    ("GET", _DATASET + "/conflicts", None, {}, Action.SEE_AGREEMENT, REVIEWERS),
    ("GET", _DATASET + "/annotators", None, {}, Action.SEE_AGREEMENT, REVIEWERS),
    ("GET", _DATASET + "/progress", None, {}, Action.ANNOTATE, MEMBERS),
    ("GET", _DATASET + "/events", None, {}, Action.ANNOTATE, MEMBERS),
    ("GET", _DATASET + "/hours", None, {}, Action.ANNOTATE, MEMBERS),
    ("GET", "/api/workspaces/shared/hours", None, {}, Action.ANNOTATE, MEMBERS),
    ("GET", "/api/events", None, {"dataset": "nowhere"}, Action.ANNOTATE, (401, 403, 404, 404, 404, 404)),
    ("GET", "/api/audit", None, {}, Action.SEE_AUDIT, MANAGERS),
    ("POST", "/api/audit:export", {"workspace": "shared"}, {}, Action.SEE_AUDIT, MANAGERS),
    ("GET", "/api/team", None, {}, Action.SEE_ME, (401, 200, 200, 200, 200, 200)),
    ("GET", "/api/comments", None, {}, Action.SEE_ME, (401, 200, 200, 200, 200, 200)),
    ("POST", "/api/comments/7:done", {}, {}, Action.SEE_DATASET, (401, 404, 404, 404, 404, 404)),
    ("POST", _DATASET + "/queue:take_back", {"annotators": ["ana"]}, {}, Action.ASSIGN, MANAGERS),
    ("GET", "/api/overview", None, {}, Action.SEE_ME, (401, 200, 200, 200, 200, 200)),
    (
        "POST",
        "/api/datasets:gather",
        {"name": "reviews", "workspaces": ["shared"], "into": "gathered-by-{who}", "dry_run": True},
        {},
        Action.COPY_DATASET,
        (401, 403, 403, 403, 422, 422),
    ),
    ("GET", _RULES, None, {}, Action.SEE_RULES, MEMBERS),
    ("GET", _RULES + "/metrics", None, {}, Action.SEE_RULES, MEMBERS),
    ("GET", _RULES + "/{query}", None, {}, Action.SEE_RULES, (401, 403, 404, 404, 404, 404)),
    ("GET", _RULES + "/{query}/metrics", None, {}, Action.SEE_RULES, MEMBERS),
    ("POST", _RULES, {"query": "by-{who}", "label": "bad"}, {}, Action.EDIT_RULES, MEMBERS),
    ("PATCH", _RULES + "/{query}", {"label": "b"}, {}, Action.EDIT_RULES, (401, 403, 404, 404, 404, 404)),
    ("DELETE", _RULES + "/{query}", None, {}, Action.EDIT_RULES, MEMBERS),
    ("GET", _RULES + ":figures", None, {}, Action.SEE_RULES, MEMBERS),
    ("POST", _RULES + ":matches", {}, {}, Action.SEE_RULES, MEMBERS),
    ("POST", _RULES + ":undo", {"query": "none"}, {}, Action.EDIT_RULES, (401, 403, 400, 400, 400, 400)),
    ("GET", _TASK + "/metrics", None, {}, Action.SEE_METRICS, MEMBERS),
    ("POST", _TASK + "/metrics/{metric}:summary", {}, {}, Action.SEE_METRICS, MEMBERS),
]
NAMES = {"name": "reviews", "task": TEXT, "id": "1", "query": "soup", "metric": "dataset_labels"}


def table_of(name: str) -> Any:
    """Return a module with the table of other routes; its folder is not on the path when only this one is tested."""
    folder = Path(__file__).parent / "server"
    spec = spec_from_file_location(f"table_of_{name}", folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        spec.loader.exec_module(module)
    return module
