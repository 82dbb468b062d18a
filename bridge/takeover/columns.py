"""The columns of a 台账: their names, the other names offices use, what belongs into them.

Owns: finding a header's columns, and did-you-mean for those nobody knows. Must not: read a cell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

_NOISE = re.compile(r"[\s*＊:：（）()【】\[\]_/、-]+")
_OPINION = re.compile(r"^(?:书面)?意见[（(:：]\s*(?P<unit>[^）)]+?)\s*[）)]?$")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its key, its name in the template, its other names, and what to write there."""

    key: str
    name: str
    help: str
    aliases: tuple[str, ...] = ()
    required: bool = False


COLUMNS: tuple[Column, ...] = (
    Column(
        "number", "工单编号", "上游的工单号、信访件编号；重复导入按它识别", required=True,
        aliases=("编号", "工单号", "受理编号", "信访件编号", "登记编号", "案件编号", "件号"),
    ),
    Column("feed", "来源", "bridge.toml 里的来源名，或 12345、信访、窗口；不写则用 --feed", ("工单来源", "来件渠道", "渠道")),
    Column("kind", "工单类型", "咨询、求助、投诉、举报、建议", ("诉求类型", "类型", "事项类型")),
    Column("title", "标题", "", ("诉求标题", "工单标题", "事项名称")),
    Column(
        "content", "诉求内容", "原文", required=True,
        aliases=("内容", "反映内容", "主要诉求", "诉求事项", "问题描述", "工单内容", "内容描述", "诉求"),
    ),
    Column(
        "received", "受理日期", "上游受理或来件的日期，可写到时刻；时限从它起算", required=True,
        aliases=("受理时间", "来件日期", "来件时间", "收件日期", "登记日期", "登记时间", "来电时间", "反映日期", "信访日期",
                 "工单生成时间", "接收日期"),
    ),
    Column(
        "due", "办理时限", "台账上的到期日；写了就以它为准",
        ("办结时限", "回复时限", "答复时限", "办理截止时间", "截止日期", "截止时间", "限办日期", "到期日", "到期日期", "应办结日期"),
    ),
    Column("urgency", "紧急程度", "一般、紧急、特急", ("紧急", "缓急")),
    Column("name", "诉求人", "", ("来电人", "姓名", "信访人", "反映人", "缴费人", "来访人", "联系人")),
    Column("phone", "联系电话", "", ("电话", "来电号码", "手机", "手机号", "联系方式", "诉求人电话")),
    Column("id_number", "身份证号", "", ("证件号码", "身份证号码", "证件号")),
    Column("address", "地址", "", ("住址", "联系地址")),
    Column("counterparty", "被反映单位", "争议对方，多为用人单位", ("用人单位", "争议对方", "对方单位", "反映对象")),
    Column("confidential", "是否保密", "是、否；举报一律保密", ("保密", "信息保密")),
    Column("category", "争议类别", "十类之一的序号或名称，不写则由规则判断", ("类别", "事项类别", "诉求分类", "争议事项")),
    Column("lead", "主办单位", "已交办的必填", ("承办单位", "责任单位", "牵头单位", "办理单位", "主办")),
    Column("co_units", "联办单位", "几个单位用顿号隔开", ("协办单位", "会办单位", "配合单位", "联办", "协办")),
    Column("procedure", "办理程序", "移送、自办、一般联办、复杂专案；不写则按有无联办单位", ("程序", "办理方式")),
    Column(
        "state", "办理状态", "已登记、已交办、办理中、已答复；已办结的不导入",
        ("状态", "当前状态", "办理进度", "进度", "当前环节", "环节"),
    ),
    Column("dispatched", "交办日期", "已交办的必填", ("派单日期", "派单时间", "转办日期", "交办时间", "转办时间", "派发时间")),
    Column("signed", "签收日期", "", ("签收时间", "接收时间")),
    Column("approved", "组长同意日期", "复杂专案经领导小组组长同意的日期", ("同意日期", "批准日期")),
    Column("opinion_at", "意见日期", "“意见：某单位”各列的日期，不写按答复、签收、交办日期", ("书面意见日期",)),
    Column("replied", "答复日期", "已答复的必填", ("办结日期", "回复日期", "答复时间", "回复时间", "办结时间")),
    Column("reply", "答复内容", "已答复的必填", ("办理结果", "处理结果", "办理情况", "答复意见", "回复内容", "处理意见")),
    Column("resolved", "是否解决", "是、否", ("解决情况",)),
    Column("told", "告知日期", "答复后告知诉求人的日期", ("告知时间",)),
    Column("told_how", "告知方式", "电话、短信、书面等", ()),
    Column("note", "备注", "原样保留", ("说明",)),
)  # fmt: skip
_BY_KEY = {column.key: column for column in COLUMNS}


@dataclass(frozen=True, slots=True)
class Heading:
    """What a header line says: the position of each column, of each unit's opinion, and remarks on the rest."""

    places: dict[str, int] = field(default_factory=dict)
    opinions: dict[str, int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def name_of(key: str) -> str:
    """Return a column's name in the template; a column without a key goes by its own name."""
    return _BY_KEY[key].name if key in _BY_KEY else key


def plain_name(text: str) -> str:
    """Return a header's cell without blanks, marks and brackets."""
    return _NOISE.sub("", text)


_KNOWN = {plain_name(name): column.key for column in COLUMNS for name in (column.name, *column.aliases)}


def heading_of(cells: Sequence[str]) -> Heading:
    """Find the columns of a header line; what is missing or there twice is a problem, an unknown column is not."""
    places: dict[str, int] = {}
    opinions: dict[str, int] = {}
    unknown, problems = [], []
    for position, cell in enumerate(cells):
        text = cell.strip()
        key = _KNOWN.get(plain_name(text))
        if opinion := _OPINION.match(text):
            opinions[opinion["unit"]] = position
        elif key is None:
            unknown += [_did_you_mean(text)] if text else []
        elif key in places:
            problems.append(f"“{cells[places[key]].strip()}”和“{text}”都是“{name_of(key)}”，请删去一列")
        else:
            places[key] = position
    missing = [column.name for column in COLUMNS if column.required and column.key not in places]
    problems += [f"缺少“{name}”列" for name in missing]
    return Heading(places, opinions, tuple(unknown), tuple(problems))


def _did_you_mean(text: str) -> str:
    near = get_close_matches(plain_name(text), _KNOWN, n=1, cutoff=0.6)
    return f"不认识“{text}”列，原样记入备注" + (f"；是否为“{name_of(_KNOWN[near[0]])}”？" if near else "")


def looks_like_heading(cells: Sequence[str]) -> bool:
    """Tell whether a line is the header: titles of a 台账 may stand above it."""
    known = {_KNOWN.get(plain_name(cell)) for cell in cells}
    return len(known - {None}) >= 3  # noqa: PLR2004 - a title line has one cell, a header many
