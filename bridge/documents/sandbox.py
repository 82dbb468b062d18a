"""What a template may do, and what a text may contain.

Owns: the Jinja environment in which templates run (no calls, no attributes of Python, no globals, bounded arithmetic),
and cleaning the words of citizens and units before they meet XML. Must not: know a document.
Source: reliability B15 (templates that attack, bidi and zero-width text).
"""

from __future__ import annotations

import re
from typing import Any

from jinja2 import ChainableUndefined
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

BLANK = "＿＿＿＿"
"""What a missing field shows: a place to write on by hand."""

NEW_PARAGRAPH = "\a"
"""What docxtpl turns into a new paragraph of the same style."""

_FILTERS = ("default", "first", "join", "last", "length", "replace", "trim")
_TESTS = ("defined", "undefined", "none", "string", "sequence", "mapping", "eq", "ne", "gt", "ge", "lt", "le", "in")
_UNPRINTABLE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff]"
)
"""Control, format and bidi characters, lone surrogates: nothing a letter needs, and some forge what it seems to say."""
_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACED_BREAKS = re.compile(r"[ \u3000]*\n[ \u3000\n]*")


class BlankField(ChainableUndefined):
    """A field nobody filled in: shows a blank to write on, is false, and holds nothing."""

    def __str__(self) -> str:
        """Show the blank."""
        return BLANK

    __html__ = __str__


class TemplateEnvironment(ImmutableSandboxedEnvironment):
    """Templates show fields, choose and repeat; they call nothing and compute nothing."""

    intercepted_binops = frozenset(["*", "**", "%", "//", "/", "-"])

    def __init__(self) -> None:
        """Escape everything; leave only the filters and tests a letter needs."""
        super().__init__(autoescape=True, undefined=BlankField, finalize=_shown)
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in _FILTERS}
        self.tests = {name: self.tests[name] for name in _TESTS}

    def is_safe_callable(self, obj: Any) -> bool:  # noqa: ARG002 - nothing is
        """Nothing may be called."""
        return False

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """A name of a template means an entry of a field; of Python's attributes only a loop's are shown."""
        return type(obj).__name__ in ("LoopContext", "AsyncLoopContext") and super().is_safe_attribute(obj, attr, value)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002 - Jinja's signature
        """Refuse arithmetic: amounts are computed by the units, and a repeated text can fill a memory."""
        raise SecurityError(f"operator {operator}")


def _shown(value: object) -> object:
    return BLANK if value is None else value


def cleaned(value: Any) -> Any:
    """Return fields with every text made printable; a line break becomes a new paragraph."""
    if isinstance(value, str):
        return clean_text(value).replace("\n", NEW_PARAGRAPH)
    if isinstance(value, dict):
        return {name: cleaned(entry) for name, entry in value.items()}
    return [cleaned(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def clean_text(text: str) -> str:
    """Return a text without control, format and bidi characters; empty lines are dropped, tabs become spaces."""
    plain = _UNPRINTABLE.sub("", _BREAKS.sub("\n", text.replace("\t", "  ")))
    return _SPACED_BREAKS.sub("\n", plain).strip()
