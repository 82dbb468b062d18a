"""A unit without a system: receipts from a folder, each applied once, refused ones set aside with the reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bridge.adapter import OutboundMessage
from bridge.errors import DeliveryError
from tests.feeds.conftest import Exchange
from tests.pipeline.conftest import JOINT, SINGLE

OPINION = {"type": "opinion", "text": "经核查属实，已更正。", "conclusion": "substantiated", "signed_by": "王五"}


async def assignment(exchange: Exchange, content: str = SINGLE, **more: Any) -> tuple[str, str]:
    case_id = await exchange.ledger.ticket(content, **more)
    return case_id, (await exchange.ledger.assignment(case_id, "tax"))["id"]


def put(exchange: Exchange, name: str, body: Any) -> None:
    exchange.put("tax/in", name, body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False))


async def test_a_receipt_is_applied_and_answered_beside_the_file(exchange: Exchange) -> None:
    case_id, part = await assignment(exchange)
    put(exchange, f"{part}-1.json", {"type": "signed", "signed_by": "王五"})
    put(exchange, f"{part}-2.json", OPINION)
    assert await exchange.poll() == 2
    assert await exchange.ledger.state(case_id) == "replying"
    assert exchange.files("tax/done") == [f"{part}-{n}.{end}" for n in (1, 2) for end in ("answer.json", "json")]
    assert exchange.read(f"tax/done/{part}-1.answer.json")["owed"] == ["opinion"]


async def test_receipts_of_one_assignment_are_read_in_natural_order(exchange: Exchange) -> None:
    _, part = await assignment(exchange)
    for number in (10, 9, 2):
        put(exchange, f"{part}-{number}.json", {"type": "progress", "text": f"第{number}步"})
    await exchange.poll()
    history = await exchange.ledger.service.history(part.rpartition("a")[0])
    assert [e["detail"]["text"] for e in history["events"] if e["type"] == "progress.reported"] == [
        "第2步", "第9步", "第10步",
    ]  # fmt: skip


async def test_the_same_file_again_is_answered_and_not_executed(exchange: Exchange) -> None:
    case_id, part = await assignment(exchange)
    for _ in range(2):
        put(exchange, f"{part}-1.json", {"type": "progress", "text": "正在核查"})
        assert await exchange.poll() == 1
    history = await exchange.ledger.service.history(case_id)
    assert [e["type"] for e in history["events"]].count("progress.reported") == 1
    assert exchange.files("tax/done") == [f"{part}-1.answer.json", f"{part}-1.json"]


async def test_the_same_bytes_for_another_assignment_are_another_receipt(exchange: Exchange) -> None:
    (_, first), (_, second) = await assignment(exchange), await assignment(exchange, external_id="T2")
    assert first != second
    for part in (first, second):
        put(exchange, f"{part}-1.json", {"type": "signed", "signed_by": "王五"})
    await exchange.poll()
    for part in (first, second):
        answer = exchange.read(f"tax/done/{part}-1.answer.json")
        assert (answer["assignment_id"], answer["state"]) == (part, "signed")


async def test_the_same_bytes_under_another_name_are_judged_anew(exchange: Exchange) -> None:
    case_id, part = await assignment(exchange)
    for number in (1, 2):
        put(exchange, f"{part}-{number}.json", {"type": "progress", "text": "正在核查"})
        assert await exchange.poll() == 1
    history = await exchange.ledger.service.history(case_id)
    assert [e["type"] for e in history["events"]].count("progress.reported") == 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b'{"type":"signed"', "JSON"),
        (b'{"type":"signed","type":"signed"}', "重复"),
        ('{"type":"progress","text":"在办"}'.encode("gbk"), "UTF-8"),
        ({"type": "signed", "extra": 1}, "不认识的字段"),
        ({"type": "opinion"}, "缺少必填项"),
        ({"type": "consolidated", **{k: v for k, v in OPINION.items() if k != "type"}}, "应交：signed、opinion"),
    ],
)
async def test_a_receipt_that_cannot_be_taken_is_set_aside(exchange: Exchange, body: Any, reason: str) -> None:
    _, part = await assignment(exchange)
    put(exchange, f"{part}-1.json", body)
    await exchange.poll()
    assert exchange.files("tax/bad") == [f"{part}-1.error.json", f"{part}-1.json"]
    assert reason in exchange.read(f"tax/bad/{part}-1.error.json")["detail"]


@pytest.mark.parametrize("name", ["hello.json", "c1-1.json", "说明.json"])
async def test_a_name_that_is_no_assignments_is_set_aside(exchange: Exchange, name: str) -> None:
    put(exchange, name, {"type": "signed"})
    await exchange.poll()
    assert name in exchange.files("tax/bad")


async def test_another_units_assignment_is_nobodys(exchange: Exchange) -> None:
    case_id = await exchange.ledger.ticket(JOINT)
    other = next(unit for unit in await exchange.ledger.owed(case_id) if unit != "tax")
    part = (await exchange.ledger.assignment(case_id, other))["id"]
    put(exchange, f"{part}-1.json", {"type": "signed"})
    await exchange.poll()
    assert "不属于本单位" in exchange.read(f"tax/bad/{part}-1.error.json")["detail"]


async def test_a_message_sent_again_is_the_same_file(exchange: Exchange) -> None:
    await exchange.poll()
    _, part = await assignment(exchange)
    message = OutboundMessage(f"{part}-dispatched-3", "assignment.dispatched", b'{"a":1}', 1)
    for _ in range(3):
        await exchange.unit.dispatch(message)
    assert exchange.files("tax/out") == [f"{part}-3.json"]


@pytest.mark.parametrize("external_id", ["../../etc/cron.d/x", "a/b", "a\\b", ".hidden", "字" * 64 + "长" * 10])
async def test_an_id_that_would_leave_the_folder_is_refused(exchange: Exchange, external_id: str) -> None:
    body = json.dumps({"external_id": external_id}).encode()
    with pytest.raises(DeliveryError, match="文件名") as caught:
        await exchange.feed.push(OutboundMessage("t1-ticket-replied-1-7", "ticket.replied", body, 1))
    assert external_id not in str(caught.value)
    assert not (exchange.directory / "petition/out").exists()
