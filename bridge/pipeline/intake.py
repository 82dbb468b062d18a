"""Tickets and events of upstreams, each in one unit of work.

Owns: idempotency by (feed, external id) and by webhook-id, revisions, registration before classification.
Must not: parse or verify (adapters do). Source: contract section 3, "Upstream"; R20.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from bridge.core.assessment import Assessment, Classification, Route
from bridge.core.commands import UpstreamEvent
from bridge.core.lifecycle import decide
from bridge.core.lifecycle.register import facts_of, register
from bridge.core.lifecycle.work import Context
from bridge.core.model.event import SYSTEM, Actor
from bridge.core.model.ticket import TicketDraft
from bridge.errors import NotFound
from bridge.pipeline import matters, similar
from bridge.pipeline.commit import Committed, load_with, write
from bridge.pipeline.inbound import Answer, Inbound
from bridge.pipeline.runtime import Runtime
from bridge.store.tickets import KnownTicket
from bridge.store.writer import Phases, Tx, whole

log = structlog.get_logger(__name__)
ACCEPTED = 202


@dataclass(frozen=True, slots=True)
class Taken:
    """An answer, and what changed (None for a duplicate or a replay)."""

    answer: Answer
    committed: Committed | None = None


def assess(feed: str, draft: TicketDraft, context: Context) -> Assessment:
    """Classify and route a draft; a classifier that fails leaves the ticket to a person, never loses it."""
    try:
        return context.rules.assess(facts_of(feed, draft, context))
    except Exception:
        log.exception("classification.failed", feed=feed)
        unknown = Classification(in_scope=True, review=True, review_reason="自动分类出错，请人工分派")
        return Assessment(unknown, Route(None), context.policy.hash)


def accept_ticket(
    tx: Tx,
    runtime: Runtime,
    feed: str,
    draft: TicketDraft,
    assessment: Assessment,
    *,
    actor: Actor,
    inbound: Inbound | None,
) -> Phases[Taken]:
    """Register a ticket, or recognise it: the same content is a duplicate, other content a revision."""
    if inbound is not None and (first := runtime.store.inbound.first_answer(tx, inbound)):
        return Taken(first)
    known = runtime.store.tickets.known(tx, feed, draft.external_id)
    context = runtime.context(actor, inbound.webhook_id if inbound else f"ticket:{draft.external_id}")
    if known is not None:
        taken = _recognise(tx, runtime, known, draft, context)
    elif similar.may_have_twin(draft, context):
        taken = whole(_register(tx, runtime, feed, draft, assessment, context))
    else:
        taken = yield from _register(tx, runtime, feed, draft, assessment, context)
    if inbound is not None:
        runtime.store.inbound.remember(tx, inbound, taken.answer, runtime.wall())
    return taken


def _register(
    tx: Tx, runtime: Runtime, feed: str, draft: TicketDraft, assessment: Assessment, context: Context
) -> Phases[Taken]:
    """Open a new case, or join another; whoever may have a twin runs every phase at once, so that no twin is overlooked."""
    ids = runtime.ports.ids
    ticket_id, case_id = ids.new("t"), ids.new("c")
    twin = similar.twin(tx, runtime, draft, context)
    held = twin is not None
    yield
    work = register(feed, draft, assessment, context, ticket_id=ticket_id, case_id=case_id, held=held)
    yield
    committed = write(tx, runtime, None, work.decision())
    yield
    runtime.store.similar.keep(tx, committed.file.tickets[0])
    runtime.store.tickets.keep_raw(tx, ticket_id, 1, draft.raw, runtime.wall())
    if twin is not None:
        merged = matters.merge(tx, runtime, committed.file, twin, similar.MERGE, replace(context, actor=SYSTEM))
        committed = replace(merged, also=(committed, *merged.also))
    return Taken(_answer(ticket_id, case_id, 1, duplicate=False), committed)


def _recognise(tx: Tx, runtime: Runtime, known: KnownTicket, draft: TicketDraft, context: Context) -> Taken:
    file = load_with(tx, runtime, known.case_id, known.id)
    ticket = next(ticket for ticket in file.tickets if ticket.id == known.id)
    if draft.digest == ticket.digest.split("+")[0]:
        return Taken(_answer(known.id, ticket.home, ticket.revision, duplicate=True))
    work = decide.revise(file, known.id, draft, context)
    committed = write(tx, runtime, file, work.decision())
    runtime.store.similar.keep(tx, work.tickets[known.id])
    revision = ticket.revision + 1
    runtime.store.tickets.keep_raw(tx, known.id, revision, draft.raw, runtime.wall())
    return Taken(_answer(known.id, ticket.home, revision, duplicate=True), committed)


def _answer(ticket_id: str, case_id: str, revision: int, *, duplicate: bool) -> Answer:
    body = {"ticket_id": ticket_id, "case_id": case_id, "duplicate": duplicate, "revision": revision}
    return Answer(ACCEPTED, body)


def accept_event(
    tx: Tx, runtime: Runtime, feed: str, event: UpstreamEvent, *, actor: Actor, inbound: Inbound | None
) -> Taken:
    """Apply an upstream's event. Raises NotFound for an unknown ticket, IllegalTransition if not possible now."""
    if inbound is not None and (first := runtime.store.inbound.first_answer(tx, inbound)):
        return Taken(first)
    known = runtime.store.tickets.known(tx, feed, event.external_id)
    if known is None:
        raise NotFound("没有这个工单，请核对 external_id")
    context = runtime.context(actor, inbound.webhook_id if inbound else f"event:{event.type.value}")
    file = load_with(tx, runtime, known.case_id, known.id)
    committed = write(tx, runtime, file, decide.hear(file, known.id, event, context).decision())
    answer = Answer(ACCEPTED, {"ticket_id": known.id, "case_id": file.case.id})
    if inbound is not None:
        runtime.store.inbound.remember(tx, inbound, answer, runtime.wall())
    return Taken(answer, committed)
