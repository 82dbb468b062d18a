"""The daily 台账: every open case, what is next and whom to call.

Owns: reading it page by page. Must not: lay out a page, or write.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bridge.core.daybook import OPEN, DayLine, line_of
from bridge.core.lifecycle import recusal
from bridge.core.lifecycle.work import Work
from bridge.pipeline.runtime import Runtime
from bridge.store.writer import Tx

BATCH = 100


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call at a unit."""

    unit: str
    person: str
    phone: str
    coordinators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Daybook:
    """The 台账 of a moment; ``reader`` is the name of the unit it was made for."""

    at: datetime
    lines: list[DayLine]
    contacts: list[Contact]
    reader: str | None = None


def page(tx: Tx, runtime: Runtime, after: str, reader: str | None, *, reveal: bool) -> tuple[list[DayLine], str | None]:
    """Return the lines of the next hundred open cases after an id, and the last id, or None at the end."""
    ids = runtime.store.queries.open_cases(tx, [state.value for state in OPEN], after, BATCH, unit=reader)
    context = runtime.context()
    files = [file for case_id in ids if (file := runtime.store.cases.load(tx, case_id)) is not None]
    works = [Work.on(file, context) for file in files]
    shown = [work for work in works if reader is None or not recusal.shuts_out(work, reader)]
    return [line_of(work, reader, reveal=reveal) for work in shown], ids[-1] if len(ids) == BATCH else None


async def daybook(runtime: Runtime, reader: str | None, *, reveal: bool) -> Daybook:
    """Return the whole 台账, what ends first first; ``reader`` confines it to a unit's own cases."""
    lines: list[DayLine] = []
    after: str | None = ""
    while after is not None:
        start = after
        found, after = await runtime.store.read(lambda tx: page(tx, runtime, start, reader, reveal=reveal))  # noqa: B023 - run at once
        lines += found
    units = runtime.rules().policy.units
    contacts = [Contact(u.name, u.contact_person, u.contact_phone, u.coordinators) for u in units.values()]
    far = datetime.max.replace(tzinfo=runtime.now().tzinfo)
    lines.sort(key=lambda line: (line.due_at or far, line.received_at, line.case_id))
    return Daybook(runtime.now(), lines, contacts, units[reader].name if reader else None)
