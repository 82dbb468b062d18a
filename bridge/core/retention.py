"""How long a case's papers are kept (domain 5.3; 国家档案局令第8号).

Owns: the classes and which case has which. Must not: delete anything; that is a person's act after appraisal (鉴定).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from bridge.core.vocabulary import ProcedureId


class Retention(StrEnum):
    """保管期限."""

    PERMANENT = "permanent"
    YEARS_30 = "years_30"
    YEARS_10 = "years_10"


DEFAULTS: Mapping[ProcedureId, Retention] = {
    ProcedureId.JOINT_COMPLEX: Retention.PERMANENT,
    ProcedureId.JOINT_GENERAL: Retention.YEARS_30,
    ProcedureId.TRANSFER: Retention.YEARS_10,
    ProcedureId.DIRECT: Retention.YEARS_10,
}


class Kept(Protocol):
    """A procedure as the rules state it."""

    @property
    def retention(self) -> Retention | None:
        """What the rules say, if anything."""


def retention_of(procedure: ProcedureId | None, procedures: Mapping[ProcedureId, Kept]) -> Retention:
    """Return the class of a case: what the rules say of its procedure, else the usual; without one, ten years."""
    if procedure is None:
        return Retention.YEARS_10
    stated = procedures[procedure].retention if procedure in procedures else None
    return stated or DEFAULTS[procedure]
