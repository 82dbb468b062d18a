"""What is sealed of a value: every field of it, however deep, and none lost on the way back."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from bridge.core.assessment import Evidence
from bridge.core.model.case import Case, Link, Part, SideRecord
from bridge.core.model.opinion import Opinion, OpinionBody, OtherSide, OverrideNote
from bridge.core.model.ticket import Attachment, Counterparty, FeePeriod, Location, Petitioner, Ticket, TicketBody
from bridge.core.vocabulary import (
    CaseState,
    Conclusion,
    CounterpartyType,
    Insurance,
    LinkKind,
    PartDisposal,
    PartyRole,
    ReceiptType,
    Role,
    Side,
    TicketKind,
    TicketState,
)
from bridge.crypto import Keyring, Vault
from bridge.store.codec import CASES, OPINIONS, TICKETS, Mapper

AT = datetime(2026, 11, 24, 1, 2, 3, 4, tzinfo=UTC)
VAULT = Vault(Keyring("k1", {"k1": bytes(32)}, bytes(32)))
FULL_BODY = TicketBody(
    "退费", "多扣了", Petitioner("张", "138", role=PartyRole.EMPLOYEE), Counterparty("甲厂", type=CounterpartyType.EMPLOYER),
    (Insurance.MATERNITY,), FeePeriod("2020-01"), "1.50", Location("140525"), AT, (Attachment("一"), Attachment("二", url="u")),
    ("A1",), ("补充",), {"k": [1, {"z": None}]},
)  # fmt: skip
FULL_OPINION = OpinionBody(
    "属实", Conclusion.SUBSTANTIATED, contacted_at=AT, amounts={"退": "1.50"}, period=FeePeriod("2020-01"),
    attachments=(Attachment("一"),), other_side=OtherSide("已告知"), override=OverrideNote("王", "组长", "急"),
)  # fmt: skip


def ticket(body: TicketBody) -> Ticket:
    return Ticket("t1", "c1", "hotline", "A1", TicketKind.HELP, TicketState.OPEN, AT, AT, body, "d")


def opinion(body: OpinionBody) -> Opinion:
    return Opinion("c1a1o1", "c1", "c1a1", "tax", Role.LEAD, ReceiptType.OPINION, 1, 1, AT, AT, late=False, body=body)


FULL_CASE = Case(
    "c1", CaseState.TRIAGE, AT, AT, evidence=(Evidence("r", "m"), Evidence("r", "m", "late_fee", 0.5)),
    links=(Link(LinkKind.LITIGATION, "1号", AT),), parts=(Part("公积金", PartDisposal.OUTSIDE),),
    sides=(SideRecord(Side.PAYER, at=AT),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("mapper", "value"),
    [
        (TICKETS, ticket(FULL_BODY)),
        (TICKETS, ticket(TicketBody())),
        (OPINIONS, opinion(FULL_OPINION)),
        (OPINIONS, opinion(OpinionBody("无", Conclusion.NO_COMMENT))),
        (CASES, FULL_CASE),
        (CASES, Case("c1", CaseState.TRIAGE, AT, AT)),
    ],
)
def test_a_value_comes_back_from_its_row_as_it_was(mapper: Mapper[Any], value: object) -> None:
    columns = dict.fromkeys(column.name for column in mapper.table.columns)
    row = mapper.to_row(value, "140525", VAULT)
    assert None not in row.values()
    assert mapper.from_row(SimpleNamespace(**{**columns, **row}), VAULT) == value
