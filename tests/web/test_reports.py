"""Reports over real HTTP: who may read them, what is refused, and their published shape."""

from __future__ import annotations

import pytest

from bridge.wire.report import Assessment, Hotspots
from tests.web.conftest import Site

PATHS = ("/v1/reports/assessment", "/v1/reports/hotspots")


@pytest.mark.parametrize("path", PATHS)
async def test_who_sees_the_county_reads_reports_and_a_clerk_does_not(site: Site, path: str) -> None:
    for role in ("office", "leader", "auditor", "admin", "operator"):
        assert (await site.ask("GET", path, headers=await site.token(role))).status == 200
    refused = await site.ask("GET", path, headers=await site.token("clerk", "tax"))
    assert (refused.status, refused.is_problem) == (403, True)
    assert (await site.ask("GET", path)).status == 401


async def test_the_assessment_has_the_published_shape(site: Site) -> None:
    await site.ticket()
    headers = await site.token("auditor")
    path = "/v1/reports/assessment?from=2026-03-01&to=2026-03-31&group=category"
    body = (await site.ask("GET", path, headers=headers)).body
    Assessment.model_validate(body)
    assert body["total"]["received"] == 1
    assert [group["key"] for group in body["groups"]] == ["late_fee"]
    assert body["groups"][0]["name"] == "滞纳金加收"
    assert body["total"]["replies_on_time_rate"] is None
    Hotspots.model_validate((await site.ask("GET", "/v1/reports/hotspots", headers=headers)).body)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("to=2026-13-01", "to"),
        ("from=2026-03-02&to=2026-03-01", "from"),
        ("group=petitioner", "group"),
        ("until=2026-03-01", "until"),
        ("to=9999-12-31", "to"),
    ],
)
async def test_a_wrong_parameter_is_named(site: Site, query: str, field: str) -> None:
    answer = await site.ask("GET", f"/v1/reports/assessment?{query}", headers=await site.token("office"))
    assert answer.status == 422
    assert [problem["path"] for problem in answer.body["errors"]] == [field]


async def test_the_ledger_to_print_is_bounded_like_the_cases(site: Site) -> None:
    await site.ticket()
    path = "/v1/reports/ledger"
    whole = await site.ask("GET", path, headers=await site.token("office"))
    assert (whole.status, whole.raw[:2]) == (200, b"PK")
    clerk = await site.token("clerk", "hrss")
    assert (await site.ask("GET", path, headers=clerk)).status == 200
    assert (await site.ask("GET", f"{path}?unit=tax", headers=clerk)).status == 403
    assert (await site.ask("GET", f"{path}?unit=nobody", headers=await site.token("office"))).status == 404
