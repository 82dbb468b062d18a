"""Where the units' standing opinions of a case do not agree, and what of it the final opinion leaves unexplained.

Owns: comparing amounts, fee periods, conclusions, the legal basis and who holds itself responsible; the words for it.
Must not: decide who is right, nor average or pick; it adds up only the parts of different kinds. Source: policy 四(二)1(3); issue "consolidation".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import combinations
from typing import Any

from bridge.core.model.case import Case
from bridge.core.model.opinion import Opinion
from bridge.core.model.ticket import FeePeriod
from bridge.core.policy import Policy
from bridge.core.scopes import Scopes
from bridge.core.vocabulary import Conclusion

AMOUNT, PERIOD, CONCLUSION, RESPONSIBLE, CLAUSE = "amount", "period", "conclusion", "responsible", "clause"
_TITLES = {
    AMOUNT: "金额不一致",
    PERIOD: "费款所属期不一致",
    CONCLUSION: "处理结论相反",
    RESPONSIBLE: "各单位均认为不属本单位职责",
    CLAUSE: "引用依据不同",
}
_CONCLUSIONS = {
    Conclusion.SUBSTANTIATED: "属实",
    Conclusion.UNSUBSTANTIATED: "不属实",
    Conclusion.NOT_IN_SCOPE: "不属职责范围",
}
_OPPOSED = {Conclusion.SUBSTANTIATED, Conclusion.UNSUBSTANTIATED}
_SHOWN_NAME_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class Claim:
    """What one unit says: under which name (of an amount), which value."""

    unit: str
    version: int
    value: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Claims that cannot stand beside each other; ``subject`` is the amount they are about.

    ``binding``: the lead must settle or explain it before the reply goes; otherwise it is only shown.
    """

    kind: str
    subject: str
    claims: tuple[Claim, ...]
    text: str

    @property
    def binding(self) -> bool:
        """Tell whether the reply waits for it: units judge their own parts, but one sum has one value."""
        return self.kind in (AMOUNT, PERIOD)

    def view(self) -> dict[str, Any]:
        """Return it as units and operators are shown it."""
        claims = [{"unit": c.unit, "version": c.version, "name": c.name or None, "value": c.value} for c in self.claims]
        units = list(dict.fromkeys(claim.unit for claim in self.claims))
        shown = {"kind": self.kind, "subject": self.subject or None, "units": units, "claims": claims}
        return {**shown, "must_explain": self.binding, "text": self.text}


def find(policy: Policy, case: Case, standing: Sequence[Opinion]) -> list[Contradiction]:
    """Return every contradiction between units.

    Where the fees straddle the reform, units may speak of adjoining periods, or of a part of the whole. Where each
    agency re-checks a refund of its own insurance kinds, their sums and periods are parts of one whole.
    """
    newest = list({opinion.unit: opinion for opinion in standing}.values())
    if len(newest) < 2:  # noqa: PLR2004 - a contradiction takes two
        return []
    scopes = Scopes(policy, case)
    found = [*_amounts(policy, scopes, newest), *_periods(policy, scopes, newest), *_conclusions(policy, newest)]
    return [*found, *_clauses(policy, newest, found)]


def unexplained(policy: Policy, found: Iterable[Contradiction], final: Opinion) -> list[Contradiction]:
    """Return those the final opinion neither explains in words nor settles by stating the value itself."""
    if explanation(final):
        return []
    stated = {_concept(policy, name) for name in final.body.amounts}
    open_ = [each for each in found if each.kind == AMOUNT and each.subject not in stated]
    return open_ if final.body.period else [*open_, *(each for each in found if each.kind == PERIOD)]


def explanation(final: Opinion) -> str:
    """Return the lead's words on the contradictions: its note, or the reason of a signed override."""
    override = final.body.override
    return (final.body.note or "").strip() or (override.reason.strip() if override else "")


def account(policy: Policy, found: Sequence[Contradiction], final: Opinion) -> list[str]:
    """Return the lines of the internal account: each contradiction, then how the final opinion deals with it."""
    if not found:
        return []
    stated = [f"{name} {value}" for name, value in final.body.amounts.items()]
    how = explanation(final) or (f"以总处理意见所列数额为准（{'、'.join(stated)}）" if stated else "见总处理意见")
    unit = policy.units.get(final.unit)
    return [*(f"意见矛盾：{each.text}" for each in found), f"{unit.name if unit else final.unit}对矛盾的说明：{how}"]


def _amounts(policy: Policy, scopes: Scopes, opinions: Sequence[Opinion]) -> list[Contradiction]:
    by_concept: dict[str, list[Claim]] = {}
    for opinion in opinions:
        for name, value in opinion.body.amounts.items():
            claim = Claim(opinion.unit, opinion.version, value, name)
            by_concept.setdefault(_concept(policy, name), []).append(claim)
    return [_amount(policy, concept, claims) for concept, claims in by_concept.items() if _differ(scopes, claims)]


def _concept(policy: Policy, name: str) -> str:
    plain = _plain(name)
    for concept, names in policy.replies.same_amounts.items():
        if plain == _plain(concept) or plain in map(_plain, names):
            return concept
    return plain


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split()).removesuffix("(元)")


