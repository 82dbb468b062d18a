"""Every route in one table: what it is, who may call it, what goes in and comes out.

Owns: the table that both the router and OpenAPI are made from. Must not: hold logic.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from aiohttp import web

from bridge.web import batch, intake, operations, operators, papers, reports, units

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

JSON = "application/json"
NDJSON = "application/x-ndjson"


class Caller(Enum):
    """How a caller proves who it is."""

    ANYBODY = "anybody"
    MACHINE = "webhook"
    OPERATOR = "bearer"


@dataclass(frozen=True, slots=True)
class Route:
    """One row: ``body`` and ``answers`` name schemas; ``refusals`` are the statuses beside 401, 404 and 503."""

    method: str
    path: str
    handler: Handler
    summary: str
    caller: Caller
    answers: Mapping[int, str | None]
    body: str | None = None
    refusals: tuple[int, ...] = ()
    media_type: str = JSON
    query: tuple[str, ...] = field(default=())


_SIGNED = (400, 408, 409, 413, 415, 422)
_READ = (422,)
_ACT = (400, 403, 408, 409, 413, 415, 422)

ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/feeds/{feed}/tickets",
        intake.post_ticket,
        "登记一件工单；返回 202 时已落盘",
        Caller.MACHINE,
        {202: "TicketTaken"},
        "Ticket",
        _SIGNED,
    ),
    Route(
        "POST",
        "/v1/feeds/{feed}/batch",
        batch.post_batch,
        "成批登记（每行一件），逐行返回结果",
        Caller.MACHINE,
        {200: "BatchLine"},
        "Ticket",
        (408, 413, 415),
        NDJSON,
    ),
    Route(
        "POST",
        "/v1/feeds/{feed}/events",
        intake.post_event,
        "上游对已派工单的后续事件",
        Caller.MACHINE,
        {202: "EventTaken"},
        "Event",
        _SIGNED,
    ),
    Route(
        "GET",
        "/v1/feeds/{feed}/updates",
        intake.get_updates,
        "供只能拉取的上游取走消息；带上 after 即确认此前全部",
        Caller.MACHINE,
        {200: "Updates"},
        refusals=_READ,
        query=("after", "limit"),
    ),
    Route(
        "POST",
        "/v1/units/{unit}/assignments/{assignment_id}/receipts",
        units.post_receipt,
        "单位回执",
        Caller.MACHINE,
        {202: "ReceiptTaken"},
        "Receipt",
        _SIGNED,
    ),
    Route(
        "GET",
        "/v1/units/{unit}/messages",
        units.get_messages,
        "供只能拉取的单位取走消息；带上 after 即确认此前全部",
        Caller.MACHINE,
        {200: "Messages"},
        refusals=_READ,
        query=("after", "limit"),
    ),
    Route(
        "GET",
        "/v1/cases",
        operators.list_cases,
        "案件列表",
        Caller.OPERATOR,
        {200: "CaseList"},
        refusals=(403, 422),
        query=operators.FILTERS,
    ),
    Route(
        "POST",
        "/v1/cases",
        operators.post_case,
        "窗口登记（来访、来电）",
        Caller.OPERATOR,
        {202: "TicketTaken"},
        "CounterTicket",
        _ACT,
    ),
    Route(
        "GET", "/v1/cases/{case_id}", operators.get_case, "案件详情", Caller.OPERATOR, {200: "CaseOut"}, refusals=(403,)
    ),
    Route(
        "GET",
        "/v1/cases/{case_id}/history",
        operators.get_history,
        "案件历史",
        Caller.OPERATOR,
        {200: "History"},
        refusals=(403,),
    ),
    Route(
        "POST",
        "/v1/cases/{case_id}/actions",
        operators.post_action,
        "对案件执行操作",
        Caller.OPERATOR,
        {200: "CaseOut"},
        "Action",
        _ACT,
    ),
    Route(
        "GET",
        "/v1/outbox",
        operators.list_messages,
        "待发件：等着发的、搁置的、shadow 模式扣住的（不含正文）",
        Caller.OPERATOR,
        {200: "Outbox"},
        refusals=(403, 422),
        query=(*operators.OUTBOX_FILTERS, "limit"),
    ),
    Route(
        "GET",
        "/v1/reports/assessment",
        reports.get_assessment,
        "考核：期内受理的案件的各项数字，可由历史重新算出",
        Caller.OPERATOR,
        {200: "Assessment"},
        refusals=(403, 422),
        query=reports.ASSESSMENT,
    ),
    Route(
        "GET",
        "/v1/reports/ledger",
        reports.get_daybook,
        "在办案件台账（XLSX，供打印）；经办员取到本单位的",
        Caller.OPERATOR,
        {200: None},
        refusals=(403, 404, 422),
        query=reports.DAYBOOK,
        media_type=reports.XLSX,
    ),
    Route(
        "GET",
        "/v1/reports/hotspots",
        reports.get_hotspots,
        "焦点、堵点：同一单位反复、多次退单、逾期",
        Caller.OPERATOR,
        {200: "Hotspots"},
        refusals=(403, 422),
        query=reports.HOTSPOTS,
    ),
    Route(
        "GET",
        "/v1/cases/{case_id}/documents",
        papers.list_documents,
        "案件已出具的文书",
        Caller.OPERATOR,
        {200: "DocumentList"},
        refusals=(403,),
    ),
    Route(
        "POST",
        "/v1/cases/{case_id}/documents",
        papers.post_document,
        "出具文书；内容没有变化的仍是原来那一份",
        Caller.OPERATOR,
        {200: "DocumentList"},
        "DocumentRequest",
        _ACT,
    ),
    Route(
        "GET",
        "/v1/cases/{case_id}/documents/{document_id}",
        papers.get_document,
        "取一份文书（.docx）；查阅记入案件历史，无权知悉诉求人的取到隐去身份的副本",
        Caller.OPERATOR,
        {200: None},
        refusals=(403,),
        media_type=papers.DOCX,
    ),
    Route("GET", "/healthz", operations.get_health, "进程存活", Caller.ANYBODY, {200: None}),
    Route("GET", "/readyz", operations.get_readiness, "各部分就绪", Caller.ANYBODY, {200: None}, refusals=(503,)),
    Route("GET", "/metrics", operations.get_metrics, "Prometheus 指标", Caller.ANYBODY, {200: None}),
)
