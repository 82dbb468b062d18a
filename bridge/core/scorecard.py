"""The assessment of the mechanism's work (考核, R35): a pure fold over the history of cases.

Owns: which figures there are, their names, and how each follows from events. Must not: read a state row, a clock or a
store; what the events do not say does not count. Definitions in Chinese: docs/reference/assessment.zh-CN.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bridge.core.vocabulary import CaseState, DeadlineKind, Party, ReceiptType, ReturnReason, Role, TicketKind

ROUTES: Mapping[str, str] = {
    "mediation": "调解",
    "reconsideration": "复议",
    "arbitration": "仲裁",
    "litigation": "诉讼",
    "petition": "信访",
}
"""Routes of an objection (R31) and the word by which each is known; any other is ``other``."""
NAMES: Mapping[str, str] = {
    "received": "受理",
    "out_of_scope": "不属本机制退回",
    "returned_otherwise": "其他原因退回上游",
    "passed_on": "表扬转交",
    "direct": "自办",
    "transfer": "移送",
    "joint_general": "一般联办",
    "joint_complex": "复杂专案",
    "undispatched": "未派单",
    "dispatched_right": "首派准确",
    "dispatched_wrong": "首派不准",
    "opinions_on_time": "意见按时",
    "opinions_late": "意见超时",
    "opinions_overdue": "意见逾期未交",
    "replies_on_time": "答复按时",
    "replies_late": "答复超时",
    "replies_overdue": "答复逾期未复",
    "returns": "单位退单",
    "rework": "重办轮次",
    "objections_mediation": "异议：调解",
    "objections_reconsideration": "异议：行政复议",
    "objections_arbitration": "异议：仲裁",
    "objections_litigation": "异议：诉讼",
    "objections_petition": "异议：信访",
    "objections_other": "异议：其他或未注明",
    "archived": "归档",
    "closed_consult": "咨询办结",
    "closed_remedy_told": "告知救济途径办结",
    "withdrawn": "撤单",
    "merged": "并入他案",
    "open": "在办",
    "satisfied": "满意",
    "basic": "基本满意",
    "unsatisfied": "不满意",
    "other_side_satisfied": "对方满意",
    "other_side_basic": "对方基本满意",
    "other_side_unsatisfied": "对方不满意",
    "government_satisfied": "地方党委政府满意",
    "government_basic": "地方党委政府基本满意",
    "government_unsatisfied": "地方党委政府不满意",
}
"""Every counted figure in the order it is shown, with its name."""
RATES: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "dispatched_right_rate": ("首派准确率", ("dispatched_right",), ("dispatched_wrong",)),
    "opinions_on_time_rate": ("意见按时率", ("opinions_on_time",), ("opinions_late", "opinions_overdue")),
    "replies_on_time_rate": ("答复按时率", ("replies_on_time",), ("replies_late", "replies_overdue")),
    "satisfaction_rate": ("满意率", ("satisfied", "basic"), ("unsatisfied",)),
}
"""Each rate's name, what counts for it and what counts against it."""
_ENDS = {
    CaseState.ARCHIVED: "archived",
    CaseState.CLOSED_CONSULT: "closed_consult",
    CaseState.CLOSED_REMEDY_TOLD: "closed_remedy_told",
    CaseState.WITHDRAWN: "withdrawn",
    CaseState.MERGED: "merged",
}


class Grouping(StrEnum):
    """What the figures are broken down by."""

    CATEGORY = "category"
    INSURANCE = "insurance"
    UNIT = "unit"
    FEED = "feed"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Told:
    """What the fold looks at of one event."""

    type: str
    occurred_at: datetime
    detail: Mapping[str, Any]
    actor: str = ""


