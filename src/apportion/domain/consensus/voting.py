"""Count votes: for one label, for each label of a set, for each span and then for each token.

Majority voting as in Sheng, Provost and Ipeirotis, KDD 2008. A single label wins with more votes than any other. Where
an answer has parts (labels of a set, spans, tokens), each part is in with the votes of more than half, out with fewer
than half, and tied with exactly half.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from .answers import Span

__all__ = ["VoteResult", "vote_label", "vote_parts", "vote_spans"]

_Part = TypeVar("_Part", bound=Hashable)


@dataclass(frozen=True, slots=True)
class VoteResult(Generic[_Part]):
    """The winning value, and the least share of votes that decided any of its parts, in or out."""

    value: _Part
    support: float
    by_token: bool = False


def vote_label(labels: Sequence[str]) -> VoteResult[str] | None:
    """Return the label with more votes than any other; None where several have the most.

    >>> vote_label(["good", "bad", "good"])
    VoteResult(value='good', support=0.6666666666666666, by_token=False)
    """
    ranked = Counter(labels).most_common(2)
    if len(ranked) > 1 and ranked[0][1] == ranked[1][1]:
        return None
    return VoteResult(ranked[0][0], ranked[0][1] / len(labels))


def vote_parts(answers: Sequence[frozenset[_Part]]) -> VoteResult[frozenset[_Part]] | None:
    """Return every part that more than half gave; None where a part has exactly half of the votes."""
    votes = Counter(part for answer in answers for part in answer)
    return _elect(votes, len(answers))


def vote_spans(
    answers: Sequence[frozenset[Span]], tokens: Sequence[tuple[int, int]] | None = None
) -> VoteResult[frozenset[Span]] | None:
    """Return the spans that more than half marked exactly; what remains is voted on token by token.

    Tokens that an elected span covers are decided. On all others each label is voted on for itself; a run of tokens
    that got the same label is a span, and a new one begins where half or more of its voters begin one. Without
    ``tokens`` there are votes on whole spans only. None where half of the votes are for something.
    """
    votes = Counter(span for answer in answers for span in answer)
    elected = frozenset(span for span, count in votes.items() if 2 * count > len(answers))
    left = [answer - elected for answer in answers]
    if not any(left):
        return _elect(votes, len(answers))
    if tokens is None:
        return vote_parts(answers)
    by_token = _vote_tokens(left, elected, tokens)
    if by_token is None:
        return None
    certain = min([votes[span] / len(answers) for span in elected], default=1.0)
    return VoteResult(elected | by_token.value, min(certain, by_token.support), bool(by_token.value))


def _elect(votes: Counter[_Part], voters: int) -> VoteResult[frozenset[_Part]] | None:
    if any(2 * count == voters for count in votes.values()):
        return None
    support = min((max(count, voters - count) / voters for count in votes.values()), default=1.0)
    return VoteResult(frozenset(part for part, count in votes.items() if 2 * count > voters), support)


def _vote_tokens(
    answers: Sequence[frozenset[Span]], elected: Iterable[Span], tokens: Sequence[tuple[int, int]]
) -> VoteResult[frozenset[Span]] | None:
    begins, ends = [token[0] for token in tokens], [token[1] for token in tokens]

    def touched(span: Span) -> range:
        return range(bisect_right(ends, span[0]), bisect_left(begins, span[1]))

    decided = {token for span in elected for token in touched(span)}
    voters: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    beginners: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    for who, answer in enumerate(answers):
        for span in answer:
            open_tokens = [token for token in touched(span) if token not in decided]
            for nth, token in enumerate(open_tokens):
                voters[span[2], token].add(who)
                if not nth:
                    beginners[span[2], token].add(who)
    won = _elect(Counter({place: len(who) for place, who in voters.items()}), len(answers))
    if won is None:
        return None
    spans: list[list[int]] = []
    labels: list[str] = []
    for label, token in sorted(won.value):
        goes_on = labels and labels[-1] == label and spans[-1][1] == token - 1
        if goes_on and 2 * len(beginners[label, token]) < len(voters[label, token]):
            spans[-1][1] = token
        else:
            spans.append([token, token])
            labels.append(label)
    found = frozenset(
        (begins[first], ends[last], label) for (first, last), label in zip(spans, labels, strict=True)
    )
    return VoteResult(found, won.support)
