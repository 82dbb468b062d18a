"""The papers that go to somebody: 交办单, 移送告知书, 书面意见, 联办意见汇总, 会议纪要, 答复书, 告知书.

Owns: what stands in which field. Must not: lay anything out; compose the reply itself (``core.reply`` does).
"""

from __future__ import annotations

from datetime import datetime

from bridge.core import reply as composing
from bridge.core.documents import Subject
from bridge.core.lifecycle import petitioners, replying, stages
from bridge.core.model.assignment import Assignment
from bridge.core.model.opinion import Opinion
from bridge.core.vocabulary import DeadlineKind, PartyRole, ProcedureId, ReceiptType
from bridge.documents.fields import words
from bridge.documents.fields.matter import Fields, Matter, fee_period
from bridge.errors import NotFound

_LIMITS = {
    ReceiptType.SIGNED: DeadlineKind.SIGN,
    ReceiptType.OPINION: DeadlineKind.OPINION,
    ReceiptType.CONSOLIDATED: DeadlineKind.CONSOLIDATE,
}


def _head(matter: Matter, title: str, issuer: str, to: str) -> Fields:
    return {
        "标题": title,
        "发文机关": issuer,
        "主送": to,
        "落款": issuer,
        "案件编号": matter.work.case.id,
        "事项类别": matter.category,
        "险种": matter.insurances,
        "来源工单号": words.joined(ticket.external_id for ticket in matter.tickets),
        "受理时间": words.day(matter.ticket.received_at),
    }


def _petitioner(matter: Matter) -> str:
    people = [ticket.body.petitioner for ticket in matter.tickets]
    return matter.person(words.joined(person.name for person in people))


def _payer_head(matter: Matter, title: str, issuer: str) -> Fields:
    """Return the head of a letter to the payer.

    Where a merge brought several together, none may read of another: the ticket and its date stay blank.
    """
    people = petitioners.groups(matter.work)
    roles = {group[0].body.petitioner.role for group in people}
    head = _head(matter, title, issuer, "反映人") | {"称谓": "你单位" if roles == {PartyRole.EMPLOYER} else "您"}
    if len(people) > 1:
        return {name: value for name, value in head.items() if name not in {"来源工单号", "受理时间"}}
    own = people[0]
    name = matter.person(words.joined(ticket.body.petitioner.name for ticket in own))
    return head | {
        "主送": name or "反映人",
        "来源工单号": words.joined(ticket.external_id for ticket in own),
        "受理时间": words.day(own[0].received_at),
    }


def _remedies(matter: Matter, final: Opinion) -> list[str]:
    """Return the remedies of every petitioner, each line once: an employer and a worker have different ones."""
    first = [group[0] for group in petitioners.groups(matter.work)]
    lines = [replying.printed_remedies(matter.work, ticket, final, final.occurred_at) for ticket in first]
    return list(dict.fromkeys(line for each in lines for line in each))


def _assignment(matter: Matter, reference: str) -> Assignment:
    found = matter.work.assignments.get(reference)
    if found is None:
        raise NotFound("没有这个交办件，请核对 subject")
    return found


def assignment(matter: Matter, subject: Subject) -> Fields:
    """Return the fields of 交办（转办）单: what this unit owes by when, with whom, under which clause."""
    duty = _assignment(matter, subject.reference)
    case = matter.work.case
    kind = "转办单" if case.procedure is ProcedureId.TRANSFER else "交办单"
    unit = matter.office.full_name(matter.unit_name(duty.unit))
    bodies = [ticket.body for ticket in matter.tickets]
    counterparties = words.joined(body.counterparty.name for body in bodies if body.counterparty)
    return {
        **_head(matter, f"社会保险费征缴争议事项{kind}", matter.office.issuer, unit),
        "角色": words.ROLES[duty.role],
        "轮次": str(duty.round) if duty.round > 1 else "",
        "处置方式": matter.procedure,
        "主办单位": matter.unit_name(case.lead),
        "协办单位": matter.unit_names(case.co_units),
        "依据": list(case.clauses),
        "诉求人": _petitioner(matter),
        "联系方式": matter.person(words.joined(body.petitioner.phone for body in bodies)),
        "争议对方": matter.say(counterparties),
        "反映内容": matter.say("\n".join(t for b in bodies for t in (b.title, b.content, *b.supplements) if t)),
        "应办事项": _owed(matter, duty),
        "答复时限": words.moment(_reply_due(matter)),
        "联系人": [matter.contact(each) for each in dict.fromkeys([case.lead, *case.co_units]) if each],
    }


def _owed(matter: Matter, duty: Assignment) -> list[Fields]:
    """Return what the unit was asked for with the assignment, done by now or not, and what it owes beside it."""
    owed = []
    for receipt in (*_LIMITS, *[each for each in duty.owes if each not in _LIMITS]):
        clock = matter.work.clock_of(duty.id, _LIMITS[receipt]) if receipt in _LIMITS else None
        if clock is not None or receipt in duty.owes:
            due = words.moment(clock.due_at) if clock else "按程序另行通知"
            owed.append({"事项": words.RECEIPTS.get(receipt, receipt.value), "时限": due})
    return owed


def _reply_due(matter: Matter) -> datetime | None:
    owners = [ticket.id for ticket in matter.tickets]
    clocks = [matter.work.clock_of(owner, DeadlineKind.REPLY) for owner in owners]
    return min((clock.due_at for clock in clocks if clock), default=None)


