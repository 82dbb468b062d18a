"""A ledger on a real SQLite file with the shipped rules, driven through the pipeline without HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from bridge.core.commands import ActionName, OperatorAction, UnitReceipt, UpstreamEvent, UpstreamEventType
from bridge.core.lifecycle.work import FeedTerms
from bridge.core.model.event import Actor
from bridge.core.model.file import CaseFile
from bridge.core.model.opinion import OpinionBody
from bridge.core.model.ticket import Counterparty, Petitioner, TicketBody, TicketDraft
from bridge.core.policy import Rules
from bridge.core.vocabulary import Conclusion, CounterpartyType, OutboxState, ReceiptType, TicketKind
from bridge.metrics import Metrics
from bridge.pipeline import settle
from bridge.pipeline.inbound import Answer
from bridge.pipeline.observe import Observer
from bridge.pipeline.runtime import Runtime
from bridge.pipeline.service import Service
from bridge.ports import Ports, SystemRng, UlidIds
from bridge.rules.load import load_rules
from bridge.store.outbox import Placement
from bridge.store.store import Store
from bridge.store.writer import Tx
from bridge.testing.clock import FixedClock

CHINA = timezone(timedelta(hours=8))
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
OPERATOR = Actor("operator", "李四", "operator")
OFFICE = Actor("operator", "办公室", "office")
LEADER = Actor("operator", "组长", "leader")
SINGLE = "企业会计反映征收期最后一天客户端故障，被加收滞纳金431.20元，要求核减滞纳金。"
JOINT = "单位2024年每月从工资里扣社保却没有缴，养老、失业、医保都断缴，要求追缴欠费。"
REFUND = "员工2024年8月底离职，9至11月多缴养老、失业和医保，公司申请社保费退费，三家要的材料不一样。"


@pytest.fixture(scope="session")
def shipped_rules() -> Rules:
    return load_rules(Path(__file__).parents[2] / "routing_rules.yaml").with_review(False)


@dataclass
class Ledger:
    """Shorthand for tests: what happened, what was sent, what is owed."""

    service: Service
    clock: FixedClock
    seen: set[str] = field(default_factory=set)

    @property
    def store(self) -> Store:
        return self.service.runtime.store

    async def ticket(self, content: str, **changes: Any) -> str:
        number = changes.pop("external_id", f"T{len(self.seen)}-{self.clock.wall().timestamp()}")
        body = TicketBody(
            title=changes.pop("title", ""),
            content=content,
            petitioner=changes.pop("petitioner", Petitioner(name="桑女士", phone="13600000303")),
            counterparty=changes.pop("counterparty", Counterparty("华庭家居卖场", type=CounterpartyType.EMPLOYER)),
        )
        draft = TicketDraft(
            external_id=number, received_at=self.clock.now(), kind=TicketKind.COMPLAINT, body=body,
            raw=content.encode(), digest=content,
        )  # fmt: skip
        feed = changes.pop("feed", "hotline")
        answer = await self.service.accept_ticket(feed, replace(draft, **changes), None)
        return str(answer.body["case_id"])

    async def file(self, case_id: str) -> CaseFile:
        found = await self.store.read(lambda tx: self.store.cases.load(tx, case_id))
        assert found is not None
        return found

    async def view(self, case_id: str) -> dict[str, Any]:
        return await self.service.case(case_id)

    async def state(self, case_id: str) -> str:
        return str((await self.view(case_id))["state"])

    async def owed(self, case_id: str) -> dict[str, list[str]]:
        view = await self.view(case_id)
        live = [a for a in view["assignments"] if a["state"] in ("dispatched", "signed", "answered")]
        return {a["unit"]: a["owed"] for a in live}

    async def assignment(self, case_id: str, unit: str) -> dict[str, Any]:
        view = await self.view(case_id)
        return next(a for a in reversed(view["assignments"]) if a["unit"] == unit)

    async def receipt(self, case_id: str, unit: str, type_: str, **fields: Any) -> Answer:
        assignment = await self.assignment(case_id, unit)
        opinion = None
        if type_ in ("opinion", "consolidated"):
            known = {"text": f"{unit}意见", "conclusion": Conclusion.SUBSTANTIATED} | fields
            opinion, fields = OpinionBody(**known), {}
        receipt = UnitReceipt(type=ReceiptType(type_), opinion=opinion, **fields)
        return await self.service.accept_receipt(unit, assignment["id"], receipt, None)

    async def act(self, case_id: str, action: str, actor: Actor = OPERATOR, **fields: Any) -> Answer:
        return await self.service.act(case_id, OperatorAction(ActionName(action), **fields), actor, None)

    async def event(self, case_id: str, type_: str, **fields: Any) -> Answer:
        ticket = (await self.view(case_id))["tickets"][0]
        event = UpstreamEvent(ticket["external_id"], UpstreamEventType(type_), **fields)
        return await self.service.accept_event(ticket["feed"], event, None)

    async def messages(self, *, kind: str | None = None, target: str | None = None) -> list[dict[str, Any]]:
        """Return the bodies of every message so far, in the order they were queued."""
        rows = await self.store.read(lambda tx: self.store.outbox.listing(tx, state=None, target=target, limit=10_000))
        found = []
        for row in sorted(rows, key=lambda row: (row["created_at"], row["serial"])):
            payload = await self.store.read(partial(_payload, self.store, row["key"]))
            if kind is None or row["kind"] == kind:
                found.append({"key": row["key"], "target": row["target"], **orjson.loads(payload)})
        return found

    async def fresh(self, *, kind: str | None = None, target: str | None = None) -> list[dict[str, Any]]:
        """Return the messages queued since the last call."""
        new = [m for m in await self.messages(kind=kind, target=target) if m["key"] not in self.seen]
        self.seen |= {message["key"] for message in new}
        return new

    async def deliver(self) -> int:
        """Deliver everything that is due, as a worker would."""
        count = 0
        runtime, wall = self.service.runtime, self.clock.wall()
        while claimed := await self.store.write(
            lambda tx: self.store.outbox.claim(
                tx, owner="test", count=50, wall=wall, until=wall + timedelta(seconds=30)
            )
        ):
            for each in claimed:
                await self.store.write(partial(settle.delivered, runtime=runtime, claimed=each))
                count += 1
        return count

    async def until(self, day: str) -> int:
        """Move the business clock from rung to rung up to an instant; returns how many fired."""
        target, fired = datetime.fromisoformat(day), 0
        while True:
            fired += await self.service.sweep()
            due = await self.store.read(self.store.queries.next_fire_at)
            if due is None or due > target:
                break
            self.clock.move_to(due)
        self.clock.move_to(target)
        return fired + await self.service.sweep()


def _payload(store: Store, key: str, tx: Tx) -> bytes:
    return store.outbox.payload(tx, key) or b"{}"


def make_runtime(store: Store, clock: FixedClock, rules: Rules) -> Runtime:
    rng = SystemRng()
    feeds = {"hotline": FeedTerms("hotline_12345"), "petition": FeedTerms("xinfang", accepted_by_notice=True)}
    feeds |= {f"counter.{unit}": FeedTerms("counter", accepting_unit=unit) for unit in rules.policy.units}

    def placement(message: Any) -> Placement:
        counter = message.target.startswith("counter.")
        return Placement(OutboxState.DELIVERED, sent=False, reason="console") if counter else Placement()

    ports = Ports(clock, UlidIds(clock.wall, rng.token), rng)
    return Runtime(store, ports, lambda: rules, feeds, "http://127.0.0.1:8080", placement)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MONDAY.astimezone(UTC))


@pytest.fixture
async def ledger(store: Store, clock: FixedClock, shipped_rules: Rules) -> Ledger:
    return Ledger(Service(make_runtime(store, clock, shipped_rules), Observer(Metrics())), clock)
