"""Split texts into words: the three analysers behind search, highlighting and word clouds.

The full-text index splits ``analysed(text)`` with SQLite's own tokenizer, configured as
``unicode61 remove_diacritics 0 categories 'L* M* N* Co Pc'``. ``words`` finds the same words in the same
order, so that every match of the index can be highlighted in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import ascii_lowercase
from unicodedata import category

from apportion.domain.stopwords import STOP_WORDS

__all__ = [
    "analysed",
    "cloud_words",
    "exact_spans",
    "exact_words",
    "fold",
    "lower_letters",
    "word_spans",
    "words",
]


def fold(word: str) -> str:
    """Return the word without differences of case; its length stays the same.

    Each code point is folded on its own, so a Greek word is the same word whether its sigma is final or
    not. Accents are kept.

    >>> fold("ΛΌΓΟΣ") == fold("λόγος")
    True
    """
    return word.lower() if word.isascii() else word.translate(_FOLDED)


def analysed(text: str) -> str:
    """Return the text in the form that the full-text index receives.

    English and most other Latin or Cyrillic text comes back as it is. Other text comes back as its words
    with spaces between, because SQLite neither separates Chinese and Japanese words nor knows the letters
    and emoji of recent years. No character of the result is NUL, which would end the text for SQLite.

    >>> analysed("私はiPhoneケース🤔")
    '私 は iphone ケース'
    """
    if text.isascii() or not _BEYOND_PLAIN(text):
        return text.replace("\0", " ")
    return " ".join(_UNITS.findall(text.translate(_SEPARATED)))


def words(text: str) -> list[str]:
    """Return the words of the text in order, folded: runs of letters, marks, digits and underscores.

    Each Han and Hiragana character is a word of its own; Katakana stays together.

    >>> words("Don't PANIC, it's 3.5 °C")
    ['don', 't', 'panic', 'it', 's', '3', '5', 'c']
    """
    if text.isascii():
        return _ASCII_WORDS.findall(text.lower())
    if not _BEYOND_PLAIN(text):
        return _PLAIN_WORDS.findall(text.lower())
    return _UNITS.findall(text.translate(_SEPARATED))


def word_spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the same words as ``words``, each with its start and its end (exclusive) in the text.

    >>> list(word_spans("El Niño"))
    [(0, 2, 'el'), (3, 7, 'niño')]
    """
    if text.isascii():
        found = _ASCII_WORDS.finditer(text.lower())
    elif not _BEYOND_PLAIN(text):
        found = _PLAIN_WORDS.finditer(text.lower())
    else:
        found = _UNITS.finditer(text.translate(_SEPARATED))
    return ((match.start(), match.end(), match[0]) for match in found)


def exact_words(text: str) -> list[str]:
    """Return the pieces between white space, unchanged.

    >>> exact_words("Don't PANIC!")
    ["Don't", 'PANIC!']
    """
    return text.split()


