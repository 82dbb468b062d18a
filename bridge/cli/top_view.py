"""What ``bridge top`` shows: one moment of the ledger, and what has changed since the moment before.

Owns: reading it in one snapshot and drawing it as lines. Must not: wait, or write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.cli.options import aligned
from bridge.core.civil import SHANGHAI
from bridge.core.vocabulary import CaseState, DeadlineStatus, OutboxState
from bridge.store.due import Due
from bridge.store.replicas import Replica
from bridge.store.store import Store
from bridge.store.writer import Tx

SHOWN = 12
_STATES = {
    "triage": "待分派", "awaiting_approval": "待审批", "handling": "办理中", "consolidating": "汇总中",
    "replying": "答复中", "replied": "已答复",
}  # fmt: skip
_MESSAGES = {"ready": "待发", "leased": "在发", "parked": "搁置", "uncertain": "不明", "delivered": "已送达"}
_KINDS = {
    "sign": "签收", "return": "退单", "accept_notice": "受理告知", "invite": "邀请", "opinion": "意见",
    "consolidate": "综合", "approval": "审批", "meeting": "会商", "reply": "答复", "objection": "异议",
}  # fmt: skip
_LATE = {"running": "", "due_soon": "临近", "overdue": "超期"}


@dataclass(frozen=True, slots=True)
class Sight:
    """One moment: counts, the processes, the clocks that end first, how long the oldest message has waited."""

    at: datetime
    cases: Mapping[str, int]
    messages: Mapping[tuple[str, str], int]
    overdue: int
    replicas: list[Replica]
    due: list[Due]
    waiting_seconds: float

    @property
    def registered(self) -> int:
        """Every case there is."""
        return sum(self.cases.values())

    @property
    def delivered(self) -> int:
        """Every message that arrived."""
        return sum(count for (_, state), count in self.messages.items() if state == OutboxState.DELIVERED.value)


def look(tx: Tx, store: Store, wall: datetime) -> Sight:
    """Read one moment of the ledger."""
    counts = store.counts.open(tx) | store.counts.at_rest(tx)
    oldest, late = store.queries.oldest_due(tx), DeadlineStatus.OVERDUE.value
    return Sight(
        at=wall,
        cases={state: count for (state,), count in counts.cases.items()},
        messages={(kind, state): count for (kind, state), count in counts.outbox.items()},
        overdue=sum(count for (_, _, status), count in counts.deadlines.items() if status == late),
        replicas=store.replicas.alive(tx, wall),
        due=store.due.next(tx, SHOWN),
        waiting_seconds=max((wall - oldest).total_seconds(), 0.0) if oldest else 0.0,
    )


def rates(before: Sight | None, now: Sight) -> dict[str, float | None]:
    """Return cases registered and messages delivered a minute since the moment before; None the first time."""
    seconds = (now.at - before.at).total_seconds() if before else 0.0
    if before is None or seconds <= 0:
        return {"registered_per_minute": None, "delivered_per_minute": None}
    return {
        "registered_per_minute": round((now.registered - before.registered) * 60 / seconds, 1),
        "delivered_per_minute": round((now.delivered - before.delivered) * 60 / seconds, 1),
    }


def lines(now: Sight, before: Sight | None = None) -> list[str]:
    """Draw one moment."""
    return [*_heading(now, before), "", *_queues(now), "", *_clocks(now)]


def as_json(now: Sight) -> dict[str, Any]:
    """Return one moment for a program."""
    return {
        "at": now.at.isoformat(),
        "processes": [{"id": each.id, "roles": each.roles, "version": each.version} for each in now.replicas],
        "cases": dict(now.cases),
        "outbox": [{"kind": kind, "state": state, "count": count} for (kind, state), count in now.messages.items()],
        "waiting_seconds": now.waiting_seconds,
        "overdue": now.overdue,
        "due": [
            {
                "case_id": each.case_id,
                "kind": each.kind,
                "unit": each.unit,
                "status": each.status,
                "due_at": each.due_at,
            }
            for each in now.due
        ],
    }


def _heading(now: Sight, before: Sight | None) -> list[str]:
    roles = "、".join(each.roles for each in now.replicas) or "没有进程在运行"
    pace = rates(before, now)
    shown = [f"{'…' if value is None else value}" for value in pace.values()]
    return [
        f"{now.at.astimezone(SHANGHAI):%m-%d %H:%M:%S}  进程 {len(now.replicas)}（{roles}）",
        f"每分钟登记 {shown[0]} 件、送达 {shown[1]} 条  超期时限 {now.overdue}  最久未发 {int(now.waiting_seconds)} 秒",
    ]


def _queues(now: Sight) -> list[str]:
    open_states = [state.value for state in CaseState if state.value in _STATES]
    cases = aligned([[_STATES[state] for state in open_states], [now.cases.get(state, 0) for state in open_states]])
    kinds = sorted({kind for kind, _ in now.messages}) or ["-"]
    table = [["外发", *_MESSAGES.values()]]
    table += [[kind, *(str(now.messages.get((kind, state), 0)) for state in _MESSAGES)] for kind in kinds]
    return [*cases, "", *aligned(table)]


def _clocks(now: Sight) -> list[str]:
    if not now.due:
        return ["没有在走的时限"]
    rows = [
        [
            f"{each.due_at.astimezone(SHANGHAI):%m-%d %H:%M}",
            _LATE[each.status],
            _KINDS.get(each.kind, each.kind),
            each.unit,
            each.case_id,
        ]
        for each in now.due
    ]
    return aligned([["到期", "", "时限", "单位", "案件"], *rows])
