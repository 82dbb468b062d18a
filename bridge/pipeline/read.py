"""What operators read: one case in full, its history, the list.

Owns: the JSON of ``GET /v1/cases…`` (contract section 3). Must not: change anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from bridge.core import outside
from bridge.core.civil import iso
from bridge.core.lifecycle import (
    extensions,
    legal_actions,
    legal_receipts,
    proposal,
    recusal,
    secrecy,
    sides,
    telling,
    views,
)
from bridge.core.lifecycle.clocks import OPEN
from bridge.core.lifecycle.work import Work
from bridge.core.model.assignment import Assignment
from bridge.core.model.case import Link, Part, PayerNotice
from bridge.core.model.deadline import Deadline
from bridge.core.model.file import CaseFile
from bridge.core.vocabulary import DeadlineStatus
from bridge.errors import NotFound
from bridge.pipeline.commit import load
from bridge.pipeline.queries import CaseQuery
from bridge.pipeline.runtime import Runtime
from bridge.pipeline.similar import similar
from bridge.store.writer import Tx

MAX_PAGE = 500
OUTBOX = ("key", "kind", "target", "type", "case_id", "ticket_id", "assignment_id", "state", "attempts", "reason")


def case(tx: Tx, runtime: Runtime, case_id: str, reader: str | None = None) -> dict[str, Any]:
    """Return a case in full, with the cases that may be about the same matter. Raises NotFound."""
    file = load(tx, runtime, case_id)
    stopped = [_stopped(row) for row in runtime.store.stopped.of_case(tx, case_id)]
    return {**case_view(file, runtime, reader), "similar": similar(tx, runtime, file), "stopped": stopped}


def _stopped(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "created_at": iso(row["created_at"])}


def outbox(tx: Tx, runtime: Runtime, limit: int, equal: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the newest messages of the outbox, without bodies."""
    rows = runtime.store.outbox.listing(tx, limit=limit, **equal)
    times = ("due_at", "created_at", "delivered_at")
    return {
        "messages": [
            {**{name: row[name] for name in OUTBOX}, **{name: iso(row[name]) for name in times}} for row in rows
        ]
    }


def case_view(file: CaseFile, runtime: Runtime, reader: str | None = None) -> dict[str, Any]:
    """Return the JSON of a case file; ``reader`` is the unit whose clerk reads it, if one does."""
    work = Work.on(file, runtime.context())
    shown = file.case
    return {
        "id": shown.id,
        "state": shown.state.value,
        "suspended": shown.suspended,
        "confidential": shown.confidential,
        "procedure": shown.procedure.value if shown.procedure else None,
        "category": shown.category,
        **_category_words(shown.category, runtime),
        "second_category": shown.second_category,
        "insurance": [kind.value for kind in shown.insurance],
        "period": shown.period.value,
        "lead": shown.lead,
        "co_units": list(shown.co_units),
        "accepting_unit": shown.accepting_unit,
        "round": shown.round,
        "opened_at": iso(shown.opened_at),
        "closed_at": iso(shown.closed_at),
        "review_reason": shown.review_reason,
        "recused": recusal.view(work),
        "ask": views.ask_view(work),
        "complex_triggers": proposal.view(work),
        "out_reason": shown.out_reason,
        "confidence": shown.confidence,
        "candidates": [{"category": name, "score": score} for name, score in shown.candidates],
        "evidence": [{"rule": hit.rule, "matched": hit.matched} for hit in shown.evidence],
        "clauses": list(shown.clauses),
        "rules_hash": shown.rules_hash,
        "objection": shown.objection,
        "told_sides": [side.value for side in sides.told_sides(work)],
        "merged_into": shown.merged_into,
        "merged_from": list(dict.fromkeys(came for ticket in file.tickets for came in ticket.came_from)),
        "part_of": shown.part_of,
        "sides": sides_view(work, reader),
        "links": [link_view(link) for link in shown.links],
        "parts": [part_view(part) for part in shown.parts],
        "tickets": [ticket_view(work, ticket) for ticket in file.tickets],
        "assignments": [assignment_view(work, assignment) for assignment in file.assignments],
        "opinions": [opinion_view(opinion) for opinion in file.opinions],
        "contradictions": views.contradictions_view(work),
        "missing": views.missing_view(work),
        "to_tell": telling.view(work),
        "notices": [notice_view(notice) for notice in shown.notices],
        "deadlines": [deadline_view(d) for d in file.deadlines if d.status is not DeadlineStatus.CANCELLED],
        "allowed_actions": legal_actions.allowed(work),
    }


