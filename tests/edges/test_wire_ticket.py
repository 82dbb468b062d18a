"""Tickets: what the contract allows becomes a draft, everything else is told apart with its path."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.vocabulary import Insurance, PartyRole, TicketKind, Urgency
from bridge.errors import InvalidPayload, NotJson
from bridge.wire.ticket import parse_ticket

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MINIMAL: dict[str, Any] = {
    "external_id": "ZZ12345-1",
    "content": "来电人反映单位少报缴费基数。",
    "received_at": "2026-11-23T15:00:00+08:00",
}
FULL: dict[str, Any] = MINIMAL | {
    "kind": "complaint",
    "title": "少报基数",
    "respond_by": "2026-11-30T18:00:00+08:00",
    "urgency": "urgent",
    "upstream_unit": "县税务局",
    "petitioner": {"name": "季女士", "phone": "139****0101 转 2", "role": "employee", "people_count": 3},
    "counterparty": {"name": "沁云纸箱厂", "type": "employer"},
    "insurance": ["pension_employee", "work_injury", "pension_employee"],
    "period": {"from": "2024-01", "to": "2024-12-31"},
    "amount": 431.2,
    "location": {"region_code": "140525", "address": "县城"},
    "visit_at": "2026-11-23T06:00:00Z",
    "attachments": [{"name": "工资条.jpg", "media_type": "image/jpeg", "url": "https://files.example/1"}],
    "related_external_ids": ["ZZ12345-0"],
    "extra": {"vendor": {"深": [1, None, "x"]}},
}


def parse(ticket: object) -> Any:
    return parse_ticket(json.dumps(ticket).encode(), NOW)


def paths(ticket: object) -> dict[str, str]:
    with pytest.raises(InvalidPayload) as caught:
        parse(ticket)
    return {problem.path: problem.message for problem in caught.value.problems}


def test_minimal_ticket_is_a_request_for_help() -> None:
    draft = parse(MINIMAL)
    assert draft.kind is TicketKind.HELP
    assert draft.urgency is Urgency.NORMAL
    assert draft.received_at == datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    assert draft.raw == json.dumps(MINIMAL).encode()
    assert draft.respond_by is None


def test_every_field_arrives() -> None:
    draft = parse(FULL)
    body = draft.body
    assert (draft.kind, draft.urgency, draft.upstream_unit) == (TicketKind.COMPLAINT, Urgency.URGENT, "县税务局")
    assert body.petitioner.role is PartyRole.EMPLOYEE
    assert body.petitioner.phone == "139****0101 转 2"
    assert body.insurance == (Insurance.PENSION_EMPLOYEE, Insurance.WORK_INJURY)
    assert body.period is not None
    assert (body.period.start, body.period.end, body.amount) == ("2024-01", "2024-12-31", "431.2")
    assert body.attachments[0].url == "https://files.example/1"
    assert body.extra == {"vendor": {"深": [1, None, "x"]}}


def test_null_counts_as_absent_and_blank_as_unknown() -> None:
    nulls = {name: None for name in FULL if name not in MINIMAL}
    assert parse(MINIMAL | nulls).digest == parse(MINIMAL).digest
    assert parse(MINIMAL | {"petitioner": {"name": " ", "phone": ""}}).body.petitioner.name is None


def test_digest_ignores_key_order_and_offset_but_not_content() -> None:
    turned = dict(reversed(FULL.items())) | {"received_at": "2026-11-23T07:00:00Z"}
    assert parse(turned).digest == parse(FULL).digest
    assert parse(FULL | {"title": "另一标题"}).digest != parse(FULL).digest
    assert parse(FULL | {"extra": {}}).digest != parse(FULL).digest


def test_every_problem_is_listed_at_once() -> None:
    found = paths(
        {
            "external_id": "x" * 65,
            "content": "字" * 20_001,
            "received_at": "2026-11-23T15:00:00",
            "kind": "rant",
            "petitioner": {"phone": 139, "nick": "x", "people_count": "3", "anonymous": "yes"},
            "attachments": [{"name": "a"}, {"url": "javascript:alert(1)"}],
            "surprise": 1,
        }
    )
    assert found["received_at"] == "时间缺少时区，例如 +08:00"
    assert found["content"] == "最多 20,000 个字符"
    assert found["external_id"] == "最多 64 个字符"
    assert "complaint" in found["kind"]
    assert found["attachments[1].name"] == "缺少必填项"
    assert found["petitioner.nick"] == found["surprise"] == "不认识的字段"
    assert {"petitioner.phone", "petitioner.people_count", "petitioner.anonymous", "attachments[1].url"} <= set(found)
    assert not any("139" in message or "rant" in message for message in found.values())


@pytest.mark.parametrize("field", ["external_id", "content", "received_at"])
def test_required_fields(field: str) -> None:
    expected = {field: "缺少必填项"}
    assert paths({key: value for key, value in MINIMAL.items() if key != field}) == expected
    assert paths(MINIMAL | {field: None}) == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("external_id", ""),
        ("external_id", " 1"),
        ("external_id", "a\nb"),
        ("external_id", 1),
        ("content", ""),
        ("content", "  \n"),
        ("content", ["x"]),
        ("received_at", "2026-11-23T08:05:01Z"),
        ("received_at", "2026-11-23"),
        ("received_at", "2026-13-01T00:00:00Z"),
        ("received_at", "昨天"),
        ("received_at", 1700000000),
        ("received_at", True),
        ("received_at", "0001-01-01T00:00:00+08:00"),
        ("respond_by", "9999-12-31T23:59:59+08:00"),
        ("respond_by", ""),
        ("urgency", "very"),
        ("insurance", ["pension"]),
        ("insurance", "pension_employee"),
        ("amount", True),
        ("amount", {}),
        ("extra", []),
        ("title", "长" * 2001),
        ("related_external_ids", "x"),
        ("attachments", [{"name": "a", "url": "https://a/b", "content_base64": "YQ=="}]),
        ("attachments", [{"name": "a", "content_base64": "不是"}]),
        ("attachments", [{"name": "a", "content_base64": "YQ==", "sha256": "0" * 64}]),
        ("attachments", [{"name": "a", "sha256": "xyz"}]),
        ("period", {"from": "2024-13"}),
        ("period", {"from": "2024-05", "to": "2024-04"}),
        ("petitioner", {"role": "landlord"}),
        ("petitioner", "张三"),
        ("petitioner", {"people_count": -1}),
        ("counterparty", {"type": "shop"}),
    ],
)
def test_wrong_values_are_told_by_path(field: str, value: object) -> None:
    found = paths(MINIMAL | {field: value})
    assert all(path.startswith(field) for path in found)


def test_a_wrong_period_is_answered_with_the_right_form() -> None:
    told = paths(MINIMAL | {"period": {"from": "202401", "to": "2024-12-32"}})
    assert told == dict.fromkeys(("period.from", "period.to"), "格式不对，应如 2026-01 或 2026-01-05")


def test_limits_are_inclusive() -> None:
    assert len(parse(MINIMAL | {"content": "字" * 20_000}).body.content) == 20_000
    assert parse(MINIMAL | {"external_id": "x" * 64}).external_id == "x" * 64
    assert parse(MINIMAL | {"received_at": "2026-11-23T08:05:00Z"})


def test_inline_attachment_matching_its_hash() -> None:
    inline = {
        "name": "a.txt",
        "content_base64": base64.b64encode(b"hello").decode(),
        "sha256": hashlib.sha256(b"hello").hexdigest().upper(),
    }
    assert parse(MINIMAL | {"attachments": [inline]}).body.attachments[0].content_base64 == "aGVsbG8="


def test_thousands_of_problems_are_cut_short() -> None:
    found = paths(MINIMAL | {f"k{number}": 1 for number in range(500)})
    assert found[""] == "另有 300 处问题未列出"


@given(st.binary(max_size=60))
def test_any_bytes_get_a_clear_answer(body: bytes) -> None:
    with pytest.raises((NotJson, InvalidPayload)):
        parse_ticket(body, NOW)


@given(
    st.dictionaries(
        st.sampled_from(list(FULL)), st.none() | st.integers() | st.text() | st.lists(st.text()), max_size=6
    )
)
def test_any_values_get_a_clear_answer(values: dict[str, Any]) -> None:
    try:
        parse(MINIMAL | values)
    except (NotJson, InvalidPayload) as error:
        assert str(error)  # noqa: PT017 - either outcome is right, a third one is not
