"""What the handlers are given: the service, the adapters, the rules of the moment, the ports.

Owns: the :class:`Service` protocol, the seam between HTTP and the pipeline. Must not: hold logic.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web

from bridge.core.commands import OperatorAction, UnitReceipt, UpstreamEvent
from bridge.core.model.event import Actor
from bridge.core.model.ticket import TicketDraft
from bridge.core.policy import Rules
from bridge.documents.desk import Desk
from bridge.errors import BridgeError
from bridge.metrics import Metrics
from bridge.pipeline.daybook import Daybook
from bridge.pipeline.inbound import Answer, Inbound
from bridge.pipeline.queries import CaseQuery
from bridge.pipeline.tokens import Operator
from bridge.ports import Ports
from bridge.registry import Registry
from bridge.settings import Web


class Service(Protocol):
    """The use cases. Each raises an :class:`~bridge.errors.IntakeError`, ``IllegalTransition`` or ``Unavailable``."""

    async def accept_ticket(self, feed: str, draft: TicketDraft, inbound: Inbound | None) -> Answer:
        """Register a ticket; answers after the commit."""

    async def begin_lines(self, feed: str, drafts: Sequence[TicketDraft]) -> Awaitable[list[Answer | BridgeError]]:
        """Begin to register lines of a batch; what is returned is waited for to have their answers, or why not."""

    async def accept_event(self, feed: str, event: UpstreamEvent, inbound: Inbound | None) -> Answer:
        """Apply an upstream's event."""

    async def accept_receipt(
        self, unit_id: str, assignment_id: str, receipt: UnitReceipt, inbound: Inbound | None
    ) -> Answer:
        """Apply a unit's receipt."""

    async def replay(self, inbound: Inbound) -> Answer | None:
        """Return the first answer to a webhook id; raises ReplayConflict for another body."""

    async def remember(self, inbound: Inbound, answer: Answer) -> None:
        """Keep the answer to a webhook id whose parts were executed one by one (a batch)."""

    async def act(self, case_id: str, action: OperatorAction, actor: Actor, unit_id: str | None) -> Answer:
        """Apply an operator's action; ``unit_id`` bounds a clerk."""

    async def register(self, unit: str, draft: TicketDraft, actor: Actor) -> Answer:
        """Register at a unit's counter."""

    async def updates(self, feed: str, after: str | None, limit: int) -> dict[str, Any]:
        """Return what waits for an upstream that pulls."""

    async def messages(self, unit_id: str, after: str | None, limit: int) -> dict[str, Any]:
        """Return what waits for a unit that pulls."""

    async def cases(self, query: CaseQuery) -> dict[str, Any]:
        """List cases."""

    async def case(self, case_id: str, reader: str | None = None) -> dict[str, Any]:
        """Return one case, as the clerk of a unit (``reader``) or anybody may see it."""

    async def history(self, case_id: str, reader: str | None = None) -> dict[str, Any]:
        """Return one case's history."""

    async def daybook(self, reader: str | None, *, reveal: bool) -> Daybook:
        """Return the daily 台账."""

    async def outbox(self, limit: int, **equal: str | None) -> dict[str, Any]:
        """Return the newest messages of the outbox, without bodies."""

    async def assessment(self, first: str | None, last: str | None, group: str | None) -> dict[str, Any]:
        """Return the assessment of a span of days."""

    async def hotspots(self, first: str | None, last: str | None) -> dict[str, Any]:
        """Return repeated and stuck matters of a span of days."""

    async def authenticate(self, token: str) -> Operator:
        """Return whose token this is."""

    async def readiness(self) -> list[str]:
        """Return what is not ready, in Chinese; empty means ready."""

    def warnings(self) -> list[str]:
        """Return what a person should look at although the process is ready, in Chinese."""


@dataclass(frozen=True)
class WebContext:
    """Everything a handler may use. ``before_scrape`` brings gauges up to date, ``draining`` tells that the end is near."""

    service: Service
    desk: Desk
    registry: Registry
    rules: Callable[[], Rules]
    ports: Ports
    metrics: Metrics
    limits: Web = field(default_factory=Web)
    before_scrape: Callable[[], Awaitable[None]] | None = None
    draining: Callable[[], bool] = lambda: False


CONTEXT: web.AppKey[WebContext] = web.AppKey("context", WebContext)


def context_of(request: web.Request) -> WebContext:
    """Return the context of the application that serves a request."""
    return request.app[CONTEXT]
