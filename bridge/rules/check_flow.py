"""Checks who does what by when: units, categories, routes, procedures, limits, calendar.

Owns: references between these parts, the closed word lists of the policy, routes that can never be reached.
Must not: look into patterns or texts.
"""

from __future__ import annotations

from datetime import date

from bridge.core.policy import Gate
from bridge.core.vocabulary import LEADING_OFFICE, DeadlineKind, Insurance, ProcedureId
from bridge.rules import check_triggers
from bridge.rules.document import RulesDocument
from bridge.rules.document_flow import AGENCY, ANY, LimitEntry, RouteEntry, RouteWhen, StageEntry
from bridge.rules.findings import Findings

DUTY_UNITS = ("tax", "hrss", "medical", "justice", "court", "finance", "petition", "office")
"""Source: policy 三(一), the eight units with duties."""

CATEGORY_NUMBERS = {
    "registration_transfer": 1,
    "registration_information": 2,
    "contribution_base": 3,
    "contribution_amount": 4,
    "special_assessment": 5,
    "late_fee": 6,
    "refund_offset": 7,
    "benefits": 8,
    "inspection_arrears": 9,
    "other": 10,
}
"""Source: policy 三(二); ids by contract §6."""

_NEEDED_LIMITS = (DeadlineKind.SIGN, DeadlineKind.RETURN, DeadlineKind.OPINION, DeadlineKind.REPLY)


_EXTENDED = frozenset({DeadlineKind.REPLY, DeadlineKind.OPINION})


def flow_problems(document: RulesDocument, findings: Findings) -> None:
    """Report every problem of units, categories, routes, procedures, limits and calendar."""
    _units(document, findings)
    _categories(document, findings)
    _routes(document, findings)
    _procedures(document, findings)
    _limits(document, findings)
    _calendar(document, findings)


def _units(document: RulesDocument, findings: Findings) -> None:
    findings.missing(("units",), (*DUTY_UNITS, LEADING_OFFICE), document.units, "政策规定的单位")
    office = document.units.get(LEADING_OFFICE)
    if office is not None and office.duty:
        findings.add(("units", LEADING_OFFICE), "领导小组办公室不承担意见,应写 duty: false")
    owner: dict[Insurance, str] = {}
    for name, unit in document.units.items():
        if unit.duty and not unit.external and not unit.coordinators:
            findings.add(
                ("units", name), f"“{name}”没有协调员:请写 coordinators(至少一名,交办、协办、逾期时通知)", key=True
            )
        if unit.external and unit.duty:
            findings.add(("units", name), "机制以外的单位不派件,应写 duty: false")
        for number, kind in enumerate(unit.insurance):
            if kind in owner:
                findings.add(("units", name, "insurance", number), f"险种“{kind}”已由 {owner[kind]} 经办")
            owner.setdefault(kind, name)
    findings.missing(("units",), Insurance, {kind.value: 1 for kind in owner}, "经办单位的险种")


def _categories(document: RulesDocument, findings: Findings) -> None:
    findings.missing(("categories",), CATEGORY_NUMBERS, document.categories, "政策列明的类别")
    for name, entry in document.categories.items():
        path = ("categories", name)
        if findings.reference(path, name, CATEGORY_NUMBERS, "类别") and entry.number != CATEGORY_NUMBERS[name]:
            findings.add(
                (*path, "number"), f"“{name}”在政策里是第 {CATEGORY_NUMBERS[name]} 类,不是第 {entry.number} 类"
            )


def _routes(document: RulesDocument, findings: Findings) -> None:
    findings.unique(("routes",), (entry.id for entry in document.routes), "路由")
    internal = {name for name, unit in document.units.items() if unit.duty and not unit.external}
    for number, entry in enumerate(document.routes):
        path = ("routes", number)
        findings.reference((*path, "category"), entry.category, document.categories, "类别")
        _route_unit((*path, "lead"), entry.lead, document, internal, findings)
        for place, unit in enumerate(entry.co_units):
            _route_unit((*path, "co_units", place), unit, document, internal, findings)
        if entry.lead in entry.co_units and entry.lead != AGENCY:
            findings.add((*path, "co_units"), f"“{entry.lead}”已是主办,不能又是联办")
        if len(set(entry.co_units)) < len(entry.co_units):
            findings.add((*path, "co_units"), "联办单位有重复")
        _route_procedure(path, entry, findings)
    _reachable(document, findings)


def _route_unit(
    path: tuple[str | int, ...], name: str, document: RulesDocument, internal: set[str], findings: Findings
) -> None:
    if findings.reference(path, name, [*document.units, AGENCY], "单位") and name not in {*internal, AGENCY}:
        findings.add(path, f"“{name}”不承担交办(duty: false 或机制以外),不能派件")


def _route_procedure(path: tuple[str | int, ...], entry: RouteEntry, findings: Findings) -> None:
    joint = entry.procedure in {ProcedureId.JOINT_GENERAL, ProcedureId.JOINT_COMPLEX}
    if joint and not entry.co_units:
        findings.add((*path, "procedure"), "联办程序要有联办单位 co_units")
    if entry.procedure in {ProcedureId.DIRECT, ProcedureId.TRANSFER} and entry.co_units:
        findings.add((*path, "procedure"), f"有联办单位,不能用 {entry.procedure};请改为 joint_general 或去掉 co_units")


