"""Signing a finished answer off (签发), and sending it back to the unit that wrote it.

Owns: what waits for a signature, who may improve it meanwhile, giving and refusing it. Must not: compose the reply.
Source: contract section 3 (``replies.sign_off``, ``send_reply``, ``deny``).
"""

from __future__ import annotations

from bridge.core.commands import OperatorAction
from bridge.core.lifecycle import agreement, replying, stages, views
from bridge.core.lifecycle.work import Work
from bridge.core.model.opinion import Opinion
from bridge.core.vocabulary import CaseState, MessageType, ReceiptType
from bridge.errors import IllegalTransition, InvalidPayload, Problem


def give(work: Work, action: OperatorAction) -> None:
    """Let the answer go, signed by the person who acts; not over a contradiction that arose since it was written."""
    final = _waiting(work)
    if final.kind is ReceiptType.CONSOLIDATED and (open_ := agreement.unexplained(work, final)):
        found = "；".join(each.text for each in open_)
        raise IllegalTransition(f"待签发期间出现新的矛盾：{found}。请主办单位重新提交总处理意见，或退回（deny）")
    work.record(
        "reply.signed_off", opinion=final.id, by=work.context.actor.name, on_behalf_of=action.on_behalf_of,
        reason=action.reason,
    )  # fmt: skip
    replying.send(work, final)


def refuse(work: Work, action: OperatorAction) -> None:
    """Send the answer back with the reason; its unit owes another one, the reply's clock runs on."""
    if not action.reason:
        raise InvalidPayload([Problem("reason", "退回待签发的答复须写明理由")])
    final = _waiting(work)
    author = work.assignments[final.assignment_id]
    consolidated = final.kind is ReceiptType.CONSOLIDATED
    work.set_case(sign_off_pending=False, state=CaseState.CONSOLIDATING if consolidated else CaseState.HANDLING)
    work.set_assignment(author, owes=(*author.owes, final.kind))
    by = action.on_behalf_of or work.context.actor.name
    work.record("reply.sent_back", opinion=final.id, unit=final.unit, by=by, reason=action.reason)
    sent_back = {"version": final.version, "by": by, "reason": action.reason}
    views.send_unit(work, author, MessageType.CASE_UPDATED, sent_back=sent_back)


def _waiting(work: Work) -> Opinion:
    final = stages.final_opinion(work)
    if final is None:
        raise IllegalTransition("本轮还没有可以发出的答复意见")
    return final
