"""A second reply composed while the first is still on its way."""

from __future__ import annotations

from tests.pipeline.conftest import JOINT, Ledger


async def test_a_reply_composed_before_the_first_arrived_is_its_supplement(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    for unit in ("tax", "hrss"):
        await ledger.receipt(case_id, unit, "signed")
        await ledger.receipt(case_id, unit, "opinion")
    await ledger.act(case_id, "override", reason="医保意见另行补充")
    await ledger.receipt(case_id, "tax", "consolidated", text="先行答复", public_text="先行答复")
    await ledger.receipt(case_id, "medical", "signed")
    await ledger.receipt(case_id, "medical", "opinion")
    await ledger.receipt(case_id, "tax", "consolidated", text="补充答复", public_text="补充答复")
    replies = [m for m in await ledger.messages(kind="upstream") if m["type"] == "ticket.replied"]
    assert [(m["round"], m["supplement"]) for m in replies] == [(1, False), (1, True)]
