"""The complex procedure: proposed by the accepting unit, consented to by the leader, handled by all eight, with minutes.

Owns: story 16. Source: policy 四（二）2; limits: domain 3.8 (consent 3, opinions 10, meeting 5, reply 5 working days).
"""

from __future__ import annotations

from bridge.demo.story import Act, Outcome, Push, Receipt, Story, Ticket, citizen, consolidated, opinion, signed, told

OTHERS = ("hrss", "medical", "justice", "court", "finance", "petition", "office")
"""The seven units that are asked beside the lead (R28)."""

COMPLEX = Story(
    id="16",
    name="复杂专案",
    about="十四人联名:税务提请专案,组长同意,八家单位出书面审批意见(无意见也算),会商形成纪要,才书面答复双方",
    steps=(
        Ticket(
            "02-03 10:20",
            {
                "kind": "complaint",
                "title": "厂里少报缴费基数",
                "content": "来电人祁先生反映:宏岩耐火材料厂2024年1月起按4100元给全厂申报社保缴费基数,实际月工资七千多元,"
                "要求按实际工资更正申报并补缴差额。",
                "petitioner": citizen("祁先生", "13300002424"),
                "counterparty": {"name": "宏岩耐火材料厂", "type": "employer"},
            },
        ),
        signed("02-03 11:10", "tax"),
        Receipt("02-03 14:00", "tax", {"type": "proposed_complex", "reason": "涉及全厂职工,拟按复杂争议专案处理"}),
        Act("02-04 10:00", "leader", {"action": "approve", "reason": "同意专案处理"}),
        *(signed("02-04 11:00", unit) for unit in OTHERS),
        opinion("02-05 10:00", "medical", "医保随养老同步更正,更正到账后调整个人账户划入。"),
        opinion("02-05 11:00", "justice", "职工签字的空白工资表不免除单位如实申报的义务。"),
        opinion("02-05 14:00", "court", "无意见。", conclusion="no_comment"),
        opinion("02-05 15:00", "finance", "无意见。", conclusion="no_comment"),
        opinion("02-05 16:00", "petition", "已向职工代表说明办理进展。"),
        opinion("02-06 10:00", "office", "同意,协助召集会商。"),
        opinion("02-06 11:00", "hrss", "更正到账后重新计算个人账户记账额。"),
        opinion("02-06 15:00", "tax", "经查该厂2024年1月起申报工资低于实际工资,应更正申报并补缴差额。"),
        Act(
            "02-10 10:00",
            "office",
            {
                "action": "minutes",
                "number": "泽征缴联办纪〔2026〕1号",
                "held_at": "2026-02-10T09:00:00+08:00",
                "text": "会议同意由税务责令更正申报,各单位按意见办理。",
            },
        ),
        consolidated(
            "02-11 15:00",
            "tax",
            "按会议纪要,已责令该厂按实际工资更正2024年1月以来的申报并补缴差额,滞纳金由单位承担。",
            other_side={"text": "请按责令限期更正通知书更正申报并补缴差额。"},
        ),
        told("02-12 09:30", "tax"),
        told("02-12 10:00", "tax", who="other_side", channel="送达回证"),
    ),
    outcome=Outcome(
        state="archived",
        category="contribution_base",
        lead="tax",
        co_units=OTHERS,
        procedure="joint_complex",
        accepting_unit="tax",
        pushes=(Push("ticket.transferred"), Push("ticket.accepted"), Push("ticket.replied", ("会议纪要", "更正"))),
        escalations=("02-03 tax",),
    ),
)

STORIES = (COMPLEX,)
