"""Role × endpoint over HTTP: the routes about people."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

ROLES = ("nobody", "olga", "ana", "rita", "max", "eva")
SHARED = "shared"

# method, path, body, and the least in ROLES who may; nobody: open to all, olga: whoever signed in
MATRIX: list[tuple[str, str, Any, str]] = [
    ("GET", "/api/_info", None, "nobody"),
    ("GET", "/api/_status", None, "nobody"),
    ("GET", "/api/health", None, "nobody"),
    ("GET", "/api/health/live", None, "nobody"),
    ("GET", "/api/health/ready", None, "nobody"),
    ("GET", "/api/server", None, "eva"),
    ("GET", "/metrics", None, "eva"),
    ("GET", "/api/docs", None, "nobody"),
    ("GET", "/api/docs/spec.json", None, "nobody"),
    ("GET", "/api/me", None, "olga"),
    ("GET", "/api/me/preferences", None, "olga"),
    ("GET", "/api/me/work", None, "olga"),
    ("GET", "/api/me/feedback", None, "olga"),
    ("PUT", "/api/me/preferences", {}, "olga"),
    ("DELETE", "/api/session", None, "olga"),
    ("GET", "/api/users", None, "eva"),
    ("POST", "/api/users", {"first_name": "Cy", "username": "cy", "password": "long enough"}, "eva"),
    (
        "POST",
        "/api/users:create_many",
        {"users": [{"first_name": "Di", "username": "di", "password": "long enough"}], "workspace": "shared"},
        "eva",
    ),
    ("PATCH", "/api/users/{ben}", {"first_name": "Benno"}, "eva"),
    ("POST", "/api/users/{ben}:reset_key", None, "eva"),
    ("DELETE", "/api/users/{ben}", None, "eva"),
    ("GET", "/api/workspaces", None, "olga"),
    ("POST", "/api/workspaces", {"name": "fresh"}, "eva"),
    ("GET", "/api/workspaces/{shared}/users", None, "max"),
    ("POST", "/api/workspaces/{shared}/users/{olga}", None, "max"),
    ("DELETE", "/api/workspaces/{shared}/users/{ben}", None, "max"),
    ("GET", "/api/workspaces/shared/members", None, "rita"),
    ("GET", "/api/workspaces/shared/leaders", None, "ana"),
    ("POST", "/api/workspaces/shared/members", {"username": "olga"}, "max"),
    ("PATCH", "/api/workspaces/shared/members/ben", {"role": "reviewer"}, "max"),
]
ELSEWHERE = {
    "/api/security/token",
    "/api/me/password",
    "/api/session",
    "/api/setup",
}  # tests of their own: they need no role


@pytest.mark.parametrize(("method", "path", "body", "least"), MATRIX)
def test_everybody_may_do_what_their_role_allows_and_nothing_else(
    client_as: Any, method: str, path: str, body: Any, least: str
) -> None:
    admin = client_as("eva")
    ids = {each["username"]: each["id"] for each in admin.get("/api/users").json()}
    ids |= {each["name"]: each["id"] for each in admin.get("/api/workspaces").json()}

    def status(who: str | None) -> int:
        return int(client_as(who).request(method, path.format(**ids), json=body).status_code)

    for who in ROLES[: ROLES.index(least)]:
        assert status(None if who == "nobody" else who) == (401 if who == "nobody" else 403), who
    assert status(None if least == "nobody" else least) == 200
    for who in ROLES[ROLES.index(least) + 1 :]:
        assert status(who) in (200, 404, 409), who  # whoever came before may have done it already


def test_every_route_about_people_is_in_the_matrix(client: Any) -> None:
    ours = ("/api/users", "/api/workspaces", "/api/me", "/api/session", "/api/setup", "/api/security")
    known = {(method, _general(path)) for method, path, _, _ in MATRIX}

    for path, methods in client.get("/api/docs/spec.json").json()["paths"].items():
        for method in methods:
            if path.startswith(ours) and path not in ELSEWHERE:
                assert (method.upper(), _general(path)) in known


def _general(path: str) -> str:
    """The path with every changing part as ``{}``."""
    fixed = {
        "api",
        "users",
        "workspaces",
        "members",
        "me",
        "preferences",
        "session",
        "_info",
        "_status",
        "health",
    }
    parts = [each if each in fixed | {"docs", "spec.json", ""} else "{}" for each in path.split("/")]
    return "/".join(parts)


def test_ids_are_uuids(client: Any) -> None:
    assert all(UUID(each["id"]) for each in client.get("/api/users").json())
