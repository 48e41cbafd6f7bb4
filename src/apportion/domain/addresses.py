"""Addresses that the server may call on behalf of its users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

__all__ = ["CallPolicy", "address_problem", "url_problem"]

_LONGEST = 2_000
_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_COMPATIBLE = IPv6Network("::/96")
_NOT_PUBLIC = (
    IPv4Network("192.0.0.0/24"),  # older Pythons call some of it global; Oracle's metadata are there
    IPv4Network("168.63.129.16/32"),  # Azure's, of the host
)
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """The permitted addresses: public ones over https, and those that the operator of the server allows besides."""

    everything: bool = False
    networks: Sequence[IPv4Network | IPv6Network] = ()


def url_problem(url: str, policy: CallPolicy) -> str | None:
    """Return what is wrong with a URL, as far as that is known before its host name is looked up."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no URL"
    if len(url) > _LONGEST or not url.isascii() or any(each.isspace() or each < " " for each in url):
        return f"is no URL of at most {_LONGEST:,} ASCII characters without spaces"
    if parts.scheme not in ("https", "http") or not host:
        return "is no URL such as https://example.org/hook"
    if parts.username is not None or parts.password is not None:
        return "must not hold a username or password: others can read it"
    if parts.fragment:
        return "must not have a fragment (#…), which is never sent"
    if parts.scheme == "http" and not (policy.everything or policy.networks):
        return "must begin with https://, unless the server's operator allows private addresses"
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return address_problem(address, parts.scheme, policy)


def address_problem(address: IPv4Address | IPv6Address, scheme: str, policy: CallPolicy) -> str | None:
    """Return why an address may not be called, or None if it may."""
    inner = _inner(address)
    if policy.everything or any(
        each in network
        for network in policy.networks
        for each in {address, inner}
        if each.version == network.version
    ):
        return None
    if not _is_public(inner):
        return "leads to an address that is not public, which the server's operator has not allowed"
    return None if scheme == "https" else "must begin with https://, for an address that is public"


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    reserved = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback
    listed = any(address in network for network in _NOT_PUBLIC if network.version == address.version)
    return address.is_global and not (reserved or listed or getattr(address, "is_site_local", False))


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address to which an IPv6 address leads in the end, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if (
        any(address in network for network in (_NAT64, _NAT64_LOCAL, _COMPATIBLE, _TRANSLATED))
        and int(address) > 1
    ):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
