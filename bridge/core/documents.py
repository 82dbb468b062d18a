"""Which documents a case can have, and whose they are: kinds, subjects, when each may be issued.

Owns: the closed list of kinds and the question "what can be issued now". Must not: word a document or render one.
Source: policy 四(一)–(四); requirements R20, R23, R25, R26, R29, R32.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bridge.core.lifecycle import stages
from bridge.core.lifecycle.work import Work
from bridge.core.model.opinion import Opinion
from bridge.core.vocabulary import CaseState, ProcedureId, ReceiptType


class DocumentKind(StrEnum):
    """The documents of the mechanism, in the order of a file."""

    REGISTER = "register"
    ASSIGNMENT = "assignment"
    TRANSFER = "transfer"
    OPINION = "opinion"
    SUMMARY = "summary"
    MINUTES = "minutes"
    REPLY_PAYER = "reply_payer"
    REPLY_OTHER = "reply_other"


class Secrecy(StrEnum):
    """What a kind may say of a petitioner.

    ``full``: everything; readers who are not entitled get a blanked copy of a confidential case's.
    ``circulated``: it goes round among units, so a confidential petitioner is blanked in the only copy.
    ``never``: it goes to the other side of the dispute, who never reads who the petitioner is (R29).
    """

    FULL = "full"
    CIRCULATED = "circulated"
    NEVER = "never"


SECRECY = {
    DocumentKind.REGISTER: Secrecy.FULL,
    DocumentKind.ASSIGNMENT: Secrecy.CIRCULATED,
    DocumentKind.TRANSFER: Secrecy.FULL,
    DocumentKind.OPINION: Secrecy.CIRCULATED,
    DocumentKind.SUMMARY: Secrecy.CIRCULATED,
    DocumentKind.MINUTES: Secrecy.CIRCULATED,
    DocumentKind.REPLY_PAYER: Secrecy.FULL,
    DocumentKind.REPLY_OTHER: Secrecy.NEVER,
}

ANSWERED_STATES = frozenset(
    {CaseState.REPLYING, CaseState.REPLIED, CaseState.ARCHIVED, CaseState.CLOSED_CONSULT, CaseState.CLOSED_REMEDY_TOLD}
)
"""States in which the reply of the round has been composed."""

_SINGLE = (ProcedureId.DIRECT, ProcedureId.TRANSFER)


@dataclass(frozen=True, slots=True)
class Subject:
    """One document a case can have: its kind, what it is about, and whose it is.

    ``reference`` is an assignment's or opinion's id, ``round-N`` or ``event-N``; ``unit`` is the unit it is addressed
    to (交办单) or comes from (书面意见), None for a paper of the whole case.
    """

    kind: DocumentKind
    reference: str
    unit: str | None = None


def subjects(work: Work, minutes: Sequence[int]) -> list[Subject]:
    """Return every document that can be issued now, in the order of a file.

    ``minutes`` are the numbers of the events that recorded 会议纪要.
    """
    found = [Subject(DocumentKind.REGISTER, "case")]
    found += [
        Subject(DocumentKind.ASSIGNMENT, a.id, a.unit) for a in work.assignments.values() if a.dispatched_at is not None
    ]
    found += _transfers(work)
    found += [Subject(DocumentKind.OPINION, o.id, o.unit) for o in _written(work, ReceiptType.OPINION)]
    found += [Subject(DocumentKind.MINUTES, f"event-{number}") for number in minutes]
    final = stages.final_opinion(work)
    if final is not None and work.case.procedure not in _SINGLE:
        found.append(Subject(DocumentKind.SUMMARY, f"round-{work.case.round}"))
    if final is not None and work.case.state in ANSWERED_STATES:
        found += _replies(work, final)
    order = list(DocumentKind)
    return sorted(found, key=lambda subject: order.index(subject.kind))


def _transfers(work: Work) -> Iterator[Subject]:
    """移送: the payer must learn whom to reach whenever another unit than the accepting one handles alone (R23)."""
    lead = work.lead()
    if lead is not None and work.case.procedure is ProcedureId.TRANSFER:
        yield Subject(DocumentKind.TRANSFER, lead.id)


def _written(work: Work, kind: ReceiptType) -> Iterable[Opinion]:
    return (opinion for opinion in work.opinions if opinion.kind is kind)


def _replies(work: Work, final: Opinion) -> Iterator[Subject]:
    yield Subject(DocumentKind.REPLY_PAYER, f"round-{work.case.round}")
    other = final.body.other_side
    if other is not None and other.text:
        yield Subject(DocumentKind.REPLY_OTHER, f"round-{work.case.round}")