def _reachable(document: RulesDocument, findings: Findings) -> None:
    """The last route of a category takes everything; none stands behind one that covers it."""
    earlier: dict[str, list[RouteEntry]] = {}
    for number, entry in enumerate(document.routes):
        for other in earlier.get(entry.category, []):
            if _covers(other.when, entry.when):
                findings.add(("routes", number), f"永远轮不到:前面的“{other.id}”已经包含它的条件")
                break
        earlier.setdefault(entry.category, []).append(entry)
    for name in document.categories:
        if not any(entry.when == ANY for entry in earlier.get(name, [])):
            findings.add(
                ("categories", name), f"类别“{name}”没有兜底路由:请在 routes 里给它加一条不带 when 的", key=True
            )


def _covers(wide: RouteWhen, narrow: RouteWhen) -> bool:
    """Whether everything that fits ``narrow`` fits ``wide``."""
    lists = ("insurance", "period", "party", "counterparty", "kind")
    for name in lists:
        outer, inner = getattr(wide, name), getattr(narrow, name)
        if outer and not (inner and set(inner) <= set(outer)):
            return False
    return (
        wide.agency in {None, narrow.agency}
        and set(wide.flags) <= set(narrow.flags)
        and set(wide.without_flags) <= set(narrow.without_flags)
    )


def _procedures(document: RulesDocument, findings: Findings) -> None:
    present = {name.value: entry for name, entry in document.procedures.items()}
    findings.missing(("procedures",), ProcedureId, present, "程序")
    for name, entry in document.procedures.items():
        path: tuple[str | int, ...] = ("procedures", name.value)
        _stages((*path, "stages"), entry.stages, document, findings)
        for category, stages in entry.variants.items():
            findings.reference((*path, "variants", category), category, document.categories, "类别")
            _stages((*path, "variants", category), stages, document, findings)
        check_triggers.trigger_problems((*path, "triggers"), name, document, findings)
        gates = {stage.gate for stage in entry.stages}
        if name is ProcedureId.JOINT_COMPLEX and not {Gate.APPROVE, Gate.MINUTES} <= gates:
            findings.add(path, "复杂专案须有组长同意(gate: approve)和会议纪要(gate: minutes),见政策四(二)2", key=True)


def _stages(path: tuple[str | int, ...], stages: list[StageEntry], document: RulesDocument, findings: Findings) -> None:
    findings.unique(path, (stage.id for stage in stages), "阶段")
    for number, stage in enumerate(stages):
        for place, duty in enumerate(stage.duties):
            findings.references((*path, number, "duties", place, "units"), duty.units, document.units, "单位")


def _limits(document: RulesDocument, findings: Findings) -> None:
    findings.unique(("time_limits",), (entry.id for entry in document.time_limits), "时限")
    open_kinds: dict[DeadlineKind, str] = {}
    for number, entry in enumerate(document.time_limits):
        path = ("time_limits", number)
        findings.references((*path, "categories"), entry.categories, document.categories, "类别")
        if entry.extension is not None and entry.kind not in _EXTENDED:
            findings.add((*path, "extension"), f"“{entry.kind}”没有延期,extension 只用于 reply 和 opinion")
        if entry.source == "statute":
            continue
        if entry.kind in open_kinds:
            findings.add(path, f"永远轮不到:前面的“{open_kinds[entry.kind]}”没有限定条件,已经管住“{entry.kind}”")
        elif not _filters(entry):
            open_kinds[entry.kind] = entry.id
    for kind in _NEEDED_LIMITS:
        for procedure in ProcedureId:
            if not any(_serves(entry, kind, procedure) for entry in document.time_limits):
                findings.add(("time_limits",), f"程序 {procedure} 没有“{kind}”时限", key=True)


def _filters(entry: LimitEntry) -> bool:
    return bool(entry.procedures or entry.kinds or entry.adapters or entry.categories)


def _serves(entry: LimitEntry, kind: DeadlineKind, procedure: ProcedureId) -> bool:
    narrow = entry.kinds or entry.adapters or entry.categories or entry.source == "statute"
    return entry.kind is kind and not narrow and (not entry.procedures or procedure in entry.procedures)


def _calendar(document: RulesDocument, findings: Findings) -> None:
    seen: dict[str, int] = {}
    for number, day in enumerate(document.calendar.overlay):
        path = ("calendar", "overlay", number, "date")
        try:
            date.fromisoformat(day.date)
        except ValueError:
            findings.add(path, f"没有“{day.date}”这一天")
        if day.date in seen:
            findings.add(path, f"“{day.date}”写了两次")
        seen[day.date] = number
    end = ""
    for number, period in enumerate(document.calendar.working_hours):
        if period.start >= period.end or period.start < end:
            findings.add(("calendar", "working_hours", number), "工作时间要从早到晚、互不重叠")
        end = period.end
