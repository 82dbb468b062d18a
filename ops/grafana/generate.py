"""Write the dashboards as Grafana's JSON: `python ops/grafana/generate.py` (needs nothing but Python).

Owns: what stands on which dashboard, the layout, the Chinese names of units and states. Must not: be edited through
Grafana's export; a changed dashboard is changed here, and a test compares the files with what this script writes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "dashboards"
WIDTH = 24
JOB = 'job="$job"'
UNIT = f'{JOB}, unit=~"$unit"'

NAMES = {
    "unit": {
        "tax": "税务局", "hrss": "人社局", "medical": "医保局", "justice": "司法局", "court": "法院", "finance": "财政局",
        "petition": "信访局", "office": "政府办公室", "leading_office": "领导小组办公室",
    },
    "state": {
        "triage": "待分派", "awaiting_approval": "待审批", "handling": "办理中", "consolidating": "综合中",
        "replying": "答复中", "replied": "已答复", "returned_upstream": "已退回上游", "closed_consult": "咨询办结",
        "closed_remedy_told": "告知救济后办结", "ready": "待发", "leased": "发送中", "parked": "搁置",
        "uncertain": "不知是否送达",
    },
    "outcome": {"automatic": "自动分派", "triage": "待人工", "out_of_scope": "范围外"},
    "status": {"running": "进行中", "due_soon": "快到期", "overdue": "超期", "provisional": "暂定"},
    "step": {"half": "过半", "eighty": "八成", "due_day": "当日", "after_one": "逾期", "escalate": "升级"},
    "kind": {
        "sign": "签收", "accept_notice": "受理告知", "invite": "邀请", "opinion": "意见", "consolidate": "综合",
        "approval": "审批", "meeting": "会商", "reply": "答复",
    },
    "reason": {
        "unavailable": "连不上或不可用", "rate_limited": "限流", "unauthorized": "不认签名", "rejected": "对方拒收",
        "uncertain": "不知是否送达", "bug": "程序错误", "database": "数据库", "folder": "交换目录",
        "not_json": "不是 JSON", "invalid": "内容不对", "too_large": "过大", "not_found": "无此工单",
        "conflict": "与前次不同", "not_our_duty": "不属职责", "wrong_region": "不属本地", "out_of_scope": "范围外",
        "duplicate": "重复", "in_proceedings": "已在程序中", "insufficient_information": "信息不足", "other": "其他",
    },
}  # fmt: skip
"""The Chinese name of a label's value, by label."""

Panel = dict[str, Any]


def target(expr: str, legend: str = "", ref: str = "A") -> dict[str, Any]:
    """One query of a panel."""
    return {
        "refId": ref,
        "expr": expr,
        "legendFormat": legend or "__auto",
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "range": True,
    }


def panel(kind: str, title: str, unit: str, about: str, expr: str, legend: str = "", **options: Any) -> Panel:
    """One panel; ``width`` and ``height`` in grid cells, ``steps`` as (colour, from)."""
    defaults: dict[str, Any] = {"unit": unit, "color": {"mode": "palette-classic"}}
    if steps := options.get("steps"):
        defaults["thresholds"] = {"mode": "absolute", "steps": [{"color": c, "value": v} for c, v in steps]}
        defaults["color"] = {"mode": "thresholds"}
    if kind == "timeseries":
        stacked = {"group": "A", "mode": "normal" if options.get("stacked") else "none"}
        defaults["custom"] = {"fillOpacity": 20 if options.get("stacked") else 5, "stacking": stacked}
        defaults["min"] = options.get("minimum", 0)
    return {
        "type": kind,
        "title": title,
        "description": about,
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "targets": [target(expr, legend)],
        "fieldConfig": {"defaults": defaults, "overrides": overrides(legend)},
        "options": view(kind, legend),
        "gridPos": {"w": options.get("width", 12), "h": options.get("height", 8)},
    }


def overrides(legend: str) -> list[dict[str, Any]]:
    """Show a label's value by its Chinese name where it is the whole legend."""
    names = NAMES.get(legend.removeprefix("{{").removesuffix("}}"), {})
    return [
        {"matcher": {"id": "byName", "options": code}, "properties": [{"id": "displayName", "value": name}]}
        for code, name in names.items()
    ]


