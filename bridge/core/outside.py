"""What a petitioner is told of matters that are not decided in this case: parts that go elsewhere, other proceedings.

Owns: the sentences, in Chinese, and their numbering. Must not: decide what goes where.
Source: domain A11 (already in proceedings: annotate, link, tell), A12 (mixed tickets are answered part by part).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bridge.core.model.case import Case, Link, Part
from bridge.core.vocabulary import LinkKind, PartDisposal

_NUMERALS = "一二三四五六七八九十"
_WHERE: Mapping[LinkKind, tuple[str, str]] = {
    LinkKind.PETITION: ("信访程序（编号：{}）", "请等待信访处理意见；对处理意见不服的，可依法申请复查、复核"),
    LinkKind.ARBITRATION: ("劳动人事争议仲裁程序（案号：{}）", "请等待裁决；对裁决不服的，可依法向人民法院起诉"),
    LinkKind.LITIGATION: ("诉讼程序（案号：{}）", "请等待人民法院裁判"),
    LinkKind.RECONSIDERATION: (
        "行政复议程序（案号：{}）",
        "请等待复议决定；对复议决定不服的，可依法向人民法院提起行政诉讼",
    ),
    LinkKind.MEDIATION: ("调解程序（编号：{}）", "请等待调解结果；调解不成的，可依法申请仲裁或者提起诉讼"),
    LinkKind.JUDICIAL_CONFIRMATION: ("司法确认程序（案号：{}）", "请等待人民法院的裁定"),
    LinkKind.INSPECTION: ("劳动保障监察程序（编号：{}）", "请等待处理决定"),
    LinkKind.OTHER: ("其他法定程序（编号：{}）", "请等待该程序的结果"),
}


def link_text(link: Link) -> str:
    """Say where a matter is already, that it is not handled twice, and what to wait for."""
    place, then = _WHERE[link.kind]
    number = "，".join([link.reference, *([link.by] if link.by else [])])
    return f"您反映的事项已进入{place.format(number)}，本机制不重复处理，{then}。"


def public_text(case: Case, text: str) -> str:
    """Return a reply's public text with what else must be said: part by part, and which proceedings go on."""
    own = _numbered(case.parts, text) if case.parts else [text]
    return "\n".join([*own, *dict.fromkeys(link_text(link) for link in case.links)])


def answer_text(push: Mapping[str, Any]) -> str:
    """Return what a part's petitioner is told, from the push its case would have sent upstream."""
    if "reply" in push:
        return str(push["reply"]["public_text"])
    return f"{push['reason']}，请向{push['suggested'] or '有权处理的部门'}反映。"


def split_text(parts: Sequence[Part]) -> str:
    """Say how a mixed ticket was split."""
    return "您反映的事项已分项办理：" + "".join(_numbered(parts, "由本机制办理，办结后答复。"))


def _numbered(parts: Sequence[Part], text: str) -> Iterator[str]:
    here = "、".join(part.matter for part in parts if part.disposal is PartDisposal.HERE)
    yield f"一、{here}部分处理意见：{text}"
    for number, part in enumerate((p for p in parts if p.disposal is not PartDisposal.HERE), start=2):
        yield f"{_numeral(number)}、{_elsewhere(part)}"


def _elsewhere(part: Part) -> str:
    if part.disposal is PartDisposal.OUTSIDE:
        return f"{part.matter}：不属征缴，去{part.suggested}反映。"
    return f"{part.matter}：{part.answer}" if part.answer else f"{part.matter}部分已登记，另行办理，结果另告。"


def _numeral(number: int) -> str:
    """Render 1 to 20 as a Chinese numeral."""
    return _NUMERALS[number - 1] if number <= len(_NUMERALS) else f"十{_NUMERALS[number - 11]}"
