"""Keys and sessions: who is let in, by what, and for how long."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import bcrypt
import pytest

from support import Client, FakeClock
from upkeep import tables_of

REFUSED = {
    "detail": {
        "code": "argilla.api.errors::UnauthorizedError",
        "params": {"detail": "Could not validate credentials"},
    }
}


def sign_in(client: Client, username: str = "ana", password: str | None = None, **headers: str) -> Any:
    form = {"username": username, "password": password or f"{username}-password"}
    return client.post("/api/security/token", data=form, headers=headers)


def token_of(client: Client, username: str = "ana") -> dict[str, str]:
    return {"Authorization": f"Bearer {sign_in(client, username).json()['access_token']}"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Argilla-Api-Key": "wrong"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer a.b.c"},
        {"Authorization": "Basic ana.apikey"},
        {"Cookie": "apportion_session=a.b.c"},
    ],
)
def test_without_good_credentials_nobody_is_let_in(client_as: Any, headers: dict[str, str]) -> None:
    answer = client_as(None).get("/api/me", headers=headers)

    assert (answer.status_code, answer.json()) == (401, REFUSED)
    assert "www-authenticate" not in answer.headers


def test_the_key_is_accepted_in_the_header_and_as_bearer_token(client_as: Any) -> None:
    for headers in ({"x-argilla-api-key": "ana.apikey"}, {"Authorization": "Bearer ana.apikey"}):
        me = client_as(None).get("/api/me", headers=headers).json()
        assert (me["username"], me["api_key"]) == ("ana", "ana.apikey")


def test_a_key_in_the_header_wins_over_a_good_token_even_when_wrong(client_as: Any) -> None:
    good = token_of(client_as(None))

    assert client_as(None).get("/api/me", headers={**good, "X-Argilla-Api-Key": "wrong"}).status_code == 401
    assert client_as(None).get("/api/me", headers={**good, "X-Argilla-Api-Key": ""}).status_code == 200
    assert client_as("ben").get("/api/me", headers=good).json()["username"] == "ben"


def test_a_token_signs_in_without_showing_any_key(client_as: Any) -> None:
    answer = sign_in(client_as(None))
    me = client_as(None).get("/api/me", headers=token_of(client_as(None))).json()

    assert answer.json()["token_type"] == "bearer"
    assert me["username"] == "ana"
    assert "api_key" not in me


@pytest.mark.parametrize(("username", "password"), [("ana", "wrong"), ("nobody", "ana-password")])
def test_a_wrong_name_and_a_wrong_password_look_alike(client_as: Any, username: str, password: str) -> None:
    answer = sign_in(client_as(None), username, password)

    assert (answer.status_code, answer.json()) == (401, REFUSED)


def test_a_form_without_a_field_says_which(client_as: Any) -> None:
    for sent in ({"data": {"password": "x"}}, {"json": {"username": "ana", "password": "x"}}):
        answer = client_as(None).post("/api/security/token", **sent)
        first = answer.json()["detail"]["params"]["errors"][0]
        assert answer.status_code == 422
        assert first == {"loc": ["body", "username"], "msg": "field required", "type": "value_error.missing"}


def test_tokens_end(client_as: Any, clock: FakeClock, make_app: Any, settings: Any) -> None:
    with Client(make_app(replace(settings, token_minutes=5))) as client:
        token = token_of(client)
        assert client.get("/api/me", headers=token).status_code == 200

        clock.pass_minutes(6)

        assert client.get("/api/me", headers=token).status_code == 401


def test_tokens_of_another_server_are_strangers(client_as: Any, make_app: Any, settings: Any) -> None:
    with Client(make_app(replace(settings, secret_key="another secret " * 3))) as other:
        foreign = token_of(other)

    assert client_as(None).get("/api/me", headers=foreign).status_code == 401


def test_a_new_password_ends_every_session(client: Client, client_as: Any) -> None:
    token = token_of(client_as(None))
    ana = client_as("ana").get("/api/me").json()["id"]

    client.patch(f"/api/users/{ana}", json={"password": "something new"})

    assert client_as(None).get("/api/me", headers=token).status_code == 401
    assert sign_in(client_as(None)).status_code == 401
    assert sign_in(client_as(None), password="something new").status_code == 200


def test_too_many_failures_are_stopped_for_that_user_and_address_only(
    client_as: Any, clock: FakeClock
) -> None:
    for _ in range(10):
        assert sign_in(client_as(None), password="wrong").status_code == 401
    answer = sign_in(client_as(None))

    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 300
    assert sign_in(client_as(None), "ben").status_code == 200
    clock.pass_minutes(5.1)
    assert sign_in(client_as(None)).status_code == 200


def test_too_many_failures_from_one_address_stop_that_address(make_app: Any, app: Any, settings: Any) -> None:
    with Client(make_app(replace(settings, trusted_proxy=_networks("127.0.0.0/8")))) as client:
        for number in range(100):
            sign_in(client, f"guess-{number}", "wrong", **{"X-Forwarded-For": "203.0.113.9"})

        assert sign_in(client, **{"X-Forwarded-For": "203.0.113.9"}).status_code == 429
        assert sign_in(client, **{"X-Forwarded-For": "203.0.113.10"}).status_code == 200


def test_strangers_cannot_choose_their_address(app: Any, client_as: Any) -> None:
    for number in range(10):
        sign_in(client_as(None), password="wrong", **{"X-Forwarded-For": f"203.0.113.{number}"})

    assert sign_in(client_as(None)).status_code == 429


class Counting:
    """Passwords that say what they were asked to do."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.did: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def work(*given: Any) -> Any:
            self.did.append(name)
            return getattr(self._inner, name)(*given)

        return work


