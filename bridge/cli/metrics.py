"""``bridge metrics``: the page that describes every series, made from the table the daemon exports by.

Owns: the page's wording. Must not: describe a series (:mod:`bridge.series` does) or ask a running daemon.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import typer

from bridge.cli.options import DEFAULT_CONFIG, Config

if TYPE_CHECKING:
    from bridge.series import Series

_HEAD = """\
# 指标一览

本页由 `bridge metrics` 从程序生成，请勿手改。`GET /metrics` 按 Prometheus 文本格式导出，名称一律以 `ticketbridge_` 开头；
另有 `process_*`（内存、处理器、文件句柄）。怎样接上 Prometheus、看板和告警，见 `docs/howto/watch.zh-CN.md`。

- **计数**只增不减，进程重启从 0 起，用 `rate()`、`increase()` 看；已知的标签值从 0 开始，不会凭空出现。
- **账本数值**由领跑时钟的那个副本从数据库数出来，只有它导出；换人领跑的片刻可能没有或有两份，所以取最大。
- **分布**有 `_bucket`、`_sum`、`_count` 三种序列，用 `histogram_quantile()` 看分位。
- 标签只取固定的值（单位、来源、状态、原因……），从不含工单编号、姓名或正文。
"""

_LABELS = {
    "feed": "来源名；窗口登记为 `counter.<单位>`",
    "reason": "原因，见下",
    "category": "类别；没有类别为 `none`",
    "outcome": "`automatic` `triage` `out_of_scope`",
    "state": "状态",
    "unit": "单位",
    "adapter": "适配器",
    "kind": "消息去向（`unit` `upstream`）或时限种类",
    "status": "时限状态",
    "step": "`half` `eighty` `due_day` `after_one` `escalate`",
    "hash": "规则散列",
    "loop": "循环名",
    "version": "程序版本",
    "target": "`feeds.来源`、`channels.渠道` 或 `public_url`",
}


def metrics(config: Config = DEFAULT_CONFIG) -> None:  # noqa: ARG001 - every command takes --config
    """打印全部指标的说明：名称、类型、标签、含义、多副本时怎样合计。"""
    typer.echo(page(), nl=False)


def page() -> str:
    """Return the reference page."""
    from bridge.series import SERIES

    stages = "".join(_stage(name, list(lines)) for name, lines in groupby(SERIES, key=lambda series: series.stage))
    return f"{_HEAD}{stages}{_values()}"


def _stage(name: str, lines: list[Series]) -> str:
    rows = "".join(_row(series) for series in lines)
    return f"\n## {name}\n\n| 指标 | 类型 | 标签 | 含义 | 多副本 |\n|---|---|---|---|---|\n{rows}"


def _row(series: Series) -> str:
    labels = "、".join(f"`{label}`" for label in series.labels) or "—"
    across = series.across.removeprefix("多副本时")
    return f"| `{series.name}` | {series.kind.value} | {labels} | {series.about} | {across} |\n"


def _values() -> str:
    from bridge.errors import FailureReason
    from bridge.series import LOOP_FAILURES, REJECTIONS

    reasons = {
        "`intake_rejected_total`": REJECTIONS,
        "`delivery_failures_total`": [reason.value for reason in FailureReason],
        "`loop_failures_total`": LOOP_FAILURES,
    }
    labels = "".join(f"| `{label}` | {text} |\n" for label, text in _LABELS.items())
    lists = "".join(
        f"- {name} 的 `reason`：{' '.join(f'`{value}`' for value in values)}\n" for name, values in reasons.items()
    )
    return f"\n## 标签\n\n| 标签 | 取值 |\n|---|---|\n{labels}\n{lists}"
