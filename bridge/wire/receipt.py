"""What a unit sends us about an assignment (contract §3), and its conversion into the core's receipt.

Owns: one model per type of receipt. Must not: judge whether a receipt is legal now.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from bridge.core.commands import UnitReceipt
from bridge.core.model.opinion import OpinionBody, OtherSide, OverrideNote
from bridge.core.vocabulary import Conclusion, ReceiptType, ReturnReason
from bridge.wire.fields import (
    Attachments,
    Decimal,
    FilledLine,
    FilledOpinionWords,
    FilledWords,
    Flag,
    Instant,
    Line,
    Lines,
    MonthPeriodIn,
    OpinionWords,
    PastInstant,
    Wire,
    Words,
    some,
)
from bridge.wire.problems import chosen, validated
from bridge.wire.strict_json import loads_object

SIDES = ("payer", "other_side")


class _ReceiptIn(Wire):
    type: str
    occurred_at: PastInstant | None = None
    signed_by: Line | None = None
    note: Line | None = None

    def core(self) -> UnitReceipt:
        """Convert the fields every type has."""
        return UnitReceipt(**self._common())

    def _common(self) -> dict[str, Any]:
        return {
            "type": ReceiptType(self.type),
            "occurred_at": self.occurred_at,
            "signed_by": some(self.signed_by),
            "note": some(self.note),
        }


class SignedIn(_ReceiptIn):
    """签收."""

    type: Literal["signed"]


class ProgressIn(_ReceiptIn):
    """办理进展."""

    type: Literal["progress"]
    text: FilledWords

    def core(self) -> UnitReceipt:
        """Convert."""
        return UnitReceipt(**self._common(), text=self.text)


class ToldIn(_ReceiptIn):
    """已告知: whom, by which means, when, by whom; ``at`` defaults to the moment of the receipt.

    ``ticket_id``: only the petitioner of that ticket was told, where a merge brought several together.
    """

    type: Literal["told"]
    who: Literal["payer", "other_side"]
    channel: Line | None = None
    at: PastInstant | None = None
    by: Line | None = None
    satisfaction: Literal["satisfied", "basic", "unsatisfied"] | None = None
    ticket_id: Line | None = None

    def core(self) -> UnitReceipt:
        """Convert."""
        return UnitReceipt(
            **self._common(), who=self.who, channel=some(self.channel), at=self.at, by=some(self.by),
            satisfaction=self.satisfaction, ticket_id=some(self.ticket_id),
        )  # fmt: skip


class ReturnedIn(_ReceiptIn):
    """退单; ``other`` needs a reason in words."""

    type: Literal["returned"]
    reason_code: ReturnReason
    reason: Words | None = Field(None, validate_default=True)
    suggested_unit: Line | None = None
    suggested_external: Line | None = None
    legal_basis: Lines = ()

    @field_validator("reason")
    @classmethod
    def _is_given_for_other(cls, reason: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("reason_code") is ReturnReason.OTHER and not some(reason):
            raise ValueError("reason_code 为 other 时须写明原因")
        return reason

    @model_validator(mode="after")
    def _suggests_one(self) -> Self:
        if some(self.suggested_unit) and some(self.suggested_external):
            raise ValueError("suggested_unit 与 suggested_external 只能有一个")
        return self

    def core(self) -> UnitReceipt:
        """Convert."""
        return UnitReceipt(
            **self._common(),
            reason_code=self.reason_code,
            reason=some(self.reason),
            suggested_unit=some(self.suggested_unit),
            suggested_external=some(self.suggested_external),
            legal_basis=self.legal_basis,
        )


class TransferredIn(_ReceiptIn):
    """签收后移送其他单位主办."""

    type: Literal["transferred"]
    to_unit: FilledLine
    reason: Words | None = None

    def core(self) -> UnitReceipt:
        """Convert."""
        return UnitReceipt(**self._common(), to_unit=self.to_unit, reason=some(self.reason))


class InvitedIn(_ReceiptIn):
    """牵头单位已召集联办."""

    type: Literal["invited"]


class ProposedComplexIn(_ReceiptIn):
    """提请按复杂事项办理."""

    type: Literal["proposed_complex"]
    reason: FilledWords

    def core(self) -> UnitReceipt:
        """Convert."""
        return UnitReceipt(**self._common(), reason=self.reason)


class ExtensionRequestedIn(_ReceiptIn):
    """申请延期."""

    type: Literal["extension_requested"]
    until: Instant
    reason: FilledWords

    def core(self) -> UnitReceipt:
        """Convert."""
        return UnitReceipt(**self._common(), until=self.until, reason=self.reason)


class OtherSideIn(Wire):
    """What the other side is told, or why nothing is; exactly one of the two."""

    text: OpinionWords | None = None
    not_applicable: Line | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if bool(some(self.text)) == bool(some(self.not_applicable)):
            raise ValueError("text 与 not_applicable 须有且只有一个")
        return self

    def core(self) -> OtherSide:
        """Convert."""
        return OtherSide(some(self.text), some(self.not_applicable))


class OverrideIn(Wire):
    """Who answers for consolidating while opinions are missing."""

    by: FilledLine
    post: FilledLine
    reason: FilledWords

    def core(self) -> OverrideNote:
        """Convert."""
        return OverrideNote(self.by, self.post, self.reason)


class _OpinionFields(_ReceiptIn):
    signed_by: FilledLine
    text: FilledOpinionWords
    conclusion: Conclusion
    public_text: OpinionWords | None = None
    resolved: Flag = True
    unresolved_reason: Words | None = Field(None, validate_default=True)
    contacted_at: PastInstant | None = None
    contacted_by: Line | None = None
    remedies: Lines = ()
    legal_basis: Lines = ()
    amounts: dict[FilledLine, Decimal] = Field(default_factory=dict, max_length=1_000)
    period: MonthPeriodIn | None = None
    attachments: Attachments = ()
    other_side: OtherSideIn | None = None
    override: OverrideIn | None = None

    @field_validator("unresolved_reason")
    @classmethod
    def _is_given_when_unresolved(cls, reason: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("resolved") is False and not some(reason):
            raise ValueError("resolved 为 false 时须写明未解决原因")
        return reason

    def core(self) -> UnitReceipt:
        """Convert."""
        return UnitReceipt(**self._common(), opinion=self._opinion())

    def _opinion(self) -> OpinionBody:
        return OpinionBody(
            text=self.text,
            conclusion=self.conclusion,
            signed_by=self.signed_by,
            public_text=some(self.public_text),
            resolved=self.resolved,
            unresolved_reason=some(self.unresolved_reason),
            contacted_at=self.contacted_at,
            contacted_by=some(self.contacted_by),
            remedies=self.remedies,
            legal_basis=self.legal_basis,
            amounts=dict(self.amounts),
            period=self.period.core() if self.period else None,
            attachments=tuple(attachment.core() for attachment in self.attachments),
            other_side=self.other_side.core() if self.other_side else None,
            override=self.override.core() if self.override else None,
            note=some(self.note),
        )


class OpinionIn(_OpinionFields):
    """书面意见."""

    type: Literal["opinion"]


class ConsolidatedIn(_OpinionFields):
    """总处理意见."""

    type: Literal["consolidated"]


ReceiptIn = Annotated[
    SignedIn
    | ProgressIn
    | ToldIn
    | ReturnedIn
    | TransferredIn
    | InvitedIn
    | ProposedComplexIn
    | ExtensionRequestedIn
    | OpinionIn
    | ConsolidatedIn,
    Field(discriminator="type"),
]

_MODELS: Mapping[str, type[_ReceiptIn]] = {
    "signed": SignedIn,
    "progress": ProgressIn,
    "told": ToldIn,
    "returned": ReturnedIn,
    "transferred": TransferredIn,
    "invited": InvitedIn,
    "proposed_complex": ProposedComplexIn,
    "extension_requested": ExtensionRequestedIn,
    "opinion": OpinionIn,
    "consolidated": ConsolidatedIn,
}


def parse_receipt(body: bytes, now: datetime) -> UnitReceipt:
    """Read a receipt from its raw bytes; ``now`` is business time.

    Raises:
        NotJson: the bytes are not JSON we accept.
        InvalidPayload: fields are wrong; every problem is listed.
    """
    return unit_receipt(loads_object(body), now)


def unit_receipt(data: Mapping[str, Any], now: datetime) -> UnitReceipt:
    """Read a receipt from an object in the contract's shape.

    Raises:
        InvalidPayload: fields are wrong; every problem is listed.
    """
    return validated(chosen(_MODELS, data, "type"), data, now).core()
