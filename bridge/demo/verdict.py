"""Compares what became of a story with what it says.

Owns: the list of differences, in Chinese. Must not: play or draw.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from bridge.demo.player import Run
from bridge.demo.story import Outcome
from bridge.demo.world import Note
from bridge.testing.counterparts.ledger import Json


def differences(run: Run, case: Json) -> list[str]:
    """Return every difference between the story's outcome and the case, the pushes and the messages."""
    outcome = run.story.outcome
    found = [*run.problems, *_case(outcome, case), *_pushes(run), *_due(run), *_secret(run, case)]
    found += _counts("催办", outcome.reminders, reminders(run))
    found += _counts("升级", outcome.escalations, escalations(run))
    found += _counts("撤回通知", outcome.withdrawn_from, withdrawn(run))
    return found


def reminders(run: Run) -> list[str]:
    """Return the reminders that reached units, as ``MM-DD unit``."""
    return [f"{note.at:%m-%d} {note.to}" for note in run.notes if note.type == "assignment.reminder"]


def escalations(run: Run) -> list[str]:
    """Return the escalations, as ``MM-DD unit``, the unit being the one that is late or has returned."""
    return [f"{note.at:%m-%d} {_late_unit(note.body)}" for note in run.notes if note.type == "assignment.escalated"]


def withdrawn(run: Run) -> list[str]:
    """Return the units whose assignment was taken back."""
    return [note.to for note in run.notes if note.type == "assignment.withdrawn"]


def pushes(run: Run) -> list[Json]:
    """Return what was pushed upstream about the story's ticket, in order."""
    return [note.body for note in _pushed(run)]


def _pushed(run: Run) -> list[Note]:
    """Return the pushes with what is known of their way."""
    return [note for note in run.notes if note.type.startswith("ticket.")]


def _late_unit(body: Json) -> str:
    """Return the unit an escalation is about."""
    about = body.get("escalation") or {}
    return str(about.get("unit") or "—")


def _case(outcome: Outcome, case: Json) -> Iterator[str]:
    """Compare the case itself."""
    actual = {
        "state": case["state"],
        "category": case.get("category"),
        "lead": case.get("lead"),
        "procedure": case.get("procedure"),
        "accepting_unit": case.get("accepting_unit"),
    }
    for name, value in actual.items():
        expected = getattr(outcome, name)
        if expected is not None and value != expected:
            yield f"{name} 应为 {expected},实为 {value}"
    yield from _co_units(outcome, case)


def _co_units(outcome: Outcome, case: Json) -> Iterator[str]:
    """Compare which units worked beside the lead."""
    units = {part["unit"] for part in case["assignments"] if part["role"] == "co"}
    missing = set(outcome.co_units) - units
    if missing:
        yield f"缺协办单位 {sorted(missing)},实为 {sorted(units)}"


def _pushes(run: Run) -> Iterator[str]:
    """Compare the pushes upstream: types in order, and the words each must hold."""
    expected, actual = run.story.outcome.pushes, _pushed(run)
    types = [note.type for note in actual]
    if types != [push.type for push in expected]:
        yield f"回推应为 {[push.type for push in expected]},实为 {types}"
        return
    for push, note in zip(expected, actual, strict=True):
        text = json.dumps(note.body, ensure_ascii=False)
        missing = [word for word in push.holds if word not in text]
        if missing:
            yield f"{push.type} 中没有 {missing}"
        if push.file is not None and note.file != push.file:
            yield f"{push.type} 应写成 {push.file},实为 {note.file}"


def _secret(run: Run, case: Json) -> Iterator[str]:
    """Look for words that no unit may be told, in everything the units got."""
    words = run.story.outcome.secret
    if words and not case.get("confidential"):
        yield "案件应为保密"
    for note in run.notes:
        text = json.dumps(note.body, ensure_ascii=False)
        found = [] if note.type.startswith("ticket.") else [word for word in words if word in text]
        if found:
            yield f"{note.to} 收到的 {note.type} 中不应有 {found}"


def _due(run: Run) -> Iterator[str]:
    """Compare the dates promised in dispatches."""
    for name, expected in run.story.outcome.due.items():
        unit, kind = name.split(".")
        found = [
            str(note.body["due"].get(kind))[5:10]
            for note in run.notes
            if note.type == "assignment.dispatched" and note.to == unit
        ]
        if expected not in found:
            yield f"{unit} 的 {kind} 应为 {expected},实为 {found}"


def _counts(what: str, expected: tuple[str, ...], actual: list[str]) -> Iterator[str]:
    """Compare two bags."""
    missing, surplus = Counter(expected) - Counter(actual), Counter(actual) - Counter(expected)
    if missing:
        yield f"{what}缺 {sorted(missing.elements())}"
    if surplus:
        yield f"{what}多 {sorted(surplus.elements())}"
