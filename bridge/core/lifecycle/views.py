"""What a unit or an upstream is shown of a case.

Owns: the bodies of outgoing messages, what is owed and allowed, which dates, and the blanking of a
confidential petitioner. Must not: change the case (except to queue the message it builds).
Source: contract section 3, "Pushed upstream" and "Every message to a unit".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bridge.core.civil import iso
from bridge.core.lifecycle import (
    agreement,
    clocks,
    legal_receipts,
    notices,
    proposal,
    recusal,
    reply_form,
    secrecy,
    telling,
)
from bridge.core.lifecycle.work import Work
from bridge.core.model.assignment import Assignment
from bridge.core.model.case import Case
from bridge.core.model.message import Message
from bridge.core.model.ticket import FeePeriod, Petitioner, Ticket
from bridge.core.values import changed, swift
from bridge.core.vocabulary import (
    LEADING_OFFICE,
    DeadlineKind,
    MessageType,
    ReceiptType,
)

_DUE_KINDS = {
    "sign_by": DeadlineKind.SIGN,
    "return_by": DeadlineKind.RETURN,
    "opinion_by": DeadlineKind.OPINION,
    "consolidate_by": DeadlineKind.CONSOLIDATE,
}


def due(work: Work, assignment: Assignment) -> dict[str, str | None]:
    """Return the dates of an assignment, keys as in the contract; None where no such clock runs."""
    running = work.clocks_of(assignment.id)
    dates = {name: iso(running[kind].due_at) if kind in running else None for name, kind in _DUE_KINDS.items()}
    return {**dates, "reply_by": iso(clocks.reply_due(work))}


@swift
@dataclass(frozen=True, slots=True)
class Shown:
    """What of a unit's view may change; compared before and after a command."""

    owed: tuple[str, ...]
    due: tuple[str | None, ...]
    lead: str | None
    category: str | None
    content: tuple[str, ...]
    opinions: tuple[str, ...]


def shown(work: Work, *, except_unit: str | None = None) -> dict[str, Shown]:
    """Take every active unit's view, by assignment id; not that of ``except_unit``."""
    seen = [assignment for assignment in work.active() if assignment.unit != except_unit]
    if not seen:
        return {}
    known = [part for part in work.case.parts if not part.confidential]
    elsewhere = [part.matter for part in known] + [link.reference for link in work.case.links]
    content = (*(ticket.digest for ticket in work.tickets.values()), *elsewhere)
    opinions = tuple(opinion.id for opinion in work.standing_opinions())
    return {
        assignment.id: Shown(
            tuple(legal_receipts.owed(assignment)),
            tuple(due(work, assignment).values()),
            work.case.lead,
            work.case.category,
            content,
            opinions if ReceiptType.CONSOLIDATED in assignment.owes else (),
        )
        for assignment in seen
    }


def complete_messages(work: Work) -> None:
    """Give every message to a unit its body as of the end of the decision: one command may open several stages.

    One that reaches nobody is a note that there was something to tell, and stays without.
    """
    for number, message in enumerate(work.messages):
        assignment = work.assignments.get(message.assignment_id or "")
        if assignment is not None and work.context.reaches(message):
            body = office_body(work, assignment) if message.target == LEADING_OFFICE else unit_body(work, assignment)
            work.messages[number] = changed(message, payload={**message.payload, **body})


def tell_changed(work: Work, before: dict[str, Shown], *, except_unit: str | None) -> None:
    """Send ``case.updated`` to the units whose own view changed, unless they caused or got a message already.

    What the office is told of an assignment tells its unit nothing.
    """
    addressed = {message.assignment_id for message in work.messages if message.target != LEADING_OFFICE}
    for assignment_id, view in shown(work, except_unit=except_unit).items():
        known = before.get(assignment_id)
        if known is None or known == view or assignment_id in addressed:
            continue
        send_unit(work, work.assignments[assignment_id], MessageType.CASE_UPDATED)


def category_view(work: Work) -> dict[str, Any] | None:
    """Return the category as ``{id, number, name}``, or None before classification."""
    info = work.policy.categories.get(work.case.category or "")
    return {"id": info.id, "number": info.number, "name": info.name} if info else None


def send_unit(work: Work, assignment: Assignment, type_: MessageType, **extra: Any) -> None:
    """Queue a message to an assignment's unit; :func:`complete_messages` gives it the standard body."""
    body: dict[str, Any] = {"type": type_.value, **secrecy.blank_for(work, assignment.unit, extra)}
    if notice := notices.to_coordinators(work, assignment, type_, extra):
        body["notice"] = notice
    serial = work.next_serial()
    purpose = type_.value.split(".")[1]
    work.messages.append(
        Message(
            key=f"{assignment.id}-{purpose}-{serial}",
            kind="unit",
            target=assignment.unit,
            type=type_,
            case_id=work.case.id,
            group=assignment.id,
            serial=serial,
            payload=body,
            assignment_id=assignment.id,
        )
    )


