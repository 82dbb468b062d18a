"""Contract section 3, "Every message to a unit": owed now, nothing stale, nobody named who must stay hidden."""

from __future__ import annotations

import orjson
import pytest

from bridge.core.commands import UnitReceipt
from bridge.core.model.ticket import Attachment, Petitioner
from bridge.core.policy import Confidentiality
from bridge.core.vocabulary import ReceiptType, TicketKind, UrgeLevel
from tests.contract.conftest import complex_case, retune
from tests.pipeline.conftest import JOINT, OFFICE, SINGLE, Ledger

SECRET = Petitioner(name="欧阳晓燕", phone="13600000303", id_number="140525198001010011", confidential=True)
NAMED = "，欧阳晓燕（欧阳女士）电话１３６ 0000-0303，身份证140525 19800101 0011。"
MARKS = ("欧阳", "0303", "０３０３", "0011")


async def test_a_message_says_what_is_owed_when_the_command_is_done(ledger: Ledger) -> None:
    case_id = await complex_case(ledger, JOINT)
    await ledger.act(case_id, "minutes", OFFICE, number="1号", text="会商")
    await ledger.receipt(case_id, "tax", "consolidated")
    await ledger.deliver()
    await ledger.fresh()
    await ledger.event(case_id, "rework")
    (again,) = await ledger.fresh(target="tax")
    assert (again["type"], again["round"], again["owed"]) == ("assignment.dispatched", 2, ["opinion"])
    assert again["due"]["opinion_by"]


async def test_a_revised_opinion_reaches_the_unit_that_consolidates(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "hrss", "opinion")
    await ledger.receipt(case_id, "medical", "opinion")
    await ledger.fresh()
    await ledger.receipt(case_id, "medical", "opinion", text="更正后的意见")
    (told,) = await ledger.fresh(kind="unit")
    assert (told["type"], told["target"]) == ("case.updated", "tax")
    assert "更正后的意见" in [opinion["text"] for opinion in told["opinions"]]


@pytest.mark.parametrize("kind", [TicketKind.COMPLAINT, TicketKind.REPORT])
async def test_a_confidential_petitioner_is_in_no_message_to_any_unit(ledger: Ledger, kind: TicketKind) -> None:
    petitioner = SECRET if kind is TicketKind.COMPLAINT else Petitioner(SECRET.name, SECRET.phone, SECRET.id_number)
    case_id = await ledger.ticket(JOINT + NAMED, digest="d", title=NAMED, petitioner=petitioner, kind=kind)
    await ledger.event(case_id, "supplement", content=NAMED)
    await ledger.event(case_id, "urge", level=UrgeLevel.SUPERVISE, note=NAMED)
    await ledger.receipt(case_id, "tax", "proposed_complex", reason=NAMED)
    await ledger.act(case_id, "deny", OFFICE, on_behalf_of="组长")
    await ledger.receipt(case_id, "hrss", "opinion", text=f"已核实{NAMED}")
    await ledger.receipt(case_id, "medical", "opinion", text=f"已核实{NAMED}")
    sent = await ledger.messages(kind="unit")
    assert {"leading_office", "tax", "hrss", "medical"} == {message["target"] for message in sent}
    for message in sent:
        text = orjson.dumps(message).decode()
        assert not [mark for mark in MARKS if mark in text], text


async def test_the_office_sees_no_more_than_its_own_right_when_a_unit_that_may_see_is_late(ledger: Ledger) -> None:
    retune(ledger, confidentiality=Confidentiality(visible_to=("tax",)))
    case_id = await ledger.ticket(SINGLE, petitioner=SECRET)
    await ledger.event(case_id, "supplement", content=NAMED)
    await ledger.until("2026-03-13T12:00:00+08:00")
    to_tax = await ledger.messages(target="tax")
    assert to_tax[0]["case"]["tickets"][0]["petitioner"]["name"] == SECRET.name
    escalated = await ledger.messages(target="leading_office")
    assert escalated
    assert all("欧阳" not in orjson.dumps(message).decode() for message in escalated)


async def test_a_revision_that_asks_for_secrecy_is_kept_secret(ledger: Ledger) -> None:
    plain = Petitioner(SECRET.name, SECRET.phone)
    case_id = await ledger.ticket(SINGLE, external_id="R1", petitioner=plain)
    await ledger.fresh()
    await ledger.ticket(SINGLE + NAMED, external_id="R1", digest="d", petitioner=plain, kind=TicketKind.REPORT)
    (told,) = await ledger.fresh(target="tax")
    assert (await ledger.view(case_id))["confidential"] is True
    assert "欧阳" not in orjson.dumps(told).decode()


async def test_a_revision_keeps_what_was_supplemented(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE, external_id="R2")
    await ledger.event(case_id, "supplement", content="补充", attachments=(Attachment("流水.pdf", sha256="ab"),))
    await ledger.ticket(SINGLE + "改", external_id="R2")
    (ticket,) = (await ledger.view(case_id))["tickets"]
    assert ticket["supplements"] == ["补充"]
    assert [each["name"] for each in ticket["attachments"]] == ["流水.pdf"]


async def test_the_unit_whose_receipt_caused_a_change_is_not_told(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.fresh()
    answer = await ledger.receipt(case_id, "tax", "signed")
    assert set(answer.body) == {"assignment_id", "state", "case_state", "opinion_version", "owed", "allowed"}
    assert [m for m in await ledger.fresh(kind="unit") if m["target"] == "tax"] == []


async def test_the_202_of_a_counters_last_opinion_says_the_case_is_replied(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE, feed="counter.tax")
    answer = await ledger.receipt(case_id, "tax", "opinion")
    assert answer.body["case_state"] == "replied"


async def test_an_operators_receipt_on_behalf_of_a_unit_counts_as_the_units(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    assignment = await ledger.assignment(case_id, "tax")
    receipt = UnitReceipt(type=ReceiptType.SIGNED)
    await ledger.act(case_id, "receipt", assignment_id=assignment["id"], receipt=receipt)
    assert await ledger.owed(case_id) == {"tax": ["opinion"]}
