"""What a story expects, held against what came of it.

Owns: one finding, in words, for each expectation that does not hold. Must not: play, or excuse anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from http import HTTPStatus

from bridge.demo.story import CHINA
from bridge.demo.world import PETITION, Note
from tests.acceptance.scenario import limits, promises, requests, sayings
from tests.acceptance.scenario.player import Run
from tests.acceptance.scenario.refusals import must_be_refused
from tests.acceptance.scenario.script import Json

ENDS = ("ticket.replied", "ticket.returned", "ticket.withdrawn")
"""What tells an upstream that its ticket is over, once."""
WAYS = (
    ("市税务局", ("行政复议", "市税务局")),
    ("县政府", ("行政复议", "县人民政府")),
    ("县人民政府", ("行政复议", "县人民政府")),
    ("投诉", ("投诉",)),
    ("仲裁", ("仲裁", "1年")),
    ("调解", ("调解",)),
    ("复查", ("复查", "30日")),
)
"""A word of a story's remedies, and what one printed remedy must say together."""
OVERDUE = frozenset({"overdue"})
LEAD_NAMED = ("ticket.assigned", "ticket.transferred")
"""Which of the two says who handles a ticket depends on the procedure (contract section 3)."""
FREE_REMINDER = "发不发均可"
"""A reminder that a story leaves open."""


def findings(run: Run) -> list[str]:
    """Return everything a story expects that did not come true; empty if it ended as told."""
    if not run.case_id:
        return ["没有登记成案件"]
    checks = (
        _refused,
        _end,
        _units,
        _deadlines,
        _reminders,
        _escalations,
        _pushes,
        _surplus,
        _remedies,
        _sides,
        _promises,
    )
    return [finding for check in checks for finding in check(run)]


def _refused(run: Run) -> Iterator[str]:
    must_be = must_be_refused(run.story)
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
    """Every limit told of is there: of that kind, for that unit, on that day."""
    for told in run.story.expected["deadlines"]:
        kind = limits.kind_of(told)
        for unit in limits.units_of(run.story, told) if kind is not None else ():
            days = {day for seen, of, day in run.deadlines if seen == kind and unit in (None, of)}
            if told["due"] not in days:
                yield f"没有到期日 {told['due']}（{told['item']}，{kind} {unit}）；见到 {sorted(days)}"


def _reminders(run: Run) -> Iterator[str]:
    """Every reminder told of came, and no other: what a story leaves open, and the short limits, aside."""
    told = run.story.expected["reminders"]
    expected = {(one["date"], unit) for one in told for unit in one["to"]}
    free = {(one["date"], unit) for one in told if FREE_REMINDER in one["rule"] for unit in one["to"]}
    sent = [note for note in run.of_type("assignment.reminder") if "deadline" in note.body]
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
    expected = {(told["at"][:10], told["to"]) for told in run.story.expected["escalations"]}
    notes = run.of_type("assignment.escalated")
    overdue = {(_day(note), note.to) for note in notes if note.body["escalation"]["reason"] in OVERDUE}
    others = {(_day(note), note.to) for note in notes} - overdue
    for date, to in sorted(expected - overdue):
        if not any(day <= date and to == whom for day, whom in others):
            yield f"{date} 没有升级到 {to}（见到 {[(_day(n), n.to, n.body['escalation']) for n in notes]}）"
    for date, to in sorted(overdue - expected):
        yield f"{date} 多升级给 {to} 一次"


def _pushes(run: Run) -> Iterator[str]:
    for told in run.story.expected["upstream_push"]:
        types = LEAD_NAMED if told["what"] in LEAD_NAMED else (told["what"],)
        found = [note for note in run.of_type(*types) if note.body["external_id"] == told["external_id"]]
        if not any(_is_as_told(note, told) for note in found):
            seen = [(note.type, _day(note)) for note in _upstream(run)]
            yield f"{told['when']} 没有推送 {told['what']}（{told['external_id']}）；见到 {seen}"
        for words in told.get("must_contain", []):
            fitting = [note for note in found if _is_as_told(note, told)]
            if fitting and sayings.is_read(words) and not any(sayings.is_said(run, note, words) for note in fitting):
                yield f"{told['when']} {told['what']} 没有写明“{words}”；写的是 {[note.body for note in fitting]}"
    for told in run.story.expected["upstream_push"]:
        words = [word for word in told.get("must_not_contain", []) if word in _texts(run, told)]
        if words:
            yield f"{told['what']} 不应含有 {words}"


def _surplus(run: Run) -> Iterator[str]:
    """An upstream gets no answer that the story does not tell of."""
    told = [push for push in run.story.expected["upstream_push"] if push["what"] in ENDS]
    for note in run.of_type(*ENDS):
        if not any(_is_as_told(note, push) and note.type == push["what"] for push in told):
            yield f"{_day(note)} 多推送了 {note.type}（{note.body['external_id']}）"
    sent = len(run.of_type(*ENDS))
    if sent != len(told):
        yield f"推送了 {sent} 次答复、退回或撤单，应为 {len(told)} 次"


def _remedies(run: Run) -> Iterator[str]:
    """The reply prints every way to go that the story names, with the right authority; a consultation prints none."""
    printed = [line for note in run.of_type("ticket.replied") for line in note.body["reply"]["remedies"]]
    for told in run.story.expected["remedies"]:
        for words in _ways(told):
            if not any(all(word in line for word in words) for line in printed):
                yield f"没有印出救济途径 {words}；印的是 {printed}"
    if run.story.data["tickets"][0].get("kind") == "consult" and printed:
        yield f"咨询不应印救济途径：{printed}"


def _ways(told: Json) -> Iterator[tuple[str, ...]]:
    """Read the ways to go from a story's words; those of the other side stand in its own letter."""
    text = "".join(str(value) for value in told.values())
    if text.startswith(("B侧", "给企业")):
        return
    yield from (words for sign, words in WAYS if sign in text)


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


def _promises(run: Run) -> Iterator[str]:
    for text in promises.broken(run):
        yield f"没有做到“{text}”"


def _upstream(run: Run) -> Iterable[Note]:
    return [note for note in run.notes if note.type.startswith("ticket.")]


def _day(note: Note) -> str:
    at: datetime = note.at.astimezone(CHINA)
    return at.date().isoformat()
