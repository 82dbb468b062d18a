"""The contract's sentences, each as a small test on the ledger of ``tests.pipeline``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bridge.core.policy import Policy, Rules
from bridge.core.vocabulary import ReturnReason
from tests.pipeline.conftest import Ledger, clock, ledger, shipped_rules

__all__ = ["Ledger", "Retuned", "clock", "ledger", "retune", "shipped_rules"]

WHY = {"reason_code": ReturnReason.NOT_OUR_DUTY, "reason": "不属本单位职责"}


class Retuned:
    """The shipped rules with some of their settings changed."""

    def __init__(self, rules: Rules, **changes: Any) -> None:
        self._rules = rules
        self.policy: Policy = replace(rules.policy, **changes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rules, name)


def retune(ledger: Ledger, **changes: Any) -> None:
    """Go on under other rules, as after a reload."""
    rules = Retuned(ledger.service.runtime.rules(), **changes)
    ledger.service.runtime.rules = lambda: rules


async def complex_case(ledger: Ledger, content: str) -> str:
    """A complex case whose opinions are all in; its minutes are due."""
    from tests.pipeline.conftest import LEADER

    case_id = await ledger.ticket(content)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "tax", "proposed_complex", reason="涉及多部门")
    await ledger.act(case_id, "approve", LEADER)
    for unit in await ledger.owed(case_id):
        await ledger.receipt(case_id, unit, "opinion")
    return case_id
