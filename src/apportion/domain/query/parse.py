"""Read the search language: from text to a query tree.

    alternatives   both (OR both)*            OR is also understood between neighbours in advanced mode
    both           clause (AND clause)*       AND is also understood between neighbours otherwise
    clause         (NOT | ! | + | -)* value
    value          [field:] word | "phrase" | /regex/ | range | (alternatives), each with ~ and ^ behind it

AND binds tighter than OR.
"""

from __future__ import annotations

import re
from dataclasses import replace

from apportion.domain.errors import InvalidTextSearchError

from .ast import (
    And,
    Exists,
    Fuzzy,
    MatchAll,
    Nested,
    Not,
    Or,
    Phrase,
    Query,
    Range,
    Regex,
    Term,
    Wildcard,
    WildcardPart,
)
from .automaton import Automaton
from .combine import all_of, any_of, negate
from .scan import (
    MAX_WILDCARDS,
    PunctuationToken,
    QuotedToken,
    RangeToken,
    RegexToken,
    ScanError,
    SuffixToken,
    Token,
    TokenKind,
    WordToken,
    scan,
)

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "parse"]

MAX_DEPTH = 64
MAX_LENGTH = 100_000
MAX_REGEX_SIZE = 20_000  # states

_EXISTS = "_exists_"
_MAX_SLOP = 1_000_000
_UNSPEAKABLE = re.compile("[\x00\ud800-\udfff]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def parse(text: str, *, advanced: bool = False) -> Query:
    """Return the query that the text stands for.

    Words side by side must all match; with ``advanced``, any of them may, and a group of named fields under a
    path (``path:(a:x AND b:y)``) must hold for one element. Blank text matches every record.

    >>> parse("fox -status:Validated")
    And(children=(Term(field=None, text='fox'), Not(child=Term(field='status', text='Validated'))))

    Raises ``InvalidTextSearchError`` with position and reason when the text is no query.
    """
    try:
        if len(text) > MAX_LENGTH:
            raise ScanError(MAX_LENGTH, f"a query may have {MAX_LENGTH} characters at most")
        if bad := _UNSPEAKABLE.search(text):
            raise ScanError(bad.start(), "this character is no text")
        return _Parser(text, advanced).parse()
    except ScanError as trouble:
        raise InvalidTextSearchError(
            f"Failed to parse query [{_quotable(text)}]", position=trouble.at, reason=trouble.reason
        ) from None


def _quotable(text: str) -> str:
    """Return the text in a form that fits an error message: encodable, and not a megabyte."""
    if len(text) > MAX_LENGTH:
        text = text[:100] + "…"
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)


