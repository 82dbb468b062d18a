"""A dossier proves itself: whatever is changed in it is found, and two exports of one state are equal."""

from __future__ import annotations

import io
import random
import zipfile
from dataclasses import replace

from sqlalchemy import text

from bridge.core.model.ticket import Attachment, TicketBody
from bridge.dossier.check import against, check
from bridge.dossier.package import Files, opened, packed
from bridge.pipeline.dossier import Dossier, dossier
from bridge.store.documents import IssuedDocument
from tests.pipeline.conftest import MONDAY, SINGLE, Ledger

SEED = b"s" * 32
MEDIA = Attachment("录音.mp3", "audio/mpeg", "a" * 64, "https://media.example/1")
INLINE = Attachment("票据.txt", "text/plain", content_base64="56Wo5o2u")


async def read(ledger: Ledger, case_id: str) -> Dossier:
    store, rules = ledger.store, ledger.service.runtime.rules()
    return await store.read(lambda tx: dossier(tx, store, rules, case_id))


async def archived(ledger: Ledger) -> str:
    """Let a ticket with media be revised, answered, and joined by another; then archive it."""
    body = TicketBody(content=SINGLE, attachments=(MEDIA, INLINE))
    case_id = await ledger.ticket(SINGLE, external_id="A", body=body)
    await ledger.ticket(SINGLE + "补充。", external_id="A", body=replace(body, content=SINGLE + "补充。"))
    twin = await ledger.ticket(SINGLE, external_id="B", body=body)
    await ledger.act(twin, "merge", into=case_id)
    await ledger.receipt(case_id, "tax", "opinion")
    await ledger.deliver()
    await ledger.act(case_id, "objection", none=True)
    return case_id


async def test_a_dossier_holds_everything_and_is_the_same_each_time(ledger: Ledger) -> None:
    case_id = await archived(ledger)
    found = await read(ledger, case_id)
    assert found.packed() == (await read(ledger, case_id)).packed()
    checked = check(found.packed())
    assert checked.problems == ()
    facts = checked.dossier.manifest
    assert facts["retention"] == "years_10"
    assert facts["counts"] == {
        "tickets": 2, "revisions": 3, "assignments": 1, "opinions": 1, "deadlines": facts["counts"]["deadlines"],
        "messages": facts["counts"]["messages"], "media": 4, "documents": 0,
    }  # fmt: skip
    assert len(facts["chain"]) == 2
    raws = [data.decode() for path, data in sorted(found.files.items()) if path.endswith(".raw")]
    assert sorted(raws) == sorted([SINGLE, SINGLE + "补充。", SINGLE])
    assert "票据".encode() in found.files.values()
    assert b"delivered" in found.files["delivery.json"]
    index = found.files["卷内目录.txt"].decode("utf-8-sig")
    assert "保管期限 10 年" in index
    assert "并入" in index


async def test_any_changed_byte_is_found(ledger: Ledger) -> None:
    data = (await read(ledger, await archived(ledger))).packed()
    rng = random.Random(5)
    places = {rng.randrange(len(data)) for _ in range(400)} | set(range(40)) | set(range(len(data) - 40, len(data)))
    for place in places:
        spoilt = bytearray(data)
        spoilt[place] ^= 1 + rng.randrange(255)
        assert check(bytes(spoilt)).problems, place
    assert check(data[:-1]).problems
    assert check(data + b"\x00").problems
    assert check(b"").problems


def rezipped(data: bytes, without: str = "", more: Files | None = None) -> bytes:
    """Write the container anew with a file left out, put in or replaced."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if name != without and name not in (more or {}):
                new.writestr(name, old.read(name))
        for name, content in (more or {}).items():
            new.writestr(name, content)
    return buffer.getvalue()


async def test_missing_extra_and_replaced_files_are_named(ledger: Ledger) -> None:
    data = (await read(ledger, await archived(ledger))).packed()
    assert "deadlines.json：清单里有，卷宗里没有" in check(rezipped(data, "deadlines.json")).problems
    assert "x.txt：清单里没有，是后来放进去的" in check(rezipped(data, more={"x.txt": b""})).problems
    changed = check(rezipped(data, more={"register.json": b"{}"})).problems
    assert any(problem.startswith("register.json：内容与清单的散列不符") for problem in changed)
    assert any("签名" in problem for problem in check(rezipped(data, "signature.json")).problems)


async def test_a_history_rewritten_and_signed_again_breaks_its_chain_and_has_another_signer(ledger: Ledger) -> None:
    case_id = await archived(ledger)
    found = await read(ledger, case_id)
    path = f"history/{case_id}.jsonl"
    files = {**found.files, path: found.files[path].replace(b"unit:tax", b"unit:hrss")}
    forged = check(packed(files, found.facts, SEED))
    assert any(problem.startswith(path) for problem in forged.problems)
    assert any("本机密钥" in problem for problem in against(forged, found.files, found.fingerprint).problems)


async def test_against_the_ledger_later_work_is_a_note_and_a_difference_a_problem(ledger: Ledger) -> None:
    case_id = await archived(ledger)
    found = await read(ledger, case_id)
    checked = check(found.packed())
    assert against(checked, found.files, found.fingerprint).problems == ()
    other = {**found.files, "deadlines.json": b"[]\n"}
    assert against(checked, other, found.fingerprint).problems == ("deadlines.json：与现有数据库不一致",)
    await ledger.act(case_id, "reopen", reason="补正")
    later = against(checked, (await read(ledger, case_id)).files, found.fingerprint)
    assert later.problems == ()
    assert "卷后有补充" in later.notes[0]


async def test_a_case_that_does_not_agree_with_its_seal_is_not_exported(ledger: Ledger) -> None:
    case_id = await archived(ledger)
    await ledger.store.write(lambda tx: tx.write(text("UPDATE opinions SET unit = 'hrss'")))
    found = await read(ledger, case_id)
    assert [finding.problem for finding in found.findings] == ["changed"]
    assert found.files == {}


async def test_the_retention_class_is_recorded_when_a_case_is_archived(ledger: Ledger) -> None:
    case_id = await archived(ledger)
    events = (await ledger.service.history(case_id))["events"]
    assert [e["detail"]["retention"] for e in events if e["type"] == "case.archived"] == ["years_10"]


async def test_issued_documents_are_in_the_dossier(ledger: Ledger) -> None:
    case_id = await archived(ledger)
    paper = IssuedDocument(
        id=f"{case_id}d1", case_id=case_id, kind="register", subject=case_id, unit=None, year=2026, serial=1,
        number="第1号", issued_at=MONDAY, issued_by="operator:李四", template_sha256="0" * 64, sha256="0" * 64, size=4,
    )  # fmt: skip
    documents = ledger.store.documents
    await ledger.store.write(lambda tx: documents.add(tx, paper, content=b"word", blanked=None, fields={}))
    found = await read(ledger, case_id)
    assert found.files[f"documents/{case_id}d1.docx"] == b"word"
    assert found.facts["counts"]["documents"] == 1


def test_what_is_no_dossier_is_refused() -> None:
    assert opened(b"PK\x03\x04").problems
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("manifest.json", "[]")
    assert "清单" in opened(buffer.getvalue()).problems[0]
