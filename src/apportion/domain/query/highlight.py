"""Find the stretches of a record's texts that made it match a query."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from apportion.domain.text import exact_spans, fold, word_spans

from .ast import And, Fuzzy, Nested, Or, Phrase, Query, Regex, Term, Wildcard
from .automaton import Automaton
from .matching import auto_edits, field_regex, phrase_places, wildcard_regex, within_edits

__all__ = ["Highlighter", "highlights"]

MAX_TEXT = 100_000
MAX_COSTLY = 200  # phrases and patterns looked for per field
MAX_STEPS = 250_000  # per text: words tried against patterns, and places of phrase words
MAX_REMEMBERED_FIELDS = 1_000

_Leaf = Term | Phrase | Wildcard | Regex | Fuzzy


def highlights(query: Query, texts: Mapping[str, str]) -> list[str]:
    """Return the matched stretches, as written, each once, in order of appearance.

    ``texts`` maps a searchable field (``text``, ``text.exact``, ``inputs.title`` …) to its text. Only fields
    that the query asks about count, and nothing it rules out. Neighbouring matches with nothing but white
    space between them make one stretch. The first 100,000 characters of each text are looked at.

    >>> from apportion.domain.query import parse
    >>> highlights(parse("quick fox*"), {"text": "The Quick foxes met a fox."})
    ['Quick foxes', 'fox']
    """
    return Highlighter(query).keywords(texts)


class Highlighter:
    """``highlights`` for one query over many records, prepared once."""

    def __init__(self, query: Query) -> None:
        leaves = list(_positive(query, None))
        self.fields = frozenset(name for name, _ in leaves)
        """Names of the fields in the query, as written there: a ``*`` stands for any run of characters."""
        self._leaves = [(field_regex(name), leaf) for name, leaf in leaves]
        self._wanted: dict[str, _HighlightTerms] = {}

    def keywords(self, texts: Mapping[str, str]) -> list[str]:
        """Return the matched stretches of one record; see ``highlights``."""
        found: dict[str, None] = {}
        for name, text in texts.items():
            wanted = self._wanted_in(name)
            if wanted:
                found.update(dict.fromkeys(_stretches(wanted, text[:MAX_TEXT])))
        return list(found)

    def _wanted_in(self, name: str) -> _HighlightTerms:
        wanted = self._wanted.get(name)
        if wanted is None:
            leaves = [leaf for names, leaf in self._leaves if names.fullmatch(name)]
            wanted = _HighlightTerms.of(leaves, exact=_is_exact(name))
            if len(self._wanted) < MAX_REMEMBERED_FIELDS:
                self._wanted[name] = wanted
        return wanted


@dataclass(slots=True)
class _HighlightTerms:
    """The terms to find in one field; the kinds that are cheapest to match are kept apart."""

    exact: bool
    words: set[str] = field(default_factory=set)
    tests: list[Callable[[str], object]] = field(default_factory=list)
    phrases: list[tuple[list[str], int]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.words or self.tests or self.phrases)

    @classmethod
    def of(cls, leaves: list[_Leaf], *, exact: bool) -> _HighlightTerms:
        wanted = cls(exact)
        costly = 0
        for leaf in leaves:
            if isinstance(leaf, Term):
                wanted.words.update(wanted.analysed(leaf.text))
            elif costly < MAX_COSTLY:
                costly += 1
                wanted.add(leaf)
        return wanted

    def add(self, leaf: Phrase | Wildcard | Regex | Fuzzy) -> None:
        if isinstance(leaf, Phrase):
            phrase = self.analysed(leaf.text)
            if len(phrase) == 1:
                self.words.update(phrase)
            elif phrase:
                self.phrases.append((phrase, leaf.slop))
        elif isinstance(leaf, Wildcard):
            self.tests.append(wildcard_regex(leaf.pieces, fold=not self.exact).fullmatch)
        elif isinstance(leaf, Regex):
            self.tests.append(Automaton(leaf.pattern).matches)
        else:
            word = leaf.text if self.exact else fold(leaf.text)
            edits = auto_edits(word) if leaf.edits is None else leaf.edits
            self.tests.append(lambda other: within_edits(word, other, edits))

    def analysed(self, text: str) -> list[str]:
        return [word for _, _, word in self.spans(text)]

    def spans(self, text: str) -> Iterator[tuple[int, int, str]]:
        return exact_spans(text) if self.exact else word_spans(text)


def _positive(query: Query, path: str | None) -> Iterator[tuple[str, _Leaf]]:
    """Yield every part that can be highlighted, with the full name of its field."""
    if isinstance(query, (And, Or)):
        for child in query.children:
            yield from _positive(child, path)
    elif isinstance(query, Nested):
        yield from _positive(query.child, query.path if path is None else f"{path}.{query.path}")
    elif isinstance(query, (Term, Phrase, Wildcard, Regex, Fuzzy)):
        yield ".".join(filter(None, (path, query.field))) or "text", query


def _is_exact(name: str) -> bool:
    # An input may itself be called "exact".
    return name.endswith(".exact") and name != "inputs.exact"


def _stretches(wanted: _HighlightTerms, text: str) -> Iterator[str]:
    start = end = -1
    for from_, to, _ in _matched(wanted, text):
        if end < 0 or text[end:from_].strip():
            if end >= 0:
                yield text[start:end]
            start = from_
        end = to
    if end >= 0:
        yield text[start:end]


def _matched(wanted: _HighlightTerms, text: str) -> Iterable[tuple[int, int, str]]:
    """Return the words that match, in order, each with its start and end."""
    if not (wanted.tests or wanted.phrases):  # most queries: each word is looked at once
        words = wanted.words
        return (span for span in wanted.spans(text) if span[2] in words)
    spans = list(wanted.spans(text))
    return (spans[place] for place in sorted(_hits(wanted, [word for _, _, word in spans])))


def _hits(wanted: _HighlightTerms, words: list[str]) -> set[int]:
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        places.setdefault(word, []).append(place)
    hits: set[int] = set()
    steps = 0
    for word, where in places.items():
        steps += len(wanted.tests)
        if word in wanted.words or (steps <= MAX_STEPS and any(test(word) for test in wanted.tests)):
            hits.update(where)
    steps = 0
    for phrase, slop in wanted.phrases:
        steps += sum(len(places.get(word, ())) for word in phrase)
        if steps <= MAX_STEPS:
            hits |= phrase_places(places, phrase, slop)
    return hits