def test_an_unknown_name_costs_as_much_as_a_wrong_password(app: Any, client_as: Any, passwords: Any) -> None:
    counting = Counting(passwords)
    app.state.app_state.sign_in._passwords = counting
    sign_in(client_as(None), password="wrong")
    counting.did.clear()
    for username in ("ana", "nobody", "x" * 5000, "gone"):
        sign_in(client_as(None), username, "wrong")

    assert counting.did == ["verify"] * 4


def test_endless_names_are_not_kept(app: Any, client_as: Any, store: Any) -> None:
    for letter in "ab":
        assert sign_in(client_as(None), letter * 500_000).status_code == 401

    if store.cluster is None:
        kept = list(app.state.app_state.attempts._made["user"])
    else:  # several servers count them together
        kept = [who for _, who, _ in tables_of(store)["attempts"]]
    assert 0 < sum(map(len, kept)) < 1000


def test_a_refused_sign_in_is_told_in_the_log_without_the_password(client_as: Any, caplog: Any) -> None:
    sign_in(client_as(None), "ana\nadmin", "my secret")
    (record,) = [each for each in caplog.records if each.name == "apportion.security"]

    assert record.fields == {"user": "ana\\nadmin", "address": "127.0.0.1", "why": "wrong name or password"}
    assert "my secret" not in caplog.text


@pytest.mark.parametrize("mark", ["$2b$", "$2y$"])
def test_passwords_of_1x_work_and_are_hashed_anew(client_as: Any, store: Any, mark: str) -> None:
    long = "långt lösenord " * 6
    old = bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(4)).decode().replace("$2b$", mark)
    ana = store.write(lambda tx: _set_hash(tx, old)).result()

    assert sign_in(client_as(None), password=long).status_code == 200
    with store.read() as tx:
        assert tx.people.password_hash(ana)[1].startswith("$argon2id$")
    assert sign_in(client_as(None), password=long).status_code == 200


def _set_hash(tx: Any, hashed: str) -> str:
    tx.people.set_password_hash(tx.people.user_by_name("ana").id, hashed, now=1)
    return "ana"


def _networks(*given: str) -> Any:
    from ipaddress import ip_network

    return tuple(map(ip_network, given))
