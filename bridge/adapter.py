"""The one page for the author of an adapter: what an adapter is given, what it must do, what it may raise.

An adapter joins one kind of counterpart. It lives in ``adapters/<name>.py``, imports this module and nothing else of
the bridge, defines one subclass of :class:`FeedAdapter` (an upstream) or :class:`UnitAdapter` (a unit's channel), or
one of each, and is found by its file name: ``adapter = "<name>"`` in ``bridge.toml``. No other file is edited.

    from bridge.adapter import Capabilities, OutboundMessage, SignedConfig, UnitAdapter

    class ExampleUnit(UnitAdapter[ExampleConfig]):
        Config = ExampleConfig
        capabilities = Capabilities(idempotent=True)

        async def dispatch(self, message: OutboundMessage) -> None: ...

Incoming: the web tier reads the bytes, asks :meth:`verify`, then :meth:`parse_*`. Parsing is pure: bytes to values,
no network, no file. By default a body has the contract's own shape; ``ticket_draft``, ``upstream_event`` and
``unit_receipt`` validate an object you mapped into that shape.

Outgoing: :meth:`push` or :meth:`dispatch` makes **one** attempt and returns when the counterpart has the message.
Do not retry, do not sleep: raise :class:`DeliveryError` with a reason of the closed set, or :class:`NotYet`, and the
outbox does the rest. ``message.key`` is the same at every attempt: hand it on wherever the counterpart can use it.

A counterpart that neither calls nor can be called leaves files: add :class:`FolderSource`, and the bridge polls the
folder, hands each file's bytes to :meth:`FolderSource.entries` and moves it aside when everything in it is settled.

Errors and logs hold no secret and no citizen's words: an error's text goes to the operators' screen.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Generic, Self, TypeVar

import aiohttp
from pydantic import BaseModel, ConfigDict

from bridge.core.commands import UnitReceipt, UpstreamEvent
from bridge.core.model.ticket import TicketDraft
from bridge.csv_records import CsvRecord, CsvTable, csv_lines, plain
from bridge.errors import (
    AuthenticationFailed,
    DeliveryError,
    FailureReason,
    FileRefused,
    InvalidPayload,
    NotFound,
    NotJson,
    NotYet,
    Problem,
)
from bridge.field_mapping import (
    EventMap,
    Expression,
    OurStatus,
    PushMap,
    StatusMap,
    TheirStatus,
    TicketMap,
    to_ours,
    to_theirs,
)
from bridge.file_names import fitted, is_safe_name
from bridge.folder import ExchangeFolder, LocatedPath
from bridge.folder_source import Entry, FiledReceipt, FolderSource, Note
from bridge.local_time import local_instant
from bridge.ports import Clock
from bridge.reaching import Reached, reach
from bridge.signed_http import Address, Secrets, SignedConfig, SignedEndpoint
from bridge.signing import Body
from bridge.wire.event import parse_event, upstream_event
from bridge.wire.receipt import parse_receipt, unit_receipt
from bridge.wire.strict_json import loads, loads_object
from bridge.wire.ticket import parse_ticket, ticket_draft

__all__ = [
    "Adapter",
    "AdapterConfig",
    "AdapterContext",
    "Address",
    "AuthenticationFailed",
    "Body",
    "Capabilities",
    "Clock",
    "CsvRecord",
    "CsvTable",
    "DeliveryError",
    "Entry",
    "EventMap",
    "ExchangeFolder",
    "Expression",
    "FailureReason",
    "FeedAdapter",
    "FileRefused",
    "FiledReceipt",
    "FolderSource",
    "InboundRequest",
    "InvalidPayload",
    "Listed",
    "LocatedPath",
    "NotFound",
    "NotJson",
    "NotYet",
    "Note",
    "OurStatus",
    "OutboundMessage",
    "Problem",
    "PushMap",
    "Reached",
    "Secrets",
    "SignedConfig",
    "SignedEndpoint",
    "StatusMap",
    "TheirStatus",
    "TicketDraft",
    "TicketMap",
    "UnitAdapter",
    "UnitReceipt",
    "UpstreamEvent",
    "csv_lines",
    "fitted",
    "is_safe_name",
    "loads",
    "loads_object",
    "local_instant",
    "plain",
    "reach",
    "ticket_draft",
    "to_ours",
    "to_theirs",
    "unit_receipt",
    "upstream_event",
]


class AdapterConfig(BaseModel):
    """Base of an adapter's own keys in ``bridge.toml``; unknown keys are errors, values never show in one."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a counterpart can do about duplicates, and what it takes for an acceptance.

    ``idempotent``: it takes a message with a known key only once, so an attempt without an answer is repeated.
    ``can_lookup``: it can be asked (:meth:`Adapter.has_taken`). With neither, a message whose fate is unknown becomes
    ``uncertain`` and waits for a person.
    ``accepted_by_notice`` (upstreams): a ticket counts as accepted when the petitioner was told, not when it was signed.
    """

    idempotent: bool
    can_lookup: bool = False
    accepted_by_notice: bool = False


@dataclass(frozen=True, slots=True)
class AdapterContext:
    """What the bridge lends an adapter: its configured name, the shared HTTP session, the clocks."""

    name: str
    http: aiohttp.ClientSession
    clock: Clock


@dataclass(frozen=True, slots=True)
class InboundRequest:
    """A request as it arrived, nothing parsed. ``received_at`` is wall time."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Body
    received_at: datetime


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One message of the outbox at one attempt (from 1); ``payload`` is the JSON of the contract, UTF-8."""

    key: str
    type: str
    payload: bytes
    attempt: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of what an upstream says it has given us: ``tickets`` as bytes in its own shape.

    ``replied``: by external id, the newest round it has our answer to; None if it does not tell. ``next``: where to go on.
    """

    tickets: tuple[bytes, ...]
    replied: Mapping[str, int] | None = None
    next: str | None = None