@dataclass(slots=True)
class CaseScore:
    """What one case's history has come to so far. ``counts`` has a figure and the unit it falls on."""

    opened_at: datetime
    feed: str = ""
    kind: str = ""
    category: str | None = None
    insurance: tuple[str, ...] = ()
    procedure: str | None = None
    lead: str | None = None
    first_lead: str | None = None
    right: bool = True
    state: str | None = None
    reason_code: str | None = None
    round: int = 1
    counts: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    overdue: dict[str, tuple[str, str]] = field(default_factory=dict)
    seen: set[tuple[str, ...]] = field(default_factory=set)
    satisfaction: dict[str, str] = field(default_factory=dict)
    leads: set[str] = field(default_factory=set)

    def figures(self) -> Counter[tuple[str, str | None]]:
        """Return every figure of the case; those without a unit of their own fall on its lead."""
        found = Counter(self.counts)
        found["received", self.lead] += 1
        found[self._disposal(), self.lead] += 1
        found[self._outcome(), self.lead] += 1
        if self.first_lead is not None:
            found["dispatched_right" if self.right else "dispatched_wrong", self.first_lead] += 1
        for kind, unit in self.overdue.values():
            if kind in _OVERDUE:
                found[_OVERDUE[kind], unit] += 1
        for figure in self._satisfaction():
            found[figure, self.lead] += 1
        del found["", self.lead]
        return found

    def _satisfaction(self) -> list[str]:
        """Return the figures of the last word of each party; a payer's own ticket speaks before whoever told him."""
        parties = {key: value for key, value in self.satisfaction.items() if key in set(Party)}
        tickets = [value for key, value in self.satisfaction.items() if key not in parties]
        payer = tickets or [value for key, value in parties.items() if key == Party.PAYER]
        return payer + [f"{key}_{value}" for key, value in parties.items() if key != Party.PAYER]

    def _disposal(self) -> str:
        if self.kind == TicketKind.PRAISE:
            return "passed_on"
        return (self.procedure if self.first_lead else None) or "undispatched"

    def _outcome(self) -> str:
        if self.kind == TicketKind.PRAISE:
            return ""
        if self.state == CaseState.RETURNED_UPSTREAM:
            return "out_of_scope" if self.reason_code == ReturnReason.OUT_OF_SCOPE else "returned_otherwise"
        return _ENDS[CaseState(self.state)] if self.state else "open"

    def keys(self, grouping: Grouping, month: str) -> tuple[str, ...]:
        """Return the groups a case counts in; ``unit`` is each figure's own and not asked here."""
        one = {Grouping.CATEGORY: self.category, Grouping.FEED: self.feed, Grouping.MONTH: month}
        return self.insurance or ("",) if grouping is Grouping.INSURANCE else (one[grouping] or "",)


_OVERDUE = {DeadlineKind.OPINION.value: "opinions_overdue", DeadlineKind.REPLY.value: "replies_overdue"}


def score(events: Iterable[Told]) -> CaseScore:
    """Fold one case's history, in order, into what it comes to. The first event is the registration."""
    told = iter(events)
    first = next(told)
    case = CaseScore(first.occurred_at, str(first.detail.get("feed", "")), str(first.detail.get("kind", "")))
    for event in told:
        if "procedure" in event.detail:
            case.procedure = event.detail["procedure"]
        step = _STEPS.get(event.type)
        if step is not None:
            step(case, event.detail)
    return case


def _classified(case: CaseScore, detail: Mapping[str, Any]) -> None:
    case.category = detail.get("category")
    case.insurance = tuple(detail.get("insurance", case.insurance))


def _dispatched(case: CaseScore, detail: Mapping[str, Any]) -> None:
    if case.kind == TicketKind.PRAISE or detail["role"] != Role.LEAD:
        return
    case.leads.add(detail["assignment"])
    case.lead = detail["unit"]
    case.first_lead = case.first_lead or case.lead
    case.right = case.right and case.lead == case.first_lead


def _lead_changed(case: CaseScore, detail: Mapping[str, Any]) -> None:
    case.lead = detail["unit"]
    case.right = case.right and case.first_lead in (None, case.lead)


def _returned(case: CaseScore, detail: Mapping[str, Any]) -> None:
    case.counts["returns", detail["unit"]] += 1
    case.right = case.right and detail["assignment"] not in case.leads


def _opinion(case: CaseScore, detail: Mapping[str, Any]) -> None:
    """Count a unit's first opinion of a round; later versions improve it and change no punctuality."""
    given = ("opinion", detail["assignment"], str(case.round))
    if detail["kind"] == ReceiptType.OPINION and given not in case.seen:
        case.seen.add(given)
        case.counts["opinions_late" if detail.get("late") else "opinions_on_time", detail["unit"]] += 1


