"""Who must stay hidden from whom, and blanking a person out of every word.

Owns: when a unit may not see the petitioner, and what a hidden text looks like. Must not: build messages.
Source: contract section 3 ("A confidential petitioner's identity is left out"); 信访工作条例 30, 46(5).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from bridge.core.lifecycle.work import Work
from bridge.core.model.ticket import Petitioner
from bridge.errors import InvalidPayload, Problem

BLANK = "＊＊＊"
_GAP = r"[\s\-－—·.]?"
"""What people put between the digits of a number; ``\\d`` takes full-width digits too."""
_PHONE = rf"(?<!\d)(?:[1１]{_GAP}[3-9３-９](?:{_GAP}\d){{9}}|[0０]\d{{2,3}}{_GAP}\d{{7,8}})(?!\d)"
_IDENTITY = rf"(?<!\d)\d(?:{_GAP}\d){{16}}{_GAP}[\dXxＸｘ](?!\d)"
_RUN = rf"\d(?:{_GAP}\d){{6,}}"
"""Seven digits or more: what can be dialled, whatever else was written beside it."""
_ADDRESS_CHARACTERS = 6
"""A shorter address names a place, not a person."""
_COURTESY = r"(?:先生|女士|小姐|师傅|某某?|老师|同志|大姐|大哥|阿姨)"


def hides_petitioner(work: Work, unit: str) -> bool:
    """Tell whether a unit must not learn who the petitioner is."""
    return work.case.confidential and unit not in work.policy.confidentiality.visible_to


def blank_for(work: Work, unit: str, told: Any) -> Any:
    """Return a JSON value with the petitioners blanked out of its free text, where the unit must not know them."""
    if not hides_petitioner(work, unit):
        return told
    return _blanked(told, case_blanker(work))


def _blanked(told: Any, blank: Callable[[str], str]) -> Any:
    if isinstance(told, str):
        return blank(told)
    if isinstance(told, dict):
        return {name: _blanked(value, blank) for name, value in told.items()}
    return [_blanked(value, blank) for value in told] if isinstance(told, list) else told


def as_is(text: str) -> str:
    """Show a text unchanged."""
    return text


def refuse_naming(work: Work, text: str | None, field: str) -> None:
    """Refuse words for the other side that name a confidential petitioner. Raises InvalidPayload naming ``field``."""
    if text is None or not work.case.confidential:
        return
    said = unicodedata.normalize("NFKC", text)
    for ticket in work.tickets.values():
        marks = [*_marks(work, ticket.body.petitioner), *_numbers(work, ticket.body.petitioner)]
        if marks and re.search("|".join(marks), said, re.IGNORECASE):
            raise InvalidPayload(
                [Problem(field, "保密件：写给对方的文字里不得出现诉求人的姓名、电话、住址或证件号码，请删去后重报")]
            )


def _marks(work: Work, petitioner: Petitioner) -> list[str]:
    """Return patterns for what a petitioner gave: name (also surname with 先生, 女士), numbers, address."""
    address = (petitioner.address or "").strip()
    told_address = address if len(address) >= _ADDRESS_CHARACTERS else None
    phone = None if _is_public(work, petitioner.phone) else petitioner.phone
    given = [petitioner.name, phone, petitioner.id_number, told_address]
    words = [unicodedata.normalize("NFKC", mark).strip() for mark in given if mark]
    marks = [_spaced(word) for word in words if len(word) > 1]
    if petitioner.name and (name := petitioner.name.strip()):
        marks.append(f"(?:{re.escape(name[:2])}|{re.escape(name[:1])}){_COURTESY}")
    return marks


def _numbers(work: Work, petitioner: Petitioner) -> list[str]:
    """Return patterns for the telephone and identity numbers in a petitioner's free text; a unit's telephone is no secret."""
    phone = unicodedata.normalize("NFKC", petitioner.phone or "")
    runs = {_digits(run) for pattern in (_RUN, r"\d{7,}") for run in re.findall(pattern, phone)}
    public = [_digits(unit.contact_phone) for unit in work.policy.units.values()]
    secret = {run for run in runs if not any(run in known for known in public)}
    fields = (petitioner.name, petitioner.phone, petitioner.id_number, petitioner.address)
    papers = {paper for field in fields for paper in re.findall(_IDENTITY, unicodedata.normalize("NFKC", field or ""))}
    return [_spaced(number) for number in sorted(secret | {re.sub(r"[^\dXx]", "", paper) for paper in papers})]


def _is_public(work: Work, phone: str | None) -> bool:
    """Tell whether a petitioner gave nothing but the telephone of a unit (a clerk who calls for somebody does)."""
    digits = _digits(unicodedata.normalize("NFKC", phone or ""))
    return bool(digits) and digits in {_digits(unit.contact_phone) for unit in work.policy.units.values()}


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def case_blanker(work: Work) -> Callable[[str], str]:
    """Return a function that blanks every petitioner of a case out of a text: one ticket may name another's."""
    blanks = [blanker(ticket.body.petitioner) for ticket in work.tickets.values()]

    def blank(text: str) -> str:
        for each in blanks:
            text = each(text)
        return text

    return blank


def blanker(petitioner: Petitioner) -> Callable[[str], str]:
    """Return a function that blanks a petitioner's name, numbers and address out of a text."""
    marks = [petitioner.name, petitioner.phone, petitioner.id_number, petitioner.address]
    words = sorted((mark.strip() for mark in marks if mark and mark.strip()), key=len, reverse=True)
    patterns = [_spaced(word) for word in words] + [_IDENTITY, _PHONE]
    if petitioner.name and (name := petitioner.name.strip()):
        patterns.append(f"(?:{re.escape(name[:2])}|{re.escape(name[:1])}){_COURTESY}")
    pattern = re.compile("|".join(patterns))

    def blank(text: str) -> str:
        return pattern.sub(BLANK, text)

    return blank


def _spaced(word: str) -> str:
    """Return a pattern for a word that also finds it with gaps between its characters."""
    return _GAP.join(re.escape(character) for character in word if not character.isspace())
