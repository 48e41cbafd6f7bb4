"""Jobs of a dataset, begun by a request and waited for."""

from __future__ import annotations

import time
from typing import Any

from dataset_client import DatasetClient
from patience import patience

__all__ = ["GOOD", "applied", "ended", "undone"]

GOOD = {"labels": [{"class": "good"}]}
"""A value that a job gives records."""


def ended(talk: DatasetClient, who: str, job: dict[str, Any]) -> dict[str, Any]:
    """The job once it has ended."""
    end = time.monotonic() + patience(20)
    while job["state"] in ("waiting", "running"):
        assert time.monotonic() < end, job
        time.sleep(0.01)
        job = talk.client_as(who).get(f"/api/jobs/{job['id']}").json()
    return job


def applied(talk: DatasetClient, who: str, **asked: Any) -> dict[str, Any]:
    return ended(talk, who, talk.post(who, "annotations:apply", asked))


def undone(talk: DatasetClient, who: str, job: dict[str, Any]) -> dict[str, Any]:
    return ended(talk, who, talk.client_as(who).post(f"/api/jobs/{job['id']}:undo").json())
