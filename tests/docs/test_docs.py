"""The documentation names what there is, and its examples and links are sound."""

from __future__ import annotations

import ast
import enum
import re
from pathlib import Path

import pytest

from apportion import vocabulary

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts)]
)
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|#|mailto:)([^)#\s]+)")
CODE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


PICTURES = ROOT / "docs" / "images"


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def words() -> list[str]:
    offered = [getattr(vocabulary, name) for name in vocabulary.__all__]
    kinds = [kind for kind in offered if isinstance(kind, type) and issubclass(kind, enum.Enum)]
    return [str(word.value) for kind in kinds for word in kind]


@pytest.mark.parametrize("word", words())
def test_the_glossary_has_every_word_of_the_vocabulary(word: str) -> None:
    assert f"`{word}`" in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")


def test_the_page_about_the_audit_log_has_every_event_under_its_area() -> None:
    page = (ROOT / "docs" / "how-to" / "audit-log.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.MULTILINE)
    listed = {area: set(re.findall(r"`(\w+)`", codes)) for area, codes in rows}
    wanted: dict[str, set[str]] = {}
    for code in vocabulary.EventCode:
        wanted.setdefault(str(code.area), set()).add(str(code))

    assert listed == wanted


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_to_files_that_exist(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))

    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_examples_in_python_are_python(page: Path) -> None:
    for example in CODE.findall(page.read_text(encoding="utf-8")):
        ast.parse(example)


def test_every_decision_tells_context_decision_consequences_and_alternatives() -> None:
    for page in (ROOT / "docs" / "decisions").glob("0*.md"):
        heads = re.findall(r"^## (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert heads == ["Context", "Decision", "Consequences", "Alternatives"], page.name


def test_the_readme_has_two_commands_and_a_tutorial_of_ten_lines() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert "make quickstart" in readme
    assert "make test" in readme
    (tutorial,) = CODE.findall(readme)
    assert len([line for line in tutorial.splitlines() if line.strip()]) <= 10


def test_every_picture_is_one_that_is_taken_anew_and_a_page_shows_it() -> None:
    script = (ROOT / "web" / "pictures" / "take.spec.ts").read_text(encoding="utf-8")
    taken = set(re.findall(r'\btake\(page, "([^"]+)"', script))
    shown = {
        (page.parent / target).resolve()
        for page in PAGES
        for target in re.findall(r"^```\{image\} (\S+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert {each.stem for each in PICTURES.glob("*.png")} == taken
    assert {PICTURES / f"{name}.png" for name in taken} <= shown
