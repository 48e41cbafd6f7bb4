"""Common passwords, which an attacker would try first."""

from __future__ import annotations

from apportion.vocabulary import PASSWORD_LENGTHS

__all__ = ["weak_because"]


def weak_because(password: str, username: str | None = None) -> str | None:
    """Return why a password of the right length is one of the first that anybody would try; None where it is not.

    >>> weak_because("Password1"), weak_because("ana-maria", "ana-maria"), weak_because("a long sentence")
    ('this password is among the commonest, choose another', 'the password must not be the username', None)
    """
    plain = password.strip().lower()
    if username is not None and plain == username.lower():
        return "the password must not be the username"
    if plain in _COMMONEST or len(set(plain)) < 3 or plain in _ROWS or plain[::-1] in _ROWS:
        return "this password is among the commonest, choose another"
    return None


_KEYS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
)
_ROWS = frozenset(
    row[start : start + length]
    for row in _KEYS
    for start in range(len(row))
    for length in range(PASSWORD_LENGTHS[0], len(row) - start + 1)
)
"""Runs of neighbouring keys, and of consecutive digits and letters."""

_TRIED_FIRST = """
password password1 password12 password123 password1234 password! passw0rd p@ssw0rd p@ssword pa$$word passwort
passwort1 contraseña changeme changeme1 changeme123 letmein1 letmein123 welcome1 welcome123 welcome2024 welcome2025
welcome2026 iloveyou iloveyou1 trustno1 sunshine sunshine1 princess princess1 football football1 baseball
superman superman1 starwars starwars1 whatever whatever1 michelle jennifer michael1 charlie1 computer internet
samsung1 dragon123 monkey123 master123 shadow123 freedom1 qwerty12 qwerty123 qwerty1234 qwertyui qwertz123 qwertzui
asdf1234 asdfasdf abcd1234 abc12345 a1b2c3d4 aa123456 a1234567 1qaz2wsx 1qazxsw2 zaq12wsx 1234qwer qwer1234
q1w2e3r4 q1w2e3r4t5 12341234 11223344 12344321 123123123 147258369 123456aa 123456789a 1234567a 12345678a
admin123 admin1234 administrator admin@123 root1234 test1234 testtest testing1 guest123 user1234 secret123 default1
demo1234 apportion apportion1 argilla1 argilla123 recognai annotator reviewer
"""
_COMMONEST = frozenset(_TRIED_FIRST.split())
"""Whole passwords from eight characters up."""
