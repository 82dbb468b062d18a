"""The clerk's guide: every command of docs/howto/write-rules.zh-CN.md runs as written."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tests.rules.conftest import ROOT, SHIPPED

GUIDE = ROOT / "docs" / "howto" / "write-rules.zh-CN.md"
FINDS_CHANGES = "bridge rules diff"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    words = shlex.split(line)
    if words[0] == "bridge":
        words = [sys.executable, "-m", "bridge", *words[1:]]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=100)


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
            if line.startswith(FINDS_CHANGES):
                assert "2 件工单，1 件有变化" in result.stdout


def edit(path: Path) -> None:
    """Do by program what the guide asks its reader to do by hand."""
    text = path.read_text(encoding="utf-8")
    for section, block in (("  evidence:\n", blocks("yaml evidence")[0]), ("\ntests:\n", blocks("yaml tests")[0])):
        assert text.count(section) == 1
        text = text.replace(section, section + block)
    path.write_text(text, encoding="utf-8")
