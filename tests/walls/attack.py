"""Run in a process of its own on a model of the package: which of the given contracts break?

Reads ``[[file, code, contract], …]`` from standard input, writes ``[broken, …]`` to standard output.
"""

import contextlib
import io
import json
import sys
from pathlib import Path

from importlinter.cli import lint_imports

model, config = Path(sys.argv[1]), sys.argv[2]
sys.path.insert(0, str(model))


def broken(contract: str) -> bool:
    with contextlib.redirect_stdout(io.StringIO()):
        return lint_imports(config, limit_to_contracts=(contract,), cache_dir=None, no_logo=True) != 0


results = []
for name, code, contract in json.load(sys.stdin):
    target = model / "apportion" / name
    before = target.read_text() if target.exists() else None
    target.parent.mkdir(exist_ok=True)
    target.write_text(code)
    results.append(broken(contract))
    if before is not None:
        target.write_text(before)
    else:
        target.unlink()
        if target.name == "__init__.py":
            target.parent.rmdir()
print(json.dumps(results))
