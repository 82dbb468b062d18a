"""The words web and pipeline share about a signed request and its answer."""

from __future__ import annotations

from bridge.store.inbound import Answer, Inbound

__all__ = ["Answer", "Inbound"]
