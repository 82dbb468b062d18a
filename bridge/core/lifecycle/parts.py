"""Mixed tickets and matters that are elsewhere already: splitting a case, opening the parts' own cases, linking.

Owns: what a split leaves here, what it sends back, what it opens anew; what a link does. Must not: write sentences
(``core.outside`` does). Source: contract section 3, ``split``, ``link``; domain A11, A12.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from bridge.core import outside
from bridge.core.assessment import Assessment, Classification, Route
from bridge.core.commands import OperatorAction, PartDraft
from bridge.core.lifecycle import clocks, legal_actions, replying, routing_by_hand, stages, views
from bridge.core.lifecycle.register import register
from bridge.core.lifecycle.work import Context, Work
from bridge.core.model.case import Link, Part
from bridge.core.model.file import CaseFile
from bridge.core.model.ticket import Ticket, TicketDraft
from bridge.core.vocabulary import CaseState, LinkKind, MessageType, PartDisposal, TicketState
from bridge.errors import IllegalTransition, InvalidPayload, Problem

FEED = f"counter.{clocks.TRIAGE_UNIT}"
"""Parts with a case of their own are registered at the hub's counter: no system waits for their reply but our case."""

_ANSWERED = frozenset({CaseState.REPLYING, CaseState.REPLIED, CaseState.CLOSED_CONSULT, CaseState.CLOSED_REMEDY_TOLD})

Ids = tuple[str, str]
"""Ticket id and case id."""


def apart(action: OperatorAction) -> list[PartDraft]:
    """Return the parts that get a case of their own."""
    return [part for part in action.parts if part.disposal is PartDisposal.APART]


def split(work: Work, action: OperatorAction, ids: Sequence[Ids]) -> list[Work]:
    """Split a case into its matters; returns the new cases, one for each of ``apart``, with these ids."""
    if work.case.parts:
        raise IllegalTransition("本案已经拆分过，不能再次拆分", allowed_actions=legal_actions.allowed(work))
    legal_actions.require(work, action.action)
    _check(work, action.parts)
    opened, own = [], iter(ids)
    parts: list[Part] = []
    for number, draft in enumerate(action.parts):
        part = Part(draft.matter, draft.disposal, draft.suggested, confidential=draft.confidential)
        if draft.disposal is PartDisposal.APART:
            opened.append(_open(work, draft, f"parts[{number}]", next(own)))
            part = replace(part, case_id=opened[-1].case.id)
        parts.append(part)
    work.set_case(parts=tuple(parts))
    work.record("case.split", parts=[_recorded(part) for part in parts], reason=action.reason)
    views.push_all(work, MessageType.TICKET_PROGRESS, text=outside.split_text(parts))
    return opened


def _recorded(part: Part) -> dict[str, str | None]:
    """Return a part as the history shows it, which clerks of the units read too."""
    matter = "（保密事项）" if part.confidential else part.matter
    return {"matter": matter, "disposal": part.disposal.value, "to": part.suggested or part.case_id}


def _check(work: Work, parts: Sequence[PartDraft]) -> None:
    problems = []
    if not any(part.disposal is PartDisposal.HERE for part in parts):
        problems.append(Problem("parts", "至少一个事项留在本案（here）；全部不属本机制的请用 return_upstream"))
    if len(parts) < 2:  # noqa: PLR2004 - one part is no split
        problems.append(Problem("parts", "拆分至少要有两个事项"))
    names = [part.matter for part in parts]
    problems += [Problem(f"parts[{n}].matter", "与前面的事项重复") for n, m in enumerate(names) if m in names[:n]]
    categories = work.policy.categories
    for number, part in enumerate(parts):
        if part.disposal is PartDisposal.APART and part.category not in categories:
            problems.append(Problem(f"parts[{number}].category", "另案办理的事项须写明十类争议事项之一"))
        if part.disposal is PartDisposal.OUTSIDE and not part.suggested:
            problems.append(Problem(f"parts[{number}].suggested", "不属本机制的事项须写明去向"))
    if problems:
        raise InvalidPayload(problems)


def _open(work: Work, part: PartDraft, path: str, ids: Ids) -> Work:
    """Open the case of a part: the petitioner's words, received when the ticket was, registered at the hub."""
    ticket = next(iter(work.owing_tickets() or work.tickets.values()))
    route = work.context.rules.route(part.category or "", routing_by_hand.route_facts(work))
    lead = routing_by_hand.member(work, part.lead, f"{path}.lead").id if part.lead else route.lead
    if lead is None:
        raise InvalidPayload([Problem(f"{path}.lead", "规则没有给出主办单位，请指定 lead")])
    chosen = route.co_units if part.co_units is None else part.co_units
    co_units = tuple(routing_by_hand.member(work, u, f"{path}.co_units").id for u in chosen if u != lead)
    procedure = routing_by_hand.fitting(co_units) if part.lead or part.co_units is not None else route.procedure
    found = Classification(
        in_scope=True, category=part.category, confidence=1.0, insurance=work.case.insurance,
        period=work.case.period, flags=work.case.flags,
    )  # fmt: skip
    assessment = Assessment(found, Route(lead, co_units, procedure, route.clauses, route.route_id), work.policy.hash)
    opened = register(FEED, _draft(ticket, part, ids[0]), assessment, work.context, ticket_id=ids[0], case_id=ids[1])
    opened.set_case(part_of=work.case.id)
    return opened


def _draft(ticket: Ticket, part: PartDraft, external_id: str) -> TicketDraft:
    body, words = ticket.body, part.text or ticket.body.content
    petitioner = replace(body.petitioner, confidential=body.petitioner.confidential or part.confidential)
    return TicketDraft(
        external_id=external_id,
        received_at=ticket.received_at,
        kind=ticket.kind,
        body=replace(
            body, title=part.matter, content=words, petitioner=petitioner, related_external_ids=(ticket.external_id,),
        ),
        raw=words.encode(),
        digest=hashlib.sha256(words.encode()).hexdigest(),
        respond_by=ticket.respond_by,
        urgency=ticket.urgency,
    )  # fmt: skip


def answered(file: CaseFile, case_id: str, text: str, context: Context) -> Work:
    """A part's own case was answered: the reply says so, or, if it has left already, a supplement does."""
    work = Work.on(file, context)
    parts = [replace(part, answer=text) if part.case_id == case_id else part for part in work.case.parts]
    work.set_case(parts=tuple(parts))
    work.record("part.answered", case=case_id)
    final = stages.final_opinion(work)
    if final is not None and work.case.state in _ANSWERED:
        replying.send(work, final)
    elif work.case.state is CaseState.ARCHIVED:
        told = [ticket for ticket in work.tickets.values() if ticket.state is TicketState.REPLIED]
        views.push_all(work, MessageType.TICKET_PROGRESS, told, text=text)
    views.complete_messages(work)
    return work


def link(work: Work, action: OperatorAction) -> None:
    """Note that the matter is in another proceeding; the payer is told, and every reply will say so."""
    legal_actions.require(work, action.action)
    noted = Link(LinkKind(action.kind or ""), action.reference or "", action.at, action.by)
    if any((known.kind, known.reference) == (noted.kind, noted.reference) for known in work.case.links):
        raise InvalidPayload([Problem("reference", "已经关联过这个编号")])
    work.set_case(links=(*work.case.links, noted))
    work.record(
        "case.linked", at=noted.at, kind=noted.kind.value, reference=noted.reference, by=noted.by, reason=action.reason
    )
    views.push_all(work, MessageType.TICKET_PROGRESS, text=outside.link_text(noted))
