"""The clerk's guide: every command of docs/howto/write-rules.zh-CN.md runs as written."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from bridge.testing.counterparts.control import PATIENCE_SECONDS
from tests.rules.conftest import ROOT, SHIPPED

GUIDE = ROOT / "docs" / "howto" / "write-rules.zh-CN.md"
FINDS_CHANGES = "bridge rules diff"
SAYS = {
    "bridge rules explain": ("类别:9 征缴检查、欠费追缴", "联办:人社局", "落选:", "主办:", "时限:", "规则版本:"),
    "bridge rules check": ("candidate.yaml:没有问题",),
    "bridge rules test": ("0 个不符",),
    FINDS_CHANGES: ("2 件工单，1 件有变化", "原主办 \\ 新主办", "新命中 c10.machine", "c10.machine"),
    "bridge rules suggest": ("1 件有人工判定的工单",),
    "bridge rules learn": ("写入 second_opinion.json",),
}
"""What the guide promises of each command; one without a promise has nothing to say."""


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    words = shlex.split(line)
    if words[0] == "bridge":
        words = [sys.executable, "-m", "bridge", *words[1:]]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=3 * PATIENCE_SECONDS)


def test_guide(tmp_path: Path) -> None:
    shutil.copy(SHIPPED, tmp_path)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    tickets = [
        {"id": "a", "text": "缴费机故障,社保断缴了。"},
        {"id": "b", "text": "公司扣了社保没有交,要求追缴。"},
    ]
    rows = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in tickets)
    (tmp_path / "yesterday.jsonl").write_text(rows, encoding="utf-8")
    corrected = json.dumps({**tickets[0], "category": "other"}, ensure_ascii=False) + "\n"
    (tmp_path / "corrections.jsonl").write_text(corrected, encoding="utf-8")
    for block in blocks("sh"):
        for line in block.strip().splitlines():
            result = run(line, tmp_path)
            expected = {1} if line.startswith(FINDS_CHANGES) else {0}
            assert result.returncode in expected, f"{line}\n{result.stdout}\n{result.stderr}"
            if line.startswith("cp "):
                edit(tmp_path / "candidate.yaml")
            said = next((words for command, words in SAYS.items() if line.startswith(command)), ())
            assert [word for word in said if word not in result.stdout] == [], f"{line}\n{result.stdout}"


def edit(path: Path) -> None:
    """Do by program what the guide asks its reader to do by hand."""
    text = path.read_text(encoding="utf-8")
    for section, block in zip(("  evidence:\n", "\ntests:\n"), blocks("yaml"), strict=True):
        assert text.count(section) == 1
        text = text.replace(section, section + block)
    path.write_text(text, encoding="utf-8")
