"""The 信访 folder: what is taken, what is refused and why, and that nothing is lost or taken twice."""

from __future__ import annotations

import csv
import os
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.errors import FolderTrouble
from bridge.folder import ExchangeFolder
from tests.feeds.conftest import CONTENT, HEADER, Exchange, row

CODES = "xfrq,XFJBH,反映内容*,xfmddm,姓名,xfrs,nmbz,保密,xbjzrq,乡镇"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
async def test_a_file_of_each_encoding_is_taken(exchange: Exchange, encoding: str) -> None:
    exchange.letters("a.csv", row("XF1"), row("XF2"), encoding=encoding)
    assert await exchange.poll() == 1
    assert await exchange.known() == {"XF1", "XF2"}
    assert exchange.files("petition/done") == ["a.csv"]
    assert exchange.files("petition/in") == exchange.files("petition/bad") == []


async def test_columns_by_code_in_any_order_and_unknown_ones_kept(exchange: Exchange) -> None:
    exchange.letters("a.csv", f"2026/2/27 9:30,XF1,{CONTENT},咨询,祁某,3人,是,否,2026-03-20,大阳镇", header=CODES)
    await exchange.poll()
    case = await exchange.case("XF1")
    file = await exchange.ledger.file(case["id"])
    ticket = file.tickets[0]
    assert ticket.kind.value == "consult"
    assert ticket.received_at.isoformat() == "2026-02-27T01:30:00+00:00"
    assert ticket.respond_by is not None
    assert ticket.respond_by.isoformat() == "2026-03-20T15:59:59+00:00"
    assert ticket.body.petitioner.people_count == 3
    assert ticket.body.petitioner.anonymous
    assert not ticket.body.petitioner.confidential
    assert ticket.body.extra == {"信访目的": "咨询", "乡镇": "大阳镇"}


@pytest.mark.parametrize(("purpose", "kind"), [("揭发控告", "report"), ("检举", "report"), ("9", "help")])
async def test_a_report_and_an_unknown_purpose_are_confidential(exchange: Exchange, purpose: str, kind: str) -> None:
    exchange.letters("a.csv", row("XF1", purpose=purpose))
    await exchange.poll()
    file = await exchange.ledger.file((await exchange.case("XF1"))["id"])
    assert file.case.confidential
    assert file.tickets[0].kind.value == kind


async def test_bad_rows_are_set_aside_with_line_and_reason_and_the_rest_goes_on(exchange: Exchange) -> None:
    exchange.letters(
        "a.csv",
        row("XF1"),
        row(""),
        row("../../etc/passwd"),
        row("XF4", date="昨天"),
        row("XF5", date="2027-01-01"),
        "XF6,2026-02-27",
        row("XF7", content="字" * 20_001),
        row("XF8", content="空\x00字符"),
        row("XF9", content='"一行未闭合'),
        row("XF10", content='"两行\r\n内容"'),
        row("=XF11"),
        row("XF12"),
    )
    await exchange.poll()
    assert await exchange.known() == {"XF1", "XF10", "XF12"}
    with (exchange.directory / "petition/bad/a.errors.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *rows = list(csv.reader(file))
    assert ",".join(header) == f"{HEADER},行号,原因"
    reasons = {cells[-2]: cells[-1] for cells in rows}
    assert sorted(reasons, key=int) == ["3", "4", "5", "6", "7", "8", "9", "10", "13"]
    assert reasons["3"] == "信访件编号：缺少必填项"
    assert "文件名" in reasons["4"]
    assert "信访日期" in reasons["5"]
    assert "晚于现在" in reasons["6"]
    assert reasons["7"] == "有 2 列，表头为 8 列"
    assert "反映内容" in reasons["8"]
    assert "NUL" in reasons["9"]
    assert "引号" in reasons["10"]
    assert exchange.files("petition/done") == ["a.csv"]
    assert exchange.metrics.value("intake_rejected_total", feed="petition", reason="invalid") == 9


async def test_refused_rows_can_be_corrected_and_handed_in_again(exchange: Exchange) -> None:
    exchange.letters("a.csv", row("XF1", date="昨天", content="=1+1 是公式"))
    await exchange.poll()
    errors = (exchange.directory / "petition/bad/a.errors.csv").read_text(encoding="utf-8")
    assert ",'=1+1 是公式," in errors
    exchange.put("petition/in", "b.csv", errors.replace("昨天", "2026-02-27"))
    await exchange.poll()
    file = await exchange.ledger.file((await exchange.case("XF1"))["id"])
    assert file.tickets[0].body.content == "=1+1 是公式"
    assert file.tickets[0].body.extra == {"信访目的": "求决"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "空的"),
        ("姓名,电话\n张某,1\n".encode(), "缺少必填列：信访件编号、信访日期、反映内容"),
        (f"{HEADER},姓名\n".encode(), "重复的列：姓名"),
        (HEADER.encode("utf-16"), "UTF-16"),
        (b"\xff\xfe\x00\x01" * 500, "UTF-16"),
        (b"PK\x03\x04" + bytes(range(256)) * 10, "NUL"),
        (b"x" * 3_000_000, "表头缺少"),
    ],
)
async def test_a_file_that_is_no_table_goes_aside_whole(exchange: Exchange, content: bytes, reason: str) -> None:
    exchange.put("petition/in", "a.csv", content)
    await exchange.poll()
    assert exchange.files("petition/bad") == ["a.csv", "a.errors.csv"]
    assert exchange.files("petition/in") == exchange.files("petition/done") == []
    assert reason in (exchange.directory / "petition/bad/a.errors.csv").read_text(encoding="utf-8")


