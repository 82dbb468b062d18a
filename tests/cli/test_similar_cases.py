"""Similar cases on the command line: listed with their reasons, a group named, merged ones shown as such."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bridge.cli import app
from bridge.cli.ledger import operator, with_service
from bridge.core.commands import ActionName, OperatorAction
from bridge.pipeline.service import Service
from bridge.wire.ticket import ticket_draft

ROOT = Path(__file__).parents[2]
TICKET = {
    "content": "企业会计反映征收期最后一天客户端故障，被加收滞纳金431.20元，要求核减滞纳金。",
    "received_at": "2026-03-02T09:00:00+08:00",
    "petitioner": {"name": "季女士", "phone": "13900000101"},
    "counterparty": {"name": "聚和味餐饮店"},
}

Run = Callable[..., Any]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BRIDGE_REVIEW", "false")
    monkeypatch.setenv("BRIDGE_RULES", str(ROOT / "routing_rules.yaml"))
    assert CliRunner().invoke(app, ["init", str(tmp_path / "county")]).exit_code == 0
    return tmp_path / "county" / "bridge.toml"


@pytest.fixture
def run(config: Path) -> Run:
    def invoke(*arguments: str) -> Any:
        return CliRunner().invoke(app, [*arguments, "--config", str(config)])

    return invoke


async def group(service: Service) -> list[str]:
    """Seven workers of one firm; the last case is merged into the one before."""
    cases = []
    for number in range(7):
        draft = ticket_draft({**TICKET, "external_id": f"QT-{number}"}, b"raw", datetime.now(UTC))
        answer = await service.accept_ticket("hotline", draft, None)
        cases.append(str(answer.body["case_id"]))
    await service.act(cases[6], OperatorAction(ActionName.MERGE, into=cases[5]), operator(), None)
    return cases


def test_similar_cases_are_listed_with_reasons_and_a_group_is_named(run: Run, config: Path) -> None:
    cases = with_service(config, group)
    found = json.loads(run("cases", "similar", cases[0], "--json").stdout)
    assert {each["case_id"] for each in found["similar"]} == set(cases[1:6])
    listed = run("cases", "similar", cases[0]).stdout
    assert "被反映单位相同" in listed
    assert "群体性反映" in listed
    assert "可能是同一事项" in run("cases", "show", cases[0]).stdout
    assert f"已并入 {cases[5]}" in run("cases", "show", cases[6]).stdout
    assert f"并入本案的：{cases[6]}" in run("cases", "show", cases[5]).stdout


def test_a_case_like_no_other_says_so(run: Run, config: Path) -> None:
    async def one(service: Service) -> str:
        draft = ticket_draft({**TICKET, "external_id": "QT-0"}, b"raw", datetime.now(UTC))
        return str((await service.accept_ticket("hotline", draft, None)).body["case_id"])

    case_id = with_service(config, one)
    assert "没有发现" in run("cases", "similar", case_id).stdout


def test_parts_and_proceedings_are_on_the_page(run: Run, config: Path) -> None:
    async def split(service: Service) -> str:
        case_id = (await group(service))[0]
        from bridge.wire.action import operator_action

        for body in (
            {"action": "split", "parts": ["参保→本机制", "公积金→公积金中心"]},
            {"action": "link", "kind": "litigation", "reference": "（2026）晋0525民初1号"},
        ):
            await service.act(case_id, operator_action(body, datetime.now(UTC)), operator(), None)
        return case_id

    page = run("cases", "show", with_service(config, split)).stdout
    assert "不属本机制，去公积金中心" in page
    assert "（2026）晋0525民初1号" in page