def transfer(matter: Matter, subject: Subject) -> Fields:
    """Return the fields of 移送告知书: whom the payer must reach (R23)."""
    duty = _assignment(matter, subject.reference)
    return {
        **_payer_head(matter, "社会保险费征缴争议事项移送告知书", matter.office.issuer),
        "承办单位": matter.office.full_name(matter.unit_name(duty.unit)),
        "联系": matter.contact(duty.unit),
        "移送时间": words.day(duty.dispatched_at),
        "依据": list(matter.work.case.clauses),
        "答复时限": words.day(_reply_due(matter)),
    }


def opinion(matter: Matter, subject: Subject) -> Fields:
    """Return the fields of a unit's 书面意见, one version of it."""
    given = next((o for o in matter.work.opinions if o.id == subject.reference), None)
    if given is None:
        raise NotFound("没有这份意见，请核对 subject")
    body = given.body
    unit = matter.office.full_name(matter.unit_name(given.unit))
    to = matter.office.full_name(matter.unit_name(matter.answering_unit))
    return {
        **_head(matter, f"关于{matter.category}争议事项的书面意见", unit, to),
        "角色": matter.role(given),
        "版次": str(given.version),
        "轮次": str(given.round),
        "结论": words.CONCLUSIONS[body.conclusion],
        "意见": matter.say(body.text),
        "金额": [{"名称": name, "数额": f"{amount}元"} for name, amount in body.amounts.items()],
        "费款所属期": fee_period(body.period),
        "依据": list(body.legal_basis),
        "签发人": body.signed_by or "",
        "意见日期": words.day(given.occurred_at),
        "逾期": "本意见逾期到达" if given.late else "",
        "附件": matter.say(words.joined(a.name for a in body.attachments)),
    }


def _final(matter: Matter) -> Opinion:
    final = stages.final_opinion(matter.work)
    if final is None:
        raise NotFound("本轮还没有总处理意见")
    return final


def summary(matter: Matter, subject: Subject) -> Fields:  # noqa: ARG001 - every maker takes a subject
    """Return the fields of 联办意见汇总及总处理意见 (R25)."""
    final = _final(matter)
    unit = matter.office.full_name(matter.unit_name(final.unit))
    override = final.body.override
    reply = composing.compose(matter.work.policy, matter.work.case, final, matter.work.standing_opinions())
    return {
        **_head(matter, "社会保险费征缴争议\n联办意见汇总及总处理意见", unit, matter.office.issuer),
        "处置方式": matter.procedure,
        "各单位意见": [
            {
                "单位": matter.unit_name(each.unit),
                "角色": matter.role(each),
                "结论": words.CONCLUSIONS[each.body.conclusion],
                "意见": matter.say(each.body.text),
                "签发": each.body.signed_by or "",
                "时间": words.day(each.occurred_at),
            }
            for each in matter.newest(ReceiptType.OPINION)
        ],
        "总处理意见": matter.say(final.body.text),
        "结论": words.CONCLUSIONS[final.body.conclusion],
        "签发人": final.body.signed_by or "",
        "越过说明": matter.say(f"{override.post}{override.by}批准，理由：{override.reason}") if override else "",
        "依据": reply["legal_basis"],
    }


def minutes(matter: Matter, subject: Subject) -> Fields:
    """Return the fields of a 会议纪要 (R26)."""
    held = next((e for e in matter.events("minutes.recorded") if f"event-{e.seq}" == subject.reference), None)
    if held is None:
        raise NotFound("没有这份会议纪要，请核对 subject")
    at = held.detail.get("held_at")
    units = words.joined(matter.unit_name(each.unit) for each in matter.handlers())
    return {
        **_head(matter, "社会保险费征缴争议专案会商会议纪要", matter.office.issuer, units),
        "纪要编号": str(held.detail.get("number") or ""),
        "会议时间": words.moment(datetime.fromisoformat(at)) if at else "",
        "参加单位": units,
        "纪要内容": matter.say(str(held.detail.get("text") or "")),
    }


def reply_payer(matter: Matter, subject: Subject) -> Fields:  # noqa: ARG001 - every maker takes a subject
    """Return the fields of the 答复书 to the payer (R25, R29, R31)."""
    final = _final(matter)
    reply = composing.compose(matter.work.policy, matter.work.case, final, matter.work.standing_opinions())
    said = [(matter.unit_name(line["unit"]), matter.say(line["summary"])) for line in reply["opinions"]]
    unit = matter.office.full_name(matter.unit_name(matter.answering_unit))
    return {
        **_payer_head(matter, f"关于{matter.category}争议事项的答复书", unit),
        "答复内容": matter.say(str(reply["public_text"])),
        "结论": words.CONCLUSIONS[final.body.conclusion],
        "未解决原因": matter.say(reply["unresolved_reason"]) if not reply["resolved"] else "",
        "各单位意见": [{"单位": name, "意见": text} for name, text in said] if len(said) > 1 else [],
        "依据": reply["legal_basis"],
        "救济途径": _remedies(matter, final),
        "联系": matter.contact(matter.answering_unit),
    }


def reply_other(matter: Matter, subject: Subject) -> Fields:  # noqa: ARG001 - every maker takes a subject
    """Return the fields of the 告知书 to the other side, who never reads who the petitioner is (R29)."""
    final = _final(matter)
    policy, other = matter.work.policy, final.body.other_side
    named = words.joined(t.body.counterparty.name for t in matter.tickets if t.body.counterparty)
    unit = matter.office.full_name(matter.unit_name(matter.answering_unit))
    head = _head(matter, f"关于{matter.category}有关事项的告知书", unit, named or "有关单位")
    return {
        **{name: value for name, value in head.items() if name != "来源工单号"},
        "告知内容": matter.say(other.text if other else None),
        "依据": list(policy.replies.legal_basis),
        "救济途径": [],
        "联系": matter.contact(matter.answering_unit),
    }