def view(kind: str, legend: str) -> dict[str, Any]:
    """The options of a kind of panel."""
    reduce = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    match kind:
        case "stat":
            return {"reduceOptions": reduce, "colorMode": "value", "graphMode": "area", "textMode": "auto"}
        case "bargauge":
            return {"reduceOptions": reduce, "orientation": "horizontal", "displayMode": "gradient"}
        case _:
            shown = {
                "showLegend": bool(legend),
                "displayMode": "table",
                "placement": "bottom",
                "calcs": ["lastNotNull"],
            }
            return {"legend": shown, "tooltip": {"mode": "multi", "sort": "desc"}}


def stat(title: str, unit: str, about: str, expr: str, **options: Any) -> Panel:
    """One number."""
    return panel("stat", title, unit, about, expr, **{"width": 4, "height": 4, **options})


def lines(title: str, unit: str, about: str, expr: str, legend: str, **options: Any) -> Panel:
    """Values over time."""
    return panel("timeseries", title, unit, about, expr, legend, **options)


def bars(title: str, unit: str, about: str, expr: str, legend: str, **options: Any) -> Panel:
    """The values of the moment, beside each other."""
    return panel("bargauge", title, unit, about, expr, legend, **options)


BAD = (("green", None), ("red", 1))
SOON = (("green", None), ("orange", 1))
DAYS_LEFT = (("red", None), ("orange", 14), ("green", 31))


def sums(inner: str, by: str) -> str:
    """Sum of a selector by labels."""
    return f"sum by ({by}) ({inner})"


COUNTY = [
    stat("今日登记", "short", "过去 24 小时新登记的工单，各来源合计。", f"sum(feed:ticketbridge_tickets_accepted:increase1d{{{JOB}}})"),
    stat("待人工分派", "short", "程序拿不准、等受理员定类别和单位的案件。", f'sum(state:ticketbridge_cases:max{{{JOB}, state="triage"}})', steps=SOON),
    stat("在办", "short", "没有办结、没有撤回的案件。", f'sum(state:ticketbridge_cases:max{{{JOB}, state=~"triage|awaiting_approval|handling|consolidating|replying"}})'),
    stat("答复超期", "short", "对诉求人的答复时限已过还没有送达的。", f'sum(kind_unit_status:ticketbridge_deadlines:max{{{JOB}, kind="reply", status="overdue"}}) or vector(0)', steps=BAD),
    stat("搁置消息", "short", "不再自动重试、等人处理的消息（含不知是否送达的）。", f'sum(kind_state:ticketbridge_outbox_messages:max{{{JOB}, state=~"parked|uncertain"}})', steps=BAD),
    stat("在跑的副本", "short", "能抓到指标的进程数。", f"sum(up{{{JOB}}})", steps=(("red", None), ("green", 1))),
    lines("各来源每小时登记", "short", "新登记的工单，重推不算。", sums(f"increase(ticketbridge_tickets_accepted_total{{{JOB}}}[1h])", "feed"), "{{feed}}", stacked=True),
    lines("案件按状态", "short", "没有归档的各状态案件数。", f'sum by (state) (state:ticketbridge_cases:max{{{JOB}, state!~"archived|merged|withdrawn"}})', "{{state}}", stacked=True),
    lines("自动分类结果", "short", "一天内按结果：自动分派、待人工、范围外。", f"sum by (outcome) (outcome:ticketbridge_classifications:increase1d{{{JOB}}})", "{{outcome}}", stacked=True),
    bars("各类别工单（一天）", "short", "一天内自动判定的类别。", sums(f"increase(ticketbridge_classifications_total{{{JOB}}}[1d])", "category"), "{{category}}"),
    lines("办理用时中位数", "s", "从登记到最后一份答复送达，三十天内一半的案件不超过。", f"histogram_quantile(0.5, sum by (category, le) (increase(ticketbridge_case_handling_seconds_bucket{{{JOB}}}[30d])))", "{{category}}"),
    lines("最早待分派", "s", "待人工分派的案件中最早一件登记至今。", f"max(job:ticketbridge_triage_oldest_age_seconds:max{{{JOB}}})", "最早一件"),
]  # fmt: skip

