"""What an upstream says it has given us, beside what we have (对账), and taking what is missing (补收).

Owns: the three ways to learn it: the upstream's own list, the files an exchange folder keeps in ``done/``, a file a
person was given. Must not: change a ticket that is known, unless it is asked to; an old file must not undo a revision.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bridge.adapter import Entry, FeedAdapter, FolderSource, InvalidPayload, NotJson, TicketDraft
from bridge.errors import ConfigError, FileRefused, IntakeError, Problem
from bridge.file_names import natural_key
from bridge.os_errors import worded
from bridge.pipeline.service import Service
from bridge.store.tickets import OwnTicket


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the upstream's tickets; ``replied`` are the rounds it has our answer to, if it tells. ``whole``: it names all."""

    entries: list[Entry]
    replied: Mapping[str, int] | None = None
    whole: bool = True


@dataclass(slots=True)
class Difference:
    """Where the two sides differ, by the upstream's numbers."""

    listed: int = 0
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unknown_upstream: list[str] = field(default_factory=list)
    reply_missing: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Whether nothing is left to look at."""
        left = set(self.missing) - set(self.taken), set(self.changed) - set(self.taken)
        return not (any(left) or self.unknown_upstream or self.reply_missing or self.unreadable)


async def pages(adapter: FeedAdapter, since: datetime, file: Path | None) -> AsyncIterator[Page]:  # type: ignore[type-arg]
    """Read what the upstream gave us since a moment. Raises ConfigError if it does not tell, DeliveryError, FileRefused."""
    if file is not None:
        yield Page(await asyncio.to_thread(_of_file, adapter, file))
    elif isinstance(adapter, FolderSource):
        for kept in await asyncio.to_thread(_kept, adapter, since):
            yield Page(await asyncio.to_thread(_of_file, adapter, kept), whole=False)
    elif adapter.lists:
        after: str | None = ""
        while after is not None:
            listed = await adapter.listed(since, after or None)
            yield Page([_parsed(adapter, n, raw) for n, raw in enumerate(listed.tickets, start=1)], listed.replied)
            after = listed.next
    else:
        remedy = "没有 list_url，不能向上游查询；请向上游要一份工单清单（每行一件，格式同推送），用 --file 给出"
        raise ConfigError("bridge.toml", [Problem(f"feeds.{adapter.context.name}", remedy)])


def _of_file(adapter: FeedAdapter, file: Path) -> list[Entry]:  # type: ignore[type-arg]
    try:
        with file.open("rb") as opened:
            if isinstance(adapter, FolderSource):
                return list(adapter.entries(file.name, opened))
            return [_parsed(adapter, n, line) for n, line in enumerate(opened, start=1) if line.strip()]
    except OSError as error:
        raise FileRefused(f"{file} 读不出来：{worded(error)}") from None


def _parsed(adapter: FeedAdapter, line: int, raw: bytes) -> Entry:  # type: ignore[type-arg]
    try:
        return Entry(line, adapter.parse_ticket(raw))
    except (NotJson, InvalidPayload) as error:
        return Entry(line, problem=str(error))


def _kept(source: FolderSource, since: datetime) -> Iterator[Path]:
    """Return the files taken since a moment (when they were moved counts, not when they were written), in natural order."""
    done = source.folder.directory / "done"
    files = [each for each in done.glob(f"*{source.suffix}") if each.is_file() and not each.is_symlink()]
    recent = [each for each in files if each.stat().st_ctime >= since.timestamp()]
    return iter(sorted(recent, key=lambda each: natural_key(each.name)))


async def compare(
    service: Service, feed: str, told: AsyncIterator[Page], since: datetime, *, take: bool, revise: bool
) -> Difference:
    """Compare the upstream's pages with the ledger; ``take`` registers what is missing, ``revise`` takes changed content."""
    own = {each.external_id: each for each in await service.tickets_of(feed)}
    found, seen, replied = Difference(), set[str](), dict[str, int]()
    whole: bool | None = None
    tells_replies = False
    async for page in told:
        whole = page.whole and whole is not False
        tells_replies = tells_replies or page.replied is not None
        replied |= page.replied or {}
        for entry in page.entries:
            await _look(service, feed, entry, since, own, seen, found, take=take, revise=revise)
    ours = [each for each in own.values() if each.received_at >= since]
    if whole:
        found.unknown_upstream = sorted(each.external_id for each in ours if each.external_id not in seen)
    if tells_replies:
        answered = [each for each in ours if each.replied and replied.get(each.external_id, 0) < each.round]
        found.reply_missing = sorted(each.external_id for each in answered)
    return found


async def _look(  # noqa: PLR0913 - one entry beside everything known
    service: Service,
    feed: str,
    entry: Entry,
    since: datetime,
    own: Mapping[str, OwnTicket],
    seen: set[str],
    found: Difference,
    *,
    take: bool,
    revise: bool,
) -> None:
    draft = entry.value
    if not isinstance(draft, TicketDraft):
        found.unreadable.append(f"第 {entry.line} 条：{entry.problem}")
        return
    number, known = draft.external_id, own.get(draft.external_id)
    seen.add(number)
    found.listed += 1
    if known is None and draft.received_at >= since and number not in found.missing:
        found.missing.append(number)
    elif known is not None and known.digest.split("+")[0] != draft.digest and number not in found.changed:
        found.changed.append(number)
    if take and ((known is None and number in found.missing) or (revise and number in found.changed)):
        try:
            await service.accept_ticket(feed, draft, None)
        except IntakeError as error:
            found.unreadable.append(f"第 {entry.line} 条：{error}")
        else:
            found.taken += [] if number in found.taken else [number]
