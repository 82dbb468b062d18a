"""Made-up tickets as hotline clerks write them, in any number, from a seed.

Owns: texts of every disposal (single unit, joint, refund, consultation, out of scope) with names, months
and sums filled in at random. Must not: contain a real person's words; every name is fictional.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bridge.testing.counterparts.ledger import Json


class Shape(StrEnum):
    """What is expected of a ticket, roughly; the rules have the last word."""

    SINGLE = "single"
    JOINT = "joint"
    REFUND = "refund"
    CONSULT = "consult"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with blanks: ``{name} {firm} {month} {count} {yuan} {town}``."""

    shape: Shape
    kind: str
    title: str
    content: str


PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        Shape.SINGLE,
        "help",
        "退休三个月养老金未到账",
        "来电人{name}{month}办的退休,说下月起发养老金,至今{count}个月没到账,打社保中心电话没人接,要求查明原因并尽快发放养老金。",
    ),
    Pattern(
        Shape.SINGLE,
        "complaint",
        "生育津贴半年未发",
        "来电人{name}{month}生产,单位把生育津贴材料交到医保,系统一直显示“复审中”,单位说津贴不到账就不给她发产假工资,已经{count}个月。要求催办。",
    ),
    Pattern(
        Shape.SINGLE,
        "complaint",
        "系统故障导致逾期被收滞纳金",
        "来电人系{firm}会计{name}。{month}最后一天是当月社保缴费截止日,当天下午客户端一直提示“系统繁忙”,有截图,"
        "过了{count}天才缴成,被加收滞纳金{yuan}元。公司认为不是自身原因,要求核实并不予加收滞纳金。",
    ),
    Pattern(
        Shape.SINGLE,
        "complaint",
        "公司按最低基数报社保",
        "来电人{name}在{firm}上班三年,月工资打卡八千元左右。上个月打印参保证明,发现公司从2024年7月到现在一直按最低基数给他申报,"
        "缴费基数只有4188元。要求公司按实际工资申报缴费基数。",
    ),
    Pattern(
        Shape.SINGLE,
        "help",
        "养老关系转不过来",
        "来电人{name}{month}从外地回{town}上班,申请把养老保险关系转回本县,转出地说已经办完,本县社保中心查不到,"
        "已经{count}个月。要求查清养老保险关系转移接续卡在哪一步。",
    ),
    Pattern(
        Shape.SINGLE,
        "help",
        "异地备案了还是不能直接结算",
        "来电人{name}在太原照看孙子,{month}办了异地长期居住备案,住院刷卡提示“参保地未启用直接结算”,垫了{yuan}元。要求查清备案为什么没生效,加快医保手工报销。",
    ),
    Pattern(
        Shape.JOINT,
        "complaint",
        "扣了工资里的社保却没有交",
        "来电人{name}反映{firm}从2024年6月起,每月从工资里扣社保个人部分{yuan}元,工资条上都有。上周在手机上查询,"
        "发现{count}个月一个月都没有交,养老、医保、失业全是空的。要求依法追缴,把断了的补上。",
    ),
    Pattern(
        Shape.JOINT,
        "help",
        "居民医保已登记但税务查不到",
        "来电人{name}今年刚从职工医保转成居民医保,在{town}便民中心办好了参保登记。但到现在在社保缴费小程序里输入身份证一直提示“未查询到应缴信息”。"
        "打12366说没有收到医保推过来的登记信息,打医保说早就推过去了。请协调两家核对。",
    ),
    Pattern(
        Shape.JOINT,
        "complaint",
        "家具厂不给职工参保",
        "市民{name}来电:{month}到{firm}做打磨工,没签合同。到现在厂里没有给任何人办过社保参保登记,一共{count}个人。要求单位从入职当月起把五险办上。",
    ),
    Pattern(
        Shape.JOINT,
        "complaint",
        "断缴社保影响看病",
        "来电人{name}在{firm}上班,2025年9月起单位断缴社保,养老、医保都没有,欠费{count}个月,住院刷不了卡。要求追缴欠费。",
    ),
    Pattern(
        Shape.REFUND,
        "help",
        "离职员工多缴社保申请退费",
        "来电人系{firm}人事{name}。员工{month}底离职,因没有及时减员,之后{count}个月仍按在职申报缴费,多缴养老、失业、工伤、医保合计{yuan}元,申请退费,三家要的材料不一样。",
    ),
    Pattern(
        Shape.REFUND,
        "help",
        "重复缴纳居民医保申请退费",
        "来电人{name}的女儿在武汉上大学已由学校交了2025年居民医保,家里又在{town}交了一份400元,申请退费,医保说要税务先初审,税务说要参保证明。请告知退费审到哪一步。",
    ),
    Pattern(
        Shape.CONSULT,
        "consult",
        "社保滞纳金怎么算",
        "咨询:{firm}{month}的社保没有按时交,打算补缴,问滞纳金从哪天开始算、一天多少、节假日算不算天数。",
    ),
    Pattern(
        Shape.OUTSIDE,
        "complaint",
        "公司不给交公积金",
        "来电人{name}在{firm}上班两年,社保都按时交了,但公司从来没有给交住房公积金。要求公司补缴两年的公积金。",
    ),
)

_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
_FIRMS = ("晋宇光电", "德邻配件厂", "荣昌达纺织公司", "华庭家居卖场", "丰实选煤厂", "盛禾农牧公司", "启明幼教公司")
_TOWNS = ("柳泉镇", "南河镇", "石盘镇", "东岭乡")


@dataclass(frozen=True, slots=True)
class Draft:
    """A ticket body with the shape it was made from."""

    shape: Shape
    body: Json


def tickets(
    dice: random.Random, prefix: str, received_at: datetime, patterns: Sequence[Pattern] = PATTERNS
) -> Iterator[Draft]:
    """Yield tickets for ever, received a second apart before ``received_at``; external ids start with ``prefix``."""
    number = 0
    while True:
        number += 1
        pattern = dice.choice(patterns)
        blanks = _blanks(dice)
        yield Draft(
            pattern.shape,
            {
                "external_id": f"{prefix}{number:06d}",
                "kind": pattern.kind,
                "title": pattern.title,
                "content": pattern.content.format(**blanks),
                "received_at": (received_at - timedelta(seconds=number % 3600)).isoformat(),
                "petitioner": {"name": blanks["name"], "phone": f"139{dice.randrange(10**8):08d}"},
            },
        )


def _blanks(dice: random.Random) -> dict[str, str]:
    """Fill the blanks of a pattern."""
    return {
        "name": dice.choice(_SURNAMES) + dice.choice(("先生", "女士", "师傅")),
        "firm": dice.choice(_FIRMS),
        "month": f"2025年{dice.randrange(1, 10)}月",
        "count": str(dice.randrange(2, 10)),
        "yuan": f"{dice.randrange(200, 9000)}.{dice.randrange(100):02d}",
        "town": dice.choice(_TOWNS),
    }
