"""The command line as an operator types it: on a fresh folder, with a real ledger, with its exit statuses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from openapi_spec_validator import validate
from typer.testing import CliRunner

from bridge import __version__
from bridge.cli import app
from bridge.cli.ledger import with_service, with_store
from bridge.core.vocabulary import OutboxState
from bridge.errors import AuthenticationFailed, BridgeError, ConfigError
from bridge.pipeline.service import Service
from bridge.store.store import Store
from bridge.testing.counterparts.control import PATIENCE_SECONDS
from bridge.wire.ticket import ticket_draft

ROOT = Path(__file__).parents[2]
TICKET = {
    "external_id": "ZZ-1",
    "content": "企业会计反映征收期最后一天客户端故障，被加收滞纳金431.20元，要求核减滞纳金。",
    "received_at": "2026-03-02T09:00:00+08:00",
    "petitioner": {"name": "季女士", "phone": "13900000101"},
}

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("site") / "county"
    assert CliRunner().invoke(app, ["init", str(path)]).exit_code == 0
    return path


@pytest.fixture
def config(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BRIDGE_REVIEW", "false")
    monkeypatch.setenv("BRIDGE_RULES", str(ROOT / "routing_rules.yaml"))
    return folder / "bridge.toml"


@pytest.fixture
def run(config: Path) -> Run:
    def invoke(*arguments: str, **options: Any) -> Any:
        return CliRunner().invoke(app, [*arguments, "--config", str(config)], **options)

    return invoke


@pytest.fixture
def case(config: Path) -> dict[str, Any]:
    """A case of one ticket; the same one in every test of the module."""

    async def work(service: Service) -> dict[str, Any]:
        draft = ticket_draft(TICKET, b"raw", datetime.now(UTC))
        answer = await service.accept_ticket("hotline", draft, None)
        return await service.case(answer.body["case_id"])

    return with_service(config, work)


def test_init_writes_private_files_and_never_overwrites(folder: Path) -> None:
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"bridge.toml", "data/keys.json", "secrets/hotline", "secrets/tax", "routing_rules.yaml"} <= names
    for name in ("bridge.toml", "data/keys.json", "secrets/hotline"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    again = CliRunner().invoke(app, ["init", str(folder)])
    assert again.exit_code == 2
    assert "不覆盖" in again.stderr


def test_tokens_live_from_add_to_revoke(run: Run, config: Path) -> None:
    added = run("tokens", "add", "李四", "--role", "clerk", "--unit", "tax", "--days", "1")
    token = added.stdout.strip()
    assert (added.exit_code, token[:3], len(token)) == (0, "tb_", 46)
    assert with_service(config, lambda service: service.authenticate(token)).unit == "tax"
    listed = json.loads(run("tokens", "list", "--json").stdout)
    assert token not in run("tokens", "list").stdout
    assert [(row["name"], row["role"], row["state"]) for row in listed if row["name"] == "李四"] == [
        ("李四", "clerk", "有效")
    ]
    again = run("tokens", "add", "李四", "--role", "operator")
    assert again.stdout.strip() != token
    assert "原有 1 个有效令牌" in again.stderr
    assert f"{listed[-1]['id']}  clerk tax" in again.stderr
    assert "按编号吊销" in again.stderr
    assert run("tokens", "revoke", "李四").exit_code == 0
    with pytest.raises(AuthenticationFailed):
        with_service(config, lambda service: service.authenticate(token))
    assert run("tokens", "revoke", "李四").exit_code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("tokens", "add", "x", "--role", "clerk"),
        ("tokens", "add", "x", "--role", "clerk", "--unit", "nobody"),
        ("tokens", "add", "x", "--role", "king"),
        ("tokens", "add", "x", "--role", "operator", "--days", "0"),
        ("serve", "--roles", "web,cook"),
        ("serve", "--log-format", "xml"),
        ("cases", "receipt", "c1a1", "/nowhere.json"),
        ("nonsense",),
    ],
)
def test_wrong_use_is_2(run: Run, arguments: tuple[str, ...]) -> None:
    answer = run(*arguments)
    assert answer.exit_code == 2
    assert answer.stderr


def test_cases_are_listed_shown_and_explained(run: Run, case: dict[str, Any]) -> None:
    listed = json.loads(run("cases", "list", "--external-id", "ZZ-1", "--json").stdout)
    assert [row["id"] for row in listed["cases"]] == [case["id"]]
    table = run("cases", "list").stdout
    assert case["id"] in table
    assert "hotline:ZZ-1" in table
    shown = run("cases", "show", case["id"]).stdout
    assert "滞纳金加收" in shown
    assert case["assignments"][0]["id"] in shown
    explained = run("cases", "explain", case["id"]).stdout
    assert "命中" in explained
    assert "依据" in explained
    assert "ticket.registered" in explained
    assert json.loads(run("cases", "explain", case["id"], "--json").stdout)["history"]["chain_intact"] is True


def test_a_receipt_by_hand(run: Run, case: dict[str, Any], tmp_path: Path) -> None:
    assignment_id = case["assignments"][0]["id"]
    body = tmp_path / "receipt.json"
    body.write_text(json.dumps({"type": "progress", "text": "正在核对"}), encoding="utf-8")
    done = run("cases", "receipt", assignment_id, str(body), "--reason", "单位来电")
    assert (done.exit_code, case["id"] in done.stdout) == (0, True)
    piped = run("cases", "receipt", assignment_id, "-", "--json", input='{"type":"progress","text":"已核对"}')
    assert json.loads(piped.stdout)["id"] == case["id"]
    history = json.loads(run("cases", "explain", case["id"], "--json").stdout)["history"]
    assert any(event["actor"].startswith("operator:cli:") for event in history["events"])


def test_refusals_of_the_ledger_end_in_an_error(run: Run) -> None:
    assert isinstance(run("cases", "show", "nothing").exception, BridgeError)
    wrong = run("cases", "receipt", "c1a1", "-", input='{"type":"opinion"}')
    assert isinstance(wrong.exception, BridgeError)


def test_messages_wait_are_dropped_and_retried(run: Run, case: dict[str, Any], config: Path) -> None:
    rows = json.loads(run("outbox", "list", "--target", "tax", "--json").stdout)
    dispatched = next(row for row in rows if row["type"] == "assignment.dispatched")
    key = dispatched["key"]
    assert run("outbox", "retry", key).exit_code == 1
    assert run("outbox", "drop", key).exit_code == 0
    assert json.loads(run("outbox", "list", "--state", "cancelled", "--json").stdout)[0]["key"] == key
    assert run("outbox", "drop", key).exit_code == 1

    async def park(store: Store) -> bool:
        values = {"state": OutboxState.PARKED.value}
        return await store.write(lambda tx: store.outbox.change(tx, key, [OutboxState.CANCELLED], **values))

    assert with_store(config, park)
    retried = run("outbox", "retry", key, "--json")
    assert json.loads(retried.stdout) == {"key": key, "state": "ready"}


def test_the_database_is_checked_and_upgraded(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/new.db")
    assert json.loads(run("db", "check", "--json").stdout)["state"] == "empty"
    assert run("db", "check").exit_code == 1
    assert run("db", "upgrade").exit_code == 0
    assert run("db", "check").exit_code == 0


def test_adapters_are_listed_and_checked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {row["name"]: row for row in json.loads(run("adapters", "list", "--json").stdout)}
    assert rows["hotline_12345"]["kinds"] == "上游"
    assert "url" in rows["http_json"]["keys"].split()
    assert run("adapters", "check").exit_code == 0
    monkeypatch.setenv("BRIDGE_CHANNELS__STRANGER__ADAPTER", "http_json")
    monkeypatch.setenv("BRIDGE_CHANNELS__STRANGER__SECRET", "whsec_c2VjcmV0IG9mIGEgc3RyYW5nZXI=")
    assert "stranger" in run("adapters", "check").stderr


def test_schemas_are_written_and_drift_is_found(run: Run, tmp_path: Path) -> None:
    assert run("schemas", "--directory", str(tmp_path)).exit_code == 0
    assert run("schemas", "--check", "--directory", str(tmp_path)).exit_code == 0
    (tmp_path / "ticket.schema.json").write_text("{}")
    (tmp_path / "old.schema.json").write_text("{}")
    found = run("schemas", "--check", "--directory", str(tmp_path))
    assert found.exit_code == 1
    assert "ticket.schema.json" in found.stderr
    assert "old.schema.json" in found.stderr


def test_openapi_is_printed(run: Run) -> None:
    validate(json.loads(run("openapi").stdout))


def commands(group: Any, path: tuple[str, ...] = ()) -> Any:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def test_every_command_takes_config_and_every_listing_json() -> None:
    for path, command in commands(typer.main.get_command(app)):
        options = {option for parameter in command.params for option in parameter.opts}
        assert "--config" in options, path
        assert command.help, path
        if path[-1] == "list":
            assert "--json" in options, path


def program(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bridge", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
        **options,
    )


def test_the_program_names_every_problem_of_its_configuration(tmp_path: Path) -> None:
    (tmp_path / "bridge.toml").write_text('lsiten = "x"\nmode = "loud"\n')
    answer = program("tokens", "list", cwd=tmp_path, env={"PYTHONPATH": str(ROOT)})
    assert answer.returncode == 2
    assert "bridge.toml:1:1 lsiten: 不认识的键，是否为 listen？" in answer.stderr
    assert "bridge.toml:2:1 mode" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_help_is_chinese_and_quick() -> None:
    answer = program("--help", cwd=ROOT)
    assert answer.returncode == 0
    assert "命令" in answer.stdout
    assert answer.stdout.startswith("用法：")
    assert "Usage" not in answer.stdout
    assert program("--version", cwd=ROOT).stdout == f"bridge {__version__}\n"
    loaded = program("-c", "pass", cwd=ROOT)
    assert loaded.returncode == 2
    probe = "import bridge.cli, sys; sys.exit(bool({'sqlalchemy', 'aiohttp', 'pydantic'} & set(sys.modules)))"
    assert (
        subprocess.run([sys.executable, "-c", probe], cwd=ROOT, check=False, timeout=PATIENCE_SECONDS).returncode == 0
    )


def test_a_daemon_starts_without_what_few_of_its_days_need() -> None:
    probe = (
        "import bridge.app, sys; sys.exit(bool({'alembic', 'docx', 'jinja2', 'lxml', 'openpyxl'} & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", probe], cwd=ROOT, check=False, timeout=PATIENCE_SECONDS).returncode == 0
    )


def test_a_missing_configuration_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="bridge init"):
        with_store(tmp_path / "bridge.toml", lambda store: store.read(lambda tx: tx))
