"""What an installation of the server weighs, without bytecode."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import apportion

from .report import Line
from .scale import Scale

__all__ = ["measure"]


def measure(_: Scale) -> Iterator[Line]:
    for extra, most_many, most_mb in (("", None, None), ("server", 60, 150)):
        found = _needed(Requirement(f"apportion[{extra}]" if extra else "apportion"))
        size = {name: _megabytes(each) for name, each in found.items()}
        heavy = sorted(size, key=lambda name: -size[name])[:5]
        what = "`apportion[server]`" if extra else "`apportion`, the Python client alone"
        yield Line(f"distributions of {what}", len(found), "", "ours included", at_most=most_many)
        yield Line(
            f"size of {what}, without bytecode", sum(size.values()), "MB",
            ", ".join(f"{name} {size[name]:.1f}" for name in heavy), at_most=most_mb,
        )  # fmt: skip


def _needed(first: Requirement) -> dict[str, Distribution]:
    """Everything a requirement leads to, as it is installed here."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [first]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        for extra in ("", *sorted(wanted.extras)):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            try:
                found[name] = distribution(name)
            except PackageNotFoundError as missing:
                raise SystemExit(f"{name} is not installed: run `make check` once") from missing
            for each in map(Requirement, found[name].requires or []):
                if each.marker is None or each.marker.evaluate({"extra": extra}):
                    waiting.append(each)
    return found


def _megabytes(one: Distribution) -> float:
    """Its files; of one that is installed as a checkout, its package with the web app in it."""
    if one.name == "apportion":
        (folder,) = apportion.__path__
        files = [each for each in Path(folder).rglob("*") if each.is_file()]
    else:
        files = [each.locate() for each in one.files or []]  # type: ignore[misc]
    sizes = [each.stat().st_size for each in files if each.suffix != ".pyc" and each.is_file()]
    return sum(sizes) / 1e6
