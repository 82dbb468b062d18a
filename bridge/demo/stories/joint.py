"""Stories in which several units work together: three units, refund in three steps, extension, Spring Festival.

Owns: stories 03, 04, 06, 09 and 12. Source of limits: domain 3.8 (opinions 5, synthesis 3, total 15 working days).
"""

from __future__ import annotations

from bridge.demo.story import (
    Event,
    Outcome,
    Push,
    Receipt,
    Story,
    Ticket,
    citizen,
    consolidated,
    iso,
    opinion,
    signed,
    told,
)

THREE_UNITS = Story(
    id="03",
    name="三家联办",
    about="单位扣了社保没有交:税务主办,人社、医保五个工作日内出书面意见,税务综合答复双方",
    steps=(
        Ticket(
            "02-03 09:20",
            {
                "kind": "complaint",
                "title": "扣了社保没有交",
                "content": "来电人桑女士在华庭家居卖场上班,2025年2月至10月每月从工资扣社保个人部分426元,共3834元,查询九个月全部空白,"
                "养老、医保、失业都没有缴。经理承认挪用。要求依法追缴,把断了的补齐。",
                "respond_by": iso("03-02 18:00"),
                "petitioner": citizen("桑女士", "13600000303"),
                "counterparty": {"name": "华庭家居卖场", "type": "employer"},
            },
        ),
        signed("02-03 10:10", "tax"),
        signed("02-03 11:00", "hrss"),
        signed("02-03 11:20", "medical"),
        opinion("02-05 15:00", "hrss", "登记状态正常,养老、失业2025-02至2025-10无到账记录,费款到账后即记账。"),
        opinion("02-09 16:00", "medical", "医保同期无到账,补缴到账后恢复待遇。"),
        consolidated(
            "02-11 10:00",
            "tax",
            "已对华庭家居卖场下达限期缴纳通知,本金由税务核定,滞纳金由单位承担;到账后人社、医保分别记账。",
            other_side={"text": "请于收到通知之日起五个工作日内缴清欠缴的社会保险费及滞纳金。"},
        ),
        told("02-11 15:00", "tax"),
        told("02-11 15:30", "tax", who="other_side", channel="送达回证"),
        Event("02-25 10:00", {"type": "satisfaction", "value": "basic"}),
    ),
    outcome=Outcome(
        state="archived",
        category="inspection_arrears",
        lead="tax",
        co_units=("hrss", "medical"),
        procedure="joint_general",
        accepting_unit="tax",
        pushes=(Push("ticket.assigned"), Push("ticket.accepted"), Push("ticket.replied", ("限期缴纳", "滞纳金"))),
        due={"hrss.opinion_by": "02-10", "medical.opinion_by": "02-10", "tax.reply_by": "03-02"},
        reminders=("02-06 medical", "02-09 medical"),
    ),
)

REFUND = Story(
    id="04",
    name="退费三步",
    about="多缴申请退费:税务初核→人社、医保复核→财政退库;财政抢先表态不算数,复核单位签收到期日催一次",
    steps=(
        Ticket(
            "02-04 09:00",
            {
                "kind": "help",
                "title": "离职人员多缴社保申请退费",
                "content": "企业人事戚女士反映:员工陆某2025年8月底离职,9至11月仍按在职申报,多缴职工养老保险2724元、失业保险114元、"
                "工伤保险102元、职工医疗保险2490元,合计5430元,申请退费,三家要的材料不一样。",
                "respond_by": iso("03-03 18:00"),
                "petitioner": citizen("戚女士", "13500000505", role="employer"),
                "counterparty": {"name": "陆某(离职员工)", "type": "person"},
            },
        ),
        signed("02-04 09:50", "tax"),
        opinion("02-05 15:00", "tax", "初核:9至11月多缴属实,同意退5430元,转复核。", amounts={"初核": "5430.00"}),
        Receipt(
            "02-06 09:30",
            "finance",
            {"type": "opinion", "text": "待复核结果后办理。", "conclusion": "answered", "signed_by": "经办人"},
            expect=409,
            unasked=True,
        ),
        signed("02-06 09:40", "hrss"),
        signed("02-06 09:50", "medical"),
        opinion(
            "02-10 15:00",
            "hrss",
            "复核:养老2724元、失业114元、工伤102元可退,合计2940元。",
            amounts={"人社复核": "2940.00"},
        ),
        opinion(
            "02-11 16:00",
            "medical",
            "复核:10月已发生刷卡结算,830元不退;9、11两月1660元可退。",
            conclusion="partly",
            amounts={"医保复核": "1660.00"},
        ),
        signed("02-12 08:50", "finance"),
        opinion("02-13 14:00", "finance", "同意退库4600元。", amounts={"退库": "4600.00"}),
        consolidated(
            "02-24 10:00",
            "tax",
            "准予退费4600元(养老2724、失业114、工伤102、医保1660);10月医保830元因已享待遇不退。",
            conclusion="partly",
            amounts={"准予": "4600.00", "不予": "830.00"},
            other_side={"text": "您2025年9至11月的个人账户记录将相应冲减。"},
        ),
        told("02-24 15:00", "tax"),
        told("02-24 15:20", "tax", who="other_side", channel="电话"),
    ),
    outcome=Outcome(
        state="archived",
        category="refund_offset",
        lead="tax",
        co_units=("hrss", "medical", "finance"),
        procedure="joint_general",
        accepting_unit="tax",
        pushes=(Push("ticket.assigned"), Push("ticket.accepted"), Push("ticket.replied", ("4600元", "830元"))),
        due={"hrss.opinion_by": "02-12", "medical.opinion_by": "02-12", "finance.opinion_by": "02-25"},
        reminders=("02-06 hrss", "02-06 medical", "02-10 hrss", "02-10 medical", "02-11 medical", "02-14 tax"),
    ),
)

