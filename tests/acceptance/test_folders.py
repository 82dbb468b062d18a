"""Real folders and real processes: 信访 in and out, a unit without a system, a unit that pulls, a clerk, kill -9."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bridge.testing.caller import Caller
from bridge.testing.counterparts.control import wait_until, write_private
from bridge.testing.process import BridgeProcess, Site, free_port

pytestmark = pytest.mark.acceptance

HEADER = "信访件编号,信访日期,反映内容,信访目的,姓名,联系电话,地址"
SINGLE = "来电人在晋宇光电上班公司从2024年7月到现在一直按最低基数给他申报社保要求公司按实际工资申报缴费基数"
MEDICAL = "居民医保报销比例不对住院费用医保局少报了要求重新核定医保待遇"
PENSION = "退休人员反映养老金核定少算了八年工龄要求人社局重新核定养老待遇并补发"
LONG_AGO = 1_700_000_000.0
"""When our files were written: a file written just now is left alone for two seconds."""

OPINION = {"type": "opinion", "text": "经核查属实，已责令更正。", "conclusion": "substantiated", "signed_by": "王五"}
CONFIG = """\
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
rules = "{rules}"
review = false
[encryption]
key_file = "data/keys.json"
[feeds.petition]
adapter = "xinfang"
dir = "exchange/petition"
[channels.tax]
adapter = "file_drop"
dir = "exchange/tax"
[channels.medical]
adapter = "http_json"
secret_file = "secrets/medical"
[channels.hrss]
adapter = "console"
"""


@dataclass
class Folders:
    """A daemon whose counterparts are folders."""

    bridge: BridgeProcess
    auditor: str = ""

    @property
    def root(self) -> Path:
        return self.bridge.site.directory / "exchange"

    def names(self, where: str) -> list[str]:
        return sorted(path.name for path in (self.root / where).glob("[!.]*"))

    def put(self, where: str, name: str, content: bytes) -> None:
        path = self.root / where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (temporary := path.with_suffix(".tmp")).write_bytes(content)
        os.utime(temporary, (LONG_AGO, LONG_AGO))
        temporary.rename(path)

    def letters(self, name: str, *rows: str, encoding: str = "utf-8") -> None:
        self.put("petition/in", name, "\r\n".join((HEADER, *rows, "")).encode(encoding))

    def receipt(self, part: str, number: int, body: dict[str, Any]) -> None:
        self.put("tax/in", f"{part}-{number}.json", json.dumps(body, ensure_ascii=False).encode())
        wait(lambda: f"{part}-{number}.json" in self.names("tax/done"), "the receipt in done/")

    def sent(self, where: str, external_id: str, type_: str) -> dict[str, Any]:
        """Wait for a message about a ticket in an ``out/`` folder."""

        def look() -> dict[str, Any] | None:
            bodies = [json.loads((self.root / where / "out" / n).read_bytes()) for n in self.names(f"{where}/out")]
            return next((b for b in bodies if b["type"] == type_ and external_id in json.dumps(b)), None)

        found: dict[str, Any] = wait(look, f"{type_} of {external_id}")
        return found

    def case(self, external_id: str) -> dict[str, Any]:
        found = self.bridge.get(f"/v1/cases?external_id={external_id}", self.auditor)["cases"]
        assert len(found) == 1
        return self.bridge.get(f"/v1/cases/{found[0]['id']}", self.auditor)

    def count(self) -> int:
        return len(self.bridge.get("/v1/cases?limit=200", self.auditor)["cases"])


def wait(probe: Any, what: str) -> Any:
    return wait_until(probe, what=what)


def row(number: str, content: str = SINGLE, date: str = "2026-03-02 09:30") -> str:
    return f"{number},{date},{content},求决,祁先生,13300000606,泽州县"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folders]:
    site = Site(tmp_path_factory.mktemp("folders"), free_port())
    (site.directory / "secrets").mkdir()
    write_private(site.directory / "secrets" / "medical", site.secrets["medical"] + "\n")
    site.config.write_text(CONFIG.format(port=site.port, rules=site.rules), encoding="utf-8")
    bridge = BridgeProcess(site, {"BRIDGE_CLOCK_START": "2026-03-03T09:00:00+08:00"})
    bridge.start()
    try:
        bridge.wait_ready()
        served = Folders(bridge, bridge.add_token("acceptance", "auditor"))
        yield served
        for number in range(50):
            served.letters(f"last{number}.csv", row(f"L{number}"))
        assert bridge.stop() == 0
        log = bridge.log.read_text(encoding="utf-8")
        assert "Traceback" not in log
        assert "祁先生" not in log
        assert "13300000606" not in log
    finally:
        bridge.kill()


def test_a_letter_travels_from_file_to_file(folders: Folders) -> None:
    folders.letters("batch.csv", row("XF1"), row("XF2", date="某日"), encoding="gbk")
    wait(lambda: "batch.csv" in folders.names("petition/done"), "the file in done/")
    errors = (folders.root / "petition/bad/batch.errors.csv").read_text(encoding="utf-8-sig")
    assert "XF2" in errors
    assert "3,信访日期" in errors
    part = folders.sent("tax", "XF1", "assignment.dispatched")["assignment_id"]
    folders.receipt(part, 1, {"type": "signed", "signed_by": "王五"})
    assert not any(name.startswith("XF1-") and "accepted" in name for name in folders.names("petition/out"))
    folders.receipt(part, 2, {"type": "told", "who": "payer", "channel": "邮寄", "by": "王五"})
    assert folders.sent("petition", "XF1", "ticket.accepted")["accepting_unit"] == "tax"
    folders.receipt(part, 3, OPINION)
    reply = folders.sent("petition", "XF1", "ticket.replied")
    assert json.loads((folders.root / "petition/out/XF1-1.json").read_bytes()) == reply
    assert reply["reply"]["resolved"] is True
    wait(lambda: folders.case("XF1")["state"] == "replied", "the case replied")
    notice = next(d for d in folders.case("XF1")["deadlines"] if d["kind"] == "accept_notice")
    assert notice["status"] == "met"


def test_a_receipt_that_is_not_legal_goes_to_bad_with_what_is(folders: Folders) -> None:
    folders.letters("bad-receipt.csv", row("XF3"))
    part = folders.sent("tax", "XF3", "assignment.dispatched")["assignment_id"]
    folders.put("tax/in", f"{part}-1.json", json.dumps({**OPINION, "type": "consolidated"}).encode())
    wait(lambda: f"{part}-1.error.json" in folders.names("tax/bad"), "the receipt in bad/")
    assert "应交：signed、opinion" in (folders.root / "tax/bad" / f"{part}-1.error.json").read_text(encoding="utf-8")


def test_a_unit_that_pulls(folders: Folders) -> None:
    folders.letters("pull.csv", row("XF4", MEDICAL))
    caller = Caller(folders.bridge, folders.bridge.site.secrets["medical"])
    fetched = wait(lambda: caller.get("/v1/units/medical/messages").body["messages"], "a message to pull")
    message = next(m for m in fetched if m["type"] == "assignment.dispatched")
    again = caller.get("/v1/units/medical/messages").body
    assert [m["assignment_id"] for m in again["messages"]] == [m["assignment_id"] for m in fetched]
    path = message["respond_url"].removeprefix(folders.bridge.site.url)
    assert caller.post(path, {"type": "signed", "signed_by": "赵六"}).status == 202
    assert caller.post(path, OPINION).status == 202
    rest = caller.get(f"/v1/units/medical/messages?after={again['cursor']}").body["messages"]
    assert message["assignment_id"] not in {m["assignment_id"] for m in rest if m["type"] == "assignment.dispatched"}
    folders.sent("petition", "XF4", "ticket.replied")


def test_a_unit_served_by_its_clerk(folders: Folders) -> None:
    folders.letters("clerk.csv", row("XF6", PENSION))
    wait(lambda: "clerk.csv" in folders.names("petition/done"), "the file in done/")
    part = next(a for a in folders.case("XF6")["assignments"] if a["unit"] == "hrss")
    clerk = folders.bridge.add_token("hrss-clerk", "clerk", "hrss")
    for receipt in ({"type": "signed", "signed_by": "孙七"}, OPINION):
        action = {"action": "receipt", "assignment_id": part["id"], "receipt": receipt}
        assert folders.bridge.post(f"/v1/cases/{folders.case('XF6')['id']}/actions", clerk, action).status == 200
    folders.sent("petition", "XF6", "ticket.replied")


def test_a_broken_folder_is_named_and_nothing_is_lost(folders: Folders) -> None:
    done = folders.root / "petition/done"
    done.rename(kept := folders.root / "petition/kept")
    done.write_bytes(b"")
    folders.letters("broken.csv", row("XF5"))
    wait(lambda: "folder.trouble" in folders.bridge.tail(200), "folder.trouble in the log")
    assert folders.names("petition/in") == ["broken.csv"]
    assert folders.bridge.ask("GET", "/readyz").status == 200
    done.unlink()
    kept.rename(done)
    wait(lambda: "broken.csv" in folders.names("petition/done"), "the file in done/")
    assert folders.case("XF5")["tickets"][0]["external_id"] == "XF5"


def hand_in_many(folders: Folders, numbers: Iterable[int]) -> None:
    for number in numbers:
        folders.letters(f"many{number}.csv", row(f"K{number}"), row(f"K{number}b"))


def test_kill_9_in_the_middle_of_many_files(folders: Folders) -> None:
    before, numbers = folders.count(), range(100, 140)
    hand_in_many(folders, numbers[::2])
    wait(lambda: sum("many" in name for name in folders.names("petition/done")) >= 3, "some files done")
    folders.bridge.kill()
    hand_in_many(folders, numbers[1::2])
    folders.bridge.start()
    folders.bridge.wait_ready()
    wait(lambda: folders.names("petition/in") == [], "every file taken")
    assert sum("many" in name for name in folders.names("petition/done")) == len(numbers)
    assert folders.count() == before + 2 * len(numbers)
    wait(lambda: folders.sent("tax", "K139b", "assignment.dispatched"), "the last dispatch")
    bodies = [json.loads((folders.root / "tax/out" / name).read_bytes()) for name in folders.names("tax/out")]
    dispatched = [body["assignment_id"] for body in bodies if body["type"] == "assignment.dispatched"]
    assert len(dispatched) == len(set(dispatched))