def send_office(work: Work, assignment: Assignment | None, why: str, **extra: Any) -> None:
    """Escalate to 领导小组办公室: the assignment's id, nothing owed (contract section 3, ``returned``).

    About an assignment, :func:`complete_messages` gives it the standard body.
    """
    serial = work.next_serial()
    base = {} if assignment else case_body_for_office(work)
    body: dict[str, Any] = {"type": MessageType.ASSIGNMENT_ESCALATED.value, **base}
    told = secrecy.blank_for(work, LEADING_OFFICE, extra)
    body["escalation"] = {"reason": why, "unit": assignment.unit if assignment else None, **told}
    owner = assignment.id if assignment else work.case.id
    work.messages.append(
        Message(
            key=f"{owner}-escalated-{serial}",
            kind="unit",
            target=LEADING_OFFICE,
            type=MessageType.ASSIGNMENT_ESCALATED,
            case_id=work.case.id,
            group=f"{work.case.id}-{LEADING_OFFICE}",
            serial=serial,
            payload=body,
            assignment_id=assignment.id if assignment else None,
        )
    )
    work.record("case.escalated", unit=assignment.unit if assignment else None, why=why)


def office_body(work: Work, assignment: Assignment) -> dict[str, Any]:
    """Return the body of a message to 领导小组办公室 about a unit's assignment; it sees no more than any unit may."""
    view = unit_body(work, assignment, reader=LEADING_OFFICE)
    return {**view, "unit": LEADING_OFFICE, "owed": [], "allowed": []}


def case_body_for_office(work: Work) -> dict[str, Any]:
    """Return a message body for a case that has no assignment to speak of."""
    return {
        "assignment_id": None,
        "case_id": work.case.id,
        "unit": LEADING_OFFICE,
        "role": None,
        "owed": [],
        "allowed": [],
        "procedure": work.procedure,
        "round": work.case.round,
        "category": category_view(work),
        "due": {"reply_by": iso(clocks.reply_due(work))},
        "clause": list(work.case.clauses),
        "case": case_view(work, LEADING_OFFICE),
        "co_units": list(work.case.co_units),
        "respond_url": None,
    }


def unit_body(work: Work, assignment: Assignment, reader: str | None = None) -> dict[str, Any]:
    """Return the body every message about an assignment has; ``reader`` is who gets it, if not its own unit."""
    case, reader = work.case, reader or assignment.unit
    ready = ReceiptType.CONSOLIDATED in assignment.owes
    body: dict[str, Any] = {
        "assignment_id": assignment.id,
        "case_id": case.id,
        "unit": assignment.unit,
        "role": assignment.role.value,
        "procedure": case.procedure.value if case.procedure else None,
        "round": case.round,
        "owed": legal_receipts.owed(assignment),
        "allowed": legal_receipts.allowed(work, assignment),
        "category": category_view(work),
        "due": due(work, assignment),
        "clause": list(case.clauses),
        "case": case_view(work, reader),
        "co_units": list(case.co_units),
        "respond_url": f"{work.context.respond_base}/v1/units/{assignment.unit}/assignments/{assignment.id}/receipts",
        "ready_to_consolidate": ready,
    }
    if ReceiptType.PROPOSED_COMPLEX.value in body["allowed"] and (triggers := proposal.view(work)):
        body["complex_triggers"] = triggers
    if missing := reply_form.missing(work, assignment):
        body["missing"] = missing
    if untold := telling.owed_by(work, assignment):
        body["to_tell"] = untold
    if ready and not recusal.shuts_out(work, reader):
        body["opinions"] = secrecy.blank_for(work, reader, opinions_view(work))
        body["contradictions"] = secrecy.blank_for(work, reader, contradictions_view(work))
    return body


def missing_view(work: Work) -> list[dict[str, Any]]:
    """Return what the reply form still lacks, with the unit that owes it."""
    return [piece for assignment in work.active() for piece in reply_form.missing(work, assignment)]


def contradictions_view(work: Work) -> list[dict[str, Any]]:
    """Return where the standing opinions of the round do not agree."""
    return [each.view() for each in agreement.found(work)]


def opinions_view(work: Work) -> list[dict[str, Any]]:
    """Return the standing opinions of the round, as the consolidating unit sees them."""
    return [
        {
            "unit": opinion.unit,
            "role": work.assignments[opinion.assignment_id].role.value,
            "version": opinion.version,
            "conclusion": opinion.body.conclusion.value,
            "text": opinion.body.text,
            "amounts": dict(opinion.body.amounts),
            "period": period_view(opinion.body.period),
            "legal_basis": list(opinion.body.legal_basis),
            "signed_by": opinion.body.signed_by,
            "occurred_at": iso(opinion.occurred_at),
            "late": opinion.late,
        }
        for opinion in work.standing_opinions()
    ]


ASK_PERIOD = "请向缴费人问明费款所属期（起止年月）和险种：改革前后由不同单位负责，问明之前按改革后办理"


