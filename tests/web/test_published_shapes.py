"""What leaves us has the published shape: real bodies against the schemas others build on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bridge.wire import schemas
from bridge.wire.outgoing.answers import ProblemDetails, ReceiptTaken, TicketTaken
from bridge.wire.outgoing.case import CaseOut, History
from tests.web.conftest import SINGLE, Site
from tests.web.test_units import OPINION

JOINT = "单位2024年每月从工资里扣社保却没有缴，养老、失业、医保都断缴，要求追缴欠费。"


def check(file: str, body: Any) -> None:
    Draft202012Validator(json.loads(schemas.render()[file])).validate(body)


async def pulled(site: Site, who: str, path: str) -> list[dict[str, Any]]:
    answer = (await site.signed(who, "GET", path)).body
    return [*answer.get("messages", []), *answer.get("updates", [])]


async def test_a_whole_story_speaks_the_published_shapes(site: Site) -> None:
    TicketTaken.model_validate((await site.ticket(content=SINGLE)).body)
    await site.ticket(content=JOINT)
    for unit in ("tax", "hrss", "medical", "finance"):
        for message in await pulled(site, unit, f"/v1/units/{unit}/messages"):
            check("dispatch.schema.json", message)
            path = f"/v1/units/{unit}/assignments/{message['assignment_id']}/receipts"
            answer = await site.signed(unit, "POST", path, OPINION)
            model = ReceiptTaken if answer.status == 202 else ProblemDetails
            model.model_validate(answer.body)
    for message in await pulled(site, "tax", "/v1/units/tax/messages"):
        check("dispatch.schema.json", message)
    updates = await pulled(site, "hotline", "/v1/feeds/hotline/updates")
    for update in updates:
        check("push.schema.json", update)
    replied = [update for update in updates if update["type"] == "ticket.replied"]
    assert replied
    check("reply.schema.json", replied[0]["reply"])


async def test_what_operators_read_has_the_published_shape(site: Site) -> None:
    case_id = (await site.ticket()).body["case_id"]
    headers = await site.token("auditor")
    CaseOut.model_validate((await site.ask("GET", f"/v1/cases/{case_id}", headers=headers)).body)
    History.model_validate((await site.ask("GET", f"/v1/cases/{case_id}/history", headers=headers)).body)
    refused = await site.ask("GET", "/v1/cases/nothing", headers=headers)
    check("problem.schema.json", refused.body)


@pytest.mark.parametrize(
    ("file", "body"),
    [
        ("ticket.schema.json", {"external_id": "1", "content": "x", "received_at": "2026-03-02T09:00:00+08:00"}),
        ("event.schema.json", {"external_id": "1", "type": "urge", "level": "urge"}),
        ("receipt.schema.json", OPINION),
        ("action.schema.json", {"action": "receipt", "assignment_id": "a", "receipt": OPINION}),
    ],
)
def test_what_we_take_has_a_schema_that_refuses_unknown_keys(file: str, body: dict[str, Any]) -> None:
    validator = Draft202012Validator(json.loads(schemas.render()[file]))
    validator.validate(body)
    assert not validator.is_valid(body | {"surprise": 1})


def test_the_files_on_disk_are_the_models() -> None:
    folder = Path(__file__).parents[2] / "schemas"
    for name, text in schemas.render().items():
        assert (folder / name).read_text(encoding="utf-8") == text, "bridge schemas writes them anew"


async def test_no_two_components_share_a_name(site: Site) -> None:
    components = (await site.ask("GET", "/openapi.json")).body["components"]["schemas"]
    assert {"ObjectionIn", "ObjectionAction", "ToldIn", "ToldAction"} <= set(components)
    assert not [name for name in components if "__" in name]
