"""Letters of 信访: they arrive as tables in an exchange folder, and answers leave as files.

Owns: stories 13 to 15. Source: contract section 7; 信访工作条例 第二十三条 (notice), 揭发控告 in domain 4.2.
"""

from __future__ import annotations

from bridge.demo.story import (
    Act,
    Event,
    Letters,
    Merge,
    Outcome,
    Push,
    Story,
    Ticket,
    citizen,
    consolidated,
    iso,
    opinion,
    signed,
    told,
)

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
        due={"tax.reply_by": "04-27"},
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

TWICE = Story(
    id="15",
    name="一事两报并案",
    about="先打12345,又写信到信访局:按电话、单位、内容提示为同一事项,由人并案,办一次,两边各收到一份答复;一边满意不了结另一边",
    steps=(
        Ticket(
            "02-25 09:40",
            {
                "kind": "complaint",
                "title": "多扣职工社保个人部分",
                "content": "来电人郗女士反映2025年1至6月工资条每月扣社保612元,个人实际应缴443.60元,每月多扣168.40元,要求退还。",
                "respond_by": iso("03-04 18:00"),
                "petitioner": citizen("郗女士", "13600001212"),
                "counterparty": {"name": "德邻电动车配件厂", "type": "employer"},
            },
        ),
        signed("02-25 10:20", "tax"),
        Letters(
            "02-26 09:30",
            {
                "信访日期": "2026-02-26 09:00",
                "信访形式": "来信",
                "信访目的": "求决",
                "姓名": "郗某",
                "联系电话": "136-0000-1212",
                "反映内容": "本人郗某,去年上半年厂里每月从工资里多扣社保168.40元,共1010.40元,已打12345,怕没人管,再写信反映。",
                "被反映单位": "德邻电动车配件厂",
            },
        ),
        Merge("02-26 10:30", "office", "重复件"),
        told("02-26 15:00", "tax", channel="邮寄受理告知书"),
        opinion("02-27 14:00", "tax", "经查个人应缴443.60元,单位每月多扣168.40元,六个月共1010.40元,责令退还。"),
        told("02-27 14:30", "tax", channel="邮寄答复函"),
        told("02-27 15:00", "tax", who="other_side", channel="送达通知"),
        Event("02-28 10:00", {"type": "satisfaction", "value": "satisfied"}),
        Act("03-03 10:00", "office", {"action": "objection", "none": True}),
    ),
    outcome=Outcome(
        state="archived",
        category="contribution_amount",
        lead="tax",
        procedure="transfer",
        accepting_unit="tax",
        pushes=(
            Push("ticket.transferred", ("ZZ12345", "phone")),
            Push("ticket.accepted", ("ZZ12345",)),
            Push("ticket.transferred", ("XF2026-15", "phone")),
            Push("ticket.accepted", ("XF2026-15", "2026-02-26")),
            Push("ticket.replied", ("ZZ12345", "1010.40")),
            Push("ticket.replied", ("1010.40",), file="XF2026-15-1.json"),
        ),
        due={"tax.reply_by": "03-03"},
        withdrawn_from=("tax",),
    ),
)

STORIES = (LETTER, REPORT, TWICE)
