"""Two tickets of one matter, the hotline's and a letter of 信访, apart or merged; and what one looks at on them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bridge.core.model.ticket import Petitioner
from tests.contract.conftest import retune
from tests.pipeline.conftest import OFFICE, SINGLE, Ledger

WHO = Petitioner(name="郗女士", phone="13600001212")
UNCLEAR = "这个事情你们到底管不管，反映几次了"


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}+08:00")


async def two(ledger: Ledger, first: str = SINGLE, second: str = SINGLE, **changes: Any) -> tuple[str, str]:
    """A ticket of the hotline, and the same matter as a letter of 信访."""
    if second == UNCLEAR:
        retune(ledger, review_enabled=True)
    kept = await ledger.ticket(first, external_id="ZZ1", petitioner=WHO, **changes)
    letter = await ledger.ticket(second, external_id="XF1", petitioner=WHO, feed="petition")
    return kept, letter


async def merged(ledger: Ledger, **changes: Any) -> tuple[str, str]:
    kept, letter = await two(ledger, **changes)
    await ledger.act(letter, "merge", OFFICE, into=kept, reason="同一诉求")
    return kept, letter


async def pushed(ledger: Ledger, number: str) -> list[str]:
    return [m["type"] for m in await ledger.fresh(kind="upstream") if m["external_id"] == number]


async def chains_hold(ledger: Ledger, *cases: str) -> bool:
    return all([(await ledger.service.history(case_id))["chain_intact"] for case_id in cases])


async def reply_clocks(ledger: Ledger, case_id: str) -> dict[str, tuple[str, str]]:
    view = await ledger.view(case_id)
    numbers = {ticket["id"]: ticket["external_id"] for ticket in view["tickets"]}
    return {numbers[d["owner"]]: (d["start_at"], d["due_at"]) for d in view["deadlines"] if d["kind"] == "reply"}


async def side(ledger: Ledger, case_id: str, name: str = "payer") -> dict[str, Any]:
    view = await ledger.view(case_id)
    return next(record for record in reversed(view["sides"]) if record["side"] == name)
