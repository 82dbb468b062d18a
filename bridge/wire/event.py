"""What an upstream tells us about a ticket it forwarded (contract §3), and its conversion into the core's event.

Owns: one model per type of event. Must not: judge whether an event is possible now.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from bridge.core.commands import UpstreamEvent, UpstreamEventType
from bridge.core.vocabulary import Party, UrgeLevel
from bridge.wire.fields import Attachments, ExternalId, Instant, Line, Lines, PastInstant, Wire, Words, some
from bridge.wire.problems import chosen, validated
from bridge.wire.strict_json import loads_object


class _EventIn(Wire):
    external_id: ExternalId
    type: str
    occurred_at: PastInstant | None = None
    note: Line | None = None

    def core(self) -> UpstreamEvent:
        """Convert the fields every type has."""
        return UpstreamEvent(**self._common())

    def _common(self) -> dict[str, Any]:
        return {
            "external_id": self.external_id,
            "type": UpstreamEventType(self.type),
            "occurred_at": self.occurred_at,
            "note": some(self.note),
        }


class SupplementIn(_EventIn):
    """More material: words, files, or both."""

    type: Literal["supplement"]
    content: Words = ""
    attachments: Attachments = ()

    @model_validator(mode="after")
    def _has_something(self) -> Self:
        if not self.content.strip() and not self.attachments:
            raise ValueError("content 与 attachments 至少要有一个")
        return self

    def core(self) -> UpstreamEvent:
        """Convert."""
        attachments = tuple(attachment.core() for attachment in self.attachments)
        return UpstreamEvent(**self._common(), content=some(self.content), attachments=attachments)


class UrgeIn(_EventIn):
    """催办, 督办, 通报."""

    type: Literal["urge"]
    level: UrgeLevel

    def core(self) -> UpstreamEvent:
        """Convert."""
        return UpstreamEvent(**self._common(), level=self.level)


class WithdrawIn(_EventIn):
    """撤单."""

    type: Literal["withdraw"]


class ReworkIn(_EventIn):
    """发回重办; without ``respond_by`` the procedure's limit applies."""

    type: Literal["rework"]
    respond_by: Instant | None = None

    def core(self) -> UpstreamEvent:
        """Convert."""
        return UpstreamEvent(**self._common(), respond_by=self.respond_by)


class ExtensionGrantedIn(_EventIn):
    """同意延期."""

    type: Literal["extension_granted"]
    until: Instant

    def core(self) -> UpstreamEvent:
        """Convert."""
        return UpstreamEvent(**self._common(), until=self.until)


class ExtensionDeniedIn(_EventIn):
    """不同意延期."""

    type: Literal["extension_denied"]


class SatisfactionIn(_EventIn):
    """回访评价."""

    type: Literal["satisfaction"]
    value: Literal["satisfied", "basic", "unsatisfied"]
    party: Literal["payer", "other_side", "government"] = "payer"

    def core(self) -> UpstreamEvent:
        """Convert."""
        return UpstreamEvent(**self._common(), value=self.value, party=Party(self.party))


class ObjectionIn(_EventIn):
    """异议, with the routes the citizen takes."""

    type: Literal["objection"]
    routes: Lines = ()

    def core(self) -> UpstreamEvent:
        """Convert."""
        return UpstreamEvent(**self._common(), routes=self.routes)


class ReturnRefusedIn(_EventIn):
    """退单被驳回."""

    type: Literal["return_refused"]


EventIn = Annotated[
    SupplementIn
    | UrgeIn
    | WithdrawIn
    | ReworkIn
    | ExtensionGrantedIn
    | ExtensionDeniedIn
    | SatisfactionIn
    | ObjectionIn
    | ReturnRefusedIn,
    Field(discriminator="type"),
]

_MODELS: Mapping[str, type[_EventIn]] = {
    "supplement": SupplementIn,
    "urge": UrgeIn,
    "withdraw": WithdrawIn,
    "rework": ReworkIn,
    "extension_granted": ExtensionGrantedIn,
    "extension_denied": ExtensionDeniedIn,
    "satisfaction": SatisfactionIn,
    "objection": ObjectionIn,
    "return_refused": ReturnRefusedIn,
}


def parse_event(body: bytes, now: datetime) -> UpstreamEvent:
    """Read an event from its raw bytes; ``now`` is business time.

    Raises:
        NotJson: the bytes are not JSON we accept.
        InvalidPayload: fields are wrong; every problem is listed.
    """
    return upstream_event(loads_object(body), now)


def upstream_event(data: Mapping[str, Any], now: datetime) -> UpstreamEvent:
    """Read an event from an object in the contract's shape.

    Raises:
        InvalidPayload: fields are wrong; every problem is listed.
    """
    return validated(chosen(_MODELS, data, "type"), data, now).core()
