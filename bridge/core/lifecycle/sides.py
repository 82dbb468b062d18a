"""The two sides of the dispute: what each is told, how, when and by whom, or why it is not (R29).

Owns: the record of each side, the words for the other side where the lead gives none, when both are settled.
Must not: decide when a case is archived (``replying`` does). Source: domain R29, A9, 5.2.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bridge.core import outside, remedies
from bridge.core.calendar import civil_date
from bridge.core.lifecycle.work import Work
from bridge.core.model import Counterparty, Opinion, SideRecord
from bridge.core.remedy import Opponent
from bridge.core.vocabulary import Party, Side, SideStatus, TicketKind

DEFAULT_TEMPLATE = "other_side"
"""The rules' template for the other side; it may name units and the category, never what the ticket says."""


def records(work: Work) -> tuple[SideRecord, SideRecord]:
    """Return both records as they stand; a side that nobody has to tell is not applicable, with the reason."""
    return _current(work, Side.PAYER), _current(work, Side.OTHER_SIDE)


def settled(work: Work) -> bool:
    """Tell whether both sides are told or not applicable."""
    return all(record.status is not SideStatus.PENDING for record in records(work))


def told(work: Work, side: Side, **how: Any) -> None:
    """Record that a side was told (or, with ``reason``, need not be)."""
    status = SideStatus.NOT_APPLICABLE if how.get("reason") else SideStatus.TOLD
    given = {name: value for name, value in how.items() if value is not None}
    _set(work, replace(_stored(work, side), status=status, **given))


def satisfied(work: Work, party: Party, value: str | None, **said: Any) -> None:
    """Note how satisfied a party is (R2); of a side of the dispute its record keeps it. It moves nothing else."""
    if value is None:
        return
    work.record("satisfaction.recorded", party=party.value, value=value, **said)
    if party is not Party.GOVERNMENT:
        _set(work, replace(_stored(work, Side(party)), satisfaction=value))


def composed(work: Work, final: Opinion) -> None:
    """Keep what the reply says to each side; what a side was told already stays as it was told.

    Whoever was told before there was anything to tell (受理告知, 移送告知) was given a notice, and is still owed the reply.
    """
    _word(work, Side.PAYER, outside.public_text(work.case, final.body.public_text or final.body.text))
    other = final.body.other_side
    if other is not None and other.not_applicable:
        told(work, Side.OTHER_SIDE, reason=other.not_applicable)
        work.record("side.not_applicable", side=Side.OTHER_SIDE.value, reason=other.not_applicable)
        return
    _word(work, Side.OTHER_SIDE, other.text if other is not None and other.text else _default(work, final))


def ask_again(work: Work, side: Side) -> None:
    """Somebody else is owed the same words now: whoever was told stays in the history, the side waits again."""
    record = _stored(work, side)
    if record.status is not SideStatus.PENDING:
        _set(work, SideRecord(side, text=record.text))


def _word(work: Work, side: Side, text: str | None) -> None:
    record = _stored(work, side)
    if record.status is SideStatus.TOLD and record.text is None:
        record = SideRecord(side)
    if record.status is SideStatus.PENDING:
        _set(work, replace(record, text=text))


def _stored(work: Work, side: Side) -> SideRecord:
    return next((record for record in work.case.sides if record.side is side), SideRecord(side))


def _set(work: Work, record: SideRecord) -> None:
    others = tuple(known for known in work.case.sides if known.side is not record.side)
    work.set_case(sides=(*others, record))


def _current(work: Work, side: Side) -> SideRecord:
    record = _stored(work, side)
    if record.status is not SideStatus.PENDING:
        return record
    reason = _nobody(work) if side is Side.PAYER else _no_letter(work)
    return replace(record, status=SideStatus.NOT_APPLICABLE, reason=reason) if reason else record


def _nobody(work: Work) -> str | None:
    petitioners = [ticket.body.petitioner for ticket in work.tickets.values()]
    reachable = any(one.phone or one.address for one in petitioners)
    return None if reachable else "没有留下联系方式，答复经来源渠道转达"


def _named(work: Work) -> list[Counterparty]:
    others = [ticket.body.counterparty for ticket in work.tickets.values()]
    return [other for other in others if other is not None and other.name]


def _no_letter(work: Work) -> str | None:
    """Say why the other side gets no letter: nobody is named, or it is an agency whose opinion is its word (A9)."""
    named = _named(work)
    if not named:
        return "工单没有写明争议对方"
    if all(remedies.opponents(work.policy, other) == {Opponent.AGENCY} for other in named):
        return "争议对方是承办机关，以其书面意见为准"
    return None


def _default(work: Work, final: Opinion) -> str | None:
    """Return an agency's own opinion, or neutral words for whoever is named; none after a report (5.2)."""
    named = _named(work)
    if not named:
        return None
    if _no_letter(work) is not None:
        units = {unit for other in named for unit in remedies.named_units(work.policy, other)}
        own = [opinion.body.text for opinion in work.standing_opinions() if opinion.unit in units]
        return own[-1] if own else final.body.text
    template = work.policy.replies.templates.get(DEFAULT_TEMPLATE)
    if template is None or any(ticket.kind is TicketKind.REPORT for ticket in work.tickets.values()):
        return None
    unit, category = work.policy.units[final.unit], work.policy.categories.get(work.case.category or "")
    day = civil_date(work.now)
    return template.format(
        unit=unit.name,
        person=unit.contact_person,
        phone=unit.contact_phone,
        category=category.name if category else "社会保险费征缴",
        date=f"{day.year}年{day.month}月{day.day}日",
    )
