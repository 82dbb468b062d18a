"""What upstreams send about a ticket they forwarded: events, and the ticket again with other content.

Owns: one function per event type, found in one table. Must not: parse.
Source: contract section 3, ``POST /v1/feeds/{feed}/events``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from bridge.core.civil import iso
from bridge.core.commands import UpstreamEvent, UpstreamEventType
from bridge.core.lifecycle import (
    acceptance,
    clocks,
    extensions,
    moves,
    notices,
    replying,
    rounds,
    sides,
    stages,
    telling,
    views,
)
from bridge.core.lifecycle.register import facts_of, is_confidential
from bridge.core.lifecycle.work import BEFORE_REPLY, Work
from bridge.core.model.ticket import Ticket, TicketDraft
from bridge.core.vocabulary import (
    CaseState,
    MessageType,
    ProcedureId,
    Role,
    TicketKind,
    TicketState,
    UrgeLevel,
)
from bridge.errors import IllegalTransition, InvalidPayload, Problem

_AT_REGISTRATION = frozenset({"period_unknown", "complex_suggested"})
"""Flags that only say how a ticket was first taken."""

_URGE_NAMES = {UrgeLevel.URGE: "催办", UrgeLevel.SUPERVISE: "督办", UrgeLevel.CRITICISE: "通报"}


def hear(work: Work, ticket: Ticket, event: UpstreamEvent) -> None:
    """Apply an upstream's event to the case of a ticket. Raises IllegalTransition if not possible now."""
    _refuse_unless(work, ticket, event, ticket.state in HEARD_IN[event.type])
    _HANDLERS[event.type](work, ticket, event)


def revise(work: Work, ticket: Ticket, draft: TicketDraft) -> None:
    """Record a re-push with changed content as a revision; the clocks do not reset, a person's correction stands."""
    kept = ticket.counterparty_corrected and draft.body.counterparty != ticket.body.counterparty
    body = replace(
        draft.body,
        counterparty=ticket.body.counterparty if kept else draft.body.counterparty,
        supplements=(*ticket.body.supplements, *draft.body.supplements),
        attachments=tuple(dict.fromkeys((*draft.body.attachments, *ticket.body.attachments))),
    )
    revised = work.set_ticket(
        ticket, body=body, digest=draft.digest, revision=ticket.revision + 1, urgency=draft.urgency,
    )  # fmt: skip
    _read_again(work, revised, draft.kind or ticket.kind)
    work.record("ticket.revised", ticket=ticket.id, revision=ticket.revision + 1, counterparty_kept=kept or None)


def _read_again(work: Work, ticket: Ticket, kind: TicketKind) -> None:
    """Learn from new words what they ask and say besides: secrecy, flags. Category and units are a person's to change."""
    found = work.context.rules.assess(facts_of(ticket.feed, ticket, work.context)).classification.flags
    news = tuple(flag for flag in found if flag not in (*work.case.flags, *_AT_REGISTRATION))
    secret = is_confidential(work.policy, kind, ticket.body, found)
    work.set_case(flags=(*work.case.flags, *news), confidential=work.case.confidential or secret)


def _supplement(work: Work, ticket: Ticket, event: UpstreamEvent) -> None:
    body = replace(
        ticket.body,
        supplements=(*ticket.body.supplements, event.content or ""),
        attachments=(*ticket.body.attachments, *event.attachments),
    )
    revision = ticket.revision + 1
    digest = f"{ticket.digest.split('+')[0]}+{revision}"
    _read_again(work, work.set_ticket(ticket, body=body, revision=revision, digest=digest), ticket.kind)
    work.record("ticket.supplemented", ticket=ticket.id, revision=revision)


def _urge(work: Work, ticket: Ticket, event: UpstreamEvent) -> None:
    level = event.level or UrgeLevel.URGE
    work.set_case(urged=True)
    work.record("ticket.urged", ticket=ticket.id, level=level.value, note=event.note)
    owing = [a for a in work.active() if a.owes or a.role is Role.LEAD]
    for assignment in owing:
        views.send_unit(
            work, assignment, MessageType.ASSIGNMENT_REMINDER, urge={"level": level.value, "note": event.note}
        )
    if level is not UrgeLevel.URGE or not owing:
        draft = notices.criticism_by_upstream(work, event.note) if level is UrgeLevel.CRITICISE else None
        views.send_office(
            work, work.lead(), f"urged_{level.value}", note=event.note, **({"draft": draft} if draft else {})
        )
    views.push(work, ticket, MessageType.TICKET_PROGRESS, text=_urge_answer(work, level))


