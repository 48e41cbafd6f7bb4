"""The code that the web app shows to be copied, with the names of a dataset in it."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["SNIPPETS", "filled"]

FEATURES = Path(__file__).parents[1] / "web" / "src" / "features"
SNIPPETS = {
    file.stem: file.read_text(encoding="utf-8") for file in sorted(FEATURES.glob("**/snippets/*.txt"))
}


def filled(snippet: str, url: str, dataset: str, *, pipeline: str = "textcat") -> str:
    """The snippet for a dataset of the demo team's workspace, with the administrator's key."""
    values = {"API_URL": url, "WORKSPACE": "recognai", "DATASET": dataset, "PIPELINE": pipeline}
    code = SNIPPETS[snippet].replace("YOUR API KEY", "admin.apikey")
    for name, value in values.items():
        code = code.replace(f"__{name}__", json.dumps(value))
    return code
