"""Three parties are to be satisfied, each with its own word (R2)."""

from __future__ import annotations

from bridge.core.vocabulary import Party
from tests.pipeline.conftest import SINGLE, Ledger


async def test_each_party_has_its_own_word_and_the_report_counts_them_apart(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "opinion")
    await ledger.deliver()
    await ledger.receipt(case_id, "tax", "told", who="payer", channel="书面", satisfaction="unsatisfied")
    await ledger.act(case_id, "told", who="other_side", channel="送达回证", satisfaction="basic")
    await ledger.event(case_id, "satisfaction", value="basic")
    await ledger.event(case_id, "satisfaction", value="satisfied")
    await ledger.event(case_id, "satisfaction", value="satisfied", party=Party.GOVERNMENT)
    view = await ledger.view(case_id)
    assert {side["side"]: side["satisfaction"] for side in view["sides"]} == {
        "payer": "satisfied",
        "other_side": "basic",
    }
    report = await ledger.service.assessment(None, None, None)
    counted = {name: value for name, value in report["total"].items() if "satisf" in name or "basic" in name}
    told = {name for name, value in counted.items() if value and not name.endswith("rate")}
    assert told == {"satisfied", "other_side_basic", "government_satisfied"}
