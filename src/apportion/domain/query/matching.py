"""Compare words the way search terms ask for: wildcards, a few edits, phrases."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from apportion.domain.text import fold as folded

from .ast import WildcardPart

__all__ = ["auto_edits", "field_regex", "phrase_places", "wildcard_regex", "within_edits"]


def wildcard_regex(pieces: Sequence[str | WildcardPart], *, fold: bool) -> re.Pattern[str]:
    """Return a pattern whose ``fullmatch`` decides whether a word fits; ``fold`` compares with folded words.

    It never backtracks from one star to an earlier one, so matching stays quick however many stars there are.

    >>> bool(wildcard_regex(["LIM", WildcardPart.ANY], fold=True).fullmatch("limits"))
    True
    """
    runs: list[str] = [""]
    for piece in pieces:
        if piece is WildcardPart.ANY:
            runs.append("")
        elif piece is WildcardPart.ONE:
            runs[-1] += "."
        else:
            runs[-1] += re.escape(folded(piece) if fold else piece)
    first, *rest = runs
    if not rest:
        return re.compile(first, re.DOTALL)
    *middle, last = rest
    # The first place where a run fits is as good as any later one. Capturing it in a lookahead and repeating
    # the capture keeps `re` from trying the others (atomic groups need Python 3.11).
    anchored = "".join(f"(?=(?P<r{i}>.*?{run}))(?P=r{i})" for i, run in enumerate(filter(None, middle)))
    return re.compile(f"{first}{anchored}.*{last}", re.DOTALL)


def field_regex(name: str) -> re.Pattern[str]:
    """Return a pattern whose ``fullmatch`` decides whether a field is meant; a ``*`` in the name stands for any run.

    >>> bool(field_regex("inputs.*").fullmatch("inputs.title"))
    True
    """
    pieces = [WildcardPart.ANY if part == "*" else part for part in re.split(r"(\*)", name) if part]
    return wildcard_regex(pieces, fold=False)


def within_edits(a: str, b: str, limit: int) -> bool:
    """Return whether at most ``limit`` edits turn one word into the other.

    An edit adds, drops or replaces a character or swaps two neighbours; a swapped pair is not edited again.

    >>> within_edits("quikc", "quick", 1)
    True
    """
    if abs(len(a) - len(b)) > limit:
        return False
    if a == b:
        return True
    if limit <= 0:
        return False
    far = limit + 1
    # Only cells within `limit` of the diagonal can cost so little; cell k of row i compares a[:i] with
    # b[: i + k - limit].
    width = 2 * limit + 1
    before = [far] * width
    row = [k - limit if limit <= k <= limit + len(b) else far for k in range(width)]
    for i, char in enumerate(a, 1):
        earlier, before, row = before, row, [far] * width
        for k in range(width):
            j = i + k - limit
            if j == 0:
                row[k] = i
            if not 0 < j <= len(b):
                continue
            cost = before[k] + (char != b[j - 1])
            if k > 0:
                cost = min(cost, row[k - 1] + 1)
            if k + 1 < width:
                cost = min(cost, before[k + 1] + 1)
            if i > 1 and j > 1 and char == b[j - 2] and a[i - 2] == b[j - 1]:
                cost = min(cost, earlier[k] + 1)
            row[k] = cost
        if min(row) > limit and min(before) > limit:
            return False
    return row[limit + len(b) - len(a)] <= limit


def auto_edits(word: str) -> int:
    """Return the number of edits a bare ``~`` allows: none below three characters, one up to five, then two."""
    return 0 if len(word) < 3 else 1 if len(word) <= 5 else 2


def phrase_places(places: Mapping[str, Sequence[int]], phrase: Sequence[str], slop: int = 0) -> set[int]:
    """Return the positions of the words of a phrase in a text, wherever they are close enough together.

    ``places`` gives the rising positions of every word of the text. With ``slop`` the words may be off
    their places by that many positions in all, which also lets neighbours swap for two.

    >>> sorted(phrase_places({"lazy": [3, 9], "dog": [4]}, ["lazy", "dog"]))
    [3, 4]
    """
    wanted = len(phrase)
    if not slop:
        common = set(places.get(phrase[0], ())) if phrase else set()
        for rank, word in enumerate(phrase):
            common &= {place - rank for place in places.get(word, ())} if common else set()
        return {start + rank for start in common for rank in range(wanted)}
    # Moved back by its rank in the phrase, each word of a flawless match stands at the same spot.
    moved = sorted(
        (place - rank, rank, place) for rank, word in enumerate(phrase) for place in places.get(word, ())
    )
    found: set[int] = set()
    ranks: Counter[int] = Counter()
    distinct: Counter[int] = Counter()
    first = taken = 0
    for last, (spot, rank, place) in enumerate(moved):
        ranks[rank] += 1
        distinct[place] += 1
        while spot - moved[first][0] > slop:
            _, old_rank, old_place = moved[first]
            for counter, key in ((ranks, old_rank), (distinct, old_place)):
                counter[key] -= 1
                if not counter[key]:
                    del counter[key]
            first += 1
        if len(ranks) == wanted and len(distinct) >= wanted:
            found.update(place for _, _, place in moved[max(first, taken) : last + 1])
            taken = last + 1
    return found
