"""Cut a query text into tokens, each with its place in the text.

Escapes are resolved here, so no later step sees a backslash (except in regular expressions, which have their own).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import NoReturn, TypeAlias

from .ast import WildcardPart

__all__ = [
    "PunctuationToken",
    "QuotedToken",
    "RangeToken",
    "RegexToken",
    "ScanError",
    "SuffixToken",
    "Token",
    "TokenKind",
    "WordToken",
    "scan",
]

MAX_WILDCARDS = 100
MAX_VALUES = 2_000
"""More than 1.x takes, where Elasticsearch refuses more than 1,024 clauses."""

_BLANKS = re.compile(r"\s*")
_PLAIN = re.compile(r'[^\s\\():^"~*?!\[\]{}&|]+')
_QUOTED_RUN = re.compile(r'[^"\\]+')
_REGEX_RUN = re.compile(r"[^/\\]+")
_RANGE_RUN = re.compile(r"[^\s\\\]}]+")
_COMPARED_RUN = re.compile(r"[^\s\\()^]+")
_COMPARISON = re.compile(r"[<>]=?")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")


class ScanError(Exception):
    """A text that cannot be parsed: the reason, and the place in it."""

    def __init__(self, at: int, reason: str) -> None:
        super().__init__(reason)
        self.at = at
        self.reason = reason


class TokenKind(Enum):
    """Tokens without a text of their own."""

    OPEN = "("
    CLOSE = ")"
    COLON = ":"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    PLUS = "+"
    MINUS = "-"


@dataclass(frozen=True, slots=True)
class PunctuationToken:
    """An operator, a bracket or a colon."""

    at: int
    sign: TokenKind


@dataclass(frozen=True, slots=True)
class WordToken:
    """A word or field name; no two literals and no two ``ANY`` follow each other."""

    at: int
    pieces: tuple[str | WildcardPart, ...]


@dataclass(frozen=True, slots=True)
class QuotedToken:
    """A phrase without its quotes."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class RegexToken:
    """A regular expression without its slashes."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class RangeToken:
    """A range in brackets or behind a comparison sign; an open bound is None and counts as included."""

    at: int
    low: str | None
    high: str | None
    include_low: bool = True
    include_high: bool = True


@dataclass(frozen=True, slots=True)
class SuffixToken:
    """``~`` or ``^`` and the number behind it, as written; empty without one."""

    at: int
    sign: str
    number: str


Token: TypeAlias = PunctuationToken | WordToken | QuotedToken | RegexToken | RangeToken | SuffixToken

_OPERATORS = {"AND": TokenKind.AND, "OR": TokenKind.OR, "NOT": TokenKind.NOT}


def scan(text: str) -> list[Token]:
    """Return the tokens of the text in order; raises ``ScanError``."""
    return _Scanner(text).tokens()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        # Whether a field is in force, one entry per open bracket: only there do < and > compare,
        # so that a search for `<br>` stays a search.
        self._fielded = [False]
        self._values = 0

    def tokens(self) -> list[Token]:
        found: list[Token] = []
        self._skip_blanks()
        while self._at < len(self._text):
            after_colon = (
                bool(found) and isinstance(found[-1], PunctuationToken) and found[-1].sign is TokenKind.COLON
            )
            token = self._next(after_colon)
            self._count(token)
            found.append(token)
            self._skip_blanks()
        return found

    def _count(self, token: Token) -> None:
        """Refuse a query with very many words before it takes long to read; names of fields do not count."""
        if isinstance(token, PunctuationToken):
            self._values -= token.sign is TokenKind.COLON
        elif not isinstance(token, SuffixToken):
            self._values += 1
            if self._values > MAX_VALUES:
                raise ScanError(
                    token.at, f"a query may have {MAX_VALUES:,} words, phrases, ranges and patterns at most"
                )

    def _next(self, after_colon: bool) -> Token:
        at, char = self._at, self._text[self._at]
        if char == "(":
            self._fielded.append(after_colon or self._fielded[-1])
            return self._mark(TokenKind.OPEN)
        if char == ")":
            if len(self._fielded) > 1:
                self._fielded.pop()
            return self._mark(TokenKind.CLOSE)
        if char == ":":
            return self._mark(TokenKind.COLON)
        if char == "!":
            return self._mark(TokenKind.NOT)
        if char in "+-" and not self._is_word(after_colon):
            return self._mark(TokenKind.PLUS if char == "+" else TokenKind.MINUS)
        if self._text.startswith(("&&", "||"), at):
            return self._mark(TokenKind.AND if char == "&" else TokenKind.OR, 2)
        if char == '"':
            return QuotedToken(at, self._quoted())
        if char == "/":
            return RegexToken(at, self._regex())
        if char in "[{":
            return self._range()
        if char in "]}":
            raise ScanError(at, "the bracket closed here was never opened")
        if char in "~^":
            return self._suffix()
        if char in "<>" and (after_colon or self._fielded[-1]):
            return self._comparison()
        return self._word()

    def _mark(self, sign: TokenKind, width: int = 1) -> PunctuationToken:
        at = self._at
        self._at += width
        return PunctuationToken(at, sign)

    def _is_word(self, after_colon: bool) -> bool:
        """Return whether the sign here belongs to a word, as in ``score:-1`` or ``this - and that``."""
        following = self._text[self._at + 1 : self._at + 2]
        return following.isspace() or (after_colon and following not in tuple('("[{/'))

    def _word(self) -> Token:
        at = self._at
        pieces: list[str | WildcardPart] = []
        literal: list[str] = []
        moving = 0
        bare = True
        while self._at < len(self._text):
            char = self._text[self._at]
            if run := _PLAIN.match(self._text, self._at):
                literal.append(run[0])
                self._at = run.end()
            elif char == "\\":
                literal.append(self._escaped())
                bare = False
            elif char in "*?":
                if literal:
                    pieces.append("".join(literal))
                    literal.clear()
                if char == "?" or not pieces or pieces[-1] is not WildcardPart.ANY:
                    pieces.append(WildcardPart(char))
                    moving += 1
                self._at += 1
            elif char in "&|" and not self._text.startswith(char * 2, self._at):
                literal.append(char)
                self._at += 1
            else:
                break
        if moving > MAX_WILDCARDS:
            raise ScanError(at, f"a word may hold {MAX_WILDCARDS} wildcards at most")
        if literal:
            pieces.append("".join(literal))
        if bare and len(pieces) == 1 and isinstance(pieces[0], str) and pieces[0] in _OPERATORS:
            return PunctuationToken(at, _OPERATORS[pieces[0]])
        return WordToken(at, tuple(pieces))

    def _escaped(self) -> str:
        if self._at + 1 == len(self._text):
            raise ScanError(self._at, "nothing follows the backslash")
        self._at += 2
        return self._text[self._at - 1]

    def _run(self, ordinary: re.Pattern[str]) -> str:
        """Read the longest stretch of ordinary and escaped characters from here."""
        found: list[str] = []
        while self._at < len(self._text):
            if run := ordinary.match(self._text, self._at):
                found.append(run[0])
                self._at = run.end()
            elif self._text[self._at] == "\\":
                found.append(self._escaped())
            else:
                break
        return "".join(found)

    def _quoted(self) -> str:
        at = self._at
        self._at += 1
        text = self._run(_QUOTED_RUN)
        if self._at == len(self._text):
            raise ScanError(at, "the quote opened here is never closed")
        self._at += 1
        return text

    def _regex(self) -> str:
        at = self._at
        self._at += 1
        found: list[str] = []
        while self._at < len(self._text):
            if run := _REGEX_RUN.match(self._text, self._at):
                found.append(run[0])
                self._at = run.end()
            elif self._text[self._at] == "/":
                self._at += 1
                return "".join(found)
            else:
                char = self._escaped()
                found.append(char if char == "/" else "\\" + char)
        raise ScanError(at, "the regular expression opened here is never closed; write \\/ for a slash")

    def _range(self) -> RangeToken:
        at = self._at
        include_low = self._text[at] == "["
        self._at += 1
        low = self._bound(at)
        self._skip_blanks()
        middle = self._at
        if self._at == len(self._text):
            self._never_closed(at)
        if self._run(_RANGE_RUN) != "TO":
            raise ScanError(middle, "a range is written [low TO high], * for an open end")
        high = self._bound(at)
        self._skip_blanks()
        if self._at == len(self._text):
            self._never_closed(at)
        if self._text[self._at] not in "]}":
            raise ScanError(self._at, "only one value may follow TO; put quotes around it if it has blanks")
        include_high = self._text[self._at] == "]"
        self._at += 1
        return RangeToken(at, low, high, include_low or low is None, include_high or high is None)

    def _bound(self, opened: int) -> str | None:
        self._skip_blanks()
        at = self._at
        if at == len(self._text):
            self._never_closed(opened)
        if self._text[at] == '"':
            return self._quoted()
        bound = self._run(_RANGE_RUN)
        if self._text[at : self._at] in ("", "TO"):
            raise ScanError(at, "a bound is missing here; * stands for an open end")
        return None if self._text[at : self._at] == "*" else bound

    def _never_closed(self, opened: int) -> NoReturn:
        raise ScanError(opened, "the bracket opened here is never closed")

    def _comparison(self) -> RangeToken:
        at = self._at
        sign = _COMPARISON.match(self._text, at)
        assert sign is not None
        self._at = sign.end()
        self._skip_blanks()
        start = self._at
        if self._text.startswith('"', start):
            bound: str | None = self._quoted()
        else:
            bound = self._run(_COMPARED_RUN)
            if self._at == start:
                raise ScanError(at, f"no value follows {sign[0]}")
            if self._text[start : self._at] == "*":
                bound = None
        included = bound is None or sign[0].endswith("=")
        if sign[0].startswith(">"):
            return RangeToken(at, bound, None, include_low=included)
        return RangeToken(at, None, bound, include_high=included)

    def _suffix(self) -> SuffixToken:
        at = self._at
        number = _NUMBER.match(self._text, at + 1)
        self._at = number.end() if number else at + 1
        if self._text[at] == "^" and number is None:
            raise ScanError(at, "a number must follow ^; write \\^ to search for the sign")
        return SuffixToken(at, self._text[at], number[0] if number else "")

    def _skip_blanks(self) -> None:
        blanks = _BLANKS.match(self._text, self._at)
        if blanks:
            self._at = blanks.end()