def _differ(scopes: Scopes, claims: Sequence[Claim]) -> bool:
    """Tell whether two units differ: in a value under one name, or, without a common name, in every value."""
    values: dict[str, dict[str, object]] = {}
    for claim in claims:
        values.setdefault(claim.unit, {})[_plain(claim.name)] = _number(claim.value)
    parts = [unit for unit in values if any(scopes.apart(unit, other) for other in values)]
    wholes = [values[unit] for unit in values if unit not in parts]
    if parts:
        wholes.append(_together([values[unit] for unit in parts]))
    return any(_pair_differs(one, other) for one, other in combinations(wholes, 2))


def _together(parts: Sequence[dict[str, object]]) -> dict[str, object]:
    """Return the parts that agencies of different kinds state, name by name, as whoever speaks of all kinds sees them."""
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: _sum([part[name] for part in parts if name in part]) for name in names}


def _sum(values: Sequence[object]) -> object:
    numbers = [value for value in values if isinstance(value, Decimal)]
    return sum(numbers, Decimal(0)) if len(numbers) == len(values) else values[0]


def _pair_differs(one: dict[str, object], other: dict[str, object]) -> bool:
    common = one.keys() & other.keys()
    if common:
        return any(one[name] != other[name] for name in common)
    return not set(one.values()) & set(other.values())


def _number(text: str) -> object:
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _amount(policy: Policy, concept: str, claims: Sequence[Claim]) -> Contradiction:
    said = " ≠ ".join(f"{_unit(policy, c.unit)}“{c.name[:_SHOWN_NAME_CHARACTERS]}”{c.value}" for c in claims)
    numbers = [number for claim in claims if isinstance(number := _number(claim.value), Decimal)]
    apart = f"，差{max(numbers) - min(numbers):f}" if numbers else ""
    return Contradiction(AMOUNT, concept, tuple(claims), f"{_TITLES[AMOUNT]}：{said}{apart}")


def _periods(policy: Policy, scopes: Scopes, opinions: Sequence[Opinion]) -> list[Contradiction]:
    stated = [(o, o.body.period) for o in opinions if o.body.period is not None]
    claims = [Claim(opinion.unit, opinion.version, _months(period)) for opinion, period in stated]
    at_odds = [
        _periods_differ(one, other)
        and not scopes.apart(a.unit, b.unit)
        and not (scopes.straddles and _parts(one, other))
        for (a, one), (b, other) in combinations(stated, 2)
    ]
    return [_said(policy, PERIOD, claims, " ≠ ")] if any(at_odds) else []


def _months(period: FeePeriod) -> str:
    return f"{period.start or '…'}至{period.end or '…'}"


def _periods_differ(one: FeePeriod, other: FeePeriod) -> bool:
    ends = ((one.start, other.start), (one.end, other.end))
    return any(a and b and a != b for a, b in ends)


def _parts(one: FeePeriod, other: FeePeriod) -> bool:
    """Tell whether two periods can both be right of fees that straddle the reform: side by side, or part and whole."""
    return _disjoint(one, other) or _within(one, other) or _within(other, one)


def _within(part: FeePeriod, whole: FeePeriod) -> bool:
    ends = (part.start, part.end, whole.start, whole.end)
    return all(ends) and (whole.start or "") <= (part.start or "") and (part.end or "") <= (whole.end or "")


def _disjoint(one: FeePeriod, other: FeePeriod) -> bool:
    first, second = sorted((one, other), key=lambda period: period.start or "")
    return bool(first.end and second.start and first.end < second.start)


def _conclusions(policy: Policy, opinions: Sequence[Opinion]) -> list[Contradiction]:
    """Only 属实 against 不属实 contradicts; that nobody holds itself responsible is a contradiction of all."""
    given = [o for o in opinions if o.body.conclusion is not Conclusion.NO_COMMENT]
    concluded = {opinion.body.conclusion for opinion in given}
    if concluded >= _OPPOSED:
        return [_concluded(policy, CONCLUSION, [o for o in given if o.body.conclusion in _OPPOSED])]
    if concluded == {Conclusion.NOT_IN_SCOPE} and len(given) > 1:
        return [_concluded(policy, RESPONSIBLE, given)]
    return []


def _concluded(policy: Policy, kind: str, opinions: Sequence[Opinion]) -> Contradiction:
    claims = [Claim(o.unit, o.version, _CONCLUSIONS[o.body.conclusion]) for o in opinions]
    return _said(policy, kind, claims, "，")


def _clauses(policy: Policy, opinions: Sequence[Opinion], found: Sequence[Contradiction]) -> list[Contradiction]:
    """Different clauses are worth a word only between units that contradict each other anyway."""
    at_odds = {claim.unit for each in found for claim in each.claims}
    citing = [o for o in opinions if o.unit in at_odds and o.body.legal_basis]
    shared = [set(a.body.legal_basis) & set(b.body.legal_basis) for a, b in combinations(citing, 2)]
    if not shared or any(shared):
        return []
    claims = [Claim(o.unit, o.version, "、".join(o.body.legal_basis)) for o in citing]
    return [_said(policy, CLAUSE, claims, "，")]


def _said(policy: Policy, kind: str, claims: Sequence[Claim], between: str) -> Contradiction:
    said = between.join(f"{_unit(policy, claim.unit)}：{claim.value}" for claim in claims)
    return Contradiction(kind, "", tuple(claims), f"{_TITLES[kind]}：{said}")


def _unit(policy: Policy, unit: str) -> str:
    known = policy.units.get(unit)
    return known.name if known else unit
