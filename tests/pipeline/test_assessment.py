"""The assessment, folded from histories, against counts made independently over the state rows; and the hot spots."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from typing import Any

import orjson
import pytest

from bridge.core import scorecard
from bridge.core.model.ticket import Counterparty, Petitioner
from bridge.core.scorecard import Grouping
from bridge.core.vocabulary import Conclusion, CounterpartyType, ReturnReason, TicketKind, UrgeLevel
from bridge.errors import BridgeError
from bridge.pipeline import reports
from bridge.pipeline.reports import Span
from bridge.store.codec import ASSIGNMENTS, CASES, DEADLINES, OPINIONS, TICKETS
from tests.pipeline.conftest import JOINT, LEADER, OFFICE, REFUND, SINGLE, Ledger

ALL = Span(date(2026, 1, 1), date(2027, 12, 31))
OUTSIDE = "请问住房公积金提取需要哪些材料？"
UNITS = ("tax", "hrss", "medical", "finance")
KINDS = (*[TicketKind.COMPLAINT, TicketKind.HELP, TicketKind.CONSULT] * 4, TicketKind.PRAISE)


class County:
    """Units, upstreams and operators who do whatever comes to mind; the bridge refuses what is not legal."""

    def __init__(self, ledger: Ledger, seed: int) -> None:
        self.ledger, self.dice, self.cases = ledger, random.Random(seed), list[str]()
        self.done: Counter[str] = Counter()
        self.said: dict[str, str] = {}

    async def live(self, days: int) -> None:
        for _ in range(days):
            for _ in range(self.dice.randint(0, 2)):
                await self._register()
            for _ in range(24):
                await self._something(self.dice.choice(self.cases[-15:]) if self.cases else None)
            if self.dice.random() < 0.4:
                await self.ledger.deliver()
            await self.ledger.service.sweep()
            self.ledger.clock.move_to(self.ledger.clock.now() + timedelta(days=1, minutes=self.dice.randint(0, 300)))
        for days_later in (0, 40, 1):
            self.ledger.clock.move_to(self.ledger.clock.now() + timedelta(days=days_later))
            await self.ledger.deliver()
            await self.ledger.service.sweep()

    async def _register(self) -> None:
        content = self.dice.choice((SINGLE, SINGLE, SINGLE, JOINT, JOINT, REFUND, OUTSIDE))
        number = f"R{len(self.cases)}"
        firm = Counterparty(f"第{self.dice.randint(1, 4)}针织厂", type=self.dice.choice(list(CounterpartyType)))
        kind, feed = self.dice.choice(KINDS), self.dice.choice(("hotline", "petition"))
        self.cases.append(
            await self.ledger.ticket(
                content, external_id=number, kind=kind, feed=feed, counterparty=firm, petitioner=Petitioner()
            )
        )

    async def _something(self, case_id: str | None) -> None:
        if case_id is None:
            return
        do = self.dice.choices((self._receipt, self._action, self._event), (12, 2, 1))[0]
        try:
            self.done[await do(case_id)] += 1
        except (BridgeError, LookupError, RuntimeError):
            self.done["refused"] += 1

    async def _receipt(self, case_id: str) -> str:
        parts = (await self.ledger.view(case_id))["assignments"]
        unit, text = self.dice.choice([part["unit"] for part in parts] or UNITS), f"意见{self.dice.random()}"
        types = ("signed", "opinion", "consolidated", "returned", "transferred")
        type_ = self.dice.choices(types, (3, 6, 4, 2, 1))[0]
        fields: dict[str, Any] = {}
        if type_ in ("opinion", "consolidated"):
            fields = {"text": text, "conclusion": Conclusion.SUBSTANTIATED}
        elif type_ == "returned":
            fields = {"reason_code": ReturnReason.NOT_OUR_DUTY, "suggested_unit": self.dice.choice((None, *UNITS))}
        elif type_ == "transferred":
            fields = {"to_unit": self.dice.choice(UNITS), "reason": "职责"}
        await self.ledger.receipt(case_id, unit, type_, **fields)
        return type_

    async def _action(self, case_id: str) -> str:
        unit, later = self.dice.choice(UNITS), self.ledger.clock.now() + timedelta(days=self.dice.randint(1, 20))
        parts = (await self.ledger.view(case_id))["assignments"]
        assignment = self.dice.choice([part["id"] for part in parts] or [""])
        choices: list[tuple[str, Any, dict[str, Any]]] = [
            ("classify", OFFICE, {"category": self.dice.choice(("late_fee", "inspection_arrears", "benefits"))}),
            ("reroute", OFFICE, {"unit": unit}),
            ("designate", OFFICE, {"unit": unit}),
            ("add_unit", OFFICE, {"unit": unit}),
            ("approve", LEADER, {}),
            ("deny", LEADER, {}),
            ("extend", OFFICE, {"assignment_id": assignment, "until": later}),
            ("override", OFFICE, {"by": "李四"}),
            ("return_upstream", OFFICE, {"suggested": "住房公积金中心"}),
            ("objection", OFFICE, {"none": True}),
            ("told", OFFICE, {"who": "payer"}),
            ("told", OFFICE, {"who": "other_side"}),
            ("suspend", OFFICE, {}),
            ("resume", OFFICE, {}),
            ("reopen", OFFICE, {}),
            ("archive", OFFICE, {}),
            ("merge", OFFICE, {"into": self.dice.choice(self.cases)}),
            ("unmerge", OFFICE, {}),
        ]
        rare = ("return_upstream", "archive", "merge", "suspend")
        action, actor, fields = self.dice.choices(choices, [0.3 if each[0] in rare else 1.0 for each in choices])[0]
        await self.ledger.act(case_id, action, actor, reason="随机", **fields)
        return action

    async def _event(self, case_id: str) -> str:
        type_ = self.dice.choice(
            ("withdraw", "rework", "rework", "satisfaction", "satisfaction", "objection", "urge", "return_refused")
        )
        value = self.dice.choice(("satisfied", "basic", "unsatisfied"))
        said: dict[str, dict[str, Any]] = {
            "satisfaction": {"value": value},
            "objection": {"routes": self.dice.choice(((), ("申请行政复议",), ("劳动仲裁", "提起行政诉讼")))},
            "urge": {"level": UrgeLevel.URGE},
        }
        fields = said.get(type_, {})
        ticket = (await self.ledger.view(case_id))["tickets"][0]["id"]
        await self.ledger.event(case_id, type_, **fields)
        if type_ == "satisfaction":
            self.said[ticket] = value
        return type_


async def rows(ledger: Ledger, mapper: Any) -> list[dict[str, Any]]:
    """Read a table as SQL has it, ``details`` opened."""
    found = await ledger.store.read(lambda tx: tx.read(mapper.table.select()).all())
    return [{**orjson.loads(row.details), **row._mapping} for row in found]


async def counted(ledger: Ledger) -> Counter[str]:
    """Count what the state rows say, knowing nothing of the history."""
    cases, tickets = await rows(ledger, CASES), await rows(ledger, TICKETS)
    assignments, deadlines = await rows(ledger, ASSIGNMENTS), await rows(ledger, DEADLINES)
    opinions, found = await rows(ledger, OPINIONS), Counter[str]()
    praise = {t["case_id"] for t in tickets if t["kind"] == "praise"} - {
        t["case_id"] for t in tickets if t["kind"] != "praise"
    }
    sent = {a["case_id"] for a in assignments if a["dispatched_at"]} - praise
    for case in cases:
        found["received"] += 1
        found["rework"] += case["round"] - 1
        if case["id"] in praise:
            found["passed_on"] += 1
            continue
        found[case["procedure"] if case["id"] in sent else "undispatched"] += 1
        state = case["state"] if case["closed_at"] else "open"
        found["returned" if state == "returned_upstream" else state] += 1
    found["returns"] = sum(a["state"] == "returned" for a in assignments)
    first: dict[tuple[str, int], dict[str, Any]] = {}
    for opinion in sorted(opinions, key=lambda row: row["version"]):
        if opinion["kind"] == "opinion":
            first.setdefault((opinion["assignment_id"], opinion["round"]), opinion)
    for opinion in first.values():
        found["opinions_late" if opinion["late"] else "opinions_on_time"] += 1
    for clock in deadlines:
        if clock["kind"] == "reply" and clock["status"] in ("met", "missed"):
            found["replies_on_time" if clock["status"] == "met" else "replies_late"] += 1
        if clock["kind"] in ("opinion", "reply") and clock["status"] == "overdue":
            found["opinions_overdue" if clock["kind"] == "opinion" else "replies_overdue"] += 1
    return found


SAME = (
    "received", "passed_on", "direct", "transfer", "joint_general", "joint_complex", "undispatched", "returned",
    "archived", "closed_consult", "closed_remedy_told", "withdrawn", "merged", "open", "rework", "returns",
    "opinions_on_time", "opinions_late", "opinions_overdue", "replies_on_time", "replies_late", "replies_overdue",
)  # fmt: skip


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.soak)])
async def test_the_fold_agrees_with_the_state_of_a_random_county(
    ledger: Ledger, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    county = County(ledger, seed)
    await county.live(45)
    monkeypatch.setattr(reports, "PAGE", 7)
    report = await reports.assessment(ledger.service.runtime, ALL, None)
    total, expected = report["total"], await counted(ledger)
    total["returned"] = total["out_of_scope"] + total["returned_otherwise"]
    assert {name: total[name] for name in SAME} == {name: expected[name] for name in SAME}
    said = Counter(county.said.values())
    assert {name: total[name] for name in ("satisfied", "basic", "unsatisfied")} == {
        name: said[name] for name in ("satisfied", "basic", "unsatisfied")
    }
    met = ("returns", "opinions_late", "opinions_on_time", "replies_on_time", "replies_late", "rework", "archived")
    assert [name for name in met if not total[name]] == []
    for grouping in (Grouping.CATEGORY, Grouping.FEED, Grouping.MONTH, Grouping.UNIT):
        groups = (await reports.assessment(ledger.service.runtime, ALL, grouping))["groups"]
        for name in scorecard.NAMES:
            assert sum(group[name] for group in groups) == total[name], (grouping, name)


async def test_right_at_first_dispatch_returns_objections_and_the_period(ledger: Ledger) -> None:
    right, wrong = await ledger.ticket(SINGLE, external_id="A"), await ledger.ticket(SINGLE, external_id="B")
    await ledger.receipt(wrong, "tax", "returned", reason_code=ReturnReason.NOT_OUR_DUTY, suggested_unit="hrss")
    await ledger.receipt(right, "tax", "opinion")
    await ledger.deliver()
    await ledger.act(right, "objection", OFFICE, routes=("申请行政复议", "请张某转交"))
    runtime = ledger.service.runtime
    report = await reports.assessment(runtime, ALL, Grouping.UNIT)
    total = report["total"]
    assert (total["dispatched_right"], total["dispatched_wrong"], total["dispatched_right_rate"]) == (1, 1, 0.5)
    assert (total["objections_reconsideration"], total["objections_other"]) == (1, 0)
    by_unit = {group["key"]: group for group in report["groups"]}
    assert (by_unit["tax"]["returns"], by_unit["tax"]["dispatched_wrong"], by_unit["hrss"]["received"]) == (1, 1, 1)
    before = await reports.assessment(runtime, Span(date(2026, 2, 1), date(2026, 3, 1)), None)
    assert before["total"]["received"] == 0
    assert before["total"]["replies_on_time_rate"] is None
    on_the_day = await reports.assessment(runtime, Span(date(2026, 3, 2), date(2026, 3, 2)), Grouping.INSURANCE)
    assert on_the_day["total"]["received"] == 2


async def test_hot_spots_are_the_same_firm_bounced_and_overdue(ledger: Ledger) -> None:
    firm = Counterparty("聚和味餐饮店", type=CounterpartyType.EMPLOYER)
    cases = [
        await ledger.ticket(f"{SINGLE}第{n}人", external_id=f"H{n}", counterparty=firm, kind=TicketKind.HELP)
        for n in range(3)
    ]
    other = await ledger.ticket(SINGLE, external_id="K")
    await ledger.receipt(other, "tax", "returned", reason_code=ReturnReason.NOT_OUR_DUTY, suggested_unit="hrss")
    await ledger.receipt(other, "hrss", "returned", reason_code=ReturnReason.NOT_OUR_DUTY, suggested_unit="tax")
    await ledger.until("2026-03-20T09:00:00+08:00")
    found = await reports.hotspots(ledger.service.runtime, ALL)
    assert [(entry["cases"], entry["case_ids"]) for entry in found["repeated"]] == [(3, sorted(cases))]
    assert [(entry["case_id"], entry["returns"]) for entry in found["bounced"]] == [(other, 2)]
    assert {entry["case_id"] for entry in found["overdue"]} == {*cases, other}
    assert "聚和味" not in orjson.dumps(found).decode()
