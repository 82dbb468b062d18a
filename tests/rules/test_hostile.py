"""Files nobody should feed us: the old rules stay and the message says what happened."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.errors import ConfigError
from bridge.rules.compile import CompiledRules
from bridge.rules.load import check_text, load_rules
from bridge.rules.reload import Reload, RulesHolder
from tests.rules.conftest import BASE

BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "文件是空的"),
        (b"# only a comment\n", "只有注释"),
        (b"---\n", "没有内容"),
        (b"~\n", "没有内容"),
        (b"units: {}\r\ttax: 1\r", "用了制表符缩进"),
        ("# \u2028units: {}\n  tax: [\n".encode(), "缩进与上一行不一致"),
        (b"- a\n- b\n", "最外层应当是"),
        (b"\x7fELF\x00\x01\x02", "控制字符"),
        ("单位: 税务".encode("gbk"), "不是 UTF-8"),
        (b"a: 1\n" * 20_000_000, "超过 1 MiB"),
        (BOMB.encode(), "不允许引用"),
        (b"[" * 200_000, "嵌套超过"),
        (b"units: {tax: {name: '", "引号没有配对"),
        (b"units: !!python/object:os.system x\n", "不允许标签"),
    ],
    ids=[
        "empty",
        "comment",
        "dashes",
        "null",
        "only CR",
        "line separator",
        "list",
        "binary",
        "gbk",
        "huge",
        "bomb",
        "deep",
        "half",
        "tag",
    ],
)
def test_hostile_file_is_refused(data: bytes, said: str) -> None:
    told = "\n".join(problem.message for problem in check_text(data))
    assert said in told


NESTED = {
    "flow": "[" * 200_000,
    "flow behind closing brackets in quotes": 'x: "' + "]" * 400_000 + '"\na: ' + "[" * 400_000,
    "complex keys": "? [" * 100_000,
    "lists": "- " * 300_000,
    "mappings": "\n".join(" " * n + "a:" for n in range(1_200)),
}
READ = """
import json, sys
from bridge.rules.compile import CompiledRules
from bridge.rules.load import check_text
print(json.dumps([check_text(text)[0].message for text in json.load(sys.stdin)]))
"""


def test_deep_nesting_never_ends_the_process() -> None:
    """The parser in C ends the process when its own composer recurses: only its events may be used."""
    texts = json.dumps(list(NESTED.values()))
    told = subprocess.run([sys.executable, "-c", READ], input=texts, capture_output=True, check=True, text=True)
    verdicts = dict(zip(NESTED, json.loads(told.stdout), strict=True))
    assert all("嵌套超过" in verdict for verdict in verdicts.values()), verdicts


def test_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="文件不存在"):
        load_rules(tmp_path / "nowhere.yaml")


def test_file_cut_anywhere_keeps_the_old_rules(tmp_path: Path) -> None:
    """A save seen half-way, at every hundredth byte."""
    whole = BASE.read_bytes()
    path = tmp_path / "rules.yaml"
    path.write_bytes(whole)
    holder = RulesHolder(path, load_rules(path))
    before = holder.current()
    for cut in range(0, whole.index(b"\ntests:"), 151):
        path.write_bytes(whole[:cut])
        outcome = holder.reload()
        assert not outcome.loaded
        assert outcome.problems
        assert holder.current() is before


def test_changed_file_is_loaded_once(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(BASE.read_bytes())
    reports: list[Reload] = []
    holder = RulesHolder(path, load_rules(path), report=reports.append)
    before = holder.current()
    assert holder.poll() is None
    path.write_text(BASE.read_text(encoding="utf-8") + "# another version\n", encoding="utf-8")
    assert holder.poll() is None, "the file may still be being written"
    outcome = holder.poll()
    assert outcome is not None
    assert outcome.loaded
    assert holder.current().hash != before.hash
    assert holder.poll() is None
    assert [one.loaded for one in reports] == [True]


def test_touched_file_is_not_loaded_again(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(BASE.read_bytes())
    holder = RulesHolder(path, load_rules(path))
    os.utime(path, (1, 1))
    assert [holder.poll() for _ in range(3)] == [None, None, None]


def test_deleted_file_keeps_the_old_rules(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(BASE.read_bytes())
    holder = RulesHolder(path, load_rules(path))
    before = holder.current()
    path.unlink()
    holder.poll()
    outcome = holder.poll()
    assert outcome is not None
    assert not outcome.loaded
    assert "文件不存在" in outcome.problems[0].message
    assert holder.current() is before


def test_file_cut_off_among_its_tests_keeps_the_old_rules(tmp_path: Path) -> None:
    """What is left reads as rules with fewer tests; the same with its line end is a person's deletion."""
    case = '    expect: {category: late_fee, lead: tax}\n  - id: again\n    text: 社保滞纳金。\n    received_at: "2026-01-05T09:00:00+08:00"\n'
    whole = BASE.read_bytes() + case.encode().split(b"\n", 1)[1] + b"    expect: {category: late_fee}\n"
    path = tmp_path / "rules.yaml"
    path.write_bytes(whole)
    holder = RulesHolder(path, load_rules(path))
    before = holder.current()
    assert len(before.document.tests) == 2
    path.write_bytes(BASE.read_bytes().rstrip(b"\n"))
    outcome = holder.reload()
    assert (outcome.loaded, "只写了一半" in outcome.problems[0].message, holder.current() is before) == (
        False,
        True,
        True,
    )
    path.write_bytes(BASE.read_bytes())
    assert holder.reload().loaded


