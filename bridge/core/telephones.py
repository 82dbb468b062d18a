"""The telephone numbers a petitioner left: phones are free text, and may hold two numbers, a country code or words.

Owns: which numbers stand in such a text, each written one way. Must not: judge whose they are.
"""

from __future__ import annotations

import re
import unicodedata

_GAP = r"[\s\-‐-―·.()]{0,2}"
_MOBILE = rf"(?:(?:\+|00)?86{_GAP})?(?P<mobile>1[3-9](?:{_GAP}\d){{9}})"
_LANDLINE = rf"(?:(?:\+|00)86{_GAP})?(?P<landline>0\d{{2,3}}{_GAP}\d(?:{_GAP}\d){{6,7}})"
_WITHOUT_ZERO = rf"(?:\+|00)86{_GAP}(?P<area>[2-9]\d{{1,2}}{_GAP}\d(?:{_GAP}\d){{6,7}})"
_LOCAL = r"(?P<local>\d{7,8})"
_CHINESE = re.compile(rf"(?<![\d*])(?:{_MOBILE}|{_LANDLINE}|{_WITHOUT_ZERO}|{_LOCAL})(?![\d*])")
_PLAIN = re.compile(r"1[3-9][0-9]{9}")
_FEWEST_DIGITS = 7
"""Of a telephone without its area code."""


def telephones(text: str | None) -> tuple[str, ...]:
    """Return the numbers of a text in digits, without the country code of China; none of a masked one or of words (不详)."""
    if not text:
        return ()
    if _PLAIN.fullmatch(text):
        return (text,)
    plain = unicodedata.normalize("NFKC", text)
    found = [_number(match) for match in _CHINESE.finditer(plain)]
    return tuple(dict.fromkeys(number for number in found or _foreign(plain) if len(set(number)) > 1))


def _number(match: re.Match[str]) -> str:
    digits = _digits(match[match.lastgroup or 0])
    return f"0{digits}" if match.lastgroup == "area" else digits


def _foreign(plain: str) -> list[str]:
    """A number of no Chinese form is the whole text."""
    digits = _digits(plain)
    return [digits] if len(digits) >= _FEWEST_DIGITS and "*" not in plain else []


def _digits(text: str) -> str:
    return "".join(str(int(char)) for char in text if char.isdecimal())
