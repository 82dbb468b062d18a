"""The two sides of the dispute: what each is told, how, when and by whom, or why it is not (R29).

Owns: the record of each side, the words for the other side where the lead gives none, when both are settled.
Must not: decide when a case is archived (``replying`` does). Source: domain R29, A9, 5.2.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from bridge.core import outside, remedies
from bridge.core.civil import civil_date
from bridge.core.lifecycle import petitioners
from bridge.core.lifecycle.petitioners import Group
from bridge.core.lifecycle.work import Work
from bridge.core.model.case import Case, SideRecord
from bridge.core.model.opinion import Opinion
from bridge.core.model.ticket import Counterparty, Ticket
from bridge.core.remedy import Opponent
from bridge.core.values import changed
from bridge.core.vocabulary import Party, Side, SideStatus, TicketKind, TicketState

DEFAULT_TEMPLATE = "other_side"
"""The rules' template for the other side; it may name units and the category, never what the ticket says."""


def records(work: Work) -> list[SideRecord]:
    """Return the records as they stand: one for each petitioner, one for the other side.

    A side that nobody has to tell is not applicable, with the reason. ``ticket_id`` tells several petitioners apart.
    """
    people = petitioners.groups(work)
    apart = len(people) > 1
    payers = [_payer(work, group, apart=apart) for group in people]
    return [*payers, _current(_stored(work, Side.OTHER_SIDE), _no_letter(work))]


def settled(work: Work) -> bool:
    """Tell whether every petitioner and the other side are told or not applicable."""
    return all(record.status is not SideStatus.PENDING for record in records(work))


def told_sides(work: Work) -> list[Side]:
    """Return the sides of which everybody was told, or somebody decided that they need not be."""
    kept = {side: _kept(work, side) for side in Side}
    return [
        side
        for side, known in kept.items()
        if known and all(record.status is not SideStatus.PENDING for record in known)
    ]


def payer_told(work: Work, ticket: Ticket) -> bool:
    """Tell whether the petitioner of a ticket was told, or somebody decided that he need not be."""
    own = petitioners.of(work, ticket.id) or (ticket,)
    return _stored(work, Side.PAYER, own).status is not SideStatus.PENDING


def told(work: Work, side: Side, *, ticket_id: str | None = None, **how: Any) -> None:
    """Record that a side was told (or, with ``reason``, need not be): every petitioner, or the one of a ticket."""
    status = SideStatus.NOT_APPLICABLE if how.get("reason") else SideStatus.TOLD
    given = {name: value for name, value in how.items() if value is not None}
    for group in _groups(work, side, ticket_id):
        _set(work, changed(_stored(work, side, group), status=status, **given), group)


def satisfied(work: Work, party: Party, value: str | None, *, ticket: str | None = None, **said: Any) -> None:
    """Note how satisfied a party is (R2); of a side of the dispute its record keeps it. It moves nothing else."""
    if value is None:
        return
    work.record("satisfaction.recorded", party=party.value, value=value, ticket=ticket, **said)
    if party is Party.GOVERNMENT:
        return
    for group in _groups(work, Side(party), ticket):
        _set(work, changed(_stored(work, Side(party), group), satisfaction=value), group)


def composed(work: Work, final: Opinion) -> None:
    """Keep what the reply says to each side; what a side was told already stays as it was told.

    Whoever was told before there was anything to tell (受理告知, 移送告知) was given a notice, and is still owed the reply.
    """
    words = outside.public_text(work.case, final.body.public_text or final.body.text)
    for group in petitioners.groups(work):
        _word(work, Side.PAYER, words, group)
    other = final.body.other_side
    if other is not None and other.not_applicable:
        told(work, Side.OTHER_SIDE, reason=other.not_applicable)
        work.record("side.not_applicable", side=Side.OTHER_SIDE.value, reason=other.not_applicable)
        return
    _word(work, Side.OTHER_SIDE, other.text if other is not None and other.text else _default(work, final))


def ask_again(work: Work, tickets: Collection[Ticket]) -> None:
    """Tickets join an answered case: a petitioner who has none but these was told nothing of its answer yet."""
    ids = {ticket.id for ticket in tickets}
    for group in petitioners.groups(work):
        if {ticket.id for ticket in group} <= ids:
            record = _stored(work, Side.PAYER, group)
            _set(work, SideRecord(Side.PAYER, text=record.text, satisfaction=record.satisfaction), group)


