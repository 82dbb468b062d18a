"""Plays all stories on one business clock, step by step in order of time.

Owns: turning a step into a request, and noticing a step that was answered otherwise than the story says.
Must not: judge the outcome (``verdict`` does) or draw anything (``view`` does).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Protocol

from bridge.demo.story import Act, Event, Letters, Merge, Receipt, Step, Story, Ticket, Visit, instant
from bridge.demo.world import Note, World
from bridge.testing.counterparts.control import wait_until
from bridge.testing.counterparts.ledger import Json
from bridge.testing.process import Response

PATIENCE_SECONDS = 3.0
POLL_SECONDS = 0.02
TAKEN_SECONDS = 30.0
"""How long a table may lie in the exchange folder; after a crash the folder's lease must run out first."""
MORNING = timedelta(hours=9, seconds=30)
"""Reminders fire at 09:00; the demo stops half a minute later on every day."""
NOT_SENT = 0
"""The status of a step that could not be taken: nobody had asked the unit."""


@dataclass
class Run:
    """A story being played: its ids, what reached whom because of it, and what went wrong."""

    story: Story
    external_id: str
    case_id: str = ""
    second_case: str = ""
    """The case of a second ticket, until (and after) it is merged into the first."""
    done: int = 0
    state: str = "—"
    notes: list[Note] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def concerns(self, note: Note) -> bool:
        """Tell whether a message belongs to this story."""
        numbers, cases = (self.external_id, self.letter_id), (self.case_id, self.second_case)
        return note.body.get("external_id") in numbers or (note.body.get("case_id") or None) in cases

    @property
    def letter_id(self) -> str:
        """The number of the story's letter, as 信访 numbers it."""
        return f"XF2026-{self.story.id}"

    def opened(self, case_id: str) -> None:
        """Note a case that was opened for the story."""
        if self.case_id:
            self.second_case = case_id
        else:
            self.case_id = case_id


def runs_of(stories: Sequence[Story]) -> list[Run]:
    """Return a fresh run of each story."""
    return [Run(story, _external_id(story)) for story in stories]


def _external_id(story: Story) -> str:
    """Number a story's ticket as its upstream does."""
    by_letter = isinstance(story.steps[0], Letters)
    return f"XF2026-{story.id}" if by_letter else f"ZZ12345-2026-{story.id}"


class Audience(Protocol):
    """Who watches the play."""

    def clock(self, now: datetime) -> None:
        """The business clock stands at ``now``."""

    def step(self, run: Run, step: Step, status: int) -> None:
        """A step was taken and answered with ``status``."""

    def fed(self, title: str) -> None:
        """A ticket that belongs to no story was sent."""

    def message(self, run: Run | None, note: Note) -> None:
        """The daemon has told somebody something."""

    def crash(self, seconds: float) -> None:
        """The daemon was killed and is back after ``seconds``."""


