"""The table of every series the daemon exports: names, labels, help texts, buckets (contract §5).

Owns: what a series is called, how it counts, how the values of several replicas are put together, which values its
labels can take. Must not: take a ticket id or free text as a label, or hold a value (:mod:`bridge.metrics` does).

Help texts are Chinese: whoever builds a panel reads them. ``docs/reference/metrics.md`` is generated from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

PREFIX = "ticketbridge_"
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_HOUR, _DAY = 3_600.0, 86_400.0
_HANDLING = tuple(days * _DAY for days in (0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90))
_LAG = (10.0, 60.0, 300.0, 900.0, _HOUR, 4 * _HOUR, 12 * _HOUR, _DAY, 2 * _DAY, 3 * _DAY, 7 * _DAY, 30 * _DAY)


class Kind(Enum):
    """How a series counts."""

    COUNTER = "计数"
    GAUGE = "数值"
    HISTOGRAM = "分布"
    LEDGER = "账本数值"


class Across(StrEnum):
    """How the values of several replicas are put together; part of the help text."""

    SUM = "多副本时求和（sum）"
    MAX = "多副本时取最大（max）"
    MIN = "多副本时取最小（min）"
    COUNT = "多副本时数有几种（count by）"


@dataclass(frozen=True, slots=True)
class Series:
    """One line of the table; ledger gauges are read from the database and exported by the clock leader alone."""

    stage: str
    name: str
    kind: Kind
    labels: tuple[str, ...]
    about: str
    across: Across = Across.SUM
    buckets: tuple[float, ...] = _SECONDS

    @property
    def help(self) -> str:
        """The exported help text."""
        return f"{self.about}；{self.across}"


def _counter(stage: str, name: str, labels: tuple[str, ...], about: str) -> Series:
    return Series(stage, name, Kind.COUNTER, labels, about)


def _ledger(stage: str, name: str, labels: tuple[str, ...], about: str) -> Series:
    return Series(stage, name, Kind.LEDGER, labels, about, Across.MAX)


def _gauge(stage: str, name: str, about: str, across: Across, *labels: str) -> Series:
    return Series(stage, name, Kind.GAUGE, labels, about, across)


def _histogram(
    stage: str, name: str, labels: tuple[str, ...], about: str, buckets: tuple[float, ...] = _SECONDS
) -> Series:
    return Series(stage, name, Kind.HISTOGRAM, labels, about, buckets=buckets)


SERIES: tuple[Series, ...] = (
    _counter("接收", "tickets_accepted_total", ("feed",), "新登记的工单"),
    _counter("接收", "intake_rejected_total", ("feed", "reason"), "没有收下的请求或文件行，按原因"),
    _counter("接收", "intake_duplicates_total", ("feed",), "重复推来的工单"),
    _histogram("接收", "intake_duration_seconds", ("feed",), "从读完正文到落盘答 202 的用时"),
    _histogram("接收", "intake_lag_seconds", ("feed",), "新登记工单从上游受理到本系统登记的间隔", _LAG),
    _counter("接收", "classifications_total", ("category", "outcome"), "自动分类的结果：自动分派、待人工、范围外"),
    _ledger("办理", "cases", ("state",), "各状态的案件数"),
    _ledger("办理", "triage_oldest_age_seconds", (), "待人工分派的案件中，登记最早的一件距今多久；没有则为 0"),
    _ledger("办理", "assignments", ("unit", "state"), "各单位各状态的交办件数"),
    _counter("办理", "assignments_returned_total", ("unit", "reason"), "单位退回的交办件，按理由"),
    _counter("办理", "opinions_recorded_total", ("unit",), "登记的单位意见"),
    _histogram("办理", "case_handling_seconds", ("category",), "从登记到最后一份答复送达的用时", _HANDLING),
    _counter("外发", "delivery_attempts_total", ("adapter", "kind"), "外发尝试"),
    _counter("外发", "delivery_failures_total", ("adapter", "kind", "reason"), "失败的外发尝试，按原因"),
    _histogram("外发", "delivery_duration_seconds", ("adapter", "kind"), "一次外发的用时"),
    _counter("外发", "replies_pushed_total", ("feed",), "上游收下的答复"),
    _ledger("待发件", "outbox_messages", ("kind", "state"), "各状态的待发件数"),
    _ledger("待发件", "outbox_oldest_due_age_seconds", (), "该发未发的消息中，最早一件已迟多久；没有则为 0"),
    _ledger("时限", "deadlines", ("kind", "unit", "status"), "各单位各类时限，按状态"),
    _counter("时限", "deadlines_missed_total", ("kind", "unit"), "到期未办结的时限"),
    _counter("时限", "reminders_sent_total", ("kind", "unit", "step"), "已触发的提醒与升级，按级别"),
    _gauge("时限", "calendar_horizon_timestamp_seconds", "放假安排已公布到哪一天", Across.MIN),
    _gauge("时限", "working_day", "今天（北京时间）是工作日为 1，按所用日历", Across.MAX),
    _gauge("自身", "rules_last_reload_successful", "所用规则就是磁盘上最新的规则文件为 1", Across.MIN),
    _gauge("自身", "rules_last_reload_success_timestamp_seconds", "规则最近一次装入的时刻", Across.MIN),
    _gauge("自身", "rules_info", "所用规则的散列", Across.COUNT, "hash"),
    _gauge("自身", "loop_last_success_timestamp_seconds", "各循环最近一次做完工作的时刻", Across.MAX, "loop"),
    _counter("自身", "loop_failures_total", ("loop", "reason"), "循环没有做成的次数：数据库、目录、程序错误"),
    _gauge("自身", "clock_skew_seconds", "本机时钟比数据库服务器快多少（SQLite 恒为 0）", Across.MAX),
    _gauge("自身", "disk_free_ratio", "运行文件夹所在磁盘的剩余比例，0 到 1", Across.MIN),
    _gauge("自身", "shadow_mode", "影子模式（扣住一切外发）为 1", Across.MAX),
    _gauge(
        "自身", "certificate_expiry_timestamp_seconds", "对方或本系统公开地址的证书到期的时刻", Across.MIN, "target"
    ),
    _ledger("自身", "backup_last_success_timestamp_seconds", (), "最近一次 bridge backup 做完的时刻；没有做过为 0"),
    _ledger(
        "自身", "audit_last_run_timestamp_seconds", (), "最近一次 bridge audit verify 核对完全部案件的时刻；没有为 0"
    ),
    _ledger("自身", "audit_findings", (), "那一次核对发现的不符处数"),
    _gauge("自身", "build_info", "程序版本", Across.COUNT, "version"),
)

LEDGER = tuple(series for series in SERIES if series.kind is Kind.LEDGER)

REJECTIONS = ("not_json", "unauthorized", "invalid", "too_large", "not_found", "conflict", "unavailable")
OUTCOMES = ("automatic", "triage", "out_of_scope")
NO_CATEGORY = "none"
MESSAGE_KINDS = ("unit", "upstream")
LOOP_FAILURES = ("database", "folder", "bug")
STEPS = ("half", "eighty", "due_day", "after_one", "escalate")
