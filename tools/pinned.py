"""Checks of an audit that need no network: is everything that a server runs on pinned, whole, and from one place?

``--list`` prints the pinned Python libraries of a server; ``--npm-report`` reads what ``npm audit --json`` said and
prints ``none``, ``some`` or ``unasked``.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.markers import default_environment
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent


def pins() -> dict[str, str]:
    """Versions by name, for this Python."""
    found = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            wanted = Requirement(line)
            if wanted.marker is None or wanted.marker.evaluate():
                found[plain(wanted.name)] = str(wanted.specifier).removeprefix("==")
    return found


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def of_the_server() -> set[str]:
    """Everything that ``apportion[server]`` brings along, as installed here."""
    waiting: list[tuple[str, str]] = [("apportion", "server"), ("apportion", "")]
    seen: set[tuple[str, str]] = set()
    while waiting:
        name, extra = one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        for line in metadata.requires(name) or ():
            wanted = Requirement(line)
            here: dict[str, str] = {**default_environment(), "extra": extra}  # type: ignore[dict-item]
            if wanted.marker is None or wanted.marker.evaluate(here):
                waiting += [(plain(wanted.name), each) for each in ("", *wanted.extras)]
    return {name for name, _ in seen} - {"apportion"}


def problems() -> Iterator[str]:
    pinned = pins()
    for name in sorted(of_the_server()):
        installed = metadata.version(name)
        if name not in pinned:
            yield f"{name} {installed} is not in constraints.txt"
        elif pinned[name] != installed:
            yield f"{name} is pinned at {pinned[name]}, and {installed} is installed"
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text())
    for place, package in lock["packages"].items():
        if not place or package.get("link"):
            continue
        if not str(package.get("integrity", "")).startswith("sha512-"):
            yield f"web/package-lock.json has no checksum for {place}"
        if package.get("hasInstallScript") and not package.get("dev"):
            yield f"{place} runs a script when it is installed, and is part of the app"
        address = str(package.get("resolved", ""))
        if address and not address.startswith("https://"):
            yield f"{place} comes from {address}"


def npm_report(text: str) -> str:
    """Return what ``npm audit --json`` found."""
    try:
        report: dict[str, Any] = json.loads(text)
        total = report["metadata"]["vulnerabilities"]["total"]
    except (ValueError, KeyError, TypeError):
        return "unasked"
    return "some" if total else "none"


def main() -> int:
    if sys.argv[1:] == ["--list"]:
        pinned = pins()
        print(*(f"{name}=={pinned[name]}" for name in sorted(of_the_server()) if name in pinned), sep="\n")
        return 0
    if sys.argv[1:] == ["--npm-report"]:
        print(npm_report(sys.stdin.read()))
        return 0
    found = list(problems())
    print(
        *found
        or [f"{len(of_the_server())} Python libraries of the server are pinned; the app's have checksums"],
        sep="\n",
    )
    return bool(found)


if __name__ == "__main__":
    raise SystemExit(main())
