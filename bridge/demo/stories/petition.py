"""Letters of 信访: they arrive as tables in an exchange folder, and answers leave as files.

Owns: stories 13 and 14. Source: contract section 7; 信访工作条例 第二十三条 (notice), 揭发控告 in domain 4.2.
"""

from __future__ import annotations

from bridge.demo.story import Letters, Outcome, Push, Story, consolidated, opinion, signed, told

LETTER = Story(
    id="13",
    name="信访来件",
    about="信访导出的 GBK 表格:一件登记,一行日期有误退回并写明原因;告知信访人后才算受理,答复写成文件",
    steps=(
        Letters(
            "02-25 09:20",
            {
                "信访日期": "2026-02-25 09:00",
                "信访形式": "来信",
                "信访目的": "求决",
                "姓名": "终先生",
                "联系电话": "13800001818",
                "地址": "柳泉镇",
                "反映内容": "我在丰实选煤厂上班,2024年7月以来单位一直按最低基数给职工申报社保,缴费基数只有4188元,"
                "实发七千多元。要求单位按实际工资申报缴费基数,补上少报的部分。",
                "被反映单位": "丰实选煤厂",
            },
            bad=(
                {
                    "信访件编号": "XF2026-13B",
                    "信访日期": "二月底",
                    "信访目的": "求决",
                    "姓名": "暨先生",
                    "反映内容": "单位没有给我交社保。",
                },
            ),
            refused=("XF2026-13B", "信访日期"),
        ),
        signed("02-25 14:00", "tax"),
        told("02-26 10:00", "tax", channel="邮寄受理告知书"),
        opinion("02-27 15:00", "tax", "经查2024-07至今按4188元申报,已责令丰实选煤厂更正申报并补缴差额。"),
    ),
    outcome=Outcome(
        state="replied",
        category="contribution_base",
        lead="tax",
        procedure="transfer",
        accepting_unit="tax",
        pushes=(
            Push("ticket.transferred", ("phone",)),
            Push("ticket.accepted", ("2026-02-26",)),
            Push("ticket.replied", ("更正申报",), file="XF2026-13-1.json"),
        ),
        due={"tax.reply_by": "03-03"},
    ),
)

REPORT = Story(
    id="14",
    name="揭发控告保密",
    about="职工揭发单位扣了社保不交:一律保密,承办三家收到的内容里没有举报人的姓名、电话、住址",
    steps=(
        Letters(
            "02-26 15:00",
            {
                "信访日期": "2026-02-26",
                "信访形式": "来访",
                "信访目的": "揭发控告",
                "姓名": "濮阳明",
                "联系电话": "13800001919",
                "地址": "东岭乡濮家庄",
                "反映内容": "我叫濮阳明,电话13800001919。揭发荣昌达纺织公司从2024年6月起,每月从工资里扣社保个人部分386元,工资条上都有,"
                "九个月一个月都没有交,养老、医保、失业全是空的。要求依法追缴,把断了的补上。",
                "被反映单位": "荣昌达纺织公司",
            },
        ),
        signed("02-26 16:00", "tax"),
        signed("02-26 16:10", "hrss"),
        signed("02-26 16:20", "medical"),
        told("02-27 09:30", "tax", channel="当面告知"),
        opinion("02-27 10:00", "hrss", "2024-06以来养老、失业、工伤无到账,已发函核对用工人数。"),
        opinion("02-27 11:00", "medical", "同期职工医保无到账。"),
        consolidated(
            "02-28 15:00",
            "tax",
            "经查情况属实,已对荣昌达纺织公司下达限期缴纳通知。",
            other_side={"text": "请按限期缴纳通知缴清欠费。"},
        ),
    ),
    outcome=Outcome(
        state="replied",
        category="inspection_arrears",
        lead="tax",
        co_units=("hrss", "medical"),
        procedure="joint_general",
        accepting_unit="tax",
        pushes=(
            Push("ticket.assigned"),
            Push("ticket.accepted", ("2026-02-27",)),
            Push("ticket.replied", ("限期缴纳",), file="XF2026-14-1.json"),
        ),
        secret=("濮阳", "13800001919", "濮家庄"),
    ),
)

STORIES = (LETTER, REPORT)
