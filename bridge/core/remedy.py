"""A remedy as the operators' rules describe it, and whom a petitioner may dispute with.

Owns: these two value types. Must not: decide which remedy fits (``core.remedies`` does).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bridge.core.vocabulary import LinkKind, PartyRole, PeriodStage, ProcedureId, TicketKind


class Opponent(StrEnum):
    """Whom the petitioner disputes with; ``unnamed`` where the ticket says nothing we can tell from."""

    EMPLOYER = "employer"
    AGENCY = "agency"
    PERSON = "person"
    UNNAMED = "unnamed"


@dataclass(frozen=True, slots=True)
class Remedy:
    """One remedy of the rules. Empty filters match everything; ``acted`` prints the text once per such unit.

    ``named`` narrows ``acted`` to the units that the ticket names as the other side. A link of a kind in
    ``without_links`` means that way is being gone already.
    """

    id: str
    text: str
    clause: str
    acted: tuple[str, ...] = ()
    named: bool = False
    kinds: tuple[TicketKind, ...] = ()
    adapters: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    procedures: tuple[ProcedureId, ...] = ()
    periods: tuple[PeriodStage, ...] = ()
    party: tuple[PartyRole, ...] = ()
    without_party: tuple[PartyRole, ...] = ()
    counterparty: tuple[Opponent, ...] = ()
    flags: tuple[str, ...] = ()
    without_flags: tuple[str, ...] = ()
    links: tuple[LinkKind, ...] = ()
    without_links: tuple[LinkKind, ...] = ()