UNITS = [
    stat("答复超期", "short", "所选单位主办、答复时限已过的。", f'sum(kind_unit_status:ticketbridge_deadlines:max{{{UNIT}, kind="reply", status="overdue"}}) or vector(0)', steps=BAD, width=6),
    stat("步骤超期", "short", "签收、受理告知、意见等误期的步骤。", f'sum(kind_unit_status:ticketbridge_deadlines:max{{{UNIT}, kind!="reply", status="overdue"}}) or vector(0)', steps=BAD, width=6),
    stat("快到期", "short", "已提醒过、还没有办的时限。", f'sum(kind_unit_status:ticketbridge_deadlines:max{{{UNIT}, status="due_soon"}}) or vector(0)', steps=SOON, width=6),
    stat("暂定时限", "short", "落在放假安排没有公布的日子里的时限。", f'sum(kind_unit_status:ticketbridge_deadlines:max{{{UNIT}, status="provisional"}}) or vector(0)', width=6),
    bars("各单位超期", "short", "现在超期的时限，按单位。", f'sum by (unit) (kind_unit_status:ticketbridge_deadlines:max{{{UNIT}, status="overdue"}})', "{{unit}}", steps=BAD),
    bars("各单位快到期", "short", "现在快到期的时限，按单位。", f'sum by (unit) (kind_unit_status:ticketbridge_deadlines:max{{{UNIT}, status="due_soon"}})', "{{unit}}", steps=SOON),
    lines("各单位在办交办件", "short", "已交办、已签收还没有答复的。", f'sum by (unit) (unit_state:ticketbridge_assignments:max{{{UNIT}, state=~"dispatched|signed"}})', "{{unit}}", stacked=True),
    lines("时限按状态", "short", "没有了结的时限。", f'sum by (status) (kind_unit_status:ticketbridge_deadlines:max{{{UNIT}, status=~"running|due_soon|overdue|provisional"}})', "{{status}}", stacked=True),
    bars("三十天误期", "short", "三十天内到期未办结的时限，按单位。", f"sum by (unit) (kind_unit:ticketbridge_deadlines_missed:increase30d{{{UNIT}}})", "{{unit}}"),
    bars("三十天误期（按种类）", "short", "sign 签收、accept_notice 受理告知、opinion 意见、consolidate 综合、reply 答复等。", f"sum by (kind) (kind_unit:ticketbridge_deadlines_missed:increase30d{{{UNIT}}})", "{{kind}}"),
    lines("提醒与升级", "short", "每天触发的提醒，按级别。", sums(f"increase(ticketbridge_reminders_sent_total{{{UNIT}}}[1d])", "step"), "{{step}}", stacked=True),
    lines("意见", "short", "每天登记的单位意见。", sums(f"increase(ticketbridge_opinions_recorded_total{{{UNIT}}}[1d])", "unit"), "{{unit}}", stacked=True),
    lines("退单", "short", "每天退回的交办件，按单位；反复推诿看这里。", sums(f"increase(ticketbridge_assignments_returned_total{{{UNIT}}}[1d])", "unit"), "{{unit}}", stacked=True),
    bars("退单理由（三十天）", "short", "三十天内退单的理由代码。", sums(f"increase(ticketbridge_assignments_returned_total{{{UNIT}}}[30d])", "reason"), "{{reason}}"),
]  # fmt: skip

