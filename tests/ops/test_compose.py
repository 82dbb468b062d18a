"""The compose files fit the Compose Specification and the program: every key, command and mounted file exists."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator
from typer.testing import CliRunner

from bridge.cli import app
from bridge.cli.folder import create_folder
from bridge.settings_file import load_settings

FOLDER = Path(__file__).parents[2] / "ops/compose"
FILES = sorted(FOLDER.glob("compose.*.yaml"))
SCHEMA = json.loads((Path(__file__).parent / "compose_spec.json").read_text(encoding="utf-8"))
_VARIABLE = re.compile(r"\$\{(\w+)[^}]*\}")


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def services() -> list[tuple[str, dict[str, Any]]]:
    return [(f"{path.name}:{name}", each) for path in FILES for name, each in read(path)["services"].items()]


OURS = [(name, each) for name, each in services() if each["image"].startswith("ticket-bridge:")]


def test_there_is_one_for_each_kind_of_county() -> None:
    assert [path.name for path in FILES] == [
        "compose.monitoring.yaml", "compose.postgres.yaml", "compose.sqlite.yaml",
    ]  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_fits_the_specification(path: Path) -> None:
    assert [error.message for error in Draft201909Validator(SCHEMA).iter_errors(read(path))] == []


def test_the_schema_finds_a_mistake() -> None:
    wrong = read(FILES[0]) | {"services": {"bridge": {"imgae": "x"}}}
    assert list(Draft201909Validator(SCHEMA).iter_errors(wrong))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_volume_is_declared_or_lies_in_the_repository(path: Path) -> None:
    document = read(path)
    for service in document["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (FOLDER / source).exists() or source == "../grafana", source
            else:
                assert source in document["volumes"], source


@pytest.mark.parametrize(("name", "service"), OURS, ids=[name for name, _ in OURS])
def test_our_containers_are_locked_down_and_configured(name: str, service: dict[str, Any], tmp_path: Path) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    create_folder(tmp_path / "county")
    environment = {key: _VARIABLE.sub("secret", value) for key, value in service.get("environment", {}).items()}
    settings = load_settings(tmp_path / "county/bridge.toml", environment)
    assert ("asyncpg" in settings.database_url) is ("postgres" in name)
    if "command" in service:
        assert CliRunner().invoke(app, [*service["command"][1:], "--help"]).exit_code == 0


def test_three_replicas_wait_for_the_schema() -> None:
    bridge = read(FOLDER / "compose.postgres.yaml")["services"]["bridge"]
    assert bridge["deploy"]["replicas"] == 3
    assert bridge["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_prometheus_scrapes_every_replica_and_loads_our_rules() -> None:
    document = read(FOLDER / "prometheus.yml")
    (job,) = document["scrape_configs"]
    assert job["job_name"] == "ticketbridge"
    (found,) = job["dns_sd_configs"]
    assert (found["names"], found["port"]) == (["bridge"], 8080)
    assert list((FOLDER.parent / "prometheus").glob("*.rules.yml"))


def test_the_proxy_keeps_the_metrics_inside_and_finds_replicas_that_moved() -> None:
    text = (FOLDER / "nginx.conf").read_text(encoding="utf-8")
    assert re.search(r"location = /metrics \{\s+return 404;", text)
    assert re.search(r"resolver 127\.0\.0\.11 valid=\d+s", text)
    assert re.search(r"set \$replicas http://bridge:8080;", text)
    assert re.findall(r"proxy_pass (\S+);", text) == ["$replicas"]
