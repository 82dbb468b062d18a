"""What a story expects, held against what came of it.

Owns: one finding, in words, for each expectation that does not hold. Must not: play, or excuse anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from http import HTTPStatus

from bridge.demo.story import CHINA
from bridge.demo.world import PETITION, Note
from tests.acceptance.scenario import requests
from tests.acceptance.scenario.player import Run
from tests.acceptance.scenario.script import Json

OVERDUE = frozenset({"overdue"})
LEAD_NAMED = ("ticket.assigned", "ticket.transferred")
"""Which of the two says who handles a ticket depends on the procedure (contract section 3)."""
NO_CLOCK = frozenset({"报领导小组办公室", "报办公室"})
"""Limits for which the contract has no clock: whether and when to propose is the accepting unit's own judgement."""
FREE_REMINDER = "发不发均可"
"""A reminder that a story leaves open."""


def findings(run: Run, must_be_refused: frozenset[str] = frozenset()) -> list[str]:
    """Return everything a story expects that did not come true; empty if it ended as told.

    ``must_be_refused`` are moments (``MM-DD HH:MM``) at which the story tells of something illegal.
    """
    if not run.case_id:
        return ["没有登记成案件"]
    checks = (
        lambda one: _refused(one, must_be_refused),
        _end,
        _units,
        _deadlines,
        _reminders,
        _escalations,
        _pushes,
        _sides,
    )
    return [finding for check in checks for finding in check(run)]


def _refused(run: Run, must_be: frozenset[str]) -> Iterator[str]:
    moments = {f"{each.step.at:%m-%d %H:%M}": each for each in run.refused}
    for moment, each in moments.items():
        if moment not in must_be or each.status != HTTPStatus.CONFLICT:
            told = each.body.get("detail") or each.body
            yield f"{moment} {each.step.type} 被拒（{each.status}）：{told} {each.body.get('errors', '')}"
    for moment in sorted(must_be - moments.keys()):
        yield f"{moment} 的不合程序的回执没有被拒"


def _end(run: Run) -> Iterator[str]:
    expected = run.story.expected
    if run.final["state"] != expected["final_state"]:
        yield f"最后状态 {run.final['state']}，应为 {expected['final_state']}"
    if expected["confidential"] and not run.final["confidential"]:
        yield "没有按保密件办理"


def _units(run: Run) -> Iterator[str]:
    expected = run.story.expected
    if expected["lead"] is None:
        return
    if run.final["lead"] not in {expected["lead"], *expected.get("lead_alt", [])}:
        yield f"主办 {run.final['lead']}，应为 {expected['lead']}"
    if run.final["accepting_unit"] != expected["accepting_unit"]:
        yield f"受理单位 {run.final['accepting_unit']}，应为 {expected['accepting_unit']}"
    procedures = {expected["procedure"], *expected.get("procedure_alt", [])}
    if run.final["procedure"] not in procedures:
        yield f"程序 {run.final['procedure']}，应为 {'或'.join(sorted(map(str, procedures)))}"
    missing = set(expected["co_units"]) - {*run.final["co_units"], run.final["lead"]}
    if missing:
        yield f"缺协办单位 {sorted(missing)}"
    wanted = requests.category_id(expected["category"])
    if run.final["category"] != wanted:
        yield f"类别 {run.final['category']}，应为 {wanted}"


def _deadlines(run: Run) -> Iterator[str]:
    days = {day for _, _, day in run.deadlines}
    for told in run.story.expected["deadlines"]:
        if told["due"] not in days and told["item"] not in NO_CLOCK:
            seen = sorted({(kind, unit, day) for kind, unit, day in run.deadlines})
            yield f"没有到期日 {told['due']}（{told['item']}，{'、'.join(told['unit'])}）；见到 {seen}"