def exact_spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the same pieces as ``exact_words``, each with its start and its end (exclusive) in the text."""
    return ((match.start(), match.end(), match[0]) for match in _NOT_SPACE.finditer(text))


def cloud_words(text: str) -> list[str]:
    """Return the words worth counting: runs of letters, lower-cased, without English, Spanish, French and German
    stop words. Marks stay with the letters they modify.

    >>> cloud_words("The 3 cats aren't in l'hôtel_bar")
    ['cats', 'hôtel', 'bar']
    """
    lowered = text.lower()
    if lowered.isascii():
        return [run for run in _ASCII_LETTERS.findall(lowered) if run not in STOP_WORDS]
    runs = lowered.translate(_LETTERS).split()
    # A mark with no letter before it, such as one left behind by an emoji, is not a word.
    return [run for run in runs if run not in STOP_WORDS and run[0].isalpha()]


def lower_letters(text: str) -> bytes:
    """Return the words of ``cloud_words`` and stop words in UTF-8, a space for each character that is no letter.

    A mark that follows no letter is left, though it is no word.

    >>> lower_letters("The 3 cats")
    b'the   cats'
    """
    lowered = text.lower()
    if lowered.isascii():
        return lowered.encode().translate(_ASCII_LETTERS_ONLY)
    if not _BEYOND_PLAIN(lowered):
        return _NO_PLAIN_LETTER.sub(" ", lowered).encode()
    return lowered.translate(_LETTERS).encode()


# Past this, tables are not remembered: hostile text must not be able to fill the memory.
_MEMORABLE = 0x30000

# Marks that turn a symbol into an emoji or pick a glyph. As part of a word they would hide the word next
# to an emoji ("❤️you") and tell equal words apart.
_PRESENTATION = frozenset({0x20E3, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)})


def _folded(code: int) -> int:
    """Fold case simply, as SQLite does, also for the scripts that SQLite does not know yet."""
    char = chr(code)
    for changed in (char.casefold(), char.lower()):
        if len(changed) == 1:
            return ord(changed)
    return code


class _Folded(dict[int, int]):
    """A table for ``str.translate`` that folds."""

    def __missing__(self, code: int) -> int:
        found = _folded(code)
        if code < _MEMORABLE:
            self[code] = found
        return found


class _Separated(dict[int, int]):
    """A table for ``str.translate`` that folds the characters of words and puts a space for each other character."""

    def __missing__(self, code: int) -> int:
        kind = category(chr(code))
        part = (kind[0] in "LMN" or kind in ("Co", "Pc")) and code not in _PRESENTATION
        found = _folded(code) if part else 0x20
        if code < _MEMORABLE:
            self[code] = found
        return found


class _Letters(dict[int, int]):
    """A table for ``str.translate`` that keeps letters and marks and puts a space for each other character."""

    def __missing__(self, code: int) -> int:
        part = category(chr(code))[0] in "LM" and code not in _PRESENTATION
        found = code if part else 0x20
        if code < _MEMORABLE:
            self[code] = found
        return found


_FOLDED = _Folded()
_SEPARATED = _Separated()
_LETTERS = _Letters()

_ASCII_WORDS = re.compile("[0-9a-z_]+")
_ASCII_LETTERS_ONLY = bytes(code if chr(code) in ascii_lowercase else 0x20 for code in range(256))
_ASCII_LETTERS = re.compile("[a-z]+")
_NOT_SPACE = re.compile(r"\S+")

# Plain text is where str.lower, the regex engine and SQLite agree: ASCII, Latin (but İ, ſ and µ), Cyrillic,
# everyday punctuation. It covers most text there is, several times faster than the tables.
_BEYOND_PLAIN = re.compile(
    "[^\0-\u00b4\u00b6-\u012f\u0131-\u017e\u0180-\u024f\u0400-\u0481\u1e00-\u1e95\u1ea0-\u1eff"
    "\u2010-\u203a\u20ac\u2122]"
).search
_PLAIN_WORDS = re.compile(r"\w+")
_NO_PLAIN_LETTER = re.compile(r"[\W\d_²³¹¼-¾]+")

_ALONE = (
    "\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han
    "\U00016ff0-\U00016ff1\U00020000-\U0003ffff"
    "\u3041-\u3096\u309d-\u309f\U0001b001-\U0001b11f\U0001b132\U0001b150-\U0001b152"  # Hiragana
)
_TOGETHER = (
    "\u3031-\u3035\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # Katakana
    "\U0001aff0-\U0001affe\U0001b000\U0001b120-\U0001b122\U0001b155\U0001b164-\U0001b167"
)
_MARKS = "[\u0300-\u036f\u302a-\u302f\u3099\u309a]*"
_UNITS = re.compile(f"[{_ALONE}]{_MARKS}|(?:[{_TOGETHER}]{_MARKS})+|[^ {_ALONE}{_TOGETHER}]+")
