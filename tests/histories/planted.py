"""Mistakes planted into the real core, one at a time, to see whether the random histories find them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bridge.core.lifecycle import clocks, matters, moves, stages, views
from bridge.core.lifecycle.work import Work
from bridge.core.model.deadline import Deadline
from bridge.core.model.ticket import Ticket
from bridge.core.vocabulary import CaseState, DeadlineKind

Plant = Callable[[pytest.MonkeyPatch], None]


def replies_without_waiting(patch: pytest.MonkeyPatch) -> None:
    """A stage is taken for done as soon as one opinion is in."""
    missing = stages.opinions_missing

    def one_is_enough(work: Work) -> list[Any]:
        return [] if work.standing_opinions() else missing(work)

    patch.setattr(stages, "opinions_missing", one_is_enough)


def starts_the_reply_clock_anew(patch: pytest.MonkeyPatch) -> None:
    """A change of lead lets the reply run from now."""
    restart = moves.restart_reply_limits

    def anew(work: Work) -> None:
        restart(work)
        for ticket in work.owing_tickets():
            clock = work.clock_of(ticket.id, DeadlineKind.REPLY)
            if clock is not None and clock.status in clocks.OPEN:
                work.set_deadline(clock, start_at=work.now)

    patch.setattr(moves, "restart_reply_limits", anew)


def numbers_nothing(patch: pytest.MonkeyPatch) -> None:
    """Two pushes of one kind to a ticket get the same key."""
    push = views.push

    def unnumbered(work: Work, ticket: Ticket, type_: Any, **carries: Any) -> str | None:
        key = push(work, ticket, type_, **carries)
        if key is not None:
            work.messages[-1] = replace(work.messages[-1], key=key.rpartition("-")[0])
        return key

    patch.setattr(views, "push", unnumbered)


def forgets_a_clock_in_a_merge(patch: pytest.MonkeyPatch) -> None:
    """The clocks of a ticket stay behind when it moves."""
    take_out = matters._take_out

    def without(work: Work, tickets: Any) -> tuple[list[Ticket], list[Deadline]]:
        return take_out(work, tickets)[0], []

    patch.setattr(matters, "_take_out", without)


def lets_an_ended_case_run(patch: pytest.MonkeyPatch) -> None:
    """A case that is over keeps its clocks."""
    from bridge.core.lifecycle import replying

    def end(work: Work, state: CaseState) -> None:
        work.set_case(state=state, closed_at=work.now)

    patch.setattr(replying, "end", end)


PLANTS: list[Plant] = [
    replies_without_waiting,
    starts_the_reply_clock_anew,
    numbers_nothing,
    forgets_a_clock_in_a_merge,
    lets_an_ended_case_run,
]
