"""Stories in which a person must decide: two returns, triage, out of scope, rework.

Owns: stories 05, 07, 08 and 10. Source: contract section 3 (returns, rework), domain R18.
"""

from __future__ import annotations

from bridge.demo.story import Act, Event, Outcome, Push, Receipt, Story, Ticket, citizen, iso, opinion, signed

RETURNED = Story(
    id="05",
    name="两次退单裁定",
    about="税务、人社先后退单,第二次退单后停止自动改派,由领导小组办公室指定,指定后不得再退,时限不重置",
    steps=(
        Ticket(
            "02-05 08:40",
            {
                "kind": "complaint",
                "title": "要求按实际工资申报缴费基数",
                "content": "来电人温先生反映盛禾农牧公司2024年7月以来一直按最低基数给职工申报社保,缴费基数只有4188元,实发七千元。"
                "要求公司按实际工资申报缴费基数。",
                "respond_by": iso("02-12 18:00"),
                "petitioner": citizen("温先生", "13200000707"),
                "counterparty": {"name": "盛禾农牧公司", "type": "employer"},
            },
        ),
        Receipt(
            "02-05 11:00",
            "tax",
            {
                "type": "returned",
                "reason_code": "not_our_duty",
                "reason": "建议向社保经办机构核实历史数据",
                "suggested_unit": "hrss",
            },
        ),
        Receipt(
            "02-05 15:00",
            "hrss",
            {"type": "returned", "reason_code": "not_our_duty", "reason": "2024年1月以后缴费基数申报归税务"},
        ),
        Act("02-06 11:00", "office", {"action": "designate", "unit": "tax", "reason": "统一征收后归税务"}),
        Receipt(
            "02-06 16:00",
            "tax",
            {"type": "returned", "reason_code": "not_our_duty", "reason": "职责不清"},
            expect=409,
        ),
        signed("02-06 16:30", "tax"),
        Event("02-09 10:00", {"type": "urge", "level": "urge", "note": "来电人催办"}),
        opinion("02-10 10:30", "tax", "经查2024-07至今按4188元申报,已责令更正申报并补缴差额。"),
    ),
    outcome=Outcome(
        state="replied",
        category="contribution_base",
        lead="tax",
        procedure="transfer",
        accepting_unit="tax",
        pushes=(
            Push("ticket.transferred"),
            Push("ticket.transferred"),
            Push("ticket.transferred"),
            Push("ticket.accepted"),
            Push("ticket.progress", ("催办",)),
            Push("ticket.replied", ("更正申报",)),
        ),
        due={"tax.reply_by": "02-12", "hrss.reply_by": "02-12"},
        reminders=("02-09 tax", "02-10 tax"),
        escalations=("02-05 hrss",),
    ),
)

TRIAGE = Story(
    id="07",
    name="人工研判",
    about="工单说不清是哪一类:先登记,不猜,交人判明后再派",
    steps=(
        Ticket(
            "02-09 09:30",
            {
                "kind": "help",
                "title": "社保的事没人管",
                "content": "来电人情绪激动,称为社保的事跑了好几趟,谁都说不归自己管,要求有人给个说法,其他未说明。",
                "petitioner": citizen("卜师傅", "13900000909"),
            },
        ),
        Act(
            "02-09 11:00",
            "operator",
            {
                "action": "classify",
                "category": "benefits",
                "lead": "hrss",
                "co_units": [],
                "reason": "回拨核实:退休金晚发三个月",
            },
        ),
        signed("02-09 14:00", "hrss"),
        opinion("02-10 16:00", "hrss", "已补发11月至1月养老金,原因系银行账户核验失败。"),
    ),
    outcome=Outcome(
        state="replied",
        category="benefits",
        lead="hrss",
        procedure="transfer",
        accepting_unit="hrss",
        pushes=(Push("ticket.transferred"), Push("ticket.accepted"), Push("ticket.replied", ("养老金",))),
        due={"hrss.reply_by": "02-14"},
    ),
)

OUTSIDE = Story(
    id="08",
    name="不属本机制",
    about="公积金不是社会保险费:不落入“其他”,由人退回上游并写明应找谁",
    steps=(
        Ticket(
            "02-10 10:00",
            {
                "kind": "complaint",
                "title": "公司不交公积金",
                "content": "来电人翁先生在泽恒设计公司上班三年,社保都按时交了,但公司从来没有给交住房公积金。要求公司补缴三年的公积金。",
                "petitioner": citizen("翁先生", "13100001717"),
                "counterparty": {"name": "泽恒设计公司", "type": "employer"},
            },
        ),
        Act(
            "02-10 10:30",
            "operator",
            {
                "action": "return_upstream",
                "reason": "住房公积金不属社会保险费征缴争议",
                "suggested": "住房公积金管理中心",
            },
        ),
    ),
    outcome=Outcome(
        state="returned_upstream",
        pushes=(Push("ticket.returned", ("住房公积金管理中心",)),),
    ),
)

REWORK = Story(
    id="10",
    name="催办与重办",
    about="答复没有说清,上游退回重办:原样再答被拒,第二轮写明日期和依据后办结;五个工作日比上游的时限早,从早",
    steps=(
        Ticket(
            "02-24 09:00",
            {
                "kind": "complaint",
                "title": "异地备案了还是不能直接结算",
                "content": "来电人缪先生在太原照看孙子,2025年12月办了异地长期居住备案,1月在太原住院刷卡提示“参保地未启用直接结算”,"
                "垫了两万三。要求查清备案为什么没生效,说清医保手工报销哪天能报。",
                "respond_by": iso("03-03 18:00"),
                "petitioner": citizen("缪先生", "13300001313", role="resident"),
                "counterparty": {"name": "县医保局", "type": "agency"},
            },
        ),
        signed("02-24 10:00", "medical"),
        Event("02-25 10:00", {"type": "urge", "level": "urge", "note": "来电人催办"}),
        opinion("02-26 15:00", "medical", "按规定可以手工报销,请耐心等待。"),
        Event("02-26 17:00", {"type": "satisfaction", "value": "unsatisfied", "note": "没有说清哪天能报"}),
        Event("02-27 09:00", {"type": "rework", "respond_by": iso("03-06 18:00")}),
        Receipt(
            "02-27 16:00",
            "medical",
            {
                "type": "opinion",
                "text": "按规定可以手工报销,请耐心等待。",
                "conclusion": "substantiated",
                "signed_by": "经办人",
            },
            expect=409,
        ),
        opinion(
            "03-03 15:00",
            "medical",
            "备案信息12月未上传,3月2日已补传生效;手工报销材料已受理,3月20日前拨付。",
        ),
        Event("03-05 10:00", {"type": "satisfaction", "value": "basic"}),
    ),
    outcome=Outcome(
        state="replied",
        category="benefits",
        lead="medical",
        procedure="transfer",
        accepting_unit="medical",
        pushes=(
            Push("ticket.transferred"),
            Push("ticket.accepted"),
            Push("ticket.progress", ("催办",)),
            Push("ticket.replied", ("耐心等待",)),
            Push("ticket.replied", ("3月20日前",)),
        ),
        due={"medical.sign_by": "02-25", "medical.reply_by": "03-02"},
        reminders=("02-25 medical", "03-03 medical"),
    ),
)

STORIES = (RETURNED, TRIAGE, OUTSIDE, REWORK)
