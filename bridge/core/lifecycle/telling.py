"""What the payer must be told before the answer, and the proof of it: whom to reach after a transfer, more time given.

Owns: when such a notice is owed, by whom, what proves it, what is still open. Must not: send it; a person tells the payer.
Source: policy 四(二) (移送并告知缴费人应联系人员及联系方式), requirement R23; 社会保险法 第八十二条 (举报、投诉: 书面通知并移交);
domain 3.1 ("extension … tell the citizen").
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from bridge.core.civil import iso
from bridge.core.lifecycle import petitioners
from bridge.core.lifecycle.work import Work
from bridge.core.model.assignment import Assignment
from bridge.core.model.case import Case, PayerNotice
from bridge.core.model.ticket import Ticket
from bridge.core.values import changed
from bridge.core.vocabulary import CaseState, NoticeKind, TicketKind

IN_WRITING = frozenset({TicketKind.REPORT, TicketKind.COMPLAINT})
"""Kinds whose transfer is told in writing. Source: 社会保险法 第八十二条."""

_BY_WORD_OF_MOUTH = re.compile(r"电话|来电|去电|口头|当面|语音|phone|call|oral", re.IGNORECASE)
_ON_PAPER = re.compile(
    r"书|函|信|邮|网|签收|送达|公告|回执|平台|系统|电子|letter|mail|sms|message|written|web|portal|post", re.IGNORECASE
)
_ANSWERED = frozenset(
    {CaseState.REPLYING, CaseState.REPLIED, CaseState.ARCHIVED, CaseState.CLOSED_CONSULT, CaseState.CLOSED_REMEDY_TOLD}
)


def owe(
    work: Work, kind: NoticeKind, unit: str, *, until: datetime | None = None, tickets: Collection[Ticket] | None = None
) -> None:
    """Note that every petitioner (or those of ``tickets``) must be told; a newer notice of a kind replaces an open one."""
    for group in _apart(work, tickets):
        _owe(work, PayerNotice(kind, unit, work.now, work.case.round, until=until, ticket_id=group))


def _apart(work: Work, tickets: Collection[Ticket] | None) -> list[str | None]:
    """Return whom to tell, each by one ticket; None is everybody, however many there are."""
    people = petitioners.groups(work)
    if tickets is None or len(people) == 1:
        return [None]
    ids = {ticket.id for ticket in tickets}
    return [group[0].id for group in people if ids & {ticket.id for ticket in group}]


def _owe(work: Work, notice: PayerNotice) -> None:
    def is_replaced(known: PayerNotice) -> bool:
        same = notice.ticket_id is None or known.ticket_id in petitioners.ids(work, (notice.ticket_id,))
        return same and known.kind is notice.kind and known.given_at is None

    work.set_case(notices=(*(each for each in work.case.notices if not is_replaced(each)), notice))
    work.record("notice.owed", kind=notice.kind.value, unit=notice.unit, in_writing=_in_writing(work, notice))


def carry(work: Work, former: Case, tickets: Collection[Ticket]) -> None:
    """Take over what the petitioners of tickets that come from another case must still be told (R23).

    Whom to reach only while the same unit leads here; more time for the answer whoever leads.
    """
    lead = work.case.lead
    for notice in former.notices:
        stands = notice.given_at is None and notice.round == former.round and notice.unit == former.lead
        if lead is None or not stands or (notice.kind is NoticeKind.TRANSFER and notice.unit != lead):
            continue
        own = petitioners.ids(work, (notice.ticket_id,)) if notice.ticket_id else None
        for ticket_id in _apart(work, [each for each in tickets if own is None or each.id in own]):
            _owe(work, changed(notice, unit=lead, round=work.case.round, ticket_id=ticket_id))


def carried(work: Work, tickets: Collection[Ticket]) -> tuple[PayerNotice, ...]:
    """Return the notices to the petitioners of tickets, each under one of those, for the case the tickets go to."""
    found = []
    for notice in work.case.notices:
        own = petitioners.ids(work, (notice.ticket_id,)) if notice.ticket_id else None
        moved = [ticket.id for ticket in tickets if own is None or ticket.id in own]
        if moved:
            found.append(changed(notice, ticket_id=moved[0] if own is not None else None))
    return tuple(found)


def part(work: Work, tickets: Collection[Ticket]) -> None:
    """Let tickets go: a notice to a petitioner of whom others stay is kept, under one of those."""
    gone = {ticket.id for ticket in tickets}
    kept = []
    for notice in work.case.notices:
        if notice.ticket_id not in gone:
            kept.append(notice)
            continue
        rest = [ticket.id for ticket in petitioners.of(work, notice.ticket_id) if ticket.id not in gone]
        kept += [changed(notice, ticket_id=rest[0])] if rest else []
    work.set_case(notices=tuple(kept))


def back(work: Work, former: Case) -> None:
    """Tickets came back from a joint case: what their petitioners were told there they need not be told again."""
    notices: list[PayerNotice] = []
    for notice in work.case.notices:
        there = [each for each in former.notices if _is_same(notice, each)]
        notices += [changed(each, unit=notice.unit, round=notice.round) for each in there] or [notice]
    work.set_case(notices=tuple(notices))
    carry(work, former, list(work.tickets.values()))


def _is_same(notice: PayerNotice, there: PayerNotice) -> bool:
    """Tell whether an open notice went along into the joint case, where it may have been given."""
    same = (notice.kind, notice.owed_at) == (there.kind, there.owed_at)
    return notice.given_at is None and same and (notice.kind is not NoticeKind.TRANSFER or notice.unit == there.unit)


def more_time(
    work: Work, lead: Assignment, before: datetime | None, until: datetime, tickets: Collection[Ticket] | None = None
) -> None:
    """Note that the payer must be told of more time for the answer, if ``until`` is more than it had ``before``."""
    if before is None or until > before:
        owe(work, NoticeKind.EXTENSION, lead.unit, until=until, tickets=tickets)


def given(
    work: Work, *, channel: str | None, at: datetime | None, by: str | None, reason: str | None, ticket_id: str | None
) -> None:
    """The payer was told (or, with ``reason``, need not be): settle the open notices that this proves.

    ``ticket_id``: only the petitioner of that ticket; the others are still owed what all of them were.
    """
    at = at or work.now
    mine = petitioners.ids(work, (ticket_id,)) if ticket_id else None
    if mine is not None:
        _single_out(work)
    for notice in open_(work):
        if mine is not None and notice.ticket_id is not None and notice.ticket_id not in mine:
            continue
        if reason is None and not _proves(work, notice, channel, at):
            continue
        settled = changed(notice, given_at=at, channel=channel, by=by, reason=reason)
        work.set_case(notices=tuple(settled if each is notice else each for each in work.case.notices))
        work.record("notice.given", at=at, kind=notice.kind.value, unit=notice.unit, channel=channel, reason=reason)


def _single_out(work: Work) -> None:
    """Let every open notice to all petitioners be one to each of them."""
    people = petitioners.groups(work)
    if len(people) == 1:
        return
    for notice in [each for each in open_(work) if each.ticket_id is None]:
        each = tuple(changed(notice, ticket_id=group[0].id) for group in people)
        rest = tuple(known for known in work.case.notices if known is not notice)
        work.set_case(notices=(*rest, *each))


def open_(work: Work) -> list[PayerNotice]:
    """Return the notices nobody has given yet; none for one who left no way to be reached, or if another unit leads now."""
    stands = [each for each in work.case.notices if each.given_at is None and each.round == work.case.round]
    return [each for each in stands if each.unit == work.case.lead and _can_be_told(work, each)]


def _can_be_told(work: Work, notice: PayerNotice) -> bool:
    people = petitioners.of(work, notice.ticket_id) if notice.ticket_id else work.tickets.values()
    return any(ticket.body.petitioner.phone or ticket.body.petitioner.address for ticket in people)


def owed_by(work: Work, assignment: Assignment) -> list[dict[str, Any]]:
    """Return what this unit must tell the payer: the accepting unit does, before there is one the lead."""
    accepting = work.active_of(work.case.accepting_unit)
    teller = accepting if accepting is not None else work.lead()
    if teller is None or teller.id != assignment.id:
        return []
    return [_view(work, notice, assignment.unit) for notice in open_(work)]


def view(work: Work) -> list[dict[str, Any]]:
    """Return every open notice with the unit that owes it."""
    return [shown for assignment in work.active() for shown in owed_by(work, assignment)]


def _proves(work: Work, notice: PayerNotice, channel: str | None, at: datetime) -> bool:
    """Tell whether telling the payer so proves a notice; whoever is told the answer needs no notice any more."""
    if at < notice.owed_at.replace(second=0, microsecond=0):
        return False
    if work.case.state in _ANSWERED:
        return True
    return bool(channel) and (not _in_writing(work, notice) or _is_written(channel or ""))


def _is_written(channel: str) -> bool:
    return bool(_ON_PAPER.search(channel)) or not _BY_WORD_OF_MOUTH.search(channel)


def _in_writing(work: Work, notice: PayerNotice) -> bool:
    kinds = {ticket.kind for ticket in work.tickets.values()}
    return notice.kind is NoticeKind.TRANSFER and bool(kinds & IN_WRITING)


def _view(work: Work, notice: PayerNotice, teller: str) -> dict[str, Any]:
    written = _in_writing(work, notice)
    return {
        "kind": notice.kind.value,
        "ticket_id": notice.ticket_id,
        "unit": teller,
        "in_writing": written,
        "since": iso(notice.owed_at),
        "text": _text(work, notice, written=written),
    }


def _text(work: Work, notice: PayerNotice, *, written: bool) -> str:
    unit = work.policy.units[notice.unit]
    how = "书面（举报、投诉件，电话告知不够）" if written else ""
    if notice.kind is NoticeKind.TRANSFER:
        what = f"本件由{unit.name}办理，请联系{unit.contact_person}，电话{unit.contact_phone}"
    else:
        what = f"答复时限延至 {iso(notice.until) or ''} 及延期理由"
    ticket = work.tickets.get(notice.ticket_id or "")
    whom = f"缴费人（工单 {ticket.external_id} 的诉求人）" if ticket else "缴费人"
    named = "渠道、时间和 ticket_id" if ticket else "渠道和时间"
    return f"请{how}告知{whom}：{what}；告知后登记{named}（told）"
