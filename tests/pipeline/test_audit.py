"""Whatever is changed in the database itself is found and named; whatever the bridge itself does is not."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from bridge.cli.audit import PROBLEMS, TABLES, worded
from bridge.core.model.event import SYSTEM, Event
from bridge.core.model.file import Decision
from bridge.core.model.ticket import Counterparty
from bridge.core.vocabulary import CounterpartyType, ProcedureId
from bridge.errors import StaleRow
from bridge.store.audit import Finding
from bridge.store.cases import CaseStore
from bridge.store.writer import Tx
from tests.pipeline.conftest import JOINT, LEADER, REFUND, SINGLE, Ledger


async def found(ledger: Ledger, size: int = 200) -> list[Finding]:
    """Audit the whole ledger in pages."""
    findings: list[Finding] = []
    after: str | None = ""
    while after is not None:
        page = await ledger.store.read(lambda tx, after=after: ledger.store.audit.page(tx, after, size=size))  # type: ignore[misc]
        findings, after = findings + page.findings, page.last
    return findings


async def answered(ledger: Ledger) -> str:
    """Let a ticket be revised, handled and answered beside another."""
    case_id = await ledger.ticket(SINGLE, external_id="A")
    await ledger.ticket(SINGLE + "补充一句。", external_id="A")
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "tax", "opinion")
    await ledger.deliver()
    await ledger.ticket(REFUND, external_id="B")
    return case_id


async def lived(ledger: Ledger) -> str:
    """Let cases be answered, merged, unmerged, reclassified, reminded; return the answered one."""
    case_id = await answered(ledger)
    refund = await ledger.ticket(REFUND, external_id="R")
    await ledger.receipt(refund, "tax", "opinion")
    joint, twin = await ledger.ticket(JOINT, external_id="C"), await ledger.ticket(JOINT + "急。", external_id="D")
    await ledger.act(twin, "merge", into=joint)
    await ledger.event(joint, "urge")
    await ledger.act(twin, "unmerge")
    await ledger.act(twin, "merge", into=joint)
    await ledger.act(
        joint, "classify", category="late_fee", procedure=ProcedureId.JOINT_COMPLEX, lead="tax", co_units=("hrss",)
    )
    await ledger.act(joint, "approve", LEADER)
    await ledger.until("2026-03-20T10:00:00+08:00")
    await ledger.deliver()
    return case_id


async def tamper(ledger: Ledger, *statements: str) -> None:
    def unit(tx: Tx) -> None:
        guards = {
            "sqlite": ["DROP TRIGGER IF EXISTS events_no_update", "DROP TRIGGER IF EXISTS events_no_delete"],
            "postgresql": ["DROP TRIGGER IF EXISTS events_no_change ON events"],
        }
        for statement in (*guards[tx.connection.dialect.name], *statements):
            tx.write(text(statement))

    await ledger.store.write(unit)


def restarted(ledger: Ledger) -> None:
    """Let go of the case files the process keeps, as a restart does."""
    ledger.store.cases = CaseStore(ledger.store.region, ledger.store.vault)


@pytest.mark.parametrize("size", [200, 2])
async def test_what_the_bridge_itself_does_agrees_with_its_seals(ledger: Ledger, size: int) -> None:
    await lived(ledger)
    assert await found(ledger, size) == []


async def test_a_supplement_and_a_correction_by_a_person_leave_no_raw_push_and_none_is_missed(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE, external_id="A")
    await ledger.event(case_id, "supplement", content="另补一张回执。")
    office = Counterparty("某街道办事处", type=CounterpartyType.AGENCY)
    await ledger.act(case_id, "classify", category="late_fee", counterparty=office)
    await ledger.ticket(SINGLE + "补充一句。", external_id="A")
    assert await found(ledger) == []
    await tamper(ledger, "DELETE FROM ticket_revisions")
    named = [(finding.table, finding.row.rpartition(":")[2], finding.problem) for finding in await found(ledger)]
    assert named == [("ticket_revisions", "1", "missing"), ("ticket_revisions", "4", "missing")]


@pytest.mark.parametrize("apart", [False, True])
async def test_a_raw_push_taken_before_or_during_a_merge_is_missed_wherever_its_ticket_is(
    ledger: Ledger, *, apart: bool
) -> None:
    joint, twin = await ledger.ticket(JOINT, external_id="C"), await ledger.ticket(JOINT + "急。", external_id="D")
    await ledger.ticket(JOINT + "很急。", external_id="D")
    await ledger.act(twin, "merge", into=joint)
    await ledger.ticket(JOINT + "十分急。", external_id="D")
    if apart:
        await ledger.act(twin, "unmerge")
        await ledger.event(twin, "supplement", content="另补一张回执。")
    assert await found(ledger) == []
    await tamper(ledger, "DELETE FROM ticket_revisions WHERE revision > 1")
    findings = await found(ledger)
    assert [finding.row.rpartition(":")[2] for finding in findings] == ["2", "3"]
    assert {finding.case_id for finding in findings} == {twin if apart else joint}


HERE = "WHERE case_id = '{case}'"
COPIED = "SELECT region_code, id || 'x', case_id, unit, role, state, details FROM assignments " + HERE
MATRIX = [
    ("UPDATE cases SET state = 'archived' WHERE id = '{case}'", "cases", "changed"),
    ("UPDATE cases SET closed_at = NULL, lead = 'hrss' WHERE id = '{case}'", "cases", "changed"),
    ("UPDATE cases SET details = replace(details, '\"stage\"', '\"stages\"') WHERE id = '{case}'", "cases", "changed"),
    ("UPDATE cases SET seal = NULL WHERE id = '{case}'", "cases", "unsealed"),
    ("UPDATE cases SET seal = replace(seal, 'deadlines:', 'deadline:') WHERE id = '{case}'", "cases", "seal"),
    ("DELETE FROM cases WHERE id = '{case}'", "cases", "missing"),
    ("UPDATE tickets SET external_id = 'Z' " + HERE, "tickets", "changed"),
    ("UPDATE tickets SET body = (SELECT body FROM tickets WHERE external_id = 'B') " + HERE, "tickets", "changed"),
    ("DELETE FROM tickets " + HERE, "tickets", "missing"),
    ("DELETE FROM ticket_revisions WHERE revision = 2", "ticket_revisions", "missing"),
    (
        "UPDATE ticket_revisions SET raw = (SELECT body FROM tickets WHERE external_id = 'B') WHERE revision = 2",
        "ticket_revisions",
        "unreadable",
    ),
    ("UPDATE assignments SET state = 'withdrawn' " + HERE, "assignments", "changed"),
    ("INSERT INTO assignments (region_code, id, case_id, unit, role, state, details) " + COPIED, "assignments", "added"),
    ("DELETE FROM assignments " + HERE, "assignments", "missing"),
    ("UPDATE opinions SET unit = 'hrss' " + HERE, "opinions", "changed"),
    ("UPDATE opinions SET details = replace(details, 'false', 'true') " + HERE, "opinions", "changed"),
    ("DELETE FROM opinions " + HERE, "opinions", "missing"),
    ("UPDATE deadlines SET due_at = '2026-09-01 00:00:00.000000' " + HERE, "deadlines", "changed"),
    ("DELETE FROM deadlines " + HERE, "deadlines", "missing"),
    ("UPDATE events SET actor = 'unit:hrss' " + HERE + " AND seq = 2", "events", "chain"),
    ("DELETE FROM events " + HERE + " AND seq = 3", "events", "chain"),
    ("UPDATE outbox SET target = 'hrss' " + HERE, "outbox", "changed"),
    ("UPDATE outbox SET payload = (SELECT body FROM tickets WHERE external_id = 'B') " + HERE, "outbox", "unreadable"),
    ("DELETE FROM outbox " + HERE, "outbox", "missing"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "table", "problem"), MATRIX)
async def test_a_change_in_the_database_itself_is_found_and_named(
    ledger: Ledger, statement: str, table: str, problem: str
) -> None:
    case_id = await answered(ledger)
    await tamper(ledger, statement.format(case=case_id))
    findings = await found(ledger)
    assert (table, problem) in {(finding.table, finding.problem) for finding in findings}
    assert {finding.case_id for finding in findings} == {case_id}
    assert any(TABLES[table] in worded(finding) and PROBLEMS[problem] in worded(finding) for finding in findings)


async def test_a_later_change_by_the_bridge_does_not_heal_a_touched_seal(ledger: Ledger) -> None:
    case_id = await answered(ledger)
    await tamper(
        ledger,
        f"DELETE FROM deadlines WHERE case_id = '{case_id}'",
        f"UPDATE cases SET seal = replace(seal, 'deadlines:', 'deadline:') WHERE id = '{case_id}'",
    )
    restarted(ledger)
    await ledger.act(case_id, "reopen", reason="补正")
    assert "seal" in {finding.problem for finding in await found(ledger)}


async def test_cases_from_before_the_seals_are_sealed_by_a_person(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await tamper(ledger, "UPDATE cases SET seal = NULL")
    restarted(ledger)
    await ledger.receipt(case_id, "tax", "signed")
    assert [finding.problem for finding in await found(ledger)] == ["unsealed"]
    assert await ledger.store.read(ledger.store.audit.unsealed) == [case_id]
    await ledger.store.write(lambda tx: ledger.store.audit.seal(tx, case_id))
    assert await found(ledger) == []
    await ledger.receipt(case_id, "tax", "progress", text="已约谈")
    assert await found(ledger) == [], "the writer had kept the case as it was before the seal"
    restarted(ledger)
    await ledger.receipt(case_id, "tax", "opinion")
    assert await found(ledger) == []


async def test_a_change_decided_before_the_sealing_does_not_take_the_seal_away(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await tamper(ledger, "UPDATE cases SET seal = NULL")
    restarted(ledger)
    store = ledger.store
    file = await store.write(lambda tx: store.cases.load(tx, case_id))
    assert file is not None
    await store.write(lambda tx: store.audit.seal(tx, case_id))
    decided = Decision(file, (Event("case.looked_at", SYSTEM, "test", {}, file.case.updated_at),))
    with pytest.raises(StaleRow):
        await store.write(lambda tx: store.cases.save(tx, file, decided))
    assert await found(ledger) == []
