"""Issuing papers of real cases: which ones, numbered how, who is hidden in them, who may read them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bridge.core.documents import DocumentKind
from bridge.core.model.event import Actor
from bridge.core.model.opinion import OtherSide
from bridge.core.model.ticket import Petitioner
from bridge.core.vocabulary import TicketKind
from bridge.documents.desk import Desk
from bridge.errors import Forbidden, NotFound
from tests.documents.conftest import words
from tests.pipeline.conftest import JOINT, OFFICE, SINGLE, Ledger

AUDITOR = Actor("operator", "审计", "auditor")
CLERK = Actor("operator", "经办", "clerk")
SECRET = Petitioner(name="桑小禾", phone="13600000303", id_number="140525199001010011", confidential=True)

OTHER = Petitioner(name="李大力", phone="13600000404")


async def replied(ledger: Ledger, **changes: Any) -> str:
    """A joint case up to its reply, with a text for each side."""
    named = "桑小禾（13600000303）" if "petitioner" in changes else ""
    case_id = await ledger.ticket(JOINT + "桑小禾", petitioner=changes.pop("petitioner", SECRET), **changes)
    lead = (await ledger.view(case_id))["lead"]
    for unit in [*(await ledger.view(case_id))["co_units"], lead]:
        if unit != lead:
            await ledger.receipt(
                case_id, unit, "opinion", text=f"{unit}核查：桑小禾所反映情况属实。", signed_by="签发人甲"
            )
    await ledger.receipt(case_id, lead, "signed", signed_by="受理人乙")
    await ledger.receipt(
        case_id, lead, "consolidated", text="欠费属实，责令单位补缴。", public_text="您反映的欠费属实，已责令补缴。",
        signed_by="局长丙", other_side=OtherSide(text=f"请你单位于三十日内补缴职工{named}等人的欠费。"),
    )  # fmt: skip
    return case_id


async def texts(desk: Desk, case_id: str, reader: Actor = OFFICE) -> dict[str, str]:
    found = {}
    for document in await desk.listed(case_id, reader):
        _, content = await desk.read(case_id, document.id, reader)
        found[f"{document.kind}:{document.unit or ''}"] = words(content)
    return found


async def test_everything_a_joint_case_needs_is_issued_and_numbered(ledger: Ledger, desk: Desk) -> None:
    case_id = await replied(ledger, petitioner=Petitioner(name="桑小禾", phone="13600000303"))
    issued = await desk.issue(case_id, None, None, OFFICE)
    kinds = {document.kind for document in issued}
    assert kinds == {"register", "assignment", "opinion", "summary", "reply_payer", "reply_other"}
    assert issued[0].number == "泽社争登〔2026〕1号"
    text = await texts(desk, case_id)
    assert "桑小禾" in text["register:"]
    assert "12345热线" in text["register:"]
    assert "2026年3月2日" in text["reply_payer:"]
    assert "您反映的欠费属实" in text["reply_payer:"]
    assert "劳动人事争议仲裁委员会" in text["reply_payer:"]
    assert "桑小禾" not in text["reply_other:"]
    assert "13600000303" not in text["reply_other:"]
    history = await ledger.service.history(case_id)
    lines = [event["detail"] for event in history["events"] if event["type"] == "document.issued"]
    assert {line["number"] for line in lines} == {document.number for document in issued}
    assert history["chain_intact"]


async def test_what_has_not_changed_keeps_its_number_and_what_has_gets_a_new_one(ledger: Ledger, desk: Desk) -> None:
    case_id = await ledger.ticket(SINGLE)
    first = await desk.issue(case_id, DocumentKind.REGISTER, None, OFFICE)
    assert await desk.issue(case_id, DocumentKind.REGISTER, None, OFFICE) == first
    await ledger.receipt(case_id, "tax", "signed", signed_by="受理人乙")
    second = await desk.issue(case_id, DocumentKind.REGISTER, None, OFFICE)
    assert [d.serial for d in (*first, *second)] == [1, 2]


async def test_twenty_at_once_get_twenty_numbers(ledger: Ledger, desk: Desk) -> None:
    cases = [await ledger.ticket(f"{SINGLE}{number}", external_id=f"N{number}") for number in range(20)]
    issued = await asyncio.gather(*[desk.issue(case, DocumentKind.REGISTER, None, OFFICE) for case in cases])
    assert sorted(document.serial for [document] in issued) == list(range(1, 21))


async def test_a_confidential_petitioner_is_in_no_paper_that_goes_round(ledger: Ledger, desk: Desk) -> None:
    case_id = await replied(ledger, kind=TicketKind.REPORT)
    await desk.issue(case_id, None, None, OFFICE)
    for name, text in (await texts(desk, case_id)).items():
        known = name in {"register:", "reply_payer:", "transfer:"}
        assert ("桑小禾" in text) == known, name
        assert known or "13600000303" not in text, name
    for name, text in (await texts(desk, case_id, AUDITOR)).items():
        assert "桑小禾" not in text, name
        assert "140525199001010011" not in text, name


async def merged(ledger: Ledger) -> str:
    """Two petitioners of one matter: the first was told by telephone, then the second's case was merged in."""
    case_id = await ledger.ticket(JOINT, external_id="甲一", petitioner=SECRET)
    twin = await ledger.ticket(JOINT + "急。", external_id="乙一", petitioner=OTHER)
    await ledger.act(case_id, "told", OFFICE, who="payer", channel="电话", text="已告知")
    await ledger.act(twin, "merge", into=case_id)
    return case_id


