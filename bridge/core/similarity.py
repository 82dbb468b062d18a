"""Which tickets are about the same matter: what to look for, and how alike two of them are.

Owns: the clues of a ticket (what two tickets of one matter would share), the score and its reasons in Chinese, and
the strict identity under which the rules may merge without a person. Must not: search; the store finds tickets that
share a clue. A suggestion is never a decision. Source: contract section 4, ``merge.automatic``; ADR 0006.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bridge.core.model.ticket import Ticket, TicketBody
from bridge.core.telephones import telephones

SHOWN_FROM = 0.3
"""Suggestions below this score are not shown."""
_SKETCHED_CHARACTERS = 1_000
_GRAM_BYTES = 8
"""Four characters; fewer are shared by tickets that have nothing else in common."""
_BUCKETS, _BAND = 9, 3
_LEAST_GRAMS = 12
_NOISE = re.compile(r"[\W_\d]+")
_COURTESY = re.compile(r"(?:先生|女士|小姐|师傅|某某?|老师|同志|大姐|大哥|阿姨)$")
_EMPTY = 0xFFFFFFFF


class Clue(StrEnum):
    """What tickets can share, strongest first."""

    IDENTITY = "identity"
    REFERENCE = "reference"
    PHONE = "phone"
    PERSON = "person"
    WORDS = "words"
    USCC = "uscc"
    EMPLOYER = "employer"


@dataclass(frozen=True, slots=True)
class Likeness:
    """How sure it is (0 to 1) that two tickets are about one matter, and why."""

    score: float
    reasons: tuple[str, ...]


def clues(external_id: str, body: TicketBody) -> Iterator[tuple[Clue, str]]:
    """Yield what another ticket of the same matter would share; plain values, to be hashed with the key."""
    petitioner, employer = body.petitioner, _employer(body)
    if petitioner.id_number:
        yield Clue.IDENTITY, petitioner.id_number
    for number in _phones(petitioner.phone):
        yield Clue.PHONE, number
    if employer:
        yield Clue.EMPLOYER, employer
        if petitioner.name:
            yield Clue.PERSON, f"{petitioner.name.strip()[:1]}@{employer}"
    if body.counterparty and body.counterparty.uscc:
        yield Clue.USCC, body.counterparty.uscc
    for number in (external_id, *body.related_external_ids):
        yield Clue.REFERENCE, number
    for band in sketch(body.content):
        yield Clue.WORDS, band


def _employer(body: TicketBody) -> str:
    name = body.counterparty.name if body.counterparty else None
    return _NOISE.sub("", name or "")


def sketch(text: str) -> list[str]:
    """Return bands of a min-hash sketch: texts that share most of their words share at least one band.

    A text too short to tell anything has none.
    """
    grams = _grams(text[:_SKETCHED_CHARACTERS])
    if len(grams) < _LEAST_GRAMS:
        return []
    least = [_EMPTY] * _BUCKETS
    for value in map(zlib.crc32, grams):
        bucket = value % _BUCKETS
        if value < least[bucket]:  # noqa: PLR1730 - runs once a character; min() would take twice as long
            least[bucket] = value
    bands = (least[start : start + _BAND] for start in range(0, _BUCKETS, _BAND))
    return [f"{number}:" + "-".join(map(str, band)) for number, band in enumerate(bands) if _EMPTY not in band]


def _grams(text: str) -> list[bytes]:
    """Return the four-character pieces of a text, without digits and punctuation."""
    data = _NOISE.sub("", text).encode("utf-16-le", "surrogatepass")
    return [data[start : start + _GRAM_BYTES] for start in range(0, len(data) - _GRAM_BYTES + 2, 2)]


def alike(mine: Sequence[Ticket], others: Sequence[Ticket], *, same_category: bool) -> Likeness:
    """Compare the tickets of two cases and return the likeness of the pair that is most alike."""
    pairs = [_compare(one.body, other.body, _refer(one, other)) for one in mine for other in others]
    best = max(pairs, key=lambda likeness: likeness.score, default=Likeness(0.0, ()))
    if not same_category or not best.reasons:
        return best
    return Likeness(_either(best.score, 0.1), (*best.reasons, "争议类别相同"))


def _refer(one: Ticket, other: Ticket) -> bool:
    mine = {one.external_id, *one.body.related_external_ids}
    return not mine.isdisjoint({other.external_id, *other.body.related_external_ids})


def _compare(one: TicketBody, other: TicketBody, refer: bool) -> Likeness:  # noqa: FBT001 - one more shared clue
    found = [*_persons(one, other), *_employers(one, other), *_words(one, other)]
    if refer:
        found.append((0.9, "来源编号互相引用"))
    score = 0.0
    for weight, _ in found:
        score = _either(score, weight)
    return Likeness(score, tuple(reason for _, reason in found))


def _either(score: float, weight: float) -> float:
    return round(1 - (1 - score) * (1 - weight), 2)


def _persons(one: TicketBody, other: TicketBody) -> Iterator[tuple[float, str]]:
    a, b = one.petitioner, other.petitioner
    if a.id_number and _same(a.id_number, b.id_number):
        yield 0.9, "证件号码相同"
    if not set(_phones(a.phone)).isdisjoint(_phones(b.phone)):
        yield 0.6, "联系电话相同"
    if not a.name or not b.name or not _employer(one) or _employer(one) != _employer(other):
        return
    if _same(a.name, b.name):
        yield 0.5, "姓名相同、被反映单位相同"
    elif _surname(a.name) == _surname(b.name):
        yield 0.2, "同姓、被反映单位相同"


def _phones(text: str | None) -> tuple[str, ...]:
    """Return the numbers of a text; a masked one (136****1212) suggests a person, though it does not prove one."""
    masked = (_folded(text),) if text and "*" in text else ()
    return telephones(text) or masked


def _surname(name: str) -> str:
    """Return what is left of a name that may be given by surname and courtesy only."""
    return _COURTESY.sub("", name.strip())[:1]


def _employers(one: TicketBody, other: TicketBody) -> Iterator[tuple[float, str]]:
    code = one.counterparty.uscc if one.counterparty else None
    if code and _same(code, other.counterparty.uscc if other.counterparty else None):
        yield 0.3, "被反映单位统一社会信用代码相同"
    elif _employer(one) and _employer(one) == _employer(other):
        yield 0.3, "被反映单位相同"


def _words(one: TicketBody, other: TicketBody) -> Iterator[tuple[float, str]]:
    a, b = set(_grams(one.content)), set(_grams(other.content))
    shared = len(a & b) / len(a | b) if a and b else 0.0
    if one.content == other.content:
        yield 0.7, "内容完全相同"
    elif shared >= 0.2:  # noqa: PLR2004 - below, texts share phrases of the trade only
        yield round(0.7 * shared, 2), f"内容相似 {round(shared * 100)}%"


def _same(one: str, other: str | None) -> bool:
    return other is not None and _folded(one) == _folded(other)


def _folded(value: str) -> str:
    return re.sub(r"[\s\-－—()（）]+", "", value).upper()


def is_same_matter(one: TicketBody, other: TicketBody) -> bool:
    """Tell whether two tickets are one matter beyond doubt: same person, same counterparty, the very same words."""
    a, b = one.counterparty, other.counterparty
    if a is None or b is None or not one.petitioner.id_number or one.content != other.content:
        return False
    same_party = (
        _same(a.uscc, b.uscc) if a.uscc and b.uscc else bool(_employer(one)) and _employer(one) == _employer(other)
    )
    return same_party and _same(one.petitioner.id_number, other.petitioner.id_number)