async def test_a_huge_file_goes_aside_unread(exchange: Exchange) -> None:
    path = exchange.letters("a.csv", row("XF1"))
    os.truncate(path, (256 << 20) + 1)
    await exchange.poll()
    assert exchange.files("petition/bad") == ["a.csv", "a.errors.csv"]
    assert "256 MiB" in (exchange.directory / "petition/bad/a.errors.csv").read_text(encoding="utf-8")
    assert await exchange.cases() == []


async def test_only_csv_files_are_looked_at_and_not_while_they_are_written(exchange: Exchange) -> None:
    for name in ("a.tmp", "a.csv.tmp", ".a.csv", "~$a.csv", "a.txt"):
        exchange.put("petition/in", name, HEADER)
    path = exchange.letters("b.csv", row("XF1"))
    wall = exchange.ledger.clock.wall().timestamp()
    os.utime(path, (wall - 1, wall - 1))
    assert await exchange.poll() == 0
    os.utime(path, (wall - 3, wall - 3))
    assert await exchange.poll() == 1
    assert exchange.files("petition/in") == [".a.csv", "a.csv.tmp", "a.tmp", "a.txt", "~$a.csv"]


async def test_links_and_folders_are_set_aside_unread(exchange: Exchange, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text(f"{HEADER}\n{row('XF1')}\n", encoding="utf-8")
    inbox = exchange.directory / "petition/in"
    inbox.mkdir(parents=True)
    (inbox / "link.csv").symlink_to(secret)
    (inbox / "folder.csv").mkdir()
    await exchange.poll()
    assert await exchange.cases() == []
    assert exchange.files("petition/bad") == ["folder.csv", "folder.errors.csv", "link.csv", "link.errors.csv"]
    assert secret.exists()


async def test_a_link_in_the_place_of_a_subfolder_is_trouble(exchange: Exchange, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    exchange.letters("a.csv", row("XF1"))
    (exchange.directory / "petition/done").symlink_to(elsewhere)
    with pytest.raises(FolderTrouble, match="符号链接"):
        await exchange.poll()
    assert list(elsewhere.iterdir()) == []
    assert exchange.files("petition/in") == ["a.csv"]


async def test_the_same_file_again_changes_nothing_even_after_a_newer_one(exchange: Exchange) -> None:
    exchange.letters("1.csv", row("XF1"))
    await exchange.poll()
    exchange.letters("2.csv", row("XF1", content=f"{CONTENT}补充说明"))
    await exchange.poll()
    exchange.letters("1.csv", row("XF1"))
    await exchange.poll()
    file = await exchange.ledger.file((await exchange.case("XF1"))["id"])
    assert file.tickets[0].revision == 2
    assert file.tickets[0].body.content == f"{CONTENT}补充说明"
    assert exchange.files("petition/done") == ["1.csv", "2.csv"]


async def test_another_file_of_a_known_name_is_kept_beside_it(exchange: Exchange) -> None:
    for number in ("XF1", "XF2"):
        exchange.letters("a.csv", row(number), row("", date=number))
        await exchange.poll()
    assert len(await exchange.cases()) == 2
    assert len(exchange.files("petition/done")) == len(exchange.files("petition/bad")) == 2


async def test_of_two_rows_of_one_letter_the_later_counts(exchange: Exchange) -> None:
    rows = [row("XF1", content=f"{CONTENT}第{number}稿") for number in range(20)]
    exchange.letters("a.csv", *rows)
    await exchange.poll()
    file = await exchange.ledger.file((await exchange.case("XF1"))["id"])
    assert file.tickets[0].body.content.endswith("第19稿")
    assert file.tickets[0].revision == 20


async def test_a_file_that_grows_while_it_is_read_stays(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    path = exchange.letters("a.csv", row("XF1"))
    real = ExchangeFolder.check_unchanged

    def grow(folder: ExchangeFolder, name: str, seen: os.stat_result) -> None:
        monkeypatch.undo()
        with path.open("a", encoding="utf-8") as more:
            more.write(row("XF2") + "\r\n")
        real(folder, name, seen)

    monkeypatch.setattr(ExchangeFolder, "check_unchanged", grow)
    assert await exchange.poll() == 0
    assert exchange.files("petition/in") == ["a.csv"]
    assert await exchange.poll() == 1
    assert len(await exchange.cases()) == 2


async def test_many_files_make_steady_progress_in_natural_order(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.feeds.loop.FILES_AT_ONCE", 4)
    for number in (10, 9, 1, 2, 100, 3):
        exchange.letters(f"a{number}.csv", row(f"XF{number}"))
    assert await exchange.poll() == 4
    assert exchange.files("petition/in") == ["a10.csv", "a100.csv"]
    assert await exchange.poll() == 2
    assert await exchange.poll() == 0


def test_looking_at_many_files_keeps_only_the_first_in_memory(tmp_path: Path) -> None:
    folder = ExchangeFolder(tmp_path, lambda: datetime(2099, 1, 1, tzinfo=UTC))
    folder.prepare()
    for number in range(20_000):
        os.mknod(tmp_path / "in" / f"xf{number}.csv")
    tracemalloc.start()
    found = folder.waiting(".csv", 100)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [each.name for each in found] == [f"xf{number}.csv" for number in range(100)]
    assert peak < 1 << 20


async def test_only_the_owner_of_the_lease_reads(exchange: Exchange) -> None:
    exchange.letters("a.csv", row("XF1"))
    loop = exchange.loops["feed:petition"]
    store, wall = exchange.ledger.store, exchange.ledger.clock.wall()
    await store.write(lambda tx: store.leases.hold(tx, "feed:petition", "p2", wall, wall.replace(year=2027)))
    assert await loop.step() == 0
    assert exchange.files("petition/in") == ["a.csv"]
