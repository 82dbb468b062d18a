"""Wrong use of a command is answered in Chinese, with the name of what is wrong and where the right way stands."""

import re

import pytest
from rich.cells import cell_len
from typer.main import get_command
from typer.testing import CliRunner

from bridge.cli import app
from bridge.manual.commands import commands

TREE = get_command(app)
PUNCTUATION = 4
"""Cells a line may be longer than the terminal: punctuation stays with what it follows."""


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("sreve", "没有命令“sreve”；是不是 serve？"),
        ("rules chek x", "没有命令“chek”；是不是 check？"),
        ("serve --rulse x", "没有选项 --rulse；是不是 --roles、--rules？"),
        ("rules check", "缺少参数 file"),
        ("rules check a b", "多写了参数：b"),
        ("calendar add 2026-01-01 x", "amount 应为整数"),
        ("calendar add 2026-01-01 -- -1", "amount 不能小于 0"),
        ("calendar add 2026-01-01 99999", "amount 不能大于 9999"),
        ("calendar add 今天 3", "今天不是日期或ISO 8601时刻"),
        ("calendar add 2026-01-01 3 --unit hours", "--unit 应为 working_days、days、working_hours 之一"),
        ("tokens add x", "缺少选项 --role，可写：operator、office"),
        ("cases list --state hanlding", "--state 应为 triage、awaiting_approval"),
        ("calendar update /nowhere.json", "file /nowhere.json 不存在；请核对"),
        ("calendar update /", "file / 是文件夹；请写到文件名为止"),
        ("serve --rules", "选项 --rules 后面要写一个值"),
    ],
)
def test_wrong_use(line: str, told: str) -> None:
    result = CliRunner().invoke(app, line.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(told)
    assert "用法见：bridge" in result.stderr or line.startswith("serve --rules")
    assert not {"Usage", "Invalid", "Error"} & set(result.stderr.split())


def test_every_page_of_help_is_chinese_whole_and_no_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    for path, command in [(("bridge",), TREE), *commands(TREE)]:
        shown = CliRunner().invoke(app, [*path[1:], "--help"]).stdout
        assert not re.search(r"Usage|Options|Arguments|default|required|Show this", shown), shown
        assert "…\n" not in shown.replace("命令 …", ""), "cut off"
        told = re.sub(r"\s", "", command.help or "")
        assert told in re.sub(r"\s", "", shown)
        prose = shown.partition("例：")[0].splitlines()
        assert all(cell_len(line) <= 72 + PUNCTUATION or " " not in line.strip() for line in prose), shown


def test_a_page_writes_out_choices_ranges_and_defaults() -> None:
    shown = re.sub(r"\s", "", CliRunner().invoke(app, ["tokens", "add", "--help"]).stdout)
    assert "用法：bridgetokensadd--role<值>[选项]NAME" in shown
    assert "〔可写operator、office、leader、clerk、auditor、admin〕〔必填〕" in shown
    assert "有效天数。〔1到3650〕〔缺省90〕" in shown


def test_a_group_without_a_command_shows_its_page() -> None:
    result = CliRunner().invoke(app, ["rules"])
    assert result.exit_code == 2
    assert "check" in result.output
