"""Every command in every state: a decision where it is legal, else a refusal that says what is.

The cases get where they stand by real commands; each command is then put to the pure core, so none disturbs the next.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bridge.core.commands import (
    ActionName,
    OperatorAction,
    PartDraft,
    UnitReceipt,
    UpstreamEvent,
    UpstreamEventType,
)
from bridge.core.lifecycle import decide, extensions, legal_actions, legal_receipts
from bridge.core.lifecycle.work import Context, Work
from bridge.core.model.assignment import Assignment
from bridge.core.model.file import CaseFile
from bridge.core.model.opinion import OpinionBody
from bridge.core.vocabulary import CaseState, Conclusion, PartDisposal, ReceiptType, ReturnReason
from bridge.errors import IllegalTransition, InvalidPayload
from tests.contract.situations import STANDS, Stand
from tests.pipeline.conftest import OFFICE, SINGLE, Ledger

LATER = datetime(2026, 3, 16, 8, tzinfo=UTC)
EVERY = pytest.mark.parametrize("stand", STANDS.values(), ids=STANDS)
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_every_state_is_stood_in(database_url: str) -> None:
    assert database_url
    assert {stand.state for stand in STANDS.values()} == set(CaseState)
    assert set(legal_actions.LEGAL_IN) == set(ActionName)


@EVERY
async def test_every_action_is_done_or_refused_with_those_that_are_legal(ledger: Ledger, stand: Stand) -> None:
    file, context = await standing(ledger, stand)
    spare = await ledger.file(file.case.merged_into or await ledger.ticket(SINGLE, external_id="OTHER"))
    assert set(legal_actions.allowed(Work.on(file, context))) == stand.legal
    for name in ActionName:
        act = filled(name, file, context)
        if name.value not in stand.legal:
            with pytest.raises(IllegalTransition) as refused:
                decide.act(file, act, context)
            assert set(refused.value.allowed_actions or ()) == stand.legal, name
        elif name is ActionName.ADD_UNIT and everybody_works(file):
            with pytest.raises(InvalidPayload, match="unit"):
                decide.act(file, act, context)
        elif act.receipt is None or sendable(file, context):
            assert recorded(file, act, context, spare), name


@EVERY
async def test_every_receipt_is_taken_or_refused_with_what_is_owed_and_allowed(ledger: Ledger, stand: Stand) -> None:
    file, context = await standing(ledger, stand)
    for assignment in file.assignments:
        owed, allowed = may_send(file, assignment, context)
        for type_ in ReceiptType:
            if type_.value in owed + allowed:
                sent = receipt(type_, latest(file, assignment, context))
                assert decide.receive(file, assignment.id, sent, context).decision().events, type_
                continue
            with pytest.raises(IllegalTransition) as refused:
                decide.receive(file, assignment.id, receipt(type_), context)
            assert (list(refused.value.owed or ()), list(refused.value.allowed)) == (owed, allowed), type_


@EVERY
async def test_every_event_is_heard_or_refused(ledger: Ledger, stand: Stand) -> None:
    file, context = await standing(ledger, stand)
    legal = stand.events.split()
    for ticket in file.tickets:
        for type_ in UpstreamEventType:
            event = UpstreamEvent(ticket.external_id, type_, until=LATER, routes=("行政诉讼",), value="satisfied")
            if type_.value in legal:
                assert decide.hear(file, ticket.id, event, context).decision().events, type_
                continue
            with pytest.raises(IllegalTransition):
                decide.hear(file, ticket.id, event, context)


async def standing(ledger: Ledger, stand: Stand) -> tuple[CaseFile, Context]:
    """Bring a case where it is to stand."""
    file = await ledger.file(await stand.build(ledger))
    assert file.case.state is stand.state
    return file, ledger.service.runtime.context(OFFICE, "test")


def everybody_works(file: CaseFile) -> bool:
    """Tell whether the unit that is to be added has a part already, as every unit of a complex case has."""
    return "finance" in {assignment.unit for assignment in file.assignments}


def may_send(file: CaseFile, assignment: Assignment, context: Context) -> tuple[list[str], list[str]]:
    return legal_receipts.owed(assignment), legal_receipts.allowed(Work.on(file, context), assignment)


def sendable(file: CaseFile, context: Context) -> list[tuple[Assignment, ReceiptType]]:
    """Return what any unit may send now."""
    legal = [(assignment, types) for assignment in file.assignments for types in may_send(file, assignment, context)]
    return [(assignment, ReceiptType(type_)) for assignment, types in legal for type_ in types]


def filled(name: ActionName, file: CaseFile, context: Context) -> OperatorAction:
    """An action with every field it could need; the core reads only its own."""
    active = list(Work.on(file, context).active())
    legal = sendable(file, context)
    pending = [a for a in active if a.extension and a.extension.decision is None]
    chosen = {"receipt": [a for a, _ in legal], "extend": active, "deny": pending}.get(name.value, [])
    unit = {"add_unit": "finance", "designate": "medical"}.get(name.value, "hrss")
    parts = (
        PartDraft("滞纳金", PartDisposal.HERE),
        PartDraft("邻里纠纷", PartDisposal.OUTSIDE, suggested="司法局"),
    )
    return OperatorAction(
        name, reason="经研究", category="late_fee", lead="tax", unit=unit, number="1号", none=True, kind="arbitration",
        reference="劳人仲案〔2026〕1号", until=LATER, parts=parts, channel="phone", by="办公室",
        assignment_id=chosen[0].id if chosen else None,
        receipt=receipt(legal[0][1] if legal else ReceiptType.PROGRESS) if name is ActionName.RECEIPT else None,
    )  # fmt: skip


def latest(file: CaseFile, assignment: Assignment, context: Context) -> datetime:
    """The longest extension that the rules admit."""
    return extensions.latest(Work.on(file, context), assignment) or LATER


def receipt(type_: ReceiptType, until: datetime = LATER) -> UnitReceipt:
    """A receipt with every field it could need."""
    return UnitReceipt(
        type_, text="核查中", who="payer", channel="phone", to_unit="medical", until=until,
        opinion=OpinionBody("已核查", Conclusion.SUBSTANTIATED), reason_code=ReturnReason.NOT_OUR_DUTY, reason="不属本单位职责",
    )  # fmt: skip


def recorded(file: CaseFile, action: OperatorAction, context: Context, other: CaseFile) -> bool:
    """Tell whether an action was written into the case's history."""
    match action.action:
        case ActionName.MERGE:
            work = decide.merge(file, other, action, context)[0]
        case ActionName.UNMERGE:
            work = decide.unmerge(file, other, action, context)[0]
        case ActionName.SPLIT:
            work = decide.split(file, action, context, [])[0]
        case _:
            work = decide.act(file, action, context)
    return bool(work.decision().events)
