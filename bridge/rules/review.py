"""Whether a person must look before anything is sent, and why.

Owns: the one place that weighs confidence, routes of the runner-up, the opinion on the lead, flags, and says it in
words. Must not: classify or route.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge.core.assessment import Classification, Route
from bridge.core.values import changed
from bridge.rules.classify import OPINION_RULE
from bridge.rules.document import ReviewEntry
from bridge.rules.second_opinion import OUT, Advice
from bridge.rules.sureness import Sureness, of_lead

LeadOf = Callable[[str], str | None]


@dataclass(frozen=True)
class Reviewer:
    """The settings of ``review:`` with the names of the flags and of the units."""

    settings: ReviewEntry
    flag_names: dict[str, str]
    out_names: dict[str, str]
    unit_names: dict[str, str]

    def judge(
        self, found: Classification, scope_share: float, route: Route, lead_of: LeadOf, advice: Advice | None
    ) -> Classification:
        """Return the classification with ``review`` and its reason set."""
        if not self.settings.enabled:
            return found
        reason = self._reason(found, scope_share, route, self.sureness(found, route, lead_of, advice))
        return changed(found, review=bool(reason), review_reason=reason)

    def sureness(self, found: Classification, route: Route, lead_of: LeadOf, advice: Advice | None) -> Sureness:
        """How sure the lead is: the shares of all candidates that go to the same unit, and the second opinion."""
        if route.lead is None:
            return Sureness(0.0)
        same = [share for name, share in found.candidates if name == found.category or lead_of(name) == route.lead]
        return of_lead(route.lead, sum(same), advice)

    def _reason(self, found: Classification, scope_share: float, route: Route, sure: Sureness) -> str:
        if not found.in_scope:
            return f"不属本机制({self.out_names.get(found.out_reason or '', '其他事项')}),由人退回上游"
        if found.category is None or route.lead is None:
            return "没有足够依据判定类别,请人工判定"
        flagged = [self.flag_names.get(flag, flag) for flag in found.flags if flag in self.settings.flags]
        if flagged:
            return f"须由人确认:{'、'.join(flagged)}"
        if sure.preferred is None and not any(one.category and one.rule != OPINION_RULE for one in found.evidence):
            return "类别没有规则依据,只有第二意见,请人工判定"
        if scope_share < self.settings.min_scope_confidence:
            return "是否属社会保险费征缴争议把握不大"
        if sure.share < self.settings.min_confidence:
            return self._unsure(route.lead, sure)
        return ""

    def _unsure(self, lead: str, sure: Sureness) -> str:
        """What speaks against the lead, as a clerk reads it."""
        said = f"主办单位把握不大({sure.share:.0%})"
        if sure.preferred is None:
            return f"{said},两个候选类别相近"
        if sure.preferred == lead:
            return f"{said}:第二意见也倾向{self._name(lead)},但不肯定"
        other = "不属本机制" if sure.preferred == OUT else self._name(sure.preferred)
        return f"{said}:规则派{self._name(lead)},第二意见倾向{other}"

    def _name(self, unit: str) -> str:
        return self.unit_names.get(unit, unit)
