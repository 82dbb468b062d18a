"""Nothing personal and nothing secret leaves through a log line or an error page.

Owns: which keys are blanked and which patterns are cut out of free text. Must not: be the only guard; callers do not
log citizens' words in the first place.

Source: the shapes of Chinese mobile and fixed-line numbers; GB 11643-1999 for the identity number (birth date inside).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

HIDDEN = "***"

HIDDEN_KEYS = frozenset(
    {
        "address",
        "authorization",
        "body",
        "by",
        "content",
        "content_base64",
        "contact",
        "cookie",
        "id_number",
        "internal_text",
        "name",
        "note",
        "password",
        "payload",
        "petitioner",
        "phone",
        "public_text",
        "raw",
        "reason_text",
        "secret",
        "secrets",
        "signature",
        "signed_by",
        "text",
        "title",
        "token",
        "uscc",
        "webhook_signature",
        "who",
    }
)
"""Keys whose values are blanked whatever they hold."""

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"whsec_[A-Za-z0-9+/=_-]+"), "whsec_" + HIDDEN),
    (re.compile(r"\btb_[A-Za-z0-9_-]{16,}"), "tb_" + HIDDEN),
    (re.compile(r"(?i)\bbearer\s+\S+"), "Bearer " + HIDDEN),
    (re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"), HIDDEN),
    (
        re.compile(r"(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)"),
        "[证件号]",
    ),
    (re.compile(r"(?<!\d)[1-9]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?!\d)"), "[证件号]"),
    (re.compile(r"(?<!\d)(?:(?:\+|00)86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"), "[电话]"),
    (re.compile(r"(?<![\d-])0\d{2,3}[- ]\d{7,8}(?!\d)"), "[电话]"),
)


_SUSPECT = re.compile(r"\d[\d -]{7}|whsec_|tb_|://|[Bb][Ee][Aa][Rr][Ee][Rr]")
"""What every pattern needs to match; most texts have none of it and pass at once."""


def masked_text(text: str) -> str:
    """Cut secrets, identity numbers and phones out of a text; ticket numbers and dates stay."""
    if _SUSPECT.search(text) is None:
        return text
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


@lru_cache(maxsize=1024)
def _is_hidden(key: str) -> bool:
    return key.lower().replace("-", "_") in HIDDEN_KEYS


def masked(value: object, key: str = "") -> object:
    """Mask a value of any shape; ``key`` is the name it stands under."""
    if value is None or (key and _is_hidden(key)):
        return None if value is None else HIDDEN
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {name: masked(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(inner) for inner in value]
    return masked_text(str(value))