def case_view(work: Work, unit: str) -> dict[str, Any]:
    """Return what a unit is told of the matter; a confidential petitioner is left out and blanked."""
    hidden = secrecy.hides_petitioner(work, unit)
    tickets = [] if recusal.shuts_out(work, unit) else list(work.tickets.values())
    return {
        "id": work.case.id,
        "confidential": work.case.confidential,
        "insurance": [kind.value for kind in work.case.insurance],
        "period": work.case.period.value,
        "lead": work.case.lead,
        "accepting_unit": work.case.accepting_unit,
        "tickets": [ticket_view(work, ticket, hidden=hidden) for ticket in tickets],
        "ask": ask_view(work),
        **secrecy.blank_for(work, unit, _elsewhere(work.case)),
    }


def ask_view(work: Work) -> list[str]:
    """Return what the payer has to be asked: which fees it is about, while no ticket says so (reform key)."""
    says = any(ticket.body.period for ticket in work.tickets.values())
    return [] if says or "period_unknown" not in work.case.flags else [ASK_PERIOD]


def _elsewhere(case: Case) -> dict[str, Any]:
    """Return the matters of a mixed ticket and the proceedings it is in already, as units may know them."""
    known = [part for part in case.parts if not part.confidential]
    parts = [{"matter": p.matter, "disposal": p.disposal.value, "suggested": p.suggested} for p in known]
    links = [{"kind": link.kind.value, "reference": link.reference} for link in case.links]
    return {name: listed for name, listed in (("parts", parts), ("links", links)) if listed}


def ticket_view(work: Work, ticket: Ticket, *, hidden: bool) -> dict[str, Any]:
    """Return one ticket's content for a unit, blanked if the petitioners of its case must stay hidden."""
    body = ticket.body
    blank = secrecy.case_blanker(work) if hidden else secrecy.as_is
    view: dict[str, Any] = {
        "feed": ticket.feed,
        "external_id": ticket.external_id,
        "kind": ticket.kind.value,
        "urgency": ticket.urgency.value,
        "received_at": iso(ticket.received_at),
        "revision": ticket.revision,
        "title": blank(body.title),
        "content": blank(body.content),
        "supplements": [blank(text) for text in body.supplements],
        "amount": blank(body.amount) if body.amount else None,
        "attachments": [] if hidden else [_attachment(a) for a in body.attachments],
    }
    if body.period:
        view["fee_period"] = period_view(body.period)
    if body.counterparty:
        view["counterparty"] = {"name": body.counterparty.name, "uscc": body.counterparty.uscc}
    view["petitioner"] = _role_only(body.petitioner) if hidden else _petitioner(body.petitioner)
    return view


def period_view(period: FeePeriod | None) -> dict[str, str | None] | None:
    """Return a fee period as the contract writes it."""
    return {"from": period.start, "to": period.end} if period else None


def _attachment(attachment: Any) -> dict[str, Any]:
    names = ("name", "media_type", "sha256", "url", "content_base64")
    return {name: value for name in names if (value := getattr(attachment, name)) is not None}


def _petitioner(petitioner: Petitioner) -> dict[str, Any]:
    view = {name: getattr(petitioner, name) for name in ("name", "phone", "id_number", "address", "people_count")}
    view["role"] = petitioner.role.value if petitioner.role else None
    return {name: value for name, value in view.items() if value is not None}


def _role_only(petitioner: Petitioner) -> dict[str, Any]:
    view = {"confidential": True, "role": petitioner.role.value if petitioner.role else None}
    return {name: value for name, value in view.items() if value is not None}


def push(work: Work, ticket: Ticket, type_: MessageType, **carries: Any) -> str | None:
    """Queue a push to a ticket's upstream and return its key; None if its feed does not want that type."""
    if not work.context.terms(ticket.feed).wants(type_):
        return None
    serial = work.next_serial()
    body = {
        "type": type_.value,
        "external_id": ticket.external_id,
        "ticket_id": ticket.id,
        "case_id": work.case.id,
        "occurred_at": iso(work.now),
        **carries,
    }
    key = f"{ticket.id}-{type_.value.replace('.', '-')}-{ticket.round}-{serial}"
    work.messages.append(
        Message(
            key=key,
            kind="upstream",
            target=ticket.feed,
            type=type_,
            case_id=work.case.id,
            group=ticket.id,
            serial=serial,
            payload=body,
            ticket_id=ticket.id,
        )
    )
    return key


def push_all(work: Work, type_: MessageType, tickets: Sequence[Ticket] | None = None, **carries: Any) -> None:
    """Queue a push to every upstream that is still owed a reply (or to those of ``tickets``)."""
    for ticket in work.owing_tickets() if tickets is None else tickets:
        push(work, ticket, type_, **carries)


def contact(work: Work, unit: str) -> dict[str, str]:
    """Return whom the payer must reach: ``{unit, person, phone}`` (R23)."""
    known = work.policy.units[unit]
    return {"unit": unit, "person": known.contact_person, "phone": known.contact_phone}
