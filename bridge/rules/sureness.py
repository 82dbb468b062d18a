"""How sure the lead is: what the rules make of it and what the second opinion makes of it, taken together.

Owns: one number that a person reads as a share, and in words what speaks against it. Must not: choose a lead; the
second opinion never changes where a ticket goes, it can only ask for a person.

The three numbers are a logistic regression on the tickets of four blind sets, each judged by the rules and by a model
that had not seen it (docs/reference/accuracy.md says how they were found).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bridge.rules.second_opinion import OUT, Advice

BASE, OF_RULES, OF_OPINION = 0.89, 0.22, 1.72
"""The log odds at even shares and no lean, per unit of the rules' log odds, per unit of the opinion's lead."""

FLOOR = 0.001
"""The rules are never surer than this leaves open: their share is no probability."""


@dataclass(frozen=True, slots=True)
class Sureness:
    """How sure a lead is, and what the second opinion would say: another unit, :data:`OUT`, or the same."""

    share: float
    preferred: str | None = None


def of_lead(lead: str, share: float, advice: Advice | None) -> Sureness:
    """How sure a lead is whose categories hold that share; the share itself where the model knows no such lead."""
    if advice is None or lead not in advice.leads:
        return Sureness(share)
    said = {**advice.leads, OUT: advice.categories.get(OUT, -1.0)}
    preferred = max(said, key=lambda name: said[name])
    odds = BASE + OF_RULES * _log_odds(share) + OF_OPINION * _ahead(said, lead)
    return Sureness(1 / (1 + math.exp(-odds)), preferred)


def _log_odds(share: float) -> float:
    return math.log((share + FLOOR) / (1 - share + FLOOR))


def _ahead(said: Mapping[str, float], lead: str) -> float:
    """By how much the opinion puts the lead before every other answer; negative where another is before it."""
    return said[lead] - max([value for name, value in said.items() if name != lead])