EXTENSION = Story(
    id="06",
    name="延期获批",
    about="追缴案须调取银行流水,期满前申请延期,上游批准;新时限十个工作日后,按新时限答复",
    steps=(
        Ticket(
            "02-06 09:10",
            {
                "kind": "complaint",
                "title": "单位不交社保",
                "content": "来电人任女士在荣昌达纺织公司上班,2025年全年每月从工资里扣社保但只交了四个月,养老、医保、失业都断了,"
                "要求追缴另外八个月。",
                "respond_by": iso("03-05 18:00"),
                "petitioner": citizen("任女士", "13100000808"),
                "counterparty": {"name": "荣昌达纺织公司", "type": "employer"},
            },
        ),
        signed("02-06 10:00", "tax"),
        signed("02-06 11:00", "hrss"),
        signed("02-06 11:10", "medical"),
        opinion("02-10 10:20", "hrss", "2025-05至2025-12养老、失业无到账。"),
        opinion("02-10 11:00", "medical", "同期医保无到账。"),
        Receipt(
            "03-04 10:00",
            "tax",
            {
                "type": "extension_requested",
                "until": iso("03-19 18:00"),
                "reason": "需向银行调取2025全年流水核实应缴基数,已发查询函",
            },
        ),
        Event("03-04 14:00", {"type": "extension_granted", "until": iso("03-19 18:00")}),
        consolidated(
            "03-10 15:00",
            "tax",
            "核定2025-05至12月欠费,已下达限期缴纳通知。",
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
            Push("ticket.accepted"),
            Push("ticket.extension_requested", ("2026-03-19", "银行")),
            Push("ticket.replied", ("限期缴纳",)),
        ),
        due={"tax.reply_by": "03-05"},
        reminders=("02-25 tax", "03-02 tax"),
    ),
)

SPRING_FESTIVAL = Story(
    id="09",
    name="跨春节联办",
    about="医保意见跨春节超期:2月14日、28日调休上班照算,假日不催;到期日、次日各催一次,第三日升级办公室",
    steps=(
        Ticket(
            "02-11 09:10",
            {
                "kind": "complaint",
                "title": "断缴社保影响看病",
                "content": "来电人荀女士在汇邦劳务派遣公司上班,2025年9月起单位断缴社保,养老、医保都没有,欠费五个月,"
                "住院刷不了卡。要求追缴欠费,把断了的补上。",
                "respond_by": iso("03-10 18:00"),
                "petitioner": citizen("荀女士", "13700001010"),
                "counterparty": {"name": "汇邦劳务派遣公司", "type": "employer"},
            },
        ),
        signed("02-11 14:00", "tax"),
        signed("02-11 15:00", "hrss"),
        signed("02-11 16:00", "medical"),
        opinion("02-13 10:00", "hrss", "2025-09至2026-01养老、失业无到账。"),
        Event("02-27 09:30", {"type": "urge", "level": "urge", "note": "来电人催办"}),
        opinion("03-02 11:00", "medical", "同期医保无到账,补缴到账后恢复职工本人待遇。"),
        consolidated(
            "03-03 10:00",
            "tax",
            "已对汇邦劳务派遣公司下达限期缴纳通知;到账后人社、医保分别记账、恢复待遇。",
            other_side={"text": "请按限期缴纳通知缴清欠费。"},
        ),
        told("03-03 15:00", "tax"),
        told("03-03 15:20", "tax", who="other_side", channel="送达回证"),
    ),
    outcome=Outcome(
        state="archived",
        lead="tax",
        co_units=("hrss", "medical"),
        procedure="joint_general",
        accepting_unit="tax",
        pushes=(
            Push("ticket.assigned"),
            Push("ticket.accepted"),
            Push("ticket.progress", ("催办",)),
            Push("ticket.replied", ("限期缴纳",)),
        ),
        due={"hrss.opinion_by": "02-25", "medical.opinion_by": "02-25", "tax.reply_by": "03-10"},
        reminders=(
            "02-14 medical",
            "02-24 medical",
            "02-25 medical",
            "02-26 medical",
            "02-27 medical",
            "02-27 tax",
            "02-28 tax",
        ),
        escalations=("02-28 medical",),
    ),
)

WITHDRAWN = Story(
    id="12",
    name="撤单",
    about="退费已到账,来电人撤单:已请复核的医保收到终止,尚未请的财政不打扰,不再答复",
    steps=(
        Ticket(
            "02-26 09:00",
            {
                "kind": "help",
                "title": "重复缴纳居民医保申请退费",
                "content": "来电人辛女士反映:今年1月入职后已参加职工医保,之前在村里交的2026年城乡居民医保400元重复缴费,申请退费。",
                "petitioner": citizen("辛女士", "13500001414", role="resident"),
            },
        ),
        signed("02-26 10:00", "tax"),
        opinion("02-27 15:00", "tax", "初核同意退400元,转医保复核。", amounts={"初核": "400.00"}),
        signed("02-27 16:00", "medical"),
        Event("02-28 11:00", {"type": "withdraw", "note": "款已到账,不需要办理"}),
    ),
    outcome=Outcome(
        state="withdrawn",
        category="refund_offset",
        lead="tax",
        co_units=("medical", "finance"),
        procedure="joint_general",
        accepting_unit="tax",
        pushes=(Push("ticket.assigned"), Push("ticket.accepted"), Push("ticket.withdrawn")),
        withdrawn_from=("tax", "medical"),
    ),
)

STORIES = (THREE_UNITS, REFUND, EXTENSION, SPRING_FESTIVAL, WITHDRAWN)
