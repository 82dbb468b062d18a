"""What the payer must be told before the answer, and the proof of it: whom to reach after a transfer, more time given.

Owns: when such a notice is owed, by whom, what proves it, what is still open. Must not: send it; a person tells the payer.
Source: policy 四(二) (移送并告知缴费人应联系人员及联系方式), requirement R23; 社会保险法 第八十二条 (举报、投诉: 书面通知并移交);
domain 3.1 ("extension … tell the citizen").
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from bridge.core.lifecycle import clocks
from bridge.core.lifecycle.work import Work
from bridge.core.model import Assignment, PayerNotice
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


def owe(work: Work, kind: NoticeKind, unit: str, *, until: datetime | None = None) -> None:
    """Note that the payer must be told; a newer notice of the same kind replaces one that was not given yet."""
    notice = PayerNotice(kind, unit, work.now, work.case.round, until=until)
    kept = tuple(each for each in work.case.notices if each.kind is not kind or each.given_at is not None)
    work.set_case(notices=(*kept, notice))
    work.record("notice.owed", kind=kind.value, unit=unit, in_writing=_in_writing(work, notice))


def more_time(work: Work, lead: Assignment, before: datetime | None, until: datetime) -> None:
    """Note that the payer must be told of more time for the answer, if ``until`` is more than it had ``before``."""
    if before is None or until > before:
        owe(work, NoticeKind.EXTENSION, lead.unit, until=until)


def given(work: Work, *, channel: str | None, at: datetime | None, by: str | None, reason: str | None) -> None:
    """The payer was told (or, with ``reason``, need not be): settle the open notices that this proves."""
    at = at or work.now
    for notice in open_(work):
        if reason is None and not _proves(work, notice, channel, at):
            continue
        settled = replace(notice, given_at=at, channel=channel, by=by, reason=reason)
        work.set_case(notices=tuple(settled if each is notice else each for each in work.case.notices))
        work.record("notice.given", at=at, kind=notice.kind.value, unit=notice.unit, channel=channel, reason=reason)


def open_(work: Work) -> list[PayerNotice]:
    """Return the notices nobody has given yet; none if the petitioner left no way to be reached, or another unit leads now."""
    petitioners = [ticket.body.petitioner for ticket in work.tickets.values()]
    reachable = any(one.phone or one.address for one in petitioners)
    stands = [each for each in work.case.notices if each.given_at is None and each.round == work.case.round]
    return [each for each in stands if reachable and each.unit == work.case.lead]


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
        "unit": teller,
        "in_writing": written,
        "since": clocks.iso(notice.owed_at),
        "text": _text(work, notice, written=written),
    }


def _text(work: Work, notice: PayerNotice, *, written: bool) -> str:
    unit = work.policy.units[notice.unit]
    how = "书面（举报、投诉件，电话告知不够）" if written else ""
    if notice.kind is NoticeKind.TRANSFER:
        what = f"本件由{unit.name}办理，请联系{unit.contact_person}，电话{unit.contact_phone}"
    else:
        what = f"答复时限延至 {clocks.iso(notice.until) or ''} 及延期理由"
    return f"请{how}告知缴费人：{what}；告知后登记渠道和时间（told）"
