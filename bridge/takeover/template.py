"""The empty 台账 to fill in: every column, what belongs into it, and two made-up rows.

Owns: the template's sheets. Must not: read one.
"""

from __future__ import annotations

from bridge.sheets import Sheet
from bridge.takeover.columns import COLUMNS

_EXAMPLES: tuple[dict[str, str], ...] = (
    {
        "number": "示例-001", "kind": "投诉", "title": "要求核减滞纳金", "state": "办理中", "lead": "税务局",
        "content": "（示例，导入前删去本行）来电人反映客户端故障致逾期，被加收滞纳金。", "category": "滞纳金加收",
        "received": "2026-03-02", "due": "2026-03-09", "dispatched": "2026-03-02", "signed": "2026-03-03",
    },
    {
        "number": "示例-002", "kind": "投诉", "title": "追缴欠费", "state": "已交办", "lead": "税务局",
        "content": "（示例，导入前删去本行）来电人反映单位扣社保未缴。", "co_units": "人社局、医保局",
        "received": "2026年3月2日", "dispatched": "2026年3月3日",
    },
)  # fmt: skip


def sheets() -> list[Sheet]:
    """Return the sheet to fill in and the one that explains it."""
    lines = [[example.get(column.key, "") for column in COLUMNS] for example in _EXAMPLES]
    explained = [
        [column.name, "必填" if column.required else "", column.help, "、".join(column.aliases)] for column in COLUMNS
    ]
    explained.append(
        ["意见：某单位", "", "联办单位已出的书面意见，一个单位一列，如“意见：人社局”", "书面意见（某单位）"]
    )
    heads = ["列", "是否必填", "填写", "也认得的列名"]
    return [Sheet("台账", [column.name for column in COLUMNS], lines), Sheet("填写说明", heads, explained)]
