"""A unit that takes assignments as signed JSON over HTTP, or, without ``url``, pulls its messages."""

from __future__ import annotations

from bridge.adapter import (
    AdapterContext,
    Address,
    Capabilities,
    InboundRequest,
    OutboundMessage,
    Reached,
    SignedConfig,
    SignedEndpoint,
    UnitAdapter,
    reach,
)


class HttpJsonConfig(SignedConfig):
    """``url`` is where assignments are posted."""

    url: Address | None = None


class HttpJson(UnitAdapter[HttpJsonConfig]):
    """Resent under the same webhook-id after a lost answer; the unit drops the second one."""

    Config = HttpJsonConfig
    capabilities = Capabilities(idempotent=True)

    def __init__(self, config: HttpJsonConfig, context: AdapterContext) -> None:
        """Share the secrets' endpoint between both directions."""
        super().__init__(config, context)
        self._endpoint = SignedEndpoint(context.name, config, context.http, context.clock)

    @property
    def delivers(self) -> bool:
        """Whether there is an address to post to."""
        return self.config.url is not None

    def verify(self, request: InboundRequest) -> str:
        """Check the unit's signature."""
        return self._endpoint.verify(request.headers, request.body)

    async def probe(self) -> Reached:
        """Connect to ``url``."""
        return Reached("由对方来取") if self.config.url is None else await reach(self.config.url)

    async def dispatch(self, message: OutboundMessage) -> None:
        """Post one message to ``url``."""
        if self.config.url is None:
            raise RuntimeError(f"{self.context.name} has no url: its messages wait to be pulled")
        await self._endpoint.post(self.config.url, message.key, message.payload)
