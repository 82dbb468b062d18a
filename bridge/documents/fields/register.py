"""社会保险费征缴争议登记表: every field of the register (R20, R21; domain 1.8).

Owns: what stands in which field. Must not: lay anything out.
"""

from __future__ import annotations

from bridge.core.documents import DocumentKind
from bridge.core.lifecycle import petitioners, sides, stages
from bridge.core.model.case import SideRecord
from bridge.core.model.ticket import Counterparty, Ticket
from bridge.core.vocabulary import CaseState, PartyRole, ReceiptType, Side, SideStatus, TicketKind
from bridge.documents.fields import words
from bridge.documents.fields.matter import Fields, Matter, PastEvent, fee_period

_DEMAND = "见反映的主要内容"


def register(matter: Matter) -> Fields:
    """Return the fields of the register form."""
    return {
        "标题": "社会保险费征缴争议登记表",
        "案件编号": matter.work.case.id,
        **_source(matter),
        **_payer(matter),
        **_dispute(matter),
        **_handling(matter),
        **_result(matter),
        **_archive(matter),
    }


def _source(matter: Matter) -> Fields:
    signed = matter.events("assignment.signed")
    counter = [t.feed.removeprefix("counter.") for t in matter.tickets if t.feed.startswith("counter.")]
    accepting = matter.work.case.accepting_unit or next(iter(counter), None)
    return {
        "来源渠道": words.joined(_channel(matter, ticket) for ticket in matter.tickets),
        "来源工单号": words.joined(ticket.external_id for ticket in matter.tickets),
        "受理时间": words.moment(matter.ticket.received_at),
        "受理单位": matter.unit_name(accepting),
        "受理人员": next((str(e.detail["signed_by"]) for e in signed if e.detail.get("signed_by")), ""),
    }


def _channel(matter: Matter, ticket: Ticket) -> str:
    adapter = matter.work.context.terms(ticket.feed).adapter or ticket.feed
    return words.FEEDS.get("counter" if ticket.feed.startswith("counter.") else adapter, adapter)


def _payer(matter: Matter) -> Fields:
    people = [ticket.body.petitioner for ticket in matter.tickets]
    first = people[0]
    counts = [person.people_count for person in people if person.people_count]
    agent = first.role is PartyRole.AGENT
    return {
        "缴费人类型": words.PARTIES[first.role] if first.role else "",
        "缴费人姓名": matter.person(words.joined(p.name for p in people) or ("匿名" if first.anonymous else "")),
        "证件号码": matter.person(words.joined(p.id_number for p in people)),
        "人数": str(max(counts)) if counts else "",
        "联系方式": matter.person(words.joined(p.phone for p in people)),
        "联系地址": matter.person(words.joined(p.address for p in people)),
        "与缴费人关系": "代理人" if agent else "本人" if first.role else "",
        "代理人": matter.person(first.name) if agent else "",
        "争议对方": matter.say(words.joined(_counterparty(t.body.counterparty) for t in matter.tickets)),
    }


def _counterparty(counterparty: Counterparty | None) -> str:
    if counterparty is None:
        return ""
    code = f"（统一社会信用代码{counterparty.uscc}）" if counterparty.uscc else ""
    return f"{counterparty.name or ''}{code}"


def _dispute(matter: Matter) -> Fields:
    bodies = [ticket.body for ticket in matter.tickets]
    period = words.joined(fee_period(body.period) for body in bodies)
    content = "\n".join(text for body in bodies for text in (body.title, body.content, *body.supplements) if text)
    return {
        "险种": matter.insurances,
        "费款所属期": period or words.PERIODS[matter.work.case.period],
        "涉及金额": matter.say(words.joined(_yuan(body.amount or "") for body in bodies)),
        "反映内容": matter.say(content),
        "诉求请求": f"{words.joined(words.TICKET_KINDS[t.kind] for t in matter.tickets)}；{_DEMAND}",
        "保密匿名": words.joined(_secrecy(matter)) or "否",
        "特殊情形": words.joined(_circumstances(matter)) or "无",
        "附件清单": matter.say(words.joined(a.name for body in bodies for a in body.attachments)) or "无",
    }


def _yuan(amount: str) -> str:
    """Return an amount as the ticket states it; a bare figure is in yuan."""
    return f"{amount}元" if amount[-1:].isdecimal() else amount


def _secrecy(matter: Matter) -> list[str]:
    anonymous = any(ticket.body.petitioner.anonymous for ticket in matter.tickets)
    return ["保密"] * matter.work.case.confidential + ["匿名"] * anonymous


