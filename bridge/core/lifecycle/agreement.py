"""Whether the units of a case agree, kept in its history; a reply leaves no contradiction unexplained.

Owns: when contradictions are noted and when a final opinion is refused for them. Must not: compare opinions
(``core.contradictions`` does). Source: policy 四(二)1(3); issue "consolidation".
"""

from __future__ import annotations

from bridge.core import contradictions
from bridge.core.contradictions import Contradiction
from bridge.core.lifecycle.work import Work
from bridge.core.model.opinion import Opinion
from bridge.errors import InvalidPayload, Problem

REMEDY = "请有关单位重新提交意见予以更正，或者在 note 中说明采信哪一方及理由"
_VALUE = {
    contradictions.AMOUNT: "，也可以在 amounts 中以同一名称写明最终数额",
    contradictions.PERIOD: "，也可以在 period 中写明最终所属期",
}


def found(work: Work) -> list[Contradiction]:
    """Return the contradictions between the standing opinions of this round."""
    return contradictions.find(work.policy, work.case, work.standing_opinions())


def note_changes(work: Work, before: list[Contradiction]) -> None:
    """Record which contradictions the newest opinion brought and which it ended."""
    now = found(work)
    for type_, news in (
        ("contradiction.found", [each for each in now if each not in before]),
        ("contradiction.ended", [each for each in before if each.text not in {other.text for other in now}]),
    ):
        for each in news:
            work.record(type_, kind=each.kind, units=each.view()["units"], text=each.text)


def unexplained(work: Work, final: Opinion) -> list[Contradiction]:
    """Return the contradictions that a final opinion would have to settle or explain and does not."""
    return contradictions.unexplained(work.policy, found(work), final)


def require_explained(work: Work, final: Opinion) -> None:
    """Refuse a final opinion that leaves an amount or period in dispute without a word on it; keep its words otherwise."""
    if open_ := unexplained(work, final):
        raise InvalidPayload([Problem("note", f"{each.text}。{REMEDY}{_VALUE[each.kind]}") for each in open_])
    if all_found := found(work):
        how = contradictions.account(work.policy, all_found, final)
        work.record("contradictions.explained", opinion=final.id, by=final.body.signed_by, account=how)
