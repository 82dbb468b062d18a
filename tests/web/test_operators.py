"""Operators over real HTTP: tokens, roles, the clerk's bounds, actions, registration at a counter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bridge.pipeline.tokens import revoke
from bridge.wire.outgoing.outbox import Outbox
from tests.web.conftest import SINGLE, Site


async def act(site: Site, headers: dict[str, str], case_id: str, **body: Any) -> Any:
    import json

    return await site.ask("POST", f"/v1/cases/{case_id}/actions", json.dumps(body).encode(), headers)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "Bearer " + "x" * 300},
    ],
)
@pytest.mark.parametrize("path", ["/v1/cases", "/v1/cases/c1", "/v1/cases/c1/history"])
async def test_no_token_is_401(site: Site, path: str, headers: dict[str, str]) -> None:
    answer = await site.ask("GET", path, headers=headers)
    assert answer.status == 401
    assert answer.is_problem
    assert "Bearer" in answer.headers["WWW-Authenticate"]


async def test_an_expired_or_revoked_token_is_401(site: Site) -> None:
    headers = await site.token("auditor")
    assert (await site.ask("GET", "/v1/cases", headers=headers)).status == 200
    assert await revoke(site.service.runtime.store, "auditor person", site.clock.wall()) == 1
    assert (await site.ask("GET", "/v1/cases", headers=headers)).status == 401
    other = await site.token("operator")
    site.clock.set_wall(site.clock.wall() + timedelta(days=91))
    assert (await site.ask("GET", "/v1/cases", headers=other)).status == 401


async def test_list_show_and_history(site: Site) -> None:
    draft = site.draft()
    case_id = (await site.signed("hotline", "POST", "/v1/feeds/hotline/tickets", draft)).body["case_id"]
    headers = await site.token("auditor")
    listed = (await site.ask("GET", f"/v1/cases?external_id={draft['external_id']}&limit=5", headers=headers)).body
    assert [case["id"] for case in listed["cases"]] == [case_id]
    shown = (await site.ask("GET", f"/v1/cases/{case_id}", headers=headers)).body
    assert {"id", "state", "suspended", "assignments", "deadlines", "allowed_actions"} <= set(shown)
    history = (await site.ask("GET", f"/v1/cases/{case_id}/history", headers=headers)).body
    assert history["events"]
    assert (await site.ask("GET", "/v1/cases/nothing", headers=headers)).status == 404
    assert (await site.ask("GET", "/v1/cases/nothing/history", headers=headers)).status == 404
    assert (await site.ask("GET", "/v1/cases?state=handling&overdue=perhaps", headers=headers)).status == 422
    assert (await site.ask("GET", "/v1/cases?overdue=true", headers=headers)).body["cases"] == []


async def test_every_wrong_filter_is_told_at_once(site: Site) -> None:
    headers = await site.token("auditor")
    answer = await site.ask("GET", "/v1/cases?state=hanlding&overdue=perhaps&limit=0&sate=x", headers=headers)
    assert answer.status == 422
    told = {error["path"]: error["message"] for error in answer.body["errors"]}
    assert set(told) == {"state", "overdue", "limit", "sate"}
    assert "handling" in told["state"]
    digits = "9" * 5000
    assert (await site.ask("GET", f"/v1/cases?limit={digits}", headers=headers)).status == 422
    assert (await site.ask("GET", "/v1/outbox?state=stuck", headers=headers)).status == 422


async def test_roles(site: Site) -> None:
    case_id = (await site.ticket()).body["case_id"]
    for role, unit, status in [
        ("auditor", None, 403),
        ("leader", None, 403),
        ("clerk", "tax", 403),
        ("operator", None, 200),
    ]:
        answer = await act(site, await site.token(role, unit), case_id, action="suspend", reason="等待补正")
        assert (role, answer.status) == (role, status)
        if status == 200:
            assert answer.body["suspended"] is True


async def test_an_action_not_legal_now_names_those_that_are(site: Site) -> None:
    case_id = (await site.ticket()).body["case_id"]
    answer = await act(site, await site.token("operator"), case_id, action="resume")
    assert answer.status == 409
    assert answer.is_problem
    assert "suspend" in answer.body["allowed_actions"]
    assert "owed" not in answer.body


async def test_wrong_actions_are_refused_with_their_problems(site: Site) -> None:
    case_id = (await site.ticket()).body["case_id"]
    headers = await site.token("operator")
    assert (await act(site, headers, case_id, action="fly")).status == 422
    assert (await act(site, headers, case_id, action="suspend", surplus=1)).body["errors"][0]["path"] == "surplus"
    assert (await site.ask("POST", f"/v1/cases/{case_id}/actions", b"{", headers)).status == 400
    assert (await act(site, headers, "nothing", action="suspend")).status == 404


async def test_a_clerk_sees_and_answers_for_the_own_unit_only(site: Site) -> None:
    case_id = (await site.ticket()).body["case_id"]
    tax, hrss = await site.token("clerk", "tax"), await site.token("clerk", "hrss")
    assert (await site.ask("GET", f"/v1/cases/{case_id}", headers=tax)).status == 200
    assert (await site.ask("GET", f"/v1/cases/{case_id}/history", headers=tax)).status == 200
    for path in (f"/v1/cases/{case_id}", f"/v1/cases/{case_id}/history", "/v1/cases?unit=tax"):
        refused = await site.ask("GET", path, headers=hrss)
        assert (path, refused.status) == (path, 403)
    assert len((await site.ask("GET", "/v1/cases", headers=tax)).body["cases"]) == 1
    assert (await site.ask("GET", "/v1/cases", headers=hrss)).body["cases"] == []
    shown = (await site.ask("GET", f"/v1/cases/{case_id}", headers=tax)).body
    signed = {"action": "receipt", "assignment_id": shown["assignments"][0]["id"], "receipt": {"type": "signed"}}
    assert (await act(site, hrss, case_id, **signed)).status == 403
    assert (await act(site, tax, case_id, **signed)).body["assignments"][0]["state"] == "signed"


async def test_a_clerk_without_a_unit_sees_nothing(site: Site) -> None:
    assert (await site.ask("GET", "/v1/cases", headers=await site.token("clerk"))).status == 403


async def test_registration_at_a_counter(site: Site) -> None:
    import json

    async def register(headers: dict[str, str], **body: Any) -> Any:
        return await site.ask("POST", "/v1/cases", json.dumps({"content": SINGLE} | body).encode(), headers)

    clerk = await site.token("clerk", "tax")
    registered = await register(clerk, kind="complaint", petitioner={"name": "季女士"})
    assert registered.status == 202
    case = (await site.ask("GET", f"/v1/cases/{registered.body['case_id']}", headers=clerk)).body
    assert case["tickets"][0]["feed"] == "counter.tax"
    assert (await register(clerk, unit="hrss")).status == 403
    assert (await register(await site.token("auditor"))).status == 403
    assert (await register(await site.token("operator"))).status == 403
    assert (await register(await site.token("operator"), unit="hrss")).status == 202
    assert (await register(await site.token("operator"), unit="nobody")).status == 404
    assert (await register(clerk, content="")).status == 422
    numbered = await register(clerk, external_id="来访-1")
    assert (await register(clerk, external_id="来访-1", received_at="2026-03-02T08:00:00+08:00")).body[
        "ticket_id"
    ] == numbered.body["ticket_id"]


async def test_the_outbox_is_listed_without_bodies_and_not_for_clerks(site: Site) -> None:
    case_id = (await site.ticket()).body["case_id"]
    listed = await site.ask("GET", f"/v1/outbox?case_id={case_id}&target=tax", headers=await site.token("office"))
    [row] = Outbox.model_validate(listed.body).messages
    assert (row.type, row.state, row.case_id) == ("assignment.dispatched", "ready", case_id)
    assert "payload" not in listed.raw.decode()
    refused = await site.ask("GET", "/v1/outbox", headers=await site.token("clerk", "tax"))
    assert (refused.status, refused.is_problem) == (403, True)
    wrong = await site.ask("GET", "/v1/outbox?colour=red", headers=await site.token("office"))
    assert wrong.status == 422
