"""A class that a page of the web app asks of its styles is there, and no style is left that nobody asks for."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2] / "web" / "src"
_IMPORT = re.compile(r'import (\w+) from "([^"]+\.module\.css)"')
_CLASS = re.compile(r"\.([A-Za-z_][\w-]*)")
_NO_SELECTOR = re.compile(r'/\*.*?\*/|url\([^)]*\)|"[^"]*"', re.DOTALL)


def _declared(style: str) -> set[str]:
    """Return the classes of a style; those of widgets are not ours."""
    return {each for each in _CLASS.findall(_NO_SELECTOR.sub("", style)) if not each.startswith("mantine-")}


def _uses(page: str) -> dict[str, set[str]]:
    """Return, for each style that a page imports, the words that it may ask for; ``classes`` are asked by name."""
    return {path: set(re.findall(rf'\b{name}\["([\w-]+)"\]', page)) for name, path in _IMPORT.findall(page)}


def test_every_class_that_is_asked_for_is_declared() -> None:
    missing = []
    for page in ROOT.rglob("*.tsx"):
        for path, asked in _uses(page.read_text("utf-8")).items():
            style = ROOT / path[2:] if path.startswith("@/") else page.parent / path
            missing += [
                f"{page.relative_to(ROOT)}: {each}" for each in asked - _declared(style.read_text("utf-8"))
            ]
    assert missing == []


def test_every_class_that_is_declared_is_asked_for() -> None:
    pages = [page.read_text("utf-8") for page in ROOT.rglob("*.tsx")]
    left = []
    for style in ROOT.rglob("*.module.css"):
        users = "".join(page for page in pages if style.name in page)
        left += [
            f"{style.relative_to(ROOT)}: {each}"
            for each in _declared(style.read_text("utf-8"))
            if not re.search(rf"[\"`]{each}\b", users)
        ]
    assert left == []


def test_one_is_seen() -> None:
    page = 'import a from "./a.module.css";\n<p className={a["wide"]} />'
    assert _uses(page) == {"./a.module.css": {"wide"}}
    assert _declared('.wide p { margin: 0.5rem } /* .old */ .mantine-Button-root { content: ".x" }') == {
        "wide"
    }
