"""Check the summary of a commit: `area: imperative`, at most 72 characters. Called by git with the message's file."""

from __future__ import annotations

import re
import sys
from pathlib import Path

LONGEST = 72
_FORM = re.compile(r"(?P<areas>[a-z0-9][\w.,/ -]*): (?P<sentence>\S.*)")
_MADE_BY_GIT = ("Merge ", "Revert ", "fixup! ", "squash! ", "amend! ")
_BASE_FORMS_IN_ED_OR_ING = frozenset(
    ["bring", "embed", "exceed", "feed", "need", "proceed", "seed", "shed", "speed", "spring", "string"]
)
_BASE_FORMS_IN_S = frozenset(
    [
        "access",
        "address",
        "bypass",
        "compress",
        "discuss",
        "express",
        "focus",
        "guess",
        "pass",
        "process",
        "suppress",
    ]
)


def faults(summary: str) -> list[str]:
    """Return what is wrong with a summary, in sentences; nothing for one that is right."""
    if summary.startswith(_MADE_BY_GIT):
        return []
    found = []
    if len(summary) > LONGEST:
        found.append(f"It has {len(summary)} characters; {LONGEST} is the most.")
    match = _FORM.fullmatch(summary)
    if match is None:
        return [
            *found,
            "It has to begin with an area, a colon and a space: `queue: renew leases in one statement`.",
        ]
    if match["sentence"].endswith("."):
        found.append("It ends without a full stop.")
    verb = match["sentence"].split()[0].lower()
    if not _is_imperative(verb):
        found.append(f"After the area comes an imperative, as in `queue: renew …`; {verb!r} is none.")
    return found


def _is_imperative(verb: str) -> bool:
    """Return whether a word can be an imperative; catches the usual slips, `added`, `adding` and `adds`."""
    if verb.endswith(("ed", "ing")):
        return verb in _BASE_FORMS_IN_ED_OR_ING
    return not verb.endswith("s") or verb in _BASE_FORMS_IN_S


def main(message: Path) -> int:
    """Print what is wrong with the first line of a file; return 1 if anything is."""
    lines = message.read_text(encoding="utf-8").splitlines()
    summary = lines[0] if lines else ""
    wrong = faults(summary)
    for each in wrong:
        print(each, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
