"""Each thing that goes wrong in a machine room gets its own verdict and its own remedy."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text, update

from bridge.core.vocabulary import OutboxState
from bridge.crypto import Keyring
from bridge.doctor import folder as in_folder
from bridge.doctor import ledger as in_ledger
from bridge.doctor.finding import Finding, Verdict
from bridge.store.codec import table_of
from bridge.store.facts import LAST_BACKUP
from bridge.store.replicas import Replica
from bridge.store.store import Store
from bridge.store.tables import EventRow, OutboxRow, TicketRow
from bridge.testing.store_suite.database import draft, service_on
from tests.doctor.conftest import NOW, Examine

Found = Mapping[str, list[Finding]]


def verdict(found: Found, check: str) -> Verdict:
    """The worst verdict of one check; every finding that is not good says what to do."""
    assert all(each.remedy for each in found[check] if each.verdict is not Verdict.GOOD)
    order = list(Verdict)
    return max((each.verdict for each in found[check]), key=order.index)


def words(found: Found, check: str) -> str:
    return " ".join(f"{each.text} {each.remedy}" for each in found[check])


async def test_a_fresh_folder_has_no_fault(look: Examine) -> None:
    found = await look()
    assert {check for check in found if verdict(found, check) is Verdict.FAULT} == set()
    assert "首次启动时建立" in words(found, "database")


async def test_a_ledger_in_use_is_read_and_left_alone(look: Examine, ledger: Store, database_url: str) -> None:
    found = await look({"BRIDGE_DATABASE_URL": database_url})
    assert verdict(found, "database") is Verdict.GOOD
    assert verdict(found, "stuck") is Verdict.GOOD
    assert verdict(found, "clock") is Verdict.GOOD or ledger.single is False
    assert "还没有" in words(found, "backup")


@pytest.fixture
async def serving(ledger: Store, database_url: str) -> Any:
    """The ledger open beside the doctor, as the daemon has it, and the address the doctor uses."""
    await ledger.start()
    yield SimpleNamespace(store=ledger, environ={"BRIDGE_DATABASE_URL": database_url})
    await ledger.stop()


async def test_a_case_that_cannot_be_read_is_a_finding_and_hides_no_other(look: Examine, serving: Any) -> None:
    await service_on(serving.store).accept_ticket("hotline", draft("D1"), None)
    await serving.store.write(lambda tx: tx.write(update(table_of(TicketRow)).values(body=b"spoiled")))
    found = await look(serving.environ)
    assert verdict(found, "limits") is Verdict.FAULT
    assert "audit verify" in words(found, "limits")
    assert verdict(found, "stuck") is Verdict.GOOD


def _message(key: str, state: OutboxState, **columns: Any) -> dict[str, Any]:
    plain = {"kind": "unit", "target": "tax", "type": "case.updated", "case_id": "c1", "group_key": key, "serial": 1}
    return {
        "region_code": "140525",
        "key": key,
        "state": state.value,
        "created_at": NOW,
        "payload": b"",
        **plain,
        **columns,
    }


async def test_messages_that_do_not_move_are_named_with_their_target(look: Examine, serving: Any) -> None:
    rows = [
        _message("k1", OutboxState.PARKED),
        _message("k2", OutboxState.UNCERTAIN, target="hrss"),
        _message("k3", OutboxState.LEASED, due_at=NOW, lease_until=NOW - timedelta(minutes=5)),
        _message("k4", OutboxState.READY, due_at=NOW - timedelta(hours=2), target="medical"),
    ]

    def unit(tx: Any) -> None:
        for row in rows:
            tx.write(table_of(OutboxRow).insert(), [{"attempts": 0, "fence": 0, **row}])

    await serving.store.write(unit)
    found = await look(serving.environ)
    said = words(found, "stuck")
    assert verdict(found, "stuck") is Verdict.FAULT
    for part in (
        "发往 tax 的 1 件已搁置",
        "发往 hrss 的 1 件不知对方收到没有",
        "1 件被领走",
        "发往 medical 的件已等候 120 分钟",
    ):
        assert part in said
    assert "--state parked --target tax" in said


async def test_a_clock_that_went_back_is_a_fault(look: Examine, serving: Any) -> None:
    row = {
        "region_code": "140525", "case_id": "c1", "seq": 1, "type": "ticket.registered", "actor": "", "cause": "",
        "occurred_at": NOW, "recorded_at": datetime.now(UTC), "detail": b"", "hash": "",
    }  # fmt: skip
    await serving.store.write(lambda tx: tx.write(table_of(EventRow).insert(), [row]))
    found = await look(serving.environ)
    assert verdict(found, "clock") is Verdict.FAULT
    assert "timedatectl" in words(found, "clock")
    again = await in_ledger.ledger(serving.store, datetime.now(UTC))
    assert [each.verdict for each in again if each.check == "clock"] == [Verdict.GOOD]


async def test_replicas_that_differ_are_noted(look: Examine, serving: Any) -> None:
    mine = Replica("p1", "web", "0.0.1", "0001", "abc", NOW, NOW)
    await serving.store.write(lambda tx: serving.store.replicas.report(tx, mine))
    found = await look(serving.environ)
    assert verdict(found, "replicas") is Verdict.NOTE
    assert "0.0.1" in words(found, "replicas")


async def test_an_old_backup_is_noted(look: Examine, serving: Any) -> None:
    facts = serving.store.facts
    await serving.store.write(lambda tx: facts.put(tx, LAST_BACKUP, (NOW - timedelta(hours=20)).isoformat()))
    assert verdict(await look(serving.environ), "backup") is Verdict.GOOD
    await serving.store.write(lambda tx: facts.put(tx, LAST_BACKUP, (NOW - timedelta(days=9)).isoformat()))
    found = await look(serving.environ)
    assert verdict(found, "backup") is Verdict.NOTE
    assert "9 天" in words(found, "backup")


@pytest.mark.parametrize(("revision", "expected"), [("9999", "更新的版本"), ("0001", "结构较旧")])
async def test_another_schema_is_told_apart(look: Examine, serving: Any, revision: str, expected: str) -> None:
    await serving.store.write(lambda tx: tx.write(text(f"UPDATE alembic_version SET version_num = '{revision}'")))
    found = await look(serving.environ)
    assert expected in words(found, "database")
    worst = Verdict.NOTE if serving.store.single and revision == "0001" else Verdict.FAULT
    assert verdict(found, "database") is worst


@pytest.mark.usefixtures("ledger")
async def test_data_without_its_key_is_a_fault(look: Examine, database_url: str, folder: Path) -> None:
    (folder / "data/keys.json").unlink()
    found = await look({"BRIDGE_DATABASE_URL": database_url})
    assert "已有数据" in words(found, "database")
    assert verdict(found, "database") is Verdict.FAULT


@pytest.mark.usefixtures("ledger")
async def test_another_key_is_a_fault(look: Examine, database_url: str, folder: Path) -> None:
    (folder / "data/keys.json").unlink()
    Keyring.create(folder / "data/keys.json")
    assert "不配套" in words(await look({"BRIDGE_DATABASE_URL": database_url}), "database")


async def test_files_open_to_everybody_are_named(look: Examine, folder: Path) -> None:
    (folder / "secrets/tax").chmod(0o644)
    (folder / "data/keys.json").chmod(0o644)
    found = await look()
    assert "chmod 600" in words(found, "secrets")
    assert "secrets/tax" in words(found, "secrets")
    assert verdict(found, "keys") is Verdict.FAULT


async def test_a_missing_secret_names_its_key(look: Examine, folder: Path) -> None:
    (folder / "secrets/tax").unlink()
    found = await look()
    assert "channels.tax.secret_file" in words(found, "config")
    assert verdict(found, "config") is Verdict.FAULT


async def test_a_rules_file_that_does_not_load(look: Examine, folder: Path) -> None:
    (folder / "routing_rules.yaml").write_text("units: {tax: {nmae: 税务局}}\n", encoding="utf-8")
    found = await look()
    assert verdict(found, "rules") is Verdict.FAULT
    assert "routing_rules.yaml:1:" in words(found, "rules")


@pytest.mark.parametrize(("on", "expected"), [((2026, 12, 1), Verdict.NOTE), ((2027, 1, 1), Verdict.FAULT)])
async def test_the_calendar_runs_out(look: Examine, on: tuple[int, int, int], expected: Verdict) -> None:
    found = await look(now=datetime(*on, tzinfo=UTC))
    assert verdict(found, "calendar") is expected
    assert "bridge calendar update" in words(found, "calendar")


@pytest.mark.parametrize(
    ("free", "expected"), [(50 << 20, Verdict.FAULT), (700 << 20, Verdict.NOTE), (90 << 30, Verdict.GOOD)]
)
def test_room_on_the_disk(free: int, expected: Verdict) -> None:
    assert in_folder.room(Path("data"), free, 100 << 30).verdict is expected


async def test_a_folder_that_is_a_file_cannot_be_written(look: Examine, folder: Path) -> None:
    found = await look({"BRIDGE_DATABASE_URL": f"sqlite+aiosqlite:///{folder}/bridge.toml/x.db"})
    assert verdict(found, "disk") is Verdict.FAULT
    assert found["database"]


async def test_a_port_in_use_and_our_own(look: Examine, folder: Path) -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        environ = {"BRIDGE_LISTEN": f"127.0.0.1:{other.getsockname()[1]}"}
        found = await look(environ)
        assert verdict(found, "listen") is Verdict.FAULT
        assert "已被占用" in words(found, "listen")
        (folder / "bridge.pid").write_text(f"{os.getpid()}\n")
        assert verdict(await look(environ), "listen") is Verdict.GOOD


async def test_shadow_mode_is_noted(look: Examine) -> None:
    found = await look({"BRIDGE_MODE": "shadow"})
    assert verdict(found, "config") is Verdict.NOTE
