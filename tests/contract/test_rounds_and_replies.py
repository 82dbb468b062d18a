"""Contract section 3 on the reply, its supplement, rework, extensions; what upstreams want pushed; who sees praise."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from bridge.core.model.opinion import OverrideNote
from bridge.core.policy import ReplyRules
from bridge.core.vocabulary import Conclusion, ProcedureId, TicketKind
from bridge.errors import IllegalTransition, InvalidPayload
from tests.contract.conftest import complex_case, retune
from tests.pipeline.conftest import JOINT, OFFICE, SINGLE, Ledger

NOTE = OverrideNote("王五", "副局长", "先行答复")
ASK = "请问灵活就业人员社保费可以在手机上缴吗？怎么缴费？"


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}+08:00")


async def joint_consultation(ledger: Ledger) -> str:
    case_id = await ledger.ticket(ASK, kind=TicketKind.CONSULT)
    fields: dict[str, Any] = {
        "category": "benefits",
        "lead": "tax",
        "co_units": ("hrss",),
        "procedure": ProcedureId.JOINT_GENERAL,
    }
    await ledger.act(case_id, "classify", reason="人工", **fields)
    return case_id


async def test_a_consultation_with_co_units_still_owes_its_overridden_opinion_and_supplements(ledger: Ledger) -> None:
    case_id = await joint_consultation(ledger)
    await ledger.receipt(case_id, "tax", "consolidated", text="先答", override=NOTE)
    await ledger.deliver()
    assert await ledger.state(case_id) == "closed_consult"
    await ledger.fresh()
    await ledger.receipt(case_id, "hrss", "opinion")
    assert (await ledger.owed(case_id))["tax"] == ["consolidated"]
    await ledger.receipt(case_id, "tax", "consolidated", text="补充")
    (reply,) = await ledger.fresh(kind="upstream")
    assert (reply["supplement"], reply["round"]) == (True, 1)
    await ledger.deliver()
    assert await ledger.state(case_id) == "closed_consult"


async def test_a_supplement_after_an_objection_leaves_the_remedy_told(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "hrss", "opinion")
    await ledger.receipt(case_id, "tax", "consolidated", text="先答", override=NOTE)
    await ledger.deliver()
    await ledger.event(case_id, "objection", routes=("行政复议",))
    await ledger.receipt(case_id, "medical", "opinion")
    await ledger.receipt(case_id, "tax", "consolidated", text="补充")
    await ledger.deliver()
    assert await ledger.state(case_id) == "closed_remedy_told"
    texts = [opinion["text"] for opinion in (await ledger.view(case_id))["opinions"] if opinion["unit"] == "tax"]
    assert texts == ["先答", "补充"]


async def test_a_sign_off_sends_the_consolidated_opinion_and_is_asked_again_after_a_change(ledger: Ledger) -> None:
    retune(ledger, replies=ReplyRules(sign_off=True))
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "hrss", "opinion")
    await ledger.receipt(case_id, "medical", "opinion")
    await ledger.receipt(case_id, "tax", "consolidated", text="总一")
    await ledger.act(case_id, "add_unit", unit="finance", reason="再问财政")
    assert "send_reply" not in (await ledger.view(case_id))["allowed_actions"]
    await ledger.receipt(case_id, "finance", "opinion")
    await ledger.receipt(case_id, "tax", "consolidated", text="总二")
    assert await ledger.state(case_id) == "consolidating"
    ledger.clock.move_to(at("2026-03-02T11:00:00"))
    await ledger.receipt(case_id, "hrss", "opinion", text="人社更正")
    await ledger.fresh()
    await ledger.act(case_id, "send_reply", OFFICE)
    (reply,) = await ledger.fresh(kind="upstream")
    assert reply["reply"]["public_text"] == "总二"
    assert "人社更正" in [line["summary"] for line in reply["reply"]["opinions"]]


async def test_a_unit_may_not_repeat_its_last_round_under_another_assignment_either(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "tax", "transferred", to_unit="medical", reason="属医保")
    await ledger.receipt(case_id, "medical", "opinion", text="医保一")
    await ledger.receipt(case_id, "tax", "consolidated", text="总一")
    await ledger.deliver()
    await ledger.event(case_id, "rework")
    await ledger.act(case_id, "reroute", unit="tax", reason="收回")
    with pytest.raises(IllegalTransition):
        await ledger.receipt(case_id, "tax", "opinion", text="总一")
    await ledger.receipt(case_id, "tax", "opinion", text="总二")


async def test_rework_of_a_complex_case_keeps_the_approval_and_needs_new_minutes(ledger: Ledger) -> None:
    case_id = await complex_case(ledger, JOINT)
    await ledger.act(case_id, "minutes", OFFICE, number="1号")
    await ledger.receipt(case_id, "tax", "consolidated", text="总一")
    await ledger.deliver()
    await ledger.event(case_id, "rework")
    owed = await ledger.owed(case_id)
    assert set(map(tuple, owed.values())) == {("opinion",)}
    for unit in owed:
        await ledger.receipt(case_id, unit, "opinion", text=f"{unit}二")
    assert (await ledger.owed(case_id))["tax"] == []
    await ledger.act(case_id, "minutes", OFFICE, number="2号")
    assert (await ledger.owed(case_id))["tax"] == ["consolidated"]


async def test_an_upstream_that_wants_only_replies_gets_nothing_else(ledger: Ledger) -> None:
    feeds = dict(ledger.service.runtime.feeds)
    feeds["hotline"] = replace(feeds["hotline"], push=frozenset({"ticket.replied"}))
    ledger.service.runtime.feeds = feeds
    case_id = await ledger.ticket(SINGLE)
    await ledger.event(case_id, "urge")
    await ledger.receipt(case_id, "tax", "opinion")
    await ledger.deliver()
    assert [m["type"] for m in await ledger.messages(kind="upstream")] == ["ticket.replied"]
    assert await ledger.state(case_id) == "replied"


async def test_rework_before_our_own_note_of_the_delivery_is_taken_and_the_late_note_changes_nothing(
    ledger: Ledger,
) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "opinion", text="一")
    await ledger.event(case_id, "rework")
    await ledger.deliver()
    assert await ledger.state(case_id) == "handling"
    await ledger.receipt(case_id, "tax", "opinion", text="二")
    assert await ledger.state(case_id) == "replying"
    await ledger.deliver()
    assert await ledger.state(case_id) == "replied"


async def test_more_time_for_a_co_unit_is_the_offices_to_give_and_moves_its_own_limit_only(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    until = at("2026-03-12T18:00:00")
    await ledger.fresh()
    await ledger.receipt(case_id, "hrss", "extension_requested", until=until, reason="调档")
    (asked,) = await ledger.fresh()
    assert (asked["target"], asked["escalation"]["reason"]) == ("leading_office", "extension_requested")
    hrss = await ledger.assignment(case_id, "hrss")
    await ledger.act(case_id, "deny", OFFICE, assignment_id=hrss["id"], reason="不同意")
    assert (await ledger.assignment(case_id, "hrss"))["due"] == hrss["due"]
    await ledger.act(case_id, "extend", OFFICE, assignment_id=hrss["id"], until=until, reason="同意")
    after = (await ledger.assignment(case_id, "hrss"))["due"]
    assert after == {**hrss["due"], "opinion_by": "2026-03-12T18:00:00+08:00"}
    assert [(m["type"], m["target"]) for m in await ledger.fresh()] == [("case.updated", "hrss")]


async def test_what_is_listed_as_allowed_is_allowed(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "signed")
    for until, answer in (("2026-03-16T18:00:00", "extension_denied"), ("2026-03-18T18:00:00", "extension_granted")):
        assert "extension_requested" in (await ledger.assignment(case_id, "tax"))["allowed"]
        await ledger.receipt(case_id, "tax", "extension_requested", until=at(until), reason="调取流水")
        assert "extension_requested" not in (await ledger.assignment(case_id, "tax"))["allowed"]
        with pytest.raises(IllegalTransition):
            await ledger.receipt(case_id, "tax", "extension_requested", until=at("2026-03-17T18:00:00"), reason="一")
        await ledger.event(case_id, answer, until=at(until) if answer == "extension_granted" else None)
    assert "extension_requested" not in (await ledger.assignment(case_id, "tax"))["allowed"]


async def test_an_extension_is_only_asked_before_expiry_and_only_given_to_who_takes_part(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.until("2026-03-10T10:00:00+08:00")
    with pytest.raises(IllegalTransition):
        await ledger.receipt(case_id, "hrss", "extension_requested", until=at("2026-03-12T18:00:00"), reason="晚了")
    medical = await ledger.assignment(case_id, "medical")
    await ledger.act(case_id, "classify", category="inspection_arrears", lead="tax", co_units=("hrss",), reason="x")
    with pytest.raises(IllegalTransition):
        await ledger.act(
            case_id, "extend", OFFICE, assignment_id=medical["id"], until=at("2026-03-20T18:00:00"), reason="x"
        )


async def test_no_comment_is_for_co_units_only(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "hrss", "opinion", conclusion=Conclusion.NO_COMMENT)
    for type_ in ("opinion", "consolidated"):
        with pytest.raises((InvalidPayload, IllegalTransition)):
            await ledger.receipt(case_id, "tax", type_, conclusion=Conclusion.NO_COMMENT)


async def test_a_lead_hears_that_its_case_waits_for_consent_though_the_office_hears_of_it_too(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.fresh()
    await ledger.act(
        case_id, "classify", category="late_fee", lead="tax", procedure=ProcedureId.JOINT_COMPLEX, reason="专案"
    )
    sent = {m["target"]: m for m in await ledger.fresh() if m["target"] in ("tax", "leading_office")}
    assert sent["leading_office"]["escalation"]["reason"] == "complex_proposed"
    assert (sent["tax"]["type"], sent["tax"]["owed"]) == ("case.updated", [])


async def test_a_new_round_ends_the_clocks_of_a_unit_that_never_signed_in_the_last_one(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "hrss", "opinion")
    await ledger.until("2026-03-12T10:00:00+08:00")
    await ledger.act(case_id, "override", OFFICE, reason="医保逾期", by="李四")
    await ledger.receipt(case_id, "tax", "consolidated")
    await ledger.deliver()
    await ledger.event(case_id, "rework", respond_by=at("2026-03-20T18:00:00"))
    medical = (await ledger.assignment(case_id, "medical"))["id"]
    clocks = [d for d in (await ledger.file(case_id)).deadlines if d.owner == medical and d.status == "overdue"]
    assert clocks == []


async def test_a_refused_return_waits_for_a_person_and_keeps_its_limit(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    limit = (await ledger.assignment(case_id, "tax"))["due"]["reply_by"]
    await ledger.act(case_id, "return_upstream", reason="不属本机制", suggested="公积金中心")
    ledger.clock.move_to(at("2026-03-04T10:00:00"))
    await ledger.event(case_id, "return_refused")
    view = await ledger.view(case_id)
    assert (view["state"], view["lead"]) == ("triage", None)
    await ledger.act(case_id, "reroute", unit="tax", reason="重新办理")
    assert (await ledger.assignment(case_id, "tax"))["due"]["reply_by"] == limit
