"""What operators do, each action in one unit of work.

Owns: which role may do what (contract section 3, "Operators"). Must not: know tokens or HTTP.
"""

from __future__ import annotations

from bridge.core.commands import ActionName, OperatorAction
from bridge.core.lifecycle import decide, recusal
from bridge.core.lifecycle.work import Context, Work
from bridge.core.model.event import Actor
from bridge.core.model.file import CaseFile
from bridge.errors import Forbidden, InvalidPayload, Problem
from bridge.pipeline import matters
from bridge.pipeline.commit import Committed, change
from bridge.pipeline.runtime import Runtime
from bridge.store.writer import Tx

CLERK_ACTIONS = frozenset({ActionName.RECEIPT, ActionName.TOLD, ActionName.OBJECTION})
EVERY_ACTION_ROLES = frozenset({"operator", "office", "admin"})
READING_ROLES = frozenset({"operator", "office", "leader", "admin", "auditor", "clerk"})


def check_role(action: OperatorAction, actor: Actor) -> None:
    """Raise Forbidden unless the actor's role may do this at all."""
    role = actor.role or ""
    approval = action.action is ActionName.APPROVE or (
        action.action is ActionName.DENY and action.assignment_id is None
    )
    if approval:
        _check_approval(action, role)
    elif action.action in CLERK_ACTIONS and role == "clerk":
        return
    elif role not in EVERY_ACTION_ROLES:
        raise Forbidden(f"角色 {role or '（无）'} 不能执行 {action.action.value}")


def _check_approval(action: OperatorAction, role: str) -> None:
    """Consent is the leader's; the office may record it for a named person (R5, R26)."""
    if role == "leader":
        return
    if role != "office":
        raise Forbidden("专案须由领导小组组长（leader）同意，或由办公室（office）代录")
    if not action.on_behalf_of:
        raise InvalidPayload([Problem("on_behalf_of", "办公室代录组长意见时必须写明代表谁")])


def check_unit(file: CaseFile, action: OperatorAction, context: Context, unit: str | None) -> None:
    """Raise Forbidden if a clerk reaches beyond the own unit, or for a case it must have no part in."""
    actor = context.actor
    if actor.role != "clerk":
        return
    mine = [assignment for assignment in file.assignments if assignment.unit == unit]
    named = action.assignment_id is None or any(a.id == action.assignment_id for a in mine)
    if not mine or not named or recusal.shuts_out(Work.on(file, context), unit or ""):
        raise Forbidden("经办员只能办理本单位的交办件")


def act(tx: Tx, runtime: Runtime, case_id: str, action: OperatorAction, actor: Actor, unit: str | None) -> Committed:
    """Apply an operator's action. Raises Forbidden, NotFound, IllegalTransition with the allowed actions."""
    check_role(action, actor)
    context = runtime.context(actor, f"action:{action.action.value}")
    if action.action in matters.OF_SEVERAL_CASES:
        return matters.act(tx, runtime, case_id, action, context)

    def apply(file, ctx):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - the shape of commit.change
        check_unit(file, action, ctx, unit)
        return decide.act(file, action, ctx)

    _, committed = change(tx, runtime, case_id, context, apply)
    return committed
