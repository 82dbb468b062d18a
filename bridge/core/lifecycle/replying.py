"""From a final opinion to the replies that every upstream is owed, and to the end of the case.

Owns: queuing the pushes, what a delivered reply closes, the objection window, archiving.
Must not: compose texts (``core.reply`` does).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bridge.core import remedies
from bridge.core import reply as composing
from bridge.core.lifecycle import acceptance, clocks, pauses, petitioners, sides, telling, views
from bridge.core.lifecycle.work import Work
from bridge.core.model.opinion import Opinion
from bridge.core.model.ticket import Ticket
from bridge.core.retention import retention_of
from bridge.core.vocabulary import (
    CaseState,
    DeadlineKind,
    DeadlineStatus,
    MessageType,
    ReceiptType,
    Side,
    TicketKind,
    TicketState,
)
from bridge.errors import InvalidPayload, Problem

CONSULT_KINDS = frozenset({TicketKind.CONSULT, TicketKind.SUGGESTION})
"""咨询 and 建议 end with the reply: no objection window (contract section 4)."""

ENDED = frozenset(
    {
        CaseState.ARCHIVED,
        CaseState.WITHDRAWN,
        CaseState.RETURNED_UPSTREAM,
        CaseState.CLOSED_CONSULT,
        CaseState.CLOSED_REMEDY_TOLD,
        CaseState.MERGED,
    }
)
"""States in which a case is over."""


def reply(work: Work, final: Opinion) -> None:
    """Queue the reply to every ticket that is owed one, unless somebody must sign it off first."""
    if work.policy.replies.sign_off:
        work.set_case(state=CaseState.CONSOLIDATING, sign_off_pending=True)
        work.record("reply.awaiting_sign_off", opinion=final.id)
        return
    send(work, final)


def send(work: Work, final: Opinion) -> None:
    """Queue the reply; a reply after the first of a round is a supplement. Whoever answers waits no longer."""
    resume(work)
    answer(work, final, _waiting(work) or _answered(work))


def _waiting(work: Work) -> list[Ticket]:
    return [ticket for ticket in work.tickets.values() if ticket.state is TicketState.OPEN]


def _answered(work: Work) -> list[Ticket]:
    """Return the tickets that this round has answered already: a further reply supplements theirs."""
    answered = (TicketState.REPLYING, TicketState.REPLIED)
    return [t for t in work.tickets.values() if t.state in answered and t.case_round == work.case.round]


def answer(work: Work, final: Opinion, targets: Sequence[Ticket]) -> None:
    """Queue the reply that an opinion makes to these tickets."""
    text = composing.compose(work.policy, work.case, final, work.standing_opinions())
    for ticket in targets:
        printed = {"remedies": printed_remedies(work, ticket, final, work.now)}
        _push_reply(work, ticket, text | printed, supplement=ticket.state is not TicketState.OPEN)
    supplement = all(ticket.state is not TicketState.OPEN for ticket in targets)
    work.set_case(state=CaseState.REPLYING, sign_off_pending=False)
    sides.composed(work, final)
    work.record("reply.composed", opinion=final.id, supplement=supplement, tickets=[t.id for t in targets])


def answer_late(work: Work, final: Opinion, tickets: Sequence[Ticket]) -> None:
    """Give open tickets that join an answered case its reply; their petitioners get the whole window to object."""
    clocks.cancel(work, work.clock_of(work.case.id, DeadlineKind.OBJECTION))
    work.set_case(objection=None)
    answer(work, final, tickets)
    sides.ask_again(work, tickets)


def printed_remedies(work: Work, ticket: Ticket, final: Opinion, at: datetime) -> list[str]:
    """Return the remedies a ticket's reply of that moment prints: the lead's own words, else those of the rules."""
    if final.body.remedies:
        return list(final.body.remedies)
    adapter = work.context.terms(ticket.feed).adapter
    return remedies.lines(work.policy, work.case, ticket, adapter, [final, *work.standing_opinions()], at)


def resume(work: Work) -> None:
    """Let the clocks of a paused case run on."""
    if work.case.suspended:
        suspended_at = work.case.suspended_at or work.now
        work.set_case(suspended=False, suspended_at=None)
        pauses.resume(work, suspended_at)


def _push_reply(work: Work, ticket: Ticket, text: dict[str, object], *, supplement: bool) -> None:
    ticket = work.set_ticket(ticket, state=TicketState.REPLYING, replies=ticket.replies + 1)
    carries = {"round": ticket.round, "supplement": supplement, "reply": text}
    work.set_ticket(ticket, reply_key=views.push(work, ticket, MessageType.TICKET_REPLIED, **carries))


def delivered(work: Work, ticket: Ticket, key: str) -> None:
    """A reply reached its upstream; one that a newer reply has replaced changes nothing."""
    if key == ticket.reply_key:
        received(work, ticket)


def received(work: Work, ticket: Ticket) -> None:
    """The upstream has the newest reply: the ticket's clock stops, and the case is replied when all are.

    An upstream that answers to a reply has it, even if our own note of the delivery is still under way.
    A notice of acceptance that was not given by then is no longer owed.
    """
    if ticket.state is not TicketState.REPLYING:
        return
    for kind in (DeadlineKind.REPLY, DeadlineKind.ACCEPT_NOTICE):
        clocks.close(work, work.clock_of(ticket.id, kind))
    work.set_ticket(ticket, state=TicketState.REPLIED)
    clock = work.clock_of(ticket.id, DeadlineKind.REPLY)
    late = clock is not None and clock.status is DeadlineStatus.MISSED
    work.record("reply.delivered", ticket=ticket.id, round=ticket.round, late=late)
    if not work.owing_tickets() and work.case.state is CaseState.REPLYING:
        replied(work)


def replied(work: Work) -> None:
    """Every owed reply is delivered: 咨询 end here, the others wait out the objection window."""
    kinds = {ticket.kind for ticket in work.tickets.values()}
    if kinds <= CONSULT_KINDS:
        end(work, CaseState.CLOSED_CONSULT)
        return
    if (work.case.objection or "").startswith("routes:"):
        end(work, CaseState.CLOSED_REMEDY_TOLD)
        return
    work.set_case(state=CaseState.REPLIED)
    if not _may_object_or_did(work):
        clocks.start_objection(work)
    archive_if_done(work)


def _may_object_or_did(work: Work) -> bool:
    """Tell whether the window to object runs, or ended with a word or in silence that still stands."""
    window = work.clock_of(work.case.id, DeadlineKind.OBJECTION)
    return window is not None and (window.status in clocks.OPEN or work.case.objection is not None)


def end(work: Work, state: CaseState) -> None:
    """Close the case in one of its final states; clocks that still run no longer apply."""
    clocks.cancel_all(work)
    work.set_case(state=state, closed_at=work.now)
    work.record("case.closed", state=state.value)


def told(work: Work, side: Side, **how: Any) -> None:
    """Record how a side of the dispute was told (or why it need not be), and archive if nothing else is open.

    ``ticket_id``: only the petitioner of that ticket was. Raises InvalidPayload if it names none.
    """
    ticket_id = how.get("ticket_id")
    if ticket_id is not None and (side is not Side.PAYER or not petitioners.of(work, ticket_id)):
        raise InvalidPayload(
            [Problem("ticket_id", "须是本案一件未撤回、未退回的工单，且只用于告知缴费人（who: payer）")]
        )
    sides.told(work, side, **how)
    if side is Side.PAYER:
        telling.given(work, **{name: how.get(name) for name in ("channel", "at", "by", "reason", "ticket_id")})
        acceptance.noticed(work, ticket_id)
    archive_if_done(work)


def archive_if_done(work: Work) -> None:
    """Archive a replied case once no objection is recorded (or the window lapsed) and both sides are told."""
    quiet = work.case.objection in ("none", "lapsed")
    owing = any(ReceiptType.OPINION in a.owes or ReceiptType.CONSOLIDATED in a.owes for a in work.active())
    told_all = sides.settled(work) and not telling.open_(work)
    if work.case.state is CaseState.REPLIED and quiet and told_all and not owing:
        said = "未提出异议" if work.case.objection == "none" else "逾期未提出"
        work.record("case.archived", objection=said, retention=retention(work))
        end(work, CaseState.ARCHIVED)


def retention(work: Work) -> str:
    """Return how long the case's papers are kept, as it is recorded when it is archived."""
    return retention_of(work.case.procedure, work.policy.procedures).value


