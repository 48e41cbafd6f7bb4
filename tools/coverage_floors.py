"""Compare the coverage of each package with its floor, which may only rise.

    python tools/coverage_floors.py .tools/coverage/report.json    # what `coverage json` wrote

Exit code 1 if a package is below its floor. A package that is well above it is named, too: raise the floor then.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

FLOORS = {"domain": 98, "services": 96, "storage": 95, "server": 96, "sdk": 96}
"""Of a hundred statements of each package, how many the tests run at least."""
_WELL_ABOVE = 2.0


def shares(report: Mapping[str, Any]) -> dict[str, float]:
    """Return how many of a hundred statements ran, by package."""
    statements, covered = Counter[str](), Counter[str]()
    for name, file in report["files"].items():
        parts = PurePath(name).parts
        package = parts[parts.index("apportion") + 1]
        statements[package] += file["summary"]["num_statements"]
        covered[package] += file["summary"]["covered_lines"]
    return {package: 100 * covered[package] / count for package, count in statements.items() if count}


def main(report: Path) -> int:
    """Print the share of each package; return 1 if one is below its floor."""
    found = shares(json.loads(report.read_text(encoding="utf-8")))
    for package, share in sorted(found.items()):
        floor = FLOORS.get(package)
        note = ""
        if floor is not None and share < floor:
            note = f"BELOW ITS FLOOR of {floor}"
        elif floor is not None and share >= floor + _WELL_ABOVE:
            note = f"raise its floor of {floor}"
        print(f"{package:16} {share:5.1f} %  {note}".rstrip())
    missing = sorted(FLOORS.keys() - found.keys())
    if missing:
        print(f"nothing was measured of: {', '.join(missing)}")
    return int(bool(missing) or any(found[package] < floor for package, floor in FLOORS.items()))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
