"""The two small machines, as tables: which state of a case, and of an assignment, follows which, and by what.

Owns: the tables that the documentation draws and the random histories are held to. Must not: decide; what a
command does stands in the modules beside this one. Source: contract section 4.
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.vocabulary import AssignmentState as Part
from bridge.core.vocabulary import CaseState as Case

BEGINNING = "*"
"""Before a ticket is registered, or an assignment planned."""


@dataclass(frozen=True, slots=True)
class Move:
    """A step from a state (``*``: none yet) to another; ``by`` says in Chinese what takes it."""

    start: str
    end: str
    by: str


CASE_MOVES: tuple[Move, ...] = (
    Move(BEGINNING, Case.TRIAGE, "登记，须人工分派"),
    Move(BEGINNING, Case.HANDLING, "登记并派单"),
    Move(BEGINNING, Case.RETURNED_UPSTREAM, "登记，自动退回（不复核时）"),
    Move(BEGINNING, Case.ARCHIVED, "登记表扬，只送达"),
    Move(Case.TRIAGE, Case.HANDLING, "classify、reroute、designate"),
    Move(Case.TRIAGE, Case.AWAITING_APPROVAL, "classify 为复杂专案"),
    Move(Case.HANDLING, Case.TRIAGE, "主办退单无去向，或第二次退单"),
    Move(Case.HANDLING, Case.AWAITING_APPROVAL, "proposed_complex"),
    Move(Case.HANDLING, Case.CONSOLIDATING, "意见到齐，或 override"),
    Move(Case.HANDLING, Case.REPLYING, "单一主办的意见即答复"),
    Move(Case.AWAITING_APPROVAL, Case.HANDLING, "approve、deny"),
    Move(Case.AWAITING_APPROVAL, Case.TRIAGE, "主办退单"),
    Move(Case.CONSOLIDATING, Case.HANDLING, "加派、改派、改类、移送、退回重写"),
    Move(Case.CONSOLIDATING, Case.AWAITING_APPROVAL, "proposed_complex"),
    Move(Case.CONSOLIDATING, Case.TRIAGE, "主办退单"),
    Move(Case.CONSOLIDATING, Case.REPLYING, "consolidated（要签发的：send_reply）"),
    Move(Case.REPLYING, Case.REPLIED, "答复全部送达"),
    Move(Case.REPLYING, Case.CLOSED_CONSULT, "答复送达（咨询、建议）"),
    Move(Case.REPLYING, Case.CLOSED_REMEDY_TOLD, "补充答复送达（已提异议）"),
    Move(Case.REPLYING, Case.WITHDRAWN, "unmerge（自有工单早已撤回）"),
    Move(Case.REPLIED, Case.WITHDRAWN, "unmerge（自有工单早已撤回）"),
    Move(Case.REPLIED, Case.ARCHIVED, "无异议或异议期满，双方已告知"),
    Move(Case.REPLIED, Case.CLOSED_REMEDY_TOLD, "objection、close"),
    Move(Case.REPLIED, Case.REPLYING, "补充答复"),
    Move(Case.REPLIED, Case.HANDLING, "rework、reopen"),
    Move(Case.CLOSED_CONSULT, Case.ARCHIVED, "archive"),
    Move(Case.CLOSED_CONSULT, Case.REPLYING, "补充答复"),
    Move(Case.CLOSED_CONSULT, Case.HANDLING, "rework、reopen"),
    Move(Case.CLOSED_REMEDY_TOLD, Case.ARCHIVED, "archive"),
    Move(Case.CLOSED_REMEDY_TOLD, Case.REPLYING, "补充答复"),
    Move(Case.CLOSED_REMEDY_TOLD, Case.HANDLING, "rework、reopen"),
    Move(Case.ARCHIVED, Case.HANDLING, "rework、reopen"),
    Move(Case.ARCHIVED, Case.REPLYING, "return_refused（同案另一工单，沿用答复）"),
    Move(Case.RETURNED_UPSTREAM, Case.TRIAGE, "return_refused"),
    Move(Case.WITHDRAWN, Case.TRIAGE, "return_refused（同案另一工单）"),
)
"""What a case can become step by step; one command takes one step or several.

Withdrawing, returning upstream and merging end a case from every state before the reply (``ENDS_EARLY``); an unmerge
brings a merged case back to where it stood, or to where its tickets stand now.
"""

ENDS_EARLY = frozenset({Case.WITHDRAWN, Case.RETURNED_UPSTREAM, Case.MERGED})
"""Ends without an answer."""

ASSIGNMENT_MOVES: tuple[Move, ...] = (
    Move(BEGINNING, Part.QUEUED, "列入计划"),
    Move(Part.QUEUED, Part.DISPATCHED, "本环节开始，派单"),
    Move(Part.QUEUED, Part.SIGNED, "再次派给已签收的单位"),
    Move(Part.QUEUED, Part.ANSWERED, "表扬，只送达"),
    Move(Part.QUEUED, Part.WITHDRAWN, "不再需要"),
    Move(Part.DISPATCHED, Part.SIGNED, "signed"),
    Move(Part.DISPATCHED, Part.ANSWERED, "opinion（即签收）"),
    Move(Part.DISPATCHED, Part.RETURNED, "returned"),
    Move(Part.DISPATCHED, Part.WITHDRAWN, "撤单、并案、改派"),
    Move(Part.DISPATCHED, Part.QUEUED, "新一轮重新派出"),
    Move(Part.SIGNED, Part.ANSWERED, "opinion、consolidated"),
    Move(Part.SIGNED, Part.QUEUED, "新一轮重新派出"),
    Move(Part.SIGNED, Part.WITHDRAWN, "撤单、并案"),
    Move(Part.ANSWERED, Part.SIGNED, "由主办退为协办，意见另计"),
    Move(Part.ANSWERED, Part.QUEUED, "新一轮重新派出"),
    Move(Part.ANSWERED, Part.WITHDRAWN, "撤单、并案"),
    Move(Part.WITHDRAWN, Part.QUEUED, "撤销并案"),
)
"""What an assignment can become."""