def _category_words(category: str | None, runtime: Runtime) -> dict[str, Any]:
    info = runtime.rules().policy.categories.get(category or "")
    return {"category_number": info.number if info else None, "category_name": info.name if info else None}


def sides_view(work: Work, reader: str | None) -> list[dict[str, Any]]:
    """Return the records of both sides; to a unit that may not know a confidential petitioner, blanked."""
    records = [{**asdict(record), "at": iso(record.at)} for record in sides.records(work)]
    return records if reader is None else secrecy.blank_for(work, reader, records)


def notice_view(notice: PayerNotice) -> dict[str, Any]:
    """Return what the payer had to be told before the answer, with the proof that it was."""
    times = {name: iso(getattr(notice, name)) for name in ("owed_at", "until", "given_at")}
    return {**asdict(notice), "kind": notice.kind.value, **times}


def link_view(link: Link) -> dict[str, Any]:
    """Return another proceeding of the matter, with what the petitioner is told of it."""
    known = {"kind": link.kind.value, "reference": link.reference, "text": outside.link_text(link)}
    return {**known, "at": iso(link.at), "by": link.by}


def part_view(part: Part) -> dict[str, Any]:
    """Return a matter of a split case."""
    return {**asdict(part), "disposal": part.disposal.value}


def ticket_view(work: Work, ticket: Any) -> dict[str, Any]:
    """Return a ticket as operators see it."""
    view = views.ticket_view(work, ticket, hidden=work.case.confidential)
    view.update(
        id=ticket.id,
        state=ticket.state.value,
        round=ticket.round,
        respond_by=iso(ticket.respond_by),
        registered_at=iso(ticket.registered_at),
        upstream_unit=ticket.upstream_unit,
        replies=ticket.replies,
    )
    return view


def assignment_view(work: Work, assignment: Any) -> dict[str, Any]:
    """Return an assignment as operators see it."""
    return {
        "id": assignment.id,
        "unit": assignment.unit,
        "role": assignment.role.value,
        "state": assignment.state.value,
        "round": assignment.round,
        "owed": legal_receipts.owed(assignment),
        "allowed": legal_receipts.allowed(work, assignment),
        "due": views.due(work, assignment),
        "dispatched_at": iso(assignment.dispatched_at),
        "signed_at": iso(assignment.signed_at),
        "opinion_version": assignment.opinion_version,
        "overridden": assignment.overridden,
        "extension": extension_view(work, assignment),
    }


def extension_view(work: Work, assignment: Assignment) -> dict[str, Any] | None:
    """Return the request for more time, if one was made, and how far the limit may still move."""
    asked = assignment.extension
    if asked is None:
        return None
    return {
        "until": iso(asked.until),
        "reason": asked.reason,
        "decision": asked.decision,
        "latest": iso(extensions.latest(work, assignment)),
    }


def opinion_view(opinion: Any) -> dict[str, Any]:
    """Return an opinion as operators see it."""
    return {
        "id": opinion.id,
        "assignment_id": opinion.assignment_id,
        "unit": opinion.unit,
        "kind": opinion.kind.value,
        "version": opinion.version,
        "round": opinion.round,
        "conclusion": opinion.body.conclusion.value,
        "text": opinion.body.text,
        "signed_by": opinion.body.signed_by,
        "amounts": dict(opinion.body.amounts),
        "period": views.period_view(opinion.body.period),
        "note": opinion.body.note,
        "occurred_at": iso(opinion.occurred_at),
        "late": opinion.late,
    }


