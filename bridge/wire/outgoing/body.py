"""What every body we send has in common.

A reader must take keys it does not know: they may be added.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Outgoing(BaseModel):
    """A body we send; further keys may come."""

    model_config = ConfigDict(extra="allow")
