"""The part of the document on replies: what must be in them, their templates, the remedies they print.

Owns: its shape. Must not: check references or fill texts (see ``check_texts``, ``core.remedies``).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bridge.core.remedy import Opponent
from bridge.core.vocabulary import LinkKind, PartyRole, PeriodStage, ProcedureId, TicketKind
from bridge.rules.document_base import Identifier, Names, Section, Short, Text


class RemedyWhen(Section):
    """何时印这条救济途径;留空的条件不限制,写了的都要符合;同一条件列多个值,符合其一即可。"""

    acted: list[Identifier] = Field(
        default_factory=list,
        description="对这些单位的行为:本轮出过意见(非“无意见”“不属职责”“解释答复”)的每个单位印一条",
    )
    named: bool = Field(default=False, description="只限工单里被点名为争议对方的单位")
    kinds: list[Annotated[TicketKind, Field(strict=False)]] = Field(default_factory=list)
    adapters: list[Identifier] = Field(default_factory=list)
    categories: list[Identifier] = Field(default_factory=list)
    procedures: list[Annotated[ProcedureId, Field(strict=False)]] = Field(default_factory=list)
    periods: list[Annotated[PeriodStage, Field(strict=False)]] = Field(default_factory=list)
    party: list[Annotated[PartyRole, Field(strict=False)]] = Field(default_factory=list)
    without_party: list[Annotated[PartyRole, Field(strict=False)]] = Field(
        default_factory=list, description="诉求人是这些身份的不印;没有写明身份的照印"
    )
    counterparty: list[Annotated[Opponent, Field(strict=False)]] = Field(
        default_factory=list, description="争议对方:用人单位、机关、个人、未写明(unnamed)"
    )
    flags: Names
    without_flags: Names
    links: list[Annotated[LinkKind, Field(strict=False)]] = Field(
        default_factory=list, description="已登记(link)这些程序的才印"
    )
    without_links: list[Annotated[LinkKind, Field(strict=False)]] = Field(
        default_factory=list, description="已在这些程序中的不印"
    )


class RemedyEntry(Section):
    """一条救济途径。自上而下;同一单位只印先符合的一条。印错比不印更糟,没有把握的不要写。"""

    id: Identifier
    when: RemedyWhen
    text: Text
    clause: Short


class RepliesEntry(Section):
    """答复:是否须人工签发、必填项、文书引用的依据、文书模板;哪些名称说的是同一笔金额;救济途径。"""

    sign_off: bool = False
    require: Names
    legal_basis: Names
    templates: dict[Identifier, Text] = Field(default_factory=dict)
    same_amounts: dict[Short, list[Short]] = Field(default_factory=dict)
    remedies: list[RemedyEntry] = Field(default_factory=list)
