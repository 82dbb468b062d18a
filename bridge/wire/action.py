"""What an operator does to a case (contract §3, operators), and its conversion into the core's action.

Owns: one model per action. Must not: judge roles or whether an action is legal now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from bridge.core.commands import ActionName, OperatorAction, PartDraft
from bridge.core.vocabulary import LinkKind, PartDisposal, ProcedureId
from bridge.wire.fields import (
    FilledLine,
    FilledOpinionWords,
    Flag,
    Instant,
    Line,
    Lines,
    PastInstant,
    Wire,
    Words,
    some,
)
from bridge.wire.problems import chosen, validated
from bridge.wire.receipt import ReceiptIn
from bridge.wire.strict_json import loads_object
from bridge.wire.ticket import CounterpartyIn

MAX_PARTS = 20
"""A ticket of more matters than this is a letter to be read by a person."""


class _ActionIn(Wire):
    action: str
    reason: Words | None = None

    def core(self) -> OperatorAction:
        """Convert; a field's name on the wire is its name in the core, blank texts count as absent."""
        values = {name: getattr(self, name) for name in type(self).model_fields if name != "action"}
        filled: dict[str, Any] = {
            name: some(value) if isinstance(value, str) else value for name, value in values.items()
        }
        return OperatorAction(action=ActionName(self.action), **filled)


class ClassifyAction(_ActionIn):
    """定类; lead, co-units and procedure follow from the rules unless given."""

    action: Literal["classify"]
    category: FilledLine
    lead: Line | None = None
    co_units: Lines | None = None
    procedure: ProcedureId | None = None
    counterparty: CounterpartyIn | None = Field(default=None, description="更正争议对方；工单原文不动")

    def core(self) -> OperatorAction:
        """Convert."""
        corrected = self.counterparty.core() if self.counterparty else None
        return replace(super().core(), counterparty=corrected)


class UnitAction(_ActionIn):
    """改派、指定、加派."""

    action: Literal["reroute", "designate", "add_unit"]
    unit: FilledLine


class DecisionAction(_ActionIn):
    """同意或不同意 (复杂办理; ``deny`` also sends an answer back that waits for its signature, or, with ``assignment_id``, refuses a co-unit's extension)."""

    action: Literal["approve", "deny"]
    on_behalf_of: Line | None = None
    assignment_id: Line | None = None


class MinutesAction(_ActionIn):
    """会议纪要."""

    action: Literal["minutes"]
    number: FilledLine
    held_at: Instant
    text: FilledOpinionWords


class ExtendAction(_ActionIn):
    """延期."""

    action: Literal["extend"]
    assignment_id: FilledLine
    until: Instant


class OverrideAction(_ActionIn):
    """不再等待某单位的意见 (all missing ones without ``assignment_id``)."""

    action: Literal["override"]
    assignment_id: Line | None = None
    by: Line | None = None


class ReturnUpstreamAction(_ActionIn):
    """退回上游."""

    action: Literal["return_upstream"]
    suggested: Line | None = None


class ToldAction(_ActionIn):
    """已告知或不适用告知; ``ticket_id``: only the petitioner of that ticket, where a merge brought several together."""

    action: Literal["told"]
    who: Literal["payer", "other_side"]
    channel: Line | None = None
    at: PastInstant | None = None
    by: Line | None = None
    text: Words | None = None
    not_applicable: Line | None = None
    satisfaction: Literal["satisfied", "basic", "unsatisfied"] | None = None
    ticket_id: Line | None = None


class ObjectionAction(_ActionIn):
    """异议情况: ``none: true`` 无异议, or the routes taken."""

    action: Literal["objection"]
    none: Flag = False
    routes: Lines = ()

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if self.none == bool(self.routes):
            raise ValueError("none: true 与 routes 须有且只有一个")
        return self


class MergeAction(_ActionIn):
    """并入另一案."""

    action: Literal["merge"]
    into: FilledLine


