"""The list of contents a person reads first: plain text, opened by any editor.

Owns: its layout. Must not: say anything the files do not hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bridge.core.civil import SHANGHAI
from bridge.core.model.file import CaseFile
from bridge.core.retention import Retention

INDEX = "卷内目录.txt"
_BOM = "\ufeff"
_RETENTIONS = {Retention.PERMANENT: "永久", Retention.YEARS_30: "30 年", Retention.YEARS_10: "10 年"}


def retention_name(retention: Retention) -> str:
    """Return a retention class as archivists write it."""
    return _RETENTIONS[retention]


def index(
    file: CaseFile, events: list[dict[str, Any]], messages: list[dict[str, Any]], facts: Mapping[str, Any]
) -> bytes:
    """Return the list of contents."""
    lines = [*_head(file, facts), *_tickets(file), *_work(file), *_sent(messages), *_history(events), *_about()]
    return (_BOM + "\r\n".join(lines) + "\r\n").encode()


def _head(file: CaseFile, facts: Mapping[str, Any]) -> Iterator[str]:
    case = file.case
    yield f"卷宗  案件 {case.id}  地区 {facts['region_code']}"
    yield f"状态 {case.state.value}  保管期限 {retention_name(Retention(facts['retention']))}"
    yield f"类别 {case.category or '未定'}  程序 {case.procedure.value if case.procedure else '未定'}"
    yield f"主办 {case.lead or '未定'}  协办 {'、'.join(case.co_units) or '无'}  受理 {case.accepting_unit or '未受理'}"
    yield f"登记 {_at(case.opened_at)}  办结 {_at(case.closed_at)}  数据截至 {_at(case.updated_at)}"
    yield f"规则版本 {'、'.join(facts['rules_hashes'])}"
    yield f"历史 {len_of(facts)} 条，链首 {facts['chain'][case.id]['head']}"


def len_of(facts: Mapping[str, Any]) -> int:
    """Return how many history lines the case itself has."""
    return int(facts["chain"][facts["case_id"]]["events"])


def _tickets(file: CaseFile) -> Iterator[str]:
    yield from ("", f"一、工单（{len(file.tickets)}）  tickets/")
    for ticket in file.tickets:
        came = f"  自 {'、'.join(ticket.came_from)} 并入" if ticket.came_from else ""
        yield f"  {ticket.feed} {ticket.external_id}  收到 {_at(ticket.received_at)}  共 {ticket.revision} 版{came}"


def _work(file: CaseFile) -> Iterator[str]:
    yield from ("", f"二、交办（{len(file.assignments)}）  assignments.json")
    for a in file.assignments:
        yield f"  {a.unit}（{a.role.value}）  下发 {_at(a.dispatched_at)}  签收 {_at(a.signed_at)}  {a.state.value}"
    yield from ("", f"三、意见（{len(file.opinions)}，含历次）  opinions/")
    for o in file.opinions:
        late = "  逾期" if o.late else ""
        yield f"  {o.unit}  第 {o.round} 轮第 {o.version} 版  {o.kind.value}  {o.body.conclusion.value}  {_at(o.recorded_at)}{late}"
    yield from ("", f"四、时限（{len(file.deadlines)}）  deadlines.json")
    for d in file.deadlines:
        basis = "；".join(dict.fromkeys(each.clause for each in d.basis))
        yield f"  {d.kind.value}  {d.unit}  起 {_at(d.start_at)}  止 {_at(d.due_at)}  {d.status.value}  依据 {basis}"


def _sent(messages: list[dict[str, Any]]) -> Iterator[str]:
    yield from ("", f"五、送达（{len(messages)}）  delivery.json")
    for m in messages:
        yield f"  {m['type']} → {m['target']}  {m['state']}  送达 {_at(m['delivered_at'])}  第 {m['attempts']} 次  {m['key']}"


def _history(events: list[dict[str, Any]]) -> Iterator[str]:
    yield from ("", f"六、历史（{len(events)}）  history/")
    for event in events:
        yield f"  {event['seq']}  {_at(event['occurred_at'])}  {event['type']}  {event['actor']}"


def _about() -> Iterator[str]:
    yield from ("", "附件与音视频见 media.json（按引用与散列；随件报送的在 media/）；已发文书在 documents/。")
    yield "核对本卷：bridge dossier verify 本文件。manifest.json 列出每个文件的 SHA-256，signature.json 是对它的签名。"


def _at(moment: datetime | None) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") if moment else "—"
