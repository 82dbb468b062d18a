"""Reports on the command line and the files they write: safe to open in Excel."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from bridge import sheets
from bridge.cli import app
from bridge.sheets import Sheet

ROOT = Path(__file__).parents[2]
EVIL = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("BRIDGE_RULES", str(ROOT / "routing_rules.yaml"))
    assert CliRunner().invoke(app, ["init", str(tmp_path / "county")]).exit_code == 0
    return str(tmp_path / "county" / "bridge.toml")


def test_reports_are_printed_and_written(config: str, tmp_path: Path) -> None:
    run = CliRunner()
    days = ["--from", "2026-03-01", "--to", "2026-03-31", "--config", config]
    shown = run.invoke(app, ["report", "assessment", *days, "--group", "unit", "--json"])
    assert json.loads(shown.stdout)["total"]["received"] == 0
    table, book = tmp_path / "a.csv", tmp_path / "a.xlsx"
    assert run.invoke(app, ["report", "assessment", *days, "-o", str(table)]).exit_code == 0
    assert table.read_bytes().startswith(b"\xef\xbb\xbf")
    assert ["受理", "0"] in list(csv.reader(io.StringIO(table.read_text(encoding="utf-8-sig"))))
    assert run.invoke(app, ["report", "hotspots", *days, "-o", str(book)]).exit_code == 0
    assert load_workbook(book).sheetnames == ["同一单位反复", "多次退单", "逾期"]
    assert run.invoke(app, ["report", "hotspots", *days, "-o", str(tmp_path / "a.txt")]).exit_code == 2
    assert "考核" in run.invoke(app, ["report", "assessment", *days]).stdout


def test_no_cell_is_a_formula_and_the_header_stays_in_sight() -> None:
    sheet = Sheet("表", ["=head", "数"], [[cell, -5] for cell in EVIL], frozenset({1}))
    lines = list(csv.reader(io.StringIO(sheets.as_csv([sheet]).decode("utf-8-sig"), newline="")))
    assert [line[0] for line in lines] == ["'=head", *("'" + cell for cell in EVIL)]
    page = load_workbook(io.BytesIO(sheets.as_xlsx([sheet])))["表"]
    assert all(row[0].data_type == "s" and str(row[0].value).startswith("'") for row in page.iter_rows())
    assert page.freeze_panes == "A2"
    assert (page["B2"].value, page["B2"].number_format) == (-5, "0.0%")