class _Parser:
    def __init__(self, text: str, advanced: bool) -> None:
        self._text = text
        self._tokens = scan(text)
        self._next = 0
        self._regex_size = 0
        self._advanced = advanced
        self._named_groups = _groups_naming_fields(self._tokens) if advanced else set()
        # Printing an advanced tree can take one pair of brackets more than its author needed.
        self._max_depth = MAX_DEPTH - advanced

    def parse(self) -> Query:
        if not self._tokens:
            return MatchAll()
        query = self._alternatives(None, 0)
        if self._next < len(self._tokens):  # only a closing bracket ends the loop early
            raise ScanError(self._tokens[self._next].at, "the bracket closed here was never opened")
        return query

    def _alternatives(self, field: str | None, depth: int) -> Query:
        parts = [self._both(field, depth)]
        loose = [False]  # joined to its neighbour by nothing but a blank
        while True:
            if self._sees(TokenKind.OR):
                self._next += 1
                loose.append(False)
            elif self._at_clause():
                loose.append(True)
            else:
                break
            parts.append(self._both(field, depth))
        if len(parts) == 1:
            return parts[0][0]
        loose[0] = loose[1]
        return _choose(parts, loose)

    def _both(self, field: str | None, depth: int) -> tuple[Query, TokenKind | None]:
        """Parse one operand of OR, and return its sign if it is a single clause that has one."""
        first, sign = self._clause(field, depth)
        parts = [first]
        while self._sees(TokenKind.AND) or (not self._advanced and self._at_clause()):
            self._next += self._sees(TokenKind.AND)
            parts.append(self._clause(field, depth)[0])
        return all_of(parts), sign if len(parts) == 1 else None

    def _clause(self, field: str | None, depth: int) -> tuple[Query, TokenKind | None]:
        negative = required = False
        while self._sees(TokenKind.NOT, TokenKind.MINUS, TokenKind.PLUS):
            if self._sees(TokenKind.PLUS):
                required = True
            else:
                negative = not negative
            self._next += 1
        query = self._value(field, depth)
        if negative:
            return negate(query), TokenKind.PLUS if required else TokenKind.MINUS
        return query, TokenKind.PLUS if required else None

    def _value(self, field: str | None, depth: int) -> Query:
        token = self._peek()
        if isinstance(token, WordToken) and self._sees(TokenKind.COLON, ahead=1):
            field = _field_name(token)
            self._next += 2
            token = self._peek()
            if isinstance(token, WordToken) and self._sees(TokenKind.COLON, ahead=1):
                raise ScanError(
                    self._tokens[self._next + 1].at, "a second colon; write \\: to search for one"
                )
            if isinstance(token, PunctuationToken) and token.sign is TokenKind.OPEN:
                return self._field_group(field, depth)
        if token is None or isinstance(token, SuffixToken):
            raise self._expected_value()
        if isinstance(token, PunctuationToken):
            if token.sign is not TokenKind.OPEN:
                raise self._expected_value()
            return self._group(field, depth)
        self._next += 1
        return self._leaf(token, field)

    def _field_group(self, field: str, depth: int) -> Query:
        if self._next not in self._named_groups:
            return self._group(field, depth)
        child = self._group(None, depth)
        # A required part may have pushed every named one out; what is left speaks of the path itself.
        return Nested(field, child) if _names_field(child) else _push(child, field)

    def _group(self, field: str | None, depth: int) -> Query:
        opened = self._tokens[self._next].at
        if depth == self._max_depth:
            raise ScanError(opened, f"more than {self._max_depth} brackets inside one another")
        self._next += 1
        if self._sees(TokenKind.CLOSE):
            raise ScanError(opened, "there is nothing between these brackets")
        if self._peek() is None:
            raise ScanError(opened, "the bracket opened here is never closed")
        query = self._alternatives(field, depth + 1)
        if not self._sees(TokenKind.CLOSE):
            raise ScanError(opened, "the bracket opened here is never closed")
        self._next += 1
        self._suffix_number(fuzzy=False)
        return query

    def _leaf(self, token: WordToken | QuotedToken | RegexToken | RangeToken, field: str | None) -> Query:
        number = self._suffix_number(fuzzy=not isinstance(token, RangeToken))
        if field == _EXISTS:
            return Exists(_named(token))
        if isinstance(token, RangeToken):
            return Range(field, token.low, token.high, token.include_low, token.include_high)
        if isinstance(token, RegexToken):
            self._regex_size += _size(token)
            if self._regex_size > MAX_REGEX_SIZE:
                raise ScanError(token.at, "the regular expressions of this query are too large together")
            return Regex(field, token.text)
        if isinstance(token, QuotedToken):
            return Phrase(field, token.text, int(min(float(number or 0), _MAX_SLOP)))
        if token.pieces == (WildcardPart.ANY,):
            return MatchAll() if field in (None, "*") else Exists(field)
        if len(token.pieces) > 1 or not isinstance(token.pieces[0], str):
            return Wildcard(field, token.pieces)
        text = token.pieces[0]
        return Term(field, text) if number is None else Fuzzy(field, text, _edits(number, text))

    def _suffix_number(self, *, fuzzy: bool) -> str | None:
        """Return the number behind ``~``, None without the sign.

        Boosts (``^``) are dropped: they would order hits by relevance, and ours are sorted.
        """
        seen: dict[str, str] = {}
        while isinstance(token := self._peek(), SuffixToken):
            if token.sign in seen:
                raise ScanError(token.at, f"a second {token.sign}")
            if token.sign == "~" and not fuzzy:
                raise ScanError(token.at, "~ belongs behind a word or a phrase")
            seen[token.sign] = token.number
            self._next += 1
        return seen.get("~")

    def _expected_value(self) -> ScanError:
        """Return the error for a place where a search term is expected and missing."""
        token = self._peek()
        before = self._tokens[self._next - 1] if self._next else None
        if (
            isinstance(before, PunctuationToken)
            and before.sign is not TokenKind.CLOSE
            and before.sign is not TokenKind.OPEN
        ):
            return ScanError(before.at, f"nothing to search for follows {self._written(before)}")
        if isinstance(token, PunctuationToken) and token.sign is TokenKind.COLON:
            return ScanError(token.at, "no field name stands before the colon; write \\: to search for one")
        if isinstance(token, PunctuationToken) and token.sign is TokenKind.CLOSE:
            return ScanError(token.at, "the bracket closed here was never opened")
        if isinstance(token, PunctuationToken):
            return ScanError(token.at, f"nothing to search for stands before {self._written(token)}")
        if isinstance(token, SuffixToken):
            return ScanError(
                token.at, f"nothing stands before {token.sign}; write \\{token.sign} to search for it"
            )
        return ScanError(len(self._text), "something to search for is missing")

    def _written(self, mark: PunctuationToken) -> str:
        doubled = self._text[mark.at : mark.at + 2]
        if doubled in ("&&", "||"):
            return doubled
        return mark.sign.value if self._text.startswith(mark.sign.value, mark.at) else doubled[0]

    def _peek(self, ahead: int = 0) -> Token | None:
        place = self._next + ahead
        return self._tokens[place] if place < len(self._tokens) else None

    def _sees(self, *signs: TokenKind, ahead: int = 0) -> bool:
        token = self._peek(ahead)
        return isinstance(token, PunctuationToken) and token.sign in signs

    def _at_clause(self) -> bool:
        return self._next < len(self._tokens) and not self._sees(TokenKind.AND, TokenKind.OR, TokenKind.CLOSE)


