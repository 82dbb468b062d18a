"""What a story says must hold, each wording read as a look at the case's history.

Owns: one check per wording. Must not: know a story's id. What cannot be read from a record (that a letter was on paper,
how a statistic is to be called) is left to the tests named in ``docs/reference/requirements.md``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.acceptance.scenario.player import Run
from tests.acceptance.scenario.script import Json

Check = Callable[[Run, str], bool]


def broken(run: Run) -> list[str]:
    """Return every promise of the story that its record does not show."""
    return [text for text in run.story.expected["must"] if not all(check(run, text) for check in checks_of(text))]


def checks_of(text: str) -> list[Check]:
    """Return what can be looked up for a wording."""
    return [check for pattern, check in _CHECKS if re.search(pattern, text)]


def _events(run: Run, *types: str) -> list[Json]:
    return [event for event in run.history if event["type"] in types]


def _first(run: Run, type_: str) -> int:
    return next((int(event["seq"]) for event in run.history if event["type"] == type_), 10**9)


def _has(type_: str, *details: str) -> Check:
    """The history has such a line, with something in each of these details."""

    def found(run: Run, _text: str) -> bool:
        return any(all(event["detail"].get(name) for name in details) for event in _events(run, type_))

    return found


def _before(earlier: str, later: str) -> Check:
    return lambda run, _text: _first(run, earlier) < _first(run, later)


def _side(run: Run, name: str) -> Json:
    return next((side for side in run.final["sides"] if side["side"] == name), {})


def _opinions_first(run: Run, _text: str) -> bool:
    """No answer before every unit asked has given its opinion, unless somebody answers for that."""
    asked = {unit for unit in run.story.expected["co_units"] if run.story.does(unit, "opinion")}
    composed = _first(run, "reply.composed")
    given = {e["detail"]["unit"] for e in _events(run, "opinion.recorded") if e["seq"] < composed}
    return asked <= given or bool(_events(run, "opinions.overridden"))


def _two_letters(run: Run, _text: str) -> bool:
    payer, other = _side(run, "payer"), _side(run, "other_side")
    return bool(payer["status"] == other["status"] == "told" and payer["text"] != other["text"])


def _window(run: Run, text: str) -> bool:
    day = re.findall(r"\d{4}-\d{2}-\d{2}", text)[0]
    return any(kind == "objection" and due == day for kind, _, due in run.deadlines)


def _consent_first(run: Run, _text: str) -> bool:
    others = [e for e in _events(run, "assignment.dispatched") if e["detail"]["role"] == "co"]
    return all(_first(run, "complex.approved") < event["seq"] for event in others)


def _extended(run: Run, _text: str) -> bool:
    clocks = [d for d in run.final["deadlines"] if d["kind"] == "reply"]
    return any(d["original_due_at"] and d["original_due_at"] < d["due_at"] for d in clocks)


def _never_moved(run: Run, _text: str) -> bool:
    return all(not d["original_due_at"] for d in run.final["deadlines"] if d["kind"] == "reply")


def _late_not_asked(run: Run, _text: str) -> bool:
    taken = len(_events(run, "extension.requested"))
    return len(run.of_type("ticket.extension_requested")) == taken


def _same_words(run: Run, _text: str) -> bool:
    replies = run.of_type("ticket.replied")
    return len({note.body["external_id"] for note in replies}) == len({note.to for note in replies}) == 2 and (
        len({note.body["reply"]["public_text"] for note in replies}) == 1
    )


def _figures(run: Run, text: str) -> bool:
    found = " ".join(event["detail"].get("text", "") for event in _events(run, "contradiction.found"))
    return all(figure in found for figure in re.findall(r"\d{3,}", text.partition("“")[2]))


def _limits_printed(run: Run, text: str) -> bool:
    printed = " ".join(run.of_type("ticket.replied")[-1].body["reply"]["remedies"])
    days = [tuple(map(int, day.split("-"))) for day in re.findall(r"\d{4}-\d{2}-\d{2}", text)]
    ends = [f"{year}年{month}月{day}日" for year, month, day in (days[-2:] if len(days) > 1 else days)]
    return all(end in printed for end in ends)


def _one_acceptance(run: Run, _text: str) -> bool:
    return len({case["accepting_unit"] for _, case in run.shots if case["accepting_unit"]}) == 1


def _nobody_else(run: Run, _text: str) -> bool:
    units = {assignment["unit"] for _, case in run.shots for assignment in case["assignments"]}
    return units <= {run.final["lead"], *run.story.expected["co_units"]}


_CHECKS: tuple[tuple[str, Check], ...] = (
    (r"先登记后分类", _before("ticket.registered", "case.classified")),
    (r"相对方是.*本身", lambda run, _text: _side(run, "other_side")["status"] == "not_applicable"),
    (r"无异议→归档", lambda run, _text: run.final["state"] == "archived"),
    (r"移送记录含", _has("assignment.transferred", "to")),
    (r"移送记录含", _has("party.told", "channel", "by")),
    (r"受理单位与主办单位分开", lambda run, _text: run.final["lead"] != run.final["accepting_unit"]),
    (r"意见未齐不得|必需意见不得答复|按序", _opinions_first),
    (r"A侧、B侧各一份|B侧答复发", _two_letters),
    (r"异议窗口至\d", _window),
    (r"逾期未提出", lambda run, _text: any(e["detail"]["objection"] == "逾期未提出" for e in _events(run, "case.archived"))),
    (r"未经组长同意", _consent_first),
    (r"纪要文号填写后", _before("minutes.recorded", "reply.composed")),
    (r"“无意见”计为意见", lambda run, _text: any(e["detail"]["conclusion"] == "no_comment" for e in _events(run, "opinion.recorded"))),
    (r"审批记录为职务", _has("complex.approved", "on_behalf_of")),
    (r"不计入有效意见", lambda run, _text: bool(run.refused)),
    (r"31\+23", lambda run, _text: run.final["period"] == "straddle"),
    (r"判断依据是费款所属期", lambda run, _text: run.final["period"] == "straddle"),
    (r"裁定是人工交办", _has("case.designated", "unit", "reason")),
    (r"裁定后的退单", lambda run, _text: [one.status for one in run.refused] == [409]),
    (r"告知来电人延期", _has("party.told", "channel")),
    (r"延期后到期日|保留原时限与新时限", _extended),
    (r"仅一次", lambda run, _text: len(_events(run, "extension.granted")) == 1),
    (r"驳回后原时限不变", _never_moved),
    (r"超期后的延期申请", _late_not_asked),
    (r"按时办结率计入超期", _has("reply.delivered", "late")),
    (r"节中催办记录", _has("ticket.urged", "level")),
    (r"一案两号", lambda run, _text: len(run.final["tickets"]) == 2),
    (r"两边回复正文一致", _same_words),
    (r"满意不关信访件", _has("satisfaction.recorded", "value")),
    (r"轮次编号|发回重办1次", lambda run, _text: run.final["round"] == 2),
    (r"不满意理由", _has("satisfaction.recorded", "note")),
    (r"全部计时停止", lambda run, _text: not {d["status"] for d in run.final["deadlines"]} & {"running", "due_soon", "overdue"}),
    (r"通知.*联办终止", lambda run, _text: "medical" in {n.to for n in run.of_type("assignment.withdrawn")} and "finance" not in {n.to for n in run.notes}),
    (r"保密标记自动开启", lambda run, _text: run.final["confidential"] is True),
    (r"不派给被举报企业", _nobody_else),
    (r"依法不告知", lambda run, _text: _side(run, "other_side")["status"] == "not_applicable" and bool(_side(run, "other_side")["reason"])),
    (r"仍由受理单位答复", lambda run, _text: run.final["accepting_unit"] == run.final["lead"]),
    (r"不进入第10类", lambda run, _text: run.final["category"] != "other"),
    (r"退单记录", _has("case.returned_upstream", "reason")),
    (r"一单三事项|事项数3", lambda run, _text: len(run.final["parts"]) == 3),
    (r"标记“意见矛盾", _figures),
    (r"矛盾未消除不得", _before("contradiction.ended", "reply.composed")),
    (r"原意见保留版本", lambda run, _text: any(o["version"] > 1 and o["kind"] == "opinion" for o in run.final["opinions"])),
    (r"越过必须有人名", _has("opinions.overridden", "by", "reason")),
    (r"晚到意见标记", lambda run, _text: any(e["detail"]["late"] and e["seq"] > _first(run, "reply.composed") for e in _events(run, "opinion.recorded"))),
    (r"同一轮的附件", lambda run, _text: run.final["round"] == 1 and any(n.body["supplement"] for n in run.of_type("ticket.replied"))),
    (r"同一工单的新版本", _has("ticket.supplemented", "revision")),
    (r"改类记录", _has("case.classified", "category", "former", "reason", "rules")),
    (r"受理单位不变", _one_acceptance),
    (r"三段救济", lambda run, _text: len(run.of_type("ticket.replied")[-1].body["reply"]["remedies"]) == 3),
    (r"复议60ND自", _limits_printed),
    (r"异议登记", _has("objection.recorded", "routes")),
    (r"标注在程序中", lambda run, _text: any(link["reference"] == run.story.expected["in_proceedings"]["ref"] for link in run.final["links"])),
    (r"不得被派“出意见”", lambda run, _text: "court" not in {note.to for note in run.notes}),
    (r"记录组长不同意", _has("complex.denied", "reason", "actor_role")),
    (r"自动转一般联办", lambda run, _text: run.final["procedure"] == "joint_general" and "case.updated" in {n.type for n in run.notes}),
    (r"仅触发提议", _before("complex.proposed", "complex.denied")),
)  # fmt: skip
