"""A ticket becomes a case: registered first, then classified, routed and dispatched.

Owns: the case file of a new ticket and what happens to it at once. Must not: classify (the rules do).
Source: policy 四(一), R20: registration precedes classification; what cannot be classified waits for a person.
"""

from __future__ import annotations

from collections.abc import Sequence

from bridge.core.assessment import Assessment
from bridge.core.lifecycle import acceptance, clocks, exclusion, moves, proposal, recusal, returning, stages, views
from bridge.core.lifecycle.work import Context, Work
from bridge.core.model.case import Case
from bridge.core.model.file import CaseFile
from bridge.core.model.ticket import Ticket, TicketBody, TicketDraft
from bridge.core.policy import Policy, TicketFacts
from bridge.core.vocabulary import CaseState, ProcedureId, Role, TicketKind, TicketState


def facts_of(feed: str, draft: TicketDraft | Ticket, context: Context) -> TicketFacts:
    """Return what the rules may look at of a request, newly come or registered long ago."""
    terms = context.terms(feed)
    return TicketFacts(
        kind=draft.kind or TicketKind.HELP,
        feed=feed,
        adapter=terms.adapter,
        received_at=draft.received_at,
        body=draft.body,
        accepting_unit=terms.accepting_unit,
        upstream_unit=draft.upstream_unit if terms.honour_upstream_unit else None,
    )


def register(
    feed: str,
    draft: TicketDraft,
    assessment: Assessment,
    context: Context,
    *,
    ticket_id: str,
    case_id: str,
    held: bool = False,
) -> Work:
    """Open the case of a new ticket and take it as far as it goes without a person.

    ``held``: it is about to be merged, so nobody is sent anything.
    """
    work = opened(feed, draft, assessment, context, ticket_id=ticket_id, case_id=case_id)
    if draft.kind is TicketKind.PRAISE:
        _pass_on(work)
    elif held:
        wait_for_person(work, "与已有案件完全相同，自动并案")
    else:
        go(work, assessment)
    views.complete_messages(work)
    return work


def opened(
    feed: str, draft: TicketDraft, assessment: Assessment, context: Context, *, ticket_id: str, case_id: str
) -> Work:
    """Open the case file of a new ticket and start the ticket's clocks (表扬 has none); nobody is asked yet."""
    ticket = _ticket(feed, draft, context, ticket_id, case_id)
    case = _case(ticket, assessment, context, case_id)
    work = Work.on(CaseFile(case=case, tickets=(ticket,)), context)
    work.record("ticket.registered", ticket=ticket.id, feed=feed, kind=ticket.kind.value, at=context.now)
    _record_assessment(work, assessment)
    if ticket.kind is not TicketKind.PRAISE:
        clocks.start_reply(work, ticket, ticket.received_at, ticket.respond_by)
        acceptance.start_notice(work, ticket)
    return work


def _ticket(feed: str, draft: TicketDraft, context: Context, ticket_id: str, case_id: str) -> Ticket:
    return Ticket(
        id=ticket_id,
        case_id=case_id,
        feed=feed,
        external_id=draft.external_id,
        kind=draft.kind or TicketKind.HELP,
        state=TicketState.OPEN,
        received_at=draft.received_at,
        registered_at=context.now,
        body=draft.body,
        digest=draft.digest,
        respond_by=draft.respond_by,
        urgency=draft.urgency,
        upstream_unit=draft.upstream_unit,
    )


def _case(ticket: Ticket, assessment: Assessment, context: Context, case_id: str) -> Case:
    found, route = assessment.classification, assessment.route
    return Case(
        id=case_id,
        state=CaseState.TRIAGE,
        opened_at=context.now,
        updated_at=context.now,
        confidential=is_confidential(context.policy, ticket.kind, ticket.body, found.flags),
        procedure=route.procedure,
        category=found.category,
        second_category=found.second_category,
        insurance=ticket.body.insurance or found.insurance,
        period=found.period,
        flags=found.flags,
        lead=route.lead,
        co_units=tuple(unit for unit in route.co_units if unit != route.lead),
        rules_hash=assessment.rules_hash,
        confidence=found.confidence,
        evidence=found.evidence,
        candidates=found.candidates,
        review_reason=found.review_reason,
        out_reason=found.out_reason,
        clauses=route.clauses,
        route_id=route.route_id,
    )


def is_confidential(policy: Policy, kind: TicketKind, body: TicketBody, flags: Sequence[str]) -> bool:
    """Tell whether a petitioner must stay hidden: by own wish, by the words used, or by the kind of ticket."""
    return body.petitioner.confidential or "confidential" in flags or kind in policy.confidentiality.kinds


def _record_assessment(work: Work, assessment: Assessment) -> None:
    found = assessment.classification
    work.record(
        "case.classified",
        in_scope=found.in_scope,
        category=found.category,
        confidence=round(found.confidence, 3),
        lead=assessment.route.lead,
        procedure=assessment.route.procedure.value if assessment.route.procedure else None,
        insurance=[kind.value for kind in work.case.insurance],
        rules=assessment.rules_hash,
        triggers=[each.id for each in proposal.found(work)],
        evidence=[{"rule": hit.rule, "matched": hit.matched} for hit in found.evidence],
    )


def go(work: Work, assessment: Assessment) -> None:
    """Dispatch, or wait for a person; the unit an upstream addressed is asked even where the rules see no duty."""
    found = assessment.classification
    person = found.review and work.policy.review_enabled
    unasked = work.case.lead is None
    if not found.in_scope and unasked and not work.policy.review_enabled:
        returning.to_upstream(work, "out_of_scope", "不属于社会保险费征缴争议联合处置范围", found.out_reason)
    elif person or unasked:
        wait_for_person(work, found.review_reason or _default_reason(work))
    elif barred := recusal.bar(work, work.case.lead, Role.LEAD):
        exclusion.give_to_office(work, barred.why)
    else:
        _dispatch(work)


def _dispatch(work: Work) -> None:
    co_units = recusal.fit(work, work.case.co_units)
    if work.case.procedure is None or co_units != work.case.co_units:
        work.set_case(co_units=co_units, procedure=ProcedureId.JOINT_GENERAL if co_units else ProcedureId.TRANSFER)
    stages.tell_upstream_lead(work)
    stages.begin(work)


def _default_reason(work: Work) -> str:
    return f"疑似不属本机制：{work.case.out_reason}" if work.case.out_reason else "规则未能确定类别或主办单位"


def wait_for_person(work: Work, reason: str) -> None:
    """Keep what the rules proposed as a proposal; nothing is sent before a person decides."""
    category, lead, co_units = work.case.category, work.case.lead, list(work.case.co_units)
    work.set_case(state=CaseState.TRIAGE, review_reason=reason, lead=None)
    moves.restart_reply_limits(work)
    work.record("case.triaged", reason=reason, category=category, lead=lead, co_units=co_units)


def _pass_on(work: Work) -> None:
    """表扬: registered and passed on, no clock, no reply form (contract section 4)."""
    unit = work.case.lead or clocks.TRIAGE_UNIT
    work.set_case(lead=unit, procedure=ProcedureId.TRANSFER, co_units=(), state=CaseState.ARCHIVED, closed_at=work.now)
    for ticket in list(work.tickets.values()):
        work.set_ticket(ticket, state=TicketState.REPLIED)
    assignment = stages.plan(work, unit, 0)
    stages.pass_on(work, assignment)
    work.record("case.closed", state=CaseState.ARCHIVED.value, kind="praise")