def _urge_answer(work: Work, level: UrgeLevel) -> str:
    lead = work.policy.units.get(work.case.lead or "")
    due = clocks.reply_due(work)
    by = f"，答复时限 {iso(due)}" if due else ""
    who = f"承办单位{lead.name}" if lead else "领导小组办公室（正在确定承办单位）"
    stands = "".join(f"，{each}" for each in _where_opinions_stand(work))
    return f"已将{_URGE_NAMES[level]}转达{who}，当前环节：{_STATE_NAMES[work.case.state]}{stands}{by}"


def _where_opinions_stand(work: Work) -> list[str]:
    """Say which units of a joint case have given their opinion and whom the case waits for."""
    procedure = work.case.procedure
    if procedure not in _JOINT or work.case.state in _UNDECIDED or not work.case.invited:
        return []
    given = [opinion.unit for opinion in work.standing_opinions()]
    missing = [assignment.unit for assignment in stages.opinions_missing(work)]
    said = [f"已进入{work.policy.procedures[procedure].name}"]
    said += [f"已收到{_names(work, given)}意见"] if given and missing else []
    said += [f"{_names(work, missing)}意见催促中"] if missing else ["各单位意见已齐"]
    return [*said, "待会商形成纪要"] if stages.awaits_minutes(work) else said


def _names(work: Work, units: Sequence[str]) -> str:
    return "、".join(work.policy.units[unit].name for unit in dict.fromkeys(units))


_JOINT = (ProcedureId.JOINT_GENERAL, ProcedureId.JOINT_COMPLEX)
_UNDECIDED = (CaseState.TRIAGE, CaseState.AWAITING_APPROVAL)
_STATE_NAMES = {
    CaseState.TRIAGE: "分派",
    CaseState.AWAITING_APPROVAL: "待领导小组组长审批",
    CaseState.HANDLING: "办理",
    CaseState.CONSOLIDATING: "综合意见",
    CaseState.REPLYING: "答复回传",
    CaseState.REPLIED: "已答复",
    CaseState.ARCHIVED: "已归档",
    CaseState.WITHDRAWN: "已撤单",
    CaseState.RETURNED_UPSTREAM: "已退回上游",
    CaseState.CLOSED_CONSULT: "已答复（咨询）",
    CaseState.CLOSED_REMEDY_TOLD: "已告知救济途径",
    CaseState.MERGED: "已并案",
}


def _withdraw(work: Work, ticket: Ticket, event: UpstreamEvent) -> None:
    ticket = work.set_ticket(ticket, state=TicketState.WITHDRAWN)
    clocks.cancel_all(work, ticket.id)
    work.record("ticket.withdrawn", ticket=ticket.id, note=event.note)
    views.push(work, ticket, MessageType.TICKET_WITHDRAWN)
    rounds.settle_rest(work)


def _with_reply(work: Work, ticket: Ticket) -> Ticket:
    """Take an answer to a reply as proof that the reply arrived."""
    replying.received(work, ticket)
    return work.tickets[ticket.id]


def _rework(work: Work, ticket: Ticket, event: UpstreamEvent) -> None:
    ticket = _with_reply(work, ticket)
    _refuse_unless(work, ticket, event, ticket.kind is not TicketKind.PRAISE)
    _refuse_past(work, event.respond_by, "respond_by")
    work.record("ticket.rework_asked", ticket=ticket.id, note=event.note, respond_by=iso(event.respond_by))
    rounds.start_round(work, [ticket], event.respond_by)


def _extension_granted(work: Work, ticket: Ticket, event: UpstreamEvent) -> None:
    _refuse_past(work, event.until, "until")
    if event.until is None:
        raise InvalidPayload([Problem("until", "批准延期必须写明延长到何时")])
    lead, before = work.lead(), clocks.reply_due(work)
    beyond = [] if lead is None else extensions.problems(work, lead, event.until)
    extensions.extend_reply(work, ticket, event.until, "上游批准延期")
    if lead is not None:
        extensions.extend_opinion(work, lead, event.until, "上游批准延期")
        extensions.decide(work, lead, "granted")
        telling.more_time(work, lead, before, event.until, [ticket])
    work.record(
        "extension.granted", ticket=ticket.id, until=iso(event.until), note=event.note,
        beyond_rules=[each.message for each in beyond],
    )  # fmt: skip


