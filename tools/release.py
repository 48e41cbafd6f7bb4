"""Make a release: version, changelog, distributions, commit and tag. Nothing leaves this machine.

    python tools/release.py 0.2.0            # after `make test`
    python tools/release.py 0.2.0 --dry-run  # the same in a copy that is thrown away

Whatever fails, the working tree is as it was: the commit and the tag are made last.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from datetime import date, datetime, timezone
from pathlib import Path

ROOT = Path(__file__).parents[1]
VERSION = Path("src/apportion/version.py")
CHANGES = Path("CHANGELOG.md")
_NUMBER = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_ASSIGNED = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
_UNRELEASED = "## Unreleased\n"


class ReleaseError(Exception):
    """Something is missing for a release; nothing was changed."""


def version_in(text: str) -> str:
    """Return the version that the text of ``version.py`` assigns."""
    found = _ASSIGNED.search(text)
    if found is None:
        raise ReleaseError(f"{VERSION} assigns no __version__")
    return found[1]


def with_version(text: str, version: str) -> str:
    """Return the text of ``version.py`` with another version. Raises ``ReleaseError`` unless it is a later one."""
    before = version_in(text)
    if _NUMBER.fullmatch(version) is None:
        raise ReleaseError(f"{version!r} is no version; write it as major.minor.patch")
    if _as_numbers(version) <= _as_numbers(before):
        raise ReleaseError(f"{version} is not later than {before}")
    return _ASSIGNED.sub(f'__version__ = "{version}"', text)


def with_heading(changes: str, version: str, day: date) -> str:
    """Return the changelog with what was unreleased under the version, and an empty section above it."""
    if changes.count(_UNRELEASED) != 1:
        raise ReleaseError(f"{CHANGES} needs exactly one heading `## Unreleased`")
    before, _, after = changes.partition(_UNRELEASED)
    if not re.split(r"^## ", after, maxsplit=1, flags=re.MULTILINE)[0].strip():
        raise ReleaseError(f"{CHANGES} has nothing under `## Unreleased`")
    return f"{before}{_UNRELEASED}\n## {version} ({day.isoformat()})\n{after}"


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"`{' '.join(command)}` failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def release(folder: Path, version: str, day: date) -> list[Path]:
    """Make the release in a checkout without uncommitted changes; return the distributions."""
    if changed := _run(folder, "git", "status", "--porcelain"):
        raise ReleaseError(f"commit or put aside first:\n{changed}")
    if _run(folder, "git", "tag", "--list", f"v{version}"):
        raise ReleaseError(f"there is a tag v{version} already")
    texts = {path: (folder / path).read_text(encoding="utf-8") for path in (VERSION, CHANGES)}
    after = {
        VERSION: with_version(texts[VERSION], version),
        CHANGES: with_heading(texts[CHANGES], version, day),
    }
    try:
        for path, text in after.items():
            (folder / path).write_text(text, encoding="utf-8")
        _run(folder, sys.executable, "-m", "hatchling", "build", "-d", "dist")
        _run(
            folder,
            "git",
            "commit",
            "--quiet",
            "-m",
            f"release: make version {version}",
            "--",
            *map(str, after),
        )
    except BaseException:
        for path, text in texts.items():
            (folder / path).write_text(text, encoding="utf-8")
        raise
    _run(folder, "git", "tag", "--annotate", f"v{version}", "-m", f"Version {version}")
    return sorted((folder / "dist").glob(f"apportion-{version}*"))


def _in_a_copy(version: str, day: date) -> list[Path]:
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "apportion"
        _run(ROOT, "git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(copy))
        return [Path(each.name) for each in release(copy, version, day)]


def main() -> int:
    """Release from the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("version")
    parser.add_argument("--dry-run", action="store_true", help="in a copy that is thrown away")
    given = parser.parse_args()
    day = datetime.now(timezone.utc).date()
    try:
        made = _in_a_copy(given.version, day) if given.dry_run else release(ROOT, given.version, day)
    except ReleaseError as missing:
        print(f"No release was made: {missing}", file=sys.stderr)
        return 1
    print("\n".join(["Made:", *map(str, made)]))
    if not given.dry_run:
        print(f"Look at it, then: git push --follow-tags; upload what is in dist/ for v{given.version}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
