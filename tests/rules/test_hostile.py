"""Files nobody should feed us: the old rules stay and the message says what happened."""

import os
from pathlib import Path

import pytest

from bridge.errors import ConfigError
from bridge.rules.load import check_text, load_rules
from bridge.rules.reload import Reload, RulesHolder
from tests.rules.conftest import BASE

BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "文件是空的"),
        (b"# only a comment\n", "只有注释"),
        (b"- a\n- b\n", "最外层应当是"),
        (b"\x7fELF\x00\x01\x02", "控制字符"),
        ("单位: 税务".encode("gbk"), "不是 UTF-8"),
        (b"a: 1\n" * 20_000_000, "超过 1 MiB"),
        (BOMB.encode(), "不允许引用"),
        (b"[" * 200_000, "嵌套超过"),
        (b"units: {tax: {name: '", "引号没有配对"),
        (b"units: !!python/object:os.system x\n", "不允许标签"),
    ],
    ids=["empty", "comment", "list", "binary", "gbk", "huge", "bomb", "deep", "half", "tag"],
)
def test_hostile_file_is_refused(data: bytes, said: str) -> None:
    told = "\n".join(problem.message for problem in check_text(data))
    assert said in told


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