def _extension_denied(work: Work, ticket: Ticket, event: UpstreamEvent) -> None:
    lead = work.lead()
    if lead is not None:
        extensions.decide(work, lead, "denied")
    work.record("extension.denied", ticket=ticket.id, note=event.note)


def _satisfaction(work: Work, ticket: Ticket, event: UpstreamEvent) -> None:
    sides.satisfied(work, event.party, event.value, ticket=ticket.id, note=event.note)


def _objection(work: Work, ticket: Ticket, event: UpstreamEvent) -> None:
    ticket = _with_reply(work, ticket)
    _refuse_unless(work, ticket, event, work.case.state is CaseState.REPLIED)
    replying.object_to(work, event.routes, stages.final_opinion(work))


def _return_refused(work: Work, ticket: Ticket, event: UpstreamEvent) -> None:
    """Take a returned ticket back: into the work or the answer its case has meanwhile, else a person assigns it."""
    ticket = work.set_ticket(ticket, state=TicketState.OPEN, case_round=work.case.round)
    work.record("return.refused", ticket=ticket.id, note=event.note)
    moves.run_on(work, ticket)
    final = stages.final_opinion(work)
    if work.case.state in BEFORE_REPLY:
        stages.tell_upstream_lead(work, [ticket])
        acceptance.catch_up(work, ticket)
    elif final is not None and work.case.state in _HAS_ANSWER:
        work.set_case(closed_at=None)
        replying.answer_late(work, final, [ticket])
    else:
        work.set_case(state=CaseState.TRIAGE, lead=None, closed_at=None, review_reason="上游不接受退回，须由人重新分派")


def _refuse_unless(work: Work, ticket: Ticket, event: UpstreamEvent, legal: bool) -> None:  # noqa: FBT001 - reads as a sentence at its callers
    if not legal:
        heard = [each.value for each, states in HEARD_IN.items() if ticket.state in states and each is not event.type]
        raise IllegalTransition(
            f"工单当前状态为 {ticket.state.value}、案件为 {work.case.state.value}，不能接收 {event.type.value}；"
            f"现在可接收：{'、'.join(heard)}",
            allowed=(),
        )


def _refuse_past(work: Work, instant: datetime | None, field: str) -> None:
    if instant is not None and instant <= work.now:
        raise InvalidPayload([Problem(field, "必须晚于现在")])


_HAS_ANSWER = frozenset(
    {CaseState.REPLYING, CaseState.REPLIED, CaseState.ARCHIVED, CaseState.CLOSED_CONSULT, CaseState.CLOSED_REMEDY_TOLD}
)
"""States of a case that has answered another ticket."""

_OPEN = frozenset({TicketState.OPEN})
_ANSWERED = frozenset({TicketState.REPLYING, TicketState.REPLIED})

HEARD_IN: dict[UpstreamEventType, frozenset[TicketState]] = {
    UpstreamEventType.SUPPLEMENT: _OPEN | _ANSWERED,
    UpstreamEventType.URGE: _OPEN,
    UpstreamEventType.WITHDRAW: _OPEN,
    UpstreamEventType.REWORK: _ANSWERED,
    UpstreamEventType.EXTENSION_GRANTED: _OPEN,
    UpstreamEventType.EXTENSION_DENIED: _OPEN,
    UpstreamEventType.SATISFACTION: frozenset(TicketState),
    UpstreamEventType.OBJECTION: _ANSWERED,
    UpstreamEventType.RETURN_REFUSED: frozenset({TicketState.RETURNED}),
}
"""The states of a ticket in which its upstream may say something of it."""

_HANDLERS: dict[UpstreamEventType, Callable[[Work, Ticket, UpstreamEvent], None]] = {
    UpstreamEventType.SUPPLEMENT: _supplement,
    UpstreamEventType.URGE: _urge,
    UpstreamEventType.WITHDRAW: _withdraw,
    UpstreamEventType.REWORK: _rework,
    UpstreamEventType.EXTENSION_GRANTED: _extension_granted,
    UpstreamEventType.EXTENSION_DENIED: _extension_denied,
    UpstreamEventType.SATISFACTION: _satisfaction,
    UpstreamEventType.OBJECTION: _objection,
    UpstreamEventType.RETURN_REFUSED: _return_refused,
}
