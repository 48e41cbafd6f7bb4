"""Role × endpoint over HTTP: the routes about datasets, and that no route is in no table."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from apportion.domain.permissions import ALLOWED, Action, EffectiveRole
from dataset_permissions import LABELS, MATRIX, NAMES, PEOPLE, table_of
from servers import SHARED, TEXT, LocalServer, furnish

_ROWS = [f"{method} {path} {params or ''}" for method, path, _, params, *_ in MATRIX]


@pytest.fixture
def as_before(furnished: LocalServer) -> Callable[[], None]:
    """Puts back what somebody was allowed to destroy."""

    def restore() -> None:
        admin = furnished.client()
        admin.put("/api/datasets/reviews:open", params=SHARED)
        furnish(admin)
        admin.put(f"/api/datasets/reviews/{TEXT}/settings", params=SHARED, json=LABELS).raise_for_status()

    restore()
    return restore


@pytest.mark.parametrize(("method", "path", "body", "params", "action", "statuses"), MATRIX, ids=_ROWS)
def test_everybody_may_do_with_a_dataset_what_their_role_allows(
    furnished: LocalServer, as_before: Any, method: str, path: str, body: Any, params: dict[str, str],
    action: Action, statuses: tuple[int, ...],
) -> None:  # fmt: skip
    for who, status in zip(PEOPLE, statuses, strict=True):
        sent = {
            key: each.format(who=who) if isinstance(each, str) else each for key, each in (body or {}).items()
        }
        url = path.format(who=who, **NAMES)
        client = furnished.client(who)
        answer = client.request(method, url, params={**SHARED, **params}, json=None if body is None else sent)

        assert answer.status_code == status, f"{who}: {answer.text[:300]}"
        if status == 403:
            assert answer.json()["detail"]["code"].endswith("::ForbiddenOperationError")
        if status == 200 and method != "GET":
            as_before()


@pytest.mark.parametrize(("action", "statuses"), [row[4:] for row in MATRIX], ids=_ROWS)
def test_the_table_here_and_the_one_of_the_domain_agree(action: Action, statuses: tuple[int, ...]) -> None:
    let_in = {
        place for place, status in zip(PEOPLE.values(), statuses, strict=True) if status not in (401, 403)
    }
    if 404 in statuses[:2]:
        let_in.discard(EffectiveRole.OUTSIDER)

    assert let_in == ALLOWED[action] - {EffectiveRole.CREATOR}


def test_every_route_is_in_a_table(furnished: LocalServer) -> None:
    people, webhooks = table_of("test_permission_matrix"), table_of("test_webhooks")
    known = {(method, path) for method, path, *_ in (*MATRIX, *people.MATRIX, *webhooks.MATRIX)}

    for path, methods in furnished.client().get("/api/docs/spec.json").json()["paths"].items():
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
        for method in methods:
            found = any(method.upper() == each and pattern.fullmatch(other) for each, other in known)
            assert found or path in people.ELSEWHERE, f"{method.upper()} {path} is in no table of permissions"