ConfigT = TypeVar("ConfigT", bound=BaseModel)


class Adapter(ABC, Generic[ConfigT]):
    """Life cycle shared by both kinds: configured, started, used concurrently, stopped."""

    Config: ClassVar[type[BaseModel]]
    capabilities: ClassVar[Capabilities]

    def __init__(self, config: ConfigT, context: AdapterContext) -> None:
        """Keep both; open nothing before :meth:`start`."""
        self.config = config
        self.context = context

    @property
    def delivers(self) -> bool:
        """Whether messages can be sent; False where the counterpart only pulls."""
        return True

    async def start(self) -> None:
        """Open what is needed; called once before use."""

    async def stop(self) -> None:
        """Close what :meth:`start` opened; no call is running then."""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def verify(self, request: InboundRequest) -> str:
        """Authenticate a request over its raw bytes, in constant time, and return its webhook id.

        Raises:
            AuthenticationFailed: missing, forged or stale; say nothing of a signature but that it was refused.
            NotFound: this counterpart does not speak HTTP.
        """
        raise NotFound(f"{self.context.name} 不接受 HTTP 请求（{request.method}）")

    async def probe(self) -> Reached:
        """Look whether the counterpart can be reached, without sending it a message (``bridge doctor``).

        Raises:
            DeliveryError: it cannot; or FolderTrouble, its folder cannot be used.
        """
        return Reached("不需要连接")

    async def has_taken(self, message: OutboundMessage) -> bool:
        """Ask the counterpart whether it has a message (``can_lookup`` only).

        Raises:
            DeliveryError: the question got no answer.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot look up {message.key}")


class FeedAdapter(Adapter[ConfigT]):
    """An upstream: tickets and events come in, acceptances and replies go out."""

    def parse_ticket(self, body: bytes) -> TicketDraft:
        """Read one ticket.

        Raises:
            NotJson: the bytes cannot be read at all.
            InvalidPayload: fields are wrong; every problem with its path.
        """
        return parse_ticket(body, self.context.clock.now())

    def parse_event(self, body: bytes) -> UpstreamEvent:
        """Read one event.

        Raises:
            NotJson: the bytes cannot be read at all.
            InvalidPayload: fields are wrong; every problem with its path.
        """
        return parse_event(body, self.context.clock.now())

    @property
    def lists(self) -> bool:
        """Whether the upstream can be asked what it has given us (:meth:`listed`)."""
        return False

    async def listed(self, since: datetime, after: str | None) -> Listed:
        """Ask for the tickets given to us since a moment, a page after ``after``.

        Raises:
            DeliveryError: the question got no answer, or none that can be read.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot list tickets since {since} after {after}")

    @abstractmethod
    async def push(self, message: OutboundMessage) -> None:
        """Make one attempt to send a ``ticket.*`` message.

        Raises:
            DeliveryError: it was not taken, or its fate is unknown (``uncertain``).
            NotYet: the counterpart asked us to wait.
        """


class UnitAdapter(Adapter[ConfigT]):
    """A unit's channel: assignments go out, receipts come in."""

    def parse_receipt(self, body: bytes) -> UnitReceipt:
        """Read one receipt.

        Raises:
            NotJson: the bytes cannot be read at all.
            InvalidPayload: fields are wrong; every problem with its path.
        """
        return parse_receipt(body, self.context.clock.now())

    @abstractmethod
    async def dispatch(self, message: OutboundMessage) -> None:
        """Make one attempt to send an ``assignment.*`` or ``case.updated`` message.

        Raises:
            DeliveryError: it was not taken, or its fate is unknown (``uncertain``).
            NotYet: the counterpart asked us to wait.
        """
