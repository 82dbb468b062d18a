"""A 12345 hotline: signed pushes in, signed pushes out; in the contract's shape, or mapped from the vendor's own.

Without ``push_url`` the hotline pulls (``GET /v1/feeds/{feed}/updates``). The mapping tables are explained in
``docs/howto/map-another-hotline.zh-CN.md``; without them the bodies have the contract's shape.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from bridge.adapter import (
    AdapterContext,
    Address,
    Capabilities,
    DeliveryError,
    EventMap,
    Expression,
    FailureReason,
    FeedAdapter,
    InboundRequest,
    InvalidPayload,
    Listed,
    NotJson,
    OurStatus,
    OutboundMessage,
    PushMap,
    Reached,
    SignedConfig,
    SignedEndpoint,
    StatusMap,
    TheirStatus,
    TicketDraft,
    TicketMap,
    UpstreamEvent,
    loads,
    loads_object,
    reach,
    ticket_draft,
    to_ours,
    to_theirs,
    upstream_event,
)

DEFAULT = "default"
"""The table of ``push_mapping`` for types that have none of their own."""


class HotlineConfig(SignedConfig):
    """``push_url`` is where acceptances and replies are posted.

    ``list_url`` answers ``GET ?since=&after=`` (signed) with ``{"tickets": […], "replies": [{"external_id", "round"}], "next"}``;
    ``tickets`` as they are pushed, ``replies`` and ``next`` may be left out. It serves reconciling only.

    ``mapping`` and ``event`` find our fields in the vendor's bodies, ``status`` turns its codes into ours;
    ``push_mapping`` (by message type, or ``default``) builds the vendor's body from ours, ``push_status`` its codes.
    ``taken`` must hold of the answer to a push, for vendors that answer 200 and put the error into the body.
    """

    push_url: Address | None = None
    list_url: Address | None = None
    mapping: TicketMap | None = None
    event: EventMap | None = None
    status: OurStatus = StatusMap({})
    push_mapping: Mapping[str, PushMap] = Field(default_factory=dict)
    push_status: TheirStatus = StatusMap({})
    taken: Expression | None = None


class Hotline(FeedAdapter[HotlineConfig]):
    """Resent under the same webhook-id after a lost answer; the hotline drops the second one."""

    Config = HotlineConfig
    capabilities = Capabilities(idempotent=True)

    def __init__(self, config: HotlineConfig, context: AdapterContext) -> None:
        """Share the secrets' endpoint between both directions."""
        super().__init__(config, context)
        self._endpoint = SignedEndpoint(context.name, config, context.http, context.clock)

    @property
    def delivers(self) -> bool:
        """Whether there is an address to push to."""
        return self.config.push_url is not None

    def verify(self, request: InboundRequest) -> str:
        """Check the hotline's signature."""
        return self._endpoint.verify(request.headers, request.body)

    def parse_ticket(self, body: bytes) -> TicketDraft:
        """Read a ticket, in the vendor's shape where that is mapped."""
        if self.config.mapping is None:
            return super().parse_ticket(body)
        data = to_ours(self.config.mapping, self.config.status, loads_object(body))
        return ticket_draft(data, body, self.context.clock.now())

    def parse_event(self, body: bytes) -> UpstreamEvent:
        """Read an event, in the vendor's shape where that is mapped."""
        if self.config.event is None:
            return super().parse_event(body)
        data = to_ours(self.config.event, self.config.status, loads_object(body))
        return upstream_event(data, self.context.clock.now())

    async def probe(self) -> Reached:
        """Connect to ``push_url``."""
        return Reached("由对方来取") if self.config.push_url is None else await reach(self.config.push_url)

    @property
    def lists(self) -> bool:
        """Whether there is an address to ask."""
        return self.config.list_url is not None

    async def listed(self, since: datetime, after: str | None) -> Listed:
        """Ask ``list_url`` for a page of tickets."""
        if self.config.list_url is None:
            raise RuntimeError(f"{self.context.name} has no list_url")
        query = {"since": since.isoformat(), **({"after": after} if after else {})}
        key = f"list-{self.context.clock.wall().timestamp()}-{after or ''}"
        return self._listing(await self._endpoint.get(self.config.list_url, key, query))

    def _listing(self, body: bytes) -> Listed:
        try:
            page = loads_object(body)
            tickets = tuple(json.dumps(each, ensure_ascii=False).encode() for each in page["tickets"])
            replies = page.get("replies")
            rounds = None if replies is None else {str(r["external_id"]): int(r.get("round", 1)) for r in replies}
        except (NotJson, KeyError, TypeError, ValueError):
            raise DeliveryError(
                FailureReason.REJECTED, f"{self.context.name} 的清单格式不对，应有 tickets 列表"
            ) from None
        return Listed(tickets, rounds, page.get("next"))

    async def push(self, message: OutboundMessage) -> None:
        """Post one message to ``push_url``."""
        if self.config.push_url is None:
            raise RuntimeError(f"{self.context.name} has no push_url: its messages wait to be pulled")
        body, taken = self._body(message), self.config.taken
        answer = await self._endpoint.post(self.config.push_url, message.key, body, whole_answer=taken is not None)
        if taken is not None and not self._holds(taken, answer):
            raise DeliveryError(FailureReason.REJECTED, f"{self.context.name} 的应答表示没有接收")

    def _body(self, message: OutboundMessage) -> bytes:
        fields = self.config.push_mapping.get(message.type) or self.config.push_mapping.get(DEFAULT)
        if fields is None:
            return message.payload
        try:
            data = to_theirs(fields, self.config.push_status, loads_object(message.payload))
        except InvalidPayload as error:
            raise DeliveryError(FailureReason.REJECTED, f"推送的字段映射不完整（{error}）") from None
        return json.dumps(data, ensure_ascii=False).encode()

    def _holds(self, taken: Any, answer: bytes) -> bool:
        try:
            return bool(taken.search(loads(answer)))
        except (NotJson, InvalidPayload, ValueError):
            raise DeliveryError(FailureReason.UNCERTAIN, f"{self.context.name} 的应答读不出来") from None