def object_to(work: Work, routes: tuple[str, ...], final: Opinion | None) -> None:
    """Record an objection: the payer is told the remedies, the upstream learns of it (R31)."""
    work.set_case(objection="routes:" + ",".join(routes))
    work.record("objection.recorded", routes=list(routes))
    for ticket in work.tickets.values():
        if ticket.state is TicketState.REPLIED:
            text = f"已登记异议，救济途径：{'、'.join(routes) or '未注明'}"
            views.push(
                work, ticket, MessageType.TICKET_PROGRESS, text="。".join([text, *_told_again(work, ticket, final)])
            )
    end(work, CaseState.CLOSED_REMEDY_TOLD)


def _told_again(work: Work, ticket: Ticket, final: Opinion | None) -> list[str]:
    """Return what the reply said of remedies, limits and all, as parts of a sentence."""
    printed = printed_remedies(work, ticket, final, _replied_at(work, ticket, final)) if final else []
    return [line.removesuffix("。") for line in printed]


def _replied_at(work: Work, ticket: Ticket, final: Opinion) -> datetime:
    """Return when the reply went out: not before it was signed off, and not before its last opinion."""
    clock = work.clock_of(ticket.id, DeadlineKind.REPLY)
    sent = clock.closed_at if clock is not None else None
    return max(final.recorded_at, sent or final.recorded_at)


def no_objection(work: Work) -> None:
    """Record that the payer does not object."""
    clocks.close(work, work.clock_of(work.case.id, DeadlineKind.OBJECTION))
    work.set_case(objection="none")
    work.record("objection.none")
    archive_if_done(work)
