"""Requests to nodes that fail, hang, refuse, and come back; the nodes are made up here."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from apportion.bootstrap import open_store
from apportion.ports.upkeep import CannotOpenError
from apportion.settings import Settings, SettingsError, load_settings
from apportion.storage.opensearch.circuit import LEFT_ALONE, MOST_FAILURES, Circuit
from apportion.storage.opensearch.client import BadAnswerError, OpenSearchClient, UnavailableError


class _Nodes(httpx.BaseTransport):
    """Nodes by name: what each answers, or raises."""

    def __init__(self, **answers: int | Exception) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.headers: list[httpx.Headers] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.host)
        self.headers.append(request.headers)
        answer = self.answers[request.url.host]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(
            answer, json={"error": {"reason": "no such thing"}} if answer >= 400 else {"ok": True}
        )


def _client(nodes: _Nodes, clock: list[float] | None = None) -> OpenSearchClient:
    now = clock or [0.0]
    urls = [f"http://{name}:9200" for name in nodes.answers]
    return OpenSearchClient(urls, circuit=Circuit(lambda: now[0]), transport=nodes)


def test_nodes_take_turns() -> None:
    nodes = _Nodes(a=200, b=200)
    client = _client(nodes)
    for _ in range(4):
        assert client.request("GET", "/") == {"ok": True}
    assert nodes.asked == ["a", "b", "a", "b"]


def test_the_next_node_is_asked_where_one_does_not_answer() -> None:
    nodes = _Nodes(a=httpx.ConnectError("refused"), b=503, c=200)
    assert _client(nodes).request("GET", "/") == {"ok": True}
    assert nodes.asked == ["a", "b", "c"]


def test_after_failures_it_is_left_alone_and_then_tried_by_one_request() -> None:
    now = [0.0]
    nodes = _Nodes(a=httpx.ReadTimeout("slow"))
    client = _client(nodes, now)
    for _ in range(MOST_FAILURES + 2):
        with pytest.raises(UnavailableError):
            client.request("GET", "/")
    assert len(nodes.asked) == MOST_FAILURES
    now[0] = LEFT_ALONE
    nodes.answers["a"] = 200
    assert client.circuit.admits()
    assert not client.circuit.admits()  # one is on its way
    client.circuit.succeeded()
    assert client.request("GET", "/") == {"ok": True}


def test_an_indexer_asks_while_searches_leave_it_alone_and_leaves_that_as_it_is() -> None:
    nodes = _Nodes(a=httpx.ConnectError("refused"))
    client = _client(nodes)
    for _ in range(MOST_FAILURES + 1):
        with pytest.raises(UnavailableError):
            client.request("GET", "/", guarded=False)
    assert not client.circuit.is_open
    for _ in range(MOST_FAILURES):
        with pytest.raises(UnavailableError):
            client.request("GET", "/")
    nodes.answers["a"] = 200
    assert client.request("GET", "/", guarded=False) == {"ok": True}
    with pytest.raises(UnavailableError, match="tried again soon"):
        client.request("GET", "/")
    client.circuit.try_now()
    assert client.request("GET", "/") == {"ok": True}
    assert not client.circuit.is_open


def test_a_node_that_has_too_much_to_do_is_quoted() -> None:
    with pytest.raises(UnavailableError, match="429: no such thing"):
        _client(_Nodes(a=429)).request("GET", "/")


def test_a_refusal_is_no_failure_and_says_why() -> None:
    nodes = _Nodes(a=400)
    client = _client(nodes)
    for _ in range(MOST_FAILURES + 1):
        with pytest.raises(BadAnswerError, match="400: no such thing"):
            client.request("GET", "/")
    assert not client.circuit.is_open
    nodes.answers["a"] = 404
    assert client.request("GET", "/", missing_ok=True) is None


def test_a_password_is_sent_and_never_shown() -> None:
    nodes = _Nodes(a=httpx.ConnectError("refused"))
    client = OpenSearchClient(["http://a:9200/"], auth=("ana", "secret"), transport=nodes)
    with pytest.raises(UnavailableError) as raised:
        client.request("GET", "/")
    assert "secret" not in str(raised.value)
    assert "authorization" in nodes.headers[0]


@pytest.mark.parametrize("url", ["a:9200", "ftp://a", "http://", "https://ana:secret@a:9200"])
def test_an_address_that_is_none_is_refused_and_no_password_is_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="APPORTION_OPENSEARCH_URL must be addresses") as raised:
        load_settings({"APPORTION_OPENSEARCH_URL": url})
    assert "secret" not in str(raised.value)


def test_addresses_of_several_nodes_are_read() -> None:
    loaded = load_settings({"APPORTION_OPENSEARCH_URL": "https://a:9200/, https://b:9200"})
    assert loaded.settings.opensearch_url == "https://a:9200,https://b:9200"


def test_without_postgresql_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotOpenError, match="APPORTION_OPENSEARCH_URL needs a PostgreSQL database"):
        open_store(Settings(home=tmp_path, opensearch_url="http://127.0.0.1:9200"), serving=True)