async def test_a_letter_to_several_petitioners_names_none_to_the_other(ledger: Ledger, desk: Desk) -> None:
    case_id = await merged(ledger)
    view = await ledger.view(case_id)
    for unit in [*view["co_units"], view["lead"]]:
        await ledger.receipt(case_id, unit, "opinion", signed_by="签发人甲")
    await ledger.receipt(case_id, view["lead"], "consolidated", signed_by="局长丙", public_text="已责令补缴。")
    await desk.issue(case_id, DocumentKind.REPLY_PAYER, None, OFFICE)
    (letter,) = (await texts(desk, case_id)).values()
    assert "反映人：" in letter
    assert [said for said in ("桑小禾", "李大力", "甲一", "乙一") if said in letter] == []


async def test_the_register_says_of_each_petitioner_only_what_he_was_told(ledger: Ledger, desk: Desk) -> None:
    case_id = await merged(ledger)
    await desk.issue(case_id, DocumentKind.REGISTER, None, OFFICE)
    (register,) = (await texts(desk, case_id)).values()
    lines = register.split("\n")
    first, second = (lines.index(f"缴费人（工单{number}）") for number in ("甲一", "乙一"))
    assert lines[first + 1 : first + 3] == ["2026年3月2日09:00", "电话"]
    assert lines[second + 1 : second + 3] == ["", ""]


async def test_reading_is_recorded_and_bounded(ledger: Ledger, desk: Desk) -> None:
    case_id = await replied(ledger)
    issued = await desk.issue(case_id, None, None, OFFICE)
    own = await desk.listed(case_id, CLERK, "hrss")
    assert {document.unit for document in own} == {None, "hrss"}
    await desk.read(case_id, own[0].id, CLERK, "hrss")
    events = (await ledger.service.history(case_id))["events"]
    assert events[-1]["type"] == "document.read"
    foreign = next(d for d in issued if d.unit == "tax")
    with pytest.raises(Forbidden):
        await desk.read(case_id, foreign.id, CLERK, "hrss")
    with pytest.raises(Forbidden):
        await desk.listed(case_id, CLERK, "petition")
    with pytest.raises(Forbidden):
        await desk.issue(case_id, None, None, AUDITOR)
    with pytest.raises(NotFound):
        await desk.read(case_id, "nothing", OFFICE)


async def test_a_paper_that_is_not_due_yet_is_not_issued(ledger: Ledger, desk: Desk) -> None:
    case_id = await ledger.ticket(SINGLE)
    with pytest.raises(NotFound):
        await desk.issue(case_id, DocumentKind.REPLY_PAYER, None, OFFICE)
    assert await desk.listed(case_id, OFFICE) == []
