"""No function has more than eight parameters, but for a list that may only become shorter."""

from __future__ import annotations

import ast
import functools
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST = 8
ALLOWED = frozenset({
    # A command's options are its parameters
    "cli/agreement.py: agreement",
    "cli/assignments.py: move",
    "cli/assignments.py: rows",
    "cli/audit.py: audit",
    "cli/dataset_files.py: import_",
    "cli/datasets_of_1x.py: import_1x",
    "cli/hours.py: hours",
    "cli/users.py: create",
    "cli/webhooks.py: create",
    # Signatures of 1.x, and ours like them
    "sdk/api.py: load",
    "sdk/client.py: Client.log",
    "sdk/loading.py: Scan.__init__",
    "sdk/loading.py: search_request",
    "sdk/operations/agreement.py: adjudicate",
    "sdk/operations/agreement.py: agreement",
    "sdk/operations/plans.py: assign",
    "sdk/operations/queue.py: submit",
    "sdk/operations/records.py: load",
    "sdk/operations/records.py: search",
    "sdk/records/text2text.py: Text2TextRecord.__init__",
    "sdk/records/text_classification.py: TextClassificationRecord.__init__",
    "sdk/records/token_classification.py: TokenClassificationRecord.__init__",
    # A route's parameters are its own
    "server/routers/audit.py: read_audit",
    "server/routers/export.py: import_file",
    "server/routers/metrics.py: metric_summary",
    # Columns of a row or of a table
    "domain/agreement/ratings.py: ratings",
    "ports/plans.py: Plans.add_plan",
    "storage/sql/assignments/plan_store.py: PlanStore.add_plan",
})  # fmt: skip


def _functions(path: Path) -> dict[int, str]:
    """Return the qualified names of the functions of a module by the line that ``def`` is on."""
    found: dict[int, str] = {}

    def walk(node: ast.AST, inside: str) -> None:
        for child in ast.iter_child_nodes(node):
            name = inside
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{inside}.{child.name}" if inside else child.name
                found[child.lineno] = name
            walk(child, name)

    walk(ast.parse(path.read_text(encoding="utf-8")), "")
    return found


@functools.cache
def _with_too_many() -> frozenset[str]:
    limit = f"lint.pylint.max-args={MOST}"
    command = ["ruff", "check", "--isolated", "--no-cache", "--ignore-noqa", "--select", "PLR0913"]
    ran = subprocess.run(
        [sys.executable, "-m", *command, "--config", limit, "--output-format", "json", "src"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ran.returncode in (0, 1), ran.stderr
    found = set()
    for each in json.loads(ran.stdout):
        path = Path(each["filename"])
        name = _functions(path)[each["location"]["row"]]
        found.add(f"{path.relative_to(ROOT / 'src' / 'apportion')}: {name}")
    return frozenset(found)


def test_no_other_function_has_so_many_parameters() -> None:
    assert _with_too_many() - ALLOWED == frozenset(), "pass what belongs together as a frozen dataclass"


def test_a_function_that_became_shorter_leaves_the_list() -> None:
    assert ALLOWED - _with_too_many() == frozenset()
