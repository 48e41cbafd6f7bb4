"""Routes that anybody may ask."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from support import Client


def test_old_clients_are_told_a_version_they_accept(client_as: Any) -> None:
    answer = client_as(None).get("/api/_info")

    assert answer.json()["version"] == "1.6.0"
    assert answer.json()["apportion"]


def test_status_tells_administrators_the_memory_in_use(client_as: Any) -> None:
    status = client_as("eva").get("/api/_status").json()

    assert re.fullmatch(r"\d+[BKMGTP]", status["mem_info"]["rss"])
    assert "error" not in status["elasticsearch"]


def test_health_is_open_to_all(client_as: Any) -> None:
    assert client_as(None).get("/api/health").json() == {"status": "ok"}


def test_the_ways_to_the_documentation_lead_there(client_as: Any) -> None:
    for way in ("/docs", "/api"):
        answer = client_as(None).get(way)
        assert (answer.status_code, answer.headers["location"]) == (307, "/api/docs")


def test_the_documentation_names_every_route_and_no_other_host(client: Client) -> None:
    spec = client.get("/api/docs/spec.json").json()
    page = client.get("/api/docs").text

    assert all(path in page for path in spec["paths"])
    assert "http://" not in page
    assert "https://" not in page


def test_every_documented_route_has_a_summary_and_tells_its_refusals(client: Client) -> None:
    spec = client.get("/api/docs/spec.json").json()
    open_to_all = {
        "/api/_info",
        "/api/_status",
        "/api/health",
        "/api/health/live",
        "/api/health/ready",
        "/api/security/token",
        "/api/setup",
    }

    assert "HTTPValidationError" not in str(spec)
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            needs_nobody = path in open_to_all or (method, path) == ("post", "/api/session")
            assert operation["summary"], (method, path)
            assert ("security" in operation) != needs_nobody, (method, path)
            assert "401" in operation["responses"] or needs_nobody, (method, path)


def test_operation_ids_are_unique(client: Client) -> None:
    spec = client.get("/api/docs/spec.json").json()
    ids = [each["operationId"] for methods in spec["paths"].values() for each in methods.values()]

    assert len(ids) == len(set(ids))


def test_documentation_can_be_switched_off(make_app: Any, settings: Any) -> None:
    with Client(make_app(replace(settings, docs_enabled=False))) as client:
        assert client.get("/api/docs").status_code == 404
        assert client.get("/api/docs/spec.json").status_code == 404


def test_everything_moves_with_the_base_url(make_app: Any, settings: Any) -> None:
    with Client(make_app(replace(settings, base_url="/team/"))) as client:
        assert client.get("/team/api/_info").status_code == 200
        assert client.get("/team/docs").headers["location"] == "/team/api/docs"
        assert client.get("/api/_info").status_code == 404
