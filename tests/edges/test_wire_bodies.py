"""Events, receipts and actions: one model a type, unknown keys refused, converted into the core's values."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from bridge.core.commands import ActionName, UpstreamEventType
from bridge.core.vocabulary import Conclusion, ProcedureId, ReceiptType, ReturnReason, UrgeLevel
from bridge.errors import InvalidPayload
from bridge.wire import action, event, receipt
from bridge.wire.action import ActionIn, parse_action
from bridge.wire.event import EventIn, parse_event
from bridge.wire.receipt import ReceiptIn, parse_receipt

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LATER = "2026-12-01T18:00:00+08:00"
AT = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
OPINION: dict[str, Any] = {
    "type": "opinion",
    "text": "经查属实。",
    "conclusion": "substantiated",
    "signed_by": "经办人",
}

EVENTS: list[dict[str, Any]] = [
    {"type": "supplement", "content": "补充"},
    {"type": "supplement", "attachments": [{"name": "a", "url": "https://a.example/b"}]},
    {"type": "urge", "level": "supervise"},
    {"type": "withdraw", "note": "不需要办理"},
    {"type": "rework", "respond_by": LATER},
    {"type": "rework"},
    {"type": "extension_granted", "until": LATER},
    {"type": "extension_denied"},
    {"type": "satisfaction", "value": "basic"},
    {"type": "objection", "routes": ["行政复议"]},
    {"type": "return_refused"},
]
RECEIPTS: list[dict[str, Any]] = [
    {"type": "signed", "signed_by": "经办人"},
    {"type": "progress", "text": "正在核对"},
    {"type": "told", "who": "payer", "channel": "电话", "at": "2026-11-23T09:00:00+08:00", "by": "经办人"},
    {"type": "returned", "reason_code": "not_our_duty", "reason": "归税务", "suggested_unit": "tax"},
    {"type": "returned", "reason_code": "duplicate"},
    {"type": "transferred", "to_unit": "hrss", "reason": "属人社"},
    {"type": "invited"},
    {"type": "proposed_complex", "reason": "群体"},
    {"type": "extension_requested", "until": LATER, "reason": "调取流水"},
    OPINION,
    OPINION | {"type": "consolidated", "override": {"by": "张某", "post": "副局长", "reason": "先行答复"}},
]
ACTIONS: list[dict[str, Any]] = [
    {"action": "classify", "category": "late_fee", "lead": "tax", "co_units": ["hrss"], "procedure": "joint_general"},
    {"action": "reroute", "unit": "tax"},
    {"action": "designate", "unit": "tax", "reason": "指定"},
    {"action": "add_unit", "unit": "finance"},
    {"action": "approve", "on_behalf_of": "组长"},
    {"action": "deny", "assignment_id": "c1a2"},
    {"action": "minutes", "number": "纪要〔2026〕1号", "held_at": "2026-11-20T15:00:00+08:00", "text": "会议议定"},
    {"action": "extend", "assignment_id": "c1a1", "until": LATER},
    {"action": "override", "reason": "逾期未答"},
    {"action": "return_upstream", "suggested": "住建局"},
    {"action": "told", "who": "other_side", "not_applicable": "依法不告知"},
    {"action": "objection", "none": True},
    {"action": "objection", "routes": ["行政复议"]},
    {"action": "merge", "into": "c2"},
    {"action": "unmerge"},
    {"action": "split", "parts": ["欠薪→劳动保障监察", {"matter": "未参保", "disposal": "here"}]},
    {"action": "link", "kind": "arbitration", "reference": "案号"},
    {"action": "suspend", "reason": "等待补正"},
    {"action": "resume"},
    {"action": "reopen", "respond_by": LATER},
    {"action": "send_reply"},
    {"action": "close"},
    {"action": "archive"},
    {"action": "receipt", "assignment_id": "c1a1", "receipt": OPINION},
]


def read_event(body: dict[str, Any]) -> Any:
    return parse_event(json.dumps({"external_id": "X-1"} | body).encode(), NOW)


def read_receipt(body: dict[str, Any]) -> Any:
    return parse_receipt(json.dumps(body).encode(), NOW)


def read_action(body: dict[str, Any]) -> Any:
    return parse_action(json.dumps(body).encode(), NOW)


READERS: dict[str, Any] = {"event": read_event, "receipt": read_receipt, "action": read_action}


def paths(kind: str, body: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidPayload) as caught:
        READERS[kind](body)
    return [problem.path for problem in caught.value.problems]


@pytest.mark.parametrize("body", EVENTS, ids=lambda body: body["type"])
def test_every_event_is_read(body: dict[str, Any]) -> None:
    assert read_event(body | {"occurred_at": "2026-11-23T15:00:00+08:00"}).type.value == body["type"]


@pytest.mark.parametrize("body", RECEIPTS, ids=lambda body: body["type"])
def test_every_receipt_is_read(body: dict[str, Any]) -> None:
    assert read_receipt(body).type.value == body["type"]


@pytest.mark.parametrize("body", ACTIONS, ids=lambda body: body["action"])
def test_every_action_is_read(body: dict[str, Any]) -> None:
    assert read_action(body).action.value == body["action"]


def test_no_type_of_the_core_lacks_a_model() -> None:
    assert set(event._MODELS) == {member.value for member in UpstreamEventType}
    assert set(receipt._MODELS) == {member.value for member in ReceiptType}
    assert set(action._MODELS) == {member.value for member in ActionName}


@pytest.mark.parametrize(("union", "bodies"), [(EventIn, EVENTS), (ReceiptIn, RECEIPTS), (ActionIn, ACTIONS)])
def test_the_union_of_the_schema_agrees_with_the_table(union: Any, bodies: list[dict[str, Any]]) -> None:
    adapter = TypeAdapter(union)
    for body in bodies:
        adapter.validate_python({"external_id": "X-1"} | body if union is EventIn else body)


@pytest.mark.parametrize(
    ("kind", "body"),
    [("event", body) for body in EVENTS]
    + [("receipt", body) for body in RECEIPTS]
    + [("action", body) for body in ACTIONS],
)
def test_unknown_keys_are_refused_everywhere(kind: str, body: dict[str, Any]) -> None:
    assert paths(kind, body | {"surprise": None}) == ["surprise"]


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("event", {}, ["type"]),
        ("event", {"type": "explode"}, ["type"]),
        ("event", {"type": ["urge"]}, ["type"]),
        ("event", {"type": "urge"}, ["level"]),
        ("event", {"type": "urge", "level": "shout"}, ["level"]),
        ("event", {"type": "supplement"}, [""]),
        ("event", {"type": "extension_granted"}, ["until"]),
        ("event", {"type": "satisfaction", "value": "great"}, ["value"]),
        ("event", {"type": "withdraw", "occurred_at": "2026-11-24T00:00:00Z"}, ["occurred_at"]),
        ("event", {"type": "withdraw", "occurred_at": "2026-11-23 08:00"}, ["occurred_at"]),
        ("event", {"type": "withdraw", "external_id": None}, ["external_id"]),
        ("receipt", {"type": "opinion"}, ["signed_by", "text", "conclusion"]),
        ("receipt", OPINION | {"text": " "}, ["text"]),
        ("receipt", OPINION | {"conclusion": "yes"}, ["conclusion"]),
        ("receipt", OPINION | {"resolved": False}, ["unresolved_reason"]),
        ("receipt", OPINION | {"amounts": {"滞纳金": 431.2}}, ["amounts.滞纳金"]),
        ("receipt", OPINION | {"amounts": {"滞纳金": "四百"}}, ["amounts.滞纳金"]),
        ("receipt", OPINION | {"period": {"from": "2024-01-01"}}, ["period.from"]),
        ("receipt", OPINION | {"other_side": {}}, ["other_side"]),
        ("receipt", OPINION | {"other_side": {"text": "a", "not_applicable": "b"}}, ["other_side"]),
        ("receipt", OPINION | {"override": {"by": "a"}}, ["override.post", "override.reason"]),
        ("receipt", {"type": "returned", "reason_code": "other"}, ["reason"]),
        ("receipt", {"type": "returned", "reason_code": "tired"}, ["reason_code"]),
        (
            "receipt",
            {"type": "returned", "reason_code": "duplicate", "suggested_unit": "a", "suggested_external": "b"},
            [""],
        ),
        ("receipt", {"type": "told", "who": "neighbour"}, ["who"]),
        ("receipt", {"type": "extension_requested", "until": "2026-12-01", "reason": "x"}, ["until"]),
        ("receipt", {"type": "signed", "text": "no"}, ["text"]),
        ("action", {"action": "objection"}, [""]),
        ("action", {"action": "objection", "none": True, "routes": ["a"]}, [""]),
        ("action", {"action": "split", "parts": ["欠薪"]}, ["parts[0]"]),
        ("action", {"action": "fly"}, ["action"]),
        ("action", {"action": "receipt", "assignment_id": "a"}, ["receipt"]),
        ("action", {"action": "receipt", "assignment_id": "a", "receipt": {}}, ["receipt"]),
        ("action", {"action": "receipt", "assignment_id": "a", "receipt": {"type": "x"}}, ["receipt"]),
        (
            "action",
            {"action": "receipt", "assignment_id": "a", "receipt": {"type": "progress", "opinion": 1}},
            ["receipt.text", "receipt.opinion"],
        ),
    ],
)
def test_problems_carry_their_path(kind: str, body: dict[str, Any], expected: list[str]) -> None:
    assert paths(kind, body) == expected


def test_fields_arrive_in_the_core() -> None:
    urge = read_event({"type": "urge", "level": "supervise", "note": "催办"})
    assert (urge.external_id, urge.level, urge.note) == ("X-1", UrgeLevel.SUPERVISE, "催办")
    assert read_event({"type": "rework", "respond_by": LATER}).respond_by == AT
    returned = read_receipt(RECEIPTS[3])
    assert (returned.reason_code, returned.suggested_unit) == (ReturnReason.NOT_OUR_DUTY, "tax")
    told = read_action({"action": "classify", "category": "late_fee", "procedure": "transfer"})
    assert (told.procedure, told.co_units, told.lead) == (ProcedureId.TRANSFER, None, None)


def test_an_opinion_arrives_whole() -> None:
    opinion = read_receipt(
        OPINION
        | {
            "amounts": {"滞纳金": "431.20"},
            "period": {"from": "2024-01", "to": "2024-12"},
            "other_side": {"not_applicable": "依法不告知"},
            "resolved": False,
            "unresolved_reason": "待补正",
            "legal_basis": ["社会保险法第六十三条"],
        }
    ).opinion
    assert (opinion.conclusion, opinion.resolved) == (Conclusion.SUBSTANTIATED, False)
    assert opinion.amounts == {"滞纳金": "431.20"}
    assert (opinion.period.start, opinion.other_side.not_applicable) == ("2024-01", "依法不告知")
    assert read_receipt(OPINION).opinion.public_text is None


def test_the_words_a_field_may_hold_are_listed_without_quotes() -> None:
    body = json.dumps(OPINION | {"conclusion": "ok"}).encode()
    with pytest.raises(InvalidPayload, match=r"conclusion：应为 substantiated、partly、.*、no_comment 之一"):
        parse_receipt(body, NOW)
