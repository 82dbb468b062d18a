"""Where a case can stand, each place reached by real commands, with what a person may do there.

``STANDS`` lists every state at least once, and again where the same state allows something else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from bridge.core.policy import ReplyRules
from bridge.core.vocabulary import CaseState, TicketKind
from tests.contract.conftest import WHY, complex_case, retune
from tests.pipeline.conftest import JOINT, LEADER, OFFICE, SINGLE, Ledger

Build = Callable[[Ledger], Awaitable[str]]
BEFORE_REPLY = "classify designate link merge receipt reroute resume return_upstream split suspend"
WORKING = f"{BEFORE_REPLY} add_unit extend told"
AFTER = "link receipt reopen told"


@dataclass(frozen=True)
class Stand:
    """A place: how a case comes there, and the actions (``-name``: one less) and events that are legal."""

    state: CaseState
    build: Build
    actions: str
    events: str = "supplement urge withdraw extension_granted extension_denied satisfaction"
    legal: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Read the words of ``actions``."""
        words = self.actions.split()
        less = {word[1:] for word in words if word.startswith("-")}
        object.__setattr__(self, "legal", {word for word in words if word[0] != "-"} - less)


async def single(ledger: Ledger) -> str:
    return await ledger.ticket(SINGLE)


async def triage(ledger: Ledger) -> str:
    case_id = await single(ledger)
    await ledger.receipt(case_id, "tax", "returned", **WHY)
    return case_id


async def asked(ledger: Ledger) -> str:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "proposed_complex", reason="疑难")
    return case_id


async def joint(ledger: Ledger) -> str:
    return await ledger.ticket(JOINT)


async def minutes_due(ledger: Ledger) -> str:
    return await complex_case(ledger, JOINT)


async def suspended(ledger: Ledger) -> str:
    case_id = await single(ledger)
    await ledger.act(case_id, "suspend", OFFICE, reason="等候鉴定")
    return case_id


async def extension_asked(ledger: Ledger) -> str:
    case_id = await single(ledger)
    until = datetime.fromisoformat("2026-03-16T16:00:00+08:00")
    await ledger.receipt(case_id, "tax", "extension_requested", until=until, reason="取证")
    return case_id


async def consolidating(ledger: Ledger) -> str:
    case_id = await joint(ledger)
    await ledger.receipt(case_id, "hrss", "opinion")
    await ledger.receipt(case_id, "medical", "opinion")
    return case_id


async def to_sign_off(ledger: Ledger) -> str:
    retune(ledger, replies=ReplyRules(sign_off=True))
    case_id = await single(ledger)
    await ledger.receipt(case_id, "tax", "opinion")
    return case_id


async def replying(ledger: Ledger) -> str:
    case_id = await single(ledger)
    await ledger.receipt(case_id, "tax", "opinion")
    return case_id


async def replied(ledger: Ledger) -> str:
    case_id = await replying(ledger)
    await ledger.deliver()
    return case_id


async def archived(ledger: Ledger) -> str:
    case_id = await replied(ledger)
    await ledger.act(case_id, "close", OFFICE, reason="当事人另行起诉")
    await ledger.act(case_id, "archive", OFFICE, reason="办结")
    return case_id


async def withdrawn(ledger: Ledger) -> str:
    case_id = await single(ledger)
    await ledger.event(case_id, "withdraw")
    return case_id


async def returned_upstream(ledger: Ledger) -> str:
    case_id = await single(ledger)
    await ledger.act(case_id, "return_upstream", OFFICE, reason="不属本机制")
    return case_id


async def closed_consult(ledger: Ledger) -> str:
    case_id = await ledger.ticket(SINGLE, kind=TicketKind.CONSULT)
    await ledger.receipt(case_id, "tax", "opinion")
    await ledger.deliver()
    return case_id


async def remedy_told(ledger: Ledger) -> str:
    case_id = await replied(ledger)
    await ledger.event(case_id, "objection", routes=("行政复议",))
    return case_id


async def merged(ledger: Ledger) -> str:
    kept, gone = await ledger.ticket(SINGLE, external_id="K"), await ledger.ticket(SINGLE, external_id="G")
    await ledger.act(gone, "merge", OFFICE, into=kept, reason="同一诉求")
    return gone


async def approved(ledger: Ledger) -> str:
    case_id = await asked(ledger)
    await ledger.act(case_id, "approve", LEADER)
    return case_id


_ANSWERED = "supplement rework satisfaction"
STANDS: dict[str, Stand] = {
    "triage": Stand(CaseState.TRIAGE, triage, f"{BEFORE_REPLY} -resume"),
    "awaiting_approval": Stand(CaseState.AWAITING_APPROVAL, asked, f"{WORKING} approve deny -resume"),
    "handling": Stand(CaseState.HANDLING, single, f"{WORKING} -resume"),
    "handling, jointly": Stand(CaseState.HANDLING, joint, f"{WORKING} override -resume"),
    "handling, approved": Stand(CaseState.HANDLING, approved, f"{WORKING} override -resume"),
    "handling, minutes due": Stand(CaseState.HANDLING, minutes_due, f"{WORKING} minutes -resume"),
    "handling, suspended": Stand(CaseState.HANDLING, suspended, f"{WORKING} -suspend -merge"),
    "handling, extension asked": Stand(CaseState.HANDLING, extension_asked, f"{WORKING} deny -resume"),
    "consolidating": Stand(CaseState.CONSOLIDATING, consolidating, f"{WORKING} -resume"),
    "consolidating, to sign off": Stand(CaseState.CONSOLIDATING, to_sign_off, f"{WORKING} deny send_reply -resume"),
    "replying": Stand(CaseState.REPLYING, replying, "link receipt told", f"{_ANSWERED} objection"),
    "replied": Stand(CaseState.REPLIED, replied, f"{AFTER} objection close", f"{_ANSWERED} objection"),
    "archived": Stand(CaseState.ARCHIVED, archived, f"{AFTER} -receipt", _ANSWERED),
    "withdrawn": Stand(CaseState.WITHDRAWN, withdrawn, "", "satisfaction"),
    "returned_upstream": Stand(CaseState.RETURNED_UPSTREAM, returned_upstream, "told", "satisfaction return_refused"),
    "closed_consult": Stand(CaseState.CLOSED_CONSULT, closed_consult, f"{AFTER} archive", _ANSWERED),
    "closed_remedy_told": Stand(CaseState.CLOSED_REMEDY_TOLD, remedy_told, f"{AFTER} archive", _ANSWERED),
    "merged": Stand(CaseState.MERGED, merged, "unmerge", ""),
}