def _replied(case: CaseScore, detail: Mapping[str, Any]) -> None:
    """Count the first reply of a ticket's round; a supplement changes no punctuality."""
    given = ("reply", detail["ticket"], str(detail["round"]))
    if given not in case.seen:
        case.seen.add(given)
        case.counts["replies_late" if detail.get("late") else "replies_on_time", case.lead] += 1


def _reopened(case: CaseScore, detail: Mapping[str, Any]) -> None:  # noqa: ARG001 - one shape for every step
    case.state = None


def _round(case: CaseScore, detail: Mapping[str, Any]) -> None:
    case.state, case.round = None, detail["round"]
    case.counts["rework", case.lead] += 1


def _closed(case: CaseScore, detail: Mapping[str, Any]) -> None:
    case.state = detail["state"]


def _returned_upstream(case: CaseScore, detail: Mapping[str, Any]) -> None:
    case.reason_code = detail.get("reason_code")


def _objection(case: CaseScore, detail: Mapping[str, Any]) -> None:
    words = detail.get("routes", ())
    known = {route for route, word in ROUTES.items() if any(word in said for said in words)}
    for route in known or {"other"}:
        case.counts[f"objections_{route}", case.lead] += 1


def _satisfaction(case: CaseScore, detail: Mapping[str, Any]) -> None:
    party = detail.get("party", Party.PAYER)
    by_ticket = party == Party.PAYER and "ticket" in detail
    case.satisfaction[detail["ticket"] if by_ticket else party] = detail["value"]


def _missed(case: CaseScore, detail: Mapping[str, Any]) -> None:
    case.overdue[detail["deadline"]] = (detail["kind"], detail["unit"])


def _delay_ended(case: CaseScore, detail: Mapping[str, Any]) -> None:
    case.overdue.pop(detail["deadline"], None)


def _gave_away(case: CaseScore, detail: Mapping[str, Any]) -> None:
    for clock in detail.get("overdue", ()):
        case.overdue.pop(clock["deadline"], None)


def _took_in(case: CaseScore, detail: Mapping[str, Any]) -> None:
    for clock in detail.get("overdue", ()):
        case.overdue[clock["deadline"]] = (clock["kind"], clock["unit"])


def _unmerged(case: CaseScore, detail: Mapping[str, Any]) -> None:
    case.state = None
    _took_in(case, detail)


_STEPS: Mapping[str, Callable[[CaseScore, Mapping[str, Any]], None]] = {
    "case.classified": _classified,
    "assignment.dispatched": _dispatched,
    "lead.changed": _lead_changed,
    "assignment.returned": _returned,
    "opinion.recorded": _opinion,
    "reply.delivered": _replied,
    "reply.composed": _reopened,
    "return.refused": _reopened,
    "round.started": _round,
    "case.closed": _closed,
    "case.returned_upstream": _returned_upstream,
    "objection.recorded": _objection,
    "satisfaction.recorded": _satisfaction,
    "deadline.missed": _missed,
    "delay.ended": _delay_ended,
    "case.merged": _gave_away,
    "case.parted": _gave_away,
    "case.joined": _took_in,
    "case.unmerged": _unmerged,
}
TYPES = (*_STEPS, "ticket.registered", "complex.approved", "complex.denied", "unit.added", "case.rerouted")
"""The types of events the fold looks at; no other need be read."""


@dataclass(slots=True)
class Scorecard:
    """The sums over cases: in all, and by group."""

    grouping: Grouping | None = None
    total: Counter[str] = field(default_factory=Counter)
    groups: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, case: CaseScore, month: str) -> None:
        """Add a case; ``month`` is the local month it was registered in."""
        for (figure, unit), count in case.figures().items():
            self.total[figure] += count
            if self.grouping is None:
                continue
            keys = (unit or "",) if self.grouping is Grouping.UNIT else case.keys(self.grouping, month)
            for key in keys:
                self.groups.setdefault(key, Counter())[figure] += count


def shown(counts: Mapping[str, int]) -> dict[str, float | int | None]:
    """Return every figure, zeros too, and the rates; a rate of nothing is None."""
    figures: dict[str, float | int | None] = {name: counts.get(name, 0) for name in NAMES}
    for name, (_, good, bad) in RATES.items():
        right = sum(counts.get(each, 0) for each in good)
        whole = right + sum(counts.get(each, 0) for each in bad)
        figures[name] = round(right / whole, 4) if whole else None
    return figures
