"""The Chinese names a clerk may write where the document wants a code of a closed list.

Owns: the table for the error text. Must not: accept a name for a code.
"""

from __future__ import annotations

from collections.abc import Mapping

NAMES: Mapping[str, tuple[str, ...]] = {
    "direct": ("自办",),
    "transfer": ("移送", "转办"),
    "joint_general": ("一般联办", "联办"),
    "joint_complex": ("复杂专案", "专案"),
    "working_days": ("工作日", "个工作日"),
    "days": ("自然日", "日", "天", "个自然日"),
    "working_hours": ("工作小时", "小时"),
    "post": ("改革后",),
    "pre": ("改革前",),
    "straddle": ("跨改革前后", "跨期"),
    "unknown": ("不明", "未知"),
    "consult": ("咨询",),
    "help": ("求助",),
    "complaint": ("投诉",),
    "report": ("举报",),
    "suggestion": ("建议",),
    "praise": ("表扬",),
    "pension_employee": ("企业职工养老", "职工养老"),
    "pension_resident": ("居民养老", "城乡居民养老"),
    "pension_institution": ("机关事业养老", "机关养老"),
    "medical_employee": ("职工医保",),
    "medical_resident": ("居民医保", "城乡居民医保"),
    "unemployment": ("失业", "失业保险"),
    "work_injury": ("工伤", "工伤保险"),
    "maternity": ("生育", "生育保险"),
    "long_term_care": ("长期护理", "长护险"),
    "sign": ("签收",),
    "return": ("退单",),
    "accept_notice": ("受理告知",),
    "invite": ("邀请",),
    "opinion": ("意见",),
    "consolidate": ("综合",),
    "approval": ("审批",),
    "meeting": ("会商",),
    "reply": ("答复",),
    "objection": ("异议",),
    "employee": ("职工", "个人"),
    "employer": ("单位", "用人单位"),
    "flexible": ("灵活就业",),
    "resident": ("居民",),
    "in": ("属于", "属本机制"),
    "out": ("不属于", "不属本机制"),
}
"""Code to the names in use. Source: contract section 6, policy 三(二) and 四."""