def join(work: Work, former: Case, tickets: Collection[Ticket]) -> None:
    """Tickets came from another case: what their petitioners were told there stays theirs, and is nobody else's."""
    ids = {ticket.id for ticket in tickets}
    before = [record for record in former.sides if record.side is Side.PAYER]
    for group in petitioners.groups(work):
        moved = [ticket for ticket in group if ticket.id in ids]
        known = _find(before, _ids(work, moved)) or SideRecord(Side.PAYER)
        if len(moved) == len(group) or (moved and _stored(work, Side.PAYER, group).status is SideStatus.PENDING):
            _set(work, known, group)


def back(work: Work, told: Sequence[SideRecord]) -> None:
    """Tickets came back from a joint case: what was told of them there; of an open one no word of its answer stays."""
    states = {ticket.state for ticket in work.tickets.values()}
    if states & {TicketState.REPLYING, TicketState.REPLIED}:
        work.set_case(sides=tuple(told))
        return
    own = [record for record in work.case.sides if record.side is not Side.PAYER]
    work.set_case(sides=(*own, *(changed(record, text=None) for record in told if record.side is Side.PAYER)))


def carried(work: Work, tickets: Collection[Ticket]) -> tuple[SideRecord, ...]:
    """Return what the petitioners of tickets, and the other side, were told here, for the case the tickets go to."""
    ids = {ticket.id for ticket in tickets}
    found = [record for record in work.case.sides if record.side is not Side.PAYER]
    for group in petitioners.groups(work):
        moved = [ticket for ticket in group if ticket.id in ids]
        if moved:
            found.append(changed(_stored(work, Side.PAYER, group), ticket_id=moved[0].id))
    return tuple(found)


def part(work: Work, tickets: Collection[Ticket]) -> None:
    """Let tickets go: a petitioner of whom others stay keeps his record, under one of those."""
    ids = {ticket.id for ticket in tickets}
    for group in petitioners.groups(work):
        record, rest = _stored(work, Side.PAYER, group), [ticket for ticket in group if ticket.id not in ids]
        if record.ticket_id in ids and rest:
            _set(work, changed(record, ticket_id=rest[0].id), rest)
    work.set_case(sides=tuple(record for record in work.case.sides if record.ticket_id not in ids))


def _groups(work: Work, side: Side, ticket_id: str | None) -> list[Group]:
    """Return whom a record of a side is about: every petitioner, or the one of a ticket."""
    if side is not Side.PAYER:
        return [()]
    if ticket_id is None:
        return petitioners.groups(work)
    own = petitioners.of(work, ticket_id)
    return [own] if own else []


def _kept(work: Work, side: Side) -> list[SideRecord]:
    return [_stored(work, side, group) for group in _groups(work, side, None)]


def _word(work: Work, side: Side, text: str | None, group: Group = ()) -> None:
    record = _stored(work, side, group)
    if record.status is SideStatus.TOLD and record.text is None:
        record = SideRecord(side, satisfaction=record.satisfaction)
    if record.status is SideStatus.PENDING:
        _set(work, changed(record, text=text), group)


def _stored(work: Work, side: Side, group: Group = ()) -> SideRecord:
    """Return the record of a petitioner, or of the other side; what was told before others joined is everybody's."""
    known = [record for record in work.case.sides if record.side is side]
    return _find(known, _ids(work, group)) or SideRecord(side)


def _ids(work: Work, group: Group) -> set[str]:
    return petitioners.ids(work, [ticket.id for ticket in group])


def _find(records: Sequence[SideRecord], ids: Collection[str]) -> SideRecord | None:
    own = [record for record in records if record.ticket_id in ids]
    return next(iter([*own, *(record for record in records if record.ticket_id is None)]), None)


def _set(work: Work, record: SideRecord, group: Group = ()) -> None:
    """Keep a record: under its petitioner's first ticket where there are several, else for the side."""
    alone = record.side is not Side.PAYER or len(petitioners.groups(work)) < 2  # noqa: PLR2004 - one is nobody to tell apart
    ids = _ids(work, group)
    others = tuple(
        known for known in work.case.sides if known.side is not record.side or not (alone or known.ticket_id in ids)
    )
    work.set_case(sides=(*others, changed(record, ticket_id=None if alone else group[0].id)))


def _payer(work: Work, group: Group, *, apart: bool) -> SideRecord:
    reason = _nobody(group)
    if apart and not any(ticket.case_round == work.case.round for ticket in group):
        reason = "本轮办理的不是该诉求人的工单"
    record = _current(_stored(work, Side.PAYER, group), reason)
    return changed(record, ticket_id=group[0].id if apart else None)


def _current(record: SideRecord, reason: str | None) -> SideRecord:
    if record.status is not SideStatus.PENDING or not reason:
        return record
    return changed(record, status=SideStatus.NOT_APPLICABLE, reason=reason)


def _nobody(group: Group) -> str | None:
    reachable = any(ticket.body.petitioner.phone or ticket.body.petitioner.address for ticket in group)
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
