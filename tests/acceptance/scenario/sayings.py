"""What a message to the upstream must say, where a story says so in words of its own.

Owns: reading each such wording as a test of the message's fields. Must not: know a story's id.
A wording that nothing here can read is the unit's own prose, which the player only passes on.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bridge.demo.world import Note
from tests.acceptance.scenario.player import Run
from tests.acceptance.scenario.requests import NAMES

Test = Callable[[Run, Note], bool]


def is_read(text: str) -> bool:
    """Tell whether a wording can be held against a message."""
    return any(re.search(pattern, text) for pattern, _ in _TESTS)


def is_said(run: Run, note: Note, text: str) -> bool:
    """Tell whether a message says it: in these very words, or by every field the words speak of."""
    if text in _all(note):
        return True
    tests = [test for pattern, test in _TESTS if re.search(pattern, text)]
    return all(test(run, note) for test in tests) and all(word in _all(note) for word in _figures(text))


def _all(note: Note) -> str:
    return str(note.body)


def _figures(text: str) -> list[str]:
    """Amounts and months must stand there to the digit."""
    return re.findall(r"\d{4}-\d{2}|\d+(?:\.\d+)?(?=元)", text)


def _reply(note: Note) -> dict[str, object]:
    return dict(note.body.get("reply") or {})


def _opinions_of(*units: str) -> Test:
    return lambda _run, note: set(units) <= {each["unit"] for each in _reply(note).get("opinions", [])}  # type: ignore[attr-defined]


def _every_co_unit(run: Run, note: Note) -> bool:
    return _opinions_of(*run.story.expected["co_units"])(run, note)


def _names_unit(text: str) -> Test:
    unit = next(unit for unit, name in NAMES.items() if name in text)
    return lambda _run, note: NAMES[unit] in _all(note) or f"'{unit}'" in _all(note)


def _field(*names: str) -> Test:
    def has(_run: Run, note: Note) -> bool:
        return any(note.body.get(name) or _reply(note).get(name) for name in names)

    return has


def _word(*words: str) -> Test:
    return lambda _run, note: any(word in _all(note) for word in words)


def _reference(run: Run, note: Note) -> bool:
    return run.story.expected["in_proceedings"]["ref"] in _all(note)


def _contact(run: Run, note: Note) -> bool:
    told = note.body.get("contact") or {}
    return bool(told.get("person") and told.get("phone")) or _word("电话")(run, note)


_TESTS: tuple[tuple[str, Test], ...] = (
    (r"联系人员|联系电话", _contact),
    (r"^受理单位$", _field("accepting_unit")),
    (r"办理期限", _field("due")),
    (r"申请天数|上限", _field("until")),
    (r"理由|原因", _field("reason", "internal_text")),
    (r"法律依据|^依据$", _field("legal_basis")),
    (r"复查\d+日", lambda _run, note: any("复查" in line and "30日" in line for line in _reply(note)["remedies"])),  # type: ignore[attr-defined]
    (r"救济途径", _word("救济途径")),
    (r"各自期限", _word("申请复议至")),
    (r"三家意见|各段责任单位", _every_co_unit),
    (r"人社意见摘要|人社重算", _opinions_of("hrss")),
    (r"医保意见摘要", _opinions_of("medical")),
    (r"税务处理", _word("税务")),
    (r"(主办|承办|受理|指定)[^，]*县(税务|人社|医保)", lambda run, note: _names_unit(_all(note))(run, note)),
    (r"承办单位县医保局", _names_unit("医保")),
    (r"县税务局", _names_unit("税务")),
    (r"受理单位仍为县人社局", _names_unit("人社")),
    (r"进专案|已联办", _word("复杂专案", "一般联办")),
    (r"意见已齐", _word("意见已齐")),
    (r"会商", _word("会商")),
    (r"催促中", _word("催促中")),
    (r"案号", _reference),
    (r"等待裁决", _word("等待裁决")),
    (r"会议纪要", _word("纪要")),
    (r"具体日期", lambda _run, note: re.search(r"\d{4}-\d{2}-\d{2}", str(_reply(note)["public_text"])) is not None),
    (r"由待遇改为缴费基数", _word("缴费基数申报")),
    (r"处理意见", _field("public_text")),
    (r"办理结果|补报结论", _field("public_text")),
    (r"限期缴纳", _word("限期缴纳")),
    (r"追缴", _word("追缴")),
    (r"欠薪", _word("欠薪")),
    (r"公积金", _word("公积金")),
    (r"\d元|\d{4}-\d{2}", _field("public_text", "internal_text")),
)
