"""Composing the reply that goes upstream: one public text, one internal text, from the same opinions.

Owns: the ``reply`` object of the contract (section 3) and the check that nothing required is missing.
Must not: decide when a reply is due, or which remedies it prints (``core.remedies`` does).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta, timezone
from typing import Any

from bridge.core import contradictions, outside
from bridge.core.model.case import Case
from bridge.core.model.opinion import Opinion, OpinionBody
from bridge.core.policy import Policy
from bridge.errors import Problem

_CHINA = timezone(timedelta(hours=8))

_MISSING = {
    "public_text": "缺少公开答复内容，请在意见中填写 public_text 或 text",
    "unresolved_reason": "resolved 为 false 时必须写明未解决原因 unresolved_reason",
    "legal_basis": "规则要求答复写明法律依据，请填写 legal_basis",
    "contacted_at": "规则要求答复写明联系当事人的时间，请填写 contacted_at",
    "contacted_by": "规则要求答复写明联系人，请填写 contacted_by",
    "remedies": "规则要求答复写明救济途径，请填写 remedies",
}


def compose(policy: Policy, case: Case, final: Opinion, standing: Sequence[Opinion]) -> dict[str, Any]:
    """Return the ``reply`` object for an upstream; ``standing`` are all units' opinions, in order."""
    body = final.body
    opinions = [summary(case, opinion) for opinion in standing]
    basis = [*policy.replies.legal_basis, *_category_basis(policy, case)]
    for opinion in (*standing, final):
        basis.extend(opinion.body.legal_basis)
    return {
        "conclusion": body.conclusion.value,
        "resolved": body.resolved,
        "unresolved_reason": body.unresolved_reason,
        "public_text": outside.public_text(case, body.public_text or body.text),
        "internal_text": "\n".join(
            (
                internal_text(policy, final, standing),
                *_disagreement(policy, case, final, standing),
                *_contact(policy, case, final),
            )
        ),
        "contacted_at": body.contacted_at.astimezone(_CHINA).isoformat(timespec="seconds")
        if body.contacted_at
        else None,
        "contacted_by": body.contacted_by,
        "opinions": opinions,
        "legal_basis": list(dict.fromkeys(basis)),
        "remedies": list(body.remedies),
        "documents": [{"name": a.name, "sha256": a.sha256, "url": a.url} for a in body.attachments],
    }


def _disagreement(policy: Policy, case: Case, final: Opinion, standing: Sequence[Opinion]) -> list[str]:
    found = contradictions.find(policy, case, standing)
    return contradictions.account(policy, found, final)


def _contact(policy: Policy, case: Case, final: Opinion) -> list[str]:
    """Say who accepted the case and whom to reach there (R22, R23)."""
    unit = policy.units.get(case.accepting_unit or final.unit)
    return [f"受理单位：{unit.name}，联系人：{unit.contact_person}，电话：{unit.contact_phone}"] if unit else []


def _category_basis(policy: Policy, case: Case) -> Sequence[str]:
    info = policy.categories.get(case.category or "")
    return info.legal_basis if info else ()


def summary(case: Case, opinion: Opinion) -> dict[str, Any]:
    """Return one unit's line of the reply: ``{unit, role, summary, legal_basis}``."""
    role = "lead" if opinion.unit == case.lead else "co"
    text = opinion.body.public_text or opinion.body.text
    return {"unit": opinion.unit, "role": role, "summary": text, "legal_basis": list(opinion.body.legal_basis)}


def internal_text(policy: Policy, final: Opinion, standing: Sequence[Opinion]) -> str:
    """Return the internal account (办理情况): every unit's opinion with date and signer, then the conclusion."""
    lines = [_line(policy, opinion) for opinion in standing if opinion.id != final.id]
    lines.append(_line(policy, final, label="总处理意见" if final.kind.value == "consolidated" else None))
    override = final.body.override
    if override is not None:
        by = override.by if override.post in override.by else f"{override.post}{override.by}"
        lines.append(f"意见未齐先行答复：{by}批准，理由：{override.reason}")
    return "\n".join(lines)


def _line(policy: Policy, opinion: Opinion, label: str | None = None) -> str:
    unit = policy.units.get(opinion.unit)
    name = unit.name if unit else opinion.unit
    day = opinion.occurred_at.astimezone(_CHINA).strftime("%Y年%m月%d日")
    signer = f"（{opinion.body.signed_by}）" if opinion.body.signed_by else ""
    late = "［逾期到达］" if opinion.late else ""
    return f"{name}{signer}{day}{late}{label or '意见'}：{opinion.body.text}"


def problems(policy: Policy, body: OpinionBody) -> list[Problem]:
    """Return what the reply form still lacks; an empty list means it may be pushed."""
    required = ["public_text", *policy.replies.require]
    if not body.resolved:
        required.append("unresolved_reason")
    present = {
        "public_text": bool((body.public_text or body.text).strip()),
        "unresolved_reason": bool(body.unresolved_reason),
        "legal_basis": bool(body.legal_basis),
        "contacted_at": body.contacted_at is not None,
        "contacted_by": bool(body.contacted_by),
        "remedies": bool(body.remedies),
    }
    return [Problem(name, _MISSING[name]) for name in dict.fromkeys(required) if not present.get(name, True)]
