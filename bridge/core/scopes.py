"""Of which part of a dispute a unit speaks: the insurance kinds it runs.

Owns: when two units speak of different kinds. Must not: compare what they say. Source: policy 三(一)3, 4; R9, R10.
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.model.case import Case
from bridge.core.policy import Policy
from bridge.core.vocabulary import Insurance, PeriodStage

PARTED = "refund_offset"
"""Refunds are re-checked by each agency for its own insurance kinds. Source: policy 三(一)3, 4 (退费复核), R9, R10."""


@dataclass(frozen=True, slots=True)
class Scopes:
    """Which insurance kinds a unit speaks of in a case."""

    policy: Policy
    case: Case

    @property
    def straddles(self) -> bool:
        """Tell whether the fees lie on both sides of the reform."""
        return self.case.period is PeriodStage.STRADDLE

    def of(self, unit: str) -> frozenset[Insurance]:
        """Return the kinds of the case that a unit runs; empty for a unit that speaks of the whole."""
        known = self.policy.units.get(unit)
        if self.case.category != PARTED or known is None:
            return frozenset()
        return frozenset(known.insurance) & (frozenset(self.case.insurance) or frozenset(Insurance))

    def apart(self, one: str, other: str) -> bool:
        """Tell whether two units speak of different kinds, each of its own."""
        return bool(self.of(one) and self.of(other)) and not self.of(one) & self.of(other)
