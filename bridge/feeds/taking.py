"""From entries of a file to the pipeline: who takes them, under which identity, and why one was refused.

Owns: that an entry read again is answered and not executed again. Must not: read a file.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from bridge.adapter import Entry, FiledReceipt, TicketDraft
from bridge.errors import IllegalTransition, IntakeError, NotFound, StoreError
from bridge.pipeline.inbound import Answer, Inbound
from bridge.pipeline.service import Service

log = structlog.get_logger(__name__)

_BUG = "程序错误，未能登记，详见日志"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an entry: an answer as a caller over HTTP would have got it, or why it was refused."""

    line: int
    answer: dict[str, Any] | None = None
    problem: str = ""


class Taker(ABC):
    """Takes the entries of one folder."""

    def __init__(self, service: Service) -> None:
        """Hand entries to this service."""
        self.service = service

    async def take(self, entries: Sequence[Entry], key: str) -> list[Outcome]:
        """Take entries in their order, several in one commit; ``key`` is the identity of the file.

        Raises:
            StoreError: the ledger cannot be written; entries not taken yet are read again later.
        """
        known = await asyncio.gather(*(self._known(entry, key) for entry in entries))
        # The units of work are queued in the order of the entries, so the later of two rows of one ticket wins.
        fresh = [self._outcome(entry, key) for entry, before in zip(entries, known, strict=True) if before is None]
        taken = {outcome.line: outcome for outcome in await asyncio.gather(*fresh)}
        return [before or taken[entry.line] for entry, before in zip(entries, known, strict=True)]

    async def _known(self, entry: Entry, key: str) -> Outcome | None:
        if entry.value is None:
            return Outcome(entry.line, problem=entry.problem)
        for source in self.sources():
            answer = await self.service.replay(_inbound(source, entry, key))
            if answer is not None:
                return Outcome(entry.line, answer.body)
        return None

    async def _outcome(self, entry: Entry, key: str) -> Outcome:
        try:
            answer = await self.accept(entry, key)
        except StoreError:
            raise
        except (IntakeError, IllegalTransition) as error:
            return Outcome(entry.line, problem=reason_of(error))
        except Exception:
            log.exception("folder.entry_failed", line=entry.line)
            return Outcome(entry.line, problem=_BUG)
        return Outcome(entry.line, answer.body)

    @abstractmethod
    def sources(self) -> Sequence[str]:
        """Return the callers an entry may count for (``feed:petition``, ``unit:tax``)."""

    @abstractmethod
    async def accept(self, entry: Entry, key: str) -> Answer:
        """Take one entry."""


class TicketTaker(Taker):
    """Takes the tickets of a feed."""

    def __init__(self, service: Service, feed: str) -> None:
        """Take everything for ``feed``."""
        super().__init__(service)
        self.feed = feed

    def sources(self) -> Sequence[str]:
        """Return the feed."""
        return (f"feed:{self.feed}",)

    async def accept(self, entry: Entry, key: str) -> Answer:
        """Register a ticket or recognise it."""
        if not isinstance(entry.value, TicketDraft):
            raise NotFound("来源的目录里只能放工单")
        inbound = _inbound(self.sources()[0], entry, key)
        return await self.service.accept_ticket(self.feed, entry.value, inbound)


class ReceiptTaker(Taker):
    """Takes the receipts of the units behind a channel."""

    def __init__(self, service: Service, units: Callable[[], Sequence[str]]) -> None:
        """Ask ``units`` at each receipt: a new rules file may move a unit to another channel."""
        super().__init__(service)
        self.units = units

    def sources(self) -> Sequence[str]:
        """Return the units."""
        return [f"unit:{unit}" for unit in self.units()]

    async def accept(self, entry: Entry, key: str) -> Answer:
        """Apply a receipt to the assignment it names, if that is one of these units'."""
        if not isinstance(entry.value, FiledReceipt):
            raise NotFound("单位的目录里只能放回执")
        for unit in self.units():
            inbound = _inbound(f"unit:{unit}", entry, key)
            try:
                return await self.service.accept_receipt(unit, entry.value.assignment_id, entry.value.receipt, inbound)
            except NotFound:
                continue
        raise NotFound("没有这个交办件，或不属于本单位；请核对文件名")


def reason_of(error: Exception) -> str:
    """Say why something was refused, with what would be legal instead."""
    if not isinstance(error, IllegalTransition):
        return str(error)
    owed, allowed = "、".join(error.owed or ()) or "无", "、".join(error.allowed) or "无"
    return f"{error}；应交：{owed}；可交：{allowed}"


def _inbound(source: str, entry: Entry, key: str) -> Inbound:
    return Inbound(source, f"file:{key}:{entry.line}", key)
