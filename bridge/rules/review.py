"""Whether a person must look before anything is sent, and why.

Owns: the one place that weighs confidence, routes of the runner-up, flags. Must not: classify or route.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge.core.assessment import Classification, Route
from bridge.core.values import changed
from bridge.rules.classify import OPINION_RULE
from bridge.rules.document import ReviewEntry

LeadOf = Callable[[str], str | None]


@dataclass(frozen=True)
class Reviewer:
    """The settings of ``review:`` with the names of the flags."""

    settings: ReviewEntry
    flag_names: dict[str, str]
    out_names: dict[str, str]

    def judge(self, found: Classification, scope_share: float, route: Route, lead_of: LeadOf) -> Classification:
        """Return the classification with ``review`` and its reason set."""
        if not self.settings.enabled:
            return found
        reason = self._reason(found, scope_share, route, lead_of)
        return changed(found, review=bool(reason), review_reason=reason)

    def _reason(self, found: Classification, scope_share: float, route: Route, lead_of: LeadOf) -> str:
        if not found.in_scope:
            return f"不属本机制({self.out_names.get(found.out_reason or '', '其他事项')}),由人退回上游"
        if found.category is None or route.lead is None:
            return "没有足够依据判定类别,请人工判定"
        flagged = [self.flag_names.get(flag, flag) for flag in found.flags if flag in self.settings.flags]
        if flagged:
            return f"须由人确认:{'、'.join(flagged)}"
        if not any(one.category and one.rule != OPINION_RULE for one in found.evidence):
            return "类别没有规则依据,只有第二意见,请人工判定"
        if scope_share < self.settings.min_scope_confidence:
            return "是否属社会保险费征缴争议把握不大"
        share = self.lead_share(found, route, lead_of)
        if share < self.settings.min_confidence:
            return f"主办单位把握不大({share:.0%}),两个候选类别相近"
        return ""

    def lead_share(self, found: Classification, route: Route, lead_of: LeadOf) -> float:
        """How sure the lead is: the shares of all candidates that go to the same unit."""
        return sum([share for name, share in found.candidates if name == found.category or lead_of(name) == route.lead])
