"""What people made of a ticket after the rules had judged it: the labelled example its history holds.

Owns: folding a case's history into one verdict; the newest word of a person stands. Must not: read a store.
Every manual classification, reroute, hand-over and return is an event of the case, so nothing is recorded twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bridge.core.scorecard import Told

EVENTS = (
    "case.classified",
    "case.rerouted",
    "case.designated",
    "lead.changed",
    "assignment.returned",
    "case.returned_upstream",
    "reply.composed",
)
OUT = "out"
"""Stands for the category of what is not ours."""

_NOT_OURS = "out_of_scope"
_PERSON = "operator:"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The category (or :data:`OUT`) and the lead that stand; None where nobody said.

    ``acts`` are the acts that corrected the rules, in order; ``confirmed``: nobody did, and the lead answered.
    """

    category: str | None = None
    lead: str | None = None
    acts: tuple[str, ...] = ()
    confirmed: bool = False


UNJUDGED = Verdict()
"""Nobody said anything."""


def verdict_of(history: Iterable[Told]) -> Verdict:
    """Fold a history; the rules' own classification is a verdict only once its lead has answered."""
    verdict, own = UNJUDGED, UNJUDGED
    for told in history:
        if told.type == "case.classified" and "in_scope" in told.detail:
            own = Verdict(told.detail.get("category"), told.detail.get("lead"), confirmed=True)
        elif told.type == "reply.composed":
            verdict = own if verdict == UNJUDGED else verdict
        else:
            verdict = _after(verdict, told)
    return verdict


def _after(verdict: Verdict, told: Told) -> Verdict:
    detail: Mapping[str, Any] = told.detail
    unit = detail.get("unit")
    match told.type:
        case "case.classified":
            return _says(verdict, "classify", detail.get("category"), detail.get("lead"))
        case "case.rerouted" | "case.designated":
            said = None if verdict.confirmed else verdict.category
            return _says(verdict, str(detail.get("action") or "designate"), said, unit)
        case "case.returned_upstream" if told.actor.startswith(_PERSON) and detail.get("reason_code") == _NOT_OURS:
            return _says(verdict, "return_upstream", OUT, None)
        case "assignment.returned":
            return replace(verdict, acts=(*verdict.acts, "returned"), confirmed=False)
        case "lead.changed":
            return replace(verdict, lead=unit, acts=verdict.acts or ("transferred",), confirmed=False)
    return verdict


def _says(verdict: Verdict, act: str, category: str | None, lead: str | None) -> Verdict:
    return Verdict(category, lead, (*verdict.acts, act))
