"""Addresses of callers, as connections and proxies name them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

__all__ = ["is_allowed_host", "is_among", "network_of", "parsed"]

UNKNOWN = "unknown"
"""Name shared by all callers without a usable address: together they get the attempts of one caller."""
_WITH_PORT = re.compile(r"\[([^\[\]]*)\](?::\d+)?|([^:]*):\d+")
_REMEMBERED, _SHORT = 4096, 100
"""Parsed addresses that are cached, and their greatest length: each request looks up one address several times."""


def parsed(address: str) -> IPv4Address | IPv6Address | None:
    """Return an address without port and brackets; an IPv4 address mapped into IPv6 is returned as IPv4.

    >>> [str(parsed(each)) for each in ("10.0.0.7:4001", "[2001:db8::1]:80", "::ffff:10.0.0.7", "x", "2001:db8::1")]
    ['10.0.0.7', '2001:db8::1', '10.0.0.7', 'None', '2001:db8::1']
    """
    return _parsed_lately(address) if len(address) <= _SHORT else _parsed(address)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    text = address.strip()
    if found := _WITH_PORT.fullmatch(text):
        text = found[1] or found[2] or ""
    try:
        plain = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(plain, IPv6Address) and plain.ipv4_mapped is not None:
        return plain.ipv4_mapped
    return plain


_parsed_lately = lru_cache(_REMEMBERED)(_parsed)


def network_of(address: str) -> str:
    """Return the key by which attempts and connections are counted: an IPv4 address, or one person's IPv6 network.

    >>> network_of("203.0.113.9:40001"), network_of("2001:db8:1:2:3::4"), network_of("elsewhere")
    ('203.0.113.9', '2001:db8:1:2::/64', 'unknown')
    """
    return _network_of(parsed(address))


@lru_cache(_REMEMBERED)
def _network_of(found: IPv4Address | IPv6Address | None) -> str:
    if isinstance(found, IPv6Address):
        return str(ip_network((found, 64), strict=False))
    return UNKNOWN if found is None else str(found)


def is_among(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Return whether an address lies in one of the networks."""
    if not networks:
        return False
    found = parsed(address)
    return found is not None and any(found in _plain(each) for each in networks)


def is_allowed_host(header: str, allowed: Sequence[str]) -> bool:
    """Return whether a request may name this host: an address, this machine, or one of the names allowed.

    This stops DNS rebinding: a page of another site whose name resolves to this machine by now sends that
    name; it cannot send an address.

    >>> [is_allowed_host(each, ["team.example.org"]) for each in ("localhost:6900", "[::1]:6900", "127.0.0.1", "")]
    [True, True, True, False]
    >>> is_allowed_host("Team.example.org:443", ["team.example.org"]), is_allowed_host("evil.example", ["*"])
    (True, True)
    """
    name = header.strip().lower()
    if parsed(name) is not None:
        return True
    name = name.rpartition(":")[0] if ":" in name else name
    name = name.rstrip(".")
    return "*" in allowed or name == "localhost" or name.endswith(".localhost") or name in allowed


def _plain(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """Return a network; an IPv4 network mapped into IPv6 is returned as IPv4."""
    if isinstance(network, IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return ip_network((mapped, network.prefixlen - 96), strict=False)
    return network
