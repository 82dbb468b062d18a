"""Prints the table, the curve of automatic dispatch and the confusion matrix of every labelled set of a folder.

``--publish`` also writes them under the mark in docs/reference/accuracy.md.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from bridge.rules.compile import CompiledRules
from bridge.rules.load import load_rules
from tests.evaluation.baselines import available
from tests.evaluation.cross import CrossValidated
from tests.evaluation.data import Row, answer_of, read_sets
from tests.evaluation.scoring import Answer, Score, score

ROOT = Path(__file__).parents[2]
RULES = ROOT / "routing_rules.yaml"
PAGE = ROOT / "docs" / "reference" / "accuracy.md"
MARK = "<!-- make eval PUBLISH=1 写在这一行以下 -->\n"
THRESHOLDS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
COLUMNS = {
    "category": "类别",
    "lead": "主办",
    "procedure": "程序",
    "co_recall": "联办召回",
    "scope_precision": "范围准",
    "scope_recall": "范围全",
    "scope_f1": "范围F1",
    "coverage": "自动派发",
    "automatic_lead": "自动派发主办对",
}


_said: list[str] = []


def _say(line: str) -> None:
    print(line, flush=True)
    _said.append(line)


def publish(page: Path, lines: Sequence[str]) -> None:
    """Replace everything below the mark."""
    head, mark, _ = page.read_text(encoding="utf-8").partition(MARK)
    page.write_text(head + (mark or MARK) + "\n".join(lines) + "\n", encoding="utf-8")


def main(folder: Path, *, published: bool = False) -> int:
    """Evaluate every set of a folder; 2 if there is none."""
    sets = read_sets(folder)
    if not sets:
        print(f"{folder} 里没有标注文件(*.jsonl)", file=sys.stderr)
        return 2
    rules = load_rules(RULES)
    judge = CrossValidated(rules)
    for name, rows in sets.items():
        if "in_scope" in rows[0]:
            _labelled(name, rows, rules, judge)
        else:
            _others(name, rows, rules)
    if published:
        publish(PAGE, _said)
    return 0


def _labelled(name: str, rows: Sequence[Row], rules: CompiledRules, judge: CrossValidated) -> None:
    answers = judge.answers(rows)
    total = score(answers)
    _say(f"\n## {name}:{len(rows)} 件,计类别 {total.graded} 件\n")
    _say("| 方法 | " + " | ".join(COLUMNS.values()) + " |")
    _say("|---|" + "---|" * len(COLUMNS))
    _row("规则 + 第二意见(交叉验证)", total)
    _row("只用规则", score([(row, answer_of(rules.with_opinion(None), row)) for row in rows]))
    for label, baseline in available().items():
        _row(label, score(baseline(rows)))
    _curve(answers)
    _confusion(total)


def _row(label: str, total: Score) -> None:
    cells = [f"{value:.3f}" for value in total.row().values()]
    _say(f"| {label} | " + " | ".join(cells) + " |")


def _curve(answers: Sequence[tuple[Row, Answer]]) -> None:
    """How much could go out without a person at each confidence, and how often the lead is right."""
    _say("\n置信度门槛 → 自动派发比例 / 其中主办正确:")
    for threshold in THRESHOLDS:
        marked = [(row, _reviewed(answer, threshold)) for row, answer in answers]
        row = score(marked).row()
        _say(f"- {threshold:.2f} → {row['coverage']:.3f} / {row['automatic_lead']:.3f}")


def _reviewed(answer: Answer, threshold: float) -> Answer:
    review = not answer.in_scope or answer.lead is None or answer.confidence < threshold
    return Answer(
        answer.in_scope, answer.category, answer.lead, answer.co_units, answer.procedure, review, answer.confidence
    )


def _confusion(total: Score) -> None:
    numbers = range(1, 11)
    _say("\n混淆矩阵(行:标注;列:判定;0 = 判为不属本机制)\n")
    _say("| | 0 | " + " | ".join(map(str, numbers)) + " |")
    _say("|---|" + "---|" * 11)
    for actual in numbers:
        cells = [total.confusion.get((actual, found), 0) for found in (0, *numbers)]
        _say(f"| **{actual}** | " + " | ".join(str(cell) if cell else "" for cell in cells) + " |")


def _others(name: str, rows: Sequence[Row], rules: CompiledRules) -> None:
    taken = sum(answer_of(rules, row).in_scope for row in rows)
    _say(f"\n## {name}:{len(rows)} 件其他来信,误判属本机制 {taken} 件({taken / len(rows):.2%})\n")


if __name__ == "__main__":
    folders = [word for word in sys.argv[1:] if word != "--publish"]
    if len(folders) != 1:
        print("用法:python -m tests.evaluation 目录 [--publish]", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(Path(folders[0]), published="--publish" in sys.argv))
