"""A unit served by its own clerk: every message is taken at once and stands on the clerk's list.

Receipts come in as the clerk's acts (``receipt``, ``bridge cases receipt``), not through this channel.
"""

from __future__ import annotations

from bridge.adapter import AdapterConfig, Capabilities, OutboundMessage, UnitAdapter


class ConsoleConfig(AdapterConfig):
    """Nothing to configure."""


class Console(UnitAdapter[ConsoleConfig]):
    """The ledger itself is the counterpart: what is recorded has arrived."""

    Config = ConsoleConfig
    capabilities = Capabilities(idempotent=True)

    async def dispatch(self, message: OutboundMessage) -> None:
        """Accept the message."""
