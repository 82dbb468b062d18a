"""A vendor with its own names and codes, joined by ``bridge.toml`` alone, both ways."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.hotline_12345 import Hotline
from bridge.adapter import AdapterContext, InvalidPayload, OutboundMessage
from bridge.clock import SystemClock
from bridge.errors import ConfigError, DeliveryError, FailureReason
from bridge.settings_file import parse_settings
from bridge.signed_http import client_session
from bridge.testing.adapter_suite import CITIZEN, SECRET, BodySuite, Counterpart, HttpSuite
from bridge.testing.adapter_suite.counterpart import counterpart

HOWTO = Path(__file__).parents[2] / "docs/howto/map-another-hotline.zh-CN.md"
TOML = HOWTO.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
"""The example of the how-to: what it shows is what is tested."""

TICKET = {
    "ThirdNumber": 250912101108115409,
    "SourceNumber": "晋-1",
    "Title": "少报基数",
    "WantContent": f"来电人{CITIZEN[0]}反映单位少报缴费基数",
    "WantPerson": CITIZEN[0],
    "WantPersonTel": CITIZEN[1],
    "WantDate": "2026-03-02 09:30:00",
    "FinishDate": "2026-03-20",
    "Type": "投诉举报",
    "Level": "紧急",
    "Secret": "是",
    "Village": {"Name": "大阳镇", "Code": "140525100"},
    "Attachs": [{"FileName": "工资条.pdf", "FileUrl": "https://files.example/1"}],
}
EVENT = {"ThirdNumber": "T1", "State": "07", "Remark": "答复不全", "Deadline": "2026-03-30"}
REPLY = {
    "type": "ticket.replied", "external_id": "T1", "round": 2, "occurred_at": "2026-03-05T01:00:00Z",
    "reply": {"public_text": "已更正。", "internal_text": "内部", "resolved": False, "conclusion": "partly"},
}  # fmt: skip


def configuration(url: str = "http://127.0.0.1:9/in", text: str = TOML) -> Any:
    text = text.replace('secret_file = "secrets/city"', f'secret = "{SECRET}"').replace(
        "https://city.example/12345", url
    )
    return parse_settings(text, Path("/nowhere/bridge.toml"), {}).feeds["city"].config


@asynccontextmanager
async def city(url: str = "http://127.0.0.1:9/in") -> AsyncIterator[Hotline]:
    async with (
        client_session() as http,
        Hotline(configuration(url), AdapterContext("city", http, SystemClock())) as hotline,
    ):
        yield hotline


@asynccontextmanager
async def city_and_server() -> AsyncIterator[tuple[Hotline, Counterpart]]:
    async with counterpart() as other, city(other.url) as hotline:
        other.answers(200, b'{"code":0}')
        yield hotline, other


async def test_a_ticket_in_the_vendors_shape() -> None:
    async with city() as hotline:
        draft = hotline.parse_ticket(json.dumps(TICKET).encode())
    assert (draft.external_id, draft.kind.value if draft.kind else None) == ("250912101108115409", "complaint")
    assert draft.received_at == datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    assert draft.respond_by == datetime(2026, 3, 20, 15, 59, 59, tzinfo=UTC)
    assert draft.urgency.value == "urgent"
    assert draft.body.petitioner.confidential
    assert draft.body.location is not None
    assert draft.body.location.address == "大阳镇"
    assert draft.body.attachments[0].name == "工资条.pdf"
    assert draft.body.extra == {"SourceNumber": "晋-1"}


async def test_an_event_in_the_vendors_shape() -> None:
    async with city() as hotline:
        event = hotline.parse_event(json.dumps(EVENT).encode())
    assert (event.type.value, event.external_id, event.note) == ("rework", "T1", "答复不全")
    assert event.respond_by == datetime(2026, 3, 30, 15, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "path"),
    [({"State": "99"}, "type"), ({"ThirdNumber": None}, "external_id"), ({"Deadline": "改天"}, "respond_by")],
)
async def test_what_the_maps_do_not_know_is_named(changes: dict[str, Any], path: str) -> None:
    async with city() as hotline:
        with pytest.raises(InvalidPayload) as caught:
            hotline.parse_event(json.dumps(EVENT | changes).encode())
    assert [problem.path for problem in caught.value.problems] == [path]


async def test_a_reply_goes_out_in_the_vendors_shape() -> None:
    async with city_and_server() as (hotline, other):
        await hotline.push(OutboundMessage("k1", "ticket.replied", json.dumps(REPLY).encode(), 1))
        assert json.loads(other.heard[0].body) == {
            "ThirdNumber": "T1", "State": "05", "Note": {"Public": "已更正。", "Solved": "02"}, "Round": 2,
        }  # fmt: skip
        assert other.heard[0].headers["webhook-id"] == "k1"
        progress = {"type": "ticket.progress", "external_id": "T1", "text": "在办"}
        await hotline.push(OutboundMessage("k2", "ticket.progress", json.dumps(progress).encode(), 1))
        assert json.loads(other.heard[1].body) == {"ThirdNumber": "T1", "State": "03", "Remark": "在办"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b'{"code":17,"msg":"x"}', FailureReason.REJECTED),
        (b"<html>", FailureReason.UNCERTAIN),
        (b"", FailureReason.UNCERTAIN),
    ],
)
async def test_a_200_with_an_error_inside_is_no_acceptance(answer: bytes, reason: FailureReason) -> None:
    async with city_and_server() as (hotline, other):
        other.answers(200, answer)
        with pytest.raises(DeliveryError) as caught:
            await hotline.push(OutboundMessage("k1", "ticket.replied", json.dumps(REPLY).encode(), 1))
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("old", "new", "line_of", "says"),
    [
        ('content = "WantContent"', 'content = "Want[Content"', "content =", "JMESPath"),
        ('content = "WantContent"', 'contents = "WantContent"', "contents =", "是否为 content"),
        ('content = "WantContent"', "", "[feeds.city.mapping]", "缺少必填字段 content"),
        ('content = "WantContent"', "content = 7", "content =", "应为 JMESPath 表达式"),
        ('"投诉举报" = "complaint"', '"投诉举报" = "complain"', '"投诉举报"', "complaint"),
        ("[feeds.city.status.kind]", "[feeds.city.status.kinds]", "[feeds.city.status.kinds]", "是否为 kind"),
        ('name = "WantPerson"', 'nam = "WantPerson"', "nam =", "petitioner"),
        ('Round = "round"', 'Round = "round("', "Round =", "JMESPath"),
        ('taken = "code == `0`"', 'taken = "code =="', "taken =", "JMESPath"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_at_its_place_when_the_settings_load(old: str, new: str, line_of: str, says: str) -> None:
    assert old in TOML
    text = TOML.replace(old, new)
    with pytest.raises(ConfigError) as caught:
        configuration(text=text)
    lines = text.splitlines()
    found = [(lines[(problem.line or 0) - 1], problem.path + problem.message) for problem in caught.value.problems]
    assert any(line.startswith(line_of) and says in said for line, said in found), found


class TestMappedOut(HttpSuite):
    adapter = Hotline
    fields = ("push_mapping", "push_status")

    def keys(self, url: str) -> dict[str, Any]:
        config = configuration(url)
        return {"push_url": url, "secrets": [SECRET]} | {name: getattr(config, name) for name in self.fields}


class TestMappedIn(BodySuite):
    adapter = Hotline

    def keys(self) -> dict[str, Any]:
        config = configuration()
        return {"secrets": [SECRET]} | {name: getattr(config, name) for name in ("mapping", "event", "status")}

    def body(self) -> bytes:
        return json.dumps(TICKET, ensure_ascii=False).encode()
