"""Permissions that depend on more than a role in this workspace: a role elsewhere, and whose a thing is.

The expectations are written down here, from the rules and not from the code: who belongs elsewhere is an outsider
whatever they are there; nobody touches what is another's unless the rules name them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from fastapi import FastAPI
from starlette.routing import Match

from apportion.services.people.users import NewUser, add_user
from apportion.services.people.workspaces import MemberChange, ensure_workspace, join
from apportion.vocabulary import MembershipRole, Role
from dataset_permissions import MATRIX, NAMES, table_of
from servers import SHARED, TEXT, LocalServer

ELSEWHERE = {
    "oscar": MembershipRole.ANNOTATOR,
    "ruth": MembershipRole.REVIEWER,
    "mona": MembershipRole.MANAGER,
}
"""By what they are in workspace `other`; here they are nobody."""


@pytest.fixture(scope="module")
def unknown(furnished: LocalServer) -> LocalServer:
    def set_up(tx: Any) -> None:
        other = ensure_workspace(tx, "other", now=1)
        for name, role in ELSEWHERE.items():
            add_user(tx, NewUser(name, name.title(), role=Role.ANNOTATOR), key=f"{name}.apikey", now=1)
            join(tx, other, MemberChange(name, role, 1))

    furnished.store.write(set_up).result()
    return furnished


@pytest.mark.parametrize("who", ELSEWHERE)
def test_a_role_elsewhere_opens_nothing_here(unknown: LocalServer, who: str) -> None:
    client = unknown.client(who)
    unknown.written()
    for method, path, body, params, _, statuses in MATRIX:
        sent = {k: v.format(who=who) if isinstance(v, str) else v for k, v in (body or {}).items()}
        url = path.format(who=who, **NAMES)
        answer = client.request(method, url, params={**SHARED, **params}, json=None if body is None else sent)
        assert answer.status_code == statuses[1], f"{who} {method} {url}: {answer.text[:200]}"
    assert not unknown.written()


@pytest.mark.parametrize("who", ELSEWHERE)
def test_a_role_elsewhere_opens_no_workspace_and_no_user_here(unknown: LocalServer, who: str) -> None:
    admin, client = unknown.client(), unknown.client(who)
    ids = {each["username"]: each["id"] for each in admin.get("/api/users").json()}
    ids |= {each["name"]: each["id"] for each in admin.get("/api/workspaces").json()}
    people = table_of("test_permission_matrix")
    for method, path, body, least in people.MATRIX:
        if least in ("nobody", "olga"):
            continue
        answer = client.request(method, path.format(**ids), json=body)
        assert answer.status_code == 403, f"{who} {method} {path}: {answer.text[:200]}"


# Whose it is


class Own(NamedTuple):
    """A request about something of ana's, and what each person is answered: ana, ben, rita, max, eva."""

    method: str
    path: str
    body: Any
    statuses: tuple[int, int, int, int, int]


PEOPLE = ("ana", "ben", "rita", "max", "eva")
_RECORD = "/api/datasets/{name}/records/1"
OWN = {
    "the API key of ana": Own("POST", "/api/users/{ana}:reset_key", None, (200, 403, 403, 403, 200)),
    "ana's name": Own("PATCH", "/api/users/{ana}", {"first_name": "Ann"}, (403, 403, 403, 403, 200)),
    "ana's role": Own("PATCH", "/api/users/{ana}", {"role": "annotator"}, (403, 403, 403, 403, 200)),
    "ana's job": Own("GET", "/api/jobs/{job}", None, (200, 404, 200, 200, 200)),
    "undoing ana's job": Own("POST", "/api/jobs/{job}:undo", None, (200, 404, 404, 200, 200)),
    "the dataset ana created": Own("DELETE", "/api/datasets/{name}", None, (200, 403, 403, 200, 200)),
    "closing it": Own("PUT", "/api/datasets/{name}:close", None, (200, 403, 403, 200, 200)),
    "deleting its records": Own("DELETE", "/api/datasets/{name}/data", {"ids": ["1"]}, (200, 403, 403, 200, 200)),
    "its settings": Own("PUT", "/api/datasets/{name}/{task}/settings", {"label_schema": {"labels": ["good"]}},
                        (403, 403, 403, 200, 200)),
    "its copies": Own("PUT", "/api/datasets/{name}:copy", {"name": "copy-of-{name}"}, (403, 403, 403, 200, 200)),
    "its policies": Own("PATCH", "/api/datasets/{name}/policies", {}, (403, 403, 403, 200, 200)),
}  # fmt: skip


