"""``bridge rules reload`` on a real daemon: a good file goes live at once, a bad one changes nothing."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.testing.counterparts.control import wait_until
from bridge.testing.process import BridgeProcess, Site, free_port

SHIPPED = Path(__file__).parents[2] / "routing_rules.yaml"


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[BridgeProcess]:
    rules = tmp_path / "rules.yaml"
    shutil.copyfile(SHIPPED, rules)
    site = replace(Site(tmp_path, free_port()), rules=rules)
    site.write("http://127.0.0.1:9/replies", {})
    process = BridgeProcess(site)
    process.start()
    process.wait_ready()
    yield process
    process.stop()


def live_hash(bridge: BridgeProcess) -> str | None:
    text = bridge.ask("GET", "/metrics").raw.decode()
    found = re.search(r'ticketbridge_rules_info\{hash="(\w+)"\} 1', text)
    return found[1] if found else None


def test_a_changed_file_goes_live_and_a_broken_one_does_not(bridge: BridgeProcess) -> None:
    before = live_hash(bridge)
    rules = bridge.site.rules
    rules.write_text(rules.read_text(encoding="utf-8") + "# 改动\n", encoding="utf-8")
    assert "已通知守护进程" in bridge.command("rules", "reload")
    after = wait_until(lambda: (now := live_hash(bridge)) != before and now, what="新规则")
    assert after != before

    rules.write_text(rules.read_text(encoding="utf-8") + "units: [\n", encoding="utf-8")
    with pytest.raises(RuntimeError, match=r"rules\.yaml:"):
        bridge.command("rules", "reload")
    assert live_hash(bridge) == after