class Player:
    """Plays stories in one world before one audience."""

    def __init__(self, world: World, runs: Sequence[Run], audience: Audience) -> None:
        self.world = world
        self.runs = runs
        self._audience = audience

    def play(self, closes_at: datetime, crashes_at: datetime) -> None:
        """Play every step of every story, kill the daemon once on the way, and let time pass until ``closes_at``."""
        steps = sorted(
            ((instant(step.at), run, step) for run in self.runs for step in run.story.steps), key=lambda entry: entry[0]
        )
        crashed = False
        for at, run, step in steps:
            if at > crashes_at and not crashed:
                self._pass_time(crashes_at)
                crashed = True
                self._audience.crash(self.world.crash())
            self._pass_time(at)
            self._take(run, step)
            self._show(self.world.settle())
        self._pass_time(closes_at)

    def _pass_time(self, until: datetime) -> None:
        """Move the clock to ``until`` with a stop on every morning in between."""
        for stop in [*mornings(self.world.now, until), until]:
            notes = self.world.advance_to(stop)
            self._audience.clock(self.world.now)
            self._show(notes)

    def _show(self, notes: Sequence[Note]) -> None:
        """Hand messages to the stories they belong to and to the audience."""
        for note in notes:
            run = next((run for run in self.runs if run.concerns(note)), None)
            if run is not None:
                run.notes.append(note)
            self._audience.message(run, note)

    def _take(self, run: Run, step: Step) -> None:
        """Take one step and compare its answer."""
        status, body = self._request(run, step)
        expected = step.expect if isinstance(step, Receipt) else None
        if (status != expected) if expected else status >= HTTPStatus.BAD_REQUEST:
            answered = f"应答 {status}" if status else "未送出"
            said = json.dumps(body, ensure_ascii=False)[:300]
            run.problems.append(f"{step.at} {type(step).__name__}: {answered},期望 {expected or '2xx'}:{said}")
        run.done += 1
        self._audience.step(run, step, status)

    def _request(self, run: Run, step: Step) -> tuple[int, Json]:
        """Make the request of a step."""
        match step:
            case Ticket():
                return self._ticket(run, step)
            case Letters():
                return self._letters(run, step)
            case Visit():
                return self._visit(run, step)
            case Event():
                return _answer(self.world.county.hotline.send("events", {"external_id": run.external_id, **step.body}))
            case Receipt():
                return self._receipt(run, step)
            case Merge():
                return self._merge(run, step)
            case Act():
                path = f"/v1/cases/{run.case_id}/actions"
                return _status(self.world.county.bridge.post(path, self.world.token(step.who), step.body))

    def _merge(self, run: Run, step: Merge) -> tuple[int, Json]:
        """Merge the second case into the first, if the first is suggested for it."""
        suggested = self.world.case(run.second_case)["similar"]
        if run.case_id not in {each["case_id"] for each in suggested}:
            return HTTPStatus.CONFLICT, {"similar": suggested}
        path = f"/v1/cases/{run.second_case}/actions"
        body = {"action": "merge", "into": run.case_id, "reason": step.reason}
        return _status(self.world.county.bridge.post(path, self.world.token(step.who), body))

    def _ticket(self, run: Run, step: Ticket) -> tuple[int, Json]:
        """Forward the ticket and remember its case."""
        body = {"external_id": run.external_id, "received_at": instant(step.at).isoformat(), **step.body}
        answer = self.world.county.hotline.send("tickets", body)
        run.opened(answer["body"].get("case_id", ""))
        return _answer(answer)

    def _letters(self, run: Run, step: Letters) -> tuple[int, Json]:
        """Hand in the table, wait until it was taken, and remember the case of the story's letter."""
        desk, name = self.world.county.petition, f"{run.letter_id}.csv"
        desk.hand_in(name, [{"信访件编号": run.letter_id, **step.body}, *step.bad])
        wait_until(lambda: desk.taken(name), timeout_seconds=TAKEN_SECONDS, what=f"{name} 被取走")
        cases = self.world.cases_of(run.letter_id)
        run.opened(str(cases[0]["id"]) if cases else "")
        said = desk.refused(name)
        as_told = len(cases) == 1 and bool(said) == bool(step.bad) and all(word in said for word in step.refused)
        return HTTPStatus.ACCEPTED if as_told else HTTPStatus.CONFLICT, {"cases": len(cases), "refused": said}

    def _visit(self, run: Run, step: Visit) -> tuple[int, Json]:
        """Register the matter at the counter and remember its case."""
        body = {"external_id": run.external_id, "received_at": instant(step.at).isoformat(), **step.body}
        status, answer = _status(
            self.world.county.bridge.post("/v1/cases", self.world.token(f"clerk:{step.unit}"), body)
        )
        run.opened(str(answer.get("case_id") or answer.get("id") or ""))
        return status, answer

    def _receipt(self, run: Run, step: Receipt) -> tuple[int, Json]:
        """Send a unit's receipt once the unit knows that it may."""
        desk = self.world.county.units[step.unit]
        if step.unasked:
            assignment_id = self._planned(run, step.unit)
            path = f"/v1/units/{step.unit}/assignments/{assignment_id}/receipts"
            url = self.world.county.site.url + path
            return _answer(desk.send(step.unit, assignment_id, step.body, respond_url=url))
        asked = self._expected(run, step)
        if asked is None:
            return NOT_SENT, {"detail": f"{step.unit} 没有收到本案的交办件"}
        return _answer(desk.send(step.unit, asked, step.body))

    def _planned(self, run: Run, unit: str) -> str:
        """Return the id of an assignment that was not dispatched yet."""
        case = self.world.case(run.case_id)
        return next((str(part["id"]) for part in case["assignments"] if part["unit"] == unit), f"{run.case_id}a0")

    def _expected(self, run: Run, step: Receipt) -> str | None:
        """Return the unit's newest assignment of the case, if any; wait until it may send this receipt."""
        deadline = time.monotonic() + (PATIENCE_SECONDS if step.expect == HTTPStatus.ACCEPTED else 0.0)
        kind = step.body["type"]
        while True:
            parts = [part for part in self.world.county.units[step.unit].parts() if part["case_id"] == run.case_id]
            fit = [part for part in parts if kind in part["owed"] or kind in part["allowed"]]
            if fit or time.monotonic() > deadline:
                return next((str(part["assignment_id"]) for part in reversed(fit or parts)), None)
            time.sleep(POLL_SECONDS)


def _answer(sent: Json) -> tuple[int, Json]:
    """Take status and body from a counterpart's report on what it sent."""
    return int(sent["status"]), sent["body"]


def _status(response: Response) -> tuple[int, Json]:
    """Take status and body from an HTTP answer."""
    return response.status, response.body


def mornings(after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the morning stops after ``after`` and before ``until``."""
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    stop = midnight + MORNING
    while stop < until:
        if stop > after:
            yield stop
        stop += timedelta(days=1)
