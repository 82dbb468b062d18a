"""The filters of the case list, as web and CLI use them."""

from __future__ import annotations

from bridge.store.queries import CaseQuery

__all__ = ["CaseQuery"]
