"""Suggesting cases of the same matter, and merging without a person where the rules allow it.

Owns: what an operator is shown of similar cases, with the reasons. Must not: merge on a suggestion; a person does.
Units are never shown any of it: that two cases share a person is itself personal.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bridge.core.commands import ActionName, OperatorAction
from bridge.core.lifecycle import matters as merging
from bridge.core.lifecycle.work import Context
from bridge.core.model.file import CaseFile
from bridge.core.model.ticket import Ticket, TicketDraft
from bridge.core.similarity import SHOWN_FROM, Clue, alike, clues, is_same_matter
from bridge.core.vocabulary import TicketKind
from bridge.pipeline.commit import load
from bridge.pipeline.runtime import Runtime
from bridge.store.similar import Candidate
from bridge.store.writer import Tx

RECENT = timedelta(days=180)
"""A case closed longer ago is no longer suggested."""
MOST_SHOWN = 20
MOST_OPENED = 60
"""Tickets opened for one case, those with the strongest clue first."""
COMPARED = 5
"""Tickets of one case that are compared; further ones of a group say the same."""

MERGE = OperatorAction(ActionName.MERGE, reason="证件号码、被反映单位、反映内容完全相同，按规则自动并案")


def similar(tx: Tx, runtime: Runtime, file: CaseFile) -> list[dict[str, Any]]:
    """Return ``{case_id, score, reasons}`` of open and recent cases that may be the same matter, likeliest first."""
    mine = file.tickets[:COMPARED]
    store = runtime.store.similar
    shared = store.sharing(tx, (clue for ticket in mine for clue in clues(ticket.external_id, ticket.body)))
    own = {ticket.id for ticket in file.tickets}
    opened = store.candidates(tx, [ticket_id for ticket_id in shared if ticket_id not in own][:MOST_OPENED])
    split = {file.case.part_of, *(part.case_id for part in file.case.parts)}
    found = [_suggestion(file, mine, group) for group in _by_case(runtime, split, opened).values()]
    shown = [suggestion for suggestion in found if suggestion["score"] >= SHOWN_FROM]
    return sorted(shown, key=lambda suggestion: (-suggestion["score"], suggestion["case_id"]))[:MOST_SHOWN]


def _by_case(runtime: Runtime, own_parts: set[str | None], opened: list[Candidate]) -> dict[str, list[Candidate]]:
    since, groups = runtime.now() - RECENT, dict[str, list[Candidate]]()
    for candidate in opened:
        if candidate.ticket.case_id in own_parts:
            continue
        if candidate.closed_at is None or candidate.closed_at >= since:
            groups.setdefault(candidate.ticket.case_id, []).append(candidate)
    return groups


def _suggestion(file: CaseFile, mine: tuple[Ticket, ...], group: list[Candidate]) -> dict[str, Any]:
    category = group[0].category
    same = category is not None and category == file.case.category
    likeness = alike(mine, [candidate.ticket for candidate in group[:COMPARED]], same_category=same)
    return {
        "case_id": group[0].ticket.case_id,
        "state": group[0].state.value,
        "score": likeness.score,
        "reasons": list(likeness.reasons),
    }


def may_have_twin(draft: TicketDraft, context: Context) -> bool:
    """Tell whether a new ticket could have a :func:`twin` at all."""
    known = bool(draft.body.petitioner.id_number) and draft.kind is not TicketKind.PRAISE
    return context.policy.merge_automatic and known


def twin(tx: Tx, runtime: Runtime, draft: TicketDraft, context: Context) -> CaseFile | None:
    """Return the case a new ticket may join without a person: the strict identity, switched on in the rules."""
    number = draft.body.petitioner.id_number
    if not number or not may_have_twin(draft, context):
        return None
    shared = runtime.store.similar.sharing(tx, [(Clue.IDENTITY, number)])
    for candidate in runtime.store.similar.candidates(tx, shared):
        if _same_care(candidate.ticket, draft) and is_same_matter(candidate.ticket.body, draft.body):
            runtime.store.cases.lock(tx, candidate.ticket.case_id)
            file = load(tx, runtime, candidate.ticket.case_id)
            if merging.takes_tickets(file.case):
                return file
    return None


def _same_care(known: Ticket, draft: TicketDraft) -> bool:
    """Leave it to a person to join a report or complaint with another kind: a unit may have to stand aside from it."""
    kinds = {known.kind, draft.kind or TicketKind.HELP}
    return len(kinds) == 1 or not kinds & {TicketKind.REPORT, TicketKind.COMPLAINT}
