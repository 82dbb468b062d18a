"""The eight shipped templates, drawn on :mod:`page`.

Owns: which field stands where. Must not: know a case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from docx.document import Document as Docx

from bridge.core.documents import DocumentKind
from bridge.documents.drawing.page import (
    CENTER,
    HEAVY,
    SIZE_2,
    SIZE_5,
    SIZE_SMALL_2,
    TITLE,
    body,
    cell,
    grid,
    head,
    line,
    sheet,
    sign,
)

_WIDTHS = (28, 50, 28, 50)
_PAIRS = (
    ("来源渠道", "来源渠道", "来源工单号", "来源工单号"),
    ("受理时间", "受理时间", "受理单位", "受理单位"),
    ("受理人员", "受理人员", "缴费人类型", "缴费人类型"),
    ("缴费人姓名（单位名称）", "缴费人姓名", "证件号码（信用代码）", "证件号码"),
    ("联系方式", "联系方式", "联系地址", "联系地址"),
    ("与缴费人关系", "与缴费人关系", "代理人", "代理人"),
    ("人数", "人数", "争议对方", "争议对方"),
    ("险种", "险种", "费款所属期", "费款所属期"),
    ("涉及金额", "涉及金额", "保密、匿名", "保密匿名"),
)
_HANDLED = (
    ("事项类别", "事项类别", "次要类别", "次要类别"),
    ("处置方式", "处置方式", "主办单位", "主办单位"),
    ("协办单位", "协办单位", "告知时间方式", "告知情况"),
    ("联系人", "联系人.联系人", "联系电话", "联系人.电话"),
)
_ENDED = (
    ("会议纪要号", "会议纪要号", "答复文号", "答复文号"),
    ("异议情况及途径", "异议情况", "满意度", "满意度"),
    ("归档号", "归档号", "归档时间", "归档时间"),
)


def register() -> Docx:
    """社会保险费征缴争议登记表."""
    document = sheet()
    line(document, "{{ 标题 }}", font=TITLE, size=SIZE_2, align=CENTER)
    line(document, "登记编号：{{ 文号 }}", size=SIZE_5)
    _pairs(document, _PAIRS)
    _wide(
        document, (("反映的主要内容", "{{ 反映内容 }}"), ("诉求请求", "{{ 诉求请求 }}"), ("特殊情形", "{{ 特殊情形 }}"))
    )
    _wide(document, (("附件清单", "{{ 附件清单 }}"),))
    _pairs(document, _HANDLED)
    _opinions(document)
    _wide(document, (("总处理意见", "{{ 总处理意见 }}"),))
    _pairs(document, _ENDED)
    _repeated(document, "答复情况", "项", ("对象", "时间", "方式"), (28, 50, 78))
    _wide(document, (("保管期限", "{{ 保管期限 }}"), ("填表日期", "{{ 成文日期 }}")))
    return document


def _pairs(document: Docx, rows: tuple[tuple[str, str, str, str], ...]) -> None:
    table = grid(document, len(rows), _WIDTHS)
    for number, (first, one, second, other) in enumerate(rows):
        cell(table, number, 0, first, label=True)
        cell(table, number, 1, f"{{{{ {one} }}}}")
        cell(table, number, 2, second, label=True)
        cell(table, number, 3, f"{{{{ {other} }}}}")


def _wide(document: Docx, rows: tuple[tuple[str, str], ...]) -> None:
    table = grid(document, len(rows), (28, 128))
    for number, (label, text) in enumerate(rows):
        cell(table, number, 0, label, label=True)
        cell(table, number, 1, text)


def _opinions(document: Docx) -> None:
    names, widths = ("单位", "角色", "结论", "意见", "签发", "时间"), (18, 13, 18, 69, 18, 20)
    _repeated(document, "各单位意见", "意见", names, widths)


def _repeated(document: Docx, field: str, each: str, names: tuple[str, ...], widths: tuple[int, ...]) -> None:
    table = grid(document, 4, widths)
    for column, name in enumerate(names):
        cell(table, 0, column, name, label=True)
        cell(table, 2, column, f"{{{{ {each}.{name} }}}}")
    cell(table, 1, 0, f"{{%tr for {each} in {field} %}}")
    cell(table, 3, 0, "{%tr endfor %}")


def assignment() -> Docx:
    """交办（转办）单."""
    document = sheet()
    head(document, issuer_size=SIZE_SMALL_2)
    line(document, "{{ 主送 }}：")
    body(
        document,
        "现将社会保险费征缴争议事项（案件{{ 案件编号 }}，来源工单{{ 来源工单号 }}）交你单位{{ 角色 }}，请按时限办理并回复。",
    )
    table_rows = (
        ("事项类别", "{{ 事项类别 }}"), ("险种", "{{ 险种 }}"), ("处置方式", "{{ 处置方式 }}"),
        ("主办单位", "{{ 主办单位 }}"), ("协办单位", "{{ 协办单位 }}"),
        ("诉求人", "{{ 诉求人 }}　{{ 联系方式 }}"), ("争议对方", "{{ 争议对方 }}"), ("反映内容", "{{ 反映内容 }}"),
        ("办理依据", "{{ 依据|join('；') }}"), ("答复时限", "{{ 答复时限 }}"),
    )  # fmt: skip
    _wide(document, table_rows)
    body(document, "一、你单位应办事项", font=HEAVY)
    _repeated(document, "应办事项", "项", ("事项", "时限"), (56, 100))
    body(document, "二、联系人", font=HEAVY)
    _repeated(document, "联系人", "项", ("单位", "联系人", "电话"), (46, 60, 50))
    sign(document)
    return document


def transfer() -> Docx:
    """移送告知书."""
    document = sheet()
    head(document, issuer_size=SIZE_SMALL_2)
    line(document, "{{ 主送 }}：")
    body(document, "{{ 称谓 }}反映的社会保险费征缴争议事项（{{ 受理时间 }}收到，工单{{ 来源工单号 }}）收悉。")
    body(document, "经审查，该事项由{{ 承办单位 }}负责办理，已于{{ 移送时间 }}移送。请与下列人员联系：")
    body(document, "联系单位：{{ 联系.单位 }}")
    body(document, "联系人：{{ 联系.联系人 }}")
    body(document, "联系电话：{{ 联系.电话 }}")
    body(document, "依据：{{ 依据|join('；') }}")
    body(document, "特此告知。")
    sign(document)
    return document


def opinion() -> Docx:
    """书面意见."""
    document = sheet()
    head(document)
    line(document, "{{ 主送 }}：")
    body(
        document,
        "关于案件{{ 案件编号 }}（{{ 事项类别 }}），我单位作为{{ 角色 }}单位，第{{ 轮次 }}轮第{{ 版次 }}版意见如下：",
    )
    body(document, "{{ 意见 }}")
    body(document, "结论：{{ 结论 }}。{{ 逾期 }}")
    line(document, "{%p if 费款所属期 %}")
    body(document, "费款所属期：{{ 费款所属期 }}。")
    line(document, "{%p endif %}")
    line(document, "{%p for 项 in 金额 %}")
    body(document, "{{ 项.名称 }}：{{ 项.数额 }}。")
    line(document, "{%p endfor %}")
    _grounds(document)
    body(document, "签发人：{{ 签发人 }}　　意见日期：{{ 意见日期 }}")
    sign(document)
    return document


def _grounds(document: Docx) -> None:
    line(document, "{%p if 依据 %}")
    body(document, "依据：{{ 依据|join('；') }}。")
    line(document, "{%p endif %}")


def summary() -> Docx:
    """联办意见汇总及总处理意见."""
    document = sheet()
    head(document)
    line(document, "{{ 主送 }}：")
    body(document, "案件{{ 案件编号 }}（{{ 事项类别 }}，{{ 处置方式 }}）各单位意见汇总如下：")
    body(document, "一、各单位意见", font=HEAVY)
    _opinions(document)
    body(document, "二、总处理意见", font=HEAVY)
    body(document, "{{ 总处理意见 }}")
    body(document, "结论：{{ 结论 }}。")
    line(document, "{%p if 越过说明 %}")
    body(document, "意见未齐先行答复：{{ 越过说明 }}")
    line(document, "{%p endif %}")
    _grounds(document)
    body(document, "签发人：{{ 签发人 }}")
    sign(document)
    return document


def minutes() -> Docx:
    """会议纪要."""
    document = sheet()
    head(document, issuer_size=SIZE_SMALL_2)
    body(document, "纪要编号：{{ 纪要编号 }}")
    body(document, "会议时间：{{ 会议时间 }}")
    body(document, "参加单位：{{ 参加单位 }}")
    body(document, "议题：案件{{ 案件编号 }}（{{ 事项类别 }}）")
    body(document, "{{ 纪要内容 }}")
    sign(document)
    return document


def reply_payer() -> Docx:
    """答复书."""
    document = sheet()
    head(document)
    line(document, "{{ 主送 }}：")
    body(document, "{{ 称谓 }}于{{ 受理时间 }}反映的事项（工单{{ 来源工单号 }}）收悉，现答复如下：")
    body(document, "{{ 答复内容 }}")
    line(document, "{%p for 项 in 各单位意见 %}")
    body(document, "{{ 项.单位 }}意见：{{ 项.意见 }}")
    line(document, "{%p endfor %}")
    line(document, "{%p if 未解决原因 %}")
    body(document, "未解决原因：{{ 未解决原因 }}")
    line(document, "{%p endif %}")
    _end_of_reply(document)
    return document


def reply_other() -> Docx:
    """告知书."""
    document = sheet()
    head(document)
    line(document, "{{ 主送 }}：")
    body(document, "关于{{ 事项类别 }}有关事项，我单位已依职权办理，现告知如下：")
    body(document, "{{ 告知内容 }}")
    _end_of_reply(document)
    return document


def _end_of_reply(document: Docx) -> None:
    _grounds(document)
    line(document, "{%p for 途径 in 救济途径 %}")
    body(document, "{{ 途径 }}")
    line(document, "{%p endfor %}")
    body(document, "联系人：{{ 联系.单位 }}{{ 联系.联系人 }}，电话：{{ 联系.电话 }}。")
    sign(document)


DRAWN: Mapping[DocumentKind, Callable[[], Docx]] = {
    DocumentKind.REGISTER: register,
    DocumentKind.ASSIGNMENT: assignment,
    DocumentKind.TRANSFER: transfer,
    DocumentKind.OPINION: opinion,
    DocumentKind.SUMMARY: summary,
    DocumentKind.MINUTES: minutes,
    DocumentKind.REPLY_PAYER: reply_payer,
    DocumentKind.REPLY_OTHER: reply_other,
}