DELIVERY = [
    lines("待发件", "short", "还没有了结的消息，按状态。", f'sum by (state) (kind_state:ticketbridge_outbox_messages:max{{{JOB}, state!~"delivered|cancelled"}})', "{{state}}", stacked=True),
    lines("最早一件已迟", "s", "该发未发的消息中最早一件；一刻钟以上告警。", f"max(job:ticketbridge_outbox_oldest_due_age_seconds:max{{{JOB}}})", "最早一件"),
    lines("外发次数", "short", "每五分钟的尝试，按适配器和去向（unit 单位、upstream 上游）。", sums(f"increase(ticketbridge_delivery_attempts_total{{{JOB}}}[5m])", "adapter, kind"), "{{adapter}} {{kind}}"),
    lines("外发失败", "short", "每五分钟的失败，按原因。", sums(f"increase(ticketbridge_delivery_failures_total{{{JOB}}}[5m])", "reason"), "{{reason}}", stacked=True),
    lines("失败比例", "percentunit", "半小时内失败的尝试占比。", f"sum by (adapter, kind) (adapter_kind:ticketbridge_delivery_failures:increase30m{{{JOB}}}) / sum by (adapter, kind) (adapter_kind:ticketbridge_delivery_attempts:increase30m{{{JOB}}})", "{{adapter}} {{kind}}"),
    lines("外发用时（99%）", "s", "百分之九十九的尝试不超过。", f"max by (adapter, kind) (adapter_kind:ticketbridge_delivery_duration_seconds:p99_5m{{{JOB}}})", "{{adapter}} {{kind}}"),
    lines("上游收下的答复", "short", "每小时，按来源。", sums(f"increase(ticketbridge_replies_pushed_total{{{JOB}}}[1h])", "feed"), "{{feed}}"),
    lines("一天的到件", "short", "新登记加重推；一天一夜为 0 且是工作日即告警。", f"sum by (feed) (feed:ticketbridge_intake_arrivals:increase1d{{{JOB}}})", "{{feed}}"),
    lines("没有收下的", "short", "每小时，按原因。", sums(f"increase(ticketbridge_intake_rejected_total{{{JOB}}}[1h])", "reason"), "{{reason}}", stacked=True),
    lines("重推", "short", "每小时重复推来的工单。", sums(f"increase(ticketbridge_intake_duplicates_total{{{JOB}}}[1h])", "feed"), "{{feed}}"),
    lines("收件用时（99%）", "s", "从读完正文到落盘答 202。", f"max by (feed) (feed:ticketbridge_intake_duration_seconds:p99_5m{{{JOB}}})", "{{feed}}"),
    lines("登记间隔中位数", "s", "从上游受理到本系统登记，一天内一半的工单不超过。", f"max by (feed) (feed:ticketbridge_intake_lag_seconds:p50_1d{{{JOB}}})", "{{feed}}"),
]  # fmt: skip

INTERNALS = [
    stat("日历还剩", "d", "放假安排已公布到的最后一天距今。", f"(min(ticketbridge_calendar_horizon_timestamp_seconds{{{JOB}}}) - time()) / 86400", steps=DAYS_LEFT),
    stat("证书最早到期", "d", "对方或公开地址的证书；都不是 https 时为空。", f"(min(ticketbridge_certificate_expiry_timestamp_seconds{{{JOB}}}) - time()) / 86400", steps=DAYS_LEFT),
    stat("距上次备份", "s", "从没备份过时显示 1970 年起算。", f"time() - max(ticketbridge_backup_last_success_timestamp_seconds{{{JOB}}})", steps=(("green", None), ("orange", 129600))),
    stat("距上次核对历史链", "s", "bridge audit verify 核对全部案件。", f"time() - max(ticketbridge_audit_last_run_timestamp_seconds{{{JOB}}})", steps=(("green", None), ("orange", 691200))),
    stat("核对不符", "short", "最近一次核对发现的处数，应为 0。", f"max(ticketbridge_audit_findings{{{JOB}}})", steps=BAD),
    stat("影子模式", "bool_yes_no", "是：一切外发都扣住。", f"max(ticketbridge_shadow_mode{{{JOB}}})", steps=SOON),
    bars("程序版本", "short", "各版本的进程数，应只有一种。", f"count by (version) (ticketbridge_build_info{{{JOB}}})", "{{version}}", height=5, width=8),
    bars("所用规则", "short", "各规则散列的进程数，应只有一种。", f"count by (hash) (ticketbridge_rules_info{{{JOB}}})", "{{hash}}", height=5, width=8),
    bars("规则已是最新", "bool_yes_no", "否：磁盘上的规则文件有错，仍用旧规则。", f"ticketbridge_rules_last_reload_successful{{{JOB}}}", "{{instance}}", height=5, width=8),
    lines("循环距上次做成", "s", "超过五分钟告警；feed:、channel: 是交换目录。", f"time() - max by (loop) (ticketbridge_loop_last_success_timestamp_seconds{{{JOB}}})", "{{loop}}"),
    lines("循环失败", "short", "每五分钟，按原因。", sums(f"increase(ticketbridge_loop_failures_total{{{JOB}}}[5m])", "reason"), "{{reason}}", stacked=True),
    lines("常驻内存", "bytes", "每个进程；平时不到 500 MiB。", f"process_resident_memory_bytes{{{JOB}}}", "{{instance}}"),
    lines("处理器", "percentunit", "每个进程占用的核数。", f"rate(process_cpu_seconds_total{{{JOB}}}[5m])", "{{instance}}"),
    lines("打开的文件与连接", "short", "占上限八成以上告警。", f"process_open_fds{{{JOB}}}", "{{instance}}"),
    lines("磁盘剩余", "percentunit", "运行文件夹所在磁盘。", f"ticketbridge_disk_free_ratio{{{JOB}}}", "{{instance}}"),
    lines("时钟偏差", "s", "比数据库服务器快多少；超过 2 秒告警。", f"ticketbridge_clock_skew_seconds{{{JOB}}}", "{{instance}}", minimum=None),
    lines("工作日", "bool_yes_no", "今天按所用日历是不是工作日。", f"max(ticketbridge_working_day{{{JOB}}})", "工作日"),
    lines("规则用了多久", "s", "距规则最近一次装入。", f"time() - ticketbridge_rules_last_reload_success_timestamp_seconds{{{JOB}}}", "{{instance}}"),
    lines("运行了多久", "s", "距进程启动；锯齿就是反复重启。", f"time() - process_start_time_seconds{{{JOB}}}", "{{instance}}"),
]  # fmt: skip

