"""Rules that were replaced leave nothing behind in memory, however much was worked out under them."""

from __future__ import annotations

import gc
import weakref
from datetime import UTC, datetime
from pathlib import Path

from bridge.core.lifecycle import limits
from bridge.core.policy import Policy
from bridge.core.remedies import _days
from bridge.core.vocabulary import DeadlineKind, ProcedureId
from bridge.rules.load import load_rules
from bridge.rules.reload import RulesHolder

RULES = Path(__file__).parents[2] / "routing_rules.yaml"
MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)


def work_under(policy: Policy) -> None:
    scope = limits.Scope(policy, DeadlineKind.REPLY, ProcedureId.JOINT_GENERAL, None, "hotline_12345", None)
    assert limits.plan(scope, limits.counted_from(scope, MONDAY), None, reminded=True) is not None
    _days(MONDAY.date(), policy.calendar)


def test_replaced_rules_are_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    text = RULES.read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    holder = RulesHolder(file, load_rules(file))
    work_under(holder.current().policy)
    old = weakref.ref(holder.current().policy)
    calendar = weakref.ref(holder.current().policy.calendar)
    file.write_text(f"{text}# 改过\n", encoding="utf-8")
    assert holder.reload().loaded
    gc.collect()
    assert old() is None
    assert calendar() is None
