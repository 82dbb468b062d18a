"""The simulated units' desks and the operator: whoever owes something does it.

Owns: receipts as they are owed, a few returns, fetching by cursor, decisions on what waits for a person.
Must not: look into the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson

from bridge.core.commands import ActionName, OperatorAction
from bridge.core.model.event import Actor
from bridge.errors import BridgeError, IllegalTransition, NotFound
from bridge.pipeline.inbound import Answer
from bridge.pipeline.queries import CaseQuery
from bridge.pipeline.service import Service
from bridge.testing.counterparts.answers import receipt
from bridge.testing.counterparts.unit import Part
from bridge.testing.simulation.line import Line, inbound
from bridge.testing.simulation.wire import Json, Party
from bridge.wire.receipt import parse_receipt

OPERATOR = Actor("operator", "值班员", "operator")


@dataclass
class Desk:
    """A unit: gives every receipt it owes, returns a few assignments, fetches if it is one that pulls."""

    unit: str
    line: Line
    party: Party
    spawn: Callable[[Coroutine[Any, Any, None]], None]
    parts: dict[str, Part] = field(default_factory=dict)

    def hear(self, message: Json) -> None:
        """Learn from a message and begin to answer."""
        identifier = message["assignment_id"] or message["case_id"]
        part = self.parts.setdefault(identifier, Part(identifier, self.unit))
        part.hear(message)
        if part.owed and not part.busy:
            part.busy = True
            self.spawn(self._answer(part))

    async def _answer(self, part: Part) -> None:
        try:
            while (kind := part.next_owed()) is not None:
                await asyncio.sleep(self.line.dice.uniform(0.1, 4.0))
                await self._give(part, self._chosen(part, kind))
        finally:
            part.busy = False

    def _chosen(self, part: Part, kind: str) -> Json:
        odd = self.line.dice.random()
        if kind == "signed" and "returned" in part.allowed and odd < 0.05:  # noqa: PLR2004 - one in twenty
            return {"type": "returned", "reason_code": "not_our_duty"}
        if kind != "signed" and "progress" in part.allowed and odd < 0.1:  # noqa: PLR2004 - one in ten
            return {"type": "progress", "text": "正在核实"}
        return receipt(kind, unit=self.unit, role=part.role, serial=part.receipts + 1)

    async def _give(self, part: Part, body: Json) -> None:
        part.receipts += 1
        part.asked_meanwhile = set()
        raw, webhook_id = orjson.dumps(body), f"{part.id}-{self.unit}-{part.receipts}"

        def send(service: Service) -> Awaitable[Answer]:
            given = parse_receipt(raw, service.runtime.now())
            return service.accept_receipt(self.unit, part.id, given, inbound(f"unit:{self.unit}", webhook_id, raw))

        try:
            answer = await self.line.post(webhook_id, send)
            part.learn(answer.body)
        except IllegalTransition as error:
            self.line.trace.note("refused", id=webhook_id, why=str(error))
            part.learn({"owed": error.owed or (), "allowed": list(error.allowed)})
        except NotFound as error:
            self.line.wrong.append(f"{webhook_id}: {error}")
            part.owed = set()

    async def fetch_for_ever(self) -> None:
        """Fetch by cursor, as a unit without an address of its own does."""
        cursor: str | None = None
        while True:
            await asyncio.sleep(self.line.dice.uniform(0.5, 2.0))
            after = cursor

            def fetch(service: Service, after: str | None = after) -> Awaitable[Json]:
                return service.messages(self.unit, after, 3)

            page = await self.line.ask(f"fetch-{self.unit}", fetch)
            for message in page["messages"]:
                self.party.take(message["id"], message)
            cursor = page["cursor"]


@dataclass
class Office:
    """The operators: whatever waits for a person is decided."""

    line: Line

    async def work_for_ever(self) -> None:
        """Look every few seconds and decide what is waiting."""
        while True:
            await asyncio.sleep(self.line.dice.uniform(2.0, 4.0))
            for query in (CaseQuery(state="triage"), CaseQuery(state="handling")):
                page = await self.line.ask("list", partial(_list, query=query))
                for case in page["cases"]:
                    await self._decide(case["id"])

    async def _decide(self, case_id: str) -> None:
        view = await self.line.ask("look", lambda service: service.case(case_id))
        action = _decision(view)
        if action is None:
            return
        try:
            await self.line.ask("act", lambda service: service.act(case_id, action, OPERATOR, None))
        except BridgeError as error:
            self.line.trace.note("refused", case=case_id, action=action.action, why=str(error))


def _list(service: Service, query: CaseQuery) -> Awaitable[Json]:
    return service.cases(query)


def _decision(view: Json) -> OperatorAction | None:
    """Classify what waits for it; go on without the part of a co-unit that sent its assignment back."""
    if view["state"] == "triage":
        category = view["category"] or "late_fee"
        return OperatorAction(ActionName.CLASSIFY, category=category, lead="tax", reason="人工分派")
    returned = any(a["state"] == "returned" for a in view["assignments"])
    owing = any("opinion" in a["owed"] for a in view["assignments"])
    if returned and not owing and "override" in view["allowed_actions"]:
        return OperatorAction(ActionName.OVERRIDE, reason="退单部分另行处理")
    return None