def _reminders(run: Run) -> Iterator[str]:
    """Every reminder told of came, and no other: what a story leaves open, and the short limits, aside."""
    told = run.story.expected["reminders"]
    expected = {(one["date"], unit) for one in told for unit in one["to"]}
    free = {(one["date"], unit) for one in told if FREE_REMINDER in one["rule"] for unit in one["to"]}
    sent = [note for note in run.of_type("assignment.reminder") if "urge" not in note.body]
    for date, unit in sorted(expected - free - {(_day(note), note.to) for note in sent}):
        yield f"{date} 没有提醒 {unit}"
    for note in sent:
        if (_day(note), note.to) not in expected and not _is_left_open(run, note):
            yield f"{_day(note)} 多提醒了 {note.to}：{note.body['deadline']}"


def _is_left_open(run: Run, note: Note) -> bool:
    """Tell whether a story says nothing of a reminder: of the invitation's limit, or of a limit that was extended."""
    if note.body["deadline"]["kind"] == "invite":
        return True
    moved = [event["at"] for event in run.story.data["upstream_events"] if event["type"] == "extension_granted"]
    is_open = any(FREE_REMINDER in text for text in run.story.expected["must"])
    return is_open and any(note.at > datetime.fromisoformat(at) for at in moved)


def _escalations(run: Run) -> Iterator[str]:
    """A limit missed by three working days reaches the office that day; what people decide reaches it before."""
    expected = {told["at"][:10] for told in run.story.expected["escalations"]}
    notes = run.of_type("assignment.escalated")
    overdue = {_day(note) for note in notes if note.body["escalation"]["reason"] in OVERDUE}
    others = {_day(note) for note in notes} - overdue
    for date in sorted(expected - overdue):
        if not any(day <= date for day in others):
            yield f"{date} 没有升级到领导小组办公室（见到 {[(_day(n), n.to, n.body['escalation']) for n in notes]}）"
    for date in sorted(overdue - expected):
        yield f"{date} 多升级了一次"


def _pushes(run: Run) -> Iterator[str]:
    for told in run.story.expected["upstream_push"]:
        types = LEAD_NAMED if told["what"] in LEAD_NAMED else (told["what"],)
        found = [note for note in run.of_type(*types) if note.body["external_id"] == told["external_id"]]
        if not any(_is_as_told(note, told) for note in found):
            seen = [(note.type, _day(note)) for note in _upstream(run)]
            yield f"{told['when']} 没有推送 {told['what']}（{told['external_id']}）；见到 {seen}"
    for told in run.story.expected["upstream_push"]:
        words = [word for word in told.get("must_not_contain", []) if word in _texts(run, told)]
        if words:
            yield f"{told['what']} 不应含有 {words}"


def _is_as_told(note: Note, told: Json) -> bool:
    as_supplement = note.body.get("supplement", False) == told.get("supplement", note.body.get("supplement", False))
    to = told["to"] if told["to"] != "petition" else PETITION
    return _day(note) == told["when"] and as_supplement and note.to == to


def _texts(run: Run, told: Json) -> str:
    return "".join(str(note.body) for note in _upstream(run) if note.body["external_id"] == told["external_id"])


def _sides(run: Run) -> Iterator[str]:
    """The two sides are told in different words, and a reporter is not named in what anybody else gets."""
    told = {event["type"]: event for event in run.history if event["type"] == "party.told"}
    if run.story.expected["side_b"] == "separate_reply" and run.story.told("reply_sent") and not told:
        yield "没有记录对双方的告知"
    if not run.story.expected["confidential"]:
        return
    person = run.story.data["tickets"][0]["petitioner"]
    secrets = [person[name] for name in ("name", "phone") if person.get(name)]
    for note in run.notes:
        visible = note.type.startswith(("assignment.", "case."))
        if visible and any(secret in str(note.body) for secret in secrets):
            yield f"发给 {note.to} 的 {note.type} 泄露了举报人"


def _upstream(run: Run) -> Iterable[Note]:
    return [note for note in run.notes if note.type.startswith("ticket.")]


def _day(note: Note) -> str:
    at: datetime = note.at.astimezone(CHINA)
    return at.date().isoformat()
