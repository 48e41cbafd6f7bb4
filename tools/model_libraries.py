"""Make the environment with torch, transformers and SetFit, once, and print its Python.

They take 6 GB, so that the environment is apart from ours and outside the checkout, as that of the official client
is, and is made only by `make model-libraries`: what is tested there is skipped without it.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from official_client import cache, locked, make_environment, working_python

PINS = Path(__file__).parents[1] / "tests" / "model_libraries" / "constraints.txt"
VERSIONS = ("3.11", "3.12", "3.13")
WANTED = (
    "accelerate",
    "click",
    "datasets",
    "httpx",
    "msgspec",
    "setfit",
    "torch",
    "transformers",
    "typing_extensions",
)
MISSING = "torch, transformers and SetFit are not here; `make model-libraries` brings them (6 GB)."
UNSUITABLE = "No Python 3.11 to 3.13 was found, which transformers needs."


def models_python(*, make: bool) -> Path | None:
    """Return the Python of that environment; None where it is not, or was made from other versions."""
    folder = cache() / "model-libraries"
    python, stamp = folder / "bin" / "python", folder / "made-from"
    digest = hashlib.sha256(PINS.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest and python.exists():
        return python
    if not make:
        return None
    base = next(filter(None, map(working_python, VERSIONS)), None)
    if base is None:
        raise SystemExit(UNSUITABLE)
    with locked(folder.with_suffix(".lock")):
        print(f"Making an environment for torch, transformers and SetFit in {folder} …", file=sys.stderr)
        make_environment(base, folder, PINS, WANTED)
        stamp.write_text(digest)
    return python


if __name__ == "__main__":
    print(models_python(make="--if-there" not in sys.argv) or MISSING)
