"""Stories with one responsible unit: transfer, own duty at the counter, consultation.

Owns: stories 01, 02 and 11. Source of limits: domain 3.8 (single unit 5 working days, consultation 3).
"""

from __future__ import annotations

from bridge.demo.story import Act, Outcome, Push, Story, Ticket, Visit, citizen, iso, opinion, signed, told

TRANSFER = Story(
    id="01",
    name="移送单一单位",
    about="养老保险关系转不过来,移送人社并告知联系人和电话;答复后无异议,满十五日归档",
    steps=(
        Ticket(
            "02-02 09:10",
            {
                "kind": "help",
                "title": "养老关系转不过来",
                "content": "来电人邱先生2025年9月从太原回本县上班,申请把企业职工养老保险关系转回本县,转出地说已经办完转出,"
                "县社保中心一直查不到,已经四个月。要求查清养老保险关系转移接续卡在哪一步,尽快转入。",
                "respond_by": iso("02-09 18:00"),
                "petitioner": citizen("邱先生", "13700000202"),
            },
        ),
        signed("02-02 10:30", "hrss"),
        opinion("02-04 16:00", "hrss", "转出地信息表已到,因证件号升位不匹配挂起,现已匹配,太原缴费72个月合并完成。"),
        told("02-04 16:30", "hrss", channel="电话+短信"),
    ),
    outcome=Outcome(
        state="archived",
        category="registration_transfer",
        lead="hrss",
        procedure="transfer",
        accepting_unit="hrss",
        pushes=(Push("ticket.transferred", ("phone",)), Push("ticket.accepted"), Push("ticket.replied", ("72个月",))),
        due={"hrss.sign_by": "02-03", "hrss.reply_by": "02-09"},
    ),
)

OWN = Story(
    id="02",
    name="窗口来访自办",
    about="企业会计到税务窗口反映客户端故障产生滞纳金,税务自己职责,直接办理;当场无异议归档",
    steps=(
        Visit(
            "02-02 14:00",
            "tax",
            {
                "kind": "complaint",
                "title": "客户端故障产生滞纳金",
                "content": "沁云纸箱厂会计到窗口反映:2025年12月最后一天是当月社保缴费截止日,下午社保费客户端一直提示“系统繁忙”,有截图,"
                "1月5日才缴成,被加收滞纳金215.60元。认为不是企业原因,要求核实并不予加收滞纳金。",
                "petitioner": citizen("季女士", "13900000101", role="employer"),
                "counterparty": {"name": "县税务局", "type": "agency"},
            },
        ),
        signed("02-02 14:20", "tax"),
        opinion(
            "02-03 11:00", "tax", "经查运维记录,当日14时至18时客户端中断属实,已更正缴费日期,滞纳金215.60元不予加收。"
        ),
        Act("02-03 11:30", "clerk:tax", {"action": "told", "who": "payer", "channel": "当面送达", "by": "窗口人员"}),
        Act("02-03 11:35", "clerk:tax", {"action": "objection", "none": True}),
    ),
    outcome=Outcome(
        state="archived",
        category="late_fee",
        lead="tax",
        procedure="direct",
        accepting_unit="tax",
        due={"tax.reply_by": "02-09"},
    ),
)

CONSULT = Story(
    id="11",
    name="咨询",
    about="问滞纳金怎么算:三个工作日内答复,不征求意见,不开异议窗口;到期日落在调休上班的周六",
    steps=(
        Ticket(
            "02-25 09:00",
            {
                "kind": "consult",
                "title": "社保滞纳金怎么算",
                "content": "咨询:公司2025年12月的社保没有按时交,打算3月补缴,问滞纳金从哪天开始算、一天多少、节假日算不算天数。",
                "petitioner": citizen("安女士", "13200001616", role="employer"),
            },
        ),
        signed("02-25 10:00", "tax"),
        opinion(
            "02-26 10:00",
            "tax",
            "自欠缴之日起按日加收万分之五,节假日计入天数;补缴时系统自动计算。",
            conclusion="answered",
        ),
    ),
    outcome=Outcome(
        state="closed_consult",
        category="late_fee",
        lead="tax",
        procedure="transfer",
        accepting_unit="tax",
        pushes=(Push("ticket.transferred"), Push("ticket.accepted"), Push("ticket.replied", ("万分之五",))),
        due={"tax.reply_by": "02-28"},
    ),
)

STORIES = (TRANSFER, OWN, CONSULT)
