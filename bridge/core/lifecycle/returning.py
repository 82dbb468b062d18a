"""Tickets go back to their upstream: not ours, or in another proceeding already (A11).

Owns: what the upstream is told. Must not: decide that a ticket is not ours.
"""

from __future__ import annotations

from bridge.core import outside
from bridge.core.commands import OperatorAction
from bridge.core.lifecycle import recusal, replying, rounds, views
from bridge.core.lifecycle.work import Work
from bridge.core.vocabulary import CaseState, MessageType, TicketState


def by_hand(work: Work, action: OperatorAction) -> None:
    """Return the tickets: as not ours, or, where a link says so, as already in another proceeding (A11)."""
    recusal.refuse_accused(work, action.suggested, "suggested")
    proceedings = [outside.link_text(link) for link in work.case.links]
    said = [action.reason, *proceedings] if action.reason else proceedings
    code = "in_proceedings" if proceedings else "out_of_scope"
    to_upstream(work, code, "；".join(said) or "不属于社会保险费征缴争议联合处置范围", action.suggested)


def to_upstream(work: Work, reason_code: str, reason: str, suggested: str | None) -> None:
    """Return every owed ticket to its upstream with the reason and whom to ask instead."""
    for ticket in work.owing_tickets():
        views.push(
            work, ticket, MessageType.TICKET_RETURNED, reason_code=reason_code, reason=reason, suggested=suggested
        )
        work.set_ticket(ticket, state=TicketState.RETURNED)
    work.record("case.returned_upstream", reason_code=reason_code, reason=reason, suggested=suggested)
    rounds.withdraw_assignments(work)
    replying.end(work, CaseState.RETURNED_UPSTREAM)
