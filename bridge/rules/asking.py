"""Which further units the second opinion would ask, from the words of a text and what is known of it besides.

Owns: the facets beside the words, the border. Must not: take away a unit, or set a flag the document does not know.
"""

from __future__ import annotations

from collections.abc import Collection

from bridge.core.assessment import Classification, Route
from bridge.rules.route import ALL_KINDS
from bridge.rules.second_opinion import ASKED, Advice, SecondOpinion


def facets_of(found: Classification) -> tuple[str, ...]:
    """What is known of a text once its category is: the category, and it with the period and each kind of insurance."""
    category = found.category or ""
    kinds = [kind.value for kind in found.insurance] or ["unknown_kind"]
    if ALL_KINDS in found.flags:
        kinds.append(ALL_KINDS)
    return (category, f"{category}/{found.period.value}", *[f"{category}/{kind}" for kind in kinds])


def asked_besides(
    opinion: SecondOpinion, advice: Advice, found: Classification, route: Route, border: float, known: Collection[str]
) -> tuple[str, ...]:
    """The flags of the units that had a part in such texts and are not in the route.

    None where somebody else leads than in any example: of such a matter the opinion knows nothing.
    """
    if route.lead not in opinion.leads:
        return ()
    part_of_it = {route.lead, *route.co_units}
    open_to_it = [flag for flag in advice.asked if flag in known and ASKED[flag] not in part_of_it]
    facets = [opinion.facets[name] for name in facets_of(found) if name in opinion.facets]
    return tuple(flag for flag in open_to_it if advice.asked[flag] + sum([said[flag] for said in facets]) > border)
