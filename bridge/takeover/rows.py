"""One line of a 台账 becomes an open case on paper, or every problem of the line, by column.

Owns: which cells a state asks for, and the order of dates. Must not: decide what becomes of the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson

from bridge.core.civil import civil_date
from bridge.core.lifecycle.takeover import PaperCase, PaperOpinion
from bridge.core.model.opinion import OpinionBody
from bridge.core.model.ticket import TicketDraft
from bridge.core.policy import Policy
from bridge.core.vocabulary import Conclusion, CounterpartyType, TicketKind, Urgency
from bridge.errors import InvalidPayload
from bridge.takeover.cells import Cells, RowProblem
from bridge.takeover.columns import name_of
from bridge.takeover.reading import Line, Table
from bridge.takeover.words import (
    DISPATCHED,
    ENDED,
    KINDS,
    PROCEDURES,
    REGISTERED,
    REPLIED,
    SIGNED,
    STATES,
    URGENCIES,
    YES,
    near,
)
from bridge.wire.ticket import ticket_draft

_STEPS = ("received", "dispatched", "approved", "signed", "replied", "told")
"""The dates of a case in the order they come."""
_COLUMN_OF = {"external_id": "number", "received_at": "received"}
ON_PAPER = "原台账所记"

Dates = dict[str, datetime | None]


@dataclass(frozen=True, slots=True)
class Row:
    """A line that was read: a case, or what is wrong with it; ``ended`` is over and not taken."""

    number: int
    feed: str
    external_id: str
    paper: PaperCase | None = None
    problems: tuple[RowProblem, ...] = ()
    ended: bool = False


class RowReader:
    """Reads the lines of one table under the rules of the county."""

    def __init__(self, table: Table, policy: Policy, feeds: Mapping[str, str], feed: str | None, now: datetime) -> None:
        """Take what a line is read by; ``feeds`` are the words of the 来源 column, ``feed`` is meant where it is empty."""
        self._table, self._feeds, self._feed, self._now = table, feeds, feed, now
        duty = [unit for unit in policy.units.values() if unit.duty and not unit.external]
        self._units = {name: unit.id for unit in duty for name in (unit.name, unit.id, *unit.aliases)}
        infos = policy.categories.values()
        self._categories = {name: info.id for info in infos for name in (info.name, str(info.number), info.id)}
        self._seen: dict[tuple[str, str], int] = {}

    def read(self, line: Line) -> Row:
        """Read one line."""
        given = Cells(line, self._table)
        feed, number = self._feed_of(given), given.text("number")
        state = given.word("state", STATES) or _state_of(given)
        if state == ENDED:
            return Row(line.number, feed, number, ended=True)
        self._refuse_twice(given, feed, number)
        paper = self._paper(given, state)
        return Row(line.number, feed, number, None if given.problems else paper, tuple(given.problems))

    def _feed_of(self, given: Cells) -> str:
        named = given.word("feed", self._feeds)
        if self._feed is None and not given.text("feed"):
            given.problem("feed", "没有写来源；请填写，或用 --feed 指明")
        return named or self._feed or ""

    def _refuse_twice(self, given: Cells, feed: str, number: str) -> None:
        first = self._seen.setdefault((feed, number), given.line.number)
        if not number:
            given.problem("number", "不能为空")
        elif first != given.line.number:
            given.problem("number", f"与第 {first} 行重复，请删去一行")

    def _paper(self, given: Cells, state: str) -> PaperCase | None:
        dates = self._dates(given, state)
        asked, replied = state != REGISTERED, state == REPLIED
        draft = self._draft(given, dates["received"])
        lead = given.word("lead", self._units, required=True) if asked else None
        reply = _reply(given) if replied else None
        category, procedure = given.word("category", self._categories), given.word("procedure", PROCEDURES)
        co_units, opinions = given.words("co_units", self._units), self._opinions(given, dates)
        due = given.instant("due", end_of_day=True)
        if draft is None:
            return None
        if not asked:
            return PaperCase(draft, given.line.number, category=category, respond_by=due)
        return PaperCase(
            draft, given.line.number, category=category, lead=lead, co_units=co_units, procedure=procedure,
            respond_by=due, dispatched_at=dates["dispatched"], signed_at=dates["signed"],
            approved_at=dates["approved"], opinions=opinions, reply=reply,
            replied_at=dates["replied"] if replied else None, told_at=dates["told"] if replied else None,
            told_how=given.text("told_how") or None,
        )  # fmt: skip

    def _dates(self, given: Cells, state: str) -> Dates:
        """Read the dates; none lies ahead, none before the step it follows."""
        required = {"received": True, "dispatched": state != REGISTERED, "replied": state == REPLIED}
        dates = {key: given.instant(key, required=required.get(key, False)) for key in _STEPS}
        if state == SIGNED and dates["signed"] is None:
            dates["signed"] = dates["dispatched"]
        return self._in_order(given, dates)

    def _in_order(self, given: Cells, dates: Dates) -> Dates:
        """Note dates out of order; a day without a time is not before a moment of the same day."""
        last_key, last = "", None
        for key, moment in list(dates.items()):
            if moment is None:
                continue
            if moment > self._now:
                given.problem(key, "晚于现在，请核对年份")
            elif last is not None and moment < last:
                if civil_date(moment) < civil_date(last):
                    given.problem(key, f"早于“{name_of(last_key)}”，请核对")
                dates[key] = last
            last_key, last = key, dates[key]
        return dates

    def _opinions(self, given: Cells, dates: Dates) -> tuple[PaperOpinion, ...]:
        at = given.instant("opinion_at") or dates["replied"] or dates["signed"] or dates["dispatched"]
        found = []
        for name, text in given.opinions():
            if name not in self._units:
                given.problem(f"意见：{name}", f"规则里没有这个单位，请改列名{near(name, self._units)}")
            elif at is not None:
                body = OpinionBody(text=text, conclusion=Conclusion.ANSWERED, note=ON_PAPER)
                found.append(PaperOpinion(self._units[name], body, at))
        return tuple(found)

    def _draft(self, given: Cells, received: datetime | None) -> TicketDraft | None:
        """Read what the ticket says; its raw bytes are the line as it stood."""
        content, counterparty = given.text("content", required=True), given.text("counterparty")
        kind, urgency = given.word("kind", KINDS), given.word("urgency", URGENCIES)
        hidden = given.word("confidential", YES)
        if received is None or not given.text("number"):
            return None
        people = {name: given.text(name) for name in ("name", "phone", "id_number", "address")}
        data = {
            "external_id": given.text("number"), "received_at": received.isoformat(), "content": content or "（无）",
            "title": given.text("title"), "kind": (kind or TicketKind.HELP).value,
            "urgency": (urgency or Urgency.NORMAL).value, "petitioner": {**people, "confidential": bool(hidden)},
            "counterparty": {"name": counterparty, "type": CounterpartyType.EMPLOYER.value} if counterparty else None,
            "extra": given.rest(),
        }  # fmt: skip
        try:
            return ticket_draft(data, orjson.dumps(given.as_written()), self._now)
        except InvalidPayload as error:
            for problem in error.problems:
                key = problem.path.split(".")[-1]
                given.problem(_COLUMN_OF.get(key, key), problem.message)
            return None


def _reply(given: Cells) -> OpinionBody:
    text, resolved = given.text("reply", required=True), given.word("resolved", YES) is not False
    why = None if resolved else "原台账记为未解决"
    return OpinionBody(
        text=text, conclusion=Conclusion.ANSWERED, public_text=text, resolved=resolved, unresolved_reason=why,
        note=ON_PAPER,
    )  # fmt: skip


def _state_of(given: Cells) -> str:
    """Tell how far a case is by its dates, where no state is written."""
    signs = (("replied", REPLIED), ("signed", SIGNED), ("dispatched", DISPATCHED), ("lead", DISPATCHED))
    return next((state for key, state in signs if given.text(key)), REGISTERED)