def test_a_file_that_may_no_longer_be_read_is_noticed(tmp_path: Path) -> None:
    """Taking the permission away leaves time and size as they were; a restart would fail on it."""
    path = tmp_path / "rules.yaml"
    path.write_bytes(BASE.read_bytes())
    holder = RulesHolder(path, load_rules(path))
    kept = path.stat()
    path.chmod(0)
    after = path.stat()
    assert (kept.st_mtime_ns, kept.st_size) == (after.st_mtime_ns, after.st_size)
    outcomes = [holder.poll(), holder.poll()]
    if os.access(path, os.R_OK):
        assert outcomes == [None, None], "root may read it all the same"
    else:
        assert outcomes[1] is not None
        assert "没有读取的权限" in outcomes[1].problems[0].message
    path.chmod(0o600)


def test_a_file_put_back_with_its_old_time_is_loaded(tmp_path: Path) -> None:
    """``cp -p`` and a restored backup keep time and, with luck, size."""
    path = tmp_path / "rules.yaml"
    path.write_bytes(BASE.read_bytes() + b"# a\n")
    holder = RulesHolder(path, load_rules(path))
    kept = path.stat()
    path.write_bytes(BASE.read_bytes() + b"# b\n")
    os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert holder.poll() is None
    outcome = holder.poll()
    assert outcome is not None
    assert outcome.loaded


def test_a_fault_of_the_reader_is_a_refusal(tmp_path: Path) -> None:
    """Whatever goes wrong while a new file is read, the old rules stay, it is told, and the next file is read again."""
    path = tmp_path / "rules.yaml"
    path.write_bytes(BASE.read_bytes())
    faults = [IndexError("list index out of range")]

    def adjust(rules: CompiledRules) -> CompiledRules:
        if faults:
            raise faults.pop()
        return rules

    holder = RulesHolder(path, load_rules(path), adjust=adjust)
    before = holder.current()
    refused = holder.reload()
    assert (refused.loaded, holder.current()) == (False, before)
    assert "IndexError" in refused.problems[0].message
    assert holder.reload().loaded


def test_rules_whose_tests_fail_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(BASE.read_bytes())
    holder = RulesHolder(path, load_rules(path))
    text = BASE.read_text(encoding="utf-8").replace(
        "id: r.late_fee, category: late_fee, lead: tax", "id: r.late_fee, category: late_fee, lead: hrss"
    )
    path.write_text(text, encoding="utf-8")
    outcome = holder.reload()
    assert outcome is not None
    assert not outcome.loaded
    assert "用例不符" in outcome.problems[0].message
    assert "lead 应为 tax,实为 hrss" in outcome.problems[0].message
    assert "lead: tax" in text.splitlines()[(outcome.problems[0].line or 0) - 1], "the expectation that differs"
