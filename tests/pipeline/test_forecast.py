"""What is foreseen is what then happens if nobody acts, and foreseeing changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.pipeline.conftest import JOINT, SINGLE, Ledger

UNTIL = "2026-03-25T12:00:00+08:00"


async def _foreseen(ledger: Ledger, until: datetime) -> list[tuple[str, str, datetime]]:
    found: list[tuple[str, str, datetime]] = []
    after: str | None = ""
    while after is not None:
        page, after = await ledger.service.foresee(until, after)
        found += [(each.case_id, each.step, each.at) for each in page]
    return sorted(found)


async def test_what_is_foreseen_happens_and_nothing_was_written_before(ledger: Ledger) -> None:
    signed = await ledger.ticket(SINGLE)
    await ledger.receipt(signed, "tax", "signed")
    silent, joint = await ledger.ticket(SINGLE), await ledger.ticket(JOINT)
    until = datetime.fromisoformat(UNTIL)
    before = [await ledger.file(case_id) for case_id in (signed, silent, joint)]
    foreseen = await _foreseen(ledger, until)
    assert [await ledger.file(case_id) for case_id in (signed, silent, joint)] == before
    assert len(foreseen) == await ledger.until(UNTIL)
    sent = [m for m in await ledger.messages(kind="unit") if m["type"] == "assignment.reminder"]
    reminders = [step for _, step, _ in foreseen if step in ("half", "eighty", "due_day", "after_one")]
    assert sorted(reminders) == sorted(m["step"] for m in sent)
    assert await _foreseen(ledger, until) == []


async def test_a_paused_case_and_a_later_date_are_left_alone(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    assert await _foreseen(ledger, ledger.clock.now() + timedelta(minutes=1)) == []
    await ledger.act(case_id, "suspend", reason="等待补正材料")
    assert await _foreseen(ledger, datetime.fromisoformat(UNTIL)) == []