def _of_ana(local: LocalServer, name: str) -> dict[str, str]:
    """A dataset that ana created (as data of 1.x may have it), and a job of hers."""
    admin = local.client()
    records = [{"id": "1", "inputs": {"text": "soup"}}]
    admin.post(
        f"/api/datasets/{name}/{TEXT}:bulk", params=SHARED, json={"records": records}
    ).raise_for_status()
    admin.patch(
        f"/api/datasets/{name}/policies", params=SHARED, json={"annotation": "individual"}
    ).raise_for_status()
    local.behind.run("UPDATE datasets SET created_by = 'ana' WHERE name = ?", name)
    answer = {"query": "soup", "value": {"labels": [{"class": "good"}]}}
    job = local.client("ana").post(f"/api/datasets/{name}/annotations:apply", params=SHARED, json=answer)
    begun = job.raise_for_status().json()["id"]
    while admin.get(f"/api/jobs/{begun}").json()["state"] in ("waiting", "running"):
        time.sleep(0.01)
    ids = {each["username"]: each["id"] for each in admin.get("/api/users").json()}
    return {"ana": ids["ana"], "job": begun, "name": name, "task": TEXT}


@pytest.mark.parametrize("what", OWN)
def test_what_is_anas_is_anas(unknown: LocalServer, what: str) -> None:
    row = OWN[what]
    for place, (who, status) in enumerate(zip(PEOPLE, row.statuses, strict=True)):
        local = unknown
        names = _of_ana(local, f"of-ana-{list(OWN).index(what)}-{place}")
        body = {k: v.format(**names) if isinstance(v, str) else v for k, v in (row.body or {}).items()}
        answer = local.client(who).request(
            row.method, row.path.format(**names), params=SHARED, json=None if row.body is None else body
        )
        assert answer.status_code == status, f"{who}: {answer.text[:300]}"
        if "apikey" in row.path or ":reset_key" in row.path:
            _keys_back(local)


def _keys_back(local: LocalServer) -> None:
    from apportion.services.people.sign_in import hash_key

    def work(within: Any) -> None:
        within.people.set_key(within.people.user_by_name("ana").id, hash_key("ana.apikey"), "ana.ap", now=1)

    local.store.write(work).result()


def test_annotations_are_written_by_their_author_only(unknown: LocalServer) -> None:
    names = _of_ana(unknown, "hers")
    mine = "/api/datasets/hers/records/1/annotations/me"
    before = unknown.client("ana").get(mine, params=SHARED).json()
    answer = {"value": {"labels": [{"class": "bad"}]}, "state": "submitted", "version": 0}
    for who in PEOPLE[1:]:
        client = unknown.client(who)
        assert client.put(mine, params=SHARED, json=answer).status_code in (200, 409)
        client.delete(mine, params=SHARED)
        client.post(f"{mine}:undo", params=SHARED)
        for other in ("ana", "anybody"):
            for method in ("GET", "PUT", "DELETE", "PATCH"):
                url = f"/api/datasets/hers/records/1/annotations/{other}"
                assert client.request(method, url, params=SHARED, json=answer).status_code in (404, 405)
    plural = {"records": [{"id": "1", "inputs": {"text": "soup"},
                           "annotations": {"ana": {"agent": "ana", "labels": [{"class": "bad"}]}}}]}  # fmt: skip
    url = f"/api/datasets/hers/{names['task']}:bulk"
    assert unknown.client("ben").post(url, params=SHARED, json=plural).status_code in (200, 403, 422)
    assert unknown.client("ana").get(mine, params=SHARED).json() == before


# Every route


def _handled(app: FastAPI, method: str, path: str) -> str | None:
    """The route of the document that answers such a request."""
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": [],
             "query_string": b"", "root_path": ""}  # fmt: skip
    for route in app.routes:
        if getattr(route, "path_format", None) and route.matches(scope)[0] is Match.FULL:
            return str(route.path_format)  # type: ignore[attr-defined]
    return None


def _rows() -> Iterator[tuple[str, str]]:
    for method, path, *_ in MATRIX:
        yield method, path.format(who="eva", **NAMES)
    for method, path, *_ in (*table_of("test_permission_matrix").MATRIX, *table_of("test_webhooks").MATRIX):
        yield method, path.format_map(_Anybody())


class _Anybody(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "00000000-0000-0000-0000-000000000000"


NEEDS_NOBODY = {
    ("POST", "/"),
    ("GET", "/"),
    ("GET", "/datasets/{space}/{name}"),
    ("GET", "/docs"),
    ("GET", "/api"),
}
"""Pages, which the documentation of the API leaves out."""


def test_every_route_the_server_has_is_in_a_table(furnished: LocalServer) -> None:
    app = furnished.app
    walked = {(method, _handled(app, method, path)) for method, path in _rows()}
    elsewhere = table_of("test_permission_matrix").ELSEWHERE
    assert len(app.routes) > 130  # every one of them, not routers that hold some
    for route in app.routes:
        template = getattr(route, "path_format", None)
        for method in (getattr(route, "methods", None) or ()) if template else ():
            key = (method, str(template))
            known = key in walked or template in elsewhere or key in NEEDS_NOBODY
            assert known, f"{method} {template} is in no table of permissions"


def test_a_new_route_would_be_noticed(furnished: LocalServer) -> None:
    app = FastAPI()
    app.router.routes = list(furnished.app.routes)

    async def peek() -> None: ...

    app.add_api_route("/api/datasets/{name}/peek", peek)
    walked = {(method, _handled(app, method, path)) for method, path in _rows()}
    assert ("GET", "/api/datasets/{name}/peek") not in walked
