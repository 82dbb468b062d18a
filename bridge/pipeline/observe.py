"""From what was committed to counters and log lines; nothing is counted that did not happen.

Owns: which event moves which series (contract section 5). Must not: be called before the commit.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from bridge.core.model.event import Event
from bridge.core.model.file import CaseFile, Decision
from bridge.core.vocabulary import CaseState, ReturnReason
from bridge.logs import note_change
from bridge.metrics import Metrics
from bridge.series import NO_CATEGORY

log = structlog.get_logger("bridge.ledger")


class Observer:
    """Counts and logs what was committed."""

    def __init__(self, metrics: Metrics) -> None:
        """Take the series to move."""
        self._metrics = metrics

    def ticket_taken(self, feed: str, lag: timedelta, *, duplicate: bool) -> None:
        """Count a ticket that was answered with 202, ``lag`` after the upstream received it."""
        if duplicate:
            self._metrics.count("intake_duplicates_total", feed=feed)
            return
        self._metrics.count("tickets_accepted_total", feed=feed)
        self._metrics.observe("intake_lag_seconds", max(lag.total_seconds(), 0.0), feed=feed)

    def committed(self, file: CaseFile, decision: Decision) -> None:
        """Count every event of a committed decision, and log them together."""
        for event in decision.events:
            self._count(file, event)
        changed = [_named(event) for event in decision.events]
        if changed and not note_change(file.case.id, changed):
            log.info("case.changed", case_id=file.case.id, changed=changed)

    def _count(self, file: CaseFile, event: Event) -> None:
        detail, count = event.detail, self._metrics.count
        match event.type:
            case "case.classified" if "confidence" in detail:
                category = detail.get("category") or NO_CATEGORY
                count("classifications_total", category=category, outcome=_outcome(file, detail))
            case "assignment.returned":
                reason = detail.get("reason_code", ReturnReason.OTHER.value)
                count("assignments_returned_total", unit=detail["unit"], reason=reason)
            case "opinion.recorded":
                count("opinions_recorded_total", unit=detail["unit"])
            case "deadline.missed":
                count("deadlines_missed_total", kind=detail["kind"], unit=detail["unit"])
            case "reminder.sent":
                count("reminders_sent_total", kind=detail["kind"], unit=detail["unit"], step=detail["step"])
            case "deadline.escalated":
                count("reminders_sent_total", kind=detail["kind"], unit=detail["unit"], step="escalate")
            case "reply.delivered":
                self._reply_delivered(file, event)

    def _reply_delivered(self, file: CaseFile, event: Event) -> None:
        ticket = next(ticket for ticket in file.tickets if ticket.id == event.detail["ticket"])
        self._metrics.count("replies_pushed_total", feed=ticket.feed)
        if not any(ticket.state.value in ("open", "replying") for ticket in file.tickets):
            seconds = (event.occurred_at - file.case.opened_at).total_seconds()
            category = file.case.category or NO_CATEGORY
            self._metrics.observe("case_handling_seconds", max(seconds, 0.0), category=category)


def _named(event: Event) -> str:
    unit = event.detail.get("unit")
    return f"{event.type} {unit}" if unit else event.type


def _outcome(file: CaseFile, detail: dict[str, object]) -> str:
    if detail.get("in_scope") is not True:
        return "out_of_scope"
    return "triage" if file.case.state is CaseState.TRIAGE else "automatic"
