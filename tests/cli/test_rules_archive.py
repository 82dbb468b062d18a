"""``bridge rules diff | suggest`` on the ledger's own cases: what people corrected is what they measure against."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bridge.cli import app
from bridge.cli.ledger import operator, with_service
from bridge.core.commands import ActionName, OperatorAction
from bridge.core.verdict import OUT
from bridge.pipeline.service import Service
from bridge.rules.backtest import Sample
from bridge.wire.action import operator_action
from bridge.wire.ticket import ticket_draft

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "routing_rules.yaml"
LATE_FEE = "企业会计反映征收期最后一天客户端故障，被加收滞纳金431.20元，要求核减滞纳金。"
MACHINE = "社保缴费自助机吞卡，钱没有交成，单位欠缴几个月了，工作人员让等通知。"
NEW_RULE = "    - {id: c10.machine, category: other, weight: 9, decisive: true, any: [自助机~吞卡]}\n"

Run = Callable[..., Any]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BRIDGE_REVIEW", "false")
    monkeypatch.setenv("BRIDGE_RULES", str(SHIPPED))
    assert CliRunner().invoke(app, ["init", str(tmp_path / "county")]).exit_code == 0
    return tmp_path / "county" / "bridge.toml"


@pytest.fixture
def run(config: Path) -> Run:
    def invoke(*arguments: str) -> Any:
        return CliRunner().invoke(app, [*arguments, "--config", str(config)])

    return invoke


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    path = tmp_path / "candidate.yaml"
    text = SHIPPED.read_text(encoding="utf-8")
    path.write_text(text.replace("  evidence:\n", f"  evidence:\n{NEW_RULE}", 1), encoding="utf-8")
    return path


async def take(service: Service, number: int, content: str) -> str:
    body = {"external_id": f"AR-{number}", "content": content, "received_at": datetime.now(UTC).isoformat()}
    draft = ticket_draft(body, json.dumps(body).encode(), datetime.now(UTC))
    return str((await service.accept_ticket("hotline", draft, None)).body["case_id"])


async def archive(service: Service) -> list[str]:
    """One late fee nobody touched, two machine complaints put right by hand, one case returned as not ours."""
    cases = [await take(service, 0, LATE_FEE)]
    for number in (1, 2):
        case_id = await take(service, number, MACHINE + f"第{number}次反映。")
        action = OperatorAction(ActionName.CLASSIFY, category="other", reason="缴费渠道")
        await service.act(case_id, action, operator(), None)
        cases.append(case_id)
    strange = await take(service, 3, "公司少报社保缴费基数，要求按实际工资申报。")
    returned = operator_action({"action": "return_upstream", "reason": "不归本机制"}, datetime.now(UTC))
    await service.act(strange, returned, operator(), None)
    return [*cases, strange]


def test_a_candidate_is_tried_on_the_cases_of_the_last_days(run: Run, config: Path, candidate: Path) -> None:
    cases = with_service(config, archive)
    told = run("rules", "diff", str(SHIPPED), str(candidate), "--json")
    assert told.exit_code == 1
    found = json.loads(told.stdout)
    assert (found["tickets"], found["better"], found["worse"]) == (4, 2, 0)
    assert {each["id"] for each in found["changed"]} == set(cases[1:3])
    assert found["changed"][0]["category"]["new"] == "other"
    assert any("c10.machine" in reason for reason in found["changed"][0]["why"])
    page = run("rules", "diff", str(SHIPPED), str(candidate)).stdout
    assert "4 件工单，2 件有变化" in page
    assert "2 件改对，0 件改错" in page
    assert "新命中 c10.machine" in page


def test_another_limit_and_another_lead_in_the_same_route_are_told_with_their_cause(run: Run, tmp_path: Path) -> None:
    ticket = {"id": "a", "text": LATE_FEE, "received_at": "2026-03-02T09:00:00+08:00"}
    (tmp_path / "day.jsonl").write_text(json.dumps(ticket, ensure_ascii=False), encoding="utf-8")
    text = SHIPPED.read_text(encoding="utf-8")
    changes = {
        "time_limits": ("{id: reply.single, kind: reply, amount: 5", "{id: reply.single, kind: reply, amount: 4"),
        "routes": (
            "id: late_fee.post, category: late_fee, lead: tax",
            "id: late_fee.post, category: late_fee, lead: hrss",
        ),
    }
    told = {}
    for name, (old, new) in changes.items():
        assert text.count(old) == 1
        (tmp_path / "candidate.yaml").write_text(text.replace(old, new), encoding="utf-8")
        made = run("rules", "diff", str(SHIPPED), f"{tmp_path}/candidate.yaml", "--against", f"{tmp_path}/day.jsonl")
        assert made.exit_code == 1
        told[name] = made.stdout
    assert "时限：答复 2026-03-09T23:59:59+08:00 → 答复 2026-03-06T23:59:59+08:00" in told["time_limits"]
    assert "因：时限或日历改了" in told["time_limits"]
    assert "主办：tax → hrss" in told["routes"]
    assert "因：路由 late_fee.post 改了写法" in told["routes"]


def test_the_same_rules_change_nothing(run: Run, config: Path) -> None:
    with_service(config, archive)
    same = run("rules", "diff", str(SHIPPED), str(SHIPPED), "--against", "archive")
    assert (same.exit_code, same.stdout.splitlines()[0]) == (0, "4 件工单，0 件有变化，0 件改换主办")


def test_corrections_name_the_rules_that_misfired_and_propose_a_measured_rule(run: Run, config: Path) -> None:
    cases = with_service(config, archive)
    told = json.loads(run("rules", "suggest", "--json").stdout)
    assert (told["judged"], told["corrected"]) == (3, 3)
    blamed = {ticket for each in told["misfires"] for ticket in each["tickets"]}
    assert set(cases[1:3]) <= blamed
    proposal = next(each for each in told["proposals"] if each["category"] == "other")
    assert proposal["after"] - proposal["before"] == 2
    assert f"any: [{', '.join(proposal['words'])}]" in proposal["yaml"]
    page = run("rules", "suggest").stdout
    assert "3 件有人工判定的工单" in page
    assert proposal["yaml"] in page


def test_examples_are_written_for_the_owner_alone(run: Run, config: Path, tmp_path: Path) -> None:
    with_service(config, archive)
    path = tmp_path / "examples.jsonl"
    assert run("rules", "suggest", "--examples", str(path)).exit_code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(row["in_scope"], row["category"]) for row in rows] == [(True, "other"), (True, "other"), (False, None)]


def test_a_return_and_a_reroute_are_examples_of_the_lead_and_a_person_beats(config: Path) -> None:
    async def work(service: Service) -> list[Sample]:
        case_id = await take(service, 0, LATE_FEE)
        moved = OperatorAction(ActionName.REROUTE, unit="hrss", reason="人社核定")
        await service.act(case_id, moved, operator(), None)
        assignment = next(each["id"] for each in (await service.case(case_id))["assignments"] if each["unit"] == "hrss")
        receipt = {"type": "returned", "reason_code": "not_our_duty", "reason": "归税务", "suggested_unit": "tax"}
        body = {"action": "receipt", "assignment_id": assignment, "receipt": receipt}
        await service.act(case_id, operator_action(body, datetime.now(UTC)), operator(), None)
        return (await service.examples(service.runtime.now() - timedelta(days=1), None))[0]

    (sample,) = with_service(config, work)
    assert sample.verdict.category not in ("late_fee", OUT)
    assert (sample.verdict.lead, sample.verdict.acts) == ("tax", ("reroute", "returned"))