def deadline_view(deadline: Deadline) -> dict[str, Any]:
    """Return a deadline with every candidate it was computed from."""
    return {
        "id": deadline.id,
        "kind": deadline.kind.value,
        "owner": deadline.owner,
        "unit": deadline.unit,
        "round": deadline.round,
        "status": shown_status(deadline),
        "provisional": deadline.provisional,
        "start_at": iso(deadline.start_at),
        "due_at": iso(deadline.due_at),
        "original_due_at": iso(deadline.original_due_at),
        "next_step": deadline.next_step,
        "next_fire_at": iso(deadline.next_fire_at),
        "calendar": deadline.calendar_version,
        "basis": [
            {"source": b.source, "due_at": iso(b.due_at), "clause": b.clause, "amount": b.amount, "unit": b.unit}
            for b in deadline.basis
        ],
    }


def shown_status(deadline: Deadline) -> str:
    """Return the status as the contract names it: a clock that runs past the calendar and is not late is ``provisional``."""
    if deadline.provisional and deadline.status in OPEN - {DeadlineStatus.OVERDUE}:
        return DeadlineStatus.PROVISIONAL.value
    return deadline.status.value


def history(tx: Tx, runtime: Runtime, case_id: str, reader: str | None = None) -> dict[str, Any]:
    """Return a case's history and whether its chain holds; to a unit's clerk (``reader``) blanked as its messages are.

    Raises NotFound.
    """
    events = runtime.store.history.read(tx, case_id)
    if not events:
        raise NotFound("没有这个案件，请核对编号")
    shown = _details_as_is if reader is None else _blanking(load(tx, runtime, case_id), runtime, reader)
    lines = [
        {
            "seq": event.seq,
            "type": event.type,
            "actor": event.actor,
            "cause": event.cause,
            "occurred_at": iso(event.occurred_at),
            "recorded_at": iso(event.recorded_at),
            "detail": shown(event.detail),
            "hash": event.hash,
        }
        for event in events
    ]
    broken_at = runtime.store.history.first_break(tx, case_id)
    return {"case_id": case_id, "events": lines, "chain_intact": broken_at is None, "broken_at": broken_at}


def _details_as_is(detail: dict[str, Any]) -> dict[str, Any]:
    return detail


def _blanking(file: CaseFile, runtime: Runtime, reader: str) -> Callable[[dict[str, Any]], Any]:
    """Return what blanks a confidential petitioner out of a line of the history for a unit."""
    work = Work.on(file, runtime.context())
    return lambda detail: secrecy.blank_for(work, reader, detail)


def cases(tx: Tx, runtime: Runtime, query: CaseQuery) -> dict[str, Any]:
    """Return a page of cases and the cursor of the next."""
    limit = max(1, min(query.limit, MAX_PAGE))
    rows = runtime.store.queries.cases(tx, replace(query, limit=limit))
    page, more = rows[:limit], len(rows) > limit
    last = page[-1]["id"] if more else None
    page = _shown_to(tx, runtime, query.reader, page)
    tickets: dict[str, list[dict[str, Any]]] = {}
    for ticket in runtime.store.queries.tickets_of(tx, [row["id"] for row in page]):
        received = iso(ticket.pop("received_at"))
        tickets.setdefault(ticket.pop("case_id"), []).append({**ticket, "received_at": received})
    listed = [_listed(row, tickets.get(row["id"], []), runtime) for row in page]
    return {"cases": listed, "next": last}


def _shown_to(tx: Tx, runtime: Runtime, unit: str | None, page: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what a clerk's unit must have no part in: a report of itself that once was given to it."""
    if unit is None:
        return page
    taken = set(runtime.store.queries.taken_from(tx, unit, [row["id"] for row in page]))
    context = runtime.context()
    hidden = {id_ for id_ in taken if recusal.shuts_out(Work.on(load(tx, runtime, id_), context), unit)}
    return [row for row in page if row["id"] not in hidden]


def _listed(row: dict[str, Any], tickets: list[dict[str, Any]], runtime: Runtime) -> dict[str, Any]:
    times = {name: iso(row[name]) for name in ("opened_at", "updated_at", "closed_at")}
    return {**row, **times, **_category_words(row["category"], runtime), "tickets": tickets}
