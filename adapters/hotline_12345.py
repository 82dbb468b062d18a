"""A 12345 hotline that speaks the contract's own shape: signed pushes in, signed pushes out.

Without ``push_url`` the hotline pulls (``GET /v1/feeds/{feed}/updates``).
"""

from __future__ import annotations

from bridge.adapter import (
    AdapterContext,
    Address,
    Capabilities,
    FeedAdapter,
    InboundRequest,
    OutboundMessage,
    SignedConfig,
    SignedEndpoint,
)


class HotlineConfig(SignedConfig):
    """``push_url`` is where acceptances and replies are posted."""

    push_url: Address | None = None


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

    async def push(self, message: OutboundMessage) -> None:
        """Post one message to ``push_url``."""
        if self.config.push_url is None:
            raise RuntimeError(f"{self.context.name} has no push_url: its messages wait to be pulled")
        await self._endpoint.post(self.config.push_url, message.key, message.payload)
