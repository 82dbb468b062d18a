"""The asynchronous front of the pipeline: every use case as one awaitable.

Owns: running use cases as units of work, waking the delivery, telling the observer what was committed.
Must not: hold SQL or decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from bridge.core.assessment import Assessment
from bridge.core.commands import OperatorAction, UnitReceipt, UpstreamEvent
from bridge.core.lifecycle.recount import Recounted
from bridge.core.lifecycle.takeover import PaperCase
from bridge.core.model.event import Actor
from bridge.core.model.ticket import TicketDraft
from bridge.core.policy import Rules
from bridge.errors import BridgeError, NotFound, Unavailable
from bridge.patience import Patience
from bridge.pipeline import (
    daybook,
    deadlines,
    examples,
    forecast,
    intake,
    operate,
    read,
    receipts,
    recount,
    reports,
    settle,
    stopped,
    takeover,
)
from bridge.pipeline.commit import Committed
from bridge.pipeline.daybook import Daybook
from bridge.pipeline.forecast import Foreseen
from bridge.pipeline.inbound import Answer, Inbound
from bridge.pipeline.intake import Taken
from bridge.pipeline.observe import Observer
from bridge.pipeline.queries import CaseQuery
from bridge.pipeline.runtime import Runtime
from bridge.pipeline.takeover import TakenOver
from bridge.pipeline.tokens import Operator, authenticate
from bridge.rules.backtest import Sample
from bridge.store.ahead import Question
from bridge.store.periods import Place
from bridge.store.queries import DueStep
from bridge.store.stopped import Choice
from bridge.store.tickets import OwnTicket
from bridge.store.writer import Phases, Tx

log = structlog.get_logger(__name__)

IN_A_ROW = 8
"""Lines of a batch that are classified before the loop does something else."""

StoppedDecision = Callable[[Tx, Runtime, Sequence[str], Actor, str | None], list[dict[str, Any]]]


@dataclass
class Service:
    """What web, CLI and loops call. ``wake`` tells the delivery that there may be something to send.

    ``readiness_checks`` say why this process is not ready, ``warning_checks`` what a person should look at all the same.
    """

    runtime: Runtime
    observer: Observer
    wake: Callable[[], None] = lambda: None
    readiness_checks: list[Callable[[], list[str]]] = field(default_factory=list)
    warning_checks: list[Callable[[], list[str]]] = field(default_factory=list)
    patience: Patience[object] = field(default_factory=Patience)

    async def accept_ticket(self, feed: str, draft: TicketDraft, inbound: Inbound | None) -> Answer:
        """Take a ticket of an upstream; 202 once it is durable."""
        return await self._accept_ticket(feed, draft, inbound, Actor("upstream", feed))

    async def begin_lines(self, feed: str, drafts: Sequence[TicketDraft]) -> asyncio.Task[list[Answer | BridgeError]]:
        """Classify lines of a batch in a row and hand them to the writer together; their answers come once they are durable.

        They are classified while the writer waits for the disk. Lines begun later are registered later; if nobody waits for
        the answers any more, the lines are registered all the same.
        """
        actor, assessments = Actor("upstream", feed), []
        for number, draft in enumerate(drafts):
            if number % IN_A_ROW == 0:
                await self.runtime.store.lull()
            assessments.append(intake.assess(feed, draft, self.runtime.context(actor)))
        begun = [self._begin(feed, *each, None, actor) for each in zip(drafts, assessments, strict=True)]
        return asyncio.create_task(self._answers(feed, drafts, begun))

    async def _answers(
        self, feed: str, drafts: Sequence[TicketDraft], begun: Sequence[asyncio.Future[Taken]]
    ) -> list[Answer | BridgeError]:
        answers: list[Answer | BridgeError] = []
        for draft, future in zip(drafts, begun, strict=True):
            try:
                answers.append(self._took(feed, draft, await future))
            except BridgeError as refusal:
                answers.append(refusal)
        return answers

    async def register(self, unit: str, draft: TicketDraft, actor: Actor) -> Answer:
        """Register a visit or call at a unit's counter (feed ``counter.<unit>``)."""
        if unit not in self.runtime.rules().policy.units:
            raise NotFound("没有这个单位，请核对 unit")
        return await self._accept_ticket(f"counter.{unit}", draft, None, actor)

    async def _accept_ticket(self, feed: str, draft: TicketDraft, inbound: Inbound | None, actor: Actor) -> Answer:
        await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop: tickets that came together are classified in a row
        assessment = intake.assess(feed, draft, self.runtime.context(actor))
        return self._took(feed, draft, await self._begin(feed, draft, assessment, inbound, actor))

    def _begin(
        self, feed: str, draft: TicketDraft, assessment: Assessment, inbound: Inbound | None, actor: Actor
    ) -> asyncio.Future[Taken]:
        def unit(tx: Tx) -> Phases[Taken]:
            return intake.accept_ticket(tx, self.runtime, feed, draft, assessment, actor=actor, inbound=inbound)

        ahead = [self.runtime.store.tickets.question(feed, draft.external_id), *self._ask_ahead(inbound)]
        return self.runtime.store.submit(unit, f"{feed}:{draft.external_id}", ahead=ahead)

    def _took(self, feed: str, draft: TicketDraft, taken: Taken) -> Answer:
        self.after(taken.committed)
        if not taken.answer.replayed:
            lag = self.runtime.now() - draft.received_at
            self.observer.ticket_taken(feed, lag, duplicate=taken.answer.body["duplicate"])
        return taken.answer

    async def accept_event(self, feed: str, event: UpstreamEvent, inbound: Inbound | None) -> Answer:
        """Take an upstream's event."""

        def unit(tx: Tx) -> Taken:
            actor = Actor("upstream", feed)
            return intake.accept_event(tx, self.runtime, feed, event, actor=actor, inbound=inbound)

        return self._answer(await self.runtime.store.write(unit))

    async def accept_receipt(
        self, unit_id: str, assignment_id: str, receipt: UnitReceipt, inbound: Inbound | None
    ) -> Answer:
        """Take a unit's receipt."""

        def unit(tx: Tx) -> Phases[Taken]:
            actor = Actor("unit", unit_id)
            return receipts.accept_receipt(
                tx, self.runtime, unit_id, assignment_id, receipt, actor=actor, inbound=inbound
            )

        case_id = receipts.case_of(assignment_id)
        ahead = [self.runtime.store.cases.question(case_id), *self._ask_ahead(inbound)]
        return self._answer(await self.runtime.store.submit(unit, case_id, ahead=ahead))

    def _ask_ahead(self, inbound: Inbound | None) -> list[Question]:
        return [] if inbound is None else [self.runtime.store.inbound.question(inbound)]

    async def replay(self, inbound: Inbound) -> Answer | None:
        """Return the first answer to a webhook-id. Raises ReplayConflict for another body."""
        return await self.runtime.store.read(lambda tx: self.runtime.store.inbound.first_answer(tx, inbound))

    async def remember(self, inbound: Inbound, answer: Answer) -> None:
        """Keep the answer to a batch, whose lines were committed one by one; somebody else's answer stands."""

        def unit(tx: Tx) -> None:
            if self.runtime.store.inbound.first_answer(tx, inbound) is None:
                self.runtime.store.inbound.remember(tx, inbound, answer, self.runtime.wall())

        await self.runtime.store.write(unit)

    async def act(self, case_id: str, action: OperatorAction, actor: Actor, unit_id: str | None) -> Answer:
        """Apply an operator's action; the answer is the case."""

        def unit(tx: Tx) -> Committed:
            return operate.act(tx, self.runtime, case_id, action, actor, unit_id)

        committed = await self.runtime.store.write(unit, key=case_id)
        self.after(committed)
        return Answer(200, read.case_view(committed.file, self.runtime, unit_id))

    async def updates(self, feed: str, after: str | None, limit: int) -> dict[str, Any]:
        """Return what an upstream that pulls has not acknowledged yet."""
        return await self._fetch("upstream", feed, after, limit, "updates")

    async def messages(self, unit_id: str, after: str | None, limit: int) -> dict[str, Any]:
        """Return what a unit that pulls has not acknowledged yet."""
        return await self._fetch("unit", unit_id, after, limit, "messages")

    async def _fetch(self, kind: str, target: str, after: str | None, limit: int, name: str) -> dict[str, Any]:
        if self.runtime.shadow:
            return {name: [], "cursor": after}

        def unit(tx: Tx) -> tuple[dict[str, Any], list[Committed]]:
            fetched = self.runtime.store.pulling.fetch(tx, kind, target, after, limit, self.runtime.wall())
            done = [
                settle.reply_arrived(tx, self.runtime, a.type, a.case_id, a.ticket_id, a.key)
                for a in fetched.acknowledged
            ]
            return {name: fetched.bodies, "cursor": fetched.cursor}, [each for each in done if each]

        body, done = await self.runtime.store.write(unit, key=f"{kind}:{target}")
        for committed in done:
            self.after(committed)
        return body

    async def daybook(self, reader: str | None, *, reveal: bool) -> Daybook:
        """Return the daily 台账: every open case, or those of a unit as it may see them."""
        return await daybook.daybook(self.runtime, reader, reveal=reveal)

    async def tickets_of(self, feed: str) -> list[OwnTicket]:
        """Return every ticket of a feed as the reconciliation sees it."""
        return await self.runtime.store.read(lambda tx: self.runtime.store.tickets.of_feed(tx, feed))

    async def take_over(self, feed: str, paper: PaperCase, actor: Actor, *, held: bool, dry: bool) -> TakenOver:
        """Take an open case of the county's 台账 over. Raises InvalidPayload, IllegalTransition."""

        def unit(tx: Tx) -> TakenOver:
            return takeover.accept(tx, self.runtime, feed, paper, actor, held=held, dry=dry)

        store = self.runtime.store
        return await (store.read(unit) if dry else store.write(unit, key=f"{feed}:{paper.draft.external_id}"))

    async def stopped(self, choice: Choice) -> list[str]:
        """Return the keys of the messages that wait for a person, as chosen."""
        return await self.runtime.store.read(lambda tx: self.runtime.store.stopped.keys(tx, choice))

    async def settle_stopped(
        self, decision: StoppedDecision, keys: Sequence[str], actor: Actor, note: str | None
    ) -> list[dict[str, Any]]:
        """Apply what a person decided (``stopped.resend``, ``drop`` or ``by_hand``) to a batch of messages."""
        rows = await self.runtime.store.write(lambda tx: decision(tx, self.runtime, keys, actor, note))
        self.wake()
        return rows

    async def message_body(self, key: str) -> str:
        """Return a message's body for a person to correct. Raises NotFound."""
        return await self.runtime.store.read(lambda tx: stopped.body_of(tx, self.runtime, key))

    async def edit_message(self, key: str, text: bytes, actor: Actor, note: str | None) -> list[str]:
        """Correct a stopped message's body; returns what changed. Raises NotFound, InvalidPayload, IllegalTransition."""
        return await self.runtime.store.write(lambda tx: stopped.edit(tx, self.runtime, key, text, actor, note))

    async def outbox(self, limit: int, **equal: str | None) -> dict[str, Any]:
        """Return the newest messages of the outbox, without bodies; ``equal`` are columns and what they hold."""
        return await self.runtime.store.read(lambda tx: read.outbox(tx, self.runtime, limit, equal))

    async def foresee(self, until: datetime, after: str) -> tuple[list[Foreseen], str | None]:
        """Return what the clocks of the next hundred cases would do by ``until`` if nobody acted; nothing is written."""
        return await self.runtime.store.read(lambda tx: forecast.page(tx, self.runtime, until, after))

    async def recountable(self, rules: Rules, after: str) -> tuple[list[Recounted], str | None]:
        """Return the open limits of the next hundred cases that these rules' calendar would change; nothing is written."""
        return await self.runtime.store.read(lambda tx: recount.page(tx, self.runtime, rules, after))

    async def recount(self, case_id: str) -> None:
        """Count a case's open limits again by the calendar of the moment."""

        def unit(tx: Tx) -> Committed | None:
            return recount.recount(tx, self.runtime, case_id)

        self.after(await self.runtime.store.write(unit, key=case_id))

    async def examples(self, since: datetime, after: Place | None) -> tuple[list[Sample], Place | None]:
        """Return the next tickets registered since an instant as the rules see them, with what people made of them."""
        return await self.runtime.store.read(lambda tx: examples.page(tx, self.runtime, since, after))

    async def cases(self, query: CaseQuery) -> dict[str, Any]:
        """Return a page of cases."""
        return await self.runtime.store.read(lambda tx: read.cases(tx, self.runtime, query))

    async def case(self, case_id: str, reader: str | None = None) -> dict[str, Any]:
        """Return a case in full, as the clerk of a unit (``reader``) or anybody may see it. Raises NotFound."""
        return await self.runtime.store.read(lambda tx: read.case(tx, self.runtime, case_id, reader))

    async def history(self, case_id: str, reader: str | None = None) -> dict[str, Any]:
        """Return a case's history, as the clerk of a unit (``reader``) or anybody may see it. Raises NotFound."""
        return await self.runtime.store.read(lambda tx: read.history(tx, self.runtime, case_id, reader))

    async def assessment(self, first: str | None, last: str | None, group: str | None) -> dict[str, Any]:
        """Return the assessment of a span of days (考核). Raises InvalidPayload."""
        span = reports.span_of(first, last, self.runtime.now())
        return await reports.assessment(self.runtime, span, reports.grouping_of(group))

    async def hotspots(self, first: str | None, last: str | None) -> dict[str, Any]:
        """Return repeated and stuck matters of a span of days. Raises InvalidPayload."""
        return await reports.hotspots(self.runtime, reports.span_of(first, last, self.runtime.now()))

    async def authenticate(self, token: str) -> Operator:
        """Return whose token this is. Raises AuthenticationFailed."""
        return await authenticate(self.runtime.store, token, self.runtime.wall())

    async def sweep(self) -> int:
        """Fire everything that is due now; returns how many rungs fired."""
        fired = 0
        while steps := await self.runtime.store.read(lambda tx: deadlines.due(tx, self.runtime)):
            now_fired = sum([await self._fire(step) for step in steps])
            fired += now_fired
            if len(steps) < deadlines.BATCH or not now_fired:
                break
        return fired

    async def _fire(self, step: DueStep) -> bool:
        """Fire one rung; a case that cannot be read or decided holds up no other."""

        def unit(tx: Tx) -> Committed | None:
            return deadlines.fire(tx, self.runtime, step)

        try:
            committed = await self.runtime.store.write(unit, key=step.case_id)
        except Unavailable:
            raise
        except Exception:
            log.exception("deadline.not_fired", case_id=step.case_id, deadline=step.deadline_id, step=step.step)
            return False
        self.after(committed)
        return committed is not None

    async def readiness(self) -> list[str]:
        """Return what is not good, in Chinese; empty means ready."""
        problems = [problem for check in self.readiness_checks for problem in check()]
        try:
            await self.patience.wait_for(self._look_at_ledger)
        except Unavailable as error:
            problems.append(str(error))
        except Exception as error:  # noqa: BLE001 - whatever fails, the database is not usable now
            problems.append(f"数据库不可用：{type(error).__name__}")
        return [*dict.fromkeys(problems)]

    async def _look_at_ledger(self) -> object:
        return await self.runtime.store.read(self.runtime.store.queries.oldest_due)

    def warnings(self) -> list[str]:
        """Return what a person should look at although the process is ready, in Chinese."""
        return [warning for check in self.warning_checks for warning in check()]

    def _answer(self, taken: Taken) -> Answer:
        self.after(taken.committed)
        return taken.answer

    def after(self, committed: Committed | None) -> None:
        """Count, log and wake for what was committed."""
        if committed is None:
            return
        for other in committed.also:
            self.after(other)
        self.observer.committed(committed.file, committed.decision)
        if any(self.runtime.placement(message).sent for message in committed.decision.messages):
            self.wake()