def _circumstances(matter: Matter) -> list[str]:
    people = [ticket.body.petitioner for ticket in matter.tickets]
    group = any(person.role is PartyRole.GROUP or (person.people_count or 0) > 1 for person in people)
    shown = {
        "群体": group or "group" in matter.work.case.flags,
        "重复反映": len(matter.tickets) > 1,
        "已进入诉讼、仲裁、复议或信访程序": "in_proceedings" in matter.work.case.flags,
        "举报": any(ticket.kind is TicketKind.REPORT for ticket in matter.tickets),
    }
    return [name for name, holds in shown.items() if holds]


def _handling(matter: Matter) -> Fields:
    case = matter.work.case
    info = matter.work.policy.categories.get(case.category or "")
    second = matter.work.policy.categories.get(case.second_category or "")
    told = [event for event in matter.events("party.told") if event.detail.get("who", "payer") == "payer"]
    return {
        "事项类别": f"{info.number} {info.name}" if info else "",
        "次要类别": f"{second.number} {second.name}" if second else "",
        "处置方式": matter.procedure,
        "主办单位": matter.unit_name(case.lead),
        "协办单位": matter.unit_names(case.co_units),
        "联系人": matter.contact(case.lead),
        "告知情况": words.joined(f"{words.moment(e.occurred_at)}{e.detail.get('channel') or ''}" for e in told),
    }


def _result(matter: Matter) -> Fields:
    final = stages.final_opinion(matter.work)
    minutes = matter.events("minutes.recorded")
    return {
        "各单位意见": [
            {
                "单位": matter.unit_name(opinion.unit),
                "角色": matter.role(opinion),
                "结论": words.CONCLUSIONS[opinion.body.conclusion],
                "意见": matter.say(opinion.body.text),
                "时间": words.day(opinion.occurred_at),
                "签发": opinion.body.signed_by or "",
            }
            for opinion in matter.newest(ReceiptType.OPINION)
        ],
        "会议纪要号": words.joined(str(event.detail.get("number") or "") for event in minutes),
        "总处理意见": matter.say(final.body.text) if final else "",
        "答复文号": matter.numbers.get((DocumentKind.REPLY_PAYER.value, f"round-{matter.work.case.round}"), ""),
        "答复情况": _answers(matter),
        "异议情况": _objection(matter),
        "满意度": words.joined(
            words.satisfaction(str(event.detail.get("party", "payer")), str(event.detail.get("value")))
            for event in matter.events("satisfaction.recorded")
        ),
    }


def _answers(matter: Matter) -> list[Fields]:
    """Return what each petitioner and the other side were told, when and how: both sides, always (R29)."""
    tickets = matter.work.tickets
    found = []
    for record in sides.records(matter.work):
        ticket = tickets.get(record.ticket_id or "")
        name = words.SIDES[record.side.value] + (f"（工单{ticket.external_id}）" if ticket else "")
        at, how = _told(matter, record)
        found.append({"对象": name, "时间": at, "方式": matter.say(how)})
    return found


def _told(matter: Matter, record: SideRecord) -> tuple[str, str]:
    """Return when and how a side was told, or why nobody had to; a petitioner not told has what his upstream got."""
    if record.status is SideStatus.TOLD:
        return words.moment(record.at), record.channel or ""
    skipped = f"不适用：{record.reason}" if record.status is SideStatus.NOT_APPLICABLE else ""
    if record.at is None and (reply := _delivered(matter, record)) is not None:
        return words.moment(reply.occurred_at), "经来源渠道答复"
    return words.moment(record.at), skipped


def _delivered(matter: Matter, record: SideRecord) -> PastEvent | None:
    """Return the delivery of the newest reply to one of this petitioner's own tickets, in its present round."""
    if record.side is not Side.PAYER:
        return None
    own = petitioners.of(matter.work, record.ticket_id) if record.ticket_id else matter.tickets
    rounds = {(ticket.id, ticket.round) for ticket in own}
    found = matter.events("reply.delivered")
    return next((e for e in reversed(found) if (e.detail.get("ticket"), e.detail.get("round")) in rounds), None)


def _objection(matter: Matter) -> str:
    objection = matter.work.case.objection or ""
    if objection.startswith("routes:"):
        return f"有异议，途径：{objection.removeprefix('routes:').replace(',', '、')}"
    return words.OBJECTIONS.get(objection, "")


def _archive(matter: Matter) -> Fields:
    case = matter.work.case
    archived = case.state is CaseState.ARCHIVED
    return {
        "归档号": case.id if archived else "",
        "归档时间": words.day(case.closed_at) if archived else "",
        "保管期限": words.RETENTION[case.procedure] if case.procedure else "",
    }