class PartIn(Wire):
    """One matter of a split: ``here`` stays, ``outside`` goes back upstream, ``apart`` gets a case of its own.

    May be written as a line ``事项→去向``: ``未参保→本机制``, ``公积金→公积金中心``.
    """

    matter: FilledLine
    disposal: PartDisposal
    suggested: Line | None = None
    category: Line | None = None
    lead: Line | None = None
    co_units: Lines | None = None
    text: Words | None = None
    confidential: Flag = False

    @model_validator(mode="before")
    @classmethod
    def _from_line(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        matter, arrow, place = given.replace("->", "→").partition("→")
        if not arrow or not place.strip():
            raise ValueError("写成一行时须为“事项→去向”，去向为本机制或其他部门")
        place = place.strip().removesuffix("（退上游）").strip()
        if place == "本机制":
            return {"matter": matter.strip(), "disposal": "here"}
        return {"matter": matter.strip(), "disposal": "outside", "suggested": place}

    def core(self) -> PartDraft:
        """Convert; blank texts count as absent."""
        return PartDraft(
            matter=self.matter.strip(),
            disposal=self.disposal,
            suggested=some(self.suggested),
            category=some(self.category),
            lead=some(self.lead),
            co_units=self.co_units,
            text=some(self.text),
            confidential=self.confidential,
        )


class SplitAction(_ActionIn):
    """一单多事项的拆分."""

    action: Literal["split"]
    parts: Annotated[tuple[PartIn, ...], Field(max_length=MAX_PARTS, json_schema_extra={"minItems": 2})]

    def core(self) -> OperatorAction:
        """Convert, the parts with it."""
        drafts = tuple(part.core() for part in self.parts)
        return OperatorAction(action=ActionName.SPLIT, reason=some(self.reason), parts=drafts)


class LinkAction(_ActionIn):
    """同一事项已在信访、仲裁、诉讼、复议等程序中：注明并告知;移交司法确认、仲裁的，``at`` 为移交之日，``by`` 为法院或机构."""

    action: Literal["link"]
    kind: LinkKind
    reference: FilledLine
    at: PastInstant | None = None
    by: Line | None = None


class ReopenAction(_ActionIn):
    """重新办理."""

    action: Literal["reopen"]
    respond_by: Instant | None = None


class PlainAction(_ActionIn):
    """Actions that carry a reason only."""

    action: Literal["unmerge", "suspend", "resume", "send_reply", "close", "archive"]


class ReceiptAction(_ActionIn):
    """代单位登记回执."""

    action: Literal["receipt"]
    assignment_id: FilledLine
    receipt: ReceiptIn

    def core(self) -> OperatorAction:
        """Convert, the receipt with it."""
        return OperatorAction(
            action=ActionName.RECEIPT,
            reason=some(self.reason),
            assignment_id=self.assignment_id,
            receipt=self.receipt.core(),
        )


ActionIn = Annotated[
    ClassifyAction
    | UnitAction
    | DecisionAction
    | MinutesAction
    | ExtendAction
    | OverrideAction
    | ReturnUpstreamAction
    | ToldAction
    | ObjectionAction
    | MergeAction
    | SplitAction
    | LinkAction
    | ReopenAction
    | PlainAction
    | ReceiptAction,
    Field(discriminator="action"),
]

_MODELS: Mapping[str, type[_ActionIn]] = {
    "classify": ClassifyAction,
    "reroute": UnitAction,
    "designate": UnitAction,
    "add_unit": UnitAction,
    "approve": DecisionAction,
    "deny": DecisionAction,
    "minutes": MinutesAction,
    "extend": ExtendAction,
    "override": OverrideAction,
    "return_upstream": ReturnUpstreamAction,
    "told": ToldAction,
    "objection": ObjectionAction,
    "merge": MergeAction,
    "unmerge": PlainAction,
    "split": SplitAction,
    "link": LinkAction,
    "suspend": PlainAction,
    "resume": PlainAction,
    "reopen": ReopenAction,
    "send_reply": PlainAction,
    "close": PlainAction,
    "archive": PlainAction,
    "receipt": ReceiptAction,
}


def parse_action(body: bytes, now: datetime) -> OperatorAction:
    """Read an action from its raw bytes; ``now`` is business time.

    Raises:
        NotJson: the bytes are not JSON we accept.
        InvalidPayload: fields are wrong; every problem is listed.
    """
    return operator_action(loads_object(body), now)


def operator_action(data: Mapping[str, Any], now: datetime) -> OperatorAction:
    """Read an action from an object in the contract's shape.

    Raises:
        InvalidPayload: fields are wrong; every problem is listed.
    """
    return validated(chosen(_MODELS, data, "action"), data, now).core()