DASHBOARDS = {
    "county": ("工单桥 · 全县总览", COUNTY),
    "units": ("工单桥 · 单位与时限", UNITS),
    "delivery": ("工单桥 · 收发与来源", DELIVERY),
    "internals": ("工单桥 · 内部", INTERNALS),
}


def laid_out(panels: list[Panel]) -> list[Panel]:
    """Give panels their ids and places, left to right, row by row."""
    placed, x, y, tallest = [], 0, 0, 0
    for number, each in enumerate(panels, 1):
        size = each["gridPos"]
        if x + size["w"] > WIDTH:
            x, y, tallest = 0, y + tallest, 0
        placed.append({"id": number, **each, "gridPos": {"x": x, "y": y, **size}})
        x, tallest = x + size["w"], max(tallest, size["h"])
    return placed


def variable(name: str, label: str, query: str) -> dict[str, Any]:
    """A choice above the panels; units can be chosen together."""
    several = name == "unit"
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": several,
        "includeAll": several,
        **({"allValue": ".*", "current": {"text": "All", "value": "$__all"}} if several else {}),
    }


def dashboard(uid: str, title: str, panels: list[Panel]) -> dict[str, Any]:
    """One dashboard as Grafana 11 keeps it."""
    choices = [
        {"name": "datasource", "label": "数据源", "type": "datasource", "query": "prometheus", "current": {}},
        variable("job", "县", "label_values(ticketbridge_build_info, job)"),
    ]
    if any("$unit" in json.dumps(each) for each in panels):
        choices.append(variable("unit", "单位", 'label_values(ticketbridge_assignments{job="$job"}, unit)'))
    return {
        "uid": f"ticketbridge-{uid}",
        "title": title,
        "tags": ["ticketbridge"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "timezone": "Asia/Shanghai",
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "links": [{"type": "dashboards", "title": "工单桥", "tags": ["ticketbridge"], "asDropdown": True}],
        "templating": {"list": choices},
        "annotations": {"list": []},
        "panels": laid_out(panels),
    }


def rendered() -> dict[str, str]:
    """The text of every file, by name."""
    made = {uid: dashboard(uid, *content) for uid, content in DASHBOARDS.items()}
    return {f"{uid}.json": json.dumps(each, ensure_ascii=False, indent=1) + "\n" for uid, each in made.items()}


def main() -> None:
    """Write the files beside this script."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in rendered().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{FOLDER / name}\n")


if __name__ == "__main__":
    main()
