"""Papers issue themselves at archiving, lie in the dossier, and the audit finds one that was touched."""

from __future__ import annotations

from sqlalchemy import text

from bridge.cli.audit import worded
from bridge.core.documents import DocumentKind
from bridge.documents.desk import Desk
from bridge.documents.filing import Filing
from bridge.pipeline.dossier import dossier
from bridge.store.audit import Finding
from bridge.store.writer import Tx
from tests.pipeline.conftest import JOINT, OFFICE, SINGLE, Ledger


async def archived(ledger: Ledger, content: str = SINGLE, number: str = "F-1") -> str:
    case_id = await ledger.ticket(content, external_id=number)
    for unit in ("hrss", "medical") if content == JOINT else ():
        await ledger.receipt(case_id, unit, "opinion")
    await ledger.receipt(case_id, "tax", "consolidated" if content == JOINT else "opinion")
    await ledger.deliver()
    await ledger.act(case_id, "told", who="payer", channel="电话", by="经办人")
    await ledger.act(case_id, "told", who="other_side", channel="书面", by="经办人")
    await ledger.act(case_id, "objection", none=True)
    assert await ledger.state(case_id) == "archived"
    return case_id


async def kinds(desk: Desk, case_id: str) -> list[str]:
    return [document.kind for document in await desk.listed(case_id, OFFICE)]


async def findings(ledger: Ledger, case_id: str) -> list[Finding]:
    page = await ledger.store.read(lambda tx: ledger.store.audit.page(tx, only=case_id))
    return page.findings


async def test_an_archived_case_gets_its_papers_once_and_an_open_one_none(ledger: Ledger, desk: Desk) -> None:
    case_id, open_case = await archived(ledger, JOINT), await ledger.ticket(SINGLE, external_id="F-2")
    filing = Filing(desk, tuple(DocumentKind))
    assert (await filing.step(), await filing.step()) == (1, 0)
    found = await kinds(desk, case_id)
    assert {"register", "assignment", "opinion", "summary", "reply_payer"} <= set(found)
    assert await kinds(desk, open_case) == []
    later = await archived(ledger, number="F-3")
    assert (await filing.step(), await Filing(desk, tuple(DocumentKind)).step()) == (1, 0)
    assert "summary" not in await kinds(desk, later)
    rules = ledger.service.runtime.rules()
    sealed = await ledger.store.read(lambda tx: dossier(tx, ledger.store, rules, case_id))
    assert sealed.facts["counts"]["documents"] == len(found)
    assert await findings(ledger, case_id) == []


async def test_which_papers_issue_themselves_is_the_countys_choice(ledger: Ledger, desk: Desk) -> None:
    case_id = await archived(ledger)
    assert await Filing(desk, ()).step() == 0
    assert await Filing(desk, (DocumentKind.REGISTER, DocumentKind.REPLY_PAYER)).step() == 1
    assert await kinds(desk, case_id) == ["register", "reply_payer"]


async def test_the_assignment_lists_what_was_asked_for_although_it_is_done(ledger: Ledger, desk: Desk) -> None:
    case_id = await archived(ledger)
    await Filing(desk, (DocumentKind.ASSIGNMENT,)).step()
    [paper] = await desk.listed(case_id, OFFICE)
    fields = await ledger.store.read(lambda tx: ledger.store.documents.fields(tx, paper.id))
    assert [duty["事项"] for duty in fields["应办事项"]] == ["签收", "书面意见"]


async def test_a_paper_taken_away_or_put_in_by_hand_is_found(ledger: Ledger, desk: Desk) -> None:
    case_id = await archived(ledger)
    await Filing(desk, (DocumentKind.REGISTER, DocumentKind.REPLY_PAYER)).step()
    first, second = await desk.listed(case_id, OFFICE)

    def tamper(tx: Tx) -> None:
        tx.connection.execute(text("DELETE FROM documents WHERE id = :id"), {"id": first.id})
        tx.connection.execute(text("UPDATE documents SET id = 'd9', number = '伪' WHERE id = :id"), {"id": second.id})

    await ledger.store.write(tamper)
    findings_now = await findings(ledger, case_id)
    found = {(finding.row, finding.problem) for finding in findings_now}
    assert found == {(first.id, "missing"), (second.id, "missing"), ("d9", "added")}
    assert all(f"文书 {finding.row} " in worded(finding) for finding in findings_now)
