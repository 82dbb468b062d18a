"""The kill test with both feeds: tickets by HTTP and 信访's tables, units by HTTP and one by folder.

300 tickets and 300 letters in tables dropped while the daemon is down, starting or serving; 5 % of the HTTP answers
fail; at least 8 kills, two of them in the middle of the tables. ``STORM_SEED`` repeats a storm.
"""

from __future__ import annotations

import csv
import io
import os
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from bridge.testing.counterparts.control import wait_until
from bridge.testing.counterparts.ledger import Json
from bridge.testing.counterparts.petition import Row
from bridge.testing.counterparts.temper import Temper
from bridge.testing.county import County
from bridge.testing.process import BridgeProcess, Folders, Site, free_port
from bridge.testing.storm import Storm
from bridge.testing.tickets import tickets
from tests.acceptance.test_kill_storm import Findings, of_type

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

COUNT = 300
KILLS = 8
AMID_TABLES = (2, 5)
"""Lives that are killed just after they have taken a table; they must outwait their predecessor's lease first."""
AMID_SECONDS = (0.0, 0.2)
LEASE_SECONDS = 20.0
PURPOSES = {"help": "求决", "complaint": "申诉", "consult": "咨询"}


@dataclass(frozen=True)
class Table:
    """A file of letters: the rows that can be taken, the numbers of those that cannot, and how it is written."""

    name: str
    rows: Sequence[Row]
    bad: Sequence[str] = ()
    encoding: str = "gbk"

    @property
    def good(self) -> list[str]:
        return [row["信访件编号"] for row in self.rows if row["信访件编号"] not in self.bad]


@dataclass
class FolderStorm(Storm):
    """Drops tables too: half of a life's before it is ready, half while it serves."""

    tables: Sequence[Table] = ()
    dropped: list[Table] = field(default_factory=list)

    def live(self, life: int, bridge: BridgeProcess) -> None:
        share = self.tables[life :: self.kills]
        self.drop(share[::2])
        if life not in AMID_TABLES:
            super().live(life, bridge)
            self.drop(share[1::2])
            return
        bridge.wait_ready()
        self.drop(share[1::2])
        before = len(self.county.petition.names("done"))
        wait_until(
            lambda: len(self.county.petition.names("done")) > before,
            what="a table taken",
        )
        time.sleep(self.dice.uniform(*AMID_SECONDS))

    def drop(self, tables: Sequence[Table]) -> None:
        for table in tables:
            self.county.petition.hand_in(table.name, table.rows, table.encoding)
            self.dropped.append(table)
        self.county.petition.received()

    def is_calm(self) -> bool:
        return not self.county.petition.names("in") and super().is_calm()


def test_both_feeds_survive_the_storm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(os.environ.get("STORM_SEED") or random.randrange(10**6))
    dice = random.Random(seed)
    now = datetime.now(UTC)
    drafts = [draft.body for draft in islice(tickets(dice, "STORM", now), COUNT)]
    letters = [row(draft.body) for draft in islice(tickets(dice, "XF", now), COUNT)]
    tables = [*tables_of(dice, letters)]
    temper = Temper(error_rate=0.05, duplicate_rate=0.02, delay_seconds=(0.0, 0.02), silence_seconds=0.5, seed=seed)
    site = Site(tmp_path, free_port(), folders=Folders(("finance",), petition=True))
    with County(tmp_path, environment={"BRIDGE_REVIEW": "false"}, temper=temper, site=site) as county:
        storm, began = FolderStorm(county, dice, KILLS, tables), time.monotonic()
        storm.rage(drafts)
        raged = time.monotonic()
        storm.calm()
        seconds = f"{raged - began:.0f}+{time.monotonic() - raged:.0f}"
        found = BothFeeds(county)
        with capsys.disabled():
            print(f"\nstorm seed={seed} seconds={seconds} tables={len(tables)} {found.summary()}")
        assert storm.dropped
        assert {table.name for table in storm.dropped} == {table.name for table in tables}
        found.check([*(body["external_id"] for body in drafts), *(letter["信访件编号"] for letter in letters)])
        found.every_table_was_taken(tables)
        assert storm.unsettled() == {}
        assert county.bridge.lives > KILLS
        assert county.bridge.stop() == 0


class BothFeeds(Findings):
    """Adds 信访's folder: a file taken is an acceptance, a name in ``out/`` is a push."""

    def __init__(self, county: County) -> None:
        super().__init__(county)
        self.answers = county.petition.received()
        self.pushes = [*self.pushes, *self.answers]
        self.letters = [
            ticket["external_id"] for case in self.cases for ticket in case["tickets"] if ticket["feed"] == "petition"
        ]
        self.accepted = {**self.accepted, **{number: {} for number in self.letters}}

    def every_table_was_taken(self, tables: Sequence[Table]) -> None:
        desk = self.county.petition
        assert desk.names("in") == []
        assert set(desk.names("done")) == {table.name for table in tables}
        refused = {table.name: numbers(desk.refused(table.name)) for table in tables}
        assert refused == {table.name: list(table.bad) for table in tables}
        assert Counter(self.letters) == Counter({number for table in tables for number in table.good})
        assert desk.changed == []
        replies = {entry.webhook_id for entry in of_type(self.answers, "ticket.replied")}
        returned = {entry.body["external_id"] for entry in of_type(self.answers, "ticket.returned")}
        assert replies == {f"{number}-1.json" for number in self.letters if number not in returned}


def row(body: Json, date: str | None = None) -> Row:
    """Write a made-up ticket as 信访 would; every tenth is a report, which is confidential."""
    serial = int(body["external_id"][-2:])
    return {
        "信访件编号": body["external_id"],
        "信访日期": date or datetime.fromisoformat(body["received_at"]).strftime("%Y-%m-%d"),
        "信访目的": "揭发控告" if serial % 10 == 0 else PURPOSES[body["kind"]],
        "姓名": body["petitioner"]["name"],
        "联系电话": body["petitioner"]["phone"],
        "匿名": "是" if serial % 7 == 0 else "否",
        "反映内容": body["content"],
    }


def tables_of(dice: random.Random, letters: Sequence[Row]) -> Iterator[Table]:
    """Cut letters into tables of uneven length; some hold a row in error, some are delivered twice."""
    serial, start = 0, 0
    while start < len(letters):
        end, serial = start + dice.randrange(1, 12), serial + 1
        rows, bad = list(letters[start:end]), []
        if dice.random() < 0.25:
            bad = [f"BAD{serial:03d}"]
            rows.insert(dice.randrange(len(rows) + 1), {**rows[0], "信访件编号": bad[0], "信访日期": "某日"})
        table = Table(f"t{serial:03d}.csv", rows, bad, dice.choice(("gbk", "utf-8")))
        yield table
        if dice.random() < 0.15:
            yield Table(f"t{serial:03d}-again.csv", rows, bad, table.encoding)
        start = end


def numbers(refused: str) -> list[str]:
    """Return the numbers of the rows in a file of refused rows."""
    return [line["信访件编号"] for line in csv.DictReader(io.StringIO(refused))]
