"""The import contracts hold, and each of them refuses what it is there to refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "apportion"
CONFIG = ROOT / ".importlinter"
FOUNDATION = {"spans", "vocabulary", "version"}
CLIENT = {"sdk", "wire"} | {
    "client",
    "datasets",
    "labeling",
    "listeners",
    "metrics",
    "monitoring",
    "training",
    "utils",
    "_constants",
}  # the latter: imports of 1.x

ATTACKS = [
    # (file, what it imports, the contract that has to break)
    ("domain/x.py", "import apportion.services", "layers"),
    ("domain/x.py", "def late():\n    import apportion.storage", "layers"),
    (
        "domain/x.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import apportion.server",
        "layers",
    ),
    ("vocabulary.py", "import apportion.domain", "layers"),
    ("ports/x.py", "import apportion.settings", "layers"),
    ("services/x.py", "import apportion.storage", "layers"),
    ("services/x.py", "import apportion.settings", "layers"),
    ("services/x.py", "import apportion.server", "layers"),
    ("storage/x.py", "import apportion.services", "layers"),
    ("settings.py", "import apportion.bootstrap", "layers"),
    ("bootstrap.py", "import apportion.server", "layers"),
    ("server/x.py", "import apportion.cli", "layers"),
    ("helpers/__init__.py", "", "layers"),
    ("services/datasets/x.py", "import apportion.services.answers", "services"),
    ("services/datasets/x.py", "import apportion.services.people", "services"),
    ("services/people/x.py", "def late():\n    import apportion.services.datasets", "services"),
    ("services/answers/x.py", "import apportion.services.assignments", "services"),
    ("services/assignments/x.py", "import apportion.services.records", "services"),
    ("services/records/x.py", "import apportion.services.insight", "services"),
    ("services/insight/x.py", "import apportion.services.notifications", "services"),
    ("services/notifications/x.py", "import apportion.services.background", "services"),
    ("services/operations.py", "import apportion.services.datasets", "services"),
    ("services/helpers/__init__.py", "", "services"),
    ("services/x.py", "import apportion.wire", "wire"),
    ("storage/x.py", "import apportion.wire", "wire"),
    ("server/x.py", "import apportion.storage", "engines"),
    ("cli/x.py", "import apportion.storage.sqlite", "engines"),
    ("storage/sql/x.py", "import apportion.storage.sqlite", "database"),
    ("storage/sql/query/x.py", "import sqlite3", "database"),
    ("storage/sql/query/x.py", "import psycopg", "database"),
    ("storage/sql/x.py", "import apportion.storage.postgres", "database"),
    ("storage/postgres.py", "import apportion.storage.sqlite", "apart"),
    ("storage/opensearch.py", "import apportion.storage.postgres", "apart"),
    ("storage/sql/x.py", "import apportion.storage.opensearch", "database"),
    ("storage/sqlite.py", "import apportion.storage.postgres", "apart"),
    ("storage/sql/codec/x.py", "import apportion.storage.sql.index", "engine"),
    ("storage/sql/cases/x.py", "import apportion.storage.sql.assignments", "engine"),
    ("storage/sql/another/__init__.py", "", "engine"),
    ("wire/x.py", "import apportion.domain", "client"),
    ("wire/x.py", "import apportion.settings", "client"),
    ("cli/x.py", "import httpx", "commands"),
    ("demo/x.py", "import apportion.domain", "demo"),
    ("domain/x.py", "import sqlite3", "pure"),
    ("domain/x.py", "import fastapi", "pure"),
    ("services/x.py", "import sqlalchemy", "pure"),
    ("services/x.py", "from subprocess import run", "pure"),
    ("ports/x.py", "import msgspec", "pure"),
    ("vocabulary.py", "import socket", "pure"),
]


def packages() -> set[str]:
    """The first level of the package, whether a folder or a file."""
    found = {path.stem for path in PACKAGE.glob("*.py")} | {
        path.parent.name for path in PACKAGE.glob("*/__init__.py")
    }
    return found - {"__init__", "__main__"}


def contracts() -> ConfigParser:
    parser = ConfigParser()
    parser.read(CONFIG)
    return parser


def listed(contract: str, option: str) -> set[str]:
    names = contracts()[f"importlinter:contract:{contract}"][option].split()
    return {name.removeprefix("apportion.") for name in names} - {"|"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages, empty."""
    top = tmp_path_factory.mktemp("model")
    for package in listed("layers", "layers") | CLIENT:
        folder = top / "apportion" / package
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
    (top / "apportion" / "__init__.py").touch()
    for module in ("opensearch", "postgres", "sqlite", "checksums", "tables"):
        (top / "apportion" / "storage" / f"{module}.py").touch()
    for package in listed("engine", "layers"):
        folder = top / "apportion" / "storage" / "sql" / package
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
    (top / "apportion" / "storage" / "sql" / "__init__.py").touch()
    for name in listed("services", "layers") - {"operations"}:
        folder = top / "apportion" / "services" / name
        folder.mkdir()
        (folder / "__init__.py").touch()
    (top / "apportion" / "services" / "operations.py").touch()
    for name in ("vocabulary", "version", "settings", "bootstrap"):
        (top / "apportion" / name / "__init__.py").unlink()
        (top / "apportion" / name).rmdir()
        (top / "apportion" / f"{name}.py").touch()
    return top


@pytest.fixture(scope="module")
def outcomes(model: Path) -> dict[tuple[str, str, str], bool]:
    return dict(zip(ATTACKS, attack(model, ATTACKS), strict=True))


def attack(model: Path, attacks: list[tuple[str, str, str]]) -> list[bool]:
    command = [sys.executable, str(Path(__file__).with_name("attack.py")), str(model), str(CONFIG)]
    ran = subprocess.run(command, input=json.dumps(attacks), capture_output=True, text=True, check=True)
    return list(json.loads(ran.stdout))


def test_the_package_keeps_every_contract() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert ran.returncode == 0, ran.stdout


def test_the_empty_model_keeps_every_contract(model: Path) -> None:
    names = [section.rpartition(":")[2] for section in contracts().sections() if ":contract:" in section]

    assert not any(attack(model, [("domain/__init__.py", "", name) for name in names]))


@pytest.mark.parametrize("case", ATTACKS, ids=lambda case: " ".join(case[0:2]).replace("\n", " "))
def test_a_forbidden_import_breaks_its_contract(
    case: tuple[str, str, str], outcomes: dict[tuple[str, str, str], bool]
) -> None:
    assert outcomes[case]


def test_a_cycle_within_a_package_breaks_its_contract(model: Path) -> None:
    (model / "apportion" / "domain" / "one.py").write_text("import apportion.domain.two")
    try:
        lazy = ("domain/two.py", "def late():\n    import apportion.domain.one", "cycles")
        assert attack(model, [lazy]) == [True]
    finally:
        (model / "apportion" / "domain" / "one.py").unlink()


def test_every_package_of_services_has_a_layer() -> None:
    folders = {path.parent.name for path in (PACKAGE / "services").glob("*/__init__.py")}
    modules = {path.stem for path in (PACKAGE / "services").glob("*.py")} - {"__init__"}
    assert folders | modules == listed("services", "layers")


def test_every_package_has_a_layer() -> None:
    assert packages() == listed("layers", "layers") | CLIENT


def test_the_contract_of_the_client_names_every_package() -> None:
    assert listed("client", "source_modules") == CLIENT
    assert listed("client", "forbidden_modules") == packages() - CLIENT - FOUNDATION
