"""``bridge rules diff``: what a candidate would change on the archive or on a file of tickets.

Owns: printing the flow and every changed ticket. Must not: decide, or change a rules file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.cli.options import aligned
from bridge.cli.rules_samples import ARCHIVE, Against, Days, progress, samples
from bridge.cli.rules_shared import AsJson, Config, load_or_exit

if TYPE_CHECKING:
    from bridge.rules.backtest import Changed, Comparison

SHOWN = 200
DAYS = 30

_FIELDS = {
    "in_scope": "属本机制",
    "category": "类别",
    "lead": "主办",
    "co_units": "联办",
    "procedure": "程序",
    "review": "人工把关",
    "due": "时限",
}
_JUDGED = {
    (False, True): "（与人工判定：原不符，新相符）",
    (True, False): "（与人工判定：原相符，新不符）",
    (True, True): "（与人工判定都相符）",
    (False, False): "（与人工判定都不符）",
}


def diff(
    old: Annotated[Path, typer.Argument(help="现行规则。")],
    new: Annotated[Path, typer.Argument(help="改过的规则。")],
    against: Against = ARCHIVE,
    days: Days = DAYS,
    config: Config = Path("bridge.toml"),
    as_json: AsJson = False,
) -> None:
    """回测：同一批工单按新旧两份规则各判一次，列出流向、每件有变化的工单和原因；有变化时退出状态为 1。"""
    from bridge.rules.backtest import compare

    rules_old, rules_new = load_or_exit(old), load_or_exit(new)
    found = samples(against, config, days)
    result = compare(rules_old, rules_new, found, progress("已回测"))
    typer.echo(json.dumps(_as_data(result), ensure_ascii=False, indent=1) if as_json else _as_text(result))
    if result.changed:
        raise typer.Exit(1)


def _as_data(result: Comparison) -> dict[str, Any]:
    return {
        "tickets": result.tickets,
        "moved": result.moved,
        "better": result.better,
        "worse": result.worse,
        "flow": [{"from": old, "to": new, "count": count} for (old, new), count in sorted(result.flow.items())],
        "changed": [
            {
                "id": one.id,
                **{name: {"old": old, "new": new} for name, (old, new) in one.fields.items()},
                "why": list(one.why),
                "right": {"old": one.right[0], "new": one.right[1]},
            }
            for one in result.changed
        ],
    }


def _as_text(result: Comparison) -> str:
    from bridge.rules.backtest import matrix

    lines = [f"{result.tickets} 件工单，{len(result.changed)} 件有变化，{result.moved} 件改换主办"]
    if result.better or result.worse:
        lines.append(f"有人工判定的：{result.better} 件改对，{result.worse} 件改错")
    lines += aligned(matrix(result)) if result.flow else []
    lines += [_line(one) for one in result.changed[:SHOWN]]
    if len(result.changed) > SHOWN:
        lines.append(f"……另有 {len(result.changed) - SHOWN} 件，用 --json 看全部")
    return "\n".join(lines)


def _line(one: Changed) -> str:
    said = "；".join(f"{_FIELDS[name]}：{_shown(old)} → {_shown(new)}" for name, (old, new) in one.fields.items())
    judged = _JUDGED[one.right[0], one.right[1]] if None not in one.right else ""  # type: ignore[index]
    return f"{one.id}  {said}{judged}\n    因：{'；'.join(one.why) or '把握或标记不同'}"


def _shown(value: object) -> str:
    if isinstance(value, dict):
        from bridge.rules.closed_words import NAMES

        return "、".join(f"{NAMES[kind][0]} {at}" for kind, at in value.items()) or "无"
    if isinstance(value, list):
        return "、".join(map(str, value)) or "无"
    return {None: "无", True: "是", False: "否"}.get(value) or str(value)  # type: ignore[call-overload]
