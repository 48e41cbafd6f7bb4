"""Webhooks as decisions: when they are tried again, when they give up, which addresses may be called."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apportion.domain.addresses import CallPolicy, address_problem
from apportion.domain.webhooks import (
    DISABLE_AFTER,
    GIVE_UP_AFTER,
    IN_LINE,
    LONGEST_PAUSE,
    Delivery,
    DeliveryState,
    Outcome,
    Webhook,
    after_attempt,
    codes_wanted,
    events_problem,
    host_of,
    retry_pause,
)
from apportion.vocabulary import EventArea, EventCode

PUBLIC = CallPolicy()
HOUR = 3600 * 1_000_000


def webhook(**more: object) -> Webhook:
    given = {
        "id": "w", "workspace": "shared", "dataset": None, "dataset_name": None, "url": "https://example.org",
        "events": ("*",), "description": "", "enabled": True, "disabled_why": None, "owner": "max", "salt": b"",
        "fingerprint": "", "created_by": "max", "created_at": 0, "changed_at": 0, "cursor": 0,
    }  # fmt: skip
    return Webhook(**{**given, **more})  # type: ignore[arg-type]


def delivery(code: str = "submitted") -> Delivery:
    return Delivery("d", "w", 1, code, "{}", DeliveryState.WAITING, 0, 0, 0)


@given(failures=st.integers(1, 10_000), chance=st.floats(0, 1))
def test_pauses_grow_up_to_an_hour_and_differ_by_chance(failures: int, chance: float) -> None:
    pause = retry_pause(failures, chance)

    assert 4_000_000 <= pause <= 1.2 * LONGEST_PAUSE
    assert retry_pause(failures + 1, chance) >= pause
    assert retry_pause(failures, 0) < retry_pause(failures, 1)


@given(chances=st.lists(st.floats(0, 1), min_size=60, max_size=60))
def test_a_delivery_that_is_never_taken_is_tried_for_a_day_and_then_has_failed(chances: list[float]) -> None:
    hook, sent, now, attempts = webhook(), delivery(), 0, 0
    for chance in chances:
        hook, sent = after_attempt(hook, sent, Outcome(500), now=now, chance=chance)
        attempts += 1
        if sent.state is DeliveryState.FAILED:
            break
        assert sent.next_at is not None
        now = max(sent.next_at, hook.next_at)
    assert sent.state is DeliveryState.FAILED
    assert GIVE_UP_AFTER <= now <= GIVE_UP_AFTER + 1.2 * HOUR
    assert IN_LINE < attempts < 50


@given(outcomes=st.lists(st.tuples(st.sampled_from([200, 204, 500, None]), st.integers(1, 30)), max_size=60))
def test_a_webhook_is_disabled_only_after_days_in_which_nothing_was_taken(
    outcomes: list[tuple[int | None, int]],
) -> None:
    hook, now, failing_since = webhook(), 1, None
    for status, hours in outcomes:
        taken = status in (200, 204)
        failing_since = None if taken else failing_since if failing_since is not None else now
        hook, _ = after_attempt(hook, delivery(), Outcome(status), now=now, chance=0.5)
        assert hook.enabled == (failing_since is None or now - failing_since < DISABLE_AFTER)
        if not hook.enabled:
            break
        now += hours * HOUR


def test_a_ping_that_fails_says_nothing_about_the_webhook() -> None:
    hook, sent = after_attempt(
        webhook(), delivery("ping"), Outcome(problem="couldn't connect"), now=1, chance=0
    )

    assert (hook, sent.state) == (webhook(), DeliveryState.FAILED)


@given(codes=st.sets(st.sampled_from(EventCode), min_size=1))
def test_a_webhook_is_told_of_what_it_names_as_far_as_whoever_may_manage_it_reads_that(
    codes: set[EventCode],
) -> None:
    named = tuple(str(each) for each in codes)
    hidden = {each for each in codes if each.area in (EventArea.SIGN_IN, EventArea.SERVER)}

    assert codes_wanted(webhook(events=named)) == codes - hidden
    assert codes_wanted(webhook(events=named, workspace=None)) == codes
    assert (events_problem(named, "shared") is None) == (not hidden)
    assert events_problem(named, None) is None


def test_all_events_are_all_that_whoever_may_manage_the_webhook_reads() -> None:
    of_workspace, of_server = codes_wanted(webhook()), codes_wanted(webhook(workspace=None))

    assert of_server == set(EventCode)
    assert of_server - of_workspace == {
        each for each in EventCode if each.area in (EventArea.SIGN_IN, EventArea.SERVER)
    }


@pytest.mark.parametrize("wrong", [("Took Back",), ("submitted", "submited"), ("",), ()])
def test_codes_that_are_none_are_refused_with_those_there_are(wrong: tuple[str, ...]) -> None:
    problem = str(events_problem(wrong, "shared"))

    assert "accepted_consensus, added_member" in problem
    assert "signed_in" not in problem
    assert all(repr(each) in problem for each in wrong[-1:])


@pytest.mark.parametrize("url", ["https://example.org/key", "https://example.org:8443/?token=key"])
def test_of_an_address_only_the_host_is_written_down(url: str) -> None:
    assert host_of(url) == "example.org"


REFUSED = [
    "127.0.0.1", "127.8.8.8", "10.1.1.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.100.100.200", "0.0.0.0", "255.255.255.255",
    "224.0.0.1", "240.0.0.1", "192.0.0.192", "198.18.0.1", "168.63.129.16", "::1", "::",
    "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::ffff:169.254.169.254", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:7f00:1::",
    "2002:a00:1::", "ff02::1", "fec0::1", "::127.0.0.1", "::ffff:0:127.0.0.1", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_public_is_refused_unless_it_is_allowed(address: str) -> None:
    given = ip_address(address)

    assert "not public" in str(address_problem(given, "https", PUBLIC))
    assert address_problem(given, "http", CallPolicy(everything=True)) is None


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_a_public_address_may_be_called_over_https_only(address: str) -> None:
    assert address_problem(ip_address(address), "https", PUBLIC) is None
    assert "https" in str(address_problem(ip_address(address), "http", PUBLIC))
    some = CallPolicy(networks=(ip_network("10.0.0.0/8"),))
    assert "https" in str(address_problem(ip_address(address), "http", some))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_an_ipv6_one_is_judged_as_itself(address: IPv4Address) -> None:
    mapped = IPv6Address(b"\x00" * 10 + b"\xff\xff" + address.packed)
    allowed = CallPolicy(networks=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")))
    for policy in (PUBLIC, allowed):
        assert address_problem(mapped, "https", policy) == address_problem(address, "https", policy)


@given(st.ip_addresses(network="10.0.0.0/24"))
def test_a_network_that_is_allowed_may_be_called_without_https(address: IPv4Address) -> None:
    allowed = CallPolicy(networks=(ip_network("10.0.0.0/24"),))

    assert address_problem(address, "http", allowed) is None
    assert address_problem(ip_address("10.0.1.0"), "http", allowed) is not None
