"""The web app's budgets, in a real browser against a real server: ``web/e2e/budget.spec.ts``, several times."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .report import Line, middle
from .scale import Scale, say

__all__ = ["measure"]

_ROOT = Path(__file__).parent.parent
_AT_MOST = {
    "JS + CSS, gzip: a queue": 200,
    "JS + CSS, gzip: a queue of spans": 200,
    "JS + CSS, gzip: a queue of texts": 200,
    "requests: a queue": 25,
    "requests: a queue of spans": 25,
    "requests: a queue of texts": 25,
    "requests an answer: TextClassification": 2,
    "requests an answer: TokenClassification": 2,
    "first record usable": 1000,
    "first record usable, warm": 500,
    "label → next record painted": 25,
    "span painted": 15,
    "3,000 tokens, 200 spans: mark painted": 40,
    "3,000 tokens, 200 spans: next record painted": 60,
}
_PEERS = {
    "JS + CSS, gzip: a queue": "others 2,080 and 720 kB",
    "label → next record painted": "others 268 and 105 ms",
    "span painted": "others 23 and 47 ms",
    "3,000 tokens, 200 spans: mark painted": "others 92 and 60 ms",
    "3,000 tokens, 200 spans: next record painted": "others 958 and 205 ms",
}
"""As measured when this was planned, on a machine of the same kind; not in this run."""


def measure(scale: Scale) -> Iterator[Line]:
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    units: dict[str, str] = {}
    for number in range(scale.rounds):
        say(f"  browser, round {number + 1} of {scale.rounds}")
        for name, figure in _run().items():
            found[name].append((figure["value"], figure["slowest"]))
            units[name] = figure["unit"]
    for name, values in found.items():
        unit = units[name]
        slowest = "" if unit != "ms" else f"slowest {max(each for _, each in values):.0f} ms"
        detail = "; ".join(each for each in (slowest, _PEERS.get(name, "")) if each)
        yield Line(
            name,
            middle([each for each, _ in values]),
            unit,
            detail,
            at_most=_AT_MOST.get(name),
        )


def _run() -> dict[str, dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="apportion-figures-") as folder:
        file = Path(folder) / "figures.json"
        command = ["sh", "tools/web.sh", str(Path(sys.executable).parents[1]), "e2e", "budget.spec.ts"]
        environment = {**os.environ, "APPORTION_FIGURES": str(file)}
        ran = subprocess.run(command, cwd=_ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        if not file.exists():
            raise SystemExit(f"the browser measured nothing:\n{ran.stdout}")
        figures: dict[str, dict[str, Any]] = json.loads(file.read_text())
        return figures