def _choose(parts: list[tuple[Query, TokenKind | None]], loose: list[bool]) -> Query:
    """Join the parts by OR; once some are required, those only, and never a loosely joined negative one."""
    required = [query for query, sign in parts if sign is TokenKind.PLUS]
    banned: list[Query] = []
    optional: list[Query] = []
    for (query, sign), by_blank in zip(parts, loose, strict=True):
        if sign is TokenKind.MINUS and isinstance(query, Not) and (by_blank or required):
            banned.append(query)
        elif sign is not TokenKind.PLUS:
            optional.append(query)
    if not required and optional:
        required = [any_of(optional)]
    return all_of([*required, *banned])


def _groups_naming_fields(tokens: list[Token]) -> set[int]:
    """Return the places of the opening brackets with a field name somewhere inside."""
    found: set[int] = set()
    open_groups: list[int] = []
    for place, token in enumerate(tokens):
        if not isinstance(token, PunctuationToken):
            continue
        if token.sign is TokenKind.OPEN:
            open_groups.append(place)
        elif token.sign is TokenKind.COLON and open_groups:
            found.add(open_groups[-1])
        elif token.sign is TokenKind.CLOSE and open_groups:
            closed = open_groups.pop()
            if closed in found and open_groups:
                found.add(open_groups[-1])
    return found


def _names_field(query: Query) -> bool:
    if isinstance(query, (And, Or)):
        return any(map(_names_field, query.children))
    if isinstance(query, Not):
        return _names_field(query.child)
    return isinstance(query, (Exists, MatchAll, Nested)) or query.field is not None


def _push(query: Query, field: str) -> Query:
    if isinstance(query, (And, Or)):
        return replace(query, children=tuple(_push(child, field) for child in query.children))
    if isinstance(query, Not):
        return Not(_push(query.child, field))
    return query if isinstance(query, (Exists, MatchAll, Nested)) else replace(query, field=field)


def _field_name(token: WordToken) -> str:
    if WildcardPart.ONE in token.pieces:
        raise ScanError(token.at, "a field name can't have the wildcard ?; write \\? for the character")
    name = "".join(piece if isinstance(piece, str) else piece.value for piece in token.pieces)
    return _checked_name(token.at, name)


def _checked_name(at: int, name: str) -> str:
    # A star counts however it was written: engines see the name without its escapes.
    if name.count("*") > MAX_WILDCARDS:
        raise ScanError(at, f"a field name may hold {MAX_WILDCARDS} wildcards at most")
    return name


def _named(token: WordToken | QuotedToken | RegexToken | RangeToken) -> str:
    if isinstance(token, WordToken):
        return _field_name(token)
    if isinstance(token, QuotedToken) and token.text:
        return _checked_name(token.at, token.text)
    raise ScanError(token.at, f"the name of a field must follow {_EXISTS}:")


def _edits(number: str, text: str) -> int | None:
    if not number:
        return None
    wanted = float(number)
    if wanted >= 1 or wanted == 0:
        return int(min(wanted, 2))
    # A fraction is the share of letters that must stay; the little extra undoes binary rounding.
    return min(2, int((1 - wanted) * len(text) + 1e-9))


def _size(token: RegexToken) -> int:
    try:
        return Automaton(token.text).size
    except InvalidTextSearchError as trouble:
        raise ScanError(token.at, trouble.reason or str(trouble)) from None
