"""``bridge ledger``: the 台账 to print, for the office and for a unit, safe to open, the confidential blanked."""

from __future__ import annotations

import io
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook
from typer.testing import CliRunner

from bridge.cli import app
from bridge.cli.ledger import with_service
from bridge.pipeline.service import Service
from bridge.wire.ticket import ticket_draft

ROOT = Path(__file__).parents[2]
SINGLE = "企业会计反映征收期最后一天客户端故障，被加收滞纳金431.20元，要求核减滞纳金。"
JOINT = "单位2024年每月从工资里扣社保却没有缴，养老、失业、医保都断缴，要求追缴欠费。"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "county"
    assert CliRunner().invoke(app, ["init", str(folder)]).exit_code == 0
    return folder / "bridge.toml"


@pytest.fixture(autouse=True)
def cases(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_REVIEW", "false")
    monkeypatch.setenv("BRIDGE_RULES", str(ROOT / "routing_rules.yaml"))
    people = {"name": "甲某某", "phone": "13500000001"}
    bodies = (
        {"external_id": "=1+1", "content": JOINT, "petitioner": {"name": "乙某", "phone": "13500000002"}},
        {
            "external_id": "L-2",
            "title": "甲某某要求核减滞纳金",
            "content": SINGLE,
            "petitioner": people | {"confidential": True},
        },
    )
    received = {"received_at": "2026-03-02T09:00:00+08:00", "kind": "complaint"}
    drafts = [ticket_draft(body | received, b"{}", datetime.now(UTC)) for body in bodies]

    async def register(service: Service) -> None:
        for draft in drafts:
            await service.accept_ticket("hotline", draft, None)

    with_service(config, register)


def run(config: Path, *arguments: str) -> Any:
    return CliRunner().invoke(app, ["ledger", *arguments, "--config", str(config)])


def cells(file: Path) -> list[list[str]]:
    book = load_workbook(io.BytesIO(file.read_bytes()))
    return [[str(cell.value or "") for cell in row] for row in book["台账"].iter_rows()]


def test_the_workbook_says_what_is_next_and_is_made_to_be_printed(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "台账.xlsx"
    assert "在办 2 件，其中超期 2 件" in run(config, str(file)).stdout
    heads, *lines = cells(file)
    assert heads[:2] == ["序号", "工单编号"]
    by_number = {line[1]: line for line in lines}
    joint, hidden = by_number["'=1+1"], by_number["L-2"]
    assert joint[4] == "乙某\n13500000002"
    assert joint[6].split("\n")[0] == "税务局"
    assert "人社局：签收" in joint[8]
    assert "（保密）" in hidden[4]
    assert not any("甲某某" in cell or "13500000001" in cell for cell in hidden)
    page = load_workbook(file)["台账"]
    assert (page.page_setup.orientation, page.print_title_rows) == ("landscape", "$1:$1")
    assert "在办案件台账" in page.HeaderFooter.oddHeader.center.text
    contacts = load_workbook(file)["通讯录"]
    assert any(row[0].value == "税务局" and row[2].value for row in contacts.iter_rows(min_row=2))


def test_only_its_owner_reads_it_unless_somebody_let_others(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "台账.xlsx"
    run(config, str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o640)
    run(config, str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_the_word_paper_has_the_same_lines_across_a4_with_its_head_on_every_page(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "台账.docx"
    assert run(config, str(file)).exit_code == 0
    document = Document(str(file))
    section = document.sections[0]
    assert section.page_width is not None
    assert section.page_height is not None
    assert section.page_width > section.page_height
    table = document.tables[0]
    assert len(table.rows) == 3
    assert 'w:tblHeader w:val="true"' in table.rows[0]._tr.xml
    assert "甲某某" not in "".join(cell.text for row in table.rows for cell in row.cells)


def test_a_unit_gets_its_own_and_the_office_may_ask_for_everything(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "hrss.xlsx"
    assert run(config, str(file), "--unit", "hrss").exit_code == 0
    assert [line[1] for line in cells(file)[1:]] == ["'=1+1"]
    whole = tmp_path / "all.xlsx"
    assert run(config, str(whole), "--with-confidential").exit_code == 0
    assert any("甲某某" in line[4] for line in cells(whole))
    for wrong in (
        (str(whole), "--unit", "nobody"),
        (str(tmp_path / "x.pdf"),),
        (str(whole), "--unit", "tax", "--with-confidential"),
    ):
        assert run(config, *wrong).exit_code == 2
